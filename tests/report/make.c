/*
 * Traces for the tests of exports and reports, made up so that they are the same on every host:
 *
 *   make_trace empty FILE        a run without a single event
 *   make_trace hostile FILE      every name tries to become markup, script, SQL or a second column
 *   make_trace loop FILE N       N exits of a small guest with two devices, interrupts and a mark now and
 * then make_trace cut FILE N        the same without its end, as after a crash make_trace steps FILE N      N
 * single steps with registers, of which the last have the highest bit
 */
#include "event/regs.h"
#include "traces/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const bad_regs[] = {"</td><script>alert('reg')</script>", "'\"&,;DROP TABLE events;--"};
static const struct event_device bad_devices[] = {
    {"none", "no device", NULL, 0},
    {"<img src=x onerror=alert('device')>", "\"><svg onload=alert('summary')>", bad_regs, 2},
};
static const struct event_symbol bad_symbols[] = {
    {0x7c00, 0x100, "</code></script><script>alert('symbol')</script>"}};
static const struct trace_counter bad_counters[] = {{"<i>tlb</i>", UINT64_MAX}};

static const char *const uart_regs[] = {"THR", "LSR"}, *const pic_regs[] = {"OCW2"};
static const struct event_device good_devices[] = {
    {"none", "no device", NULL, 0},
    {"uart", "16550A serial port", uart_regs, 2},
    {"pic0", "8259A interrupt controller", pic_regs, 1},
};
static const struct event_symbol good_symbols[] = {{0x1000, 0x40, "main"}, {0x1040, 0x40, "print"}};
static const struct trace_range good_ranges[] = {{false, 1, 0x3f8, 8}, {false, 2, 0x20, 2}};
static const struct trace_counter good_counters[] = {{"exits", 4711}};

static const struct trace_info bad = {
    .program = "</title><script>alert('program')</script>",
    .host = "<b>host</b>",
    .backend = "a\"b'c",
    .guest = "<script>alert('guest')<\\script>",
    .guest_sha256 = "",
    .command = "x --y='<&>' \"q\", ]]> -->",
    .clock = "steps",
    .irqchip = "user",
    .mem_len = 1 << 20,
    .names = {.devices = bad_devices, .device_count = 2, .symbols = bad_symbols, .symbol_count = 1},
};
static const struct trace_info good = {
    .program = "ringside test",
    .host = "made up",
    .backend = "none",
    .guest = "guests/loop.elf",
    .guest_sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .command = "ringside run loop.elf",
    .clock = "steps",
    .irqchip = "user",
    .mem_len = 64 << 20,
    .start_unix_ns = 1764000000000000000,
    .names = {.devices = good_devices, .device_count = 3, .symbols = good_symbols, .symbol_count = 2},
    .ranges = good_ranges,
    .range_count = 2,
};

/* Kinds, devices, registers and vCPUs that nobody knows, numbers with the highest bit, times that saturate.
 */
static void put_hostile(struct trace_writer *w)
{
    struct event ev = {.size = 1, .count = 1, .flags = EVENT_ADDR | EVENT_VALUE};
    for (unsigned i = 0; i < 400; i++) {
        ev.seq = i;
        ev.time_ns = i * 1000ull * (i % 7 == 0 ? 3 : 1);
        ev.rip = i % 2 ? 0x7c00 + i % 9 : UINT64_MAX - i % 5;
        ev.kind = i % 11 == 10 ? (uint8_t)(200 + i % 40) : i % 5 == 4 ? EVENT_MMIO : EVENT_IO;
        ev.device = i % 3 == 2 ? 77 : 1;
        ev.reg = (uint8_t)(i % 4);
        ev.dir = (uint8_t)(1 + i % 2);
        ev.addr = i % 5 == 4 ? 0xfffffffffffff000 : 0x3f8;
        ev.value = 0x8000000000000000 + i;
        ev.guest_ns = i % 13 == 0 ? UINT32_MAX : 700;
        ev.host_ns = 400 + i;
        ev.vcpu = i % 17 == 3 ? 200 : (uint8_t)(i % 2);
        ev.mode_cpl = event_mode_cpl((enum cpu_mode)(i / 100), i % 4);
        trace_put(w, &ev);
        if (i % 50 == 0)
            trace_mark(w, &ev,
                       i % 100 ? "=cmd|' /C calc'!A0" : "<script>alert('mark')</script>, \"quoted\"\r\nline");
    }
}

