#!/bin/sh
# Makes the pictures of docs/monitor.md and README.md: runs the monitor in a terminal that tmux plays, types what a user would, and
# saves the screen with `:snap`.
#
#   docs/pictures/monitor.sh BUILD [NAME...]     all pictures, or those named: front, screen, small, replay, or a view's name
#
# The guests run with `--clock steps`, so that a picture made again differs only in how long things took on the host.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
build=$(realpath "$1") || exit 2
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-pictures.XXXXXX") || exit 70
trap 'tmux -L "$socket" kill-server 2>/dev/null; rm -rf "$work"' EXIT
socket=ringside-pictures-$$
count=0
guests=$build/guests

fail() {
    echo "monitor.sh: $1" >&2
    tmux -L "$socket" capture-pane -p >&2
    exit 1
}

# Waits until `$@` succeeds, ten seconds at most.
wait_for() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || return 1
        sleep 0.05
    done
}

shows() {
    tmux -L "$socket" capture-pane -p | grep -qF -e "$1"
}

# snap NAME W H IMAGE KEY...: a word `@TEXT` waits until TEXT is on the screen; `:LINE` is typed at the prompt.
snap() {
    name=$1 columns=$2 rows=$3 image=$4
    shift 4
    rm -rf "$work/config"
    tmux -L "$socket" kill-server 2>/dev/null
    count=$((count + 1)) socket=ringside-pictures-$$-$count # the one before may still be on its way out
    tmux -L "$socket" -f /dev/null new-session -d -x "$columns" -y "$rows" "env XDG_CONFIG_HOME='$work/config' \
        LC_ALL=C.UTF-8 TERM=tmux-256color '$build/ringside' monitor $image"
    wait_for shows Help || fail "$name: the monitor does not come up"
    for key in "$@"; do
        case $key in
            @*) wait_for shows "${key#@}" || fail "$name: the screen does not say \"${key#@}\"" ;;
            :?*) tmux -L "$socket" send-keys -l "$key" \; send-keys Enter ;;
            *) tmux -L "$socket" send-keys "$key" ;;
        esac
    done
    tmux -L "$socket" send-keys -l ":snap $work/$name.svg" \; send-keys Enter
    wait_for test -s "$work/$name.svg" || fail "$name: no picture"
    wait_for shows 'the screen is in' || fail "$name: half a picture"
    tmux -L "$socket" send-keys q
    mv "$work/$name.svg" "$here/monitor-$name.svg"
    echo "monitor-$name.svg"
}

timer="--clock steps $guests/timer.elf"
boot="--clock steps $guests/boot64.bin"
paging="--clock steps $guests/paging.elf"
tick='stop vector 0x20'

# The boot guest at its first instruction of long mode: long_mode NAME W H KEY..., the first key before it is run.
long_mode() {
    name=$1 columns=$2 rows=$3 first=$4
    shift 4
    snap "$name" "$columns" "$rows" "$boot" "$first" ':stop mode' '@stop 1:' Escape c '@protected ring' c \
        '@compat ring' c '@long ring' "$@"
}

# A view alone on a screen of 80x24.
view() {
    case $1 in
        devices) snap "$1" 80 24 "$timer" z ":$tick" '@stop 1:' Escape c '@line 0' ':view devices' \
            '@answers at' ':search interval' Enter '@COUNT0' s '@*COUNT0' ;;
        timeline) snap "$1" 80 24 "$timer" z c '@ENDED' ':view timeline' '@time taken' I I '@interrupt line' ;;
        console) snap "$1" 80 24 "$guests/vga.elf" z c '@ENDED' ':view console' ;;
        exits) snap "$1" 80 24 "$boot" z c '@ENDED' ':view exits' '@by kind' ;;
        stack) snap "$1" 80 24 "$timer" z ":$tick" '@stop 1:' Escape c '@line 0' ":view $1" ;;
        breakpoints) snap "$1" 80 24 "$timer" z ':break guest_main' ":$tick" '@stop 2:' Escape ":view $1" ;;
        symbols) snap "$1" 80 24 "$timer" z ":view $1" ;;
        tables) snap "$1" 80 24 "$timer" z ":$tick" '@stop 1:' Escape c '@line 0' ':view tables' Right Right \
            '@[IDT]' ;;
        pages) snap "$1" 80 24 "$paging" z ':break trap_handle' '@PAUSED' '@breakpoint 1' Escape c '@breakpoint 1 at' ':view pages' '@leads to' v \
            '@not present: a' ;;
        *) long_mode "$1" 80 24 z ":view $1" ;;
    esac
}

picture() {
    case $1 in
        front) long_mode front 120 40 3 s s s '@long_mode' ;;
        screen) snap screen 200 60 "$timer" ":$tick" '@stop 1:' Escape c '@interrupt line 0' ;;
        small) snap small 40 10 "$boot" s s s '@▶ 00007c07' '@PAUSED' ;;
        replay)
            "$build/ringside" run --clock steps --trace "$work/timer.rst" "$guests/timer.elf" >/dev/null 2>&1
            snap replay 80 24 "$work/timer.rst" z ':view timeline' '@time taken' i i Enter '@, here'
            ;;
        *) view "$1" ;;
    esac
}

# The views in the order of their table.
views() {
    for view in $(sed -n 's/^    &view_\([a-z]*\),$/\1/p' "$here/../../monitor/views/view.c"); do
        echo "$view"
    done
}

[ $# -gt 0 ] || set -- front screen small replay $(views)
for name in "$@"; do
    picture "$name"
done
