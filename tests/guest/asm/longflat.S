// longflat: a flat image that starts in 64-bit mode, at an address that was asked for.
//
//: args --clock steps --mode long --at 0x100000
//: status 33
//: see long out 0xbe0 ← 00100000  unclaimed
//: see long mmio read 0xfffffff8 → ffffffffffffffff  unclaimed
//: see long mmio write 0xe0000000 ← 1122334455667788  unclaimed
#include "test.inc"
    .code64
    .globl start
start:
    lea start(%rip), %rax
    show
    mov $0xfffffff8, %ebx
    mov (%rbx), %rax
    cmp $-1, %rax
    jne bad
    mov $0x1122334455667788, %rax
    mov $0xe0000000, %ebx
    mov %rax, (%rbx)
    end_with 0x10
bad:
    end_with 1
