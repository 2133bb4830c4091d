#!/bin/sh
# The prompt at a real terminal, which tmux plays: editing, completion, history, an empty line, Ctrl-C at the prompt and
# while the guest runs, the pager, and a terminal that is afterwards as it was.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || {
    echo 'tmux is not here'
    exit 77
}
need_kvm
HOME=$work/home
XDG_STATE_HOME=$work/state
export HOME XDG_STATE_HOME
unset PAGER
mkdir "$HOME"

servers=0
pane() {
    tmux -L "ringside-prompt-$$-$servers" -f /dev/null "$@"
}
trap 'pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT

# Waits until the file $1 is there, or for a line on the screen that matches $1; half a minute at most.
tries=600
wait_for() {
    i=0
    while [ "$i" -lt "$tries" ]; do
        [ ! -e "$1" ] || return 0
        pane capture-pane -J -p 2>/dev/null >out && grep -qE -e "$1" out && return 0
        i=$((i + 1))
        sleep 0.05
    done
    return 1
}

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
    pane kill-server 2>/dev/null
    servers=$((servers + 1))
    pane new-session -d -x 100 -y 30 "cd '$work' && exec sh session.sh"
    : >out
    : >err
    status=-
    wait_for '^ringside> *$'
}

# Clears the screen, types a line; what is waited for then comes after it.
line() {
    pane send-keys C-l
    pane send-keys -l "$1"
    pane send-keys Enter
}

session_ended() {
    wait_for done || return 1
    status=$(cat status)
    [ "$status" = "$1" ]
}

same_terminal() {
    cmp -s before after
}

check 'a prompt' session shell "$guests/boot64.bin"
check 'with a word of greeting' grep -q 'stands at its first instruction' out
line 'step 3'
check 'a command is answered' wait_for '^step: 3 instructions'
pane send-keys C-l
pane send-keys Enter
check 'an empty line repeats it' wait_for '^step: 3 instructions'
line 'echo once'
check 'another command' wait_for '^once'
pane send-keys C-l
pane send-keys Enter
line 'echo twice'
check 'which an empty line does not repeat' wait_for '^twice'
check 'indeed' sh -c '! grep -q "^once" out'

pane send-keys C-l
pane send-keys -l 'devi'
pane send-keys Tab
pane send-keys -l 'ces'
pane send-keys C-u
pane send-keys -l 'histo'
pane send-keys Tab
check 'Tab completes a command' wait_for '^ringside> history *$'
pane send-keys C-u
pane send-keys -l 'device ua'
pane send-keys Tab
check 'a device' wait_for '^ringside> device uart *$'
pane send-keys C-u
pane send-keys -l 'break long_'
pane send-keys Tab
check 'a symbol' wait_for '^ringside> break long_mode *$'
pane send-keys C-u
pane send-keys -l 'print ef'
pane send-keys Tab Tab
check 'registers, several' wait_for 'eflags'
pane send-keys C-u
pane send-keys -l 'stop kin'
pane send-keys Tab
check 'a word of a command' wait_for '^ringside> stop kind *$'
pane send-keys C-u
mkdir folder
echo 'echo from the file' >folder/some.cmds
pane send-keys -l 'source fold'
pane send-keys Tab
pane send-keys -l 'so'
pane send-keys Tab Enter
check 'a file' wait_for '^from the file'

pane send-keys C-l
pane send-keys -l 'echo never'
pane send-keys C-c
check 'Ctrl-C gives up the line' wait_for 'echo never\^C'
line 'echo still here'
check 'and the prompt goes on' wait_for '^still here'
pane send-keys C-l
pane send-keys Up Enter
check 'Up is the line before' wait_for '^still here'
line 'stpe'
check 'a wrong command' wait_for '^unknown command "stpe": try step'
line 'help all'
check 'a long answer goes through the pager' wait_for '^(:|.*END.*|.*help.*)$'
pane send-keys q
line 'echo after the pager'
check 'and comes back' wait_for '^after the pager'
line 'set pager off; help'
check 'set pager off' wait_for 'help COMMAND says more'
pane send-keys C-d
check 'Ctrl-D ends it' session_ended 0
check 'the terminal is as it was' same_terminal

check 'the next session' session shell "$test_guests/stop"
pane send-keys C-r
pane send-keys -l 'still'
check 'has the history of the last' wait_for 'echo still here'
pane send-keys C-c
line 'continue'
check 'the guest runs' wait_for '^>|stop|[?:]$|continue$'
pane send-keys s
check 'keys are the guest'"'"'s' wait_for 'ready'
pane send-keys C-c
check 'Ctrl-C stops it' wait_for '^interrupted at'
line 'step'
check 'and it can be stepped' wait_for '^step: 1 instruction'
line 'continue'
pane send-keys C-a x
check 'Ctrl-A x ends it all while it runs' session_ended 0
check 'the terminal is as it was, after a running guest' same_terminal

check 'a guest that ends' session shell "$guests/hello16.bin"
line 'continue'
check 'says so' wait_for '^the guest has ended'
line 'continue'
check 'and runs no more' wait_for 'ended'
line 'quit'
check 'quit' session_ended 0
check 'the terminal is as it was, after the end' same_terminal
check 'no second prompt after quit' [ "$(pane capture-pane -p | grep -c '^ringside> *$')" -eq 0 ]
cli_done
