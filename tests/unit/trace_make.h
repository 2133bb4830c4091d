/*
 * What the tests of the trace floor share: a temporary file, a small machine, random events from a fixed
 * seed, and a way to write and read a whole trace.
 */
#ifndef RINGSIDE_TESTS_TRACE_MAKE_H
#define RINGSIDE_TESTS_TRACE_MAKE_H

#include "traces/commands.h"
#include "traces/trace.h"
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the machine
 * ------------------------------------------------------------------------------------------- */

static const char *const make_uart_regs[] = {"RBR", "THR", "LSR"};
static const char *const make_vga_regs[] = {"CELL"};
static const struct event_device make_devices[] = {
    {"none", "no device", NULL, 0},
    {"uart", "16550A serial port", make_uart_regs, 3},
    {"vga", "VGA text memory", make_vga_regs, 1},
    {"post", "POST port", NULL, 0},
};
static const struct trace_range make_ranges[] = {
    {false, 1, 0x3f8, 8},
    {true, 2, 0xb8000, 0x8000},
    {false, 3, 0x80, 1},
};
static const struct trace_counter make_counters[] = {{"exits", 123456789012345}, {"tlb_flush", 0}};

static inline struct trace_info make_info(void)
{
    return (struct trace_info){
        .program = "ringside 0.1.0",
        .host = "Linux 6.1.0 x86_64, Überrechner",
        .backend = "software",
        .guest = "boot64",
        .guest_sha256 = "",
        .command = "ringside run --trace t.rst \"boot64\"",
        .clock = "steps",
        .irqchip = "user",
        .mem_len = 64ull << 20,
        .start_unix_ns = 1764000000123456789,
        .names = {.devices = make_devices, .device_count = 4},
        .ranges = make_ranges,
        .range_count = 3,
    };
}

static inline struct trace_end make_end(void)
{
    return (struct trace_end){
        .status = "halted",
        .reason = "the guest halted with interrupts off",
        .exit_code = 0,
        .elapsed_ns = 123456789,
        .steps = 42,
        .mode = MODE_LONG,
        .rip = 0xffffffff81000000,
        .counters = make_counters,
        .counter_count = 2,
    };
}

/* ---- files
 * ------------------------------------------------------------------------------------------------- */

struct make_file {
    char path[64];
};

static inline struct make_file make_file(void)
{
    struct make_file f = {"/tmp/ringside-test-XXXXXX"};
    int fd = mkstemp(f.path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    return f;
}

/* Gives the path a new file with these bytes. (Truncating the old one would have some file systems write to
 * disk at once, which thousands of files cannot afford.) */
static inline void make_file_fill(const struct make_file *f, const uint8_t *p, size_t n)
{
    unlink(f->path);
    FILE *out = fopen(f->path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(p, 1, n, out), n);
    CU_ASSERT_EQUAL(fclose(out), 0);
}

/* The whole file, malloc'ed. */
static inline uint8_t *make_file_read(const struct make_file *f, size_t *n)
{
    FILE *in = fopen(f->path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_EQUAL(fseek(in, 0, SEEK_END), 0);
    long len = ftell(in);
    CU_ASSERT_FATAL(len >= 0);
    rewind(in);
    uint8_t *p = malloc((size_t)len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(fread(p, 1, (size_t)len, in), (size_t)len);
    fclose(in);
    *n = (size_t)len;
    return p;
}

/* ---- events
 * ------------------------------------------------------------------------------------------------ */

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t make_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545f4914f6cdd1d;
}

/* A number of any magnitude up to 64 bits; small ones and the largest are frequent. */
static inline uint64_t make_wide(uint64_t *seed)
{
    uint64_t v = make_random(seed);
    unsigned bits = (unsigned)(make_random(seed) % 65);
    return bits == 0 ? 0 : bits == 64 && v % 4 == 0 ? UINT64_MAX : v >> (64 - bits);
}

/* Any event at all, marks excepted: every member random, or as in `before`. */
static inline struct event make_any_event(uint64_t *seed, const struct event *before)
{
    struct event ev = *before;
    uint64_t change = make_random(seed) & make_random(seed);
    ev.seq = change & 1 ? make_wide(seed) : before->seq + 1;
    ev.time_ns = change & 2 ? make_wide(seed) : before->time_ns + make_random(seed) % 50000;
    ev.rip = change & 4 ? make_wide(seed) : before->rip + make_random(seed) % 16;
    ev.addr = change & 8 ? make_wide(seed) : before->addr;
    ev.value = change & 16 ? make_wide(seed) : before->value;
    ev.guest_ns = (uint32_t)(change & 32 ? make_wide(seed) : 10000 + make_random(seed) % 5000);
    ev.host_ns = (uint32_t)(change & 64 ? make_wide(seed) : 1000 + make_random(seed) % 500);
    ev.count = change & 128 ? (uint32_t)make_wide(seed) : before->count;
    ev.cs = change & 256 ? (uint16_t)make_wide(seed) : before->cs;
    ev.detail = change & 512 ? (uint16_t)make_wide(seed) : before->detail;
    uint8_t *const bytes[] = {&ev.kind, &ev.device, &ev.reg,   &ev.vcpu,
                              &ev.dir,  &ev.size,   &ev.flags, &ev.mode_cpl};
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        if (change & 1024u << i)
            *bytes[i] = (uint8_t)make_random(seed);
    if (ev.kind == EVENT_MARK)
        ev.kind = EVENT_IO;
    return ev;
}

/* What a guest that prints on its serial port does: poll LSR, write THR. */
static inline struct event make_console_event(uint64_t i, uint64_t *now_ns)
{
    bool out = i % 2;
    struct event ev = {
        .seq = i,
        .rip = out ? 0x7c15 : 0x7c10,
        .addr = out ? 0x3f8 : 0x3fd,
        .value = out ? (uint64_t) "Hello, ring!\n"[i / 2 % 13] : 0x60,
        .guest_ns = (uint32_t)(12000 + i * 7919 % 3000),
        .host_ns = (uint32_t)(900 + i * 104729 % 700),
        .count = 1,
        .kind = EVENT_IO,
        .device = 1,
        .reg = out ? 1 : 2,
        .dir = out ? DIR_OUT : DIR_IN,
        .size = 1,
        .flags = EVENT_VALUE | EVENT_ADDR,
        .mode_cpl = event_mode_cpl(MODE_REAL, 0),
    };
    *now_ns += ev.guest_ns;
    ev.time_ns = *now_ns;
    *now_ns += ev.host_ns;
    return ev;
}

/* ---- whole traces
 * ------------------------------------------------------------------------------------------ */

static inline struct trace_writer *make_writer(const struct make_file *f)
{
    struct err e = {0};
    const struct trace_info info = make_info();
    struct trace_writer *w = trace_create(f->path, &info, &e);
    if (!w)
        fprintf(stderr, "trace_create: %s\n", e.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    return w;
}

static inline void make_close(struct trace_writer *w)
{
    struct err e = {0};
    const struct trace_end end = make_end();
    CU_ASSERT_EQUAL(trace_close(w, &end, &e), 0);
}

static inline struct trace_reader *make_reader(const struct make_file *f)
{
    struct err e = {0};
    struct trace_reader *r = trace_open(f->path, &e);
    if (!r)
        fprintf(stderr, "trace_open: %s\n", e.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return r;
}

#endif
