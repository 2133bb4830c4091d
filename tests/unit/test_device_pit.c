/*
 * The 8254 against its data sheet: the waveform figures of all six modes pulse by pulse, and the ways to read
 * and write a count.
 */
#include "device_pit_bench.h"

#include <stdlib.h>

/* A figure of the data sheet. `pulses` is a list of "[action]count OUT" for one clock pulse each, in order:
 * the action before the pulse (c = write this count, g0, g1 = gate, k = write the control word again, =
 * before a value: look without a further pulse), then the low byte of the count and OUT after it. */
struct figure {
    unsigned mode;
    const char *name, *pulses;
};

static const struct figure figures[] = {
    {0, "count 4", "c4 04L 03L 02L 01L 00H ffH feH"},
    {0, "gate", "c3 03L 02L g0 02L 02L g1 01L 00H ffH"},
    {0, "new count", "c3 03L 02L 01L c2 02L 01L 00H ffH"},
    {0, "new count takes OUT down", "c1 01L 00H c2 02L 01L 00H"},
    {0, "count written with the gate down", "g0 c2 02L 02L g1 01L 00H"},
    {1, "trigger", "g0 c3 g1 03L 02L 01L 00H ffH g0 feH g1 03L 02L"},
    {1, "retrigger", "g0 c3 g1 03L 02L g0 01L g1 03L 02L 01L 00H ffH"},
    {1, "OUT stays down when retriggered", "g0 c9 g1 09L 08L g0 g1 =08L 09L 08L"},
    {1, "a control word forgets the count", "g0 c3 k g1 00H 00H"},
    {1, "new count waits for the trigger", "g0 c2 g1 02L 01L c4 00H ffH feH g0 g1 04L 03L"},
    {2, "count 3", "c3 03H 02H 01L 03H 02H 01L 03H"},
    {2, "only the last count before the pulse counts", "c4 c6 06H 05H"},
    {2, "gate", "c3 03H 02H g0 02H g1 03H 02H 01L 03H"},
    {2, "gate takes OUT up", "c3 03H 02H 01L g0 01H g1 03H"},
    {2, "new count", "c4 04H 03H c5 02H 01L 05H 04H 03H 02H 01L 05H"},
    {2, "new count, then a trigger", "c4 04H 03H c5 02H g0 g1 05H 04H"},
    {2, "two new counts in a period", "c4 04H 03H c5 02H c3 01L 03H 02H 01L 03H"},
    {3, "count 4", "c4 04H 02H 04L 02L 04H 02H 04L 02L 04H"},
    {3, "count 5", "c5 04H 02H 00H 04L 02L 04H 02H 00H 04L 02L 04H"},
    {3, "gate", "c4 04H 02H 04L 02L 04H g0 04H 04H g1 04H 02H 04L 02L"},
    {3, "new count in the high half", "c4 04H c6 02H 06L 04L 02L 06H 04H 02H 06L"},
    {3, "new count in the low half", "c4 04H 02H 04L c6 02L 06H 04H 02H 06L 04L 02L 06H"},
    {3, "new odd count in the high half", "c4 04H c5 02H 04L 02L 04H 02H 00H 04L"},
    {4, "count 3", "c3 03H 02H 01H 00L ffH feH fdH"},
    {4, "gate", "g0 c3 03H 03H g1 02H 01H g0 01H g1 00L ffH"},
    {4, "new count during the strobe", "c1 01H 00L c5 =00L 05H 04H"},
    {4, "the old count until the pulse", "c9 09H 08H c3 =08H 03H"},
    {4, "new count", "c3 03H 02H 01H c2 02H 01H 00L ffH"},
    {5, "trigger", "g0 c3 g1 03H 02H 01H 00L ffH g0 g1 03H"},
    {5, "retrigger", "g0 c3 g1 03H 02H g0 g1 03H 02H 01H 00L ffH feH"},
    {5, "new count waits for the trigger", "g0 c3 g1 03H 02H c5 01H 00L ffH feH g0 g1 05H 04H"},
};

