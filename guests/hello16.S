// hello16: the smallest program that says something: one boot sector, real mode, the serial port.
//
// What it shows
//   A PC wakes up as an 8086 of 1978. A BIOS loads the first 512 bytes of the disk at address 0x7c00 and, if
//   the last two are 55 AA, jumps there in real mode. No operating system, no library: to say "Hello" a
//   program talks to the serial chip itself. The chip is at I/O ports 0x3f8 to 0x3ff, and in a virtual
//   machine it is not a chip: every IN and OUT leaves the guest (a VM exit), the VMM plays the chip, and the
//   guest goes on.
//
// Predict before you run it
//   1. How many exits does one character cost? Count the IN and OUT instructions in the loop below.
//   2. The message has 26 characters, with the line feed. How many exits does the whole guest make?
//   3. IP has 16 bits and CS is 0. What is the highest address a near jump can reach?
//
// Exits you will see
//   in  0x3fd   26 times: uart.LSR, "is there room for a character?"
//   out 0x3f8   26 times: uart.THR, the character itself
//   hlt         once, with interrupts off: nothing can wake this CPU, so the guest has ended (status 0)
//   53 in all. The other 270 instructions or so never leave the guest.
//
// Try   leave out the question (the four lines from `wait` on). Half of the exits go away, and in a virtual
//       machine nothing breaks. On a real wire it would: the UART drops what it has no room for.

        .text
        .code16
        .global _start
_start:
        cli                             // there are no interrupt handlers yet, so let nothing interrupt
        cld                             // LODSB is to count upwards
        ljmp    $0, $flat               // some BIOSes enter at 07c0:0000, the same byte in other words
flat:
        xor     %ax, %ax                // a real-mode address is segment * 16 + offset; with a zero segment
        mov     %ax, %ds                // the offset alone is the address

        mov     $message, %si
next:
        lodsb                           // AL = the byte at DS:SI, then SI = SI + 1
        test    %al, %al
        jz      done                    // the zero at the end of the message
        mov     %al, %ah                // IN needs AL

wait:
        mov     $0x3fd, %dx             // the line status register
        in      %dx, %al
        test    $0x20, %al              // bit 5, THRE: the transmitter can take a character
        jz      wait

        mov     %ah, %al
        mov     $0x3f8, %dx             // the transmit holding register
        out     %al, %dx
        jmp     next

done:
        hlt                             // IF is 0 since the CLI above: this halt is for good
        jmp     done

message:
        .asciz  "Hello from a boot sector!\n"

        .org    510                     // fill up to the last two bytes of the sector
        .word   0xaa55                  // 55 AA in memory: little-endian
