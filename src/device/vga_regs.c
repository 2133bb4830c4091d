/*
 * The registers of the VGA: the CRT controller, whose start address and cursor decide what vga_screen() and
 * vga_cursor() report, input status 1, which follows the clock, and the values that all of them start with:
 * those of BIOS mode 3, since no BIOS runs here that could set them.
 *
 * Called by vga.c; vga_block.c has the rest, ports 0x3c0 to 0x3cf.
 *
 * Simplified: the retrace bit is up for the whole vertical blank (49 of 449 lines) rather than for the two
 * lines of the pulse: a guest that polls it leaves the VM with each read, and would miss 64 us.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", sections "General Registers"
 * and "CRT Controller Registers".
 */
#include "device/vga.h"

#include <string.h>

enum {
    CRTC_PROTECT = 0x80, /* in CRTC_RETRACE_END: registers 0 to 7 are read-only, but for one bit */
    OVERFLOW_LINE_COMPARE = 0x10,
    STATUS1_BLANK = 0x01,
    STATUS1_RETRACE = 0x08,

    LINE_NS = 31778, /* 900 pixels at 28.322 MHz, of which 720 are seen */
    LINE_SEEN_NS = 25422,
    LINES = 449, /* 400 seen */
    LINES_SEEN = 400,
};

static const uint8_t crtc_mode3[VGA_CRTC_COUNT] = {
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00,
    0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
};
static const uint8_t attr_mode3[VGA_ATTR_COUNT] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a,
    0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00,
};
static const uint8_t seq_mode3[VGA_SEQ_COUNT] = {0x03, 0x00, 0x03, 0x00, 0x02};
static const uint8_t gfx_mode3[VGA_GFX_COUNT] = {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff};

/* The 64 colours of the EGA: bits 2, 1, 0 are two thirds of red, green, blue, bits 5, 4, 3 one third. */
static void dac_init(uint8_t dac[VGA_DAC_LEN])
{
    memset(dac, 0, VGA_DAC_LEN);
    for (unsigned colour = 0; colour < 64; colour++) {
        for (unsigned part = 0; part < 3; part++) {
            unsigned strong = colour >> (2 - part) & 1, weak = colour >> (5 - part) & 1;
            dac[colour * 3 + part] = (uint8_t)(strong * 42 + weak * 21);
        }
    }
}

void vga_regs_init(struct vga *v)
{
    memcpy(v->crtc, crtc_mode3, sizeof(v->crtc));
    memcpy(v->attr, attr_mode3, sizeof(v->attr));
    memcpy(v->seq, seq_mode3, sizeof(v->seq));
    memcpy(v->gfx, gfx_mode3, sizeof(v->gfx));
    dac_init(v->dac);
    v->crtc_index = v->seq_index = v->gfx_index = v->feature = 0;
    v->attr_index = 0x20;
    v->attr_data = v->dac_reading = false;
    v->misc = 0x67;
    v->dac_mask = 0xff;
    v->dac_at = 0;
}

static uint8_t crtc_name(uint8_t index)
{
    static const uint8_t names[] = {
        [CRTC_CURSOR_START] = R_CURSOR_START, [CRTC_CURSOR_END] = R_CURSOR_END,
        [CRTC_START_HIGH] = R_START_HIGH,     [CRTC_START_LOW] = R_START_LOW,
        [CRTC_CURSOR_HIGH] = R_CURSOR_HIGH,   [CRTC_CURSOR_LOW] = R_CURSOR_LOW,
    };
    return index < sizeof(names) && names[index] ? names[index] : R_CRTC_DATA;
}

static void crtc_write(struct vga *v, uint8_t value)
{
    bool locked = v->crtc[CRTC_RETRACE_END] & CRTC_PROTECT;
    if (locked && v->crtc_index < CRTC_OVERFLOW)
        return;
    if (locked && v->crtc_index == CRTC_OVERFLOW) {
        value &= OVERFLOW_LINE_COMPARE;
        value |= (uint8_t)(v->crtc[CRTC_OVERFLOW] & ~OVERFLOW_LINE_COMPARE);
    }
    vga_file_write(v->crtc, VGA_CRTC_COUNT, v->crtc_index, value);
}

/* The beam goes over 449 lines in 14.27 ms. */
static uint8_t status1(const struct vga *v)
{
    uint64_t now = device_now_ns(&v->dev);
    bool vertical = now / LINE_NS % LINES >= LINES_SEEN;
    bool horizontal = now % LINE_NS >= LINE_SEEN_NS;
    return (uint8_t)((vertical ? STATUS1_RETRACE : 0) | (vertical || horizontal ? STATUS1_BLANK : 0));
}

void vga_regs_read(struct vga *v, struct access *a)
{
    if (a->region == 3) {
        vga_block_read(v, a);
    } else if (a->region == 2) {
        a->reg = R_STATUS1;
        a->value = status1(v);
        v->attr_data = false;
    } else if (a->offset == 0) {
        a->reg = R_CRTC_INDEX;
        a->value = v->crtc_index;
    } else {
        a->reg = crtc_name(v->crtc_index);
        a->value = vga_file_read(v->crtc, VGA_CRTC_COUNT, v->crtc_index);
    }
}

void vga_regs_write(struct vga *v, struct access *a)
{
    uint8_t value = (uint8_t)a->value;
    if (a->region == 3) {
        vga_block_write(v, a);
    } else if (a->region == 2) {
        a->reg = R_FEATURE;
        v->feature = value;
    } else if (a->offset == 0) {
        a->reg = R_CRTC_INDEX;
        v->crtc_index = value & 0x3f;
    } else {
        a->reg = crtc_name(v->crtc_index);
        crtc_write(v, value);
    }
}

void vga_regs_fields(struct state *s, struct vga *v)
{
    state_bytes(s, v->crtc, sizeof(v->crtc));
    state_bytes(s, v->attr, sizeof(v->attr));
    state_bytes(s, v->seq, sizeof(v->seq));
    state_bytes(s, v->gfx, sizeof(v->gfx));
    state_mask(s, &v->crtc_index, 0x3f);
    state_mask(s, &v->attr_index, VGA_ATTR_INDEX_MASK);
    state_mask(s, &v->seq_index, 7);
    state_mask(s, &v->gfx_index, 15);
    state_bool(s, &v->attr_data);
    state_u8(s, &v->misc);
    state_u8(s, &v->feature);
    state_bytes(s, v->dac, sizeof(v->dac));
    state_u8(s, &v->dac_mask);
    state_u16(s, &v->dac_at);
    state_bool(s, &v->dac_reading);
    state_require(s, v->dac_at < VGA_DAC_LEN);
    for (unsigned i = 0; i < VGA_DAC_LEN; i++)
        state_require(s, v->dac[i] < 64);
}
