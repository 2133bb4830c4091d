# One guest for all that a step trace must know of a CPU: every mode and paging scheme in turn, both privilege levels, and
# each way from one to the other: INT n, a fault, an interrupt, SYSCALL, and back by IRET and SYSRET. What each of its steps
# does to the registers is known beforehand (modes.steps), and so is where each page table leads (modes.pages): its tables
# stand ready, with accessed and dirty bits set, so that no CPU has anything to write there.
#
# With FIVE, it goes to 64-bit mode at once, with page tables of five levels.
#define CS64  (0x08)
#define DS    (0x10)
#define CS32  (0x18)
#define DSU   (0x23)
#define CS64U (0x2b)
#define CS32U (0x33)
#define TR64  (0x38)
#define TABLE (0x63)
#define PAGE  (0x67)
#define LARGE (0xe7)
#define STACK_KERNEL (0x7000)
#define STACK_TRAPS  (0x6800) /* CPL 0's, when it is entered from CPL 3 */
#define STACK_USER   (0x6000)
#define WORDS_PAGE (0x8000) /* also this file's first page */
#define WORDS (0x400)
    .code16
    .globl _start
_start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $STACK_KERNEL, %sp
    movw $again16, 0x40 * 4
    movw %ax, 0x40 * 4 + 2
    int $0x40
    lgdt gdtr
    lidt idtr32
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ljmp $CS32, $protected
again16:
    iret

    .code32
protected:
    mov $DS, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $STACK_KERNEL, %esp
#ifndef FIVE
    int $0x40
    ud2
paging32:
    mov $0x10, %eax                     # CR4.PSE
    mov %eax, %cr4
    mov $pd32, %eax
    mov %eax, %cr3
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
in_paging32:
    mov 0x50000 + WORDS, %ebx          # a page of 4 KiB that lies elsewhere
    mov 0x400000 + words, %ecx          # one of 4 MiB
    mov $0x60000, %esi
    mov (%esi), %edi                    # one that is not present
    int $0x40
    mov %cr0, %eax
    and $0x7fffffff, %eax
    mov %eax, %cr0
pae:
    mov $0x20, %eax                     # CR4.PAE
    mov %eax, %cr4
    mov $pdpt_pae, %eax
    mov %eax, %cr3
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
in_pae:
    mov 0x51000 + WORDS, %ebx
    mov 0x400000 + words, %ecx          # of 2 MiB
    mov 0xc0050000 + WORDS, %edx        # by the last of the four pointers
    mov $0xc0060000, %esi
    mov (%esi), %edi
    mov %cr0, %eax
    and $0x7fffffff, %eax
    mov %eax, %cr0
#endif
four_levels:
#ifdef FIVE
    mov $0x1020, %eax                   # CR4.PAE and LA57
    mov %eax, %cr4
    mov $pml5, %eax
#else
    mov $pml4, %eax
#endif
    mov %eax, %cr3
    mov $0xc0000080, %ecx               # EFER
    rdmsr
    or $0x101, %eax                     # LME, SCE
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax
    mov %eax, %cr0
compat:
    mov 0x52000 + WORDS, %ebx
    ljmp $CS64, $long64

    .code64
long64:
    lidt idtr64
    mov $TR64, %eax
    ltr %ax
    mov $0x1122334455667788, %r8
    mov %r8, %r15
    mov 0x400000 + words, %ecx
    movabs $0x8000050000 + WORDS, %rsi
    mov (%rsi), %edx                    # through the second entry of the PML4
#ifdef FIVE
    movabs $0x1000000050000 + WORDS, %rsi
    mov (%rsi), %edx                    # through the second entry of the PML5
#endif
    mov $0x60000, %esi
    mov (%rsi), %edi
    int $0x40
    mov $0xc0000081, %ecx               # STAR, LSTAR, FMASK
    xor %eax, %eax
    mov $(CS32 | 3) << 16 | CS64, %edx
    wrmsr
    inc %ecx
    mov $by_syscall, %eax
    xor %edx, %edx
    wrmsr
    mov $0xc0000084, %ecx
    mov $0x601, %eax                    # DF, IF, CF
    wrmsr
    pushq $DSU
    pushq $STACK_USER
    pushq $0x3
    pushq $CS64U
    pushq $user64
    iretq

user64:
    mov $DSU, %eax
    mov %eax, %ds
    mov $0x77, %ebp
    stc
    syscall
after_syscall:
    int $0x40
    ud2
    mov $0x61000, %esi                  # a page of the supervisor's
    mov (%rsi), %edi
    pushq $CS32U
    pushq $user32
    lretq
    .code32
