#!/bin/sh
# Damaged traces: whatever a file holds, the commands that read traces say what is wrong in one line, show what is
# readable, and never crash.
. "$(dirname "$0")/lib.sh"
noise=$build/tests/noise
need_kvm

"$ringside" run --clock steps --trace good.rst "$guests/boot64.bin" >/dev/null 2>&1 </dev/null

# Every reading command on file $1; what is not whole must be said by each.
read_all() {
    for words in show stat 'stat --json' 'stat --by kind,device,rip' tail 'top --once' check 'export --format jsonl' \
        'export --format csv' 'export --format perfetto' 'export --format sqlite -o export.db' \
        'graph --kind exits' 'graph --kind boot' 'graph --kind machine' 'graph --kind pages' 'graph --kind flow' \
        'graph --kind irq' 'graph --kind calls' page; do
        # shellcheck disable=SC2086 # words
        try "$ringside" trace $words "$1"
        check "trace $words on $2" not_crashed
        check "trace $words on $2: a status" ended_with '0|1|126'
        if [ -s err ]; then
            check "trace $words on $2: one line" one_line
        elif [ "$words" != check ]; then
            check "trace $words on $2: not silently" cmp -s "$1" good.rst
        fi
    done
}

read_all good.rst 'the whole file'
try "$ringside" trace check good.rst
check 'it is whole' ended_with 0
check 'and nothing is said against it' [ ! -s err ]

len=$(wc -c <good.rst)
# (Each byte of a file changed in turn, and files forged to be wrong: tests/unit/test_traces_forged.c and _damage.c.)
for cut in 1 8 17 40 1000 $((len / 2)) $((len - 200)) $((len - 9)); do
    [ "$cut" -lt "$len" ] || continue
    head -c "$cut" good.rst >bad.rst
    read_all bad.rst "the first $cut bytes"
    try "$ringside" trace check bad.rst
    check "trace check on the first $cut bytes" ended_with '1|126'
done
for at in 0 8 17 30 $((len / 3)) $((len / 2)) $((len - 20)) $((len - 2)); do
    cp good.rst bad.rst
    was=$(od -An -tu1 -j"$at" -N1 good.rst)
    printf "\\$(printf '%o' $((was ^ 165)))" | dd of=bad.rst bs=1 seek="$at" conv=notrunc 2>/dev/null
    read_all bad.rst "another byte at $at"
    try "$ringside" trace check bad.rst
    check "trace check finds another byte at $at" ended_with '1|126'
done
{ cat good.rst && "$noise" 1 100; } >bad.rst
try "$ringside" trace check bad.rst
check 'something behind the end' ended_with '1'
{ head -c 60 good.rst && "$noise" 2 2000; } >bad.rst
read_all bad.rst 'noise behind a good beginning'

: >empty.rst
mkdir folder.rst
mkfifo pipe.rst
for name in empty.rst folder.rst pipe.rst nothing.rst /dev/null /dev/zero "$hello"; do
    for words in show stat 'stat --by kind' tail 'tail -f' top check 'export --format jsonl' graph; do
        # shellcheck disable=SC2086
        refused 126 "$name" trace $words "$name"
    done
done

# Pictures go where they are told to, or it is said why not.
for kind in exits boot machine pages 'walk --gva 0x1000'; do
    for end in dot svg png pdf; do
        # shellcheck disable=SC2086 # words
        try "$ringside" trace graph --kind $kind -o picture.$end good.rst
        check "a picture: $kind as $end" ended_with 0
        check "a picture: $kind as $end has something in it" [ -s picture.$end ]
    done
done
refused 126 'needs --gva' trace graph --kind walk good.rst
refused 126 'no use for it' trace graph --kind exits --at 3 good.rst
refused 126 'picture.bmp' trace graph -o picture.bmp good.rst
refused 126 'nowhere' trace graph -o /nowhere/picture.svg good.rst

# An interrupt knows how long its line waited, and the picture has it.
try "$ringside" run --clock steps --trace timer.rst "$guests/timer.elf"
try "$ringside" trace show --where 'kind == irq && value >= 0' timer.rst
check 'every tick has its waiting time' [ "$(wc -l <out)" -eq 10 ]
try "$ringside" trace graph --kind irq timer.rst
check 'the picture has it' grep -q 'rise of the line to the injection: 10 measured' out
check 'and all ends of interrupt' grep -q 'from the injection to the EOI: 10 measured' out
try "$ringside" run --clock steps --irqchip kernel --trace inside.rst "$guests/timer.elf"
try "$ringside" trace graph --kind irq inside.rst
check 'inside KVM nothing is known of it' grep -q 'were inside the kernel' out

