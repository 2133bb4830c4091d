#!/bin/sh
# Two traces and more: diff, merge, and rules. Needs no KVM.
. "$(dirname "$0")/lib.sh"
gallery=$top/traces/gallery/boot64.rst
cp "$gallery" a.rst

# diff
try "$ringside" trace diff a.rst a.rst
check 'a trace does not differ from itself' ended_with 0
check 'and it is said of how many events' grep -q '^no difference in 395 events$' out
try "$ringside" trace diff --from 10 --to 20 a.rst a.rst
check 'a range of it' grep -q '^no difference in 11 events$' out
head -c 3000 a.rst >cut.rst
try "$ringside" trace diff a.rst cut.rst
check 'a cut one differs' ended_with 1
check 'what is missing is said' said 'cut.rst: incomplete'
refused 126 'one at a time' trace diff --json --graph a.rst cut.rst
try "$ringside" trace diff --json a.rst cut.rst
check 'JSON: one line' [ "$(wc -l <out)" -eq 1 ]
check 'JSON: its verdict' grep -q '^{"identical":false,' out
for end in svg png pdf dot; do
    try "$ringside" trace diff --graph -o both.$end a.rst cut.rst
    check "a picture as $end" ended_with 1
    check "with something in it" [ -s both.$end ]
done
try "$ringside" trace diff --graph a.rst a.rst
check 'a picture on stdout' grep -q '^digraph diff {' out
check 'of two that are the same' ended_with 0
refused 126 'usage: ringside trace diff' trace diff a.rst
refused 126 'nix.rst' trace diff a.rst nix.rst
refused 126 'nix.rst' trace diff nix.rst a.rst
refused 126 'no event is compared by "colour": kind, device' trace diff --ignore colour a.rst a.rst
refused 126 '"here" is not one of auto, symbol, rip or none' trace diff --place here a.rst a.rst
refused 126 '"all" is not one of auto, each or count' trace diff --irqs all a.rst a.rst
refused 126 'a.rst: --where: column 1: "prt" is no field|--where: column 1' trace diff --where 'prt == 1' a.rst a.rst
refused 126 'both.bmp' trace diff --graph -o both.bmp a.rst a.rst
refused 126 '/nowhere/both.svg' trace diff --graph -o /nowhere/both.svg a.rst a.rst
for bad in /dev/null /dev/zero . "$ringside"; do
    refused 126 "$bad" trace diff a.rst "$bad"
    refused 126 "$bad" trace diff "$bad" a.rst
done

# Whatever the bytes: an answer or an error, and no crash.
len=$(wc -c <a.rst)
for at in 20 60 200 $((len / 2)) $((len - 30)); do
    { head -c "$at" a.rst && head -c 40 "$ringside" && tail -c +$((at + 41)) a.rst; } >bad.rst
    try "$ringside" trace diff a.rst bad.rst
    check "diff with other bytes at $at" not_crashed
    check "diff with other bytes at $at: a status" ended_with '1|126'
    try "$ringside" trace merge -o out.rst a.rst bad.rst
    check "merge with other bytes at $at" not_crashed
    check "merge with other bytes at $at: a status" ended_with '0|126'
done

# merge
cp a.rst b.rst
try "$ringside" trace merge -o both.rst a.rst b.rst
check 'merge' ended_with 0
check 'it says what came from where' grep -q '^b: b.rst: .*its vCPU 0 is 1 here$' out
try "$ringside" trace check both.rst
check 'the merged trace is whole' grep -q '^whole: 792 events in .* ended: halted$' out
for words in show stat 'export --format jsonl' 'graph --kind exits' 'graph --kind machine'; do
    # shellcheck disable=SC2086 # words
    try "$ringside" trace $words both.rst
    check "trace $words reads it" ended_with 0
    check "trace $words has nothing to say against it" [ ! -s err ]
done
try "$ringside" trace show --where 'reg == b.uart.THR && vcpu == 1' both.rst
check 'devices of the second have its letter' [ "$(grep -c ' b.uart.THR$' out)" -eq 382 ]
try "$ringside" trace merge -o of-cut.rst a.rst cut.rst
check 'a cut trace is merged as far as it goes' ended_with 0
check 'and it is said' said 'cut.rst: incomplete'
refused 126 'a.rst: it is one of the traces to merge' trace merge -o ./a.rst a.rst b.rst
ln -s b.rst link.rst
refused 126 'link.rst: it is one of the traces to merge' trace merge -o link.rst a.rst b.rst
check 'nothing was lost' cmp -s a.rst "$gallery"
refused 126 'o OUT.rst is missing' trace merge a.rst b.rst
refused 126 'usage: ringside trace merge' trace merge -o c.rst a.rst
refused 126 'nix.rst' trace merge -o c.rst a.rst nix.rst
check 'no half of a file is left' [ ! -e c.rst ]
refused 126 'No space left' trace merge -o /dev/full a.rst b.rst

# rules
printf 'rule it ends\nend status == halted\n' >good.rules
printf 'rule it ends\nend status == halted\nrule <few> & "short"\nhint one \001 two\nbudget exits <= 10\n' >broken.rules
try "$ringside" trace check a.rst good.rules
check 'rules that are kept' ended_with 0
check 'and it is said' grep -q '^kept    it ends$' out
try "$ringside" trace check a.rst broken.rules
check 'rules that are broken' ended_with 1
check 'the event to blame' grep -qE '^ +> +10 ' out
try "$ringside" trace check --tap a.rst broken.rules
check 'TAP: status' ended_with 1
check 'TAP: a plan and its tests' [ "$(grep -cE '^(1\.\.2|ok 1 - |not ok 2 - )' out)" -eq 3 ]
try "$ringside" trace check --junit a.rst broken.rules
check 'JUnit: status' ended_with 1
check 'JUnit: escaped' grep -q 'name="&lt;few&gt; &amp; &quot;short&quot;"' out
if command -v xmllint >/dev/null; then
    cp out junit.xml
    try xmllint --noout junit.xml
    check 'JUnit: well-formed' ended_with 0
fi
try "$ringside" trace check --json a.rst broken.rules
check 'JSON: status' ended_with 1
check 'JSON: the event' grep -q '"seq":10,' out
try "$ringside" trace check cut.rst good.rules
check 'what a cut trace cannot show is not taken for shown' ended_with 1
refused 126 'one form at a time' trace check --json --tap a.rst good.rules
refused 126 'name a file of them' trace check --json a.rst
refused 126 'nix.rules' trace check a.rst nix.rules
refused 126 'a.rst: line 1' trace check a.rst a.rst
printf 'rule x\nend state == halted\n' >bad.rules
refused 126 'bad.rules: line 2, column 5: "state" is no field' trace check a.rst bad.rules
cli_done
