/*
 * One 8259A against its data sheet: initialization, priorities, every form of EOI, edges and levels, polling.
 */
#include "device_pic_bench.h"

#include <stdlib.h>

static void test_power_on(void)
{
    struct rig r;
    rig_init(&r, &pic_ops);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, DATA), 0xff);
    rig_write(&r, PORTS, DATA, 0x00);
    CU_ASSERT(rig_hit(&r, "OCW1"));
    request(&r, 0);
    CU_ASSERT_FALSE(pic_pending(r.device));
    CU_ASSERT(pic_masked(r.device, 0));
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT(rig_shows(&r, "waits for ICW1"));
    rig_fini(&r);
}

/* Data sheet, figure "Initialization Sequence": which bytes ICW1 makes the odd port expect. */
static void test_initialization_sequence(void)
{
    static const struct {
        uint8_t icw1;
        const char *follow[4];
    } table[] = {
        {0x10, {"ICW2", "ICW3", "OCW1"}}, {0x11, {"ICW2", "ICW3", "ICW4", "OCW1"}}, {0x12, {"ICW2", "OCW1"}},
        {0x13, {"ICW2", "ICW4", "OCW1"}}, {0x19, {"ICW2", "ICW3", "ICW4", "OCW1"}},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        rig_init(&r, &pic_ops);
        command(&r, table[i].icw1);
        CU_ASSERT(rig_hit(&r, "ICW1"));
        for (size_t k = 0; k < 4 && table[i].follow[k]; k++) {
            rig_write(&r, PORTS, DATA, 0x00);
            CU_ASSERT(rig_hit(&r, table[i].follow[k]));
        }
        rig_fini(&r);
    }
}

/* "The following occurs automatically when ICW1 is written". */
static void test_icw1_effects(void)
{
    struct rig r;
    set_up(&r);
    rig_write(&r, PORTS, DATA, 0x5a);
    command(&r, 0xc2); /* line 2 is the least urgent */
    command(&r, SMM_ON);
    request(&r, 0);
    ack(&r);
    request(&r, 3);
    CU_ASSERT_EQUAL(isr(&r), 0x01);
    command(&r, 0x13);
    CU_ASSERT_FALSE(r.irq);
    rig_write(&r, PORTS, DATA, 0x40);
    CU_ASSERT_FALSE(r.irq);
    rig_write(&r, PORTS, DATA, 0x01);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, DATA), 0x00);
    CU_ASSERT(rig_hit(&r, "IMR"));
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x00); /* edges are forgotten */
    CU_ASSERT(rig_hit(&r, "IRR"));
    CU_ASSERT_EQUAL(isr(&r), 0x00);
    request(&r, 0);
    request(&r, 3);
    CU_ASSERT_EQUAL(ack(&r), 0x40);
    /* Without IC4 all that ICW4 could say is off: here, automatic EOI. */
    start(&r, 0x13, 0x40, 0, 0x03);
    start(&r, 0x12, 0x40, 0, 0);
    request(&r, 3);
    ack(&r);
    CU_ASSERT_EQUAL(isr(&r), 0x08);
    rig_fini(&r);
}

/* ICW2's three low bits are not part of the vector. */
static void test_vectors(void)
{
    for (unsigned line = 0; line < 8; line++) {
        struct rig r;
        unsigned got = 99;
        rig_init(&r, &pic_ops);
        start(&r, 0x13, 0x77, 0, 0x01);
        request(&r, line);
        CU_ASSERT(r.irq && pic_pending(r.device));
        CU_ASSERT_EQUAL(pic_acknowledge(r.device, &got), 0x70 + line);
        CU_ASSERT_EQUAL(got, line);
        CU_ASSERT_FALSE(r.irq);
        CU_ASSERT_EQUAL(isr(&r), 1u << line);
        CU_ASSERT_EQUAL(irr(&r), 0);
        rig_fini(&r);
    }
}

/* Fully nested mode, for every pair: the more urgent interrupts the other, the same or a lesser one waits. */
static void test_fully_nested(void)
{
    for (unsigned served = 0; served < 8; served++) {
        for (unsigned asks = 0; asks < 8; asks++) {
            struct rig r;
            set_up(&r);
            request(&r, served);
            ack(&r);
            request(&r, asks);
            CU_ASSERT_EQUAL(r.irq, asks < served);
            CU_ASSERT_EQUAL(irr(&r), 1u << asks);
            command(&r, EOI);
            CU_ASSERT(r.irq);
            CU_ASSERT_EQUAL(ack(&r), 0x20 + asks);
            rig_fini(&r);
        }
    }
}

