/*
 * A trace of any length, made up: what a guest with a serial console, a timer, a disk that is not there and a
 * text screen does, over and over, with times that scatter as on a real host.  Nothing is left to chance: the
 * same length gives the same file on every machine, so that figures of today and of next year speak of the
 * same work.  It needs no KVM.
 *
 * A guest's life is modelled as routines: rows of exits that follow each other, each from an instruction of
 * its own; every routine has some callers, so that the same exit comes from many places.
 */
#include "bench.h"

#include "traces/trace.h"

#include <stdlib.h>

enum { NONE, UART, PIC, PIT, RTC, VGA, DEVICES };

static const char *const uart_regs[] = {"RBR", "THR", "LSR", "IER"};
static const char *const pic_regs[] = {"COMMAND", "DATA"};
static const char *const pit_regs[] = {"COUNTER0", "CONTROL"};
static const char *const rtc_regs[] = {"INDEX", "DATA"};
static const char *const vga_regs[] = {"CELL", "CRTC_INDEX", "CRTC_DATA"};
static const struct event_device devices[DEVICES] = {
    {"none", "no device", NULL, 0},
    {"uart", "serial port", uart_regs, 4},
    {"pic0", "interrupt controller", pic_regs, 2},
    {"pit", "timer", pit_regs, 2},
    {"rtc", "clock", rtc_regs, 2},
    {"vga", "text screen", vga_regs, 3},
};

struct exit_row {
    uint8_t kind, device, reg, dir, size;
    uint16_t addr; /* VGA cells are behind 0xb8000 */
    uint8_t rip;   /* offset in the routine */
    uint16_t host_ns;
};

#define NO_REG EVENT_NO_REG
static const struct exit_row print[] = {
    {EVENT_IO, UART, 2, DIR_IN, 1, 0x3fd, 0x05, 700},
    {EVENT_IO, UART, 2, DIR_IN, 1, 0x3fd, 0x05, 650},
    {EVENT_IO, UART, 1, DIR_OUT, 1, 0x3f8, 0x10, 2100},
};
static const struct exit_row tick[] = {
    {EVENT_HLT, NONE, NO_REG, 0, 0, 0, 0x01, 9000},
    {EVENT_IRQ, NONE, NO_REG, 0, 0, 0x20, 0x02, 300},
    {EVENT_IO, PIC, 0, DIR_OUT, 1, 0x20, 0x41, 800},
};
static const struct exit_row clock_read[] = {
    {EVENT_IO, RTC, 0, DIR_OUT, 1, 0x70, 0x08, 500},
    {EVENT_IO, RTC, 1, DIR_IN, 1, 0x71, 0x0e, 900},
    {EVENT_IO, PIT, 1, DIR_OUT, 1, 0x43, 0x14, 400},
    {EVENT_IO, PIT, 0, DIR_IN, 1, 0x40, 0x1a, 450},
};
static const struct exit_row draw[] = {
    {EVENT_MMIO, VGA, 0, DIR_OUT, 2, 0, 0x09, 350},   {EVENT_MMIO, VGA, 0, DIR_OUT, 2, 2, 0x09, 340},
    {EVENT_MMIO, VGA, 0, DIR_OUT, 2, 4, 0x09, 330},   {EVENT_IO, VGA, 1, DIR_OUT, 1, 0x3d4, 0x20, 300},
    {EVENT_IO, VGA, 2, DIR_OUT, 1, 0x3d5, 0x26, 320},
};
static const struct exit_row probe[] = {
    {EVENT_IO, NONE, NO_REG, DIR_OUT, 4, 0xcf8, 0x11, 600},
    {EVENT_IO, NONE, NO_REG, DIR_IN, 4, 0xcfc, 0x17, 620},
    {EVENT_MSR_READ, NONE, NO_REG, 0, 8, 0x1b, 0x30, 1500},
    {EVENT_IO, NONE, NO_REG, DIR_IN, 2, 0x1f0, 0x3b, 600},
};

/* `weight` of 64 calls go here, from one of `places` callers. */
static const struct routine {
    const char *name;
    const struct exit_row *rows;
    unsigned count, weight, places;
} routines[] = {
    {"print", print, 3, 34, 3}, {"tick", tick, 3, 12, 1},   {"clock_read", clock_read, 4, 6, 40},
    {"draw", draw, 5, 10, 600}, {"probe", probe, 4, 2, 90},
};
enum { ROUTINES = sizeof routines / sizeof routines[0], PLACE_LEN = 0x100, TEXT_AT = 0x100000 };

struct maker {
    struct trace_writer *w;
    uint64_t seed, seq, end, now_ns;
};

