# The same in 64-bit code, where bytes from 0x40 to 0x4f look like REX prefixes.
    .code64
    .intel_syntax noprefix
    .globl _start
_start:
    mov ebx, 0xb8000
    mov dx, 0xe9
    mov al, 'A'
p01: out 0xe9, al
    mov al, 'O'
p02: out dx, al
    mov al, 'H'
p03: out dx, al
p04: mov byte ptr [rbx], 0x41
p05: mov word ptr [rbx + 4], 0x4141
p06: mov dword ptr [rbx + 8], 0x41414141
p07: mov qword ptr [rbx + 16], 0x41414141
    mov r8, 0x4747474747474747
p08: mov [rbx], r8b
p09: mov [rbx], r8
    mov al, 'f'
p10: mov [rbx], al
    mov rdi, rbx
p11: stosb
p12: stosq
    lea rsp, [rbx + 0x100]
p13: push rax
p14: push 5
p15: pushfq
p16: mov [rbx + rdi - 0xb8000], eax
    cli
p17: hlt
