// runaway: what a CPU does after a jump to nowhere.
//
// What it shows
//   A function pointer that was never set, a return address that was overwritten: the CPU jumps into memory
//   that nobody wrote. Such memory reads as zeros, and 00 00 is an instruction: ADD %al,(%rax). So the CPU
//   does not stop. It adds, two bytes at a time, spoiling whatever RAX points to, until something stops it
//   from outside. Here it is the end of the mapped memory: the fetch of the next instruction is a page fault
//   (#PF), there is no IDT, and the guest dies of a triple fault, far away from the mistake. "The crash is at
//   0x400000" says nothing: the last good instruction was 10778 instructions earlier. What the trace has is
//   the last exit before it: the last letter of the line this guest prints.
//
// Predict before you run it
//   1. How many instructions does it execute after the jump to 0x3fabcc, if memory ends at 0x400000?
//   2. How many exits do they cause?
//   3. RAX is 0x...01 when it jumps, so AL is 1, and the byte at RAX is 0. What is that byte at the end?
//   4. CR2 holds the address of a page fault. What will be in it?
//
// Exits you will see
//   out, in    the serial port, before the jump
//   shutdown   once: the triple fault (status 125). In between are thousands of instructions and no exit.
//
// Try   run it with --max-steps 1000 (status 124) and look at RIP. Then let the guest put a HLT (byte f4) at
//       0x3ff000 before it jumps.

        .set    PRESENT_WRITABLE, 0x3
        .set    LARGE_PAGE, 0x80        // in a page directory entry: it maps 2 MiB itself
        .set    NOWHERE, 0x3fabcc

        .text
        .code64
        .global guest_main
guest_main:
        call    console_init
        lea     message(%rip), %rdi
        call    console_text

        // A small address space: two large pages, 0 to 4 MiB, mapped to themselves. The rest is not present.
        movq    $pointers + PRESENT_WRITABLE, top
        movq    $directory + PRESENT_WRITABLE, pointers
        movq    $0x000000 + LARGE_PAGE + PRESENT_WRITABLE, directory
        movq    $0x200000 + LARGE_PAGE + PRESENT_WRITABLE, directory + 8
        mov     $top, %eax
        mov     %rax, %cr3              // from here on the stack, at the top of memory, is out of reach

        lidt    empty_idt
        mov     $spoiled, %eax
        mov     $NOWHERE, %ecx
        .global the_mistake
the_mistake:
        jmp     *%rcx                   // the wild jump

        .section .rodata
message:
        .asciz  "runaway: jumping to 0x3fabcc, where nobody wrote any code\n"
        .balign 8
empty_idt:
        .word   0
        .quad   0

        .bss
        .balign 4096
top:            .skip 4096              // PML4: 512 entries of 512 GiB each, only the first is used
pointers:       .skip 4096              // page directory pointers: 1 GiB each
directory:      .skip 4096              // page directory: 2 MiB each
        .skip   1
        .global spoiled
spoiled:        .skip 1                 // at an address that ends in 01
