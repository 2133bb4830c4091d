/*
 * The PC, as a table: what answers at which port or address and which interrupt line it pulls.  The numbers
 * are those of the IBM PC/AT and its successors, which every x86 operating system still knows by heart; 0xe9,
 * 0xf4 and 0x604 are conventions of emulators (Bochs, QEMU).
 */
#include "machine/machine.h"

const struct machine_part machine_pc[] = {
    {"pic0", &pic_ops, LINE_CPU, {{SPACE_PIO, 0x20, 2, 1}, {SPACE_PIO, 0x4d0, 1, 1}}, true},
    {"pic1", &pic_ops, LINE_CASCADE, {{SPACE_PIO, 0xa0, 2, 1}, {SPACE_PIO, 0x4d1, 1, 1}}, true},
    {"pit", &pit_ops, 0, {{SPACE_PIO, 0x40, 4, 1}, {SPACE_PIO, 0x61, 1, 1}}, false},
    {"kbd", &i8042_ops, 1, {{SPACE_PIO, 0x60, 1, 1}, {SPACE_PIO, 0x64, 1, 1}}, false},
    {"rtc", &rtc_ops, 8, {{SPACE_PIO, 0x70, 2, 1}}, false},
    {"post", &post_ops, LINE_NONE, {{SPACE_PIO, 0x80, 1, 1}}, false},
    {"port92", &port92_ops, LINE_NONE, {{SPACE_PIO, 0x92, 1, 1}}, false},
    {"debugcon", &debugcon_ops, LINE_NONE, {{SPACE_PIO, 0xe9, 1, 1}}, false},
    {"debugexit", &debugexit_ops, LINE_NONE, {{SPACE_PIO, 0xf4, 4, 4}}, false},
    {"uart", &uart_ops, 4, {{SPACE_PIO, 0x3f8, 8, 1}}, false},
    {"vga",
     &vga_ops,
     LINE_NONE,
     {{SPACE_MMIO, 0xb8000, 0x8000, 8},
      {SPACE_PIO, 0x3d4, 2, 1},
      {SPACE_PIO, 0x3da, 1, 1},
      {SPACE_PIO, 0x3c0, 16, 1}},
     false},
    {"power", &poweroff_ops, LINE_NONE, {{SPACE_PIO, 0x604, 2, 2}}, false},
    {0},
};
