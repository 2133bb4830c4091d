// vga: letters without a driver. The text screen of the PC is an array in memory.
//
// What it shows
//   At address 0xb8000 lies the text screen: 25 rows of 80 cells, two bytes each. The first byte is the
//   character, the second its colours (low four bits the letter's, next three the background's, the top one
//   blinking). Whoever writes there has printed: no call, no wait. The blinking cursor is elsewhere: in two
//   registers of the CRT controller, which sits behind two ports: the register's number goes to 0x3d4, its
//   value to 0x3d5. This is a common way to get many registers behind few ports.
//
// Predict before you run it
//   1. The word "Ringside" is eight cells. How many memory writes is that? How many exits?
//   2. The cursor goes to row 12, column 44: cell 12 * 80 + 44. Which two bytes are written?
//   3. This guest does not end by HLT. What will the last exit be?
//
// Exits you will see
//   mmio write 0xb8...   one for each cell: Ringside plays the screen as a device, so that each shows. (A VMM
//                        in a hurry gives the guest plain memory there, and looks at it now and then.)
//   mmio read            one: the last cell, read back
//   out 0x3d4, 0x3d5     the cursor, written; with in 0x3d5, read back
//   out, in              the serial port
//   out 0x604            power-off (status 0): the register that ACPI uses to turn a PC like this one off
//
// Try   scroll: copy rows 1 to 24 over rows 0 to 23. What does that cost? A letter at a time, four at a time?
// Source: the IBM VGA technical reference, "CRT Controller Registers" and "Alphanumeric Modes".
#include "lib/console.h"
#include "lib/port.h"

enum {
    VGA_COLUMNS = 80,
    CRTC_INDEX = 0x3d4,
    CRTC_DATA = 0x3d5,
    CRTC_CURSOR_HIGH = 14,
    CRTC_CURSOR_LOW = 15,

    POWER_OFF_PORT = 0x604,
    POWER_OFF_VALUE = 0x2000, // the "sleep enable" bit, with sleep type 0, which here means soft off

    ROW = 12,
    COLUMN = 36,
    COLOUR_BRIGHT = 8, // colours 8 to 15 are the bright ones
};

// A variable would have an address chosen by the linker; this one has it by definition.
static volatile uint16_t *vga_text(void)
{
    uint64_t address = 0xb8000;
    __asm__("" : "+r"(address)); // keeps the compiler from reasoning that no object can be there
    return (volatile uint16_t *)address;
}

static void cursor_move(unsigned cell)
{
    port_out8(CRTC_INDEX, CRTC_CURSOR_HIGH);
    port_out8(CRTC_DATA, (uint8_t)(cell >> 8));
    port_out8(CRTC_INDEX, CRTC_CURSOR_LOW);
    port_out8(CRTC_DATA, (uint8_t)cell);
}

static unsigned cursor_get(void)
{
    unsigned cell;

    port_out8(CRTC_INDEX, CRTC_CURSOR_HIGH);
    cell = (unsigned)port_in8(CRTC_DATA) << 8;
    port_out8(CRTC_INDEX, CRTC_CURSOR_LOW);
    return cell | port_in8(CRTC_DATA);
}

void guest_main(void);

void guest_main(void)
{
    static const char word[] = "Ringside";
    volatile uint16_t *screen = vga_text();
    unsigned cell = ROW * VGA_COLUMNS + COLUMN;

    console_init();
    console_text("vga: a word in the middle of the screen\n");
    for (unsigned i = 0; word[i]; i++)
        screen[cell++] = (uint16_t)((COLOUR_BRIGHT + i % 7 + 1) << 8 | (uint8_t)word[i]);
    console_text("the last cell reads ");
    console_hex(screen[cell - 1], 4);
    console_text("\n");

    cursor_move(cell);
    console_text("the cursor is at cell ");
    console_decimal(cursor_get());
    console_text(", row ");
    console_decimal(cursor_get() / VGA_COLUMNS);
    console_text(", column ");
    console_decimal(cursor_get() % VGA_COLUMNS);
    console_text("\n");

    console_text("and the power goes off\n");
    port_out16(POWER_OFF_PORT, POWER_OFF_VALUE);
}
