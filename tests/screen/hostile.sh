#!/bin/sh
# Guests that write what would wreck a terminal: escape sequences, bytes that are no UTF-8, characters of no or of two
# columns, lines without end. None of it may reach the terminal.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm

# A guest that writes $1 (with printf's escapes) to its serial port, again and again: in real mode at 0x7c00
#     cld; mov $0x3f8, %dx; 1: mov $0x7c0e, %si; mov $length, %cx; rep outsb; jmp 1b
says_forever() {
    # shellcheck disable=SC2059
    printf "$1" >words
    length=$(wc -c <words)
    # shellcheck disable=SC2059
    printf "\\374\\272\\370\\003\\276\\016\\174\\271\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))\\363\\156\\353\\366" >hostile.bin
    cat words >>hostile.bin
}
guest='--mode real --at 0x7c00 hostile.bin'

header_is_whole() {
    shows '^ RUNNING +hostile.bin .*exits [0-9,]+ '
}
# What tmux knows: the window's title, whether the mouse, the other screen and the cursor are as the monitor set them,
# and how far down the terminal scrolls.
emulator() {
    pane display-message -p '#{pane_title} #{alternate_on} #{mouse_any_flag} #{cursor_flag} #{scroll_region_upper} #{scroll_region_lower} #{origin_flag} #{insert_flag} #{wrap_flag}'
}
undisturbed() {
    emulator >now
    cmp -s quiet now
}
# In the right columns: every row of the frame has its border where it was.
borders_stand() {
    pane capture-pane -p >screen && [ "$(grep -cE '^.{36}[│├┼┤]' screen)" -ge 8 ]
}

variables=LC_ALL=C.UTF-8
printf '\353\376' >quiet.bin
session 80 24 '--run --mode real --at 0x7c00 quiet.bin'
check 'a quiet guest' shows 'RUNNING'
emulator >quiet
keys q
check 'leaves' over 0

# Title, mouse, screen, cursor, scrolling region, character set, size, a clear screen, a reset; and questions that a
# terminal would answer as if somebody had typed.
says_forever '\033]0;GUEST TITLE\007\033[?1000h\033[?1049l\033[?25h\033[2;5r\033(0\016\033[8;10;10t\033[2J\033[H\033c\033[c\033[6n\033[>q\033[5n\033P$qm\033\\\217OWNED\r\n'
session 80 24 "--run $guest"
check 'escape sequences' header_is_whole
keys 9
check 'its console is to be seen' shows 'Cons.*Serial|Console'
check 'with its plain words' shows 'OWNED'
check 'and nothing else was disturbed' undisturbed
check 'the frame stands' until_true borders_stand
keys Space
check 'nobody has typed' shows 'PAUSED'
keys q
check 'the terminal is as it was' over 0

# Broken UTF-8 of all kinds, control characters of two bytes, marks of no width, wide and right-to-left letters.
says_forever 'A\200\277\300\200\340\200\200\355\240\200\364\220\200\200\370\210\200\200\200\377\376 \302\233\062J\302\205 e\314\201\342\200\256abc\342\200\217 \344\270\255\346\226\207 \360\237\230\200 \330\247\331\204 Z\r\n'
session 80 24 "--run $guest"
check 'bytes that are no UTF-8' header_is_whole
keys 9
check 'a console' shows 'A.*Z'
check 'undisturbed' undisturbed
check 'the frame stands' until_true borders_stand
keys z
check 'in full' shows 'A.*Z'
keys z
keys q
check 'leaves' over 0

# In a locale without UTF-8 not one byte of it may come through.
variables='LC_ALL=C TERM=xterm'
session 80 24 "--run $guest"
check 'the same in the C locale' header_is_whole
keys 9
check 'a console' shows 'A.*Z'
only_ascii() {
    pane capture-pane -p >screen && ! LC_ALL=C grep -q '[^ -~]' screen
}
check 'only ASCII' only_ascii
keys q
check 'leaves' over 0
variables=LC_ALL=C.UTF-8

# A line without end, lines without end, and letters as fast as they go: keys are answered all the same.
for words in 'x' 'y\r\n' '\033[' '\b\b\b\r' '\t' '\033]' '\377'; do
    says_forever "$words"
    session 80 24 "--run $guest"
    check "without end: $words" header_is_whole
    keys 9
    keys z
    check 'a view in full' shows '^─+ ?.*Console'
    check 'undisturbed' undisturbed
    keys '?'
    check 'the help' shows 'KEYS'
    keys Escape z Space
    check 'a pause' shows 'PAUSED'
    keys q
    check 'leaves' over 0
done

# The VGA's text memory full of everything a byte can be, in all colours: in real mode
#     mov $0xb800, %ax; mov %ax, %es; 1: xor %di, %di; mov $2000, %cx; 2: stosw; inc %al; inc %ah; loop 2b; jmp 1b
printf '\270\000\270\216\300\061\377\271\320\007\253\376\300\376\304\342\371\353\362' >hostile.bin
session 80 24 "--run $guest"
check 'a VGA screen of everything' header_is_whole
keys 9
command_line 'view console'
keys z
check 'is shown' shows '☺|♥|♠'
check 'undisturbed' undisturbed
keys q
check 'leaves' over 0

# The name of an image comes from anybody as well.
name="$(printf 'evil\033[2J\033]0;x\007\302\233name.bin')"
printf '\353\376' >"$name"
cat >session.sh <<END
export HOME='$work/home' LC_ALL=C.UTF-8
"$ringside" monitor --mode real --at 0x7c00 evil*name.bin 2>err
echo \$? >status
: >done
while :; do echo THE-SHELL-AGAIN; sleep 0.2; done
END
rm -f done
terminal 80 24 session.sh
check 'an image with a hostile name' shows 'PAUSED +evil'
check 'undisturbed' undisturbed
keys q
check 'leaves' ended 0

cli_done
