#!/bin/sh
# What is wrong around Ringside: no KVM, no room on the disk, nobody on the other end. A message, the right status, and
# what was recorded stays readable.
. "$(dirname "$0")/lib.sh"

# No KVM, or none that we may use: status 127 and how to mend it.
head -c 512 /dev/zero >some.bin
refused 127 '/nonexistent: No such file.*modprobe' run --kvm /nonexistent some.bin
refused 127 '/dev/null.*not KVM' run --kvm /dev/null some.bin
refused 127 "$work" run --kvm "$work" some.bin
for device in /nonexistent /dev/null; do
    try "$ringside" doctor --kvm "$device"
    check "doctor --kvm $device" ended_with 127
    check 'says how to mend it' grep -q 'To mend' out
    try "$ringside" doctor --json --kvm "$device"
    check "doctor --json --kvm $device" ended_with 127
    check 'says so' grep -q '"usable": *false' out
done
if [ "$(id -u)" -eq 0 ] && [ "$(stat -c %a /dev/kvm 2>/dev/null)" = 600 ] && command -v setpriv >/dev/null; then
    chmod 755 .
    cp "$hello" hello.bin
    try setpriv --reuid 65534 --clear-groups "$ringside" run hello.bin
    check 'a forbidden /dev/kvm' ended_with 127
    check 'its message names the group' said 'group kvm|usermod'
fi

need_kvm
printf x >x
stop=$test_guests/stop

# Traces that cannot be written.
refused 126 'No space left' run --trace /dev/full "$hello"
refused 126 '/nowhere/x.rst: No such file' run --trace /nowhere/x.rst "$hello"
refused 126 'Is a directory' run --trace . "$hello"
refused 126 '/proc/x.rst' run --trace /proc/x.rst "$hello"
cp "$hello" hello.bin
ln -s hello.bin link.rst
ln hello.bin other.rst
for name in hello.bin link.rst other.rst ./hello.bin; do
    refused 126 'guest image' run --trace "$name" hello.bin
    check 'and the image is as it was' cmp -s hello.bin "$hello"
done
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 locked
    refused 126 'Permission denied' run --trace locked/x.rst "$hello"
fi

# A disk that fills up: the run goes on, the loss is said, what was written is readable.
lost() {
    check "$1: the loss is said" said 'ringside: trace .*(No space left|File too large)'
    check "$1: and not taken for success" [ "$status" -ne 0 ]
    try "$ringside" trace check full/x.rst
    check "$1: trace check says that it is not whole" ended_with 1
    check "$1: and that much of it is readable" grep -qE 'readable: [1-9][0-9]* events' out
}

if unshare -m true 2>/dev/null && mkdir full && unshare -m mount -t tmpfs none full 2>/dev/null; then
    # shellcheck disable=SC2016 # for the inner shell
    input=x try unshare -m sh -c 'mount -t tmpfs -o size=64k none full && "$@"; status=$?
        cp full/x.rst saved.rst; exit $status' sh \
        "$ringside" run --clock steps --max-exits 60000 --trace full/x.rst "$stop"
    mv saved.rst full/x.rst
    lost 'a full disk'
    rm -f full/x.rst
fi
mkdir -p full
# shellcheck disable=SC2016
input=x try sh -c 'ulimit -f 160 && exec "$@"' sh \
    "$ringside" run --clock steps --max-exits 100000 --trace full/x.rst "$stop"
check 'a limit on file sizes: no death by signal' not_crashed
lost 'a limit on file sizes'
# shellcheck disable=SC2016
try sh -c 'ulimit -f 0 && exec "$@"' sh "$ringside" run --trace full/x.rst "$hello"
check 'a limit of nothing: no death by signal' not_crashed
check 'a limit of nothing' ended_with 126

# A console that nobody takes.
try sh -c '"$@" >/dev/full' sh "$ringside" run "$hello"
check 'a lost console is said' said "console: No space left"
check 'and costs the run its success' ended_with 126
try sh -c '"$@" >/dev/full' sh "$ringside" run --json "$hello"
check 'a lost summary' ended_with 126
for words in --help --version explain 'explain --markdown' doctor 'run --help' 'trace --help'; do
    # shellcheck disable=SC2086 # words
    try sh -c '"$@" >/dev/full' sh "$ringside" $words
    check "$words on a full disk" ended_with 126
    check "$words on a full disk, one line" one_line
done
"$ringside" run --clock steps --trace good.rst "$guests/boot64.bin" >/dev/null 2>&1 </dev/null
for words in 'show' 'stat' 'stat --json' 'check' 'export --format jsonl' 'graph --kind boot'; do
    # shellcheck disable=SC2086
    try sh -c '"$@" >/dev/full' sh "$ringside" trace $words good.rst
    check "trace $words on a full disk" ended_with 126
    check "trace $words on a full disk, one line" one_line
done

# Descriptors that are not open must not be mistaken for the files that get their numbers.
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    rm -f closed.rst
    try sh -c "exec \"\$@\" $closed" sh "$ringside" run --clock steps --trace closed.rst "$hello"
    check "run $closed ends" ended_with '0|126'
    try "$ringside" trace check closed.rst
    check "run $closed leaves a whole trace" ended_with 0
    "$ringside" run --clock steps --trace open.rst "$hello" >/dev/null 2>&1 </dev/null
    "$ringside" trace show open.rst | sed 's/^ *[0-9]* *[0-9.]*//' >open.events
    "$ringside" trace show closed.rst | sed 's/^ *[0-9]* *[0-9.]*//' >closed.events
    check "run $closed: the same events" cmp -s open.events closed.events
done
try sh -c '"$@" >&-' sh "$ringside" --help
check 'help into nothing' ended_with 126
try sh -c '"$@" >&-' sh "$ringside" trace show good.rst
check 'a listing into nothing' ended_with 126
check 'a listing into nothing, one line' one_line

# A reader that went away, and one that stays and does not read.
try sh -c '"$@" | true' sh "$ringside" trace show good.rst
check 'a listing into a closed pipe' not_crashed
mkfifo stuck
exec 9<>stuck
timeout -s KILL 20 "$ringside" run --timeout 1 "$test_guests/flood" </dev/null >&9 2>err
status=$?
exec 9>&-
: >out
check 'a console that nobody reads: the time limit holds' ended_with 124
cli_done
