// leave: the other ways in which a guest switches itself off. stdin says which.
//
//: args --clock steps
//: status 0
//: case power-off
//: stdin "p"
//: see out 0x604 ← 0000  power.PM1_CNT
//: see out 0x604 ← 2000  power.PM1_CNT
//: err powered the machine off
//: case reset-by-keyboard
//: stdin "k"
//: see out 0x64 ← fe  kbd.CMD
//: err reset the machine
//: case reset-by-port92
//: stdin "9"
//: see out 0x92 ← 03  port92.CTRLA
//: err reset the machine
//: case halt
//: stdin "h"
//: see hlt
//: err halted with interrupts off
//: case halt-with-nothing-to-wake-it
//: stdin "s"
//: see hlt
//: err nothing can wake it
//: case triple-fault
//: stdin "t"
//: status 125
//: see shutdown
//: err post-mortem: triple fault
//: err what happened:
//: err First came #UD invalid opcode
//: err After a double fault nothing
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    mov $0x3fd, %dx
1:  in %dx, %al
    test $1, %al
    jz 1b
    mov $0x3f8, %dx
    in %dx, %al
    mov %al, %bl
    cmp $'p', %bl
    jne 1f
    mov $0x604, %dx                 // SLP_TYP alone does nothing
    xor %ax, %ax
    out %ax, %dx
    mov $0x2000, %ax                // SLP_EN
    out %ax, %dx
1:  cmp $'k', %bl
    jne 1f
    mov $0xfe, %al                  // pulse the output port's bit 0, which is the CPU's reset pin
    out %al, $0x64
1:  cmp $'9', %bl
    jne 1f
    mov $0x03, %al
    out %al, $0x92
1:  cmp $'h', %bl
    jne 1f
    hlt
1:  cmp $'s', %bl
    jne 1f
    mov $0xff, %al                  // nobody may interrupt
    out %al, $0x21
    out %al, $0xa1
    sti
    hlt
1:  lgdt nothing                    // no IDT, no GDT, protected mode, and a fault
    lidt nothing
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    ud2
nothing:
    .word 0
    .long 0
