/*
 * The three interrupts of the MC146818A against its data sheet, and its saved state.
 */
#include "device_rtc_bench.h"

#include <stdlib.h>

/* Flags come whether enabled or not, stay until register C is read, and that read ends them all. */
static void test_flags(void)
{
    struct rig r;
    set_up(&r, 0);
    put(&r, REGB, H24);
    rig_pass(&r, 3 * second_ns);
    CU_ASSERT_EQUAL(get(&r, REGC), UF | PF);
    CU_ASSERT_EQUAL(get(&r, REGC), 0);
    CU_ASSERT_EQUAL(r.irq_rises, 0);
    rig_pass(&r, second_ns);
    put(&r, REGB, H24 | UIE); /* enabling what is already flagged interrupts at once */
    CU_ASSERT(r.irq);
    put(&r, REGC, 0); /* read-only */
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(get(&r, REGC), IRQF | UF | PF);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(get(&r, REGC), 0);
    put(&r, REGD, 0);
    CU_ASSERT_EQUAL(get(&r, REGD), 0x80);
    put(&r, REGB, H24);
    CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), DEVICE_NEVER_NS); /* nothing enabled, nobody to wake */
    /* One flag does not take the place of another. */
    rig_pass(&r, second_ns / 2);
    put(&r, REGA, 0x20);
    put(&r, SECALARM, 0xff);
    put(&r, MINALARM, 0xff);
    put(&r, HOURALARM, 0xff);
    rig_pass(&r, second_ns);
    CU_ASSERT_EQUAL(get(&r, REGC), UF | AF | PF);
    rig_fini(&r);
}

static void test_update_interrupt(void)
{
    struct rig r;
    set_up(&r, 0);
    rig_pass(&r, second_ns / 4);
    put(&r, REGB, H24 | UIE);
    for (unsigned i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), i * second_ns);
        rig_pass(&r, second_ns);
        CU_ASSERT(r.irq);
        CU_ASSERT_EQUAL(r.irq_rises, i);
        CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), DEVICE_NEVER_NS); /* until C is read */
        CU_ASSERT(get(&r, REGC) & UF);
    }
    put(&r, REGB, SET | H24 | UIE);
    CU_ASSERT_EQUAL(get(&r, REGB), SET | H24); /* SET going up clears UIE */
    put(&r, REGB, H24);
    rig_pass(&r, 3 * second_ns);
    CU_ASSERT_EQUAL(r.irq_rises, 5);
    rig_fini(&r);
}

/* Table "Periodic Interrupt Rate" for a 32.768 kHz time base. */
static void test_periodic(void)
{
    static const unsigned hz[16] = {0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2};
    for (uint8_t rate = 0; rate < 16; rate++) {
        struct rig r;
        unsigned flags = 0;
        set_up(&r, 0);
        put(&r, REGA, 0x20 | rate);
        put(&r, REGB, H24 | PIE);
        for (uint64_t next; (next = rtc_ops.deadline_ns(r.device)) <= second_ns;) {
            if (next > r.now_ns + 1) { /* not a nanosecond early */
                rtc_ops.elapse(r.device, next - 1);
                CU_ASSERT_FALSE(r.irq);
            }
            r.now_ns = next;
            rtc_ops.elapse(r.device, next);
            CU_ASSERT(r.irq);
            CU_ASSERT_EQUAL(get(&r, REGC) & ~UF, IRQF | PF);
            flags++;
        }
        CU_ASSERT_EQUAL(flags, hz[rate]);
        CU_ASSERT_EQUAL(r.irq_rises, hz[rate]);
        rig_fini(&r);
    }
}

/* SET stops the updates, not the divider. */
static void test_periodic_during_set(void)
{
    struct rig r;
    set_up(&r, 0);
    put(&r, REGB, SET | H24 | PIE);
    rig_pass(&r, 1000000);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(get(&r, REGC), IRQF | PF);
    rig_fini(&r);
}

/* When the alarm goes off, in seconds after 10:20:30, for alarm bytes of which c0 to ff match anything. */
static void test_alarm(void)
{
    static const struct {
        uint8_t hour, min, sec;
        unsigned after;
    } table[] = {
        {0x10, 0x20, 0x31, 1},     {0x10, 0x20, 0x30, 86400}, {0x10, 0x21, 0x00, 30},
        {0x09, 0x20, 0x30, 82800}, {0xff, 0xff, 0xff, 1},     {0xc0, 0xc0, 0x15, 45},
        {0xff, 0x20, 0x15, 3585},  {0xff, 0x05, 0x00, 2670},  {0x11, 0xff, 0xff, 2370},
        {0x10, 0xff, 0x29, 59},    {0x00, 0x00, 0x00, 49170}, {0x24, 0x00, 0x00, 0},
        {0x10, 0x60, 0x00, 0},     {0xbf, 0xff, 0xff, 0},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r, 10 * 3600 + 20 * 60 + 30);
        put(&r, HOURALARM, table[i].hour);
        put(&r, MINALARM, table[i].min);
        put(&r, SECALARM, table[i].sec);
        put(&r, REGB, H24 | AIE);
        uint64_t due = table[i].after ? table[i].after * second_ns : DEVICE_NEVER_NS;
        CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), due);
        rig_pass(&r, due == DEVICE_NEVER_NS ? 3 * 86400 * second_ns : due - 1);
        CU_ASSERT_FALSE(r.irq);
        CU_ASSERT_EQUAL(get(&r, REGC) & AF, 0);
        if (due != DEVICE_NEVER_NS) {
            rig_pass(&r, 1);
            CU_ASSERT(r.irq);
            CU_ASSERT_EQUAL(get(&r, REGC) & (IRQF | AF), IRQF | AF);
            CU_ASSERT_FALSE(r.irq);
        }
        rig_fini(&r);
    }
}

