#!/bin/sh
# check.sh RINGSIDE FOLDER BITS: runs one assist guest, free and single-stepped, and compares what it prints.
ringside=$1 folder=$2 bits=$3
case $bits in
16) set -- $folder/assist16.bin; want='3nok' ;;
32) set -- --mode protected --at 0x100000 $folder/assist32.bin; want='3nock' ;;
64) set -- $folder/assist64.elf; want=$(cat $folder/expected64) ;;
esac
for mode in free stepped; do
    [ $mode = stepped ] && set -- --max-steps 2000000 "$@"
    got=$($ringside run --timeout 60 "$@" 2>$folder/words.$bits </dev/null)
    status=$?
    if [ $status -eq 127 ]; then
        cat $folder/words.$bits
        exit 77
    fi
    if [ $status -ne 0 ] || [ "$got" != "$want" ]; then
        printf '%s: status %s\nexpected:\n%s\ngot:\n%s\n' $mode $status "$want" "$got"
        cat $folder/words.$bits
        exit 1
    fi
done
echo "the same free and single-stepped"
