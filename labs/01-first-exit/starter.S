// Lab 01: the first exit. README.md has the question.
//
// The whole guest: a boot sector, which a PC loads at address 0x7c00 and enters in real mode. There is no operating
// system in it, no library and no BIOS; there are about 320 instructions to execute until the HLT.

        .text
        .code16
        .global _start
_start:
        cli                             // no interrupts: there is nobody to handle one
        xor     %ax, %ax
        mov     %ax, %ds                // data is addressed from 0 on,
        mov     %ax, %ss
        mov     $0x7c00, %sp            // and the stack grows down from where this code begins

        mov     $100, %cx
again:  add     $3, %bx                 // work inside the CPU
        imul    %bx, %bx
        loop    again

        mov     $'R', %al
        push    %ax                     // work in memory
        mov     %al, letter
        incw    letter + 1
        pop     %ax
        mov     letter, %al             // AL holds the letter R now

        // ---- Your one line goes here: send the byte in AL to the port 0xe9.


        // ---- End of your line.
stop:   hlt                             // with interrupts off, this is for good
        jmp     stop

letter: .byte   0
        .word   0

        .org    510                     // fill up to the last two bytes of the sector
        .word   0xaa55                  // the sign of a boot sector
