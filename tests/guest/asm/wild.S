// wild: writes at random over all memory and all ports, in every width, and reads there too. Whatever becomes of the
// guest, Ringside says how it ended and the trace is whole. stdin is the seed.
//
//: args --clock steps --max-exits 3000 --timeout 60 --mem 1M --mode protected --at 0x8000
//: once
//: status 0|1|[1-9][0-9]?|12[45]|1[0-9][13579]|2[0-4][13579]|25[135]
//: least 1 .
//: case seed-1
//: stdin "\x01\x00\x00\x00"
//: case seed-2
//: stdin "\xab\xcd\xef\x01"
//: case seed-3
//: stdin "\x77\x66\x55\x44"
//: case seed-4
//: stdin "\xf0\x0d\x12\x34"
//: case irqchip-kernel
//: args --irqchip kernel
//: stdin "\x05\x00\x00\x00"
//: case clock-real
//: args --clock real
//: stdin "\x06\x00\x00\x00"
//: case small-budget-of-steps
//: args --max-steps 20000
//: stdin "\x07\x00\x00\x00"
#include "test.inc"
    .code32
    .globl start
start:
    cli
    mov $0x7000, %esp
    mov $4, %ecx
1:  mov $0x3fd, %edx
2:  in %dx, %al
    test $1, %al
    jz 2b
    mov $0x3f8, %edx
    in %dx, %al
    shrd $8, %eax, %esi
    loop 1b
next:
    call random
    mov %eax, %edi
    call random
    mov %eax, %ebx
    call random
    mov %eax, %edx
    shr $7, %ebx
    test $1, %bl                    // half of the ports are those where devices are
    jz 1f
    and $0x3ff, %edx
1:  mov %dl, %cl                    // an end by the debug-exit port, or by reset, would come too early
    and $0xf8, %cl
    cmp $0xf0, %cl
    je next
    and $~1, %al
    cmp $0xfe, %al
    je next
    shr $1, %ebx
    and $7, %ebx
    jmp *table(, %ebx, 4)
table:
    .long out8, out16, out32, in8, in32, store8, store32, load32
out8:
    out %al, %dx
    jmp next
out16:
    out %ax, %dx
    jmp next
out32:
    out %eax, %dx
    jmp next
in8:
    in %dx, %al
    jmp next
in32:
    in %dx, %eax
    jmp next
store8:
    mov %al, (%edi)
    jmp next
store32:
    mov %eax, (%edi)
    jmp next
load32:
    mov (%edi), %eax
    jmp next
random:                             // Marsaglia's xorshift: ESI is its state
    mov %esi, %eax
    shl $13, %eax
    xor %eax, %esi
    mov %esi, %eax
    shr $17, %eax
    xor %eax, %esi
    mov %esi, %eax
    shl $5, %eax
    xor %eax, %esi
    mov %esi, %eax
    ret
