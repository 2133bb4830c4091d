// exit: the debug-exit port in every width. stdin says how: 1, 2 or 4, and four bytes with the code, low one first. The
// process's status is (code << 1) | 1, of which a process has eight bits.
//
//: args --clock steps
//: case byte-0
//: stdin "1\x00\x00\x00\x00"
//: status 1
//: see out 0xf4 ← 00  debugexit.CODE
//: case byte-3
//: stdin "1\x03\x00\x00\x00"
//: status 7
//: case byte-7f
//: stdin "1\x7f\x00\x00\x00"
//: status 255
//: case byte-80
//: stdin "1\x80\x00\x00\x00"
//: status 1
//: case byte-ff
//: stdin "1\xff\x00\x00\x00"
//: status 255
//: see out 0xf4 ← ff  debugexit.CODE
//: case word-1234
//: stdin "2\x34\x12\x00\x00"
//: status 105
//: see out 0xf4 ← 1234  debugexit.CODE
//: err wrote 4660 to the debug-exit port
//: case dword-12345678
//: stdin "4\x78\x56\x34\x12"
//: status 241
//: see out 0xf4 ← 12345678  debugexit.CODE
//: case dword-ffffffff
//: stdin "4\xff\xff\xff\xff"
//: status 255
//: err wrote 4294967295 to the debug-exit port
#include "test.inc"
    .code16
    .globl start
start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    call read_byte
    mov %al, %bl
    mov $4, %cx
again:
    call read_byte
    shrd $8, %eax, %esi
    loop again
    mov %esi, %eax
    cmp $'1', %bl
    je byte
    cmp $'2', %bl
    je word
    out %eax, $0xf4
byte:
    out %al, $0xf4
word:
    out %ax, $0xf4
read_byte:
    mov $0x3fd, %dx
1:  in %dx, %al
    test $1, %al
    jz 1b
    mov $0x3f8, %dx
    in %dx, %al
    ret
