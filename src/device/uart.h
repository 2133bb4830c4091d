/*
 * The inside of the 16550A, for the files that are about it: uart.c (registers and interrupts), uart_rx.c
 * (the receiver) and uart_state.c (how it is shown, saved and restored).  Everybody else uses device/types.h.
 */
#ifndef RINGSIDE_DEVICE_UART_H
#define RINGSIDE_DEVICE_UART_H

#include "device/device.h"

enum {
    IER_RX = 0x01,
    IER_THRE = 0x02,
    IER_LINE = 0x04,
    IER_MODEM = 0x08,
    IER_ALL = 0x0f,
    IIR_NONE = 0x01,
    IIR_THRE = 0x02,
    IIR_FIFO = 0xc0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RX = 0x02,
    FCR_KEPT = 0xc9, /* without the two reset bits, which clear themselves */
    LCR_DLAB = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    MCR_ALL = 0x1f,
    LSR_DR = 0x01,
    LSR_OE = 0x02,
    LSR_SENT = 0x60, /* THRE and TEMT */
    MSR_TERI = 0x04,
    MSR_DELTAS = 0x0f,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
    /* The other end of the cable: a terminal that is always on and ready, and no ringing. */
    MSR_CABLE = MSR_CTS | MSR_DSR | MSR_DCD,
    FIFO_LEN = 16,
};

/* `fifo` holds received bytes; without FCR_ENABLE only one of its places is used. `line` is LSR's error bits.
 * `timeout_at_ns` counts while bytes wait; `timed_out` is the time-out's interrupt. */
struct uart {
    struct device dev;
    uint8_t rbr, thr, ier, fcr, lcr, mcr, line, msr, scr, dll, dlm;
    uint8_t fifo[FIFO_LEN], fifo_head, fifo_count;
    bool thre_due, timed_out;
    uint64_t timeout_at_ns;
    uint8_t looks; /* reads of LSR since the last byte was written, up to UART_LISTENS */
};

/* A driver that sends looks at LSR once a byte; one that looks twice waits for something to come in. */
enum { UART_LISTENS = 2 };

static inline struct uart *uart_of(struct device *d)
{
    return (struct uart *)d;
}

static inline const struct uart *uart_of_const(const struct device *d)
{
    return (const struct uart *)d;
}

/* A source of interrupts: its bit in IER, its value in IIR, and what that says. */
struct uart_source {
    uint8_t enable, id;
    bool (*due)(const struct uart *u);
    const char *meaning;
};

/* The source with the highest priority among those enabled and due, or NULL. */
const struct uart_source *uart_source(const struct uart *u);

/* What reading IIR, LSR would give, without the effects of reading; what the modem inputs are. */
uint8_t uart_iir(const struct uart *u);
uint8_t uart_lsr(const struct uart *u);
uint8_t uart_modem_inputs(const struct uart *u);

/* Sets the INTR pin as the registers say. */
void uart_drive_irq(const struct uart *u);

/* The receiver (uart_rx.c): a whole byte has come in; the byte RBR gives (when none waits, the one before);
 * everything forgotten; and the time-out, as device_ops has it. */
void uart_fifo_push(struct uart *u, uint8_t byte);
uint8_t uart_fifo_pop(struct uart *u);
void uart_fifo_clear(struct uart *u);
uint64_t uart_deadline(const struct device *d);
void uart_elapse(struct device *d, uint64_t now_ns);

/* Bytes the receiver can hold: 16, or 1 without FIFO; and how many of them ask for an interrupt. */
unsigned uart_fifo_limit(const struct uart *u);
unsigned uart_fifo_trigger(const struct uart *u);

/* The parts of uart_ops that are in uart_state.c. */
void uart_describe(const struct device *d, struct text *out);
void uart_save(const struct device *d, struct text *out);
NODISCARD int uart_restore(struct device *d, const uint8_t *p, size_t len, struct err *e);

#endif
