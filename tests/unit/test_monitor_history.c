/*
 * Live statistics and the history: events and steps made up here, and what is said of them.
 */
#include "unit.h"

#include "monitor/counts.h"
#include "monitor/history.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct event_device devices[] = {{"none", "", NULL, 0}, {"uart", "a serial port", NULL, 0}};
static const struct event_names names = {.devices = devices, .device_count = 2};
static const struct disasm_style style = {.syntax = DISASM_INTEL};

static void test_counts(void)
{
    struct counts *c = calloc(1, sizeof *c);
    struct text out = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    counts_print(c, &names, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "no exits to user space yet\n");
    for (int i = 0; i < 3; i++)
        counts_put(c, &(struct event){.kind = EVENT_IO, .device = 1, .host_ns = 2000, .guest_ns = 500});
    counts_put(c, &(struct event){.kind = EVENT_HLT, .host_ns = 1000});
    counts_put(c, &(struct event){.kind = EVENT_IRQ, .device = 1});
    counts_put(c, &(struct event){.kind = 255, .device = 255});
    text_clear(&out);
    counts_print(c, &names, &out);
    const char *io = strstr(text_str(&out), "io "), *hlt = strstr(text_str(&out), "hlt ");
    CU_ASSERT_TRUE(io && hlt && io < hlt);
    CU_ASSERT_EQUAL(c->exits.count, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "75.0%"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "6.0 us"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "irq 1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "uart"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "(none)"));
    text_fini(&out);
    free(c);
}

struct rings {
    struct ring steps, events;
    uint64_t seq;
    struct text out;
};

static void rings_init(struct rings *r)
{
    struct err e;
    *r = (struct rings){.seq = 0};
    CU_ASSERT_EQUAL_FATAL(ring_init(&r->steps, sizeof(struct run_step_record), 16, &e), 0);
    CU_ASSERT_EQUAL_FATAL(ring_init(&r->events, sizeof(struct event), 4, &e), 0);
}

static void rings_fini(struct rings *r)
{
    ring_fini(&r->steps);
    ring_fini(&r->events);
    text_fini(&r->out);
}

/* A step of `mov al, N`, so that its order shows. */
static void put_step(struct rings *r, uint8_t n)
{
    struct run_step_record *s = ring_push(&r->steps);
    *s = (struct run_step_record){
        .rip = 0x7c00, .event_seq = r->seq, .bits = 16, .mode_cpl = MODE_REAL, .len = 2, .code = {0xb0, n}};
}

static void put_event(struct rings *r, uint8_t value)
{
    struct event *ev = ring_push(&r->events);
    *ev = (struct event){.seq = r->seq++,
                         .kind = EVENT_IO,
                         .addr = 0x80,
                         .value = value,
                         .dir = DIR_OUT,
                         .size = 1,
                         .count = 1,
                         .device = 1,
                         .reg = EVENT_NO_REG,
                         .flags = EVENT_VALUE | EVENT_ADDR};
}

/* The numbers in the order in which their lines stand, events as they are, steps too. */
static void order(struct rings *r, size_t n, char *found, size_t cap)
{
    text_clear(&r->out);
    history_print(&r->steps, &r->events, &names, &style, n, &r->out);
    *found = '\0';
    const char *line = text_str(&r->out), *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        char one[256];
        unsigned value = 0;
        snprintf(one, sizeof one, "%.*s", (int)(end - line), line);
        const char *mov = strstr(one, "mov al, 0x"), *out = strstr(one, "out 0x80 \xe2\x86\x90 ");
        CU_ASSERT_TRUE((mov != NULL) != (out != NULL));
        sscanf(mov ? mov + 10 : out ? out + 13 : "0", "%x", &value);
        size_t len = strlen(found);
        snprintf(found + len, cap - len, "%s%x ", out ? "=" : "", value);
    }
}

static void expect(struct rings *r, size_t n, const char *want)
{
    char found[256];
    order(r, n, found, sizeof found);
    if (strcmp(found, want) != 0)
        printf("\n  the last %zu: %s, expected %s\n", n, found, want);
    CU_ASSERT_STRING_EQUAL(found, want);
}

/* A step knows how many events came before it: an OUT's own event has the number that its step was given. */
static void test_order(void)
{
    struct rings r;
    rings_init(&r);
    expect(&r, 5, "");
    put_step(&r, 1);
    put_step(&r, 2);
    put_event(&r, 0x11);
    put_event(&r, 0x12);
    put_step(&r, 3);
    put_event(&r, 0x13);
    expect(&r, 100, "1 2 =11 =12 3 =13 ");
    expect(&r, 3, "=12 3 =13 ");
    expect(&r, 1, "=13 ");
    put_step(&r, 4);
    expect(&r, 2, "=13 4 ");
    rings_fini(&r);
}

/* Only the last four events are kept here: older steps stand alone. */
static void test_forgotten_events(void)
{
    struct rings r;
    rings_init(&r);
    for (uint8_t i = 1; i <= 6; i++) {
        put_step(&r, i);
        put_event(&r, (uint8_t)(0x10 + i));
    }
    expect(&r, 100, "1 2 3 =13 4 =14 5 =15 6 =16 ");
    rings_fini(&r);
}

static void test_only_events(void)
{
    struct rings r;
    rings_init(&r);
    put_event(&r, 0x11);
    put_event(&r, 0x12);
    expect(&r, 100, "=11 =12 ");
    rings_fini(&r);
}

static void test_bytes_that_could_not_be_read(void)
{
    struct rings r;
    rings_init(&r);
    struct run_step_record *s = ring_push(&r.steps);
    *s = (struct run_step_record){.rip = 0x1000, .bits = 64, .mode_cpl = MODE_LONG, .len = 0};
    history_print(&r.steps, &r.events, &names, &style, 5, &r.out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "could not be read"));
    rings_fini(&r);
}

static const struct unit_test tests[] = {
    {"counts", test_counts},
    {"the order of steps and events", test_order},
    {"events that were forgotten", test_forgotten_events},
    {"events without steps", test_only_events},
    {"bytes that could not be read", test_bytes_that_could_not_be_read},
};
UNIT_MAIN("monitor history and counts", tests)
