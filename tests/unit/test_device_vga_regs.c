/*
 * The registers of the VGA: the CRT controller and its lock, the retrace bits, and the traps of the attribute
 * and DAC ports.
 */
#include "device_vga_bench.h"

#include <stdlib.h>

static uint8_t crtc_get(struct rig *r, uint8_t index)
{
    rig_write(r, CRTC, 0, index);
    return rig_read(r, CRTC, 1);
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

static const struct unit_test tests[] = {
    {"CRTC registers", test_crtc_registers},
    {"CRTC protection", test_crtc_protect},
    {"retrace", test_retrace},
    {"attribute flip-flop", test_attribute_flip_flop},
    {"indexed files", test_indexed_files},
    {"single registers", test_single_registers},
    {"DAC", test_dac},
};

UNIT_MAIN("VGA registers", tests)
