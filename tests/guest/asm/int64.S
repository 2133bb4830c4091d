// int64: the same as int16 in 64-bit mode, where there is no INTO, through an IDT.
//
//: args --mode long
//: status 33
//: see long out 0xbe0 ← 00400006  unclaimed
//: see long out 0xbe0 ← 00000000  unclaimed
//: see long out 0xbe0 ← 00030007  unclaimed
//: see long out 0xbe0 ← 00000000  unclaimed
//: see long out 0xbe0 ← 00060007  unclaimed
//: case free
//: args --clock steps
//: case stepped
//: args --clock steps --max-steps 100000
#include "test.inc"
    .code64
    .globl start

.macro gate vector
    lea in_\vector(%rip), %rax
    mov %ax, idt + \vector * 16
    mov %cs, idt + \vector * 16 + 2
    movw $0x8e00, idt + \vector * 16 + 4
    shr $16, %rax
    mov %ax, idt + \vector * 16 + 6
.endm

.macro handler vector
in_\vector:
    mov $\vector, %ebx
    jmp common
.endm

start:
    jmp setup
    .org start + 4
code:
    int $0x40
    int3
    ud2
    end_with 0x10
setup:
    cli
    mov $0x90000, %esp
    gate 0x40
    gate 0x03
    gate 0x06
    lidt idtr
    jmp code
    handler 0x40
    handler 0x03
    handler 0x06
common:
    mov %ebx, %eax
    shl $16, %eax
    mov (%rsp), %rcx
    sub $start, %rcx
    mov %cx, %ax
    show
    cmp $6, %ebx
    je 2f
    mov 16(%rsp), %rax
    and $0x100, %eax
    show
    jmp 1f
2:  addq $2, (%rsp)                  // behind the UD2. The flags in an exception's frame are not looked at: on hardware
                                    // the trap flag of stepping shows there (src/run/step.c)
1:  iretq
    .balign 16
idt:
    .fill 0x41 * 16, 1, 0
idtr:
    .word 0x41 * 16 - 1
    .quad idt
