#!/bin/sh
# `ringside shell` without a terminal: commands from a pipe, from -x, from files; what is wrong with them; startup
# files; descriptors that are not there.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
tour=$guests/boot64.bin
HOME=$work/home
export HOME
mkdir "$HOME"

# pipe TEXT WORD...: ringside shell WORD... with TEXT (as printf has it) on stdin.
pipe() {
    # shellcheck disable=SC2059 # the text is a format
    printf "$1" >commands
    shift
    input=commands try "$ringside" shell "$@"
}

answered() {
    printf '%s\n' "$@" | cmp -s - out
}

silent() {
    [ ! -s err ]
}

# What needs no KVM.
head -c 512 /dev/zero >some.bin
refused 126 'usage: ringside shell .*IMAGE' shell
refused 126 'No such file' shell /nonexistent
refused 126 'unknown option --strikt: try --strict' shell --strikt some.bin
refused 127 '/nonexistent: No such file.*modprobe' shell --kvm /nonexistent some.bin
refused 126 '--paused.*--gdb.*ringside shell' run --paused some.bin
need_kvm

# A pipe: answers only.
pipe 'echo a\necho b; echo c\n# nothing\n\nquit\necho d\n' "$tour"
check 'a pipe' ended_with 0
check 'its answers, and nothing else' answered a b c
check 'and nothing on stderr' silent
pipe 'echo a' "$tour"
check 'a last line without an end' answered a
pipe 'step 3\nregs\n' "$tour"
check 'the line of the README' ended_with 0
check 'shows registers' grep -q '^eax' out
check 'no prompt, no escape codes' sh -c '! grep -q "ringside>\|$(printf "\033")" out'
pipe '' "$tour"
check 'no commands: no answers' [ ! -s out ]
check 'no commands at all' ended_with 0
pipe 'echo a\n' --paused "$tour"
check '--paused is what shell does anyway' answered a

# Wrong commands.
pipe 'stpe\necho b\n' "$tour"
check 'a wrong command' one_line
check 'names the nearest right one' said 'unknown command "stpe": try step'
check 'the next one is done' answered b
check 'and all is well' ended_with 0
pipe 'echo a; stpe; echo b\necho c\n' --strict "$tour"
check 'strict: the first failure ends it' answered a
check 'strict: status' ended_with 1
check 'strict: one line' one_line
pipe 'quit now\n' "$tour"
check 'quit takes nothing' said 'quit takes no arguments'

# Lines that are none.
pipe 'echo a\nec\000ho b\necho c\n' "$tour"
check 'a NUL byte' said 'NUL'
check 'a NUL byte: the others are done' answered a c
{
    printf 'echo '
    head -c 10000 /dev/zero | tr '\0' x
    printf '\necho '
    head -c 100000 /dev/zero | tr '\0' x
    printf '\necho c\n'
} >long
input=long try "$ringside" shell "$tour"
check 'a line of 10,000 characters' [ "$(wc -c <out)" -eq 10003 ]
check 'a line of 100,000 is one error' one_line
check 'of its own kind' said 'a line of more than'
head -c 300000 /dev/urandom >noise
input=noise try "$ringside" shell "$tour"
check 'noise' ended_with 0
check 'noise: no crash' not_crashed
for quotes in "'" '"' ';' '#' '\\\\' '(' '[' '/' '%%'; do
    pipe "$quotes\\necho $quotes\\nprint $quotes\\nx/$quotes\\nset $quotes\\nhelp $quotes\\nfind $quotes\\n" "$tour"
    check "a lone $quotes" ended_with 0
    check "a lone $quotes: no crash" not_crashed
done

# -x and --script.
printf 'echo file\nnosuch\necho rest\n' >script
try "$ringside" shell -x 'echo one' --script script -x 'echo two' "$tour"
check '-x and --script, in their order' answered one file rest two
check 'a failure is said with its place' said 'script:2: unknown command'
check 'and not taken for one' ended_with 0
try "$ringside" shell --strict -x 'echo one' --script script -x 'echo two' "$tour"
check 'strict: ends there' answered one file
check 'strict: status' ended_with 1
check 'strict: one line' one_line
try "$ringside" shell --strict -x nosuch "$tour"
check 'strict: -x' ended_with 1
try "$ringside" shell -x nosuch "$tour"
check 'not strict: -x' ended_with 0
refused 126 'nonexistent: No such file' shell --script /nonexistent "$tour"
refused 126 'not a file' shell --script / "$tour"
printf 'echo a\nquit\necho b\n' >quits
try "$ringside" shell --script quits -x 'echo c' "$tour"
check 'quit in a file ends it all' answered a
printf 'source self\n' >self
try "$ringside" shell -x 'source self' "$tour"
check 'a file that calls itself' grep -q 'deep' out

# run: commands before the first instruction, answers on stderr, then on to the end.
try "$ringside" run --clock steps "$tour"
cp out plain.out
try "$ringside" run --clock steps -x 'echo hello' "$tour"
check 'run -x' ended_with 0
check 'run -x: the answer is on stderr' grep -qx hello err
check 'run -x: stdout is the guest' cmp -s out plain.out
check 'run -x: and the summary' said 'ringside: halted after 395 exits'
try "$ringside" run --clock steps -x quit "$tour"
check 'run -x quit: the guest never ran' [ ! -s out ]
try "$ringside" run --strict -x nosuch "$tour"
check 'run --strict -x: a failure' ended_with 1
check 'run --strict -x: the guest never ran' [ ! -s out ]
try "$ringside" run --script script "$tour"
check 'run --script' grep -qx rest err
check 'run --script: runs on' grep -q 'long mode' out

