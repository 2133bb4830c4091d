#!/bin/sh
# tour.sh RINGSIDE BUILD DOCUMENT: does the debugger answer as the document shows it?
#
# A document shows sessions in ```ringside blocks. `$ build/ringside shell … IMAGE` begins one, and the block it stands
# in says no more: how the program greets depends on the terminal. The blocks behind it go on with that session:
# `ringside> COMMAND`, and below it the answer. In an answer `...` stands for any text, and a line `...` for any number
# of lines: for what differs between hosts. All this is turned into a talk, which tests/debug/check.sh can hold.
set -u

ringside=$(realpath "$1")
build=$(realpath "$2")
top=$(cd "$(dirname "$0")/../.." && pwd -P)
document=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-tour.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# The talk has the document's lines where they were, so that what is wrong is told by line.
awk '
    /^```ringside[ \t]*$/ { inside = 1; print "##"; next }
    /^```/ { inside = greeting = 0; print "##"; next }
    !inside { print "##"; next }
    /^\$ build\/ringside shell / {
        sub(/^\$ build\/ringside shell /, "% ")
        sub(/build\/guests\//, "$guests/")
        greeting = 1
        print
        next
    }
    greeting { print "##"; next }
    /^ringside> / { commands++ }
    /^(% |##)/ { print "'"$document"':" NR ": no answer can begin so here: " $0 >"/dev/stderr"; exit 1 }
    { print }
    END { if (!commands) exit 1 }
' "$top/$document" >"$work/tour.talk" || exit 1
cp "$top/tests/debug/talk.awk" "$work/"
sh "$top/tests/debug/check.sh" "$ringside" "$build/guests" "$work" tour