static void play_figure(const struct figure *f)
{
    struct rig r;
    uint64_t pulse = 1000;
    rig_init(&r, &pit_ops);
    go_to(&r, pulse);
    rig_write(&r, PORTB, 0, 0x01);
    rig_write(&r, PORTS, CW, (uint8_t)(0x90 | f->mode << 1)); /* counter 2, low byte only */
    for (const char *p = f->pulses; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
        if (*p == 'g') {
            rig_write(&r, PORTB, 0, p[1] == '1');
            continue;
        }
        if (*p == 'c') {
            rig_write(&r, PORTS, COUNT2, (uint8_t)(p[1] - '0'));
            continue;
        }
        if (*p == 'k') {
            rig_write(&r, PORTS, CW, (uint8_t)(0x90 | f->mode << 1));
            continue;
        }
        if (*p == '=')
            p++;
        else
            go_to(&r, ++pulse);
        uint8_t count = rig_read(&r, PORTS, COUNT2);
        bool out = rig_read(&r, PORTB, 0) & 0x20;
        bool good = count == (uint8_t)strtoul(p, NULL, 16) && out == (p[2] == 'H');
        CU_ASSERT(good);
        if (!good)
            printf("mode %u, %s: pulse %d gives %02x%c\n", f->mode, f->name, (int)(pulse - 1000), count,
                   out ? 'H' : 'L');
    }
    rig_fini(&r);
}

static void test_figures(void)
{
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        play_figure(&figures[i]);
}

/* Before the pulse that loads it, a count is not there yet: NULL COUNT, and the old count is read. */
static void test_load_at_next_pulse(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    go_to(&r, 10);
    set_count(&r, 0, 2, 1000);
    CU_ASSERT_EQUAL(status(&r, 0), 0x80 | 0x40 | 0x34);
    go_to(&r, 11);
    CU_ASSERT_EQUAL(status(&r, 0), 0x80 | 0x34);
    CU_ASSERT_EQUAL(live_count(&r, 0), 1000);
    go_to(&r, 12);
    CU_ASSERT_EQUAL(live_count(&r, 0), 999);
    rig_write(&r, PORTS, COUNT0, 0xf4); /* 500 */
    rig_write(&r, PORTS, COUNT0, 0x01);
    go_to(&r, 13);
    CU_ASSERT_EQUAL(status(&r, 0) & 0x40, 0x40); /* until the period ends */
    go_to(&r, 11 + 1000);
    CU_ASSERT_EQUAL(status(&r, 0) & 0x40, 0);
    rig_fini(&r);
}

/* In mode 0 the first of two bytes stops the count and takes OUT down; the second starts the new one. */
static void test_mode0_two_bytes(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    rig_write(&r, PORTB, 0, 1);
    set_count(&r, 2, 0, 300);
    go_to(&r, 11);
    CU_ASSERT_EQUAL(live_count(&r, 2), 290);
    rig_write(&r, PORTS, COUNT2, 5);
    go_to(&r, 500);
    CU_ASSERT_EQUAL(live_count(&r, 2), 290);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0);
    rig_write(&r, PORTS, COUNT2, 0);
    go_to(&r, 505);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0);
    go_to(&r, 506);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0x20);
    rig_write(&r, PORTS, COUNT2, 5);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0);
    rig_fini(&r);
}

/* Table "Minimum and Maximum Initial Counts": 0 is 65536, or 10000 in BCD. */
static void test_count_zero(void)
{
    for (unsigned bcd = 0; bcd < 2; bcd++) {
        uint64_t count = bcd ? 10000 : 65536;
        struct rig r;
        rig_init(&r, &pit_ops);
        rig_write(&r, PORTS, CW, (uint8_t)(0x34 | bcd));
        rig_write(&r, PORTS, COUNT0, 0);
        rig_write(&r, PORTS, COUNT0, 0);
        go_to(&r, 1);
        CU_ASSERT_EQUAL(live_count(&r, 0), 0);
        go_to(&r, 2);
        CU_ASSERT_EQUAL(live_count(&r, 0), bcd ? 0x9999 : 0xffff);
        rig_write(&r, PORTS, COUNT0, 0); /* the same again is what comes next */
        rig_write(&r, PORTS, COUNT0, 0);
        struct rig_view v = rig_view(&r);
        CU_ASSERT(rig_restore(&r, v.saved.buf, v.saved.len) == 0);
        rig_view_fini(&v);
        go_to(&r, count);
        CU_ASSERT_EQUAL(r.irq_rises, 0);
        go_to(&r, count + 1);
        CU_ASSERT_EQUAL(r.irq_rises, 1);
        rig_fini(&r);
    }
}

