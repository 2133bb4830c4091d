/*
 * Code that is never run: its symbols and its lines are what test_debug_symbols.c asks for, by number. It is
 * assembled for 32 and for 64 bits.
 */
    .set NUMBER, 0x100000

    .text
    .globl start
start:
    nop
    nop
inner:
    call twice

    nop; nop
    .globl outer
    .type outer, @function
outer:
    nop
outer_label:
    nop
    ret
    .size outer, . - outer
    nop
    nop
last:
    ret

    .section .note.GNU-stack, "", @progbits
