// a20: address line 20, the gate that made the AT an 8086 again. While it is shut, 0xffff:0x510, one megabyte above
// 0x0:0x500, is the same byte as that one. Two chips can open it: the keyboard controller and port 0x92.
//
//: args --clock steps
//: status 33
//: see out 0xbe0 ← 00000022  unclaimed
//: see out 0x64 ← dd  kbd.CMD
//: see out 0xbe0 ← 00000033  unclaimed
//: see out 0x92 ← 02  port92.CTRLA
//: see out 0xbe0 ← 00000044  unclaimed
//: see out 0xbe0 ← 00000033  unclaimed
#include "test.inc"
    .code16
    .globl start
start:
    xor %eax, %eax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7000, %sp
    mov $0xffff, %ax
    mov %ax, %fs
    mov $0xdf, %al                  // the keyboard controller: open line 20
    out %al, $0x64
    movb $0x11, %fs:0x510           // 0x100500
    movb $0x22, 0x500
    call show_low                   // 22: two bytes
    mov $0xdd, %al                  // shut it
    out %al, $0x64
    movb $0x33, %fs:0x510           // wraps: this is 0x500
    call show_low                   // 33
    mov $0x02, %al                  // port 0x92 opens it again
    out %al, $0x92
    movb $0x44, %fs:0x510           // 0x100500 again
    xor %eax, %eax
    mov %fs:0x510, %al
    show
    call show_low
    end_with 0x10
show_low:
    xor %eax, %eax
    mov 0x500, %al
    show
    ret
