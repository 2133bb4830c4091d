// stop: a guest that never ends, stopped from outside. It says "ready", then works for ever: stdin says whether with
// exits (x: a dot now and then; k: so many between two dots that some of the trace is in the file by then), without any
// (s) or asleep until a key comes (z).
//
//: case max-exits
//: args --max-exits 1000 --clock steps
//: stdin "x"
//: status 124
//: err budget of 1000 exits
//: case max-exits-1
//: args --max-exits 1 --clock steps
//: stdin "x"
//: status 124
//: count 1 .
//: case max-steps
//: args --max-steps 1000 --clock steps
//: stdin "s"
//: status 124
//: err budget of 1000 steps
//: case max-steps-1
//: args --max-steps 1 --clock steps
//: status 124
//: case timeout-spinning
//: args --timeout 1
//: stdin "s"
//: status 124
//: err time limit
//: case timeout-spinning-steps-clock
//: args --timeout 1 --clock steps
//: stdin "s"
//: once
//: status 124
//: case timeout-working
//: args --timeout 1
//: stdin "x"
//: status 124
//: case timeout-asleep
//: args --timeout 1
//: type "" "z"
//: status 124
//: case interrupt-spinning
//: stdin "s"
//: signal "ready" INT
//: status 130
//: err interrupted
//: case interrupt-working
//: stdin "x"
//: signal ".\n.\n.\n" INT
//: status 130
//: case interrupt-asleep
//: type "" "z"
//: signal "ready" INT
//: status 130
//: case interrupt-stepped
//: args --max-steps 1000000000
//: stdin "x"
//: signal "." INT
//: status 130
//: case interrupt-irqchip-kernel
//: args --irqchip kernel
//: type "" "z"
//: signal "ready" INT
//: status 130
//: case terminate-spinning
//: stdin "s"
//: signal "ready" TERM
//: status 143
//: case terminate-working
//: stdin "x"
//: signal ".\n.\n.\n" TERM
//: status 143
//: case hang-up
//: stdin "x"
//: signal ".\n.\n.\n" HUP
//: status 1(29|43)
//: case kill
//: stdin "k"
//: signal ".\n.\n.\n" KILL
//: status 137
//: trace cut
//: least 1000 out 0x80
//: case asleep-then-woken
//: args --timeout 60
//: type "" "z"
//: type "ready" "k"
//: status 33
//: out ready
//: out woken
//: see hlt
//: see interrupt line 4 → vector 0x24
//: case asleep-then-woken-steps-clock
//: args --timeout 60 --clock steps
//: type "" "z"
//: type "ready" "k"
//: status 33
//: out ready
//: out woken
//: case input-ends-while-asleep
//: args --timeout 60
//: type "" "z"
//: close "ready"
//: status 0
//: err nothing can wake it
#include "test.inc"
    .code16
    .globl start
start:
    cli
    cld
    xor %eax, %eax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7000, %sp
    mov $0x3fa, %dx                 // FIFOs on
    mov $1, %al
    out %al, %dx
    call read_byte
    mov %al, %bl
    say "ready\n"
    cmp $'s', %bl
    je spin
    cmp $'z', %bl
    je sleep
work:
    mov $100, %cx
    cmp $'k', %bl
    jne 1f
    mov $10000, %cx                 // three times that are more than a chunk of the trace
1:  out %al, $0x80
    loop 1b
    mov $'.', %al
    out %al, $0xe9
    mov $'\n', %al                  // output goes out line by line
    out %al, $0xe9
    jmp work
spin:
    jmp spin
sleep:
    movw $woken, 0x24 * 4           // IRQ 4
    movw $0, 0x24 * 4 + 2
    mov $0x11, %al
    out %al, $0x20
    mov $0x20, %al
    out %al, $0x21
    mov $0x04, %al
    out %al, $0x21
    mov $0x01, %al
    out %al, $0x21
    mov $0xef, %al
    out %al, $0x21
    mov $0x3fc, %dx                 // MCR: DTR, RTS, and OUT2 without which a PC's UART has no interrupt
    mov $0x0b, %al
    out %al, %dx
    mov $0x3f9, %dx                 // IER: data
    mov $1, %al
    out %al, %dx
    sti
1:  hlt
    jmp 1b
woken:
    call read_byte
    say "woken\n"
    end_with 0x10
read_byte:
    mov $0x3fd, %dx
1:  in %dx, %al
    test $1, %al
    jz 1b
    mov $0x3f8, %dx
    in %dx, %al
    ret
