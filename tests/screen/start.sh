#!/bin/sh
# How the monitor begins: startup files, options, commands that come before the first key; what it keeps between sessions,
# and what it does where nothing can be kept. And what is refused.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/session.sh"
need_kvm
printf '\346\200\353\374' >loop.bin # 1: out %al, $0x80; jmp 1b
loop="--mode real --at 0x7c00 loop.bin"
mkdir home

# ---- startup files ----

echo 'break 0x7c02' >home/.ringsiderc
printf '# of this folder\ntheme mono\nstep 1\n' >.ringsiderc
chmod 644 .ringsiderc
session 80 24 "$guests/boot64.bin"
check 'both startup files are done: a step' shows 'steps 1 '
check 'and a breakpoint' shows '● +00007c02'
keys q
check 'leaves' over 0

session 80 24 --no-rc "$guests/boot64.bin"
check '--no-rc' shows '▶ 00007c00'
check 'does none of it' shows_no '●|steps 1 '
keys q
check 'leaves' over 0

printf 'stpe\nbreak 0x7c02\n' >home/.ringsiderc
chmod 666 .ringsiderc
session 80 24 "$guests/boot64.bin"
check 'a wrong line is said with its place' shows '~/.ringsiderc:1: unknown command "stpe"|ringsiderc is not read'
check 'the next one is done' shows '● +00007c02'
keys q
check 'leaves' over 0
check 'the place is said again after the screen' grep -q 'ringsiderc:1: unknown command "stpe"' err
check 'a file that anybody may write is not read' grep -q '.ringsiderc is not read' err
rm -f .ringsiderc home/.ringsiderc
mkdir home/.ringsiderc
session 80 24 "$guests/boot64.bin"
check 'a folder of that name is said' shows 'ringsiderc: not a file'
keys q
check 'leaves' over 0
rmdir home/.ringsiderc

# ---- options ----

session 80 24 "-x 'break 0x7c09' -x continue -x 'view stack' $guests/boot64.bin"
check '-x, one after the other' shows 'eip 00007c09'
check 'those of the screen too' shows 'Stack ─'
keys q
check 'leaves' over 0

printf 'step 2\n\n# a comment\nfilter uart\nview exits\n' >some.cmds
session 80 24 "--script some.cmds -x 'step 1' $guests/boot64.bin"
check '--script' shows 'steps 3 '
check 'with commands of the screen' shows 'only "uart"'
keys q
check 'leaves' over 0

session 80 24 "-x 'step 2' --run $loop"
check '--run comes after -x' shows 'RUNNING.*steps 2 '
keys q
check 'leaves' over 0
session 80 24 "--run --paused $loop"
check '--paused is stronger' shows 'PAUSED'
keys q
check 'leaves' over 0

session 80 24 "--strict -x 'no such' -x 'step 1' $loop"
check '--strict ends it all' over 1
check 'and says why' grep -q '^ringside: -x: unknown command "no"' err
session 80 24 "--script no-such.cmds $loop"
check 'a script that is not there' over 126
check 'says so' grep -q '^ringside: --script: no-such.cmds: No such file' err

session 80 24 "--json --trace run.rst --run --max-exits 2000 $loop 1\\>json"
check '--json with a file for stdout is refused' ended 126
session 80 24 "--trace run.rst --run --max-exits 2000 $loop"
check '--trace' shows 'ENDED.*trace on'
keys q
check 'leaves' over 0
try "$ringside" trace check run.rst
check 'a whole trace' ended_with 0
session 80 24 "--json --run --max-exits 2000 $loop"
check '--json' shows ENDED
keys q
check 'is printed' shows '^\{"status":"budget"'
check 'leaves' over 0
session 80 24 "--gdb 0 $loop"
check '--gdb says its port' shows 'for gdb: target remote 127.0.0.1:[0-9]+'
keys q
check 'leaves' over 0

# ---- what is kept ----

kept="XDG_CONFIG_HOME=$work/kept"
kept_session() {
    variables="LC_ALL=C.UTF-8 $kept $1"
    session 80 24 "$guests/boot64.bin"
}
kept_session ''
check 'the first time' shows '▶ 00007c00'
keys T
keys 6
check 'another view' shows 'Stack ─'
keys q
check 'leaves' over 0
check 'is kept' grep -q stack kept/ringside/monitor
kept_session ''
check 'the next time it is there' shows 'Stack ─'
keys q
check 'leaves' over 0

# Whatever is in the file, the screen comes up; and a place that cannot be written is no failure.
head -c 5000 /dev/urandom >kept/ringside/monitor
kept_session ''
check 'garbage in the file' shows '▶ 00007c00'
keys q
check 'leaves' over 0
printf 'theme nonsense\npane 99 code\npane -1 exits\npanes code code code code code code code code code\nzoom\n\0\377\n' >kept/ringside/monitor
kept_session ''
check 'nonsense in the file' shows '▶ 00007c00'
keys q
check 'leaves' over 0
rm kept/ringside/monitor
mkdir kept/ringside/monitor
kept_session ''
check 'a folder in its place' shows '▶ 00007c00'
keys q
check 'leaves' over 0
check 'nothing is left beside it' [ "$(ls kept/ringside)" = monitor ]
check 'and nothing said' [ ! -s err ]
for variable in XDG_CONFIG_HOME=/proc/none XDG_CONFIG_HOME=/dev/null XDG_CONFIG_HOME=relative 'XDG_CONFIG_HOME= HOME=' \
    'XDG_CONFIG_HOME= HOME=/dev/null' "XDG_CONFIG_HOME=/$(printf %05000d 0)"; do
    kept=$variable
    kept_session ''
    check "$(printf %.60s "$variable")" shows '▶ 00007c00'
    keys T
    keys q
    check 'leaves' over 0
    check 'and nothing said' [ ! -s err ]
done
check 'nothing was written here' [ ! -e relative ]
variables='LC_ALL=C.UTF-8; unset HOME XDG_CONFIG_HOME XDG_STATE_HOME'
session 80 24 "$guests/boot64.bin"
check 'no HOME at all' shows '▶ 00007c00'
keys q
check 'leaves' over 0
variables=LC_ALL=C.UTF-8

# ---- what is refused ----

refused 126 'ringside: monitor: needs a terminal.*ringside shell' monitor "$guests/boot64.bin"
refused 126 'ringside: monitor: needs a terminal.*ringside trace show' monitor run.rst
for words in no-such-file.bin no-such-file.rst "$work" ''; do
    session 80 24 "'$words'"
    check "refused: $words" ended 126
    check 'in one line' [ "$(wc -l <err)" -eq 1 ]
done
: >empty.rst
head -c 300 run.rst >cut.rst
head -c 3000 /dev/urandom >noise.rst
for words in empty.rst noise.rst; do
    session 80 24 "$words"
    check "refused: $words" ended 126
    check 'in one line' [ "$(wc -l <err)" -eq 1 ]
done
session 80 24 "--kvm /nonexistent $guests/boot64.bin"
check 'no KVM' ended 127
check 'in one line' grep -q '^ringside: /nonexistent' err

cli_done
