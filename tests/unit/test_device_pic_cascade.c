/*
 * Two 8259A as a PC has them, the slave's INT on the master's line 2; the modes for many interrupts at
 * once; and the saved state.
 */
#include "device_pic_bench.h"

#include <stdlib.h>

static void test_elcr_fixed_bits(void)
{
    struct rig master, slave;
    rig_init(&master, &pic_ops);
    rig_init(&slave, &pic_ops);
    pic_cascade(master.device, 2, slave.device);
    rig_write(&master, ELCR, 0, 0xff);
    rig_write(&slave, ELCR, 0, 0xff);
    CU_ASSERT_EQUAL(rig_read(&master, ELCR, 0), 0xf8);
    CU_ASSERT(rig_hit(&master, "ELCR"));
    CU_ASSERT_EQUAL(rig_read(&slave, ELCR, 0), 0xde);
    rig_fini(&slave);
    rig_fini(&master);
}

/* In special mask mode a handler that masks its own line lets everybody else in, the less urgent too. */
static void test_special_mask(void)
{
    struct rig r;
    set_up(&r);
    request(&r, 2);
    ack(&r);
    request(&r, 5);
    CU_ASSERT_FALSE(r.irq);
    rig_write(&r, PORTS, DATA, 0x04);
    CU_ASSERT_FALSE(r.irq);
    command(&r, SMM_ON);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(ack(&r), 0x25);
    command(&r, EOI); /* passes over the masked line 2 */
    CU_ASSERT_EQUAL(isr(&r), 0x04);
    command(&r, EOI);
    CU_ASSERT_EQUAL(isr(&r), 0x04);
    request(&r, 6);
    CU_ASSERT(r.irq);
    command(&r, 0x28); /* SMM without ESMM: no effect */
    CU_ASSERT(r.irq);
    command(&r, SMM_OFF);
    CU_ASSERT_FALSE(r.irq);
    command(&r, EOI);
    CU_ASSERT_EQUAL(isr(&r), 0);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* The two chips of a PC: slave INT on the master's line 2. */
struct board {
    struct rig master, slave;
};

static void board_cascade(void *ctx, unsigned line, bool level)
{
    struct board *b = ctx;
    rig_irq(&b->slave, line, level);
    pic_input(b->master.device, line, level);
}

static void board_init(struct board *b, uint8_t master_icw4, uint8_t slave_icw4)
{
    rig_init(&b->master, &pic_ops);
    rig_init(&b->slave, &pic_ops);
    b->slave.device->wires.irq = (struct irq_line){board_cascade, b, 2};
    pic_cascade(b->master.device, 2, b->slave.device);
    start(&b->master, 0x11, 0x20, 0x04, master_icw4);
    start(&b->slave, 0x11, 0x28, 0x02, slave_icw4);
}

static void board_fini(struct board *b)
{
    rig_fini(&b->slave);
    rig_fini(&b->master);
}

static void test_cascade(void)
{
    struct board b;
    board_init(&b, 0x01, 0x01);
    for (unsigned line = 8; line < 16; line++) {
        unsigned got = 0;
        request(&b.slave, line - 8);
        CU_ASSERT(b.master.irq);
        CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &got), 0x20 + line);
        CU_ASSERT_EQUAL(got, line);
        CU_ASSERT_EQUAL(isr(&b.master), 0x04);
        CU_ASSERT_EQUAL(isr(&b.slave), 1u << (line - 8));
        CU_ASSERT_FALSE(b.master.irq);
        command(&b.slave, EOI);
        command(&b.master, EOI);
    }
    /* The slave's lines come between the master's 1 and 3. */
    request(&b.master, 3);
    request(&b.slave, 7);
    request(&b.master, 1);
    static const unsigned expect[] = {0x21, 0x2f, 0x23};
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ack(&b.master), expect[i]);
        command(&b.slave, EOI);
        command(&b.master, EOI);
    }
    CU_ASSERT_FALSE(b.master.irq);
    board_fini(&b);
}

/* A slave with two requests asks its master twice, with an edge each time. */
static void test_cascade_two_requests(void)
{
    struct board b;
    board_init(&b, 0x01, 0x01);
    request(&b.slave, 6);
    request(&b.slave, 0);
    CU_ASSERT_EQUAL(ack(&b.master), 0x28);
    CU_ASSERT_FALSE(b.master.irq);
    command(&b.slave, EOI);
    CU_ASSERT_FALSE(b.master.irq); /* the master's line 2 is still in service */
    command(&b.master, EOI);
    CU_ASSERT_EQUAL(ack(&b.master), 0x2e);
    board_fini(&b);

    board_init(&b, 0x03, 0x03); /* automatic EOI in both */
    request(&b.slave, 6);
    request(&b.slave, 0);
    CU_ASSERT_EQUAL(ack(&b.master), 0x28);
    CU_ASSERT_EQUAL(ack(&b.master), 0x2e);
    CU_ASSERT_FALSE(b.master.irq);
    board_fini(&b);
}

