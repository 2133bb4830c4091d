# Does the stepper's trap flag show? Each place where real-mode code can see RFLAGS prints '.' when TF is clear there, 'T'
# when it is set. Then a loop runs after POPF and after an INT's IRET, which both load RFLAGS: stepping must go on (the
# budget of steps proves it), and a timer's ticks must come while it spins.
    .code16
    .globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    movw $handler, 4 * 0x40
    movw $0, 4 * 0x40 + 2
    pushf
    call show
    pushfl                              # 32 bits wide
    pop %ax
    pop %bx
    push %ax
    call show
    sti                                 # a shadow over the PUSHF
    pushf
    call show
    cli
    push %ss
    pop %ss                             # likewise
    pushf
    call show
    mov %ax, %cx
    mov %ss, %ax
    mov %ax, %ss                        # likewise
    pushf
    call show
    int $0x40                           # its handler looks at the frame
    pushf
    popf
    pushf
    call show
    mov $8, %cx
1:  inc %bx
    loop 1b
    pushf
    call show
    mov $'\n', %al
    out %al, $0xe9
    cli
    hlt

# Prints what the flags pushed by the caller say about TF, and takes them off the stack.
show:
    pop %si
    pop %ax
    test $0x0100, %ax
    mov $'.', %al
    jz 2f
    mov $'T', %al
2:  out %al, $0xe9
    jmp *%si

handler:
    mov %sp, %bp
    mov 4(%bp), %ax
    push %ax
    call show
    pushf
    call show
    iret
