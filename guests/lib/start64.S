// The first instructions of every 64-bit ELF guest.
//
// The loader has done what boot64.S does by hand: long mode is on, the first 4 GiB are mapped to themselves
// by 2 MiB pages, CS is 0x08 (64-bit code), the data segments are 0x10, interrupts are off, and RSP is the
// top of memory. What is left is to call the guest, and to end when it comes back: HLT with interrupts off is
// a halt that nothing can end, so the VMM takes it for "finished" and exits with status 0.

        .section .text.start, "ax"
        .code64
        .global _start
_start:
        cld                             // the C ABI wants string instructions to count upwards
        xor     %ebp, %ebp              // a zero frame pointer ends a debugger's backtrace here
        call    guest_main

        .global guest_end
guest_end:
        cli
1:      hlt
        jmp     1b                      // an NMI would end the HLT: halt again
