// triplefault: how to die properly.
//
// What it shows
//   When an instruction fails, the CPU looks into the interrupt descriptor table (IDT) for a handler. This
//   guest loads a table with no room for a single entry, and then fails on purpose:
//
//       UD2 raises    #UD, invalid opcode. Its gate is past the end of the IDT, and that is another fault:
//                     #GP, general protection. Its gate is past the end too:
//                     #GP once more; and two faults of this kind, one in the delivery of the other, make
//                     #DF, the double fault. Its gate is past the end too:
//                     nothing is left to try. The CPU shuts down. This is the "triple fault".
//
//   A PC's board answers a shutdown with a reset: this is why a kernel with a broken IDT "just reboots",
//   without a word. Under a VMM it is a VM exit instead, and the dead guest stays there to be looked at.
//
// Predict before you run it
//   1. The shutdown exit will come with a RIP. Will it be that of UD2, or of something after it?
//   2. Is there an exit for each of the faults?
//   3. Which of the messages below will never be printed?
//
// Exits you will see
//   out, in    the serial port, while the guest says what it is about to do
//   shutdown   once: the triple fault (status 125). The faults before it stay inside the CPU.
//
// Try   make the limit 0xfff: a whole table, of zeros, which are no valid gates. Does the guest live longer?
//       Which fault does the CPU meet now when it looks for a handler?
// Manual: Intel SDM volume 3, "Interrupt 8: Double Fault Exception (#DF)".

        .text
        .code64
        .global guest_main
guest_main:
        call    console_init
        lea     before(%rip), %rdi
        call    console_text

        lidt    empty_idt(%rip)         // nothing happens yet: a bad table hurts only when it is needed
        lea     loaded(%rip), %rdi
        call    console_text

        .global last_instruction
last_instruction:
        ud2                             // an opcode that is promised to stay invalid for ever

        lea     after(%rip), %rdi
        call    console_text
        ret

        .section .rodata
before: .asciz  "triplefault: loading an IDT without entries\n"
loaded: .asciz  "triplefault: still alive; now an invalid instruction\n"
after:  .asciz  "triplefault: this line is never printed\n"

        .balign 8
empty_idt:
        .word   0                       // limit, the last byte's offset: one byte, where a gate has 16
        .quad   zeros                   // base

        .bss
        .balign 4096
zeros:  .skip   4096
