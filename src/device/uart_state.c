/*
 * The 16550A as seen from outside: its registers in words for the screen, and its state as bytes for
 * snapshots. Called through uart_ops (uart.c says what the chip does).
 */
#include "device/show.h"
#include "device/state.h"
#include "device/uart.h"

static const char *const ier_bits[8] = {"ERBFI", "ETBEI", "ELSI", "EDSSI"};
static const char *const mcr_bits[8] = {"DTR", "RTS", "OUT1", "OUT2", "LOOP"};
static const char *const lsr_bits[8] = {"DR", "OE", "PE", "FE", "BI", "THRE", "TEMT", "ERR"};
static const char *const msr_bits[8] = {"DCTS", "DDSR", "TERI", "DDCD", "CTS", "DSR", "RI", "DCD"};

enum { NAME_WIDTH = 3, CLOCK_HZ = 1843200 };

static void describe_data(const struct uart *u, struct text *out)
{
    show_note(out, NAME_WIDTH, "RBR", u->fifo_count ? u->fifo[u->fifo_head] : u->rbr,
              "%u of %u bytes waiting", u->fifo_count, uart_fifo_limit(u));
    show_note(out, NAME_WIDTH, "THR", u->thr, "empty; the byte sent last");
    if (!(u->fcr & FCR_ENABLE) || !u->fifo_count)
        return;
    text_add(out, "     FIFO");
    for (unsigned i = 0; i < u->fifo_count; i++)
        text_addf(out, " %02x", u->fifo[(u->fifo_head + i) % FIFO_LEN]);
    text_addf(out, "%s\n", u->timed_out ? "  timed out" : "");
}

/* `8N1`: data bits, parity (None, Odd, Even, or fixed Mark, Space), stop bits. */
static void describe_frame(const struct uart *u, struct text *out)
{
    static const char parity[8] = "NONENMNS";
    unsigned data = 5 + (u->lcr & 3);
    const char *stop = !(u->lcr & 4) ? "1" : data == 5 ? "1.5" : "2";
    show_note(out, NAME_WIDTH, "LCR", u->lcr, "%u%c%s%s%s", data, parity[u->lcr >> 3 & 7], stop,
              u->lcr & 0x40 ? " BREAK" : "", u->lcr & LCR_DLAB ? " DLAB" : "");
}

static void describe_divisor(const struct uart *u, struct text *out)
{
    unsigned divisor = u->dlm * 256u + u->dll;
    show_reg(out, NAME_WIDTH, "DLL", u->dll, NULL);
    if (divisor)
        show_note(out, NAME_WIDTH, "DLM", u->dlm, "divisor %u: %u baud", divisor, CLOCK_HZ / 16 / divisor);
    else
        show_note(out, NAME_WIDTH, "DLM", u->dlm, "divisor 0: no baud clock");
}

void uart_describe(const struct device *d, struct text *out)
{
    const struct uart *u = uart_of_const(d);
    const struct uart_source *source = uart_source(u);
    describe_data(u, out);
    show_reg(out, NAME_WIDTH, "IER", u->ier, ier_bits);
    show_note(out, NAME_WIDTH, "IIR", uart_iir(u), "%s", source ? source->meaning : "no interrupt");
    if (u->fcr & FCR_ENABLE)
        show_note(out, NAME_WIDTH, "FCR", u->fcr, "FIFOs on, trigger at %u", uart_fifo_trigger(u));
    else
        show_note(out, NAME_WIDTH, "FCR", u->fcr, "FIFOs off");
    describe_frame(u, out);
    show_reg(out, NAME_WIDTH, "MCR", u->mcr, mcr_bits);
    show_reg(out, NAME_WIDTH, "LSR", uart_lsr(u), lsr_bits);
    show_reg(out, NAME_WIDTH, "MSR", u->msr, msr_bits);
    show_reg(out, NAME_WIDTH, "SCR", u->scr, NULL);
    describe_divisor(u, out);
}

static void uart_fields(struct state *s, struct uart *u)
{
    state_u8(s, &u->rbr);
    state_u8(s, &u->thr);
    state_mask(s, &u->ier, IER_ALL);
    state_mask(s, &u->fcr, FCR_KEPT);
    state_u8(s, &u->lcr);
    state_mask(s, &u->mcr, MCR_ALL);
    state_mask(s, &u->line, LSR_OE);
    state_u8(s, &u->msr);
    state_u8(s, &u->scr);
    state_u8(s, &u->dll);
    state_u8(s, &u->dlm);
    state_bytes(s, u->fifo, FIFO_LEN);
    state_max(s, &u->fifo_head, FIFO_LEN - 1);
    state_max(s, &u->fifo_count, FIFO_LEN);
    state_bool(s, &u->thre_due);
    state_bool(s, &u->timed_out);
    state_u64(s, &u->timeout_at_ns);
    state_max(s, &u->looks, UART_LISTENS);
    state_require(s, (u->fcr & FCR_ENABLE) || u->fcr == 0);
    state_require(s, u->fifo_count <= uart_fifo_limit(u));
    state_require(s, (u->msr & ~MSR_DELTAS) == uart_modem_inputs(u));
    state_require(s, !u->timed_out || ((u->fcr & FCR_ENABLE) && u->fifo_count));
}

void uart_save(const struct device *d, struct text *out)
{
    struct uart copy = *uart_of_const(d);
    struct state s = state_saving(out, STATE_UART, 1);
    uart_fields(&s, &copy);
}

int uart_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct uart copy = *uart_of(d);
    struct state s = state_loading(p, len, STATE_UART, 1);
    uart_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *uart_of(d) = copy;
    return 0;
}