static void test_bcd(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    rig_write(&r, PORTB, 0, 1);
    rig_write(&r, PORTS, CW, 0xb1); /* counter 2, mode 0, BCD */
    rig_write(&r, PORTS, COUNT2, 0x00);
    rig_write(&r, PORTS, COUNT2, 0x12);
    static const struct {
        uint64_t pulse;
        unsigned count;
    } table[] = {{1, 0x1200},   {2, 0x1199}, {102, 0x1099}, {201, 0x1000},
                 {202, 0x0999}, {1201, 0},   {1202, 0x9999}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        go_to(&r, table[i].pulse);
        CU_ASSERT_EQUAL(live_count(&r, 2), table[i].count);
    }
    rig_fini(&r);
}

/* Low byte only, high byte only: the other byte is 0. */
static void test_one_byte_counts(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    rig_write(&r, PORTS, CW, 0x14);
    rig_write(&r, PORTS, COUNT0, 0x80);
    go_to(&r, 1);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x80);
    go_to(&r, 1 + 0x80);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    rig_write(&r, PORTS, CW, 0x24);
    rig_write(&r, PORTS, COUNT0, 0x01);
    go_to(&r, 0x82);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x01);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x01);
    go_to(&r, 0x83);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x00);
    rig_fini(&r);
}

/* "A program can latch a count, and read it later": it stays until read, and a second latch command is
 * ignored. */
static void test_latch(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 0x4321);
    go_to(&r, 1 + 0x21);
    rig_write(&r, PORTS, CW, 0x00);
    CU_ASSERT(rig_hit(&r, "LATCH"));
    go_to(&r, 1 + 0x121);
    rig_write(&r, PORTS, CW, 0x00);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x4300);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x4200);
    rig_write(&r, PORTS, CW, 0x14); /* low byte only: one byte to read, and then the count lives again */
    rig_write(&r, PORTS, COUNT0, 0x99);
    go_to(&r, 1 + 0x122);
    rig_write(&r, PORTS, CW, 0x00);
    go_to(&r, 1 + 0x132);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x99);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x89);
    rig_fini(&r);
}

/* A control word takes away latches and transfers that are half done. */
static void test_control_word_starts_over(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 0x4321);
    go_to(&r, 2);
    rig_read(&r, PORTS, COUNT0);
    rig_write(&r, PORTS, COUNT0, 0x77);
    rig_write(&r, PORTS, CW, 0xc2);
    go_to(&r, 1 + 0x100);
    rig_write(&r, PORTS, CW, 0x34);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x4221);
    go_to(&r, 1 + 0x200);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x4221); /* and stands until a count is written */
    rig_write(&r, PORTS, COUNT0, 0x02);
    rig_write(&r, PORTS, COUNT0, 0x01);
    go_to(&r, 2 + 0x200);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x0102);
    rig_fini(&r);
}

/* Reads and writes of two bytes can be interleaved: each direction has its own order. */
static void test_interleaved(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 0x1234);
    go_to(&r, 1);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x34);
    CU_ASSERT(rig_hit(&r, "COUNT0"));
    rig_write(&r, PORTS, COUNT0, 0x78);
    CU_ASSERT(rig_hit(&r, "COUNT0"));
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x12);
    rig_write(&r, PORTS, COUNT0, 0x56);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x34);
    go_to(&r, 1 + 0x1234);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, COUNT0), 0x56);
    rig_fini(&r);
}

