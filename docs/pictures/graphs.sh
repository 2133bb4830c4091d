#!/bin/sh
# Makes the pictures of docs/graphs.md and traces/gallery.
#
#   docs/pictures/graphs.sh BUILD           draws the traces of the gallery
#   docs/pictures/graphs.sh BUILD record [TRACE...]   records them before (all, or those named: boot64, timer-steps,
#                                           keyboard, paging), which needs /dev/kvm
#
# The guests run with `--clock steps`, so that a trace recorded again differs only in how long things took on the host.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
build=$(realpath "$1")
gallery=$(realpath "$here/../../traces/gallery")
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-graphs.XXXXXX")
trap 'rm -rf "$work"' EXIT
ln -s "$build" "$work/build"
cd "$work" # a trace holds the command line: no paths of this machine

# record TRACE WORDS...: unless others were named.
record() {
    trace=$1
    shift
    case " $named " in *" $trace "* | '  ') ;; *) return 0 ;; esac
    build/ringside run --clock steps --trace "$trace.rst" "$@" >/dev/null
    mv "$trace.rst" "$gallery/"
}

# draw TRACE KIND [WORD...]: docs/pictures/graph-KIND.svg, whose links lead to the documents beside it.
draw() {
    trace=$1 kind=$2
    shift 2
    build/ringside trace graph --kind "$kind" "$@" --docs .. -o "$here/graph-$kind.svg" "$gallery/$trace.rst"
    echo "graph-$kind.svg"
}

if [ "${2:-}" = record ]; then
    shift 2
    named=$*
    record boot64 build/guests/boot64.bin </dev/null
    record timer-steps --trace-steps build/guests/timer.elf </dev/null
    printf 'ringside\nq' | record keyboard build/guests/keyboard.elf
    record paging build/guests/paging.elf </dev/null
fi
draw boot64 exits
draw boot64 boot
draw boot64 machine
draw timer-steps flow
draw timer-steps calls
draw keyboard irq
draw boot64 pages
draw boot64 walk --gva 0x7e00
build/ringside trace graph --kind boot --docs ../../docs -o "$gallery/boot64.svg" "$gallery/boot64.rst"
build/ringside trace graph --kind calls --docs ../../docs -o "$gallery/timer-steps.svg" "$gallery/timer-steps.rst"
build/ringside trace graph --kind irq --docs ../../docs -o "$gallery/keyboard.svg" "$gallery/keyboard.rst"
