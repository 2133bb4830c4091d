/*
 * The keyboard controller against IBM's technical references: its commands and answers, status bits, IRQ1,
 * line 20, reset, and when it asks for the console's input. The keyboard itself is in test_device_kbd.c.
 */
#include "i8042_rig.h"

static void test_fixed_answers(void)
{
    static const struct {
        uint8_t code, answer;
    } table[] = {{0xaa, 0x55}, {0xab, 0x00}, {0xa9, 0x02}, {0xc0, 0xb0}};
    struct rig r;
    rig_init(&r, &i8042_ops);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        CU_ASSERT_EQUAL(answer(&r, table[i].code), table[i].answer);
        CU_ASSERT_FALSE(status(&r) & 0x01);
        CU_ASSERT_EQUAL(answer(&r, 0x20), 0x65);
    }
    rig_fini(&r);
}

static void test_command_byte(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x65);
    set_ccb(&r, 0xff);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x7f);
    set_ccb(&r, 0x00);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x00);
    CU_ASSERT_FALSE(status(&r) & 0x04);
    command(&r, 0xad);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x10);
    command(&r, 0xae);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x00);
    command(&r, 0xa7);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x20);
    command(&r, 0xa8);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x00);
    CU_ASSERT_EQUAL(answer(&r, 0xaa), 0x55);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x04);
    CU_ASSERT(status(&r) & 0x04);
    command(&r, 0x75);
    send(&r, 0x99);
    CU_ASSERT_EQUAL(answer(&r, 0x35), 0x99);
    rig_fini(&r);
}

/* OBF, IBF (never), SYS, CMD (which port was written last), the key switch. */
static void test_status(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    CU_ASSERT_EQUAL(status(&r), 0x14);
    command(&r, 0xd0);
    CU_ASSERT_EQUAL(status(&r), 0x1d);
    data(&r);
    CU_ASSERT_EQUAL(status(&r), 0x1c);
    send(&r, 0xee);
    CU_ASSERT_EQUAL(status(&r), 0x15);
    CU_ASSERT_EQUAL(data(&r), 0xee);
    CU_ASSERT_EQUAL(data(&r), 0xee);
    CU_ASSERT_EQUAL(status(&r), 0x14);
    rig_fini(&r);
}

static void test_register_names(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    data(&r);
    CU_ASSERT(rig_hit(&r, "DATA"));
    send(&r, 0xee);
    CU_ASSERT(rig_hit(&r, "DATA"));
    status(&r);
    CU_ASSERT(rig_hit(&r, "STATUS"));
    command(&r, 0xae);
    CU_ASSERT(rig_hit(&r, "CMD"));
    rig_fini(&r);
}

static void test_output_port(void)
{
    struct rig r;
    uint64_t a20 = 9;
    rig_init(&r, &i8042_ops);
    CU_ASSERT_EQUAL(answer(&r, 0xd0), 0xcf);
    command(&r, 0xdd);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 1);
    CU_ASSERT_EQUAL(a20, 0);
    CU_ASSERT_EQUAL(answer(&r, 0xd0), 0xcd);
    command(&r, 0xdf);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 2);
    CU_ASSERT_EQUAL(a20, 1);
    CU_ASSERT_EQUAL(answer(&r, 0xd0), 0xcf);
    command(&r, 0xd1);
    send(&r, 0xdd);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 3);
    CU_ASSERT_EQUAL(a20, 0);
    command(&r, 0xd1);
    send(&r, 0xdf);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 4);
    CU_ASSERT_EQUAL(a20, 1);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 0);
    /* Pin 4 shows the output buffer. */
    send(&r, 0xee);
    command(&r, 0xd0);
    CU_ASSERT_EQUAL(data(&r), 0xee);
    CU_ASSERT_EQUAL(data(&r), 0xdf);
    rig_fini(&r);
}

/* 0xf0 to 0xff pulse the pins whose bit is 0, and bit 0 is reset; writing the port with bit 0 low holds it.
 */
static void test_reset_line(void)
{
    for (unsigned code = 0xf0; code <= 0xff; code++) {
        struct rig r;
        rig_init(&r, &i8042_ops);
        command(&r, (uint8_t)code);
        CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), (code & 1) == 0);
        rig_fini(&r);
    }
    struct rig r;
    rig_init(&r, &i8042_ops);
    command(&r, 0xd1);
    send(&r, 0xde);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 1);
    rig_fini(&r);
}

