#!/bin/sh
# What a user mistypes: one line that begins with `ringside: ` and says what and why, and exit status 126.
. "$(dirname "$0")/lib.sh"

head -c 512 /dev/zero >some.bin
refused 126 'ringside --help'
refused 126 'unknown command "rnu".*ringside run' rnu
refused 126 'unknown command "xyzzyxyzzy".*--help' xyzzyxyzzy
refused 126 'unknown command "--versoin"' --versoin
refused 126 'unknown option --clok: try --clock' run --clok steps some.bin
refused 126 'unknown option -q' run -q some.bin
refused 126 'unknown option --xyzzyxyzzy: try --help' run --xyzzyxyzzy some.bin
refused 126 '--mem needs a value' run some.bin --mem
refused 126 '--json takes no value' run --json=yes some.bin
refused 126 'usage: ringside run' run
refused 126 'usage: ringside run' run some.bin other.bin
refused 126 'usage: ringside run' run 1 2 3 4 5 6 7 8 9
refused 126 'unknown format "elff"' run --format elff some.bin
refused 126 'unknown mode "lnog"' run --mode lnog some.bin
refused 126 '"wall" is neither' run --clock wall some.bin
refused 126 '"qemu" is neither' run --irqchip qemu some.bin
refused 126 'has no @ADDR' run --rom some.bin some.bin
refused 126 'is not a number' run --rom some.bin@zz some.bin
refused 126 'empty file name' run --trace '' some.bin
for option in --max-exits --max-steps --timeout; do
    for value in 0 -1 x '' 1x 99999999999999999999999; do
        refused 126 "$option" run $option "$value" some.bin
    done
done
for value in -1 x '' 0x 99999999999999999999 0xfffffffffffff; do
    refused 126 '--at' run --at "$value" some.bin
done
for value in 0 -1 64K-1 99999999999G 18446744073709551616 64Q '' ' 64M' '64 M' M 1.5G; do
    refused 126 '--mem' run --mem "$value" some.bin
done

refused 126 'show.*check.*try ringside trace' trace
refused 126 'unknown subcommand "shwo".*ringside trace show' trace shwo x.rst
refused 126 'usage: ringside trace show' trace show
refused 126 'usage: ringside trace show' trace show a.rst b.rst
refused 126 'hltt.*hlt' trace show --kind hltt x.rst
refused 126 'unknown graph "boots"' trace graph --kind boots x.rst
refused 126 'unknown format "cvs": did you mean csv' trace export --format cvs x.rst
refused 126 'unknown option --knid: try --kind' trace show --knid io x.rst
refused 126 '--from' trace show --from x x.rst
refused 126 '--limit' trace show --limit 0 x.rst
refused 126 'x.rst: .*No such file' trace show x.rst
refused 126 'uartt.*ringside explain uart' explain uartt
refused 126 'usage: ringside explain' explain hlt io
refused 126 'usage: ringside doctor' doctor now
cli_done
