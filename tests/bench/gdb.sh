#!/bin/sh
# gdb.sh RINGSIDE [ROUNDS [STEPS]]: how long does stock gdb's `stepi 2000` take through Ringside's server, and how long
# through QEMU's?  The same boot sector, a loop in registers, stands in both; the rounds alternate; medians are printed,
# and their ratio.  QEMU runs under KVM; where it cannot, this says so and measures its emulator (TCG) instead.
#
# Status 77 and a reason where gdb, QEMU or /dev/kvm is missing.
set -u

ringside=$1
rounds=${2:-5}
steps=${3:-2000}
skip() { echo "gdb.sh: $*"; exit 77; }
[ -w /dev/kvm ] || skip "no usable /dev/kvm"
command -v gdb >/dev/null || skip "gdb is not installed"
command -v qemu-system-x86_64 >/dev/null || skip "qemu-system-x86_64 is not installed (package qemu-system-x86)"
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-bench-gdb.XXXXXX") || exit 70
server= input=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; [ -z "$input" ] || kill "$input" 2>/dev/null; rm -rf "$work"' EXIT

# 1: mov $0x1000, %cx; 2: mov %cx, %ax; add %ax, %bx; dec %cx; jnz 2b; jmp 1b; NOPs; 55 AA
{
    printf '\271\000\020\211\310\001\303\111\165\371\353\364'
    head -c 498 /dev/zero | tr '\000' '\220'
    printf '\125\252'
} >"$work/loop.bin"

# stepi PLACE [GDB-COMMAND...]: appends the nanoseconds to $work/ns; false when gdb did not come through.
stepi() {
    place=$1
    shift
    {
        printf '%s\n' 'set confirm off' 'set tcp connect-timeout 5' 'set architecture i386:x86-64' "target remote $place" "$@" 'stepi 20'
        printf '%s\n' "shell date +%s%N >'$work/from'" "stepi $steps" "shell date +%s%N >'$work/to'" \
            'printf "at %#lx\n", $rip' 'kill'
    } >"$work/commands"
    rm -f "$work/from" "$work/to"
    timeout 300 gdb -nx -batch -x "$work/commands" >"$work/said" 2>&1
    [ -s "$work/to" ] && grep -q '^at 0x7c' "$work/said" || return 1
    echo $(($(cat "$work/to") - $(cat "$work/from")))
}

ringside_round() {
    mkfifo "$work/words" "$work/input"
    sleep 600 >"$work/input" &
    input=$!
    "$ringside" shell --gdb 127.0.0.1:0 "$work/loop.bin" <"$work/input" >/dev/null 2>"$work/words" &
    server=$!
    place=$(sed -n 's/.*target remote //p;q' "$work/words")
    stepi "$place" >>"$work/ringside"
    done=$?
    kill "$server" "$input" 2>/dev/null
    wait "$server" "$input" 2>/dev/null
    server= input=
    rm -f "$work/words" "$work/input"
    return $done
}

# qemu_round ACCELERATOR CPU: the loader puts the sector where a BIOS would; gdb goes there by itself.
qemu_round() {
    port=$((20000 + ($$ * 7 + $(date +%s)) % 20000))
    qemu-system-x86_64 -accel "$1" -cpu "$2" -m 64 -display none -serial none -monitor none -nodefaults -S \
        -gdb "tcp:127.0.0.1:$port" -device "loader,file=$work/loop.bin,addr=0x7c00,force-raw=on" \
        >/dev/null 2>"$work/qemu.words" &
    server=$!
    stepi "127.0.0.1:$port" 'set $cs = 0' 'set $rip = 0x7c00'
    done=$?
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=
    return $done
}

median() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%.3f", (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) / 1e9}'; }

# The first way in which QEMU makes steps here.
accelerator=
for way in "kvm host" "kvm qemu64" "tcg max"; do
    if qemu_round ${way% *} ${way#* } >/dev/null; then
        accelerator=${way% *} cpu=${way#* }
        break
    fi
    echo "qemu -accel ${way% *} -cpu ${way#* } does not step here: $(grep -v warning: "$work/qemu.words" | head -n 1)"
done
[ -n "$accelerator" ] || skip "QEMU's server does not step on this host"

for round in $(seq "$rounds"); do
    ringside_round || { echo "gdb and Ringside:"; cat "$work/said"; exit 1; }
    qemu_round "$accelerator" "$cpu" >>"$work/qemu" || { echo "gdb and QEMU:"; cat "$work/said"; exit 1; }
done
ours=$(median "$work/ringside")
theirs=$(median "$work/qemu")
echo "stepi $steps by gdb, median of $rounds: ringside $ours s, qemu (-accel $accelerator -cpu $cpu) $theirs s," \
    "ratio $(awk "BEGIN {printf \"%.3f\", $ours / $theirs}")"
