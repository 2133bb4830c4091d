# One program in three widths (BITS is 16, 32 or 64): what a debugger walks through. Calls, a recursion, string instructions,
# a software interrupt, faults with handlers, memory that is written in every width, code that changes itself and code
# that sums itself up. What it prints on port E9 must be the same however it was walked through.
#if BITS == 16
    .code16
#define ax_ %ax
#define bx_ %bx
#define cx_ %cx
#define di_ %di
#define si_ %si
#define sp_ %sp
#define bp_ %bp
#define WORD 2
#elif BITS == 32
    .code32
#define ax_ %eax
#define bx_ %ebx
#define cx_ %ecx
#define di_ %edi
#define si_ %esi
#define sp_ %esp
#define bp_ %ebp
#define WORD 4
#else
    .code64
#define ax_ %rax
#define bx_ %rbx
#define cx_ %rcx
#define di_ %rdi
#define si_ %rsi
#define sp_ %rsp
#define bp_ %rbp
#define WORD 8
#endif
    .globl _start
_start:
    cld
#if BITS == 16
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    .macro gate vector, handler
    movw $\handler, 4 * \vector
    movw $0, 4 * \vector + 2
    .endm
#else
    .macro gate vector, handler
    mov $\handler, %eax
    mov %ax, idt + 2 * WORD * \vector
    movw $0x08, idt + 2 * WORD * \vector + 2
    movw $0x8e00, idt + 2 * WORD * \vector + 4
    shr $16, %eax
    mov %ax, idt + 2 * WORD * \vector + 6
    .endm
    lidt idtr
#endif
    mov $stack_top, sp_
    gate 0x30, int30
    gate 3, int3
    gate 6, undefined

calls:
    mov $3, cx_
again:
    call function
behind_call:
    dec cx_
    jnz again
deep:
    mov $4, ax_
    call recursive
behind_recursive:

strings:
    mov $buffer, di_
    mov $8, cx_
    mov $0x5a, %al
fill:
    rep stosb
filled:
    mov $buffer, si_
    mov $buffer + 16, di_
    mov $4, cx_
copy:
    rep movsw
copied:

ints:
    int $0x30
behind_int:
    int3
behind_int3:
undef:
    ud2
behind_ud2:

writes:
    movb $0x11, cell
    movw $0x2222, cell
    movl $0x33333333, cell
store:
#if BITS == 64
    movq $0x44444444, cell
#else
    movl $0x44444444, cell
#endif
    movb $0x55, cell + 1                # inside the cell, unaligned
    movw $0x6666, cell + 7              # over its end
reads:
    mov cell, %al
    incb cell
    mov $cell + WORD, sp_
pushes:
    push ax_                            # the stack lies on the cell
    mov $stack_top, sp_
behind_pushes:

changing:
    movb $0x42, changed + 1             # the immediate operand of the next instruction but one
    jmp changed
changed:
    mov $0x41, %al
    out %al, $0xe9
    movb $0x40, changed + 1
    movb $0x90, rewritten               # INC becomes NOP, and the rest
    movb $0x90, rewritten + 1
    jmp rewritten
rewritten:
    movb %bl, %bl
    nop
behind_rewritten:
    movw $0xd888, rewritten

sum:
    mov $_start, si_                    # the program's own bytes
    mov $text_end - _start, cx_
    xor %ah, %ah
sum_loop:
    lodsb
    add %al, %ah
    loop sum_loop
summed:
    mov %ah, %al
    out %al, $0xe9
    incb round
    cmpb $2, round
    jb calls
last:
    cli
    hlt

function:
    push bp_
    mov sp_, bp_
    incl counter
inside:
    pop bp_
    ret

recursive:
    push bp_
    mov sp_, bp_
    test ax_, ax_
    jz bottom
    dec ax_
    call recursive
bottom:
    pop bp_
    ret

int30:
    incl counter
#if BITS == 64
    iretq
#else
    iret
#endif
int3:
    incl counter
#if BITS == 64
    iretq
#else
    iret
#endif
undefined:
#if BITS == 64
    addq $2, (%rsp)
    iretq
#elif BITS == 32
    addl $2, (%esp)
    iret
#else
    push %bp
    mov %sp, %bp
    addw $2, 2(%bp)
    pop %bp
    iret
#endif
text_end:

    .balign 8
idtr:
    .word 0x31 * 2 * WORD - 1
#if BITS == 64
    .quad idt
#else
    .long idt
#endif
counter:
    .long 0
round:
    .long 0
    .balign 16
cell:
    .fill 32, 1, 0
buffer:
    .fill 64, 1, 0
    .fill 512, 1, 0
stack_top:
    .balign 16
idt:
    .fill 0x31 * 16, 1, 0