/* 0xd2 and its parameter: a byte as if the keyboard had sent it, and not translated. No mouse answers 0xd4.
 */
static void test_loop_commands(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    command(&r, 0xd2);
    CU_ASSERT_FALSE(status(&r) & 0x01);
    send(&r, 0x1c);
    CU_ASSERT(r.irq);
    CU_ASSERT(GIVES(&r, 0x1c));
    command(&r, 0xd3);
    send(&r, 0x5a);
    CU_ASSERT_FALSE(status(&r) & 0x20);
    CU_ASSERT(GIVES(&r, 0x5a));
    command(&r, 0xd4);
    send(&r, 0xff);
    CU_ASSERT(GIVES(&r, 0xfe));
    rig_fini(&r);
}

/* A command that came instead of the parameter of another. Unknown commands do nothing. */
static void test_odd_commands(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    command(&r, 0x60);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x65);
    send(&r, 0xee);
    CU_ASSERT(GIVES(&r, 0xee));
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x65);
    command(&r, 0x00);
    command(&r, 0xc8);
    CU_ASSERT_FALSE(status(&r) & 0x01);
    rig_fini(&r);
}

/* IRQ1 is OBF and the command byte's bit 0; each byte is an edge. */
static void test_irq(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    CU_ASSERT_FALSE(r.irq);
    i8042_type(r.device, 'a');
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    status(&r);
    CU_ASSERT(r.irq);
    data(&r);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(r.irq_rises, 2);
    data(&r);
    CU_ASSERT_FALSE(r.irq);
    set_ccb(&r, 0x44);
    i8042_type(r.device, 'b');
    CU_ASSERT(status(&r) & 1);
    CU_ASSERT_FALSE(r.irq);
    set_ccb(&r, 0x45);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* The sequence that every boot loader opens line 20 with must not take the console's input. */
static void use_for_a20(struct rig *r)
{
    command(r, 0xad);
    uint8_t port = answer(r, 0xd0);
    command(r, 0xd1);
    send(r, port | 0x02);
    command(r, 0xae);
    status(r);
    data(r);
}

static void test_in_use(void)
{
    struct rig r;
    uint64_t wanted = 9;
    rig_init(&r, &i8042_ops);
    use_for_a20(&r);
    CU_ASSERT_FALSE(i8042_in_use(r.device));
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_INPUT_WANTED, NULL), 0);
    for (unsigned i = 0; i < 100; i++)
        status(&r);
    CU_ASSERT(i8042_in_use(r.device));
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_INPUT_WANTED, &wanted), 1);
    CU_ASSERT_EQUAL(wanted, 1);
    r.device->ops->reset(r.device);
    CU_ASSERT_FALSE(i8042_in_use(r.device));
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_INPUT_WANTED, &wanted), 2);
    CU_ASSERT_EQUAL(wanted, 0);
    set_ccb(&r, 0x45);
    CU_ASSERT(i8042_in_use(r.device));
    r.device->ops->reset(r.device);
    send(&r, 0xf4);
    CU_ASSERT(i8042_in_use(r.device));
    r.device->ops->reset(r.device);
    i8042_type(r.device, 'a');
    CU_ASSERT_FALSE(i8042_in_use(r.device));
    data(&r);
    CU_ASSERT(i8042_in_use(r.device));
    rig_fini(&r);
}

static void test_reset(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    struct rig_view fresh = rig_view(&r);
    set_ccb(&r, 0x01);
    send(&r, 0xf0);
    send(&r, 0x01);
    send(&r, 0xed);
    command(&r, 0xdd);
    i8042_type(r.device, 'Q');
    CU_ASSERT(r.irq);
    r.device->ops->reset(r.device);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT(rig_looks(&r, &fresh));
    rig_view_fini(&fresh);
    rig_fini(&r);
}

static void damage(struct rig *r)
{
    r->device->ops->reset(r->device);
    set_ccb(r, 0x35);
    command(r, 0xd4);
}

/* In the middle of everything: keys half read under translation, a parameter due on both sides. */
static void test_round_trip(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    send(&r, 0xf3);
    CU_ASSERT(GIVES(&r, 0xfa));
    i8042_type(r.device, 'K');
    i8042_type(r.device, 'v');
    data(&r);
    command(&r, 0xdd);
    command(&r, 0xd1);
    rig_round_trip(&r, damage);
    send(&r, 0xcf);
    send(&r, 0x20);
    CU_ASSERT(GIVES(&r, 0x25, 0xfa, 0xa5, 0xaa, 0x2f, 0xaf));
    CU_ASSERT(rig_shows(&r, "rate 20"));
    i8042_type(r.device, 'x');
    rig_corrupt(&r);
    rig_fini(&r);
}

