# Real mode to protected mode, then three ticks of the PIT, each waited for by HLT right behind the OUT that arms it. Nothing
# before the first tick is stepped, so what Ringside knows of the CPU then must not be what it knew at the start. Prints a
# digit a tick; 'T' when the handler's frame shows the stepper's trap flag, 'R' when a tick goes the way of real mode.
    .code16
    .globl _start
_start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    movw $real, 4 * 0x20
    movw $0, 4 * 0x20 + 2
    mov $0x11, %al
    out %al, $0x20
    mov $0x20, %al
    out %al, $0x21
    mov $0x04, %al
    out %al, $0x21
    mov $0x01, %al
    out %al, $0x21
    mov $0xfe, %al
    out %al, $0x21
    lgdt gdtr
    lidt idtr
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmp $0x08, $protected
real:
    mov $'R', %al
    out %al, $0xe9
    cli
    hlt
    .code32
protected:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $0x7000, %esp
    mov $tick, %eax
    mov %ax, gate
    shr $16, %eax
    mov %ax, gate + 6
    mov $0, %bl
    mov $0x34, %al                      # channel 0, mode 2
    out %al, $0x43
    mov $0xb0, %al
    out %al, $0x40
    mov $0x04, %al
    out %al, $0x40
1:  sti
    hlt
    cli
    cmp $3, %bl
    jb 1b
    hlt

tick:
    testl $0x100, 8(%esp)
    jz 2f
    mov $'T', %al
    out %al, $0xe9
2:  mov %bl, %al
    add $'0', %al
    out %al, $0xe9
    inc %bl
    cmp $3, %bl                         # no more than three, however slow the host is
    jb 3f
    mov $0xff, %al
    out %al, $0x21
3:  mov $0x20, %al
    out %al, $0x20
    pop %eax                            # IRETD by hand: not every KVM emulates it. A tick between POPF and JMP would be
                                        # lost in EAX; under the steps clock none is due there
    pop %ecx
    popf
    jmp *%eax

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
gdtr:
    .word . - gdt - 1
    .long gdt
idtr:
    .word 0x21 * 8 - 1
    .long idt
    .balign 8
idt:
    .fill 0x20 * 8, 1, 0
gate:
    .word 0, 0x08, 0x8e00, 0
