#!/bin/sh
# Asking traces: `trace stat --by`, over one file and over a class's hand-ins; the answers of different commands agree.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
need_kvm

for guest in hello16.bin boot64.bin timer.elf triplefault.elf; do
    "$ringside" run --clock steps --trace "${guest%.*}.rst" "$guests/$guest" >/dev/null 2>&1 </dev/null
done

# What `stat --by` counts is what export's lines say.
counted() {
    tail -n +5 out | awk '{ print $1, $2 }'
}
lines_by() {
    "$ringside" trace export --format jsonl "$1" | sed -n "s/.*\"$2\":\"\\([^\"]*\\)\".*/\\1/p" | sort | uniq -c |
        sort -k1,1nr -k2,2 | awk '{ print $2, $1 }'
}
for field in kind mode; do
    try "$ringside" trace stat --by $field timer.rst
    check "--by $field" ended_with 0
    counted | sed 1d >counted
    lines_by timer.rst $field >lines
    check "--by $field counts what export's lines say" cmp -s counted lines
    check 'and there are some' [ -s lines ]
done
try "$ringside" trace stat --by symbol --sort symbol boot64.rst
check '--by symbol' grep -qE '^ *print64 +[0-9]+ ' out
try "$ringside" trace stat --by time:10ms timer.rst
check '--by time: rows in the order of time' sh -c "tail -n +6 out | awk '{ print \$1 }' | sort -c"
check '--by time has hundredths' grep -qE '^ *0\.[0-9]{2} s +[0-9]' out
try "$ringside" trace stat --by seq:100 boot64.rst
check '--by seq: full buckets' grep -qE '^ *100 +100 ' out
try "$ringside" trace stat --by device,reg,dir --top 1 --where 'exit' boot64.rst
check '--top leaves others' grep -qE '^ *others \([0-9]+\)' out
try "$ringside" trace stat --by device,reg --json boot64.rst
check '--json is one line' [ "$(wc -l <out)" -eq 1 ]
check '--json has its keys' grep -qE '^\{"whole":true,"by":\["device","reg"\],"events":\{"count":[0-9]+,.*"rows":\[\{"device":"uart","reg":"THR","count":[0-9]+,"host_ns":[0-9]+,"guest_ns":[0-9]+,"min_ns":[0-9]+,"median_ns":[0-9]+,"p99_ns":[0-9]+,"max_ns":[0-9]+\},.*"others":\{"groups":0,"count":0,.*\}$' out

refused 126 '^ringside: trace stat: --by: "knd" is no field; did you mean kind\?$' trace stat --by knd boot64.rst
refused 126 'rax is a register' trace stat --by rax boot64.rst
refused 126 'up to|more than 4 fields' trace stat --by kind,device,reg,dir,mode boot64.rst
refused 126 'time needs the width of a bucket' trace stat --by time boot64.rst
refused 126 'kind is a name' trace stat --by kind:5 boot64.rst
refused 126 'did you mean median' trace stat --by kind --sort mediam boot64.rst
refused 126 'goes with --by' trace stat --sort count boot64.rst
refused 126 'out of range' trace stat --top 0 boot64.rst

# A class's hand-ins: what is no trace is a line, and the rest is counted all the same.
mkdir class folder
i=0
while [ $i -lt 300 ]; do
    cp hello16.rst class/$i.rst
    i=$((i + 1))
done
try "$ringside" trace stat class/*.rst
check 'three hundred files' ended_with 0
check 'a line each' [ "$(grep -c '^class/.* halted .* real  yes$' out)" -eq 300 ]
one=$(sed -n '3s/^[^ ]* *halted *\([0-9]*\) .*/\1/p' out)
check 'the totals' grep -qE "^300 files +$((300 * one)) +0 .* 300 whole" out

echo 'my essay' >essay.rst
: >empty.rst
head -c $(($(wc -c <boot64.rst) - 20)) boot64.rst >cut.rst
odd=$(printf 'odd \033[31mname\n.rst')
cp timer.rst "$odd"
try "$ringside" trace stat boot64.rst essay.rst empty.rst folder nowhere.rst cut.rst triplefault.rst "$odd"
check 'one that is no trace makes the status 1' ended_with 1
check 'nothing on stderr: it is in the table' [ ! -s err ]
check 'an essay' grep -qE '^essay.rst +- .* not read +not a trace of Ringside' out
check 'an empty file' grep -qE '^empty.rst .* not read +the file is empty' out
check 'a folder' grep -qE '^folder .* not read +it is a directory' out
check 'none' grep -qE '^nowhere.rst .* not read +open: No such file' out
check 'a cut one is counted as far as it goes' grep -qE '^cut.rst +- +[1-9][0-9]* .* no +cut off inside chunk' out
check 'a dead guest' grep -qE '^triplefault.rst +triple-fault .* yes$' out
check 'no escape of a name comes through' sh -c "! grep -q '$(printf '\033')' out"
check 'nor its newline' grep -qE '^odd \?\[31mname\?.rst +halted' out
check 'the sum' grep -qE '^8 files .* 3 whole +4 could not be read$' out
try "$ringside" trace stat --json --by kind boot64.rst essay.rst cut.rst
check '--json of several' ended_with 1
check '--json of several: files, totals and groups' grep -qE '^\{"files":\[\{"file":"boot64.rst","status":"halted",.*"whole":true\},\{"file":"essay.rst","error":".*"\},\{"file":"cut.rst","exits":.*"whole":false,"problem":".*"\}\],"totals":\{"files":3,"failed":1,"whole":1,.*\},"by":\["kind"\],.*\}$' out

# A full disk, and a reader that leaves.
for words in 'stat' 'stat --by kind' 'stat --json' 'tail' 'top --once' 'show'; do
    # shellcheck disable=SC2086 # words
    timeout 60 "$ringside" trace $words timer.rst >/dev/full 2>err
    status=$?
    check "trace $words on a full disk" ended_with 126
    check "trace $words on a full disk: one line" one_line
    check "trace $words on a full disk: which" said 'No space left'
done
timeout 60 "$ringside" trace stat boot64.rst timer.rst >/dev/full 2>err
status=$?
check 'trace stat of several on a full disk' ended_with 126
cli_done
