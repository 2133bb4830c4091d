// rtc: the clock with the battery. Under --clock steps every run begins on 1 January 2000, a Saturday, at midnight.
//
//: args --clock steps
//: status 33
//: see out 0x70 ← 00  rtc.INDEX
//: see in 0x71 → 00  rtc.SEC
//: see in 0x71 → 00  rtc.MIN
//: see in 0x71 → 00  rtc.HOUR
//: see in 0x71 → 07  rtc.WDAY
//: see in 0x71 → 01  rtc.MDAY
//: see in 0x71 → 01  rtc.MONTH
//: see in 0x71 → 00  rtc.YEAR
//: see in 0x71 → 26  rtc.REGA
//: see in 0x71 → 02  rtc.REGB
//: see in 0x71 → 20  rtc.CENTURY
//: see in 0x71 → 00  rtc.CMOS
//: see in 0x70 → ff  rtc.INDEX
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov $registers, %si
    mov $(registers_end - registers), %cx
    cld
1:  lodsb
    out %al, $0x70
    in $0x71, %al
    loop 1b
    in $0x70, %al
    end_with 0x10
registers:
    .byte 0, 2, 4, 6, 7, 8, 9, 10, 11, 0x32, 0x7f
registers_end:
