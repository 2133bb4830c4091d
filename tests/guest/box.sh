#!/bin/sh
# The guest tests once more, inside the box of tests/hwhost: a Linux with kvm-amd.
#
#   box.sh LIST FILE_OR_DIR...     LIST as tests/hwhost/suite wants it; the rest goes into the box
#
# Prints a line a test. QEMU's emulation of two processors stands still now and then on a busy machine, which is no fault
# of the test that happened to run: a test in which the box died is tried once more in a box of its own, and that is said.
set -u

suite=$(cd "$(dirname "$0")/../hwhost" && pwd -P)/suite
list=$1
shift
each_s=120
box_s=800 # two boxes run side by side, on a busy machine with one processor too
puts=
newline='
'
for path; do
    puts=$puts--put$newline$path$newline
done
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-box.XXXXXX") || exit 70
suite_pid=
trap 'rm -rf "$work"' EXIT
trap '[ -z "$suite_pid" ] || kill "$suite_pid" 2>/dev/null; exit 143' INT TERM HUP

# Runs the tests of list $1 and sets $status; what is printed is in $work/log too.
run_suite() {
    mkfifo "$work/pipe"
    tee "$work/log" <"$work/pipe" &
    tee_pid=$!
    IFS=$newline
    # shellcheck disable=SC2086 # a word a line
    "$suite" --each $each_s --timeout "$2" $puts "$1" >"$work/pipe" &
    suite_pid=$!
    unset IFS
    wait "$suite_pid"
    status=$?
    suite_pid=
    wait "$tee_pid"
    rm -f "$work/pipe"
}

# The names of the tests that failed, each with `died` where the box died in it.
failures() {
    awk '
        /^not ok / { name = $5; if (NF < 5) name = $NF; order[++n] = name; next }
        /^(ok |[0-9]+ passed)/ { name = "" }
        /the box died/ && name != "" { died[name] = " died" }
        END { for (i = 1; i <= n; i++) print order[i] died[order[i]] }' "$work/log"
}

run_suite "$list" $box_s
if [ "$status" -eq 70 ]; then
    echo "the box died between two tests: once more from the first"
    run_suite "$list" $box_s
fi
[ "$status" -eq 1 ] || exit "$status"
failures >"$work/failures"
if grep -vq ' died$' "$work/failures"; then
    exit 1
fi
echo "the box died in $(wc -l <"$work/failures") of the tests: these once more"
while read -r name died; do
    grep -F "$name: " "$list" | head -n 1
done <"$work/failures" >"$work/again"
run_suite "$work/again" 400
exit "$status"
