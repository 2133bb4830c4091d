// rom: memory that the guest can read and not write. Reads are no exits, since KVM maps the bytes; writes come to the
// device rom0, and change nothing.
//
//: file rom.bin "ROM!0123456789"
//: args --clock steps --rom {}/rom.bin@0xc0000
//: status 33
//: see out 0xbe0 ← 214d4f52  unclaimed
//: see mmio write 0xc0000 ← aa  rom0
//: see mmio write 0xc0002 ← bbbb  rom0
//: see mmio write 0xc0004 ← cccccccc  rom0
//: see out 0xbe0 ← 214d4f52  unclaimed
//: see out 0xbe0 ← 33323130  unclaimed
//: count 3 mmio
#include "test.inc"
    .code16
    .globl start
start:
    cli
    mov $0xc000, %ax
    mov %ax, %ds
    mov 0, %eax
    show
    movb $0xaa, 0
    movw $0xbbbb, 2
    movl $0xcccccccc, 4
    mov 0, %eax
    show
    mov 4, %eax
    show
    end_with 0x10
