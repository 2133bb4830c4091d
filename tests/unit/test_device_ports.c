/*
 * The small devices: one register each (debug port, debug-exit, POST, power-off, port 0x92) and read-only
 * memory; and what every device type promises: its names and words, and states that come back.
 */
#include "device/types.h"
#include "device_rig.h"

#include <ctype.h>

static void test_debugcon(void)
{
    struct rig r;
    rig_init(&r, &debugcon_ops);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0xe9);
    rig_write(&r, 0, 0, 'h');
    CU_ASSERT(rig_hit(&r, "OUT"));
    rig_write(&r, 0, 0, 'i');
    CU_ASSERT_STRING_EQUAL(text_str(&r.sent), "hi");
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0xe9);
    CU_ASSERT(rig_shows(&r, "last of 2 bytes"));
    rig_fini(&r);
}

static void test_debugexit(void)
{
    static const struct {
        uint64_t value;
        uint8_t size;
    } table[] = {{0x00, 1}, {0x31, 1}, {0x1234, 2}, {0x89abcdef, 4}};
    struct rig r;
    rig_init(&r, &debugexit_ops);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0, 1), 0xff);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0, 2), 0xffff);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0, 4), 0xffffffff);
    CU_ASSERT_EQUAL(r.signal_count, 0);
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        uint64_t code = 99;
        rig_write_wide(&r, 0, 0, table[i].value, table[i].size);
        CU_ASSERT(rig_hit(&r, "CODE"));
        CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_DEBUG_EXIT, &code), i + 1);
        CU_ASSERT_EQUAL(code, table[i].value);
    }
    rig_fini(&r);
}

static void test_post(void)
{
    struct rig r;
    rig_init(&r, &post_ops);
    rig_write(&r, 0, 0, 0x42);
    rig_write(&r, 0, 0, 0xa5);
    CU_ASSERT(rig_hit(&r, "CODE"));
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0xa5);
    CU_ASSERT(rig_shows(&r, "CODE  a5"));
    r.device->ops->reset(r.device);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0);
    rig_fini(&r);
}

/* SLP_EN is bit 13, SLP_TYP bits 10 to 12; only both as QEMU's PC wants them switch off. */
static void test_poweroff(void)
{
    static const struct {
        uint16_t value;
        bool off;
    } table[] = {{0x0000, false}, {0x0001, false}, {0x1c00, false}, {0x2400, false},
                 {0x3c00, false}, {0xdfff, false}, {0x2000, true},  {0x2001, true}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        rig_init(&r, &poweroff_ops);
        rig_write_wide(&r, 0, 0, table[i].value, 2);
        CU_ASSERT(rig_hit(&r, "PM1_CNT"));
        CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_POWEROFF, NULL), table[i].off);
        CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0, 2), table[i].value & 0x1c01);
        rig_fini(&r);
    }
}

/* The high byte alone is enough, and the low byte alone changes nothing above it. */
static void test_poweroff_bytes(void)
{
    struct rig r;
    rig_init(&r, &poweroff_ops);
    rig_write(&r, 0, 1, 0x1c);
    rig_write(&r, 0, 0, 0x01);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0, 2), 0x1c01);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 1), 0x1c);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_POWEROFF, NULL), 0);
    rig_write(&r, 0, 1, 0x20);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_POWEROFF, NULL), 1);
    rig_fini(&r);
}

static void test_port92_a20(void)
{
    struct rig r;
    uint64_t a20 = 9;
    rig_init(&r, &port92_ops);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0x00);
    rig_write(&r, 0, 0, 0x02);
    CU_ASSERT(rig_hit(&r, "CTRLA"));
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 1);
    CU_ASSERT_EQUAL(a20, 1);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0x02);
    rig_write(&r, 0, 0, 0x00);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_A20, &a20), 2);
    CU_ASSERT_EQUAL(a20, 0);
    rig_write(&r, 0, 0, 0xfe);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0xca);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 0);
    rig_fini(&r);
}

