#!/bin/sh
# The documents keep their word.
#
#   docs.sh commands RINGSIDE BUILD   every command line in a ```sh block works
#   docs.sh made RINGSIDE             docs/exits.md and docs/commands.md are what the program makes
#   docs.sh links                     every relative link leads somewhere
#   docs.sh rules RINGSIDE            every ```rules block of docs/rules.md is kept by the trace of the gallery, and
#                                     of a ```rules broken block every rule is broken
#
# A command works when it ends with status 0, or with N where `# status N` stands behind it. The lines of a document run
# one after the other in a folder of its own that looks like the top of the tree with a finished build in build/; a
# leading `$ ` is left out. What is not to be tried (an installation, say) stands in a block without `sh`.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd -P)
case $1 in
    links) ;;
    *) ringside=$(realpath "$2") ;;
esac
failed=0

documents() {
    (cd "$top" && find README.md docs guests labs tests traces -name '*.md' | sort)
}

# The command lines of document $1: those of ```sh blocks, a trailing backslash joins two.
commands() {
    awk '
        /^```sh[ \t]*$/ { inside = 1; next }
        /^```/ { inside = 0; next }
        inside && /[^ \t]/ {
            sub(/^\$ /, "")
            if (held != "") { $0 = held $0; held = "" }
            if (/\\$/) { held = substr($0, 1, length($0) - 1); next }
            if (!/^#/) print
        }' "$top/$1"
}

# A folder like the top of the tree, in which commands may leave files.
make_place() {
    rm -rf "$work/top"
    mkdir "$work/top"
    for entry in docs guests labs src traces tests README.md; do
        ln -s "$top/$entry" "$work/top/$entry"
    done
    ln -s "$build" "$work/top/build"
}

try_commands() {
    build=$(realpath "$1")
    work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-docs.XXXXXX") || exit 70
    trap 'rm -rf "$work"' EXIT
    "$ringside" run --timeout 10 "$build/guests/hello16.bin" </dev/null >"$work/out" 2>&1
    if [ $? -eq 127 ]; then
        cat "$work/out"
        exit 77
    fi
    PATH=$(dirname "$ringside"):$PATH
    number=0
    documents >"$work/documents"
    while read -r document; do
        make_place
        commands "$document" >"$work/commands"
        while read -r line; do
            number=$((number + 1))
            want=$(echo "$line" | sed -n 's/.*# status \([0-9][0-9]*\)$/\1/p')
            (cd "$work/top" && timeout 60 sh -c "$line") </dev/null >"$work/out" 2>&1
            status=$?
            if [ "$status" -ne "${want:-0}" ]; then
                failed=1
                echo "$document: $line"
                echo "    status $status, expected ${want:-0}"
                head -n 20 "$work/out" | sed 's/^/    /'
            fi
        done <"$work/commands"
    done <"$work/documents"
    echo "$number commands tried"
    [ "$number" -gt 0 ] || failed=1
}

# A file a block: 1.kept, 2.broken ...
rule_blocks() {
    awk -v out="$1" '
        /^```rules( broken)?[ \t]*$/ { file = out "/" ++n (NF > 1 ? ".broken" : ".kept"); next }
        /^```/ { file = ""; next }
        file { print > file }' "$top/docs/rules.md"
}

try_rules() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-docs.XXXXXX") || exit 70
    trap 'rm -rf "$work"' EXIT
    rule_blocks "$work"
    number=0
    for file in "$work"/*.kept "$work"/*.broken; do
        number=$((number + 1))
        "$ringside" trace check "$top/traces/gallery/boot64.rst" "$file" >"$work/out" 2>&1
        status=$?
        case $file in
            *.kept) [ "$status" -eq 0 ] && continue ;;
            *) [ "$status" -eq 1 ] && ! grep -q '^kept' "$work/out" && continue ;;
        esac
        failed=1
        echo "docs/rules.md, block ${file##*/}: status $status"
        cat "$file" "$work/out"
    done
    echo "$number blocks tried"
    [ "$number" -gt 5 ] || failed=1
}

# Links to the net and to places inside a page are not looked at.
try_links() {
    for document in $(documents); do
        awk '/^```/ { inside = !inside } !inside && !/^    /' "$top/$document" | grep -oE '\]\([^)]+\)' |
            sed -e 's/^](//' -e 's/)$//' -e 's/#.*//' | while read -r link; do
            case $link in
                '' | *://* | mailto:*) continue ;;
            esac
            [ -e "$top/$(dirname "$document")/$link" ] || echo "$document: no such file: $link"
        done
    done
}

case $1 in
    commands) try_commands "$3" ;;
    rules) try_rules ;;
    made)
        for page in exits:--markdown commands:--commands; do
            "$ringside" explain "${page#*:}" | diff -u "$top/docs/${page%:*}.md" - || {
                echo "docs/${page%:*}.md is old: build/ringside explain ${page#*:} >docs/${page%:*}.md"
                failed=1
            }
        done
        ;;
    links)
        lost=$(try_links)
        if [ -n "$lost" ]; then
            echo "$lost"
            failed=1
        fi
        ;;
esac
exit $failed
