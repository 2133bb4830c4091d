// Lab 08: from real mode to long mode, solved.

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

        // 1. Page tables: clear three pages, then one PML4 entry, one entry of the table of pointers and one large
        //    page of 2 MiB, virtual = physical.
        mov     $PML4, %edi
        xor     %eax, %eax
        mov     $3 * 4096 / 4, %ecx
        rep stosl
        movl    $POINTERS + 0x3, PML4           // present, writable
        movl    $DIRECTORY + 0x3, POINTERS
        movl    $0x83, DIRECTORY                // address 0; present, writable, large
        mov     $PML4, %eax
        mov     %eax, %cr3
        milestone 0x30                  // CR3 is ready

        // 2. Entries of eight bytes.
        mov     %cr4, %eax
        or      $1 << 5, %eax           // CR4.PAE
        mov     %eax, %cr4
        milestone 0x40                  // CR4.PAE is set

        // 3. "When paging comes on, I mean long mode."
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $1 << 8, %eax           // EFER.LME
        wrmsr
        milestone 0x50                  // EFER.LME is set

        // 4. Paging.
        mov     %cr0, %eax
        or      $1 << 31, %eax          // CR0.PG
        mov     %eax, %cr0
        milestone 0x60                  // paging is on: compatibility mode

        // 5. CS from a 64-bit descriptor.
        ljmp    $CODE64, $long_mode

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
        .quad   0x00af9b000000ffff      // 0x18: code, 64-bit: L = 1, D = 0
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1       // limit: the last byte
        .long   gdt
