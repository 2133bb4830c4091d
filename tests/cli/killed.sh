#!/bin/sh
# Killed at any moment: a run that SIGKILL ends leaves a trace that is readable up to its last whole chunk, and
# `trace check` says that it has no end. Two hundred times, half of them with every instruction and its registers.
. "$(dirname "$0")/lib.sh"
flood=$test_guests/flood
need_kvm

# The moments: 1 to 199 ms after the start, in an order that looks like chance but is always the same.
kill_run() {
    moment=$((($1 * 7919 + 13) % 199 + 1))
    shift
    rm -f killed.rst
    timeout -s KILL "$(printf '0.%03d' "$moment")" "$ringside" run --trace killed.rst "$@" "$flood" </dev/null \
        >console 2>/dev/null
}

# What is said of the file; the run may have been killed before there was one, or before its header was written.
expect_readable() {
    [ -s killed.rst ] || return 0
    try "$ringside" trace check killed.rst
    check "kill $1: trace check has an answer" ended_with '1|126'
    if [ "$status" -eq 126 ]; then
        check "kill $1: no header yet" said '(cut off|empty)'
        return 0
    fi
    check "kill $1: it has no end" grep -qE 'no footer|cut off inside chunk' out
    n=$(sed -n 's/^readable: \([0-9]*\) event.*/\1/p' out)
    readable=$((readable + n))
    # Each byte on the console was an event; what is missing fits a chunk of 64 KiB at three bytes an event or more.
    check "kill $1: little is lost" [ $(($(wc -c <console) - n)) -le 21846 ]
    try "$ringside" trace show --steps killed.rst
    check "kill $1: it can be read" ended_with 0
    check "kill $1: every event of it" [ "$(grep -vc -e ' code ---$' out)" -eq "$n" ]
}

readable=0
i=0
while [ $i -lt 100 ]; do
    i=$((i + 1))
    kill_run $i
    expect_readable $i
done
check 'some had events' [ "$readable" -gt 0 ]
readable=0
while [ $i -lt 200 ]; do
    i=$((i + 1))
    kill_run $i --trace-steps
    expect_readable "$i, stepping"
done
check 'some had steps' [ "$readable" -gt 0 ]
cli_done
