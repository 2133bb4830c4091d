/*
 * The receiver of the 16550A: one register, or a FIFO of 16 bytes with a trigger level, so that a slow CPU is
 * interrupted once for several bytes.  The price is a last byte that might wait below the level for ever;
 * hence the time-out, an interrupt after four characters' time in which nothing came or went.  The only thing
 * in Ringside's UART that follows the baud rate.
 *
 * Manual: PC16550D data sheet, section "FIFO Interrupt Mode Operation".
 */
#include "device/types.h"
#include "device/uart.h"

unsigned uart_fifo_limit(const struct uart *u)
{
    return u->fcr & FCR_ENABLE ? FIFO_LEN : 1;
}

unsigned uart_fifo_trigger(const struct uart *u)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

/* Four characters' time. A bit takes 16 x divisor cycles of 1.8432 MHz; 16 cycles are 78125 / 9 ns. */
static uint64_t uart_timeout_ns(const struct uart *u)
{
    unsigned data = 5 + (u->lcr & 3), parity = u->lcr >> 3 & 1, stop = 1 + (u->lcr >> 2 & 1);
    uint64_t bits = 1 + data + parity + stop, divisor = u->dlm * 256u + u->dll;
    return 4 * bits * divisor * 78125 / 9;
}

/* The time-out starts anew with each byte that comes or goes. A divisor of 0 stops the clock it counts. */
static void uart_restart_timeout(struct uart *u)
{
    uint64_t wait_ns = uart_timeout_ns(u);
    u->timeout_at_ns = wait_ns ? device_now_ns(&u->dev) + wait_ns : DEVICE_NEVER_NS;
}

void uart_fifo_clear(struct uart *u)
{
    u->fifo_head = u->fifo_count = 0;
    u->timed_out = false;
}

/* A byte has come in whole. Without room, it overwrites RBR; but a full FIFO keeps what it has. */
void uart_fifo_push(struct uart *u, uint8_t byte)
{
    if (u->fifo_count == uart_fifo_limit(u)) {
        u->line |= LSR_OE;
        if (!(u->fcr & FCR_ENABLE))
            u->fifo[u->fifo_head] = byte;
        return;
    }
    u->fifo[(u->fifo_head + u->fifo_count++) % FIFO_LEN] = byte;
    uart_restart_timeout(u);
}

uint8_t uart_fifo_pop(struct uart *u)
{
    if (u->fifo_count) {
        u->rbr = u->fifo[u->fifo_head];
        u->fifo_head = (uint8_t)((u->fifo_head + 1) % FIFO_LEN);
        u->fifo_count--;
    }
    u->timed_out = false;
    uart_restart_timeout(u);
    return u->rbr;
}

size_t uart_room(const struct device *d)
{
    const struct uart *u = uart_of_const(d);
    return u->mcr & MCR_LOOP ? 0 : uart_fifo_limit(u) - u->fifo_count;
}

bool uart_listens(const struct device *d)
{
    const struct uart *u = uart_of_const(d);
    return u->looks >= UART_LISTENS || (u->ier & IER_RX);
}

size_t uart_receive(struct device *d, const uint8_t *bytes, size_t n)
{
    struct uart *u = uart_of(d);
    size_t room = uart_room(d), taken = n < room ? n : room;
    for (size_t i = 0; i < taken; i++)
        uart_fifo_push(u, bytes[i]);
    uart_drive_irq(u);
    return taken;
}

uint64_t uart_deadline(const struct device *d)
{
    const struct uart *u = uart_of_const(d);
    bool waits = (u->fcr & FCR_ENABLE) && (u->ier & IER_RX) && u->fifo_count && !u->timed_out;
    return waits && u->fifo_count < uart_fifo_trigger(u) ? u->timeout_at_ns : DEVICE_NEVER_NS;
}

void uart_elapse(struct device *d, uint64_t now_ns)
{
    struct uart *u = uart_of(d);
    if (!(u->fcr & FCR_ENABLE) || !u->fifo_count || u->timed_out || now_ns < u->timeout_at_ns)
        return;
    u->timed_out = true;
    uart_drive_irq(u);
}
