/*
 * The 16550A UART, a PC's serial port: the simplest device with everything that devices have (data, control,
 * status, interrupts), and for most small kernels the first way to say anything.
 *
 * Eight ports hold twelve registers. Which one an offset means depends on the direction and on DLAB, the top
 * bit of LCR, which swaps the baud-rate divisor in over the data register and IER.  Interrupts have four
 * sources in a fixed priority; IIR names the first, and what the guest then does (read RBR, LSR, MSR or IIR
 * itself) clears that one. On a PC the INTR pin reaches the interrupt controller through a gate that the
 * modem output OUT2 opens: a driver that forgets OUT2 waits for ever.
 *
 * The machine claims the ports and wires the pin; the console loop feeds uart_receive().
 *
 * Simplified: sending takes no time, so THR is always empty again before the next instruction; the line is
 * perfect (no parity or framing errors, no breaks, always 8 data bits whatever LCR says); received bytes
 * arrive when the console has them, not at the baud rate, and are only taken when there is room, so that just
 * loopback can overrun. FCR's DMA mode bit is kept and does nothing.  What does follow the baud rate is the
 * receiver's time-out.
 *
 * Manual: National Semiconductor PC16550D data sheet, section "Registers".
 */
#include "device/uart.h"
#include "device/types.h"

#include <stddef.h>
#include <stdlib.h>

enum uart_reg {
    REG_RBR,
    REG_THR,
    REG_DLL,
    REG_IER,
    REG_DLM,
    REG_IIR,
    REG_FCR,
    REG_LCR,
    REG_MCR,
    REG_LSR,
    REG_MSR,
    REG_SCR,
    REG_COUNT
};

static const char *const uart_regs[REG_COUNT] = {"RBR", "THR", "DLL", "IER", "DLM", "IIR",
                                                 "FCR", "LCR", "MCR", "LSR", "MSR", "SCR"};

/* What an offset means: [DLAB][offset]. */
static const uint8_t reg_for_read[2][8] = {
    {REG_RBR, REG_IER, REG_IIR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR},
    {REG_DLL, REG_DLM, REG_IIR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR},
};
static const uint8_t reg_for_write[2][8] = {
    {REG_THR, REG_IER, REG_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR},
    {REG_DLL, REG_DLM, REG_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR},
};

/* Interrupts: the sources in the order of the data sheet's table "Interrupt Control Functions". */

static bool due_line(const struct uart *u)
{
    return u->line != 0;
}

static bool due_received(const struct uart *u)
{
    return u->fifo_count >= uart_fifo_trigger(u);
}

static bool due_timeout(const struct uart *u)
{
    return u->timed_out;
}

static bool due_thre(const struct uart *u)
{
    return u->thre_due;
}

static bool due_modem(const struct uart *u)
{
    return (u->msr & MSR_DELTAS) != 0;
}

static const struct uart_source uart_sources[] = {
    {IER_LINE, 0x06, due_line, "line status"},
    {IER_RX, 0x04, due_received, "received data available"},
    {IER_RX, 0x0c, due_timeout, "received data waiting (time-out)"},
    {IER_THRE, IIR_THRE, due_thre, "transmitter empty"},
    {IER_MODEM, 0x00, due_modem, "modem status"},
};

const struct uart_source *uart_source(const struct uart *u)
{
    for (size_t i = 0; i < sizeof(uart_sources) / sizeof(uart_sources[0]); i++)
        if ((u->ier & uart_sources[i].enable) && uart_sources[i].due(u))
            return &uart_sources[i];
    return NULL;
}

uint8_t uart_iir(const struct uart *u)
{
    const struct uart_source *source = uart_source(u);
    return (uint8_t)((source ? source->id : IIR_NONE) | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0));
}