user32:
    mov $STACK_USER - 0x100, %esp
    mov $0x99, %ebp
    int $0x40
    ud2
    int $0x41                           # does not come back

    .code64
by_syscall:
    mov %rcx, %r12
    sysretq

in_kernel:
    mov $STACK_KERNEL, %esp
    mov $0x11, %al                      # the first PIC: vectors from 0x20, line 0 open
    out %al, $0x20
    mov $0x20, %al
    out %al, $0x21
    mov $0x04, %al
    out %al, $0x21
    mov $0x01, %al
    out %al, $0x21
    mov $0xfe, %al
    out %al, $0x21
    mov $0x30, %al                      # channel 0 of the PIT, once
    out %al, $0x43
    xor %eax, %eax
    out %al, $0x40
    mov $0x10, %al
    out %al, $0x40
    sti
    hlt
after_interrupt:
    cli
    mov $0x10, %al
    out %al, $0xf4                      # status 33

# Handlers. Those of faults step over two bytes, and take RF out of the frame: not every CPU sets it there.
    .code32
again32:
    iret
page32:
    mov %cr2, %edx
    add $4, %esp
undefined32:
    addl $2, (%esp)
    andb $0xfe, 10(%esp)
    iret
    .code64
again64:
    iretq
page64:
    mov %cr2, %rdx
    add $8, %rsp
undefined64:
    addq $2, (%rsp)
    andb $0xfe, 18(%rsp)
    iretq
tick64:
    mov $0x20, %al
    out %al, $0x20
    iretq

    .org WORDS
words:
    .long 0x600df00d
    .balign 8
gdt:
    .quad 0
    .quad 0x00af9b000000ffff            # CS64
    .quad 0x00cf93000000ffff            # DS
    .quad 0x00cf9b000000ffff            # CS32
    .quad 0x00cff3000000ffff            # DSU
    .quad 0x00affb000000ffff            # CS64U
    .quad 0x00cffb000000ffff            # CS32U
    .word 0x67, tss, 0x8900, 0, 0, 0, 0, 0
gdtr:
    .word . - gdt - 1
    .long gdt
idtr32:
    .word 0x41 * 8 - 1
    .long idt32
idtr64:
    .word 0x42 * 16 - 1
    .quad idt64
    .balign 16
tss:
    .long 0
    .quad STACK_TRAPS
    .fill 0x68 - 12, 1, 0
    .balign 16
idt32:
    .fill 6 * 8, 1, 0
    .word undefined32, CS32, 0x8e00, 0
    .fill 7 * 8, 1, 0
    .word page32, CS32, 0x8e00, 0
    .fill (0x40 - 15) * 8, 1, 0
    .word again32, CS32, 0x8e00, 0
    .balign 16
idt64:
    .fill 6 * 16, 1, 0
    .word undefined64, CS64, 0x8e00, 0, 0, 0, 0, 0
    .fill 7 * 16, 1, 0
    .word page64, CS64, 0x8e00, 0, 0, 0, 0, 0
    .fill (0x20 - 15) * 16, 1, 0
    .word tick64, CS64, 0x8e00, 0, 0, 0, 0, 0
    .fill (0x40 - 0x21) * 16, 1, 0
    .word again64, CS64, 0xee00, 0, 0, 0, 0, 0
    .word in_kernel, CS64, 0xee00, 0, 0, 0, 0, 0

# A page table of 4 KiB: the first MiB one to one, but for 0x50000 to 0x53fff, which lead to the words' page, 0x60000, which
# is not present, and 0x61000, which is the supervisor's. WIDTH: of an entry.
.macro one_to_one width:vararg
    .set page, 0
    .rept 256
    .if page >= 0x50000 && page < 0x54000
    \width (WORDS_PAGE | PAGE)
    .elseif page == 0x60000
    \width page
    .elseif page == 0x61000
    \width (page | TABLE)
    .else
    \width (page | PAGE)
    .endif
    .set page, page + 0x1000
    .endr
.endm

    .balign 0x1000, 0
pd32:
    .long pt32 + PAGE
    .long LARGE
    .balign 0x1000, 0
pt32:
    one_to_one .long
    .balign 0x1000, 0
pdpt_pae:
    .quad pd_pae + 1, 0, 0, pd_pae + 1
    .balign 0x1000, 0
pml5:
    .quad pml4 + PAGE, pml4 + PAGE
    .balign 0x1000, 0
pml4:
    .quad pdpt + PAGE, pdpt + PAGE
    .balign 0x1000, 0
pdpt:
    .quad pd + PAGE
    .balign 0x1000, 0
pd_pae:
pd:
    .quad pt + PAGE, 0, LARGE
    .balign 0x1000, 0
pt:
    one_to_one .quad
    .balign 0x1000, 0
