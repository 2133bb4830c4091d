// int32: the same as int16 in protected mode, through an IDT.
//
//: args --mode protected
//: status 33
//: see protected out 0xbe0 ← 00400006  unclaimed
//: see protected out 0xbe0 ← 00000000  unclaimed
//: see protected out 0xbe0 ← 00030007  unclaimed
//: see protected out 0xbe0 ← 00000000  unclaimed
//: see protected out 0xbe0 ← 0004000c  unclaimed
//: see protected out 0xbe0 ← 00000000  unclaimed
//: see protected out 0xbe0 ← 00060010  unclaimed
//: case free
//: args --clock steps
//: case stepped
//: args --clock steps --max-steps 100000
#include "test.inc"
    .code32
    .globl start

.macro gate vector
    mov $in_\vector, %eax
    mov %ax, idt + \vector * 8
    mov %cs, idt + \vector * 8 + 2
    movw $0x8e00, idt + \vector * 8 + 4 // present, 32-bit interrupt gate
    shr $16, %eax
    mov %ax, idt + \vector * 8 + 6
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
    mov $0x7f, %al
    add $1, %al
    into
    jmp 1f
    nop
    nop
1:  ud2
    end_with 0x10
setup:
    cli
    mov $0x90000, %esp
    gate 0x40
    gate 0x03
    gate 0x04
    gate 0x06
    lidt idtr
    jmp code
    handler 0x40
    handler 0x03
    handler 0x04
    handler 0x06
common:
    mov %ebx, %eax
    shl $16, %eax
    mov (%esp), %ecx
    sub $start, %ecx
    mov %cx, %ax
    show
    cmp $6, %ebx
    je 2f
    mov 8(%esp), %eax
    and $0x100, %eax
    show
    jmp 1f
2:  addl $2, (%esp)                  // behind the UD2. The flags in an exception's frame are not looked at: on hardware
                                    // the trap flag of stepping shows there (src/run/step.c)
1:  mov (%esp), %eax                // IRETD by hand: not every KVM emulates it
    mov 8(%esp), %ecx
    add $12, %esp
    push %eax
    push %ecx
    popf
    ret
    .balign 8
idt:
    .fill 0x41 * 8, 1, 0
idtr:
    .word 0x41 * 8 - 1
    .long idt