/* Reset is the step from 0 to 1. */
static void test_port92_reset(void)
{
    struct rig r;
    rig_init(&r, &port92_ops);
    rig_write(&r, 0, 0, 0x01);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 1);
    rig_write(&r, 0, 0, 0x01);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 1);
    rig_write(&r, 0, 0, 0x00);
    rig_write(&r, 0, 0, 0x01);
    CU_ASSERT_EQUAL(rig_signalled(&r, SIGNAL_RESET, NULL), 2);
    rig_fini(&r);
}

static void test_rom(void)
{
    struct rig r;
    rig_init(&r, &rom_ops);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0x10, 1), 0xff);
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0x10, 8), UINT64_MAX);
    CU_ASSERT(rig_shows(&r, "no write refused"));
    rig_write_wide(&r, 0, 0x1234, 0, 4);
    CU_ASSERT_EQUAL(r.reg, DEVICE_NO_REG);
    CU_ASSERT(rig_shows(&r, "1 writes refused, the last at offset 0x1234"));
    CU_ASSERT_EQUAL(rig_read_wide(&r, 0, 0x1234, 4), 0xffffffff);
    rig_fini(&r);
}

static void poke(struct rig *r)
{
    rig_write_wide(r, 0, 0, 0x5a, 1);
    rig_write_wide(r, 0, 0, 0x43, 1);
}

/* The small ones: changed, saved, changed again, restored. */
static void test_round_trips(void)
{
    static const struct device_ops *const types[] = {&debugcon_ops, &debugexit_ops, &post_ops,
                                                     &poweroff_ops, &port92_ops,    &rom_ops};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct rig r;
        rig_init(&r, types[i]);
        rig_write_wide(&r, 0, 0, 0x0a, 1);
        rig_round_trip(&r, poke);
        rig_corrupt(&r);
        rig_fini(&r);
    }
}

static uint64_t any_step(struct rig *r, uint32_t chance)
{
    if (chance & 1)
        rig_write_wide(r, 0, 0, chance >> 8 & 0xff, 1);
    else
        return rig_read_wide(r, 0, 0, 1);
    return 0;
}

static void test_twins(void)
{
    static const struct device_ops *const types[] = {&debugcon_ops, &debugexit_ops, &post_ops,
                                                     &poweroff_ops, &port92_ops,    &rom_ops};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        rig_twins(types[i], any_step, 20, 10);
}

/* Reading and writing name the same register, and reset makes a device as new. */
static void test_reset_and_names(void)
{
    static const struct device_ops *const types[] = {&debugcon_ops, &debugexit_ops, &post_ops,
                                                     &poweroff_ops, &port92_ops,    &rom_ops};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct rig r;
        rig_init(&r, types[i]);
        struct rig_view fresh = rig_view(&r);
        uint8_t expected = types[i]->reg_count ? 0 : DEVICE_NO_REG;
        rig_read(&r, 0, 0);
        CU_ASSERT_EQUAL(r.reg, expected);
        r.reg = 0x77;
        rig_write(&r, 0, 0, 0x0b);
        CU_ASSERT_EQUAL(r.reg, expected);
        CU_ASSERT_FALSE(rig_looks(&r, &fresh));
        r.device->ops->reset(r.device);
        CU_ASSERT(rig_looks(&r, &fresh));
        rig_view_fini(&fresh);
        rig_fini(&r);
    }
}

static void test_state_fields(void)
{
    struct text out = {0};
    uint8_t a = 1, b[3] = {2, 3, 4};
    uint16_t c = 0x0605;
    uint32_t d = 0x0a090807;
    uint64_t f = 0x1211100f0e0d0c0b;
    bool g = true;
    struct state s = state_saving(&out, STATE_ROM, 7);
    state_u8(&s, &a);
    state_bytes(&s, b, 3);
    state_u16(&s, &c);
    state_u32(&s, &d);
    state_u64(&s, &f);
    state_bool(&s, &g);
    static const uint8_t expected[] = {STATE_ROM, 7,  1,  2,  3,  4,  5,  6,  7,  8, 9,
                                       10,        11, 12, 13, 14, 15, 16, 17, 18, 1};
    CU_ASSERT_EQUAL_FATAL(out.len, sizeof(expected));
    CU_ASSERT_EQUAL(memcmp(out.buf, expected, sizeof(expected)), 0);
    text_fini(&out);
}

