# The same in 32-bit protected mode without paging, started by --mode protected: INT n, INT3, INTO and the 32-bit IRETD that
# ends their handlers. Prints a letter for each handler reached, and "ok" when stack and flags came back as they were.
    .code32
    .globl _start
_start:
    mov %esp, %ebp
    mov $idt, %edi
    mov $0x41, %ecx
1:  mov $handler, %eax                  # every gate the same: 32-bit interrupt gate, present, DPL 0
    mov %ax, (%edi)
    movw $0x08, 2(%edi)
    movw $0x8e00, 4(%edi)
    shr $16, %eax
    mov %ax, 6(%edi)
    add $8, %edi
    loop 1b
    lidt idtr
    mov $'3', %bl
    int3
    mov $'n', %bl
    int $0x40
    mov $'o', %bl
    mov $0x7f, %al
    add $1, %al                         # overflows
    into
    xor %eax, %eax                      # does not
    mov $'X', %bl
    into
    stc
    mov $'c', %bl
    int $0x21                           # the carry flag must survive the round trip
    jnc bad
    cmp %esp, %ebp
    jne bad
    mov $'k', %al
    out %al, $0xe9
    cli
    hlt
bad:
    mov $'!', %al
    out %al, $0xe9
    cli
    hlt

handler:
    mov %bl, %al
    out %al, $0xe9
    iretl

    .balign 8
idtr:
    .word 0x41 * 8 - 1
    .long idt
    .balign 8
idt:
    .fill 0x41 * 8, 1, 0
