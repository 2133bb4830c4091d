// boot64: the tour. From the 8086 of 1978 to a 64-bit CPU: the way every PC goes each time it is started.
//
// What it shows
//   The CPU starts in real mode: 16-bit registers, 1 MiB of memory, no protection. Each later mode is entered
//   by setting one bit, but only after the tables that the mode will look at have been prepared:
//
//       [10] real mode          nothing to prepare
//       [20] A20                open the gate that hides every second megabyte
//       [30] a GDT              the segments of protected mode
//       [40] protected mode     CR0.PE = 1, then a far jump loads CS from the GDT: 32 bits
//       [50] page tables        long mode cannot do without paging
//       [60] EFER.LME = 1       "when paging comes on, I mean long mode"
//       [70] compatibility mode CR0.PG = 1: long mode is active, but CS is still a 32-bit segment
//       [80] long mode          a far jump to a 64-bit segment
//       [90] CPUID              a first look at the machine from the other side
//
//   At each of them the guest prints a line on the serial port and writes the step's number to port 0x80, the
//   POST port, where a PC's firmware leaves its progress for those who debug a machine that shows nothing.
//
// Predict before you run it
//   1. Which of these steps leaves the guest? (MOV to CR0, LGDT, WRMSR, a far jump, OUT, CPUID.)
//   2. The line at [70] is printed by 32-bit code with EFER.LMA = 1, the one at [40] by the same code with
//      LMA = 0. How will the trace tell the two apart?
//   3. Paging comes on between two instructions. How does the CPU find the second one?
//
// Exits you will see
//   out 0x80          ten POST codes: the milestones
//   in 0x92, out 0x92 the A20 gate
//   out 0x3f8         every character of every line. (A driver would ask the UART for room first, as hello16
//                     does. Left out here, since it would only double the trace.)
//   hlt               the end, with interrupts off (status 0)
//   What changes the mode makes no exit to user space at all: compare the modes of neighbouring exits.
//
// Try   comment out the line that sets CR4.PAE, and see what the MOV to CR0 at [70] does then. And the far
//       jump at [80]: make it a near one (jmp long_mode) and every line still appears. Why? What does the
//       trace say?
// Manual: Intel SDM volume 3, "Mode Switching" and "Initializing IA-32e Mode".

        // Memory, as this guest uses it. Everything is below 64 KiB, where real mode reaches it too.
        .set    PML4, 0x1000            // one page each for the three levels of page tables
        .set    POINTERS, 0x2000
        .set    DIRECTORY, 0x3000
        .set    TABLES_LEN, 0x3000
        .set    STACK_TOP, 0x7c00       // downwards from where this code starts
        .set    SECTORS, 4              // the size of this image

        .set    CODE32, 0x08            // selectors: byte offsets into the GDT
        .set    DATA, 0x10
        .set    CODE64, 0x18

        .set    POST, 0x80
        .set    UART_THR, 0x3f8
        .set    MSR_EFER, 0xc0000080
        .set    EFER_LME, 1 << 8
        .set    CR0_PE, 1 << 0
        .set    CR0_PG, 1 << 31
        .set    CR4_PAE, 1 << 5

        // say MESSAGE, PRINTER, STEP: write the step's number to the POST port and print its line.
        .macro  say message, printer, step
        mov     $\step, %al
        out     %al, $POST
        mov     $\message, %esi
        call    \printer
        .endm

        // printer NAME: a routine that prints the string at (E/R)SI. The text of the instructions is the same
        // in all three modes, and very nearly their bytes: what they mean depends on the mode the CPU is in.
        // Assembling this three times shows it.
        .macro  printer name
\name:  lodsb
        test    %al, %al
        jz      2f
        mov     $UART_THR, %dx
        out     %al, %dx
        jmp     \name
2:      ret
        .endm

        .text
        .code16
        .global _start
_start:
        cli
        cld
        ljmp    $0, $real_mode          // make CS 0 and IP the full address, whoever jumped here
real_mode:
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %ss
        mov     $STACK_TOP, %sp

        // Ringside loads this image whole. A PC's BIOS loads one sector and leaves the rest to us: INT 13h,
        // function 2. The drive's number is still in DL, where the BIOS put it. (There is no BIOS under
        // Ringside to ask.)
        cmpl    $0x65646973, image_end_mark
        je      whole
        mov     $0x0200 + SECTORS - 1, %ax
        mov     $0x0002, %cx            // cylinder 0, sector 2: the one after this one
        xor     %dh, %dh                // head 0
        mov     $0x7e00, %bx
        int     $0x13
        cli                             // the BIOS may have turned interrupts on
        cld
whole:
        say     text_real, print16, 0x10

        // A20. An 8086 had twenty address lines, and addresses past 1 MiB wrapped round to 0; some programs
        // relied on it. So the PC/AT got a gate that holds line 20 at zero until it is opened. Bit 1 of port
        // 0x92 opens it. Bit 0 of the same port resets the machine: hands off.
        in      $0x92, %al
        or      $0x02, %al
        and     $0xfe, %al
        out     %al, $0x92

        // Is it open? 0000:0500 is address 0x500, and ffff:0510 is 0x100500: the same byte, if it is shut.
        mov     $0xffff, %ax
        mov     %ax, %es
        movb    $0x00, 0x500
        movb    $0xff, %es:0x510
        mov     $text_a20_shut, %esi
        cmpb    $0x00, 0x500
        jne     give_up16
        say     text_a20, print16, 0x20

        // The GDT (below) describes the segments of protected mode. LGDT only notes where it is.
        lgdt    gdt_pointer
        say     text_gdt, print16, 0x30

        // The switch. With PE set the CPU is in protected mode, but CS still holds what real mode put there.
        // Only a far jump replaces it: selector 0x08 is looked up in the GDT, and found to be a 32-bit code
        // segment.
        mov     %cr0, %eax
        or      $CR0_PE, %eax
        mov     %eax, %cr0
        ljmpl   $CODE32, $protected_mode

