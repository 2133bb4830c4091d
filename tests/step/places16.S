# Accesses whose instruction is hard to find afterwards: constants that look like prefixes, redundant prefixes, one-byte
# stores, equal instructions in a row, strings. A label pNN stands before each; places16.order says in which order the
# exits must name them.
    .code16
    .intel_syntax noprefix
    .globl _start
_start:
    mov ax, 0xb800
    mov es, ax
    xor di, di
    mov al, 'e'
p01: out 0xe9, al
    mov al, 'f'
p02: out 0xe9, al
    mov al, '.'
p03: out 0xe9, al
    mov dx, 0xe9
    mov al, 'g'
p04: out dx, al
    mov al, '>'
p05: out dx, al
p06: out dx, al
p07: out dx, al
    mov eax, 0x66666666
p08: out 0x80, eax
p09: .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xef
    mov al, 'f'
p10: mov es:[di], al
    mov ax, 0x4141
p11: stosb
p12: stosw
    mov cx, 3
p13: rep stosw
    mov si, 0x7c00
p14: movsb
p15: movsw
    mov eax, 0x66666666
p16: stosd
p17: mov byte ptr es:[di], 0x66
p18: mov word ptr es:[di], 0x6666
    mov cx, 4
    mov si, 0x7c00
p19: rep outsb
p20: outsb
    in al, 0x61
p21: out 0x61, al
    cli
p22: hlt
