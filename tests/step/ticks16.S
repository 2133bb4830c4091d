# Ten ticks of the PIT, waited for by spinning: no HLT, no exit in the loop. The handler looks for TF in its frame and ends
# with IRET. Prints a digit a tick.
    .code16
    .globl _start
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    movw $tick, 4 * 0x20
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
    mov $0x34, %al                      # channel 0, mode 2
    out %al, $0x43
    mov $0xb0, %al                      # 1200 pulses: about a millisecond
    out %al, $0x40
    mov $0x04, %al
    out %al, $0x40
    xor %bx, %bx
    xor %dx, %dx
    sti
1:  inc %dx
    cmp $10, %bx
    jb 1b
    cli
    mov $0xff, %al
    out %al, $0x21
    mov %dx, %ax                        # how far the loop came: the same in every run
    out %ax, $0xe0
    hlt
tick:
    push %bp
    mov %sp, %bp
    testw $0x0100, 6(%bp)
    jz 2f
    mov $'T', %al
    out %al, $0xe9
2:  mov %bl, %al
    add $'0', %al
    out %al, $0xe9
    inc %bx
    cmp $10, %bx                        # no more than ten, however slow the host is
    jb 3f
    mov $0xff, %al
    out %al, $0x21
3:  mov $0x20, %al
    out %al, $0x20
    pop %bp
    iret
