/*
 * The devices that exist, and the few questions that are asked of one type only (bytes arriving at the UART,
 * the vector that the 8259A hands to the CPU).  The machine's table picks from these.
 */
#ifndef RINGSIDE_DEVICE_TYPES_H
#define RINGSIDE_DEVICE_TYPES_H

#include "device/device.h"

/* 16550A UART: 1 PIO region of 8. irq = its INTR pin. output = bytes sent. */
extern const struct device_ops uart_ops;
/* Bytes from the line. Takes as many as fit its receiver (FIFO 16, else 1) and returns that number; loopback
 * and a dropped DTR/RTS do not stop the line. Call again when uart_room() says so. */
size_t uart_receive(struct device *uart, const uint8_t *bytes, size_t n);
/* How many bytes uart_receive would take now. */
size_t uart_room(const struct device *uart);
/* True when the guest waits for input: it has enabled that interrupt, or looks at LSR without sending. */
bool uart_listens(const struct device *uart);

/* Bochs debug port: 1 PIO region of 1; a write is a byte for the console, a read gives 0xe9. */
extern const struct device_ops debugcon_ops;
/* Debug-exit: 1 PIO region of 4, width 4; a write of 1, 2 or 4 bytes signals SIGNAL_DEBUG_EXIT with the
 * value. */
extern const struct device_ops debugexit_ops;
/* POST port: 1 PIO region of 1; keeps the last code. */
extern const struct device_ops post_ops;
/* Power-off at 0x604 (as QEMU's PM1a control): 1 PIO region of 2, width 2; SLP_EN (bit 13) with SLP_TYP 0
 * signals SIGNAL_POWEROFF. */
extern const struct device_ops poweroff_ops;
/* System control port A (0x92): 1 PIO region of 1; bit 1 = A20, bit 0 = fast reset. */
extern const struct device_ops port92_ops;

/* 8259A: two PIO regions: 0 = command/data pair (len 2), 1 = edge/level register (len 1). irq = INT pin. */
extern const struct device_ops pic_ops;
/* Sets the input pin `line` (0-7) of this chip. */
void pic_input(struct device *pic, unsigned line, bool level);
/* Makes this chip a slave on line `cascade` of `master` (its INT pin must be wired there by the machine). */
void pic_cascade(struct device *master, unsigned line, struct device *slave);
/* True when INT is up. */
bool pic_pending(const struct device *pic);
/* True when a request on `line` of this chip would go no further: masked, or the chip not yet initialised. */
bool pic_masked(const struct device *pic, unsigned line);
/* The CPU's INTA cycles on the master: returns the vector, moving the interrupt from requested to in service.
 * A request that vanished gives the spurious vector (base + 7). `*line` gets the overall line 0-15. */
unsigned pic_acknowledge(struct device *master, unsigned *line);

/* What both chips hold, a bit a line 0-15, for showing. */
struct pic_lines {
    uint16_t raised, requested, masked, in_service; /* raised: input pins that are up */
};
void pic_lines_of(const struct device *master, const struct device *slave, struct pic_lines *lines);

/* 8254 PIT: PIO region 0 = four ports; region 1 = port 0x61 (len 1): gate 2, speaker, refresh toggle, OUT2.
 * irq = channel 0's OUT (edge). Channel 1 and 2 count too. */
extern const struct device_ops pit_ops;

/* i8042 keyboard controller: region 0 = data (0x60), region 1 = status/command (0x64). irq = IRQ1. IRQ12 is
 * not built: there is no mouse. Signals A20, RESET, INPUT_WANTED. Starts as firmware leaves it: IRQ1 and
 * translation on, line 20 open. */
extern const struct device_ops i8042_ops;
/* Types an ASCII character (and \n, \t, \b, ESC) as set-1 make and break codes, shift included. Returns false
 * when the buffer has no room for it or the character has no key. */
bool i8042_type(struct device *kbd, uint8_t ascii);
/* True when i8042_type would take any character that has a key: the keyboard is scanning and has room. */
bool i8042_ready(const struct device *kbd);
/* True when the guest has used the keyboard (read data, enabled IRQ1 …), so that console input should go
 * there. */
bool i8042_in_use(const struct device *kbd);

/* MC146818 RTC with 128 bytes of CMOS: 1 PIO region of 2. irq = IRQ8. */
extern const struct device_ops rtc_ops;
/* Sets a CMOS byte as a BIOS would at start (memory sizes). */
void rtc_cmos_set(struct device *rtc, unsigned index, uint8_t value);

/* VGA text: region 0 = MMIO 0xb8000 len 0x8000 width 8, region 1 = PIO 0x3d4 len 2 (CRTC index/data), region
 * 2 = PIO 0x3da len 1 (input status 1), region 3 = PIO 0x3c0 len 0x10 (attribute, sequencer, DAC, graphics:
 * kept, not acted on). */
extern const struct device_ops vga_ops;
#define VGA_COLUMNS 80
#define VGA_ROWS    25
/* The visible page: VGA_ROWS * VGA_COLUMNS cells (character low, attribute high), as the CRTC start address
 * says. */
void vga_screen(const struct device *vga, uint16_t cells[VGA_ROWS * VGA_COLUMNS]);
/* Cursor cell index on the visible page, or -1 when hidden or off it. */
int vga_cursor(const struct device *vga);
/* True once the guest has written to text memory. */
bool vga_in_use(const struct device *vga);

/* Read-only memory: 1 MMIO region; reads never come here (KVM maps it), writes are refused and counted. */
extern const struct device_ops rom_ops;

/* Every type, for explain and docs; NULL-terminated. */
extern const struct device_ops *const device_types[];

#endif
