// unclaimed: ports and addresses where nobody lives read all ones in every width, and swallow writes.
//
//: args --clock steps --mode protected
//: status 33
//: see protected in 0x5555 → ff  unclaimed
//: see protected in 0x5555 → ffff  unclaimed
//: see protected in 0x5555 → ffffffff  unclaimed
//: see protected out 0x5555 ← 12345678  unclaimed
//: see protected out 0xffff ← 78  unclaimed
//: see mmio read 0xe0000000 → ff  unclaimed
//: see mmio read 0xe0000000 → ffff  unclaimed
//: see mmio read 0xe0000000 → ffffffff  unclaimed
//: see mmio write 0xe0000000 ← 12345678  unclaimed
//: see mmio read 0xffffffff → ff  unclaimed
//: see out 0xbe0 ← ffffffff  unclaimed
#include "test.inc"
    .code32
    .globl start
start:
    cli
    mov $0x5555, %edx
    in %dx, %al
    in %dx, %ax
    in %dx, %eax
    cmp $0xffffffff, %eax
    jne bad
    mov $0x12345678, %eax
    out %eax, %dx
    mov $0xffff, %edx
    out %al, %dx
    mov $0xe0000000, %ebx
    xor %eax, %eax
    mov (%ebx), %al
    mov (%ebx), %ax
    mov (%ebx), %eax
    cmp $0xffffffff, %eax
    jne bad
    movl $0x12345678, (%ebx)
    mov $0xffffffff, %ebx
    mov (%ebx), %al
    show
    end_with 0x10
bad:
    end_with 1
