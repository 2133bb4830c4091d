/*
 * The VGA in text mode: the memory as cells, and the page and cursor that the CRT controller selects.
 */
#include "device_vga_bench.h"

#include <stdlib.h>

static void set_start(struct rig *r, unsigned cell)
{
    crtc(r, 0x0c, (uint8_t)(cell >> 8));
    crtc(r, 0x0d, (uint8_t)cell);
}

static void set_cursor(struct rig *r, unsigned cell)
{
    crtc(r, 0x0e, (uint8_t)(cell >> 8));
    crtc(r, 0x0f, (uint8_t)cell);
}

static uint16_t cell_at(struct rig *r, unsigned i)
{
    uint16_t cells[CELLS];
    vga_screen(r->device, cells);
    return cells[i];
}

static void test_power_on(void)
{
    struct rig r;
    uint16_t cells[CELLS];
    rig_init(&r, &vga_ops);
    vga_screen(r.device, cells);
    for (unsigned i = 0; i < CELLS; i++)
        CU_ASSERT(cells[i] == BLANK);
    CU_ASSERT_EQUAL(vga_cursor(r.device), 0);
    CU_ASSERT_FALSE(vga_in_use(r.device));
    rig_write(&r, BLOCK, 0, 0x10); /* the flip-flop starts at index */
    CU_ASSERT(rig_hit(&r, "ATTR_INDEX"));
    rig_read(&r, TEXT, 0);
    crtc(&r, 0x0f, 1);
    CU_ASSERT_FALSE(vga_in_use(r.device)); /* only a write to the text memory is use */
    rig_write(&r, TEXT, TEXT_LEN - 1, 7);
    CU_ASSERT(vga_in_use(r.device));
    rig_fini(&r);
}

/* Accesses of every size, low byte first. */
static void test_text_memory(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    rig_write_wide(&r, TEXT, 0, 0x1f42, 2);
    CU_ASSERT(rig_hit(&r, "CELL"));
    CU_ASSERT_EQUAL(cell_at(&r, 0), 0x1f42);
    rig_write(&r, TEXT, 1, 0x4e);
    CU_ASSERT_EQUAL(cell_at(&r, 0), 0x4e42);
    CU_ASSERT_EQUAL(rig_read(&r, TEXT, 0), 0x42);
    CU_ASSERT(rig_hit(&r, "CELL"));
    rig_write_wide(&r, TEXT, 2, 0x0744074307420741, 8);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(cell_at(&r, 1 + i), 0x0741 + i);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, 4, 4), 0x07430742);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, 2, 8), 0x0744074307420741);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, TEXT_LEN - 8, 8), 0x0720072007200720);
    rig_write_wide(&r, TEXT, TEXT_LEN - 4, 0xffffffff12345678, 4);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, TEXT_LEN - 4, 4), 0x12345678);
    /* Beyond the end there is nothing, whoever asks. */
    rig_write_wide(&r, TEXT, TEXT_LEN - 4, 0, 8);
    rig_write_wide(&r, TEXT, UINT64_MAX - 1, 0, 4);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, TEXT_LEN - 4, 4), 0x12345678);
    CU_ASSERT_EQUAL(rig_read_wide(&r, TEXT, TEXT_LEN - 4, 8), UINT64_MAX);
    rig_fini(&r);
}

/* Scrolling by the start address, and a page that goes over the end of the memory. */
static void test_start_address(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    for (unsigned i = 0; i < TEXT_LEN / 2; i++)
        rig_write_wide(&r, TEXT, i * 2, i, 2);
    static const unsigned starts[] = {0, 1, VGA_COLUMNS, 0x1000, TEXT_LEN / 2 - 100, TEXT_LEN / 2, 0xfff0};
    for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++) {
        set_start(&r, starts[k]);
        CU_ASSERT(rig_hit(&r, "START_LOW"));
        CU_ASSERT_EQUAL(cell_at(&r, 0), starts[k] % (TEXT_LEN / 2));
        CU_ASSERT_EQUAL(cell_at(&r, CELLS - 1), (starts[k] + CELLS - 1) % (TEXT_LEN / 2));
    }
    rig_fini(&r);
}

