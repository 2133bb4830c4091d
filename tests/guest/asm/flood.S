// flood: output without end. Whoever reads it may stop reading; the budget and signals still end the run.
//
//: status 124
//: case taken
//: args --max-exits 5000 --clock steps
//: case asked-to-stop
//: status 130
//: signal "flood" INT
#include "test.inc"
    .code16
    .globl start
start:
    xor %ax, %ax
    mov %ax, %ds
    say "flood "
    jmp start
