/*
 * The VGA in text mode: the memory as cells, the page and cursor that the CRT controller selects, the retrace
 * bits and the traps of the attribute and DAC ports.
 */
#include "device/types.h"
#include "device_rig.h"

#include <stdlib.h>

enum { TEXT = 0, CRTC = 1, STATUS = 2, BLOCK = 3 };
enum { CELLS = VGA_ROWS * VGA_COLUMNS, BLANK = 0x0720, TEXT_LEN = 0x8000 };

static void crtc(struct rig *r, uint8_t index, uint8_t value)
{
    rig_write(r, CRTC, 0, index);
    rig_write(r, CRTC, 1, value);
}

static uint8_t crtc_get(struct rig *r, uint8_t index)
{
    rig_write(r, CRTC, 0, index);
    return rig_read(r, CRTC, 1);
}

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

static void test_crtc_registers(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    for (uint8_t i = 8; i < 0x19; i++) {
        if (i == 0x11)
            continue;
        crtc(&r, i, (uint8_t)(i * 9));
    }
    for (uint8_t i = 8; i < 0x19; i++)
        if (i != 0x11)
            CU_ASSERT_EQUAL(crtc_get(&r, i), (uint8_t)(i * 9));
    CU_ASSERT_EQUAL(rig_read(&r, CRTC, 0), 0x18);
    CU_ASSERT(rig_hit(&r, "CRTC_INDEX"));
    rig_write(&r, CRTC, 0, 0x0c);
    CU_ASSERT(rig_hit(&r, "CRTC_INDEX"));
    rig_read(&r, CRTC, 1);
    CU_ASSERT(rig_hit(&r, "START_HIGH"));
    crtc(&r, 0x19, 0xff); /* beyond the last */
    CU_ASSERT(rig_hit(&r, "CRTC_DATA"));
    CU_ASSERT_EQUAL(rig_read(&r, CRTC, 1), 0);
    crtc(&r, 0x3f, 0xff);
    CU_ASSERT_EQUAL(rig_read(&r, CRTC, 1), 0);
    rig_fini(&r);
}

/* Bit 7 of register 0x11 locks registers 0 to 7, as BIOS mode 3 leaves it; one bit of 7 stays free. */
static void test_crtc_protect(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    crtc(&r, 0x00, 0x12);
    CU_ASSERT_EQUAL(crtc_get(&r, 0x00), 0x5f);
    crtc(&r, 0x07, 0x00);
    CU_ASSERT_EQUAL(crtc_get(&r, 0x07), 0x0f);
    crtc(&r, 0x07, 0xff);
    CU_ASSERT_EQUAL(crtc_get(&r, 0x07), 0x1f);
    crtc(&r, 0x11, 0x0e);
    crtc(&r, 0x00, 0x12);
    crtc(&r, 0x07, 0xa5);
    CU_ASSERT_EQUAL(crtc_get(&r, 0x00), 0x12);
    CU_ASSERT_EQUAL(crtc_get(&r, 0x07), 0xa5);
    rig_fini(&r);
}

/* 70 frames a second; the vertical blank in each is 49 of 449 lines, and every line has a horizontal one. */
static void test_retrace(void)
{
    struct rig r;
    unsigned frames = 0, lines = 0, vertical = 0;
    uint8_t last = 0;
    rig_init(&r, &vga_ops);
    for (unsigned us = 0; us < 1000000; us++) {
        r.now_ns = us * UINT64_C(1000);
        uint8_t now = rig_read(&r, STATUS, 0);
        CU_ASSERT((now & ~9) == 0 && now != 8); /* in the vertical blank, display is off too */
        frames += (now & 8) && !(last & 8);
        lines += (now & 1) && !(last & 1);
        vertical += (now & 8) != 0;
        last = now;
    }
    CU_ASSERT(rig_hit(&r, "STATUS1"));
    CU_ASSERT_EQUAL(frames, 70);
    CU_ASSERT(lines > 70 * 398 && lines < 71 * 402);
    CU_ASSERT(vertical > 107000 && vertical < 111000);
    rig_fini(&r);
}

/* Port 0x3c0 takes index and data in turn; a read of input status 1 makes the next one an index. */
static void test_attribute_flip_flop(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    rig_read(&r, STATUS, 0);
    rig_write(&r, BLOCK, 0, 0x11);
    CU_ASSERT(rig_hit(&r, "ATTR_INDEX"));
    rig_write(&r, BLOCK, 0, 0x05);
    CU_ASSERT(rig_hit(&r, "ATTR"));
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 1), 0x05);
    rig_write(&r, BLOCK, 0, 0x12);
    rig_read(&r, STATUS, 0); /* index again */
    rig_write(&r, BLOCK, 0, 0x30);
    CU_ASSERT(rig_hit(&r, "ATTR_INDEX"));
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 0), 0x30);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 1), 0x0c); /* mode control, as mode 3 has it */
    rig_write(&r, BLOCK, 0, 0x08);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 1), 0x08);
    rig_write(&r, BLOCK, 0, 0x1f); /* beyond the last */
    rig_write(&r, BLOCK, 0, 0xff);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 1), 0);
    rig_fini(&r);
}

