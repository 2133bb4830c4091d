#!/bin/sh
# check.sh RINGSIDE FOLDER NAME: NAME is modes or modes5, the guest of modes.S. Its step trace must be NAME.steps, line by line;
# what the page tables in the trace lead to must be NAME.pages, and what the debugger says of the living guest at the same
# instruction. With RINGSIDE_GOLDEN=FOLDER the two files are written there instead of being compared.
set -u
ringside=$1 folder=$2 name=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-modes.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 143' INT TERM HUP
trace=$work/trace.rst
image=$folder/$name.bin
run_options='--at 0x8000 --clock steps'

# A host that cannot do all of this is no failure; asking it takes so long that it is asked only when something is wrong.
case $name in
    modes) needs='paging32 pae compat step_cpl3 int_cpl3 syscall' ;;
    modes5) needs='la57 compat step_cpl3 int_cpl3 syscall' ;;
esac
fail() {
    "$ringside" doctor --json >"$work/doctor" 2>/dev/null
    for need in $needs; do
        grep -q "\"id\": *\"$need\",[^}]*\"result\": *\"works\"" "$work/doctor" && continue
        echo "this host's KVM cannot: $need (ringside doctor says more)"
        exit 77
    done
    echo "$*"
    exit 1
}

# Where a label is, and the number of the first step there.
place() {
    sed -n "s/^0*\([0-9a-f]*\) . $1\$/0x\1/p" "$folder/$name.labels"
}
event_at() {
    "$ringside" trace find --limit 1 "$trace" "kind == step && rip == $(place "$1")" |
        sed -n 's/^ *\([0-9][0-9]*\)  .*/\1/p'
}

# pages LABEL ADDR...: what is mapped there, and the way to each address.
pages() {
    label=$1
    shift
    at=$(event_at "$label")
    [ -n "$at" ] || exit
    echo "== $label, event $at"
    "$ringside" trace page --at "$at" "$trace" || exit
    printf 'break %s\ncontinue\necho @@@@\n' "$(place "$label")" >"$work/commands"
    for address; do
        echo
        "$ringside" trace page --at "$at" "$trace" "$address" >"$work/page" || exit
        cat "$work/page"
        sed 1d "$work/page" >>"$work/walks" # without "page tables at event 12"
        echo "page $address" >>"$work/commands"
    done
    # shellcheck disable=SC2086 # words
    "$ringside" shell --no-rc $run_options "$image" <"$work/commands" 2>&1 | sed '1,/^@@@@$/d' >"$work/living"
    if ! cmp -s "$work/living" "$work/walks"; then
        echo "the living guest at $label:"
        cat "$work/living"
    fi
    rm "$work/walks"
}

# compare WHAT: $work/WHAT with what is expected.
compare() {
    if [ -n "${RINGSIDE_GOLDEN:-}" ]; then
        cp "$work/$1" "$RINGSIDE_GOLDEN/$name.$1"
        return
    fi
    diff -u "$folder/$name.$1" "$work/$1" >"$work/diff" && return
    head -n 60 "$work/diff"
    fail "not what $name.$1 has"
}

# shellcheck disable=SC2086 # words
"$ringside" run $run_options --timeout 60 --trace-steps --trace "$trace" "$image" >"$work/out" 2>&1 </dev/null
status=$?
[ $status -ne 127 ] || { cat "$work/out"; exit 77; }
[ $status -eq 33 ] || { cat "$work/out"; fail 'the guest did not get to its end'; }
"$ringside" trace check "$trace" >"$work/out" 2>&1 || { cat "$work/out"; fail 'the trace is not whole'; }
"$ringside" trace show --steps "$trace" >"$work/steps" || exit
compare steps
(
    if [ "$name" = modes ]; then
        pages in_paging32 0x50400 0x408400 0x60000 0x61000
        pages in_pae 0x51400 0x408400 0xc0050400 0xc0060000
        pages compat 0x52400
        pages user64 0x408400 0x8000050400 0x60000 0x61000
    else
        pages compat 0x52400
        pages user64 0x408400 0x8000050400 0x1000000050400 0x60000 0x61000
    fi
) >"$work/pages" || { tail -n 20 "$work/pages"; fail 'the page tables could not be read'; }
compare pages
echo ok
