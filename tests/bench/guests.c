/*
 * The benchmark's guests: a few bytes of code each, as one would type them into a debugger.  Those that are
 * stepped run in long mode, the others in real mode.
 */
#include "bench.h"

static const uint8_t pio_code[] = {
    0xe6, 0x80, /* 1: out %al, $0x80 */
    0xeb, 0xfc, /*    jmp 1b */
};

static const uint8_t mmio_code[] = {
    0xb8, 0x00, 0xb8,       /*    mov $0xb800, %ax */
    0x8e, 0xc0,             /*    mov %ax, %es */
    0x26, 0xa2, 0x10, 0x00, /* 1: mov %al, %es:0x10   the VGA's text */
    0xeb, 0xfa,             /*    jmp 1b */
};

/* An interrupt a byte: HLT, the handler reads the byte, back to HLT. The 8259A ends interrupts by itself
 * (AEOI), so that a wake is two exits: the HLT and the IN. */
static const uint8_t hlt_code[] = {
    0x31, 0xc0, 0x8e, 0xd8,             /* xor %ax, %ax; mov %ax, %ds */
    0xc7, 0x06, 0x90, 0x00, 0x33, 0x7c, /* movw $handler, 4 * 0x24 */
    0xc7, 0x06, 0x92, 0x00, 0x00, 0x00, /* movw $0, 4 * 0x24 + 2 */
    0xb0, 0x13, 0xe6, 0x20,             /* ICW1: single, ICW4 follows */
    0xb0, 0x20, 0xe6, 0x21,             /* ICW2: vectors from 0x20 */
    0xb0, 0x03, 0xe6, 0x21,             /* ICW4: 8086, automatic end of interrupt */
    0xb0, 0xef, 0xe6, 0x21,             /* OCW1: only line 4 */
    0xba, 0xf9, 0x03, 0xb0, 0x01, 0xee, /* IER: received data */
    0xba, 0xfc, 0x03, 0xb0, 0x08, 0xee, /* MCR: OUT2 */
    0xfb, 0xf4, 0xeb, 0xfd,             /* sti; 1: hlt; jmp 1b */
    0x90, 0x90, 0x90,                   /* (padding) */
    0xba, 0xf8, 0x03, 0xec, 0xcf,       /* handler: mov $0x3f8, %dx; in %dx, %al; iret */
};

/* Plain code: a loop in registers. */
static const uint8_t step_code[] = {
    0xb9, 0x00, 0x10, 0x00, 0x00, /* 1: mov $0x1000, %ecx */
    0x48, 0x89, 0xc8,             /* 2: mov %rcx, %rax */
    0x48, 0x01, 0xc3,             /*    add %rax, %rbx */
    0x48, 0xff, 0xc9,             /*    dec %rcx */
    0x75, 0xf5,                   /*    jnz 2b */
    0xeb, 0xee,                   /*    jmp 1b */
};

/* The same with memory operands, which may fault: the stepper spreads its net under them, and for that there
 * is an interrupt table with a handler for each exception, as a kernel has. It lies right behind the code. */
#define GATE(n) 0x00 + (n), 0x83, 8, 0, 0, 0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 /* to 0x8300 + n */
#define GATES(n)                                                                                             \
    GATE(n), GATE(n + 1), GATE(n + 2), GATE(n + 3), GATE(n + 4), GATE(n + 5), GATE(n + 6), GATE(n + 7)
static const uint8_t step_memory_code[] = {
    0x0f,     0x01,     0x1c,      0x25,      0x30, 0x80, 0x00, 0x00, /* 0x8000: lidt 0x8030 */
    0xbe,     0x00,     0x00,      0x01,      0x00,                   /*         mov $0x10000, %esi */
    0xb9,     0x00,     0x10,      0x00,      0x00,                   /* 1:      mov $0x1000, %ecx */
    0x48,     0x8b,     0x06,                                         /* 2:      mov (%rsi), %rax */
    0x48,     0x01,     0x46,      0x08,                              /*         add %rax, 8(%rsi) */
    0x48,     0x89,     0x0e,                                         /*         mov %rcx, (%rsi) */
    0x48,     0xff,     0xc9,                                         /*         dec %rcx */
    0x75,     0xf1,                                                   /*         jnz 2b */
    0xeb,     0xea,                                                   /*         jmp 1b */
    0,        0,        0,         0,         0,    0,    0,    0,    0, 0, 0, 0, 0, /* (up to 0x8030) */
    0xff,     0x01,     0x40,      0x80,      0,    0,    0,    0,    0, 0, /* 0x8030: limit 511, base 0x8040
                                                                             */
    0,        0,        0,         0,         0,    0,                      /* (up to 0x8040) */
    GATES(0), GATES(8), GATES(16), GATES(24),
};

const struct bench_guest bench_step = {"step", step_code, sizeof step_code, 1, 0, 0};
const struct bench_guest bench_step_memory = {
    "step_memory", step_memory_code, sizeof step_memory_code, 1, 0, 0};
const struct bench_guest bench_pio = {"pio_exit", pio_code, sizeof pio_code, 1, 0, 0};
const struct bench_guest bench_mmio = {"mmio_exit", mmio_code, sizeof mmio_code, 1, 0, 0};
const struct bench_guest bench_hlt = {"hlt_wake", hlt_code, sizeof hlt_code, 2, 6, 0x24};
