#!/bin/sh
# Where the answers of `ringside trace` go when their reader has seen enough, the disk is full or nobody listens.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
steps=$top/traces/gallery/timer-steps.rst

# As `trace show ... | head`: the reader is gone before the answer is. Nothing is wrong then, and nothing is said.
left_early() {
    try sh -c '{ "$@" 2>said; echo $? >status; } | { exec <&-; cat said 2>/dev/null; }' sh "$ringside" trace "$@"
    status=$(cat status)
    cp said err
    check "quiet when nobody reads: $*" [ ! -s said ]
    check "ended by SIGPIPE: $*" ended_with 141
}
left_early show "$steps"
left_early show --steps "$steps"
left_early export "$steps"
left_early export --format perfetto "$steps"
left_early tail -n 100000 "$steps"
left_early find --all "$steps" 1
left_early report "$steps"

# A full disk is a mistake, and the line says what failed.
full() {
    try sh -c '"$@" >/dev/full' sh "$ringside" trace "$@"
    check "status on a full disk: $*" ended_with 126
    check "one line on a full disk: $*" one_line
    check "its words on a full disk: $*" said 'writ(e|ing) the (answer|output|picture): No space left on device$'
}
full show "$steps"
full show --steps "$steps"
full stat "$steps"
full tail "$steps"
full find --all "$steps" 1
full export "$steps"
full graph "$steps"
full report "$steps"

# A file may be called anything; what is printed about it is one line of text.
odd=$(printf 'odd\n\033[31mname.rst')
cp "$steps" "$odd"
plain_text() {
    [ "$(tr -d '\n' <out | tr '\000-\037\177' '!' | grep -c '!')" -eq 0 ]
}
for words in stat check show tail top; do
    try "$ringside" trace $words "$odd"
    check "an odd name: $words" plain_text
done
try "$ringside" trace diff "$odd" "$top/traces/gallery/boot64.rst"
check 'an odd name: diff' plain_text
check 'an odd name: diff says it' grep -q '^A: odd??\[31mname.rst (' out
try "$ringside" trace merge -o merged.rst "$odd" "$top/traces/gallery/boot64.rst"
check 'an odd name: merge' plain_text
check 'an odd name: merge says it' grep -q '^a: odd??\[31mname.rst: ' out
try "$ringside" trace show no/"$odd"
check 'an odd name: an error is one line' one_line

cli_done