static void test_priority_of_requests(void)
{
    struct rig r;
    set_up(&r);
    static const unsigned order[] = {6, 1, 4, 7, 0};
    for (size_t i = 0; i < 5; i++)
        request(&r, order[i]);
    static const unsigned expect[] = {0, 1, 4, 6, 7};
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(ack(&r), 0x20 + expect[i]);
        command(&r, EOI);
    }
    CU_ASSERT_FALSE(r.irq);
    rig_fini(&r);
}

static void test_mask(void)
{
    struct rig r;
    set_up(&r);
    rig_write(&r, PORTS, DATA, 0xfe);
    request(&r, 5);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(irr(&r), 0x20);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, DATA), 0xfe);
    CU_ASSERT(pic_masked(r.device, 5));
    CU_ASSERT_FALSE(pic_masked(r.device, 0));
    rig_write(&r, PORTS, DATA, 0xde);
    CU_ASSERT(r.irq);
    rig_write(&r, PORTS, DATA, 0xfe);
    CU_ASSERT_FALSE(r.irq);
    rig_write(&r, PORTS, DATA, 0x00);
    CU_ASSERT_EQUAL(ack(&r), 0x25);
    rig_fini(&r);
}

/* Puts lines 6 and 4 into service, as in the data sheet's example of rotation. */
static void serve_6_and_4(struct rig *r)
{
    set_up(r);
    request(r, 6);
    ack(r);
    request(r, 4);
    ack(r);
    CU_ASSERT_EQUAL(isr(r), 0x50);
}

/* All eight forms of OCW2: what stays in service, and who is the least urgent afterwards. */
static void test_ocw2(void)
{
    static const struct {
        uint8_t ocw2, isr;
        unsigned lowest;
    } table[] = {
        {0x20, 0x40, 7},                  /* non-specific EOI: the most urgent, 4 */
        {0x66, 0x10, 7},                  /* specific EOI of 6 */
        {0xa0, 0x40, 4},                  /* rotate on non-specific EOI */
        {0xe6, 0x10, 6},                  /* rotate on specific EOI of 6 */
        {0xc2, 0x50, 2},                  /* set priority: 2 is the least urgent */
        {0x40, 0x50, 7},                  /* no operation */
        {0x80, 0x50, 7},                  /* rotation with automatic EOI, set and cleared */
        {0x00, 0x50, 7}, {0x61, 0x50, 7}, /* specific EOI of a line that is not in service */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        serve_6_and_4(&r);
        command(&r, table[i].ocw2);
        CU_ASSERT(rig_hit(&r, "OCW2"));
        CU_ASSERT_EQUAL(isr(&r), table[i].isr);
        command(&r, EOI);
        command(&r, EOI);
        CU_ASSERT_EQUAL(isr(&r), 0);
        for (unsigned line = 0; line < 8; line++)
            request(&r, line);
        for (unsigned k = 1; k <= 8; k++) {
            unsigned line = (table[i].lowest + k) % 8;
            CU_ASSERT_EQUAL(ack(&r), 0x20 + line);
            command(&r, (uint8_t)(EOI_AT | line));
        }
        rig_fini(&r);
    }
}

/* With nothing in service, no EOI rotates or ends anything. */
static void test_eoi_of_nothing(void)
{
    struct rig r;
    set_up(&r);
    command(&r, 0xa0);
    command(&r, EOI);
    request(&r, 7);
    request(&r, 0);
    CU_ASSERT_EQUAL(ack(&r), 0x20);
    rig_fini(&r);
}

static void test_automatic_eoi(void)
{
    struct rig r;
    rig_init(&r, &pic_ops);
    start(&r, 0x13, 0x20, 0, 0x03);
    request(&r, 4);
    request(&r, 2);
    CU_ASSERT_EQUAL(ack(&r), 0x22);
    CU_ASSERT_EQUAL(isr(&r), 0);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(ack(&r), 0x24);
    command(&r, 0x80); /* rotate from now on */
    request(&r, 4);
    CU_ASSERT_EQUAL(ack(&r), 0x24);
    request(&r, 4);
    request(&r, 5);
    CU_ASSERT_EQUAL(ack(&r), 0x25);
    command(&r, 0x00); /* and no longer: 5 stays the least urgent */
    request(&r, 6);
    CU_ASSERT_EQUAL(ack(&r), 0x26);
    request(&r, 6);
    CU_ASSERT_EQUAL(ack(&r), 0x26);
    rig_fini(&r);
}

