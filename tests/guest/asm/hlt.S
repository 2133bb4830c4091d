// hlt: the last instruction in odd places. stdin says where.
//
//: status 0
//: args --mem 1M
//: case at-the-end-of-a-segment
//: args --clock steps
//: stdin "s"
//: see real hlt
//: case at-the-end-of-memory
//: args --clock steps
//: stdin "m"
//: see real hlt
//: case across-pages
//: args --clock steps
//: stdin "p"
//: see real hlt
//: case in-the-shadow-of-mov-ss
//: args --clock steps
//: stdin "w"
//: see real hlt
//: case in-the-shadow-of-sti
//: args --clock steps
//: stdin "i"
//: err nothing can wake it
//: case with-prefixes
//: args --clock steps
//: stdin "x"
//: see real hlt
//: case stepped
//: args --clock steps --max-steps 100000
//: stdin "w"
//: see real hlt
//: case stepped-across-pages
//: args --clock steps --max-steps 100000
//: stdin "p"
//: see real hlt
//: case stepped-at-the-end-of-a-segment
//: args --clock steps --max-steps 100000
//: stdin "s"
//: see real hlt
//: case stepped-with-prefixes
//: args --clock steps --max-steps 100000
//: stdin "x"
//: see real hlt
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    mov $0x3fd, %dx
1:  in %dx, %al
    test $1, %al
    jz 1b
    mov $0x3f8, %dx
    in %dx, %al
    cmp $'s', %al
    je segment
    cmp $'m', %al
    je memory
    cmp $'p', %al
    je pages
    cmp $'i', %al
    je sti_shadow
    cmp $'x', %al
    je prefixes
    mov %cx, %cx
    mov %cx, %ss
    hlt
segment:                            // CLI at 0x2000:0xfffe, HLT at 0x2000:0xffff
    mov $0x2000, %ax
    mov %ax, %ds
    movw $0xf4fa, 0xfffe
    ljmp $0x2000, $0xfffe
memory:                             // the last two bytes of the megabyte
    mov $0xffff, %ax
    mov %ax, %ds
    movw $0xf4fa, 0x000e
    ljmp $0xffff, $0x000e
pages:                              // CLI is the last byte of a page, HLT the first of the next
    movw $0xf4fa, 0x8fff
    ljmp $0x0000, $0x8fff
sti_shadow:
    mov $0xff, %al
    out %al, $0x21
    out %al, $0xa1
    sti
    hlt
prefixes:
    .byte 0x2e, 0x66, 0xf2
    hlt
