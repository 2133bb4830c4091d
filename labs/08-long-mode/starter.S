// Lab 08: from real mode to long mode. README.md has the question and the steps.
//
// What is here works: real mode, the GDT, protected mode, and (at `long_mode`) the 64-bit code that prints a line. What is
// missing is the way from the one to the other: five steps, and one descriptor in the GDT at the end of this file.

        .set    PML4, 0x1000            // one page for each level of the page tables, all below this code
        .set    POINTERS, 0x2000
        .set    DIRECTORY, 0x3000
        .set    STACK_TOP, 0x7c00

        .set    CODE32, 0x08            // selectors: byte offsets into the GDT below
        .set    DATA, 0x10
        .set    CODE64, 0x18

        .set    POST, 0x80              // the port where a PC's firmware writes how far it has come
        .set    UART_THR, 0x3f8
        .set    MSR_EFER, 0xc0000080

        // milestone N: write N to the POST port. The trace then shows in which mode the CPU was.
        .macro  milestone n
        mov     $\n, %al
        out     %al, $POST
        .endm

        .text
        .code16
        .global _start
_start:
        cli
        cld
        xor     %ax, %ax
        mov     %ax, %ds
        milestone 0x10                  // real mode

        lgdt    gdt_pointer
        mov     %cr0, %eax
        or      $1 << 0, %eax           // CR0.PE
        mov     %eax, %cr0
        ljmpl   $CODE32, $protected

        .code32
protected:
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $STACK_TOP, %esp
        milestone 0x20                  // protected mode

        // 1. Build page tables that map the first 2 MiB to themselves, and load CR3. Then: milestone 0x30

        // 2. Set CR4.PAE. Then: milestone 0x40

        // 3. Set EFER.LME. Then: milestone 0x50

        // 4. Set CR0.PG. Then: milestone 0x60

        // 5. Jump to long_mode, through the descriptor CODE64, which is still missing in the GDT.

stop32: hlt
        jmp     stop32

        .code64
long_mode:
        mov     $DATA, %eax
        mov     %eax, %ss
        mov     $STACK_TOP, %esp        // writing a 32-bit register clears the upper half of the 64-bit one
        milestone 0x70                  // 64-bit mode
        lea     message(%rip), %rsi
        mov     $UART_THR, %edx
next:   lodsb
        test    %al, %al
        jz      stop64
        out     %al, %dx
        jmp     next
stop64: hlt
        jmp     stop64

message:
        .asciz  "64 bits\n"

        .balign 8
gdt:    .quad   0                       // selector 0 is never a segment
        .quad   0x00cf9b000000ffff      // 0x08: code, 32-bit, 0 to 4 GiB
        .quad   0x00cf93000000ffff      // 0x10: data, 0 to 4 GiB
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1       // limit: the last byte
        .long   gdt