/* A master that was told of the slave's request and finds it gone: IRQ 15, with an EOI due to the master
 * only. */
static void test_cascade_spurious(void)
{
    struct board b;
    unsigned line = 0;
    board_init(&b, 0x01, 0x01);
    pic_input(b.master.device, 2, true); /* by hand: the slave has nothing */
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0x2f);
    CU_ASSERT_EQUAL(line, 15);
    CU_ASSERT_EQUAL(isr(&b.slave), 0);
    CU_ASSERT_EQUAL(isr(&b.master), 0x04);
    command(&b.master, EOI);
    /* A request that falls takes the master's with it. */
    pic_input(b.master.device, 2, false);
    request(&b.slave, 3);
    pic_input(b.slave.device, 3, false);
    CU_ASSERT_FALSE(b.master.irq);
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0x27);
    CU_ASSERT_EQUAL(line, 7);
    board_fini(&b);
}

/* ICW3 wrong on either side. */
static void test_cascade_icw3(void)
{
    struct board b;
    unsigned line = 0;
    board_init(&b, 0x01, 0x01);
    start(&b.slave, 0x11, 0x28, 0x03, 0x01); /* answers to 3, is asked as 2 */
    request(&b.slave, 0);
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0xff);
    CU_ASSERT_EQUAL(line, 2);
    board_fini(&b);

    board_init(&b, 0x01, 0x01);
    start(&b.master, 0x11, 0x20, 0x00, 0x01); /* knows of no slave */
    request(&b.slave, 0);
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0x22);
    CU_ASSERT_EQUAL(line, 2);
    board_fini(&b);

    board_init(&b, 0x01, 0x01);
    start(&b.master, 0x11, 0x20, 0x08, 0x01); /* expects one where none is */
    request(&b.master, 3);
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0xff);
    CU_ASSERT_EQUAL(line, 3);
    board_fini(&b);

    board_init(&b, 0x01, 0x01);
    start(&b.slave, 0x11, 0x28, 0xfa, 0x01); /* only three bits are a number: 2 */
    request(&b.slave, 0);
    CU_ASSERT_EQUAL(pic_acknowledge(b.master.device, &line), 0x28);
    struct rig_view v = rig_view(&b.slave);
    CU_ASSERT(rig_restore(&b.slave, v.saved.buf, v.saved.len) == 0);
    rig_view_fini(&v);
    board_fini(&b);
}

/* "Special fully nested": a more urgent line of the slave interrupts a less urgent one of the same slave. */
static void test_special_fully_nested(void)
{
    for (unsigned sfnm = 0; sfnm < 2; sfnm++) {
        struct board b;
        board_init(&b, sfnm ? 0x11 : 0x01, 0x01);
        request(&b.slave, 4);
        CU_ASSERT_EQUAL(ack(&b.master), 0x2c);
        request(&b.slave, 1);
        CU_ASSERT_EQUAL(b.master.irq, sfnm == 1);
        request(&b.master, 3); /* less urgent than the cascade: waits either way */
        if (sfnm)
            CU_ASSERT_EQUAL(ack(&b.master), 0x29);
        CU_ASSERT_FALSE(b.master.irq);
        request(&b.master, 0);
        CU_ASSERT_EQUAL(ack(&b.master), 0x20);
        board_fini(&b);
    }
}

static void damage(struct rig *r)
{
    start(r, 0x19, 0x40, 0x80, 0x13);
    rig_write(r, PORTS, DATA, 0x0f);
    pic_input(r->device, 0, true);
    pic_input(r->device, 7, false);
    command(r, POLL);
}

static void test_state(void)
{
    struct rig r;
    set_up(&r);
    rig_write(&r, ELCR, 0, 0xa0);
    rig_write(&r, PORTS, DATA, 0x40);
    command(&r, 0xc4);
    command(&r, 0x80);
    command(&r, SMM_ON);
    command(&r, READ_ISR);
    request(&r, 3);
    ack(&r);
    request(&r, 1);
    request(&r, 7);
    rig_round_trip(&r, damage);
    CU_ASSERT_EQUAL(ack(&r), 0x27);
    rig_corrupt(&r);
    rig_fini(&r);
}

