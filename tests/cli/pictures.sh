#!/bin/sh
# `trace graph`: its kinds, where pictures go, and showing one. Needs no KVM: the traces are those of the gallery.
. "$(dirname "$0")/lib.sh"
gallery=$top/traces/gallery
boot=$gallery/boot64.rst

printed() {
    grep -qE -e "$1" out
}

# Every kind has a section in the documents, and draws whatever trace it gets.
kinds=$("$ringside" trace graph --help | sed -n 's/^\([a-z]*\): .* ([0-9]*)$/\1/p')
check 'there are kinds' [ "$(echo "$kinds" | wc -l)" -ge 6 ]
for kind in $kinds; do
    check "$kind is in docs/graphs.md" grep -qx "## $kind" "$top/docs/graphs.md"
    [ "$kind" != walk ] || continue # needs an address
    for trace in boot64 timer-steps keyboard; do
        for end in dot svg png pdf; do
            try "$ringside" trace graph --kind "$kind" -o "$kind-$trace.$end" "$gallery/$trace.rst"
            check "$kind of $trace as $end" ended_with 0
            check "$kind of $trace as $end has something in it" [ -s "$kind-$trace.$end" ]
        done
    done
    try "$ringside" trace graph --kind "$kind" "$boot"
    mv out first
    try "$ringside" trace graph --kind "$kind" "$boot"
    check "$kind: the same twice" cmp -s first out
done

refused 126 'unknown graph "exit": exits, boot, machine, ' trace graph --kind exit "$boot"
for n in 0 501 x -1; do
    refused 126 '--max-nodes' trace graph --max-nodes "$n" "$boot"
done

# Links lead to the documents of this tree, to another place, or nowhere.
try "$ringside" trace graph "$boot"
check 'links to the documents' printed 'href="file:///.*/docs/exits.md#io"'
try "$ringside" trace graph --docs https://example.org/d "$boot"
check 'links elsewhere' printed 'href="https://example.org/d/exits.md#io"'
try "$ringside" trace graph --docs '' "$boot"
check 'no links' sh -c '! grep -qi href out'
try "$ringside" trace graph --title 'A <title> & more' "$boot"
check 'a title' printed 'A &lt;title&gt; &amp; more'

# Showing: without a desktop the picture is made all the same.
mkdir temp bin
export TMPDIR="$PWD/temp"
unset DISPLAY WAYLAND_DISPLAY
try "$ringside" trace graph --open "$boot"
check 'no desktop is no failure' ended_with 0
check 'no desktop: it says so' grep -q 'there is no desktop here' err
check 'no desktop: one line' one_line
check 'no desktop: it says where' printed "the picture is in $TMPDIR/ringside-exits-"
check 'no desktop: it is there' grep -q '</svg>' temp/ringside-exits-*.svg
export DISPLAY=:99
try env PATH="$PWD/bin" "$ringside" trace graph --open -o shown.svg "$boot"
check 'no xdg-open' grep -q 'xdg-open' err
mkfifo asked
cat >bin/xdg-open <<END
#!/bin/sh
echo "\$1" >"$PWD/asked"
END
chmod +x bin/xdg-open
try env PATH="$PWD/bin:$PATH" "$ringside" trace graph --open -o ./-shown.svg "$boot"
check 'xdg-open: no complaint' [ ! -s err ]
try cat asked
check 'xdg-open gets the picture' printed '-shown.svg$'

cli_done