static uint64_t any_step(struct rig *r, uint32_t chance)
{
    static const uint8_t codes[] = {0x20, 0x60, 0xaa, 0xad, 0xae, 0xd0, 0xd1,
                                    0xd2, 0xd4, 0xdd, 0xdf, 0x71, 0x31, 0xa7};
    static const uint8_t bytes[] = {0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5,
                                    0xf6, 0xff, 0xfe, 0x01, 0x02, 0x45, 0x75};
    unsigned pick = chance >> 8 & 0xff;
    switch (chance & 7) {
    case 0:
        command(r, codes[pick % sizeof(codes)]);
        return 0;
    case 1:
        send(r, bytes[pick % sizeof(bytes)]);
        return 0;
    case 2:
        return i8042_type(r->device, (uint8_t)(' ' + pick % 95));
    case 3:
        return (uint64_t)i8042_ready(r->device) << 1 | i8042_in_use(r->device);
    case 4:
    case 5:
        return status(r);
    default:
        return data(r);
    }
}

static void test_twins(void)
{
    rig_twins(&i8042_ops, any_step, 300, 80);
}

/* A command byte with a bit that is not there; a command that waits though it has no parameter, in the
 * controller and in the keyboard; a scan code set that is not built. */
static void test_impossible_states(void)
{
    enum { CCB_AT = 2, COMMAND_AT = 2 + 32 + 2, SET_AT = 2 + 32 + 4 + 5 + 18, KBD_COMMAND_AT = SET_AT + 3 };
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {{CCB_AT, 0xe5}, {COMMAND_AT, 0x20}, {SET_AT, 3}, {SET_AT, 0}, {KBD_COMMAND_AT, 0xee}};
    struct rig r;
    rig_init(&r, &i8042_ops);
    struct rig_view v = rig_view(&r);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char kept = v.saved.buf[table[i].at];
        v.saved.buf[table[i].at] = (char)table[i].value;
        CU_ASSERT(rig_restore(&r, v.saved.buf, v.saved.len) == -1);
        v.saved.buf[table[i].at] = kept;
    }
    /* The places are what they are called: these values are possible. */
    v.saved.buf[CCB_AT] = 0x44;
    v.saved.buf[COMMAND_AT] = (char)0xd1;
    v.saved.buf[SET_AT] = 1;
    v.saved.buf[KBD_COMMAND_AT] = (char)0xf3;
    CU_ASSERT(rig_restore(&r, v.saved.buf, v.saved.len) == 0);
    CU_ASSERT(rig_shows(&r, "scan code set 1, scanning"));
    CU_ASSERT(rig_shows(&r, "CMD     d1  parameter due"));
    CU_ASSERT(rig_shows(&r, "CCB     44"));
    rig_view_fini(&v);
    rig_fini(&r);
}

static void test_describe(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    i8042_type(r.device, 'a');
    CU_ASSERT(rig_shows(&r, "DATA    1e  from the keyboard\n"));
    CU_ASSERT(rig_shows(&r, "STATUS  15  UNLOCKED SYS OBF\n"));
    CU_ASSERT(rig_shows(&r, "CCB     65  XLAT DISABLE2 SYS INT\n"));
    CU_ASSERT(rig_shows(&r, "OUT     df  KBDDATA KBDCLK IRQ1 A20 RESET#\n"));
    CU_ASSERT(rig_shows(&r, "scan code set 2, scanning"));
    CU_ASSERT(rig_shows(&r, "console input not wanted yet\n"));
    CU_ASSERT(GIVES(&r, 0x1e, 0x9e));
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"commands with a fixed answer", test_fixed_answers},
    {"command byte and RAM", test_command_byte},
    {"status bits", test_status},
    {"register names", test_register_names},
    {"output port and line 20", test_output_port},
    {"reset line", test_reset_line},
    {"loop commands, no mouse", test_loop_commands},
    {"odd commands", test_odd_commands},
    {"IRQ1", test_irq},
    {"when the guest uses the keyboard", test_in_use},
    {"reset", test_reset},
    {"save and restore", test_round_trip},
    {"a restored twin behaves the same", test_twins},
    {"impossible states are refused", test_impossible_states},
    {"describe", test_describe},
};

UNIT_MAIN("device i8042", tests)
