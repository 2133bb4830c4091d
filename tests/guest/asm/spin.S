// spin: a guest that never sleeps and yet gets its ticks. Between two of them it counts; under --clock steps the count
// is the same in every run and on every host, since time is work done and nothing else.
//
//: args --clock steps
//: status 33
//: count 5 interrupt line 0 → vector 0x20
//: count 0 hlt
//: see interrupt line 0
//: see out 0xbe0 ← 0000
//: see interrupt line 0
//: see out 0xbe0 ← 0000
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %eax, %eax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    movw $tick, 0x20 * 4
    movw $0, 0x20 * 4 + 2
    mov $0x11, %al                  // the master 8259A: vectors 0x20 on, only line 0 let through
    out %al, $0x20
    mov $0x20, %al
    out %al, $0x21
    mov $0x04, %al
    out %al, $0x21
    mov $0x01, %al
    out %al, $0x21
    mov $0xfe, %al
    out %al, $0x21
    mov $0x34, %al                  // the PIT's channel 0: rate generator, 1193182 / 1193 Hz: a millisecond
    out %al, $0x43
    mov $0xa9, %al
    out %al, $0x40
    mov $0x04, %al
    out %al, $0x40
    xor %ebx, %ebx
    mov $5, %cx
    sti
1:  inc %ebx
    test %cx, %cx
    jnz 1b
    cli
    end_with 0x10
tick:
    mov %ebx, %eax
    show
    xor %ebx, %ebx
    dec %cx
    mov $0x20, %al
    out %al, $0x20
    iret
