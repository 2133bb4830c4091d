#!/bin/sh
# A session at a real terminal, which tmux plays: keys reach the guest, Ctrl-A and Ctrl-C mean what the help says, and
# the terminal is afterwards as it was before.
. "$(dirname "$0")/lib.sh"
. "$here/tmux.sh"
need_kvm

# Starts ringside with these words in a terminal of its own. Its stderr is the file err.
session() {
    rm -f before after done pid
    cat >session.sh <<END
trap : INT
stty -a >before
sh -c 'echo \$\$ >pid; exec "\$@"' sh "$ringside" $* 2>err
echo \$? >status
stty -a >after
: >done
exec sleep 100
END
    terminal 80 24 session.sh
}

# The session is over with status $1; out is what is left on the screen.
session_ended() {
    ended "$1"
    over=$?
    pane capture-pane -p >out
    return "$over"
}

same_terminal() {
    cmp -s before after
}

session run "$guests/keyboard.elf"
check 'the guest speaks' shows 'press keys'
keys a
check 'a key arrives' shows '[^a-z]a([^a-z]|$)'
cp screen out
keys C-a h
check 'Ctrl-A h helps' file_says err 'Ctrl-A x quits'
keys b
keys C-a x
check 'Ctrl-A x ends it with status 0' session_ended 0
check 'and says so' grep -q 'the user quit' err
check 'the terminal is as it was' same_terminal

session run "$guests/keyboard.elf"
check 'the guest speaks again' shows 'press keys'
keys q
check 'a guest that ends by itself' session_ended 0
check 'the terminal is as it was, after the guest ended' same_terminal

session run "$test_guests/stop"
keys s
check 'a guest that spins' shows ready
keys C-c
check 'Ctrl-C ends it with status 130' session_ended 130
check 'the terminal is as it was, after Ctrl-C' same_terminal

session run "$test_guests/stop"
keys z
check 'a guest that sleeps' shows ready
keys C-c
check 'Ctrl-C ends that too' session_ended 130
check 'the terminal is as it was, after Ctrl-C in its sleep' same_terminal

session run "$test_guests/stop"
keys s
check 'one more that spins' shows ready
kill "$(cat pid)"
check 'SIGTERM ends it with status 143' session_ended 143
check 'the terminal is as it was, after SIGTERM' same_terminal

session run "$test_guests/echo"
keys C-a C-a
keys x
keys C-a c
keys q
check 'keys as they are: Ctrl-A and Ctrl-C reach the guest' session_ended 33
check 'the terminal is as it was, after raw keys' same_terminal
check 'and the letter between them came too' grep -q 'xq\|x.*q' out

session run --kvm /nonexistent "$guests/keyboard.elf"
check 'no KVM' session_ended 127
check 'the terminal is as it was, when nothing could start' same_terminal
cli_done
