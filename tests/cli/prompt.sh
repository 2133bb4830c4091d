#!/bin/sh
# The prompt at a real terminal, which tmux plays: editing, completion, history, an empty line, Ctrl-C at the prompt and
# while the guest runs, the pager, and a terminal that is afterwards as it was.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
. "$here/tmux.sh"
join=-J
need_kvm
HOME=$work/home
XDG_STATE_HOME=$work/state
export HOME XDG_STATE_HOME
unset PAGER
mkdir "$HOME"

# Starts ringside with these words in a terminal of its own, and waits for the prompt.
session() {
    rm -f before after done
    cat >session.sh <<END
trap : INT
stty -a >before
"$ringside" $* 2>&1
echo \$? >status
stty -a >after
: >done
exec sleep 100
END
    terminal 100 30 session.sh
    : >err
    shows '^ringside> *$'
}

# Clears the screen, types a line; what is waited for then comes after it.
line() {
    keys C-l
    keys -l "$1"
    keys Enter
}

same_terminal() {
    cmp -s before after
}

check 'a prompt' session shell "$guests/boot64.bin"
check 'with a word of greeting' grep -q 'stands at its first instruction' out
line 'step 3'
check 'a command is answered' shows '^step: 3 instructions'
keys C-l
keys Enter
check 'an empty line repeats it' shows '^step: 3 instructions'
line 'echo once'
check 'another command' shows '^once'
keys C-l
keys Enter
line 'echo twice'
check 'which an empty line does not repeat' shows '^twice'
check 'indeed' sh -c '! grep -q "^once" out'

keys C-l
keys -l 'devi'
keys Tab
keys -l 'ces'
keys C-u
keys -l 'histo'
keys Tab
check 'Tab completes a command' shows '^ringside> history *$'
keys C-u
keys -l 'device ua'
keys Tab
check 'a device' shows '^ringside> device uart *$'
keys C-u
keys -l 'break long_'
keys Tab
check 'a symbol' shows '^ringside> break long_mode *$'
keys C-u
keys -l 'print ef'
keys Tab Tab
check 'registers, several' shows 'eflags'
keys C-u
keys -l 'stop kin'
keys Tab
check 'a word of a command' shows '^ringside> stop kind *$'
keys C-u
mkdir folder
echo 'echo from the file' >folder/some.cmds
keys -l 'source fold'
keys Tab
keys -l 'so'
keys Tab Enter
check 'a file' shows '^from the file'

keys C-l
keys -l 'echo never'
keys C-c
check 'Ctrl-C gives up the line' shows 'echo never\^C'
line 'echo still here'
check 'and the prompt goes on' shows '^still here'
keys C-l
keys Up Enter
check 'Up is the line before' shows '^still here'
line 'stpe'
check 'a wrong command' shows '^unknown command "stpe": try step'
line 'help all'
check 'a long answer goes through the pager' shows '^(:|.*END.*|.*help.*)$'
keys q
line 'echo after the pager'
check 'and comes back' shows '^after the pager'
line 'set pager off; help'
check 'set pager off' shows 'help COMMAND says more'
keys C-d
check 'Ctrl-D ends it' ended 0
check 'the terminal is as it was' same_terminal

check 'the next session' session shell "$test_guests/stop"
keys C-r
keys -l 'still'
check 'has the history of the last' shows 'echo still here'
keys C-c
line 'continue'
check 'the guest runs' shows '^>|stop|[?:]$|continue$'
keys s
check 'keys are the guest'"'"'s' shows 'ready'
keys C-c
check 'Ctrl-C stops it' shows '^interrupted at'
line 'step'
check 'and it can be stepped' shows '^step: 1 instruction'
line 'continue'
keys C-a x
check 'Ctrl-A x ends it all while it runs' ended 0
check 'the terminal is as it was, after a running guest' same_terminal

check 'a guest that ends' session shell "$guests/hello16.bin"
line 'continue'
check 'says so' shows '^the guest has ended'
line 'continue'
check 'and runs no more' shows 'ended'
line 'quit'
check 'quit' ended 0
check 'the terminal is as it was, after the end' same_terminal
check 'no second prompt after quit' [ "$(pane capture-pane -p | grep -c '^ringside> *$')" -eq 0 ]
cli_done
