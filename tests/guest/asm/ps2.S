// ps2: the keyboard's controller and the keyboard behind it, by polling; then keys typed, as scancodes.
//
//: args --clock steps
//: status 33
//: type "ready\n" "aQ"
//: see out 0x64 ← aa  kbd.CMD
//: see in 0x60 → 55  kbd
//: see out 0x60 ← ee  kbd
//: see in 0x60 → ee  kbd
//: see out 0x60 ← ff  kbd
//: see in 0x60 → fa  kbd
//: see in 0x60 → aa  kbd
//: see in 0x60 → 1e  kbd
//: see in 0x60 → 9e  kbd
//: see in 0x60 → 2a  kbd
//: see in 0x60 → 10  kbd
//: see in 0x60 → 90  kbd
//: see in 0x60 → aa  kbd
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7000, %sp
    mov $0xaa, %al                  // the controller tests itself: 55 is well
    out %al, $0x64
    call code
    mov $0xae, %al                  // the keyboard is let through
    out %al, $0x64
    mov $0xee, %al                  // an echo
    out %al, $0x60
    call code
    mov $0xff, %al                  // the keyboard resets: FA, then AA
    out %al, $0x60
    call code
    call code
    say "ready\n"
    mov $6, %cx                     // a down and up, Shift down, q down and up, Shift up
1:  push %cx
    call code
    pop %cx
    loop 1b
    end_with 0x10
code:
    in $0x64, %al
    test $1, %al
    jz code
    in $0x60, %al
    ret