/* Table "Read-Back Command Example". */
static void test_read_back_example(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 0x2000);
    set_count(&r, 1, 3, 0x3000);
    set_count(&r, 2, 0, 0x4000);
    go_to(&r, 1);
    rig_write(&r, PORTS, CW, 0xc2); /* count and status of counter 0 */
    CU_ASSERT(rig_hit(&r, "READBACK"));
    rig_write(&r, PORTS, CW, 0xe4); /* status of counter 1 */
    rig_write(&r, PORTS, CW, 0xec); /* status of 2 and 1: 1's is ignored */
    rig_write(&r, PORTS, CW, 0xd8); /* count of 2 */
    rig_write(&r, PORTS, CW, 0xc4); /* count and status of 1: status ignored */
    rig_write(&r, PORTS, CW, 0xe2); /* status of 0: ignored */
    go_to(&r, 2);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, 0), 0xb4); /* the status comes first */
    CU_ASSERT(rig_hit(&r, "STATUS"));
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x2000);
    CU_ASSERT_EQUAL(live_count(&r, 0), 0x1fff);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, 1), 0xb6);
    CU_ASSERT_EQUAL(live_count(&r, 1), 0x3000);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, 2), 0x30);
    CU_ASSERT_EQUAL(live_count(&r, 2), 0x4000);
    rig_fini(&r);
}

/* The status gives the mode bits as they were written, also when 6 and 7 were written for 2 and 3. */
static void test_status_as_programmed(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    for (unsigned bits = 0; bits < 16; bits++) {
        for (unsigned rw = 1; rw < 4; rw++) {
            rig_write(&r, PORTS, CW, (uint8_t)(0x80 | rw << 4 | bits));
            CU_ASSERT_EQUAL(status(&r, 2) & 0x3f, rw << 4 | bits);
            CU_ASSERT_EQUAL(status(&r, 2) >> 7, bits >> 1 != 0);
        }
    }
    rig_write(&r, PORTS, CW, 0x3d); /* mode 6: a rate generator */
    CU_ASSERT(rig_shows(&r, "mode 2, rate generator"));
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CW), 0xff);
    rig_fini(&r);
}

static void test_port_b(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 2, 3, 100);
    go_to(&r, 80);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x2f, 0x20); /* gate down: OUT stays up */
    CU_ASSERT(rig_hit(&r, "PORTB"));
    rig_write(&r, PORTB, 0, 0xff);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0xcf, 0x0f);
    go_to(&r, 81 + 49);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0x20);
    go_to(&r, 81 + 50);
    CU_ASSERT_EQUAL(rig_read(&r, PORTB, 0) & 0x20, 0);
    CU_ASSERT_EQUAL(r.irq_rises, 0); /* counter 2 has no interrupt */
    CU_ASSERT(rig_shows(&r, "gate 2 on, speaker on"));
    rig_fini(&r);
}

/* Software times itself by bit 4: it changes every 15.085 us. */
static void test_refresh_toggle(void)
{
    struct rig r;
    unsigned changes = 0;
    bool last = false;
    rig_init(&r, &pit_ops);
    for (unsigned us = 0; us < 15085; us++) {
        r.now_ns = us * 1000;
        bool now = rig_read(&r, PORTB, 0) & 0x10;
        changes += now != last;
        last = now;
    }
    CU_ASSERT(changes == 999 || changes == 1000);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"waveform figures of all modes", test_figures},
    {"a count is loaded at the next pulse", test_load_at_next_pulse},
    {"mode 0, two bytes", test_mode0_two_bytes},
    {"count 0", test_count_zero},
    {"BCD", test_bcd},
    {"one-byte counts", test_one_byte_counts},
    {"latch", test_latch},
    {"a control word starts over", test_control_word_starts_over},
    {"interleaved read and write", test_interleaved},
    {"read-back example", test_read_back_example},
    {"status as programmed", test_status_as_programmed},
    {"port 0x61", test_port_b},
    {"refresh toggle", test_refresh_toggle},
};

UNIT_MAIN("8254", tests)
