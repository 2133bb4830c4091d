// The serial console: a driver for the 16550A UART at port 0x3f8 (COM1), transmit side only, by polling.
//
// A UART turns bytes into bits on a wire, and the wire is slow: at 115200 baud a byte takes 87 microseconds.
// So a driver has to ask "is there room?" before it writes. The line status register (LSR) answers: bit 5,
// THRE, is set when the transmit FIFO is empty, which is room for 16 bytes. This driver asks once, then
// writes up to 16 bytes before it asks again. In a virtual machine the answer is always yes, since the "wire"
// is a write() by the VMM, but each question is still a VM exit: that is why polling once for sixteen bytes,
// and not for each, is worth it.
//
// Called by every 64-bit guest. Left out: reception, interrupts, and the wait at the end for a slow wire.
// Source: the 16550A data sheet, "Register descriptions".
#include "console.h"
#include "port.h"

enum {
    UART_THR = 0x3f8, // transmit holding register (write); divisor low byte while DLAB is set
    UART_IER = 0x3f9, // interrupt enable; divisor high byte while DLAB is set
    UART_FCR = 0x3fa, // FIFO control (write)
    UART_LCR = 0x3fb, // line control: word length, parity, DLAB
    UART_MCR = 0x3fc, // modem control: DTR, RTS
    UART_LSR = 0x3fd, // line status

    LCR_8N1 = 0x03,
    LCR_DLAB = 0x80, // divisor latch access: 0x3f8 and 0x3f9 become the baud-rate divisor
    FCR_ENABLE_AND_CLEAR = 0x07,
    MCR_DTR_RTS = 0x03,
    LSR_THRE = 0x20,
    FIFO_LEN = 16,
};

static unsigned fifo_room; // bytes that surely still fit into the transmit FIFO

void console_init(void)
{
    port_out8(UART_IER, 0);
    port_out8(UART_LCR, LCR_DLAB);
    port_out8(UART_THR, 1); // divisor 1: the UART's 1.8432 MHz clock / 16 / 1 = 115200 baud
    port_out8(UART_IER, 0);
    port_out8(UART_LCR, LCR_8N1);
    port_out8(UART_FCR, FCR_ENABLE_AND_CLEAR);
    port_out8(UART_MCR, MCR_DTR_RTS);
    fifo_room = 0;
}

static void console_byte(char c)
{
    if (fifo_room == 0) {
        while (!(port_in8(UART_LSR) & LSR_THRE))
            ;
        fifo_room = FIFO_LEN;
    }
    port_out8(UART_THR, (uint8_t)c);
    fifo_room--;
}

void console_text(const char *text)
{
    while (*text)
        console_byte(*text++);
}

void console_hex(uint64_t value, int digits)
{
    console_text("0x");
    while (digits-- > 0)
        console_byte("0123456789abcdef"[value >> (4 * digits) & 0xf]);
}

void console_decimal(unsigned value)
{
    if (value >= 10)
        console_decimal(value / 10);
    console_byte((char)('0' + value % 10));
}