static int load_one(uint8_t byte, void (*field)(struct state *s, uint8_t *v, uint8_t limit), uint8_t limit)
{
    const uint8_t bytes[3] = {STATE_POST, 1, byte};
    uint8_t v = 0;
    struct state s = state_loading(bytes, sizeof(bytes), STATE_POST, 1);
    field(&s, &v, limit);
    return state_finish(&s, NULL);
}

static void test_state_limits(void)
{
    CU_ASSERT_EQUAL(load_one(5, state_max, 5), 0);
    CU_ASSERT_EQUAL(load_one(6, state_max, 5), -1);
    CU_ASSERT_EQUAL(load_one(0x41, state_mask, 0xc1), 0);
    CU_ASSERT_EQUAL(load_one(0x42, state_mask, 0xc1), -1);
    const uint8_t two[3] = {STATE_POST, 1, 2};
    bool b = false;
    struct state s = state_loading(two, sizeof(two), STATE_POST, 1);
    state_bool(&s, &b);
    CU_ASSERT(state_finish(&s, NULL) == -1);
}

/* Names are unique, short and fit for a table; texts say something; a register list has no holes. */
static void test_every_type(void)
{
    size_t n = 0;
    for (; device_types[n]; n++) {
        const struct device_ops *ops = device_types[n];
        CU_ASSERT(strlen(ops->name) >= 3 && strlen(ops->name) <= 10);
        CU_ASSERT(ops->summary && strlen(ops->summary) > 4 && strlen(ops->summary) < 60);
        CU_ASSERT(ops->lesson && strlen(ops->lesson) > 60 && isupper((unsigned char)ops->lesson[0]));
        CU_ASSERT_EQUAL(ops->reg_count == 0, ops->regs == NULL);
        for (size_t i = 0; i < ops->reg_count; i++)
            CU_ASSERT(ops->regs[i] && ops->regs[i][0] && strlen(ops->regs[i]) <= 12);
        for (size_t other = 0; other < n; other++)
            CU_ASSERT(strcmp(device_types[other]->name, ops->name) != 0);
    }
    CU_ASSERT_EQUAL(n, 12);
}

/* Any device, fresh from create: describes itself in whole lines, and its state goes into another one of its
 * type and into no other type. */
static void test_every_type_states(void)
{
    for (size_t i = 0; device_types[i]; i++) {
        struct rig r, twin;
        rig_init(&r, device_types[i]);
        rig_init(&twin, device_types[i]);
        struct rig_view v = rig_view(&r);
        CU_ASSERT(v.shown.len > 0 && v.shown.buf[v.shown.len - 1] == '\n');
        CU_ASSERT(rig_restore(&twin, v.saved.buf, v.saved.len) == 0);
        for (size_t k = 0; device_types[k]; k++) {
            struct rig other;
            rig_init(&other, device_types[k]);
            CU_ASSERT_EQUAL(rig_restore(&other, v.saved.buf, v.saved.len), k == i ? 0 : -1);
            rig_fini(&other);
        }
        rig_view_fini(&v);
        rig_fini(&twin);
        rig_fini(&r);
    }
}

static const struct unit_test tests[] = {
    {"debug port", test_debugcon},
    {"debug-exit port", test_debugexit},
    {"POST port", test_post},
    {"power-off register", test_poweroff},
    {"power-off register by bytes", test_poweroff_bytes},
    {"port 0x92: line 20", test_port92_a20},
    {"port 0x92: reset", test_port92_reset},
    {"read-only memory", test_rom},
    {"save and restore", test_round_trips},
    {"restored twins behave the same", test_twins},
    {"reset and register names", test_reset_and_names},
    {"state fields are little-endian", test_state_fields},
    {"state fields with limits", test_state_limits},
    {"names and texts of every type", test_every_type},
    {"states of every type", test_every_type_states},
};

UNIT_MAIN("device ports", tests)
