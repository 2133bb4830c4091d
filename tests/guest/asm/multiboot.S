// multiboot: a kernel as the Multiboot Specification wants it. It shows what the boot loader left in EAX, its command line,
// its modules and the map of memory.
//
//: args --clock steps --mem 32M
//: status 33
//: file one.txt "the first module"
//: file two.txt "2"
//: args --cmdline "root=none quiet" --module "{}/one.txt with words" --module {}/two.txt
//: see protected out 0xbe0 ← 2badb002  unclaimed
//: see protected out 0xbe0 ← 0000024d  unclaimed
//: see protected out 0xbe0 ← 00000280  unclaimed
//: see protected out 0xbe0 ← 00007c00  unclaimed
//: see protected out 0xbe0 ← 00000002  unclaimed
//: out ~ .*multiboot root=none quiet
//: out one.txt with words: the first module
//: out two.txt: 2
//: out Ringside
//: see protected out 0xbe0 ← 00000000  unclaimed
//: see protected out 0xbe0 ← 000a0000  unclaimed
//: see protected out 0xbe0 ← 00000001  unclaimed
//: see protected out 0xbe0 ← 00100000  unclaimed
//: see protected out 0xbe0 ← 01f00000  unclaimed
//: see protected out 0xbe0 ← 00000001  unclaimed
#include "test.inc"
    .section .multiboot, "a"
    .balign 4
    .long 0x1badb002
    .long 0x00000003                // modules on page borders, memory information
    .long -(0x1badb002 + 0x00000003)
    .text
    .code32
    .globl start
start:
    cli
    mov $stack_end, %esp
    show                            // the loader's magic number
    mov %ebx, %ebp
    mov 0(%ebp), %eax               // which fields are there: memory, command line, modules, map, loader's name
    show
    mov 4(%ebp), %eax               // KiB below 1 MiB, and above
    show
    mov 8(%ebp), %eax
    show
    mov 20(%ebp), %eax              // modules
    show
    mov 16(%ebp), %esi              // command line
    call line
    mov 24(%ebp), %edi
    mov 20(%ebp), %ebx
modules:
    test %ebx, %ebx
    jz 1f
    testl $0xfff, 0(%edi)           // on a page border?
    jnz bad
    mov 8(%edi), %esi               // its string
    call string
    mov $':', %al
    out %al, $0xe9
    mov $' ', %al
    out %al, $0xe9
    mov 0(%edi), %esi               // its bytes
    mov 4(%edi), %ecx
    sub %esi, %ecx
    mov $0xe9, %edx
    cld
    rep outsb
    mov $'\n', %al
    out %al, $0xe9
    add $16, %edi
    dec %ebx
    jmp modules
1:  mov 64(%ebp), %esi              // who loaded it
    call line
    mov 48(%ebp), %edi              // the map: an entry is its size, then base, length and type
    mov 44(%ebp), %ebx
    add %edi, %ebx
map:
    cmp %ebx, %edi
    jae 1f
    mov 4(%edi), %eax
    show
    mov 12(%edi), %eax
    show
    mov 20(%edi), %eax
    show
    add 0(%edi), %edi
    add $4, %edi
    jmp map
1:  cmpl $0, in_bss
    jne bad
    end_with 0x10
bad:
    end_with 1
line:
    call string
    mov $'\n', %al
    out %al, $0xe9
    ret
string:
    lodsb
    test %al, %al
    jz 1f
    out %al, $0xe9
    jmp string
1:  ret
    .bss
in_bss:
    .long 0
    .skip 4096
stack_end:
