/*
 * The keyboard, through its controller: commands and replies, scancodes in both sets, and the order in which
 * bytes reach the guest. Against the IBM PS/2 Keyboard Technical Reference.
 */
#include "i8042_rig.h"

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

/* Keys without a sign of their own, and Ctrl (0x1d) with a letter. */
static void test_typing(void)
{
    static const struct {
        uint8_t ascii, held, make;
    } table[] = {
        {' ', 0, 0x39},  {'\n', 0, 0x1c}, {'\r', 0, 0x1c},    {'\t', 0, 0x0f},    {'\b', 0, 0x0e},
        {0x7f, 0, 0x0e}, {0x1b, 0, 0x01}, {0x03, 0x1d, 0x2e}, {0x1a, 0x1d, 0x2c},
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

/* The keys of a row have codes in a row, with and without Shift. */
static void test_rows(void)
{
    static const struct {
        uint8_t first;
        const char *plain, *shifted;
    } rows[] = {{0x02, "1234567890-=", "!@#$%^&*()_+"},
                {0x10, "qwertyuiop[]", "QWERTYUIOP{}"},
                {0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
                {0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"}};
    struct rig r;
    rig_init(&r, &i8042_ops);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (size_t i = 0; rows[row].plain[i]; i++) {
            uint8_t make = (uint8_t)(rows[row].first + i), up = make | 0x80;
            CU_ASSERT(i8042_type(r.device, (uint8_t)rows[row].plain[i]));
            CU_ASSERT(GIVES(&r, make, up));
            CU_ASSERT(i8042_type(r.device, (uint8_t)rows[row].shifted[i]));
            CU_ASSERT(GIVES(&r, 0x2a, make, up, 0xaa));
        }
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

static const struct unit_test tests[] = {
    {"keyboard commands", test_keyboard_commands},
    {"keyboard parameters", test_keyboard_parameters},
    {"scan code sets and translation", test_scancode_sets},
    {"typing", test_typing},
    {"rows of keys", test_rows},
    {"every printable character", test_all_characters},
    {"buffer", test_buffer},
    {"disabling", test_disabling},
    {"order of answers, replies and keys", test_order},
};

UNIT_MAIN("device kbd", tests)