/* The alarm bytes have the format of the clock's, 12 hours and binary too. */
static void test_alarm_formats(void)
{
    struct rig r;
    set_up(&r, 10 * 3600);
    put(&r, HOURALARM, 0x13);
    put(&r, SECALARM, 0xff);
    put(&r, REGB, DM);
    CU_ASSERT_EQUAL(get(&r, HOURALARM), 0x81);
    CU_ASSERT_EQUAL(get(&r, SECALARM), 0xff);
    put(&r, REGB, H24);
    put(&r, MINALARM, 0x59);
    put(&r, SECALARM, 0x48);
    put(&r, REGB, DM);
    CU_ASSERT_EQUAL(get(&r, MINALARM), 59);
    CU_ASSERT_EQUAL(get(&r, SECALARM), 48);
    put(&r, MINALARM, 0);
    put(&r, SECALARM, 30);
    put(&r, REGB, DM | AIE);
    rig_pass(&r, (3 * 3600 + 29) * second_ns);
    CU_ASSERT_EQUAL(get(&r, REGC) & AF, 0);
    rig_pass(&r, second_ns);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* An alarm that passes while nobody looks is flagged all the same. */
static void test_alarm_flag_late(void)
{
    struct rig r;
    set_up(&r, 0);
    put(&r, MINALARM, 0x10);
    put(&r, SECALARM, 0x00);
    put(&r, HOURALARM, 0x00);
    r.now_ns = 599 * second_ns;
    CU_ASSERT_EQUAL(get(&r, REGC), UF | PF);
    r.now_ns = 7000 * second_ns;
    CU_ASSERT_EQUAL(get(&r, REGC), UF | AF | PF);
    rig_fini(&r);
}

static void damage(struct rig *r)
{
    put(r, REGA, 0x7f);
    put(r, REGB, SET | PIE);
    rig_pass(r, 3 * second_ns);
    put(r, 0x40, 0x99);
    get(r, REGC);
    r->now_ns = 12 * second_ns; /* the machine takes its clock back too */
}

static void test_state(void)
{
    struct rig r;
    set_up(&r, leap_day_s);
    put(&r, REGA, 0x66);
    rig_pass(&r, second_ns / 3);
    put(&r, REGA, 0x24);
    put(&r, REGB, H24 | AIE | PIE);
    put(&r, 0x40, 0x12);
    put(&r, SECALARM, 0x07);
    r.now_ns = 12 * second_ns;
    get(&r, REGC);
    put(&r, 0x7f, 0xaa);
    rig_round_trip(&r, damage);
    rig_corrupt(&r);
    rig_fini(&r);
}

/* Bytes that the chip cannot have in its registers. */
static void test_impossible_state(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {{2 + REGA, 0xa6}, {2 + REGC, 0x80}, {2 + REGC, 0x01},
                 {2 + REGD, 0x00}, {2 + 128, 0x80},  {2 + 128 + 1 + 8 + 3, 0x7f}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r, leap_day_s);
        struct rig_view good = rig_view(&r);
        good.saved.buf[table[i].at] = (char)table[i].value;
        put(&r, 0x40, 0x12);
        CU_ASSERT(rig_restore(&r, good.saved.buf, good.saved.len) == -1);
        CU_ASSERT_EQUAL(get(&r, 0x40), 0x12);
        rig_view_fini(&good);
        rig_fini(&r);
    }
}

/* The RESET pin ends interrupts; time and RAM are the battery's. */
static void test_reset(void)
{
    struct rig r;
    set_up(&r, leap_day_s);
    put(&r, 0x40, 0x12);
    put(&r, REGB, H24 | DM | PIE | UIE | AIE);
    rig_pass(&r, second_ns);
    CU_ASSERT(r.irq);
    rig_write(&r, 0, 0, 0x40);
    r.now_ns += second_ns / 2; /* nobody was woken for this, but it is past */
    rtc_ops.reset(r.device);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 1), 0x80); /* the index is back at register D */
    CU_ASSERT(rig_hit(&r, "REGD"));
    CU_ASSERT_EQUAL(get(&r, REGB), H24 | DM);
    CU_ASSERT_EQUAL(get(&r, REGC), 0);
    CU_ASSERT_EQUAL(get(&r, 0x40), 0x12);
    CU_ASSERT_EQUAL(get(&r, SEC), 59);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"flags", test_flags},
    {"update interrupt", test_update_interrupt},
    {"periodic interrupt", test_periodic},
    {"periodic interrupt during SET", test_periodic_during_set},
    {"alarm", test_alarm},
    {"alarm formats", test_alarm_formats},
    {"alarm flag, late", test_alarm_flag_late},
    {"state", test_state},
    {"impossible state", test_impossible_state},
    {"reset", test_reset},
};

UNIT_MAIN("MC146818A interrupts", tests)
