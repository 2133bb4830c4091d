#!/bin/sh
# A trace on the screen, without KVM: forward and back, playing, pausing, jumping, speed; and traces that are cut or odd.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm # to make the traces
variables=LC_ALL=C.UTF-8
"$ringside" run --clock steps --trace boot.rst "$guests/boot64.bin" >/dev/null 2>&1
"$ringside" run --clock steps --trace timer.rst "$guests/timer.elf" >/dev/null 2>&1

session 80 24 boot.rst --kvm /nonexistent
check 'a trace opens at its first event, without KVM' shows 'REPLAY.*boot64.bin.* exits 1 '
keys s s
check 's goes forward' shows ' exits 3 '
keys f
check 'f goes back' shows ' exits 2 '
keys f f f f
check 'not further than the first' shows ' exits [01] '
command_line 'step 10'
check 'many at once' shows ' exits 1[01] '
command_line 'jump 5'
check 'to an event' shows ' exits [56] '
command_line 'jump end'
check 'to the end' shows 'hlt: stops for good'
keys s
check 'not further than the last' shows 'hlt: stops for good'
command_line 'jump 99999999999999999999'
check 'nor by a number too large' shows 'hlt: stops for good'
command_line 'back 2'
check 'back' shows_soon_no 'hlt: stops for good'
command_line 'regs'
check 'what needs a guest is refused' shows 'not while a trace is replayed'

# Playing: in its own time, slower, faster; Space pauses.
command_line 'jump 0'
command_line 'speed 0.001'
check 'a slow speed' shows 'speed 0.001'
keys c
check 'plays' shows 'PLAYING|REPLAY'
keys Space
command_line 'speed 1000'
check 'a fast one' shows 'speed 1000'
keys c
check 'plays to its end' shows 'hlt: stops for good'
for words in 'speed 0' 'speed -1' 'speed nan' 'speed inf' 'speed 1e300' 'speed x' 'jump' 'jump -1' 'jump x' 'step -3' 'step x' 'back 1e9'; do
    command_line "$words"
    check "nonsense: $words" shows 'REPLAY|PLAYING|ENDED'
done
command_line 'speed 1'
keys c
keys Space
keys 0 z
check 'the timeline' shows 'Timeline ─'
pane resize-window -x 36 -y 8
check 'small' shows 'Timeline ─'
pane resize-window -x 10 -y 3
pane resize-window -x 120 -y 40
check 'and large' shows 'REPLAY|PLAYING'
keys q
check 'q leaves' over 0

session 80 24 timer.rst
check 'another' shows 'REPLAY.*timer.elf'
for key in 1 2 3 4 5 6 7 8 9 0 - =; do
    keys "$key" Down Up Enter Escape
done
check 'all views, one after the other' shows 'REPLAY.*timer.elf'
keys q
check 'leaves' over 0

# Cut anywhere: what is whole is shown; what is no trace is refused in one line.
size=$(wc -c <timer.rst)
for part in 10 30 50 70 90 99; do
    head -c $((size * part / 100)) timer.rst >cut.rst
    session 80 24 cut.rst
    if shows 'REPLAY|THE-SHELL-AGAIN' && grep -q REPLAY screen; then
        command_line 'jump end'
        check "cut at $part %: plays" shows 'REPLAY'
        keys q
        check "cut at $part %: leaves" over 0
    else
        check "cut at $part %: is refused" ended 126
        check "cut at $part %: in one line" one_line
    fi
done

cli_done