# What shell pipes make of it: filters narrow, numbers agree.
try "$ringside" trace show --limit 3 good.rst
check '--limit' [ "$(wc -l <out)" -eq 3 ]
try "$ringside" trace show --from 5 --to 9 good.rst
check '--from and --to' [ "$(wc -l <out)" -eq 5 ]
try "$ringside" trace show --kind hlt good.rst
check '--kind' [ "$(wc -l <out)" -eq 1 ]
try "$ringside" trace show --device post good.rst
check '--device' [ "$(grep -c post.CODE out)" -eq "$(wc -l <out)" ]
try "$ringside" trace show --where 'port == 0x3f8 && dir == out' good.rst
check '--where' [ "$(grep -c 'out 0x3f8' out)" -eq "$(wc -l <out)" ]
check '--where found some' [ -s out ]
try "$ringside" trace show --where 'symbol == long_mode && device == post' good.rst
check '--where with a symbol' [ "$(wc -l <out)" -ge 1 ]
for words in show stat export graph; do
    refused 126 'trace '$words': --where: column 1:.*"prt" is no field' trace $words --where 'prt == 1' good.rst
    refused 126 'where: column 11: no symbol.*did you mean long_mode' trace $words --where 'symbol == long_mde' good.rst
    refused 126 'given twice' trace $words --where exit --where exit good.rst
done
try "$ringside" trace export --format jsonl good.rst
check 'as many objects as events' grep -q "^whole: $(wc -l <out) events" - <<END
$("$ringside" trace check good.rst)
END

# Page tables: the words are those of the prompt at the same place.
try "$ringside" run --clock steps --trace paging.rst "$guests/paging.elf"
check 'a guest that pages' ended_with 0
try "$ringside" trace page paging.rst 0x8000000000
grep -v '^page tables' out >page.trace
"$ringside" shell --clock steps -x 'continue' -x 'page 0x8000000000' -x quit "$guests/paging.elf" </dev/null 2>/dev/null |
    sed -n '/^4-level paging/,/^page of/p' >page.prompt
check 'trace page says what the prompt says' cmp -s page.trace page.prompt
check 'which is something' [ -s page.trace ]
try "$ringside" trace page --at 0 paging.rst 0x8000000000
check 'and what it was before' grep -q 'PML4E not present' out
try "$ringside" trace page paging.rst
check 'all that is mapped' grep -q '^0000008000000000-0000008000001000 ' out
try "$ringside" trace check paging.rst
check 'trace check counts them' grep -q '^page tables: [0-9]* copies$' out
"$ringside" run --clock steps --trace plain.rst "$hello" >/dev/null 2>&1 </dev/null
try "$ringside" trace page plain.rst
check 'a guest that never pages' grep -q 'the guest never switched paging on' out
# A guest that gives CR3 another table 300 times, an OUT each: two PML4s with the loader's first entry, at 2 MiB.
#   mov %cr3,%rax; mov (%rax),%rbx; mov %rbx,0x200000; mov %rbx,0x201000; mov $0x200000,%eax; mov $300,%ecx
#   1: xor $0x1000,%eax; mov %rax,%cr3; out %al,$0x80; loop 1b; cli; hlt
printf '\017\040\330\110\213\030\110\211\034\045\000\000\040\000\110\211\034\045\000\020\040\000\270\000\000' >flip.bin
printf '\040\000\271\054\001\000\000\065\000\020\000\000\017\042\330\346\200\342\364\372\364' >>flip.bin
try "$ringside" run --clock steps --format flat --mode long --at 0x100000 --trace flip.rst flip.bin
check 'page tables that change all the time' ended_with 0
try "$ringside" trace check flip.rst
check 'so many are kept' grep -q '^page tables: 257 copies$' out
try "$ringside" trace page flip.rst
check 'and the others are counted' grep -q '^page tables: 44 changes before that copy are not in the trace$' out
try "$ringside" trace page --at 100 flip.rst
check 'those that are kept are exact' grep -q '^page tables at event 100 ' out
try "$ringside" trace page --at 280 flip.rst
check 'and those that may not be say so' grep -q '^page tables: 44 changes after that copy' out
# The paging guest changes its tables without a word to CR3. Where somebody has it stand, they are copied.
try "$ringside" shell --clock steps --trace stood.rst -x 'break window_print' -x continue -x 'step 2' -x quit "$guests/paging.elf"
check 'a debugger and a trace' ended_with 0
try "$ringside" trace check stood.rst
check 'one copy more, and one only' grep -q '^page tables: 4 copies$' out
try "$ringside" trace page --at 58 stood.rst 0x8000000000
check 'what stood then' grep -q 'PTE .* P RW .* page at' out
# Two machines in one trace: each has its own.
try "$ringside" trace merge -o both.rst plain.rst paging.rst
check 'merge' ended_with 0
try "$ringside" trace page both.rst
check 'none of the first' grep -q 'no page tables of vCPU 0, but some of vCPU 1' out
try "$ringside" trace page --vcpu 1 both.rst 0x8000000000
grep -v '^page tables' out >page.both
check 'those of the second as before' cmp -s page.trace page.both
for kind in pages walk; do
    [ $kind = pages ] && gva='' || gva='--gva 0x8000000000'
    try "$ringside" trace graph --kind $kind $gva --vcpu 1 both.rst
    check "$kind of the second" grep -q 'of vCPU 1 at the end of the run' out
    try "$ringside" trace graph --kind $kind $gva both.rst
    check "$kind of the first" grep -q 'no page tables' out
done
refused 126 '--vcpu: the picture "exits" has no use for it' trace graph --vcpu 1 both.rst
for n in 256 -1 x; do
    refused 126 '--vcpu' trace page --vcpu $n both.rst
done
refused 126 'linear address' trace page paging.rst 0xzz
refused 126 'nothing.rst' trace page nothing.rst 0
cli_done
