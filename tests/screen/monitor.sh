#!/bin/sh
# Sessions with the monitor in a real terminal: what a user does in the first minutes.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm
variables=LC_ALL=C.UTF-8

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

# ---- walking a page table ----

session 100 30 "$guests/paging.elf"
check 'a guest with page tables' shows 'PAUSED.*paging.elf'
keys 4 z
check 'the tree, open along the walk to RIP' shows '►.*PDE 0 .*2M page at 0x0'
check 'the entry under the cursor is told bit by bit' shows '^PDE 0 at 0x[0-9a-f]+: 0x[0-9a-f]+  P RW'
keys Up
check 'Up goes to the entry above' shows '^PDPTE 0 at '
keys Left
check 'Left closes it' shows '▸ PDPTE 0 '
check 'its entries are gone' shows_no 'PDE 1\.\.511'
keys Right
check 'Right opens it' shows '▾ PDPTE 0 '
keys Home
check 'Home is the first' shows '^PML4E 0 at '
keys End
check 'End is the last, many in one' shows '^PML4E 1\.\.511'
keys g
check 'g asks for an address' shows '^:goto'
keys -l '0x40201000'
keys Enter
check 'and the walk opens along it' shows '►.*PDE 1 .*0x40200000'
check 'with what it leads to' shows '^0x40201000 → physical'
keys g
shows '^:goto'
keys -l '0x8000000000'
keys Enter
check 'an address that fails names the level' shows '^! 0x8000000000: PML4E not present'
command_line 'goto no_such_name'
check 'an address that is none is refused' shows 'no_such_name'
keys r
check 'r is back at RIP' shows '^0x10[0-9a-f]+ → physical'
keys m
check 'm is the map of ranges' shows '0x0000000000000000|0x0.*0xffffffff|rwx'
keys m
keys q
check 'leaves' over 0

# ---- the mouse: what an xterm sends, in its newer way and in the old one of three bytes ----

# mouse BUTTON COLUMN ROW: a press and a release. The old way adds 32 to everything, and a release is button 3.
mouse() {
    if [ "$way" = old ]; then
        place=$(octal $(($2 + 32)))$(octal $(($3 + 32)))
        keys -l "$(printf '\033[M')$(octal $(($1 + 32)))$place"
        [ "$1" -ge 64 ] || keys -l "$(printf '\033[M#')$place"
    else
        keys -l "$(printf '\033[<%d;%d;%dM\033[<%d;%d;%dm' "$1" "$2" "$3" "$1" "$2" "$3")"
    fi
}
octal() {
    # shellcheck disable=SC2059
    printf "\\$(printf %03o "$1")"
}
for name in xterm-256color tmux-256color; do
    way=new
    [ "$name" != tmux-256color ] || way=old
    variables="LC_ALL=C.UTF-8 TERM=$name"
    session 80 24 "$guests/boot64.bin"
    check "$name" shows '▶ 00007c00'
    mouse 0 22 3
    check "$name: a press on a name in the strip shows that view" shows 'Page tables ─'
    mouse 0 8 3
    check "$name: and on another" shows 'Code ─'
    mouse 0 6 8
    keys b
    check "$name: a press selects a row, here for a breakpoint" shows '● +00007c02'
    mouse 65 10 8
    mouse 65 10 8
    check "$name: the wheel scrolls" shows_soon_no '00007c00  cli'
    mouse 64 10 8
    mouse 64 10 8
    check "$name: and back" shows '00007c00  cli'
    keys '?'
    check "$name: the help" shows 'KEYS'
    mouse 0 10 10
    check "$name: a press takes it away" shows_soon_no 'KEYS'
    mouse 0 80 24
    mouse 3 1 1
    mouse 35 20 10
    [ "$way" = old ] || for junk in '0;999;999M' '0;0;0M' '99;5;5M' '0;99999999999;1M'; do
        keys -l "$(printf '\033[<%s' "$junk")"
    done
    keys s
    check "$name: presses outside are nothing" shows 'steps [1-9]'
    keys q
    check "$name: leaves" over 0
done
variables=LC_ALL=C.UTF-8

# ---- a guest that runs: pausing, resizing ----

printf '\272\200\000\356\376\300\353\373' >loop.bin
session 100 30 "--run --mode real --at 0x7c00 loop.bin"
check 'a guest that runs' shows 'RUNNING'
check 'its exits are shown' shows 'out 0x80'
pane resize-window -x 60 -y 15
check 'smaller' shows 'RUNNING'
pane resize-window -x 20 -y 5
check 'too small says so' shows 'too small'
for size in '10 3' '200 60' '1 1' '80 24' '40 10' '300 100' '10 3' '36 8' '120 40' '2 50' '200 2' '10 3'; do
    pane resize-window -x "${size% *}" -y "${size#* }"
done
check 'in all sizes, one after the other' shows 'too sm|^too'
pane resize-window -x 200 -y 60
check 'and large again' shows 'RUNNING.*loop.bin'
check 'with six views' shows 'Page tables|Memory'
keys Space
check 'Space pauses it' shows 'PAUSED'
pane resize-window -x 40 -y 10
check 'small while it stands' shows '^ PAUSED.{0,32}$'
pane resize-window -x 80 -y 24
check 'and back' shows '^ PAUSED.*trace off'
keys c
check 'and c lets it go on' shows 'RUNNING'
command_line 'prompt regs'
pane resize-window -x 10 -y 3
pane resize-window -x 100 -y 30
check 'a prompt stays open over it' shows '^:regs'
keys Escape
keys q
check 'q leaves while it runs' over 0

cli_done