/* An edge is one request however long the pin stays up. */
static void test_edge(void)
{
    struct rig r;
    set_up(&r);
    pic_input(r.device, 3, true);
    pic_input(r.device, 3, true);
    CU_ASSERT_EQUAL(ack(&r), 0x23);
    command(&r, EOI);
    CU_ASSERT_FALSE(r.irq);
    pic_input(r.device, 3, true);
    CU_ASSERT_FALSE(r.irq);
    pic_input(r.device, 3, false);
    pic_input(r.device, 3, true);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* "The IR inputs must remain high until after the falling edge of the first INTA." */
static void test_spurious(void)
{
    struct rig r;
    unsigned line = 0;
    set_up(&r);
    pic_input(r.device, 3, true);
    pic_input(r.device, 3, false);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(pic_acknowledge(r.device, &line), 0x27);
    CU_ASSERT_EQUAL(line, 7);
    CU_ASSERT_EQUAL(isr(&r), 0); /* how a handler tells it from a real IRQ 7 */
    request(&r, 7);
    CU_ASSERT_EQUAL(ack(&r), 0x27);
    CU_ASSERT_EQUAL(isr(&r), 0x80);
    rig_fini(&r);
}

static void level_repeats(struct rig *r)
{
    pic_input(r->device, 5, true);
    CU_ASSERT_EQUAL(ack(r), 0x25);
    CU_ASSERT_FALSE(r->irq);
    CU_ASSERT_EQUAL(irr(r), 0x20);
    command(r, EOI);
    CU_ASSERT(r->irq);
    CU_ASSERT_EQUAL(ack(r), 0x25);
    pic_input(r->device, 5, false);
    command(r, EOI);
    CU_ASSERT_FALSE(r->irq);
}

static void test_level(void)
{
    struct rig r;
    rig_init(&r, &pic_ops);
    start(&r, 0x1b, 0x20, 0, 0x01); /* LTIM: all lines */
    level_repeats(&r);
    rig_fini(&r);

    set_up(&r);
    rig_write(&r, ELCR, 0, 0x20); /* line 5 alone */
    CU_ASSERT(rig_hit(&r, "ELCR"));
    level_repeats(&r);
    pic_input(r.device, 6, true);
    CU_ASSERT_EQUAL(ack(&r), 0x26);
    command(&r, EOI);
    CU_ASSERT_FALSE(r.irq);
    rig_fini(&r);
}

static void test_status_reads(void)
{
    struct rig r;
    set_up(&r);
    request(&r, 1);
    ack(&r);
    request(&r, 6);
    command(&r, READ_ISR);
    CU_ASSERT(rig_hit(&r, "OCW3"));
    for (unsigned i = 0; i < 2; i++) { /* the choice lasts */
        CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x02);
        CU_ASSERT(rig_hit(&r, "ISR"));
    }
    command(&r, 0x08); /* neither RR nor anything else */
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x02);
    command(&r, READ_IRR);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x40);
    CU_ASSERT(rig_hit(&r, "IRR"));
    rig_fini(&r);
}

/* The read after a poll command is an INTA in itself, and only that one. */
static void test_poll(void)
{
    struct rig r;
    set_up(&r);
    command(&r, POLL);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x00);
    CU_ASSERT(rig_hit(&r, "POLL"));
    request(&r, 6);
    request(&r, 3);
    command(&r, POLL);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x83);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(isr(&r), 0x08);
    CU_ASSERT_EQUAL(irr(&r), 0x40);
    command(&r, EOI);
    command(&r, POLL | 2); /* P wins over RR */
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, DATA), 0x86);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, DATA), 0x00);
    CU_ASSERT(rig_hit(&r, "IMR"));
    command(&r, EOI);
    request(&r, 0);
    command(&r, POLL);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0x80);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"power-on answers nothing", test_power_on},
    {"initialization sequence", test_initialization_sequence},
    {"effects of ICW1", test_icw1_effects},
    {"vectors", test_vectors},
    {"fully nested mode", test_fully_nested},
    {"priority of requests", test_priority_of_requests},
    {"mask", test_mask},
    {"OCW2: EOI, rotation, priority", test_ocw2},
    {"EOI of nothing", test_eoi_of_nothing},
    {"automatic EOI", test_automatic_eoi},
    {"edge", test_edge},
    {"spurious interrupt", test_spurious},
    {"level", test_level},
    {"status reads", test_status_reads},
    {"poll", test_poll},
};

UNIT_MAIN("8259A", tests)