/* Index and data pairs: sequencer at 4, graphics at 14. */
static void test_indexed_files(void)
{
    static const struct {
        uint8_t port;
        unsigned count;
        const char *index, *data;
        uint8_t mode3_index, mode3; /* one value that BIOS mode 3 has: the planes; the memory map */
    } table[] = {{4, 5, "SEQ_INDEX", "SEQ", 2, 0x03}, {14, 9, "GFX_INDEX", "GFX", 6, 0x0e}};
    for (size_t k = 0; k < 2; k++) {
        struct rig r;
        rig_init(&r, &vga_ops);
        rig_write(&r, BLOCK, table[k].port, table[k].mode3_index);
        CU_ASSERT_EQUAL(rig_read(&r, BLOCK, table[k].port + 1u), table[k].mode3);
        for (uint8_t i = 0; i < 10; i++) {
            rig_write(&r, BLOCK, table[k].port, i);
            CU_ASSERT(rig_hit(&r, table[k].index));
            rig_write(&r, BLOCK, table[k].port + 1u, (uint8_t)(0x50 + i));
            CU_ASSERT(rig_hit(&r, table[k].data));
        }
        for (uint8_t i = 0; i < table[k].count; i++) {
            rig_write(&r, BLOCK, table[k].port, i);
            CU_ASSERT_EQUAL(rig_read(&r, BLOCK, table[k].port), i);
            uint8_t expect = (uint8_t)(0x50 + i);
            if (k == 0 && i + 8 < 10) /* three bits of index: 8 and 9 were 0 and 1 again */
                expect = (uint8_t)(0x58 + i);
            CU_ASSERT_EQUAL(rig_read(&r, BLOCK, table[k].port + 1u), expect);
        }
        rig_fini(&r);
    }
}

static void test_single_registers(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 0xc), 0x67);
    rig_write(&r, BLOCK, 2, 0xe3);
    CU_ASSERT(rig_hit(&r, "MISC"));
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 0xc), 0xe3);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 2), 0);
    CU_ASSERT(rig_hit(&r, "STATUS0"));
    rig_write(&r, STATUS, 0, 0x03);
    CU_ASSERT(rig_hit(&r, "FEATURE"));
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 0xa), 0x03);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 6), 0xff);
    rig_write(&r, BLOCK, 6, 0x0f);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 6), 0x0f);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 0xb), 0xff);
    CU_ASSERT_EQUAL(r.reg, DEVICE_NO_REG);
    struct access undecoded = {.region = BLOCK, .offset = 0xd, .size = 1, .reg = 3};
    vga_ops.write(r.device, &undecoded);
    CU_ASSERT_EQUAL(undecoded.reg, DEVICE_NO_REG);
    rig_write(&r, BLOCK, 0xd, 0);
    CU_ASSERT_EQUAL(r.reg, DEVICE_NO_REG);
    rig_fini(&r);
}

/* The DAC has six bits a part and goes on by itself; its state tells which index was written last. */
static void test_dac(void)
{
    struct rig r;
    rig_init(&r, &vga_ops);
    rig_write(&r, BLOCK, 7, 7); /* read from colour 7: light grey */
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 7), 3);
    static const uint8_t start[] = {42, 42, 42, 0, 0, 21, 0, 0, 63};
    for (size_t i = 0; i < sizeof(start); i++)
        CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 9), start[i]);
    rig_write(&r, BLOCK, 8, 254);
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 7), 0);
    for (unsigned i = 0; i < 9; i++) /* goes on at colour 0 after 255 */
        rig_write(&r, BLOCK, 9, (uint8_t)(0xc1 + i));
    CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 8), 1);
    rig_write(&r, BLOCK, 7, 255);
    for (unsigned i = 3; i < 9; i++)
        CU_ASSERT_EQUAL(rig_read(&r, BLOCK, 9), 1 + i);
    rig_fini(&r);
}

static void damage(struct rig *r)
{
    r->device->ops->reset(r->device);
    rig_write_wide(r, TEXT, 100, 0x1234, 2);
    crtc(r, 0x0a, 0x20);
    rig_write(r, BLOCK, 0, 0x01);
    rig_write(r, BLOCK, 8, 9);
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
    {"CRTC registers", test_crtc_registers},
    {"CRTC protection", test_crtc_protect},
    {"retrace", test_retrace},
    {"attribute flip-flop", test_attribute_flip_flop},
    {"indexed files", test_indexed_files},
    {"single registers", test_single_registers},
    {"DAC", test_dac},
    {"state", test_state},
    {"impossible state", test_impossible_state},
    {"reset", test_reset},
};

UNIT_MAIN("VGA", tests)
