# tests/cli/tmux.sh: a terminal, which tmux plays, for scripts that have read lib.sh.  Nothing here waits for a time:
# each step waits until the screen says something or a file is there, half a minute at most.
# shellcheck shell=sh disable=SC2154 # variables of lib.sh
command -v tmux >/dev/null || {
    echo 'tmux is not here'
    exit 77
}

terminals=0
tries=600
join= # -J: lines that the terminal wrapped are one

pane() {
    tmux -L "ringside-$$-$terminals" -f /dev/null "$@"
}
trap 'pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT

# A new terminal of $1 by $2, in which sh executes the script $3. The one before is gone.
terminal() {
    pane kill-server 2>/dev/null
    terminals=$((terminals + 1))
    pane new-session -d -x "$1" -y "$2" "cd '$work' && exec sh $3"
    status=-
    : >out
}

# Waits until a command succeeds.
until_true() {
    i=0
    until "$@"; do
        i=$((i + 1))
        [ "$i" -lt "$tries" ] || return 1
        sleep 0.05
    done
}

screen_has() {
    # shellcheck disable=SC2086
    pane capture-pane $join -p >screen 2>/dev/null && grep -qE -e "$1" screen
}

# Waits for a line on the screen that matches $1; out is the screen then.
shows() {
    until_true screen_has "$1"
    shown=$?
    cp screen out
    return "$shown"
}

# The screen as it is now has no line that matches $1.
shows_no() {
    ! screen_has "$1"
}

# Waits until it has none.
shows_soon_no() {
    until_true shows_no "$1"
}

# Waits for a file, or for a line in one.
appears() {
    until_true [ -e "$1" ]
}
file_says() {
    until_true grep -qE -e "$2" "$1"
}

keys() {
    pane send-keys "$@"
}

# The session's script has ended it with status $1: it has left done and status.
ended() {
    appears done || return 1
    status=$(cat status)
    [ "$status" = "$1" ]
}
