/*
 * The keyboard controller and the keyboard behind it, against IBM's technical references: commands and
 * answers, scancodes, status bits, IRQ1, line 20 and reset.
 */
#include "device/types.h"
#include "device_rig.h"

enum { DATA = 0, STATUS = 1, CMD = 1 };

static uint8_t status(struct rig *r)
{
    return rig_read(r, STATUS, 0);
}

static uint8_t data(struct rig *r)
{
    return rig_read(r, DATA, 0);
}

static void command(struct rig *r, uint8_t code)
{
    rig_write(r, CMD, 0, code);
}

static void send(struct rig *r, uint8_t byte)
{
    rig_write(r, DATA, 0, byte);
}

/* The answer of a controller command; fails the test when there is none. */
static uint8_t answer(struct rig *r, uint8_t code)
{
    command(r, code);
    CU_ASSERT(status(r) & 0x01);
    return data(r);
}

/* Reads while something is there and compares with these bytes. */
static bool gives(struct rig *r, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(status(r) & 0x01) || data(r) != bytes[i])
            return false;
    return !(status(r) & 0x01);
}

#define GIVES(r, ...) gives(r, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void set_ccb(struct rig *r, uint8_t value)
{
    command(r, 0x60);
    send(r, value);
}

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

static void test_keyboard_commands(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    set_ccb(&r, 0x04);
    send(&r, 0xee);
    CU_ASSERT(GIVES(&r, 0xee));
    send(&r, 0xed);
    CU_ASSERT(GIVES(&r, 0xfa));
    send(&r, 0x05);
    CU_ASSERT(GIVES(&r, 0xfa));
    CU_ASSERT(rig_shows(&r, "lights 5"));
    send(&r, 0xf2);
    CU_ASSERT(GIVES(&r, 0xfa, 0xab, 0x83));
    send(&r, 0xf3);
    CU_ASSERT(GIVES(&r, 0xfa));
    send(&r, 0x7f);
    CU_ASSERT(GIVES(&r, 0xfa));
    send(&r, 0xff);
    CU_ASSERT(GIVES(&r, 0xfa, 0xaa));
    send(&r, 0xfe);
    CU_ASSERT(GIVES(&r, 0xaa));
    send(&r, 0x12);
    CU_ASSERT(GIVES(&r, 0xfe));
    rig_fini(&r);
}

/* A parameter that cannot be is refused; a command in its place is obeyed. */
static void test_keyboard_parameters(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    set_ccb(&r, 0x04);
    send(&r, 0xed);
    send(&r, 0x80);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfe));
    send(&r, 0xf3);
    send(&r, 0xee);
    CU_ASSERT(GIVES(&r, 0xfa, 0xee));
    send(&r, 0xf0);
    send(&r, 0x03);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfe));
    rig_fini(&r);
}

static void test_scancode_sets(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    set_ccb(&r, 0x04);
    send(&r, 0xf0);
    send(&r, 0x00);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfa, 0x02));
    CU_ASSERT(i8042_type(r.device, 'a'));
    CU_ASSERT(GIVES(&r, 0x1c, 0xf0, 0x1c));
    send(&r, 0xf0);
    send(&r, 0x01);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfa));
    CU_ASSERT(i8042_type(r.device, 'A'));
    CU_ASSERT(GIVES(&r, 0x2a, 0x1e, 0x9e, 0xaa));
    send(&r, 0xf6);
    send(&r, 0xf0);
    send(&r, 0x00);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfa, 0xfa, 0x02));
    /* The controller translates what the keyboard says, its numbers too: 2 becomes 0x41, 0x83 becomes 0x41.
     */
    set_ccb(&r, 0x44);
    send(&r, 0xf0);
    send(&r, 0x00);
    CU_ASSERT(GIVES(&r, 0xfa, 0xfa, 0x41));
    send(&r, 0xf2);
    CU_ASSERT(GIVES(&r, 0xfa, 0xab, 0x41));
    rig_fini(&r);
}

/* Set 1, as a guest without a driver of its own sees it. 0x2a is left Shift, 0x1d Ctrl. */
static void test_typing(void)
{
    static const struct {
        uint8_t ascii, held, make;
    } table[] = {
        {'1', 0, 0x02},    {'0', 0, 0x0b},    {'-', 0, 0x0c},    {'=', 0, 0x0d},     {'q', 0, 0x10},
        {'p', 0, 0x19},    {'[', 0, 0x1a},    {']', 0, 0x1b},    {'a', 0, 0x1e},     {'l', 0, 0x26},
        {';', 0, 0x27},    {'\'', 0, 0x28},   {'`', 0, 0x29},    {'\\', 0, 0x2b},    {'z', 0, 0x2c},
        {'m', 0, 0x32},    {',', 0, 0x33},    {'.', 0, 0x34},    {'/', 0, 0x35},     {' ', 0, 0x39},
        {'\n', 0, 0x1c},   {'\r', 0, 0x1c},   {'\t', 0, 0x0f},   {'\b', 0, 0x0e},    {0x7f, 0, 0x0e},
        {0x1b, 0, 0x01},   {'A', 0x2a, 0x1e}, {'Z', 0x2a, 0x2c}, {'!', 0x2a, 0x02},  {')', 0x2a, 0x0b},
        {'_', 0x2a, 0x0c}, {'+', 0x2a, 0x0d}, {'{', 0x2a, 0x1a}, {':', 0x2a, 0x27},  {'"', 0x2a, 0x28},
        {'~', 0x2a, 0x29}, {'|', 0x2a, 0x2b}, {'?', 0x2a, 0x35}, {0x03, 0x1d, 0x2e}, {0x1a, 0x1d, 0x2c},
    };
    struct rig r;
    rig_init(&r, &i8042_ops);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint8_t make = table[i].make, held = table[i].held, up = 0x80;
        CU_ASSERT(i8042_type(r.device, table[i].ascii));
        if (held)
            CU_ASSERT(GIVES(&r, held, make, (uint8_t)(make | up), (uint8_t)(held | up)));
        if (!held)
            CU_ASSERT(GIVES(&r, make, (uint8_t)(make | up)));
    }
    rig_fini(&r);
}

