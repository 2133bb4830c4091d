#!/bin/sh
# The terminal is given back, however the monitor ends or stops: signals, crashes, SIGKILL, Ctrl-Z, and a terminal that
# goes away.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm
printf '\346\200\353\374' >loop.bin # 1: out %al, $0x80; jmp 1b
guest="--mode real --at 0x7c00 loop.bin"
"$ringside" run --clock steps --trace boot.rst "$guests/boot64.bin" >/dev/null 2>&1

send() {
    kill "-$1" "$(cat pid)"
}

# ---- signals, while the guest runs, while it stands, and in a replay ----

for signal in TERM:143 HUP:129 QUIT:131 SEGV:139 ABRT:134 BUS:135 KILL:137; do
    # A sanitizer has handlers of its own and another status for crashes.
    for state in "RUNNING --run $guest" "PAUSED $guest" 'REPLAY boot.rst'; do
        # shellcheck disable=SC2086
        session 80 24 ${state#* }
        check "$state" shows "${state%% *}"
        send "${signal%:*}"
        check "${signal%:*} gives the terminal back: $state" over "${signal#*:}"
    done
done

# One that is asked to pause is not ended.
session 80 24 "--run $guest"
check 'runs' shows RUNNING
send INT
check 'SIGINT pauses the guest' shows PAUSED
keys c
check 'it goes on' shows RUNNING
keys C-c
check 'and so does Ctrl-C' shows PAUSED
keys q
check 'leaves' over 0

# ---- stopped and continued by the shell ----

# A shell with job control. It waits for the file resume, then brings the job back. $1 by $2, then the monitor's words.
job() {
    columns=$1
    rows=$2
    shift 2
    rm -f before after done pid status stopped resume
    cat >session.sh <<END
set -m
export HOME='$work/home' XDG_CONFIG_HOME='$work/config' XDG_STATE_HOME='$work/state'
stty -a >before
sh -c 'echo \$\$ >pid; exec "\$@"' sh "$ringside" monitor $* 2>err
echo THE-SHELL-MEANWHILE
: >stopped
while [ ! -e resume ]; do sleep 0.05; done
fg >/dev/null
echo \$? >status
: >done
while :; do echo THE-SHELL-AGAIN; sleep 0.2; done
END
    terminal "$columns" "$rows" session.sh
}
given_back() {
    appears stopped || return 1
    sed -i '1s/rows [0-9]*; columns [0-9]*;//' before
    until_true modes_are_back && shows 'THE-SHELL-MEANWHILE' && until_true terminal_is_back
}
mouse_is_on() {
    [ "$(pane display-message -p '#{mouse_any_flag}')" = 1 ]
}

job 80 24 "--run $guest"
check 'runs' shows RUNNING
keys C-z
check 'Ctrl-Z gives the terminal to the shell' given_back
pane resize-window -x 100 -y 30
: >resume
check 'fg brings the screen back, in the new size' shows 'RUNNING.{60,}trace off'
check 'with the mouse' until_true mouse_is_on
keys Space
check 'and its keys' shows PAUSED
keys q
check 'and it ends as ever' over 0

job 80 24 "$guest"
check 'stands' shows PAUSED
send TSTP
check 'SIGTSTP stops it' given_back
: >resume
check 'it comes back' shows 'PAUSED'
keys s
check 'and steps' shows 'steps 1 '
keys q
check 'and ends' over 0

job 80 24 boot.rst
check 'a trace' shows REPLAY
keys C-z
check 'Ctrl-Z' given_back
: >resume
check 'it comes back' shows 'REPLAY'
keys s
check 'and goes on' shows ' exits 2 '
keys q
check 'and ends' over 0

# Nobody can prepare for SIGSTOP: the shell gets the terminal as it is, and SIGCONT paints anew.
job 80 24 "$guest"
check 'stands' shows PAUSED
send STOP
check 'SIGSTOP' appears stopped
pane send-keys -R
pane clear-history
: >resume
check 'SIGCONT' shows 'PAUSED'
keys s
check 'and it has its keys' shows 'steps 1 '
keys q
check 'and ends' over 0

# ---- the terminal goes away ----

gone() {
    ! kill -0 "$(cat pid)" 2>/dev/null
}
for words in "--run $guest" "$guest" boot.rst; do
    session 80 24 "$words"
    check "$words" shows 'RUNNING|PAUSED|REPLAY'
    pane kill-server
    check 'without a terminal it ends' until_true gone
done

cli_done
