/*
 * What the tests of `trace graph` share: a guest that lives only as the events it would have caused, and
 * looking for words in the picture's DOT.
 */
#ifndef RINGSIDE_TESTS_GRAPH_GUEST_H
#define RINGSIDE_TESTS_GRAPH_GUEST_H

#include "trace_make.h"

/* ---- a guest, event by event --------------------------------------------------------------------- */

/* Where the guest is; the next event is made from it. */
struct guest {
    struct make_file file;
    struct trace_writer *writer;
    struct event now;
    bool stepped; /* accesses happen under single step */
};

static inline struct guest guest_start_with(const char *name, const struct event_symbol *symbols,
                                            size_t count)
{
    struct guest g = {.file = make_file()};
    struct trace_info info = make_info();
    struct err e = {0};
    info.guest = name;
    info.names.symbols = symbols;
    info.names.symbol_count = count;
    g.writer = trace_create(g.file.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g.writer);
    return g;
}

static inline struct guest guest_start_as(const char *name)
{
    return guest_start_with(name, NULL, 0);
}

static inline struct guest guest_start(void)
{
    return guest_start_as("guests/boot64.bin");
}

static inline void guest_put(struct guest *g, unsigned kind, uint64_t addr, unsigned detail)
{
    g->now.kind = (uint8_t)kind;
    g->now.addr = addr;
    g->now.detail = (uint16_t)detail;
    trace_put(g->writer, &g->now);
    g->now.seq++;
    g->now.time_ns += 1000;
    g->now.rip += 2;
}

static inline void guest_access(struct guest *g, unsigned kind, unsigned device, unsigned reg,
                                enum event_dir dir, uint64_t addr, uint64_t value)
{
    g->now.device = (uint8_t)device;
    g->now.reg = (uint8_t)reg;
    g->now.dir = (uint8_t)dir;
    g->now.value = value;
    g->now.size = 1;
    g->now.count = 1;
    g->now.host_ns = 640;
    g->now.flags = (uint8_t)(EVENT_ADDR | EVENT_VALUE | (device ? 0 : EVENT_UNCLAIMED) |
                             (g->stepped ? EVENT_STEPPED : 0));
    guest_put(g, kind, addr, 0);
    g->now.device = g->now.dir = g->now.flags = 0;
}

static inline void guest_mode(struct guest *g, enum cpu_mode mode, uint16_t cs, uint64_t rip)
{
    g->now.mode_cpl = event_mode_cpl(mode, 0);
    g->now.cs = cs;
    g->now.rip = rip;
}

/* A step of the instruction with these bytes, the first in the low byte. */
static inline void guest_step(struct guest *g, uint64_t rip, uint64_t code)
{
    struct event ev = {.seq = g->now.seq++,
                       .time_ns = g->now.time_ns += 1000,
                       .rip = rip,
                       .addr = code,
                       .cs = g->now.cs,
                       .kind = EVENT_STEP,
                       .reg = EVENT_NO_REG,
                       .count = 1,
                       .size = 8,
                       .vcpu = g->now.vcpu,
                       .mode_cpl = g->now.mode_cpl,
                       .flags = EVENT_ADDR | EVENT_STEPPED};
    trace_put(g->writer, &ev);
}

/* An interrupt that came at `rip`; `waited` ns after its line went up, 0: not known. */
static inline void guest_irq(struct guest *g, uint64_t rip, unsigned vector, unsigned line, uint64_t waited)
{
    struct event ev = {.seq = g->now.seq++,
                       .time_ns = g->now.time_ns += 1000,
                       .rip = rip,
                       .addr = vector,
                       .value = waited,
                       .cs = g->now.cs,
                       .detail = (uint16_t)line,
                       .kind = EVENT_IRQ,
                       .reg = EVENT_NO_REG,
                       .count = 1,
                       .vcpu = g->now.vcpu,
                       .mode_cpl = g->now.mode_cpl,
                       .flags = (uint8_t)(EVENT_ADDR | EVENT_STEPPED | (waited ? EVENT_VALUE : 0))};
    trace_put(g->writer, &ev);
}

/* An OUT to a port of device 3, or of nobody. */
static inline void guest_out(struct guest *g, uint64_t rip, unsigned device, unsigned port, unsigned value)
{
    g->now.rip = rip;
    guest_access(g, EVENT_IO, device, EVENT_NO_REG, DIR_OUT, port, value);
}

/* Polls LSR and writes THR for each character. */
static inline void guest_print(struct guest *g, const char *s)
{
    for (; *s; s++) {
        guest_access(g, EVENT_IO, 1, 2, DIR_IN, 0x3fd, 0x60);
        guest_access(g, EVENT_IO, 1, 1, DIR_OUT, 0x3f8, (uint8_t)*s);
    }
}

static inline void guest_post(struct guest *g, uint8_t code)
{
    guest_access(g, EVENT_IO, 3, EVENT_NO_REG, DIR_OUT, 0x80, code);
}

static inline void guest_end(struct guest *g)
{
    struct trace_end end = make_end();
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(trace_close(g->writer, &end, &e), 0);
}

static inline void guest_boot(struct guest *g)
{
    guest_mode(g, MODE_REAL, 0, 0x7c00);
    guest_post(g, 0x11);
    guest_print(g, "one\ntwo\n\nthree\nfour\nfive\n");
    guest_mode(g, MODE_PROTECTED, 8, 0x7e00);
    guest_post(g, 0x22);
    guest_mode(g, MODE_LONG, 0x18, 0x100000);
    guest_put(g, EVENT_IRQ, 0x20, 0);
    guest_put(g, EVENT_HLT, 0, 0);
}

/* ---- looking at pictures ------------------------------------------------------------------------- */

/* The picture in DOT, malloc'ed. */
static inline char *draw_chosen(const struct guest *g, const struct trace_filter *f, const char *kind,
                                const struct graph_choice *choice)
{
    struct err e = {0};
    struct trace_reader *r = make_reader(&g->file);
    FILE *out = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (trace_graph_with(r, f, (enum graph_kind)graph_kind_find(kind), choice, NULL, out, &e)) {
        fprintf(stderr, "trace_graph: %s\n", e.text);
        CU_FAIL("trace_graph");
    }
    trace_reader_close(r);
    long len = ftell(out);
    char *dot = calloc(1, (size_t)len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dot);
    rewind(out);
    CU_ASSERT_EQUAL(fread(dot, 1, (size_t)len, out), (size_t)len);
    fclose(out);
    return dot;
}

static inline char *draw_filtered(const struct guest *g, const struct trace_filter *f, const char *kind)
{
    return draw_chosen(g, f, kind, NULL);
}

static inline char *draw(const struct guest *g, const char *kind)
{
    return draw_filtered(g, NULL, kind);
}

static inline int draw_file(const struct guest *g, const char *kind, const char *path, struct err *e)
{
    struct trace_reader *r = make_reader(&g->file);
    int rc = trace_graph(r, NULL, (enum graph_kind)graph_kind_find(kind), path, NULL, e);
    trace_reader_close(r);
    return rc;
}

static inline bool has(const char *text, const char *part)
{
    bool found = strstr(text, part) != NULL;
    if (!found)
        fprintf(stderr, "    not there: %s\n", part);
    return found;
}

/* Where `part` begins, or -1. */
static inline long place(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    return found ? found - text : -1;
}

static inline size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static inline void done(struct guest *g, char *dot)
{
    free(dot);
    unlink(g->file.path);
}

#endif
