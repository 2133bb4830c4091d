// int16: INT n, INT3 and INTO in real mode, once running free and once stepped. The handler shows the vector in the high
// half and how far behind `start` the return address is in the low half; then the trap flag of the pushed FLAGS, which
// stepping must not show.
//
//: status 33
//: see real out 0xbe0 ← 00210006  unclaimed
//: see real out 0xbe0 ← 00000000  unclaimed
//: see real out 0xbe0 ← 00030007  unclaimed
//: see real out 0xbe0 ← 00000000  unclaimed
//: see real out 0xbe0 ← 0004000c  unclaimed
//: see real out 0xbe0 ← 00000000  unclaimed
//: see real out 0xbe0 ← 00060010  unclaimed
//: see real out 0xbe0 ← 007f0014  unclaimed
//: case free
//: args --clock steps
//: case stepped
//: args --clock steps --max-steps 100000
#include "test.inc"
    .code16
    .globl start

.macro gate vector handler
    movw $\handler, \vector * 4
    movw $0, \vector * 4 + 2
.endm

.macro handler vector
in_\vector:
    mov $\vector, %bx
    jmp common
.endm

start:
    jmp setup
begin:
    .org start + 4
code:
    int $0x21                       // + 4 .. 6
    int3                            // .. 7
    mov $0x7f, %al
    add $1, %al                     // overflow: OF is set
    into                            // .. 0xc
    jmp 1f
    nop
    nop
1:  ud2                             // at 0x10: a fault, so the return address is its own
    int $0x7f                       // .. 0x14
    end_with 0x10
setup:
    cli
    xor %eax, %eax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    gate 0x21, in_0x21
    gate 0x03, in_0x03
    gate 0x04, in_0x04
    gate 0x06, in_0x06
    gate 0x7f, in_0x7f
    jmp code
    handler 0x21
    handler 0x03
    handler 0x04
    handler 0x06
    handler 0x7f
common:
    mov %sp, %bp
    mov %bx, %ax
    shl $16, %eax
    mov (%bp), %ax
    sub $start, %ax
    show
    cmp $6, %bx
    je 2f
    mov 4(%bp), %ax
    and $0x100, %eax
    show
    jmp 1f
2:  addw $2, (%bp)                  // behind the UD2. The flags in an exception's frame are not looked at: on hardware
                                    // the trap flag of stepping shows there (src/run/step.c)
1:  iret
