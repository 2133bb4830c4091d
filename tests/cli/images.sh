#!/bin/sh
# Images that are none: cut, random, too large, in the wrong place, not files at all. One line and status 126; what can
# be run after all ends within its budget, and nothing ever crashes.
. "$(dirname "$0")/lib.sh"
noise=$build/tests/noise
need_kvm

: >empty
mkdir folder
mkfifo pipe
head -c 3145728 /dev/zero >large
refused 126 'empty: is empty' run empty
refused 126 'folder: is a directory' run folder
refused 126 'No such file' run nothing
refused 126 'FIFO' run pipe
refused 126 'character device' run /dev/null
refused 126 'character device' run /dev/zero
refused 126 'Not a directory' run "$hello/x"
refused 126 'name too long|File name too long' run "$(printf '%05000d' 0)"
refused 126 'large' run --mem 1M large
refused 126 'large' run --mem 1M --mode protected large
refused 126 'too small' run --mem 3 "$hello"
refused 126 'too small' run --mem 4K "$hello"
refused 126 'not all in RAM' run --mem 64K --at 0xff80 "$hello"
refused 126 'boot structures: 0x1000 bytes' run --mem 1M --mode protected --at 0xfff00 "$hello"
refused 126 'not all in RAM' run --mem 1M --mode protected --at 0x100000000 "$hello"
refused 126 'first MiB' run --at 0x100000 "$hello"
refused 126 'no ELF header' run --format elf "$hello"
refused 126 'no header' run --format multiboot "$hello"
refused 126 'module nothing.*No such file' run --module nothing "$test_guests/multiboot"
refused 126 'takes no modules' run --module empty "$hello"
refused 126 '--rom nothing' run --rom nothing@0xc0000 "$hello"
refused 126 '--rom empty' run --rom empty@0xc0000 "$hello"
refused 126 '--rom folder' run --rom folder@0xc0000 "$hello"
refused 126 '4 KiB' run --rom large@0xc0001 "$hello"
if [ "$(id -u)" -ne 0 ]; then
    cp "$hello" secret
    chmod 0 secret
    refused 126 'Permission denied' run secret
elif command -v setpriv >/dev/null && setpriv --reuid 65534 --clear-groups "$ringside" --version >/dev/null 2>&1; then
    cp "$hello" secret
    chmod 700 secret
    chmod 755 .
    try setpriv --reuid 65534 --clear-groups "$ringside" run secret
    check 'an unreadable image' ended_with 126
    check 'an unreadable image, one line' one_line
fi

# More than the machine has may be had, where the kernel promises more than there is. (KVM itself takes memory for it: a
# terabyte would take it seconds.)
try "$ringside" run --mem 64G "$hello"
check '--mem 64G' ended_with '0|126'
check '--mem 64G, one line' one_line

# bounded: the image that was made runs into its budget, or ends, or is refused.
bounded() {
    try "$ringside" run --clock steps --max-exits 500 --timeout 1 --mem 4M --trace bounded.rst "$@"
    check "no crash: $*" not_crashed
    if [ "$status" -eq 126 ]; then
        check "one line: $*" one_line
    else
        check "a status of run's: $*" ended_with '0|124|*[13579]'
        try "$ringside" trace check bounded.rst
        check "its trace is whole: $*" ended_with 0
    fi
    rm -f bounded.rst
}

# Cuts of an ELF file and of a Multiboot kernel, most of them in the headers. (Every cut there is, and thousands of changed
# bytes: tests/unit/test_vm_hostile.c.)
for image in elf32 elf64 multiboot; do
    len=$(wc -c <"$test_guests/$image")
    cut=1
    while [ "$cut" -lt "$len" ]; do
        head -c "$cut" "$test_guests/$image" >cut
        bounded cut
        if [ "$cut" -lt 120 ]; then cut=$((cut + 7)); else cut=$((cut + 1019)); fi
    done
done

# One byte of the headers is another.
for at in 0 4 5 16 18 24 28 32 42 44 52 56 60 64 72 80; do
    for byte in 00 ff; do
        for image in elf32 elf64; do
            cp "$test_guests/$image" bent
            printf "\\x$byte" 2>/dev/null | dd of=bent bs=1 seek="$at" conv=notrunc 2>/dev/null
            bounded bent
        done
    done
done

# Noise, as code and behind the first bytes of a format.
for seed in 1 2 3 4 5; do
    "$noise" "$seed" 4096 >random
    bounded random
    bounded --mode protected random
    bounded --mode long random
    { head -c 64 "$test_guests/elf64" && "$noise" "$seed" 4096; } >random
    bounded random
    { head -c 84 "$test_guests/elf32" && "$noise" "$seed" 4096; } >random
    bounded random
    { printf '\002\260\255\033' && "$noise" "$seed" 4096; } >random
    bounded --format multiboot random
done
cli_done