/* Loopback holds all four modem outputs inactive, OUT2 too: on a PC that shuts the interrupt gate. */
static bool uart_gate_open(const struct uart *u)
{
    return (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
}

void uart_drive_irq(const struct uart *u)
{
    device_irq(&u->dev, uart_gate_open(u) && uart_source(u));
}

/* Modem lines. */

/* The four inputs see the cable, or in loopback this chip's own outputs. */
uint8_t uart_modem_inputs(const struct uart *u)
{
    static const struct {
        uint8_t output, input;
    } looped[] = {{MCR_RTS, MSR_CTS}, {MCR_DTR, MSR_DSR}, {MCR_OUT1, MSR_RI}, {MCR_OUT2, MSR_DCD}};
    if (!(u->mcr & MCR_LOOP))
        return MSR_CABLE;
    uint8_t inputs = 0;
    for (size_t i = 0; i < sizeof(looped) / sizeof(looped[0]); i++)
        if (u->mcr & looped[i].output)
            inputs |= looped[i].input;
    return inputs;
}

/* Each input that changed sets its delta bit, except that RI only reports the end of a ring (TERI). */
static void modem_sample(struct uart *u)
{
    uint8_t inputs = uart_modem_inputs(u), changed = (uint8_t)((inputs ^ u->msr) >> 4);
    if (inputs & MSR_RI)
        changed &= (uint8_t)~MSR_TERI;
    u->msr = (uint8_t)(inputs | (u->msr & MSR_DELTAS) | changed);
}

/* Registers. */

static uint8_t read_iir(struct uart *u)
{
    uint8_t iir = uart_iir(u);
    if ((iir & 0x0f) == IIR_THRE)
        u->thre_due = false;
    return iir;
}

uint8_t uart_lsr(const struct uart *u)
{
    return (uint8_t)(LSR_SENT | u->line | (u->fifo_count ? LSR_DR : 0));
}

static uint8_t read_lsr(struct uart *u)
{
    uint8_t lsr = uart_lsr(u);
    u->line = 0;
    if (u->looks < UART_LISTENS)
        u->looks++;
    return lsr;
}

static uint8_t read_msr(struct uart *u)
{
    uint8_t msr = u->msr;
    u->msr &= (uint8_t)~MSR_DELTAS;
    return msr;
}

/* The write takes back the "empty" interrupt and the byte, gone at once, gives it again: the pin falls and
 * rises, which is what an edge-triggered interrupt controller needs to see. */
static void write_thr(struct uart *u, uint8_t value)
{
    u->thr = value;
    u->thre_due = false;
    if (u->looks < UART_LISTENS)
        u->looks = 0;
    uart_drive_irq(u);
    if (u->mcr & MCR_LOOP)
        uart_fifo_push(u, value);
    else
        device_output(&u->dev, value);
    u->thre_due = true;
}

static void write_ier(struct uart *u, uint8_t value)
{
    if ((value & ~u->ier) & IER_THRE)
        u->thre_due = true;
    u->ier = value & IER_ALL;
}

/* Without bit 0 no other bit is taken; changing bit 0 empties the FIFOs. */
static void write_fcr(struct uart *u, uint8_t value)
{
    bool switched = (value ^ u->fcr) & FCR_ENABLE;
    bool cleared = (value & FCR_ENABLE) && (value & FCR_CLEAR_RX);
    if (switched || cleared)
        uart_fifo_clear(u);
    u->fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
}

static void write_mcr(struct uart *u, uint8_t value)
{
    u->mcr = value & MCR_ALL;
    modem_sample(u);
}

/* A register is a field that can be read and written as it is, unless it has a function for that. Writing LSR
 * or MSR does nothing: they report. */
static const struct {
    size_t field;
    uint8_t (*read)(struct uart *u);
    void (*write)(struct uart *u, uint8_t value);
    bool read_only;
} uart_table[REG_COUNT] = {
    [REG_RBR] = {.read = uart_fifo_pop},
    [REG_THR] = {.write = write_thr},
    [REG_DLL] = {.field = offsetof(struct uart, dll)},
    [REG_IER] = {.field = offsetof(struct uart, ier), .write = write_ier},
    [REG_DLM] = {.field = offsetof(struct uart, dlm)},
    [REG_IIR] = {.read = read_iir},
    [REG_FCR] = {.write = write_fcr},
    [REG_LCR] = {.field = offsetof(struct uart, lcr)},
    [REG_MCR] = {.field = offsetof(struct uart, mcr), .write = write_mcr},
    [REG_LSR] = {.read = read_lsr, .read_only = true},
    [REG_MSR] = {.read = read_msr, .read_only = true},
    [REG_SCR] = {.field = offsetof(struct uart, scr)},
};

static void uart_read(struct device *d, struct access *a)
{
    struct uart *u = uart_of(d);
    if (u->fifo_count)
        uart_elapse(d, device_now_ns(d));
    a->reg = reg_for_read[u->lcr >> 7][a->offset & 7];
    if (uart_table[a->reg].read)
        a->value = uart_table[a->reg].read(u);
    else
        a->value = ((const uint8_t *)u)[uart_table[a->reg].field];
    uart_drive_irq(u);
}

static void uart_write(struct device *d, struct access *a)
{
    struct uart *u = uart_of(d);
    if (u->fifo_count)
        uart_elapse(d, device_now_ns(d));
    a->reg = reg_for_write[u->lcr >> 7][a->offset & 7];
    if (uart_table[a->reg].write)
        uart_table[a->reg].write(u, (uint8_t)a->value);
    else if (!uart_table[a->reg].read_only)
        ((uint8_t *)u)[uart_table[a->reg].field] = (uint8_t)a->value;
    uart_drive_irq(u);
}

/* Life. */

/* The MR pin: see the data sheet's table "Reset Configuration". The divisor and SCR keep what they have. */
static void uart_reset(struct device *d)
{
    struct uart *u = uart_of(d);
    u->ier = u->fcr = u->lcr = u->mcr = u->line = 0;
    u->msr = MSR_CABLE;
    u->thre_due = false;
    u->looks = 0;
    uart_fifo_clear(u);
    uart_drive_irq(u);
}

static struct device *uart_create(const struct device_wires *wires, struct err *e)
{
    struct uart *u = calloc(1, sizeof(*u));
    if (!u) {
        err_set(e, "uart: out of memory");
        return NULL;
    }
    u->dev = (struct device){&uart_ops, *wires};
    u->dll = 12; /* 9600 baud, where firmware leaves it */
    uart_reset(&u->dev);
    return &u->dev;
}

static void uart_destroy(struct device *d)
{
    free(d);
}

const struct device_ops uart_ops = {
    .name = "uart",
    .summary = "16550A serial port",
    .lesson =
        "The serial port turns bytes into bits on a wire: a byte written to THR is sent, RBR gives one that "
        "came in, and LSR says when either is possible. DLAB in LCR swaps the baud-rate divisor in over the "
        "first two registers. Interrupts need their bit in IER, and OUT2 in MCR. Data sheet: National "
        "Semiconductor PC16550D.",
    .regs = uart_regs,
    .reg_count = REG_COUNT,
    .create = uart_create,
    .destroy = uart_destroy,
    .reset = uart_reset,
    .read = uart_read,
    .write = uart_write,
    .describe = uart_describe,
    .save = uart_save,
    .restore = uart_restore,
    .deadline_ns = uart_deadline,
    .elapse = uart_elapse,
};
