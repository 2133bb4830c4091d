#!/bin/sh
# A real gdb at the made-up machine: what a user types works, and says what it should.
#
#   client.sh SERVER long|real
set -u

server=$1
mode=$2
command -v gdb >/dev/null || { echo 'gdb is not installed'; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-gdb.XXXXXX") || exit 70
pid=
trap 'rm -rf "$work"; [ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
mkfifo "$work/place" || exit 70
"$server" "$mode" >"$work/place" &
pid=$!
read -r place <"$work/place"

cat >"$work/long" <<'END_OF_COMMANDS'
info registers rip
x/4i $pc
p $eflags
p $cr0
p $efer
p $xmm0.uint128
p/x $mxcsr
p/x $fctrl
set $rax = 40
stepi 3
p $rax
break *0x7c0f
continue
watch *(long *)0x9000
continue
x/gx 0x9000
set {char}0x9100 = 0x5a
monitor regs
monitor nonsense
info threads
p $rip = 0x7c01
stepi
END_OF_COMMANDS
cat >"$work/long.want" <<'END_OF_WANT'
rip 0x7c00 0x7c00
=> 0x7c00: nop
0x7c01: inc %rax
0x7c04: inc %rax
0x7c07: mov %rax,0x9000
$1 = [ ]
$2 = [ PE ET PG ]
$3 = [ LME LMA ]
$4 = 0
$5 = 0x1f80
$6 = 0x37f
0x0000000000007c07 in ?? ()
$7 = 42
Breakpoint 1, 0x0000000000007c0f in ?? ()
Breakpoint 1, 0x0000000000007c0f in ?? ()
0x9000: 0x000000000000002c
rax 0x2c cs 0008
no such command: nonsense
* 1 Thread 1 (vCPU 0, long mode, CPL 0, 0008:00007c0f) 0x0000000000007c0f in ?? ()
$8 = (void (*)()) 0x7c01
0x0000000000007c04 in ?? ()
END_OF_WANT

cat >"$work/real" <<'END_OF_COMMANDS'
info registers cs rip rip_offset
x/2i $pc
break *0x7c0f
continue
stepi
p $cr0
p $pc = 0x7c00
p $rip_offset
p $pc = 0x80000
END_OF_COMMANDS
cat >"$work/real.want" <<'END_OF_WANT'
cs 0x7c0 1984
rip 0x7c00 0x7c00
rip_offset 0x0 0
=> 0x7c00: nop
0x7c01: inc %rax
Breakpoint 1, 0x0000000000007c0f in ?? ()
0x0000000000007c10 in ?? ()
$1 = [ ET ]
$2 = (void (*)()) 0x7c00
$3 = 0
Could not write register "rip"; remote failure reply 'E.CS (base 0x7c00, limit 0xffff) does not reach 0x80000'
END_OF_WANT

# The last client ends the guest: so the server is seen to survive the one before, which only detached.
ask() {
    timeout 30 gdb -nx -batch -ex 'set confirm off' -ex "target remote $place" "$@" 2>&1
}
ask -x "$work/$mode" | sed -e '1,/^0x0*7c00 in/d' -e 's/[[:space:]][[:space:]]*/ /g' -e 's/^ //' -e 's/ $//' \
    -e '/^warning: /d' -e '/^determining executable/d' -e '/^$/d' -e '/^Hardware watchpoint/d' \
    -e '/^Id Target/d' -e '/Error in sourced command file:$/d' -e '/^\[Inferior 1 /d' -e '/^Breakpoint 1 at/d' >"$work/got"
ask -ex kill >"$work/last"
wait "$pid" || { echo 'the server failed' && cat "$work/last" && exit 1; }
diff -u "$work/$mode.want" "$work/got"