static void test_cursor(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    set_cursor(&r, 12 * VGA_COLUMNS + 34);
    CU_ASSERT(rig_hit(&r, "CURSOR_LOW"));
    CU_ASSERT_EQUAL(vga_cursor(r.device), 12 * VGA_COLUMNS + 34);
    CU_ASSERT(rig_shows(&r, "row 12, column 34"));
    set_start(&r, VGA_COLUMNS);
    CU_ASSERT_EQUAL(vga_cursor(r.device), 11 * VGA_COLUMNS + 34);
    set_cursor(&r, VGA_COLUMNS - 1);
    CU_ASSERT_EQUAL(vga_cursor(r.device), -1);
    CU_ASSERT(rig_shows(&r, "not on the page"));
    set_cursor(&r, VGA_COLUMNS + CELLS - 1);
    CU_ASSERT_EQUAL(vga_cursor(r.device), CELLS - 1);
    set_cursor(&r, VGA_COLUMNS + CELLS);
    CU_ASSERT_EQUAL(vga_cursor(r.device), -1);
    rig_fini(&r);
}

/* Bit 5 of the cursor start register hides it, and so does a shape that ends before it starts. */
static void test_cursor_shape(void)
{
    static const struct {
        uint8_t first, last;
        bool shown;
    } table[] = {{0x0d, 0x0e, true}, {0x2d, 0x0e, false}, {0x0f, 0x0e, false},
                 {0x0e, 0x0e, true}, {0x00, 0x6f, true},  {0x20, 0x00, false}};
    struct rig r;
    rig_init(&r, &vga_ops);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        crtc(&r, 0x0a, table[i].first);
        CU_ASSERT(rig_hit(&r, "CURSOR_START"));
        crtc(&r, 0x0b, table[i].last);
        CU_ASSERT(rig_hit(&r, "CURSOR_END"));
        CU_ASSERT_EQUAL(vga_cursor(r.device), table[i].shown ? 0 : -1);
    }
    rig_fini(&r);
}

static void damage(struct rig *r)
{
    r->device->ops->reset(r->device);
    rig_write_wide(r, TEXT, 100, 0x1234, 2);
    crtc(r, 0x0a, 0x20);
    rig_write(r, BLOCK, 0, 0x01);
    rig_write(r, BLOCK, 8, 199);
    rig_write(r, BLOCK, 9, 9);
}

static void test_state(void)
{
    struct rig r;
    uint16_t before[CELLS], after[CELLS];
    rig_init(&r, &vga_ops);
    for (unsigned i = 0; i < TEXT_LEN / 8; i++)
        rig_write_wide(&r, TEXT, i * 8, i * UINT64_C(0x9e3779b97f4a7c15), 8);
    set_start(&r, 80);
    set_cursor(&r, 161);
    rig_write(&r, BLOCK, 0, 0x14);
    rig_write(&r, BLOCK, 2, 0x63);
    rig_write(&r, STATUS, 0, 0x02);
    rig_write(&r, BLOCK, 6, 0x7f);
    rig_write(&r, BLOCK, 7, 200);
    rig_read(&r, BLOCK, 9);
    vga_screen(r.device, before);
    rig_round_trip(&r, damage);
    vga_screen(r.device, after);
    CU_ASSERT_EQUAL(memcmp(before, after, sizeof(before)), 0);
    CU_ASSERT_EQUAL(vga_cursor(r.device), 81);
    /* A screen that the guest uses stays one in another machine. */
    struct rig_view v = rig_view(&r);
    struct rig other;
    rig_init(&other, &vga_ops);
    CU_ASSERT(rig_restore(&other, v.saved.buf, v.saved.len) == 0);
    CU_ASSERT(vga_in_use(other.device));
    rig_fini(&other);
    rig_view_fini(&v);
    rig_corrupt(&r);
    rig_fini(&r);
}

/* Values that the registers cannot hold, by their place in the saved state. */
static void test_impossible_state(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {
        {2 + 60, 0x40},        /* CRTC index */
        {2 + 61, 0x40},        /* attribute index */
        {2 + 62, 8},           /* sequencer index */
        {2 + 63, 16},          /* graphics index */
        {2 + 64, 2},           /* neither index nor data */
        {2 + 67 + 5, 64},      /* seven bits in the DAC */
        {2 + 67 + 768 + 2, 3}, /* beyond the last colour */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        rig_init(&r, &vga_ops);
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

static void test_reset(void)
{
    struct rig r, fresh;
    rig_init(&r, &vga_ops);
    rig_init(&fresh, &vga_ops);
    damage(&r);
    r.device->ops->reset(r.device);
    struct rig_view v = rig_view(&fresh);
    CU_ASSERT(rig_looks(&r, &v));
    CU_ASSERT_FALSE(vga_in_use(r.device));
    rig_view_fini(&v);
    rig_fini(&fresh);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"power-on", test_power_on},
    {"text memory", test_text_memory},
    {"start address", test_start_address},
    {"cursor", test_cursor},
    {"cursor shape", test_cursor_shape},
    {"state", test_state},
    {"impossible state", test_impossible_state},
    {"reset", test_reset},
};

UNIT_MAIN("VGA text", tests)
