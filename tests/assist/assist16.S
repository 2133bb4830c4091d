# Real mode: INT n, INT3 and INTO through the interrupt vector table.
    .code16
    .globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov $handler, %ax
    mov %ax, 4 * 3
    movw $0, 4 * 3 + 2
    mov %ax, 4 * 4
    movw $0, 4 * 4 + 2
    mov %ax, 4 * 0x40
    movw $0, 4 * 0x40 + 2
    mov $'3', %bl
    int3
    mov $'n', %bl
    int $0x40
    mov $'o', %bl
    mov $0x7f, %al
    add $1, %al
    into
    cmp $0x7c00, %sp
    mov $'k', %al
    je 1f
    mov $'!', %al
1:  out %al, $0xe9
    cli
    hlt
handler:
    mov %bl, %al
    out %al, $0xe9
    iret