# Startup files.
pipe 'echo main\n' "$tour"
check 'no startup files' answered main
echo 'echo home' >"$HOME/.ringsiderc"
pipe 'echo main\n' "$tour"
check 'the startup file of the home folder' answered home main
echo 'echo here' >.ringsiderc
pipe 'echo main\n' -x 'echo x' "$tour"
check 'then ./.ringsiderc, then -x' answered home here x main
chmod 666 .ringsiderc
pipe 'echo main\n' "$tour"
check './.ringsiderc that others may write' answered home main
check 'is not read, and that is said' said '.ringsiderc is not read'
chmod 644 .ringsiderc
pipe 'echo main\n' --no-rc "$tour"
check '--no-rc' answered main
try "$ringside" run -x 'echo x' "$tour"
check 'run reads no startup files' sh -c '! grep -qx "home\|here" err'
rm .ringsiderc
ln -s "$HOME/.ringsiderc" .ringsiderc
pipe 'echo main\n' "$tour"
check 'one file under two names' answered home main
rm .ringsiderc "$HOME/.ringsiderc"
mkdir "$HOME/.ringsiderc"
pipe 'echo main\n' "$tour"
check 'a startup file that is a folder' answered main
rmdir "$HOME/.ringsiderc"

# Symbols: beside a flat image, in an ELF image, by name, and none.
pipe 'print long_mode\n' "$tour"
check 'symbols beside the image' grep -q '<long_mode>' out
cp "$tour" alone.bin
pipe 'print long_mode\n' alone.bin
check 'none beside this one' said 'long_mode'
pipe 'print long_mode\n' --symbols "$guests/symbols/boot64.elf" alone.bin
check 'symbols by name' grep -q '<long_mode>' out
cp "$guests/symbols/boot64.elf" some.elf
pipe 'print long_mode\n' some.bin
check 'symbols of another image' said 'long_mode'
refused 126 '--symbols.*commands' shell --symbols commands "$tour"
refused 126 '--symbols.*No such file' shell --symbols /nonexistent "$tour"
pipe 'symbols guest_main\n' "$guests/keyboard.elf"
check 'symbols in the image' grep -q ' guest_main$' out

# The guest ends; what is left can be looked at.
pipe 'continue\nregs\nexits\nhistory\nstep\ncontinue\n' "$tour"
check 'the guest ended' grep -q 'a0. the end: CLI, HLT' out
check 'registers after the end' grep -q '^rax' out
check 'statistics after the end' grep -q '^io  *394 ' out
check 'but no more steps' [ "$(grep -c 'the guest has ended' err)" -eq 2 ]
pipe 'type "q"\ncontinue\n' "$guests/keyboard.elf"
check 'type types' ended_with 0
check 'and the guest sees it' grep -q q out

# A trace of a session is whole.
pipe 'step 3\n' --trace x.rst "$tour"
check 'a session with a trace' ended_with 0
try "$ringside" trace check x.rst
check 'its trace is whole' ended_with 0
refused 126 'guest image' shell --trace alone.bin alone.bin

# Examples in the help do what they say they do.
mkdir examples
cd examples || exit 70
printf 'echo from a file\n' >boot.cmds
pipe 'help all\n' "$tour"
check 'help all' ended_with 0
sed -n 's/^    \(.*[^ ]\)  *# .*/\1/p' out >lines
check 'there are examples' [ "$(wc -l <lines)" -ge 25 ]
while IFS= read -r line; do
    case $line in
        restore*) echo 'dump boot.img 0x7c00, 512' ;;
        finish*) echo 'step 200' ;;
    esac >before
    { cat before && printf '%s\n' "$line"; } >commands
    input=commands try "$ringside" shell --strict --timeout 20 "$tour"
    check "the example: $line" ended_with 0
done <lines
cd ..

# Descriptors that are closed, disks that are full, readers that are gone.
try sh -c 'exec "$@" <&-' sh "$ringside" shell -x 'echo a' "$tour"
check 'a closed stdin' ended_with 0
check 'a closed stdin: -x is done' answered a
try sh -c 'exec "$@" >&-' sh "$ringside" shell -x 'echo a' "$tour"
check 'a closed stdout' ended_with 126
check 'a closed stdout: said once' one_line
try sh -c 'exec "$@" >/dev/full' sh "$ringside" shell -x 'echo a' -x 'echo b' "$tour"
check 'a full disk' ended_with 126
check 'a full disk: said once' one_line
try sh -c '"$@" | true' sh "$ringside" shell -x 'help all' "$tour"
check 'a reader that is gone' not_crashed
try sh -c 'exec "$@" 2>&-' sh "$ringside" shell -x nosuch -x 'echo a' "$tour"
check 'a closed stderr' ended_with 0

# Signals.
mkfifo pipe
"$ringside" shell "$tour" <pipe >out 2>err &
pid=$!
exec 8>pipe
printf 'echo ready\n' >&8
tries=600
until grep -q ready out; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || break
    sleep 0.05
done
kill -TERM "$pid"
wait "$pid"
status=$?
exec 8>&-
check 'SIGTERM while it waits for a command' ended_with 143
# A script's background jobs ignore SIGINT; here it is to do what it does at a terminal.
printf 'continue\nregs ip\n' >commands
for words in '' "-x continue"; do
    # shellcheck disable=SC2086 # words
    input=commands try env --default-signal=INT timeout --preserve-status -s INT 1 \
        "$ringside" shell $words "$test_guests/stop"
    check "SIGINT while the guest runs ($words) ends a session without a prompt" ended_with 130
    check "and says where it was ($words)" grep -q 'asked\|interrupt' out
done
cli_done