give_up16:
        call    print16
1:      hlt
        jmp     1b

        printer print16

        .org    510
        .word   0xaa55                  // the boot sector ends here; the image goes on

        .code32
protected_mode:
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $STACK_TOP, %esp        // real mode set the lower half, SP, and nobody the upper
        say     text_protected, print32, 0x40

        // Can this CPU do long mode at all? CPUID leaf 0x80000001 says so in EDX bit 29.
        mov     $0x80000001, %eax
        cpuid
        mov     $text_no_long_mode, %esi
        test    $(1 << 29), %edx
        jz      give_up32

        // Page tables, three levels. One PML4 entry leads to one table of pointers, of which one leads to one
        // page directory, of which eight entries map 2 MiB each: the first 16 MiB, virtual = physical. It
        // must be so for this code at least: the instruction after the one that turns paging on is fetched
        // through the tables.
        mov     $PML4, %edi
        xor     %eax, %eax
        mov     $TABLES_LEN / 4, %ecx
        rep stosl                       // an entry of zero is "not present"
        movl    $POINTERS + 0x3, PML4   // present, writable
        movl    $DIRECTORY + 0x3, POINTERS
        mov     $DIRECTORY, %edi
        mov     $0x83, %eax             // address 0; present, writable; bit 7: a large page
map:    mov     %eax, (%edi)
        add     $0x200000, %eax
        add     $8, %edi
        cmp     $DIRECTORY + 8 * 8, %edi
        jne     map
        mov     $PML4, %eax
        mov     %eax, %cr3              // CR3 is ready, and still ignored
        say     text_tables, print32, 0x50

        mov     %cr4, %eax
        or      $CR4_PAE, %eax          // entries of 8 bytes: the only format long mode knows
        mov     %eax, %cr4
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_LME, %eax
        wrmsr
        say     text_lme, print32, 0x60

        // Turning paging on with LME set makes the CPU set EFER.LMA: long mode is active from the next
        // instruction on. CS is the same 32-bit segment, so the code stays 32-bit code: this is compatibility
        // mode, in which a 64-bit kernel runs 32-bit programs.
        mov     %cr0, %eax
        or      $CR0_PG, %eax
        mov     %eax, %cr0
        say     text_compatibility, print32, 0x70

        ljmp    $CODE64, $long_mode

give_up32:
        call    print32
1:      hlt
        jmp     1b

        printer print32

        .code64
long_mode:
        mov     $DATA, %eax
        mov     %eax, %ss               // in 64-bit mode base and limit of a data segment no longer count
        mov     $STACK_TOP, %esp        // writing a 32-bit register clears the upper half of the 64-bit one
        say     text_long, print64, 0x80

        // CPUID leaf 0: the maker's name, twelve letters in EBX, EDX, ECX, in this order.
        xor     %eax, %eax
        cpuid
        mov     %ebx, vendor
        mov     %edx, vendor + 4
        mov     %ecx, vendor + 8
        say     text_cpuid, print64, 0x90
        mov     $vendor, %esi
        call    print64
        say     text_end, print64, 0xa0

        cli                             // it was off all the way
1:      hlt
        jmp     1b

        printer print64

text_real:          .asciz "[10] real mode: 16 bits, as in 1978\n"
text_a20:           .asciz "[20] A20 is open: addresses above 1 MiB\n"
text_a20_shut:      .asciz "A20 stays shut: the tour ends here\n"
text_gdt:           .asciz "[30] GDT loaded: segments are described\n"
text_protected:     .asciz "[40] protected mode: 32 bits, CR0.PE = 1\n"
text_no_long_mode:  .asciz "this CPU has no long mode: the tour ends here\n"
text_tables:        .asciz "[50] page tables built: 8 pages of 2 MiB\n"
text_lme:           .asciz "[60] EFER.LME = 1: long mode is wanted\n"
text_compatibility: .asciz "[70] paging on: compatibility mode, still 32 bits\n"
text_long:          .asciz "[80] long mode: 64 bits\n"
text_cpuid:         .asciz "[90] CPUID says the CPU is made by "
text_end:           .asciz "\n[a0] the end: CLI, HLT\n"
vendor:             .skip 13

        // A descriptor is 8 bytes, its fields scattered by history. From the top of the quadword: base 31-24;
        // flags (G: the limit counts 4 KiB pages; D: 32-bit; L: 64-bit); limit 19-16; access (9b: present,
        // code, readable; 93: present, data, writable); base 23-0; limit 15-0. The lowest access bit is
        // "accessed": the CPU sets it when it loads the descriptor, by a write to the table, unless it finds
        // it set. It is set here, as it must be wherever a GDT lies in memory that cannot be written.
        .balign 8
gdt:    .quad   0                       // selector 0 is never a segment
        .quad   0x00cf9b000000ffff      // 0x08: code, 32-bit, 0 to 4 GiB
        .quad   0x00cf93000000ffff      // 0x10: data, 0 to 4 GiB
        .quad   0x00af9b000000ffff      // 0x18: code, 64-bit
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1       // limit: the last byte
        .long   gdt

        .org    SECTORS * 512 - 4
image_end_mark:
        .ascii  "side"                  // if this is in memory, the whole image is
