// elf64: a 64-bit ELF file starts in 64-bit mode with the first 4 GiB mapped to themselves.
//
//: status 33
//: case as-it-is
//: args --clock steps
//: see long out 0xbe0 ← 00000000  unclaimed
//: see long out 0xbe0 ← 80000001  unclaimed
//: see long mmio read 0xfedcba98 → ffffffffffffffff  unclaimed
//: case format-elf
//: args --clock steps --format elf --mem 4M
#include "test.inc"
    .code64
    .globl start
start:
    mov in_bss(%rip), %eax
    show
    mov %cr0, %rax
    and $0x80000001, %eax
    show
    mov $0xfedcba98, %ebx
    mov (%rbx), %rax
    end_with 0x10
    .bss
    .skip 8192
in_bss:
    .long 0
