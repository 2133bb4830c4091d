// mmio: reading and writing where there is no memory.
//
// What it shows
//   Most devices today are not behind ports but behind addresses: an ordinary MOV reaches a register of the
//   device (memory-mapped I/O). The VMM leaves such addresses without memory behind them. When the guest
//   touches one, the CPU leaves the guest; KVM has to read and understand the instruction to find out what it
//   wanted: which size, which direction, which value; and the VMM answers in the device's place. This guest
//   asks at 0xd0000000, where this machine has nothing at all. Nobody answers, and on a PC's bus that reads
//   as all ones.
//
// Predict before you run it
//   1. How many exits does a read of eight bytes cost, compared with one of one byte?
//   2. OR to memory reads, changes and writes. How many exits is this one instruction? What does it write?
//   3. A four-byte read at 0xd0000ffe lies half in one page and half in the next. How many exits?
//   4. Afterwards something is written and read back. Which value comes?
//
// Exits you will see
//   mmio read    sizes 1, 2, 4, 8 and 8 again; the first half of the OR; two of size 2 across the border
//   mmio write   sizes 1, 2, 4, 8; the second half of the OR
//   out, in      the serial port
//   hlt          the end (status 0)
//
// Try   read with REP LODSB, eight times. One exit with a count, as with ports (stringio)? Or eight?
// Manual: Intel SDM volume 3, "EPT Violations"; AMD APM volume 2, "Nested Paging".
#include "lib/console.h"

// One instruction of each size. They are written in assembly so that it is certain which instruction touches
// the device: a compiler may split, merge or repeat what is only an assignment in C.
static uint64_t mmio_read8(uint64_t address)
{
    uint8_t value;
    __asm__ volatile("movb (%1), %0" : "=q"(value) : "r"(address) : "memory");
    return value;
}

static uint64_t mmio_read16(uint64_t address)
{
    uint16_t value;
    __asm__ volatile("movw (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static uint64_t mmio_read32(uint64_t address)
{
    uint32_t value;
    __asm__ volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static uint64_t mmio_read64(uint64_t address)
{
    uint64_t value;
    __asm__ volatile("movq (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static void mmio_write_all_sizes(uint64_t address, uint64_t value)
{
    __asm__ volatile("movb %b0, (%1)\n"
                     "movw %w0, (%1)\n"
                     "movl %k0, (%1)\n"
                     "movq %q0, (%1)"
                     :
                     : "q"(value), "r"(address)
                     : "memory");
}

static void mmio_or32(uint64_t address, uint32_t bits)
{
    __asm__ volatile("orl %0, (%1)" : : "r"(bits), "r"(address) : "memory", "cc");
}

static void read_print(const char *what, uint64_t value, int digits)
{
    console_text(what);
    console_hex(value, digits);
    console_text("\n");
}

void guest_main(void);

void guest_main(void)
{
    const uint64_t nobody = 0xd0000000;

    console_init();
    console_text("mmio: asking at 0x00000000d0000000, where nobody lives\n");
    read_print("1 byte:  ", mmio_read8(nobody), 2);
    read_print("2 bytes: ", mmio_read16(nobody), 4);
    read_print("4 bytes: ", mmio_read32(nobody), 8);
    read_print("8 bytes: ", mmio_read64(nobody), 16);

    console_text("writing 0x0123456789abcdef in four sizes\n");
    mmio_write_all_sizes(nobody, 0x0123456789abcdef);
    read_print("8 bytes: ", mmio_read64(nobody), 16);

    console_text("OR with 1: a read and a write in one instruction\n");
    mmio_or32(nobody, 1);

    read_print("4 bytes across a page border: ", mmio_read32(nobody + 0xffe), 8);
}
