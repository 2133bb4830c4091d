#!/bin/sh
# The monitor on terminals of all kinds: old ones, ones with few colours, none, a locale without UTF-8; and what it says
# where it cannot work.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm

ascii_only() {
    ! LC_ALL=C grep -q '[^ -~]' screen
}
# The codes of colours that the screen was painted with.
colours() {
    pane capture-pane -e -p | tr '\033' '\n' | sed -n 's/^\[\([0-9;]*\)m.*/\1/p' | tr ';' '\n' | sort -un | tr '\n' ' '
}
has_colours() {
    colours | grep -qE '(^| )(3[0-8]|4[0-8])( |$)'
}
no_colours() {
    ! has_colours
}

# On TERM=linux curses loads a library for the mouse, which keeps a few bytes: a sanitizer would call that a leak.
for name in vt100 vt220 linux screen screen-256color tmux-256color xterm xterm-256color ansi; do
    variables="LC_ALL=C.UTF-8 TERM=$name ASAN_OPTIONS=detect_leaks=0"
    infocmp "$name" >/dev/null 2>&1 || continue
    session 80 24 "$guests/boot64.bin"
    check "$name" shows '▶ 00007c00'
    keys s
    check "$name steps" shows '▶ 00007c01'
    check "$name has lines" shows '─ Code ─'
    keys q
    check "$name leaves" over 0
done

for name in vt100 xterm-256color linux; do
    variables="LC_ALL=C TERM=$name ASAN_OPTIONS=detect_leaks=0"
    session 80 24 "$guests/boot64.bin"
    check "$name in the C locale" shows '> 00007c00'
    keys s
    check "$name in the C locale steps" shows '> 00007c01'
    check "$name in the C locale has ASCII lines" shows '- Code -.*[+]- Registers -'
    check "$name in the C locale has nothing but ASCII" ascii_only
    command_line 'help step'
    check "$name in the C locale answers" shows 'exactly one|One instruction|step \[N\]'
    check "$name in the C locale answers in ASCII" ascii_only
    keys Escape
    keys q
    check "$name in the C locale leaves" over 0
done

variables='LC_ALL=C.UTF-8 NO_COLOR=1 TERM=xterm-256color'
session 80 24 "$guests/boot64.bin"
check 'NO_COLOR' shows '▶ 00007c00'
check 'has no colours' no_colours
keys T
keys s
check 'nor has it after T' shows '▶ 00007c01'
keys q
check 'NO_COLOR leaves' over 0
variables='LC_ALL=C.UTF-8 NO_COLOR= TERM=xterm-256color'
session 80 24 "$guests/boot64.bin"
check 'an empty NO_COLOR' shows '▶ 00007c00'
check 'is none' has_colours
keys q
check 'an empty NO_COLOR leaves' over 0

# What cannot be driven is refused in one line that says what to do.
refused_in_terminal() {
    session 80 24 "$guests/boot64.bin"
    ended 126 && [ "$(wc -l <err)" -eq 1 ] && grep -qE -e "$1" err
}
variables='TERM=dumb'
check 'a terminal without a cursor' refused_in_terminal 'ringside: the terminal "dumb" has no cursor.*set TERM'
variables='TERM=no-such-terminal'
check 'an unknown terminal' refused_in_terminal 'ringside: the terminal "no-such-terminal" is not known: set TERM'
variables='TERM='
check 'no terminal at all' refused_in_terminal 'ringside: TERM is not set'
variables='TERM=../../etc/passwd'
check 'a hostile name' refused_in_terminal 'ringside: the terminal ".*passwd" is not known'

cli_done
