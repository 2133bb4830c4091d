// pushf16: a guest that looks at its own trap flag while it is stepped, in every way there is in real mode.
//
//: args --clock steps --max-steps 100000
//: status 33
//: count 5 real out 0xbe0 ← 00000000
//: see real out 0xbe0 ← 00000200
//: see debugexit
#include "test.inc"
    .code16
    .globl start
.macro trap_flag
    and $0x100, %eax
    show
.endm
start:
    cli
    xor %eax, %eax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    pushf
    pop %ax
    trap_flag
    pushfl
    pop %eax
    trap_flag
    .byte 0x2e                      // a prefix that means nothing here
    pushf
    pop %ax
    trap_flag
    mov $0x1000, %ax                // another stack segment
    mov %ax, %ss
    mov $0x0002, %sp
    pushf
    pop %ax
    trap_flag
    mov $0x0000, %sp                // wraps to the segment's top
    pushf
    pop %ax
    trap_flag
    sti                             // what else is in FLAGS stays
    pushf
    pop %ax
    and $0x300, %eax
    show
    cli
    end_with 0x10