/* Values that no 8259A can hold, by their place in the saved state. */
static void test_impossible_state(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {
        {2 + 1, 0x10}, /* an edge on a pin that is down */
        {2 + 4, 0x04}, /* the cascade level-triggered */
        {2 + 5, 0x33}, /* ICW1 with a bit of its address part */
        {2 + 6, 0x21}, /* a vector base that is not a multiple of 8 */
        {2 + 8, 0x20}, /* ICW4 with a bit that does not exist */
        {2 + 9, 5},    /* waiting for ICW5 */
        {2 + 10, 8},   /* line 8 */
        {2 + 12, 2},   /* neither true nor false */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r);
        struct rig_view good = rig_view(&r);
        CU_ASSERT(rig_restore(&r, good.saved.buf, good.saved.len) == 0);
        good.saved.buf[table[i].at] = (char)table[i].value;
        struct rig_view now = rig_view(&r);
        CU_ASSERT(rig_restore(&r, good.saved.buf, good.saved.len) == -1);
        CU_ASSERT(rig_looks(&r, &now));
        rig_view_fini(&now);
        rig_view_fini(&good);
        rig_fini(&r);
    }
}

/* A reset forgets all but the levels on the pins, which are not the chip's. */
static void test_reset(void)
{
    struct rig r;
    set_up(&r);
    rig_write(&r, ELCR, 0, 0x20);
    pic_input(r.device, 5, true);
    pic_input(r.device, 2, true);
    CU_ASSERT_EQUAL(ack(&r), 0x22);
    pic_input(r.device, 0, true);
    CU_ASSERT(r.irq);
    command(&r, READ_ISR);
    r.device->ops->reset(r.device);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(rig_read(&r, PORTS, CMD), 0);
    CU_ASSERT(rig_hit(&r, "IRR"));
    CU_ASSERT(rig_shows(&r, "in service: none"));
    CU_ASSERT(rig_shows(&r, "vectors 0x00 to 0x07"));
    CU_ASSERT_EQUAL(rig_read(&r, ELCR, 0), 0);
    CU_ASSERT(rig_shows(&r, "input pins up: 0 2 5"));
    start(&r, 0x13, 0x20, 0, 0x01);
    CU_ASSERT_FALSE(r.irq);
    request(&r, 5);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* Whatever is done to two chips, INT says what pic_pending says, and the saved state is one that can be
 * restored. */
static void test_anything(void)
{
    struct board b;
    board_init(&b, 0x01, 0x01);
    uint32_t seed = 1;
    for (unsigned i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        struct rig *r = seed >> 31 ? &b.slave : &b.master;
        uint8_t value = (uint8_t)(seed >> 8);
        unsigned line = seed >> 16 & 7;
        switch (seed >> 20 & 7) {
        case 0:
        case 1:
            if (r != &b.master || line != 2)
                pic_input(r->device, line, value & 1);
            break;
        case 2:
            ack(&b.master);
            break;
        case 3:
            rig_write(r, PORTS, CMD, value & 0xef);
            break;
        case 4:
            rig_write(r, PORTS, DATA, value & (uint8_t)(seed >> 24));
            break;
        case 5:
            rig_read(r, PORTS, value & 1);
            break;
        case 6:
            rig_write(r, ELCR, 0, value);
            break;
        default:
            if (value < 8)
                start(r, value & 1 ? 0x11 : 0x19, 0x20, r == &b.master ? 4 : 2, value & 0x13);
        }
        CU_ASSERT(b.master.irq == pic_pending(b.master.device));
        CU_ASSERT(b.slave.irq == pic_pending(b.slave.device));
        if (i % 100 == 0) {
            struct rig_view v = rig_view(r);
            CU_ASSERT(rig_restore(r, v.saved.buf, v.saved.len) == 0);
            rig_view_fini(&v);
        }
    }
    board_fini(&b);
}

static const struct unit_test tests[] = {
    {"ELCR fixed bits", test_elcr_fixed_bits},
    {"special mask mode", test_special_mask},
    {"cascade", test_cascade},
    {"cascade, two requests", test_cascade_two_requests},
    {"cascade, spurious", test_cascade_spurious},
    {"cascade, wrong ICW3", test_cascade_icw3},
    {"special fully nested mode", test_special_fully_nested},
    {"state", test_state},
    {"impossible state", test_impossible_state},
    {"reset", test_reset},
    {"anything", test_anything},
};

UNIT_MAIN("8259A in a cascade", tests)
