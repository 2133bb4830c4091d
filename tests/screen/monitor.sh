#!/bin/sh
# Sessions with the monitor in a real terminal, which tmux plays: what a user does in the first minutes. Nothing here
# waits for a time: each step waits until the screen says something, half a minute at most.
. "$(dirname "$0")/../cli/lib.sh"
command -v tmux >/dev/null || {
    echo 'tmux is not here'
    exit 77
}
need_kvm

sessions=0
pane() {
    tmux -L "ringside-mon-$$-$sessions" -f /dev/null "$@"
}
trap 'pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT

# Waits for a line on the screen that matches $1.
shows() {
    i=0
    while [ "$i" -lt 600 ]; do
        pane capture-pane -p >screen 2>/dev/null && grep -qE -e "$1" screen && return 0
        i=$((i + 1))
        sleep 0.05
    done
    cp screen out
    return 1
}

# Waits for a file.
appears() {
    i=0
    while [ "$i" -lt 600 ]; do
        [ ! -e "$1" ] || return 0
        i=$((i + 1))
        sleep 0.05
    done
    return 1
}

# Starts `ringside monitor` with these words in a terminal of $1 by $2; its config is this session's own.
session() {
    columns=$1
    rows=$2
    shift 2
    pane kill-server 2>/dev/null
    sessions=$((sessions + 1))
    rm -f before after done pid status
    cat >session.sh <<END
export XDG_CONFIG_HOME='$work/config-$sessions' XDG_STATE_HOME='$work/state' $variables
stty -a >before
sh -c 'echo \$\$ >pid; exec "\$@"' sh "$ringside" monitor $* 2>err
echo \$? >status
: >done
while :; do echo THE-SHELL-AGAIN; sleep 0.2; done
END
    pane new-session -d -x "$columns" -y "$rows" "cd '$work' && exec sh session.sh"
    status=-
    : >out
}
variables=

keys() {
    pane send-keys "$@"
}

# A command at the prompt.
command_line() {
    keys :
    shows '^:' && keys -l "$1" && keys Enter
}

# The terminal's modes without its size, which a test may have changed.
modes() {
    stty -a -F "$(pane display-message -p '#{pane_tty}')" | sed '1s/rows [0-9]*; columns [0-9]*;//'
}

# The monitor has gone with this status, and the terminal is as it was: its modes, and the screen of before. When it was
# killed, somebody else must see to that, a moment later.
over() {
    appears done || return 1
    status=$(cat status)
    sed -i '1s/rows [0-9]*; columns [0-9]*;//' before
    i=0
    until modes >after && cmp -s before after; do
        i=$((i + 1))
        [ "$i" -lt 600 ] || return 1
        sleep 0.05
    done
    [ "$status" = "$1" ] && shows 'THE-SHELL-AGAIN' && [ "$(pane display-message -p '#{alternate_on}')" = 0 ]
}

# ---- stepping the tour guest from its first instruction to long mode ----

session 80 24 "$guests/boot64.bin"
check 'opens paused at the first instruction' shows 'PAUSED.*boot64.bin'
check 'shows the code there' shows '▶ 00007c00  cli'
keys s
check 's steps' shows '▶ 00007c01  cld'
check 'and counts' shows 'steps 1 '
keys s s s
check 'registers are to be seen' shows 'eip 00007c09'
keys b
check 'b sets a breakpoint' shows '●▶ 00007c09'
keys b
check 'and takes it away' shows ' ▶ 00007c09'
command_line 'stop mode'
check 'a command of the prompt answers' shows 'stop|mode'
keys c
check 'c runs to protected mode' shows 'protected ring 0'
keys c
check 'on to compatibility mode' shows 'compat ring 0'
keys c
check 'and to long mode' shows 'long ring 0'
check 'with 64-bit registers' shows 'rax 0000'
command_line 'page 0x7c00'
check 'a page walk' shows 'PML4E'
keys Escape
command_line 'delete'
keys c
check 'the guest ends' shows 'ENDED'
check 'and its exits are told' shows 'hlt: stops for good'

# ---- filtering exits ----

command_line 'view exits'
command_line 'filter hlt'
check 'a filter leaves what it says' shows 'only "hlt"'
keys z
check 'z gives it the whole screen' shows '^─ +Exits ─+.*only "hlt"'
keys Enter
check 'Enter explains the exit' shows 'known:|HLT'
keys Escape z
keys '?'
check '? is the help' shows 'KEYS'
keys Escape
command_line "snap $work/screen.svg"
check 'a picture is saved' appears screen.svg
check 'which is SVG' grep -q '<svg ' screen.svg
keys q
check 'q leaves, and the terminal is as it was' over 0

# ---- a guest that runs: pausing, resizing, signals ----


printf '\272\200\000\356\376\300\353\373' >loop.bin
session 100 30 --run --mode real --at 0x7c00 loop.bin
check 'a guest that runs' shows 'RUNNING'
check 'its exits are shown' shows 'out 0x80'
pane resize-window -x 60 -y 15
check 'smaller' shows 'RUNNING'
pane resize-window -x 20 -y 5
check 'too small says so' shows 'too small'
pane resize-window -x 200 -y 60
check 'and large again' shows 'RUNNING.*loop.bin'
keys Space
check 'Space pauses it' shows 'PAUSED'
keys c
check 'and c lets it go on' shows 'RUNNING'
kill -TERM "$(cat pid)"
check 'SIGTERM ends it, and the terminal is as it was' over 143

session 80 24 --run --mode real --at 0x7c00 loop.bin
check 'runs' shows 'RUNNING'
kill -SEGV "$(cat pid)"
check 'a crash gives the terminal back' over 139

session 80 24 --run --mode real --at 0x7c00 loop.bin
check 'runs' shows 'RUNNING'
kill -KILL "$(cat pid)"
check 'and so does SIGKILL' over 137

# ---- without UTF-8, without colours, on an old terminal ----

# On TERM=linux curses loads a library for the mouse, which keeps a few bytes: a sanitizer would call that a leak.
for variables in 'LC_ALL=C' 'NO_COLOR=1' 'TERM=vt100' 'TERM=linux ASAN_OPTIONS=detect_leaks=0' 'TERM=screen'; do
    session 80 24 "$guests/boot64.bin"
    check "$variables" shows '(▶|>) 00007c00'
    keys s
    check "$variables steps" shows '(▶|>) 00007c01'
    keys q
    check "$variables leaves" over 0
done
variables=

# ---- a trace ----

"$ringside" run --clock steps --trace boot.rst "$guests/boot64.bin" >/dev/null 2>&1
session 80 24 boot.rst
check 'a trace opens at its first event' shows 'REPLAY.*boot64.bin'
keys s s
check 's goes forward' shows ' exits 3 '
keys f
check 'f goes back' shows ' exits 2 '
command_line 'jump end'
check 'to the end' shows 'hlt: stops for good'
keys q
check 'q leaves' over 0

# ---- what is refused ----

try "$ringside" monitor "$guests/boot64.bin"
check 'without a terminal it says so' ended_with 126
check 'and what to use' grep -q 'ringside shell' err

echo "$number checks, $failed failed"
[ "$failed" -eq 0 ]
