// elf32: a 32-bit ELF file starts in protected mode with flat segments, and its bss is zero.
//
//: args --clock steps
//: status 33
//: see protected out 0xbe0 ← 00000000  unclaimed
//: see protected out 0xbe0 ← 00123456  unclaimed
//: see protected out 0xbe0 ← 00000001  unclaimed
#include "test.inc"
    .code32
    .globl start
    .fill 7, 1, 0x90                // the entry is not the first byte
start:
    mov in_bss, %eax
    show
    movl $0x123456, in_bss
    mov in_bss, %eax
    show
    mov %cr0, %eax                  // PE, and no paging
    and $0x80000001, %eax
    show
    end_with 0x10
    .bss
    .skip 8192
in_bss:
    .long 0
