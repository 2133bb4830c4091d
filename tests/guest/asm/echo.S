// echo: bytes come in at the serial port and go out again, by polling; `q` ends. A UART has no end of file: a guest
// whose input has ended waits for ever, and the budget ends it.
//
//: status 33
//: case file
//: args --clock steps
//: stdin "hello, file\nq"
//: out hello, file
//: out q
//: see in 0x3f8 → 68 'h'  uart.RBR
//: see out 0x3f8 ← 68 'h'  uart.THR
//: case long-file
//: args --clock steps
//: stdin-repeat 300 "0123456789abcdef\n" "q"
//: least 10200 uart.(RBR|THR)
//: case pipe
//: type "" "hello, "
//: type "hello, " "pipe\nq"
//: out hello, pipe
//: out q
//: case pipe-never-ends
//: args --max-exits 3000
//: pipe
//: status 124
//: case no-input
//: args --max-exits 3000 --clock steps
//: status 124
//: silent
#include "test.inc"
    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov $0x3fb, %dx                 // LCR: 8 bits
    mov $3, %al
    out %al, %dx
    mov $0x3fa, %dx                 // FCR: FIFOs on
    mov $7, %al
    out %al, %dx
    mov $0x3fc, %dx                 // MCR: DTR, RTS
    mov $3, %al
    out %al, %dx
next:
    mov $0x3fd, %dx                 // LSR: data ready?
    in %dx, %al
    test $1, %al
    jz next
    mov $0x3f8, %dx
    in %dx, %al
    out %al, %dx
    cmp $'q', %al
    jne next
    mov $'\n', %al
    out %al, %dx
    end_with 0x10
