#!/bin/sh
# The floor rule: who may include whom, and what only one place may do.
#
#   floors.sh SOURCE BUILD      the tree and the static libraries made of it (--no-libraries for BUILD: the tree alone)
#   floors.sh --self-check      are violations found at all?
#
# An include may only point down, so that a device can be tested without KVM and a trace read without either. The linker
# holds part of the rule (one static library a floor); this reads the includes themselves, and the libraries for state
# that lives in a file instead of a machine.
set -u

# State that a file may keep all the same, as OBJECT NAME: readline's callbacks have no argument for ours.
stateful='(prompt|guard).c.o: the'

# Each floor and the floors it may include besides itself. `main` is src/*.c and src/*.h.
allowed='
base:
event:   base
kvm:     base
device:  base
vm:      base event kvm
machine: base event kvm device vm
run:     base event kvm device vm machine
debug:   base event kvm vm
traces:  base event vm debug
monitor: base event kvm device vm machine run debug traces
main:    base event kvm device vm machine run debug traces monitor
'

# What only some files may contain: a regular expression for lines, one for the paths that may, and what it is.
only='
(^|[^_[:alnum:]])ioctl[[:space:]]*[(]|^src/kvm/|a call of ioctl
^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](graphviz/|gvc|cgraph|gvpr|pathplan)|^traces/graph|a header of Graphviz
^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"](ncurses|curses|panel)|^monitor/ui/|a header of curses
'

# Every source of ours below $1, as a relative path.
sources() {
    (cd "$1" && find src traces monitor -name '*.[ch]' 2>/dev/null | sort)
}

# Lines `PATH FLOOR INCLUDED` for the quoted includes below $1: run/run.h, traces/trace.h; a path without a folder is of the
# includer's own. (One awk: a process for each of some thousand includes takes most of a minute.)
includes() {
    sources "$1" | (cd "$1" && xargs awk '
        function floor_of(path, part) {
            if (split(path, part, "/") == 2 && part[1] == "src") return "main"
            return part[1] == "src" ? part[2] : part[1]
        }
        /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/ {
            split($0, quoted, "\"")
            own = floor_of(FILENAME)
            if (quoted[2] ~ /^\.\.\//)
                to = "climbs-out-of-its-folder"
            else if (split(quoted[2], folder, "/") > 1)
                to = folder[1]
            else
                to = own
            print FILENAME, own, to
        }')
}

check_includes() {
    includes "$1" | awk -v allowed="$allowed" '
        BEGIN {
            lines = split(allowed, line, "\n")
            for (i = 1; i <= lines; i++) {
                n = split(line[i], word, " ")
                if (n == 0) continue
                floor = substr(word[1], 1, length(word[1]) - 1)
                known[floor] = may[floor, floor] = 1
                for (k = 2; k <= n; k++) may[floor, word[k]] = 1
            }
        }
        !($2 in known) { print $1 ": the floor " $2 " is not in the list"; next }
        !(($2, $3) in may) { print $1 ": " $2 " includes " $3 }'
}

check_only() {
    echo "$only" | while IFS= read -r row; do
        [ -n "$row" ] || continue
        what=${row##*|}
        rest=${row%|*}
        where=${rest##*|}
        line=${rest%|*}
        sources "$1" | grep -vE "$where" | (cd "$1" && xargs grep -lE -e "$line" /dev/null) | sed "s/\$/: $what/"
    done
}

# Variables in the libraries $@ that can change: constants that only the loader fills in are no state.
check_state() {
    for library in "$@"; do
        objdump -t "$library" | awk -v library="$(basename "$library")" -v stateful="$stateful" '
            /file format/ { object = $1 }
            {
                flags = substr($0, 18, 7)
                rest = substr($0, 26)
                split(rest, part, /[ \t]+/)
                section = part[1]
                name = $NF
            }
            (flags ~ /O/ || section ~ /^\.t/) && name != section && (section ~ /^\.(data|bss|tdata|tbss)/ || section == "*COM*") && section !~ /^\.data\.rel\.ro/ && object " " name !~ ("^" stateful "$") {
                print library ": " object " " name " lives in " section
            }'
    done
}

self_check() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-floors.XXXXXX") || exit 70
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/src/device" "$work/src/kvm" "$work/src/run" "$work/src/debug" "$work/src/attic" "$work/traces" \
        "$work/monitor/ui" "$work/monitor/views"
    cd "$work" || exit 70
    echo '#include "kvm/kvm.h"' >src/device/up.c
    echo '# include "../run/run.h"' >src/device/climb.c
    echo '#include "event/event.h"' >src/kvm/beside.c
    echo '#include "debug/disasm.h"' >src/run/sibling.c
    echo '#include "run/run.h"' >traces/reach.c
    echo '#include "base/err.h"' >src/attic/unknown.c
    printf '#include "base/err.h"\n#include "own.h"\n#include <stdio.h>\n' >src/device/good.c
    echo 'int f(int fd) { return ioctl (fd, 1); }' >src/run/call.c
    echo 'int kvm_ioctl(int fd);' >src/run/name.c
    echo '#include <gvc.h>' >traces/stat.c
    echo '#include <graphviz/cgraph.h>' >traces/graph_good.c
    echo '#include <ncurses.h>' >monitor/views/draw.c
    echo '#include <ncurses.h>' >monitor/ui/good.c
    cat >state.c <<'END'
#include <stddef.h>
static int counter;
int started = 1;
static _Thread_local int each;
int touch(void) { static long calls; return (int)(++calls + ++counter + ++each + started); }
static const char *const names[] = {"a", "b"};
const char *name(size_t i) { return names[i]; }
END
    : >expected
    check_includes . >found
    check_only . >>found
    cat >expected <<'END'
src/attic/unknown.c: the floor attic is not in the list
src/device/climb.c: device includes climbs-out-of-its-folder
src/device/up.c: device includes kvm
src/kvm/beside.c: kvm includes event
src/run/sibling.c: run includes debug
traces/reach.c: traces includes run
monitor/views/draw.c: a header of curses
src/run/call.c: a call of ioctl
traces/stat.c: a header of Graphviz
END
    sort -o expected expected
    sort found | diff -u expected - || exit 1
    "${CC:-cc}" -fPIE -c state.c -o state.o && ar rc libstate.a state.o || exit 70
    check_state libstate.a | sed -e 's/.*state\.o:* //' -e 's/\.[0-9][0-9]* / /' | sort >found
    printf '%s\n' 'calls lives in .bss' 'counter lives in .bss' 'each lives in .tbss' 'started lives in .data' | sort | diff -u - found
}

if [ "${1:-}" = --self-check ]; then
    self_check
    exit
fi
if [ "$2" = --no-libraries ]; then
    set -- "$1"
else
    set -- "$1" "$2"/libringside-*.a
fi
tree=$1
shift
found=$(check_includes "$tree" && check_only "$tree" && check_state "$@")
files=$(sources "$tree" | wc -l)
if [ -n "$found" ]; then
    echo "$found"
    exit 1
fi
[ "$files" -gt 50 ] || { echo "only $files sources found in $tree" && exit 1; }
echo "$files sources and $# libraries keep to their floors"
