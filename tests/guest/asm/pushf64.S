// pushf64: a guest that looks at its own trap flag while it is stepped, in 64-bit mode.
//
//: args --clock steps --mode long --max-steps 100000
//: status 33
//: count 4 long out 0xbe0 ← 00000000
//: see debugexit
#include "test.inc"
    .code64
    .globl start
.macro trap_flag
    and $0x100, %eax
    show
.endm
start:
    cli
    mov $0x90000, %esp
    pushfq
    pop %rax
    trap_flag
    pushfw
    pop %ax
    trap_flag
    rex.W pushfq
    pop %rax
    trap_flag
    pushfq
    popfq                           // what was pushed goes back
    pushfq
    pop %rax
    trap_flag
    end_with 0x10