/* Every tenth exit follows an interrupt and ends it; the first hundredth is real mode, then protected, then
 * long. */
static void put_loop(struct trace_writer *w, uint64_t n)
{
    uint64_t now_ns = 0;
    for (uint64_t i = 0; i < n; i++) {
        bool eoi = i % 10 == 9;
        struct event ev = {.seq = i + i / 10, .rip = 0x1000 + i % 16 * 8, .cs = 8, .size = 1, .count = 1};
        ev.mode_cpl = event_mode_cpl(i < n / 100 ? MODE_REAL : i < n / 10 ? MODE_PROTECTED : MODE_LONG, 0);
        if (eoi) {
            struct event irq = ev;
            irq.kind = EVENT_IRQ;
            irq.addr = 0x20;
            irq.flags = EVENT_ADDR | EVENT_VALUE;
            irq.value = 250; /* for how long the line was up */
            irq.time_ns = now_ns;
            trace_put(w, &irq);
            ev.seq++;
        }
        ev.kind = EVENT_IO;
        ev.device = eoi ? 2 : 1;
        ev.reg = eoi ? 0 : (uint8_t)(i % 2);
        ev.dir = eoi || i % 2 == 0 ? DIR_OUT : DIR_IN;
        ev.addr = eoi ? 0x20 : i % 2 ? 0x3f9 : 0x3f8;
        ev.value = eoi ? 0x20 : 'A' + i % 26;
        ev.flags = EVENT_ADDR | EVENT_VALUE;
        ev.guest_ns = 1000 + (uint32_t)(i % 7) * 100;
        ev.host_ns = 500 + (uint32_t)(i * 7919 % 1000);
        ev.time_ns = now_ns + ev.guest_ns;
        now_ns = ev.time_ns + ev.host_ns;
        trace_put(w, &ev);
        if (i % 100000 == 50)
            trace_mark(w, &ev, "fifty");
    }
}

static void put_steps(struct trace_writer *w, uint64_t n)
{
    struct event_regs regs = {0};
    for (uint64_t i = 0; i < n; i++) {
        struct event ev = {
            .seq = i, .time_ns = i * 1000, .rip = 0x1000 + i % 8, .cs = 8, .kind = EVENT_STEP, .size = 1};
        ev.mode_cpl = event_mode_cpl(MODE_LONG, 3);
        ev.addr = 0x90;
        ev.flags = EVENT_ADDR | EVENT_STEPPED;
        regs.r[EVENT_REG_RIP] = 0x1000 + (i + 1) % 8;
        regs.r[EVENT_REG_RAX] = i % 3 ? regs.r[EVENT_REG_RAX] : i;
        regs.r[EVENT_REG_CR3] = i + 4 < n ? 0x5000 : UINT64_MAX - i;
        trace_step(w, &ev, &regs);
    }
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (argc < 3)
        return 2;
    bool hostile = strcmp(argv[1], "hostile") == 0;
    struct trace_writer *w = trace_create(argv[2], hostile ? &bad : &good, &e);
    struct trace_end end = {.status = hostile ? "<status>" : "halted",
                            .reason = hostile ? "<script>alert('reason')</script>" : "the guest halted",
                            .elapsed_ns = 123456789,
                            .mode = MODE_LONG,
                            .rip = hostile ? UINT64_MAX : 0x1000,
                            .counters = hostile ? bad_counters : good_counters,
                            .counter_count = 1};
    if (w && hostile)
        put_hostile(w);
    else if (w && strcmp(argv[1], "steps") == 0)
        put_steps(w, argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
    else if (w && argc > 3)
        put_loop(w, strtoull(argv[3], NULL, 10));
    bool cut = strcmp(argv[1], "cut") == 0;
    if (w && trace_close(w, cut ? NULL : &end, &e) == 0)
        return 0;
    fprintf(stderr, "%s\n", cut ? "" : e.text);
    return cut && w ? 0 : 1;
}
