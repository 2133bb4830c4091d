#!/bin/sh
# A session at a real terminal, which tmux plays: keys reach the guest, Ctrl-A and Ctrl-C mean what the help says, and
# the terminal is afterwards as it was before.
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || {
    echo 'tmux is not here'
    exit 77
}
need_kvm

servers=0
pane() {
    tmux -L "ringside-$$-$servers" -f /dev/null "$@"
}
trap 'pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT

# Waits until the file $1 is there, or for a line on the screen that matches $1; half a minute at most.
tries=600
wait_for() {
    i=0
    while [ "$i" -lt "$tries" ]; do
        [ ! -e "$1" ] || return 0
        pane capture-pane -p 2>/dev/null >screen && grep -qE -e "$1" screen && return 0
        i=$((i + 1))
        sleep 0.05
    done
    return 1
}

# The same for a line of Ringside's own words.
wait_for_err() {
    i=0
    while [ "$i" -lt "$tries" ]; do
        grep -qE -e "$1" err && return 0
        i=$((i + 1))
        sleep 0.05
    done
    return 1
}

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
    pane kill-server 2>/dev/null
    servers=$((servers + 1))
    pane new-session -d -x 80 -y 24 "cd '$work' && exec sh session.sh"
    : >out
    status=-
}

# The session is over with status $1, and the terminal as it was.
session_ended() {
    wait_for done || return 1
    status=$(cat status)
    pane capture-pane -p >out
    [ "$status" = "$1" ]
}

same_terminal() {
    cmp -s before after
}

session run "$guests/keyboard.elf"
check 'the guest speaks' wait_for 'press keys'
pane send-keys a
check 'a key arrives' wait_for '[^a-z]a([^a-z]|$)'
cp screen out
pane send-keys C-a h
check 'Ctrl-A h helps' wait_for_err 'Ctrl-A x quits'
pane send-keys b
pane send-keys C-a x
check 'Ctrl-A x ends it with status 0' session_ended 0
check 'and says so' grep -q 'the user quit' err
check 'the terminal is as it was' same_terminal

session run "$guests/keyboard.elf"
check 'the guest speaks again' wait_for 'press keys'
pane send-keys q
check 'a guest that ends by itself' session_ended 0
check 'the terminal is as it was, after the guest ended' same_terminal

session run "$test_guests/stop"
pane send-keys s
check 'a guest that spins' wait_for ready
pane send-keys C-c
check 'Ctrl-C ends it with status 130' session_ended 130
check 'the terminal is as it was, after Ctrl-C' same_terminal

session run "$test_guests/stop"
pane send-keys z
check 'a guest that sleeps' wait_for ready
pane send-keys C-c
check 'Ctrl-C ends that too' session_ended 130
check 'the terminal is as it was, after Ctrl-C in its sleep' same_terminal

session run "$test_guests/stop"
pane send-keys s
check 'one more that spins' wait_for ready
kill "$(cat pid)"
check 'SIGTERM ends it with status 143' session_ended 143
check 'the terminal is as it was, after SIGTERM' same_terminal

session run "$test_guests/echo"
pane send-keys C-a C-a
pane send-keys x
pane send-keys C-a c
pane send-keys q
check 'keys as they are: Ctrl-A and Ctrl-C reach the guest' session_ended 33
check 'the terminal is as it was, after raw keys' same_terminal
check 'and the letter between them came too' grep -q 'xq\|x.*q' out

session run --kvm /nonexistent "$guests/keyboard.elf"
check 'no KVM' session_ended 127
check 'the terminal is as it was, when nothing could start' same_terminal
cli_done