/* Every printable character has a key and no two have the same codes. */
static void test_all_characters(void)
{
    struct rig r;
    uint8_t codes[128][2] = {{0}};
    rig_init(&r, &i8042_ops);
    for (unsigned c = ' '; c < 0x7f; c++) {
        CU_ASSERT(i8042_type(r.device, (uint8_t)c));
        codes[c][0] = data(&r);
        codes[c][1] = data(&r);
        while (status(&r) & 1)
            data(&r);
        for (unsigned other = ' '; other < c; other++)
            CU_ASSERT(memcmp(codes[c], codes[other], 2) != 0);
    }
    CU_ASSERT_FALSE(i8042_type(r.device, 0x00));
    CU_ASSERT_FALSE(i8042_type(r.device, 0x1c));
    CU_ASSERT_FALSE(i8042_type(r.device, 0xe4));
    CU_ASSERT_FALSE(status(&r) & 1);
    rig_fini(&r);
}

/* A character goes in whole or not at all, and ready() says which. */
static void test_buffer(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    unsigned typed = 0;
    for (; i8042_ready(r.device); typed++)
        CU_ASSERT(i8042_type(r.device, 'A'));
    CU_ASSERT(typed >= 2 && typed < 100);
    CU_ASSERT_FALSE(i8042_type(r.device, 'B'));
    for (unsigned i = 0; i < typed; i++)
        for (unsigned k = 0; k < 4; k++)
            CU_ASSERT_EQUAL(data(&r), ((const uint8_t[]){0x2a, 0x1e, 0x9e, 0xaa})[k]);
    CU_ASSERT_FALSE(status(&r) & 1);
    CU_ASSERT(i8042_ready(r.device));
    rig_fini(&r);
}

/* Disabled scanning (0xf5) types nothing; the interface switched off (0xad) keeps keys back until 0xae, and a
 * byte for the keyboard switches it on. */
static void test_disabling(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    send(&r, 0xf5);
    CU_ASSERT(GIVES(&r, 0xfa));
    CU_ASSERT_FALSE(i8042_ready(r.device));
    CU_ASSERT_FALSE(i8042_type(r.device, 'a'));
    send(&r, 0xf4);
    CU_ASSERT(GIVES(&r, 0xfa));
    command(&r, 0xad);
    CU_ASSERT(i8042_type(r.device, 'a'));
    CU_ASSERT_FALSE(status(&r) & 1);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x75);
    command(&r, 0xae);
    CU_ASSERT(GIVES(&r, 0x1e, 0x9e));
    command(&r, 0xad);
    send(&r, 0xee);
    CU_ASSERT(GIVES(&r, 0xee));
    CU_ASSERT_EQUAL(answer(&r, 0x20), 0x65);
    rig_fini(&r);
}

/* A reply overtakes the keys that wait in the keyboard, the controller's answer all of them. */
static void test_order(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    i8042_type(r.device, 'a');
    send(&r, 0xee);
    command(&r, 0xab);
    CU_ASSERT(GIVES(&r, 0x1e, 0x00, 0xee, 0x9e));
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

static void test_describe(void)
{
    struct rig r;
    rig_init(&r, &i8042_ops);
    i8042_type(r.device, 'a');
    CU_ASSERT(rig_shows(&r, "DATA    1e  from the keyboard\n"));
    CU_ASSERT(rig_shows(&r, "STATUS  15  UNLOCKED SYS OBF\n"));
    CU_ASSERT(rig_shows(&r, "CCB     65  XLAT DISABLE2 SYS INT\n"));
    CU_ASSERT(rig_shows(&r, "scan code set 2, scanning"));
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
    {"keyboard commands", test_keyboard_commands},
    {"keyboard parameters", test_keyboard_parameters},
    {"scan code sets and translation", test_scancode_sets},
    {"typing", test_typing},
    {"every printable character", test_all_characters},
    {"buffer", test_buffer},
    {"disabling", test_disabling},
    {"order of answers, replies and keys", test_order},
    {"IRQ1", test_irq},
    {"when the guest uses the keyboard", test_in_use},
    {"reset", test_reset},
    {"save and restore", test_round_trip},
    {"a restored twin behaves the same", test_twins},
    {"describe", test_describe},
};

UNIT_MAIN("device i8042", tests)