/* xorshift64*: the same numbers on every machine. */
static uint64_t maker_random(struct maker *m)
{
    m->seed ^= m->seed >> 12;
    m->seed ^= m->seed << 25;
    m->seed ^= m->seed >> 27;
    return m->seed * 0x2545f4914f6cdd1d >> 16;
}

/* Durations scatter by a quarter, and one in a hundred is an outlier: the host had other things to do. */
static uint32_t maker_ns(struct maker *m, uint32_t typical)
{
    uint64_t r = maker_random(m);
    return (uint32_t)(typical + r % (typical / 4 + 1) + (r % 101 == 0 ? typical * (r % 17) : 0));
}

/* The first twentieth is the boot: real mode, then protected; the rest is long mode. */
static void maker_mode(const struct maker *m, struct event *ev)
{
    static const uint16_t selectors[CPU_MODES] = {0, 8, 8, 16};
    enum cpu_mode mode = m->seq < m->end / 50 ? MODE_REAL : m->seq < m->end / 20 ? MODE_PROTECTED : MODE_LONG;
    ev->mode_cpl = event_mode_cpl(mode, mode == MODE_LONG && m->seq % 3 == 0 ? 3 : 0);
    ev->cs = selectors[mode];
}

static void maker_exit(struct maker *m, const struct exit_row *row, uint64_t rip)
{
    struct event ev = {
        .seq = m->seq,
        .rip = rip + row->rip,
        .addr = row->addr,
        .kind = row->kind,
        .device = row->device,
        .reg = row->reg,
        .dir = row->dir,
        .size = row->size,
        .count = 1,
        .host_ns = maker_ns(m, row->host_ns),
        .flags = row->kind == EVENT_HLT ? 0 : EVENT_ADDR | EVENT_VALUE,
    };
    maker_mode(m, &ev);
    if (row->kind == EVENT_MMIO)
        ev.addr += 0xb8000 + maker_random(m) % 2000 * 2;
    if (row->kind == EVENT_IO && row->device == NONE)
        ev.flags |= EVENT_UNCLAIMED;
    if (row->dir == DIR_OUT)
        ev.value =
            row->device == UART ? (uint8_t) "The quick brown fox.\n"[m->seq % 21] : maker_random(m) & 0x7f;
    else
        ev.value = row->device == UART ? 0x60 : maker_random(m) & 0xff;
    if (row->kind != EVENT_IRQ) {
        ev.guest_ns = maker_ns(m, row->kind == EVENT_HLT ? 90000 : 1800);
        m->now_ns += ev.guest_ns;
    }
    ev.time_ns = m->now_ns;
    m->now_ns += ev.host_ns;
    m->seq++;
    trace_put(m->w, &ev);
}

static void maker_call(struct maker *m)
{
    uint64_t at = TEXT_AT;
    unsigned draw_lot = (unsigned)(maker_random(m) % 64), i = 0;
    for (; i + 1 < ROUTINES && draw_lot >= routines[i].weight; i++) {
        draw_lot -= routines[i].weight;
        at += (uint64_t)routines[i].places * PLACE_LEN;
    }
    const struct routine *r = &routines[i];
    at += maker_random(m) % r->places * PLACE_LEN;
    unsigned turns = 1 + (unsigned)(maker_random(m) % 24);
    for (; turns && m->seq < m->end; turns--)
        for (unsigned k = 0; k < r->count && m->seq < m->end; k++)
            maker_exit(m, &r->rows[k], at);
}

int bench_make_trace(const char *path, uint64_t events, struct err *e)
{
    struct event_symbol symbols[ROUTINES];
    uint64_t at = TEXT_AT;
    for (unsigned i = 0; i < ROUTINES; i++) {
        symbols[i] = (struct event_symbol){at, (uint64_t)routines[i].places * PLACE_LEN, routines[i].name};
        at += symbols[i].len;
    }
    const struct trace_info info = {
        .program = "ringside-bench",
        .host = "made up",
        .backend = "none",
        .guest = "made-up",
        .guest_sha256 = "",
        .command = "",
        .clock = "real",
        .irqchip = "user",
        .mem_len = 64u << 20,
        .names = {.devices = devices, .device_count = DEVICES, .symbols = symbols, .symbol_count = ROUTINES},
    };
    struct maker m = {.w = trace_create(path, &info, e), .seed = 1, .end = events};
    if (!m.w)
        return -1;
    while (m.seq < m.end)
        maker_call(&m);
    const struct trace_end end = {
        .status = "halted", .reason = "made up", .elapsed_ns = m.now_ns, .mode = MODE_LONG, .rip = TEXT_AT};
    return trace_close(m.w, &end, e);
}
