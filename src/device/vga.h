/*
 * The inside of the VGA, shared by its parts: vga.c (text memory, what is on the screen, the device) and
 * vga_regs.c (the register files).  Nobody else includes this.
 */
#ifndef RINGSIDE_DEVICE_VGA_H
#define RINGSIDE_DEVICE_VGA_H

#include "device/device.h"
#include "device/state.h"

enum {
    VGA_TEXT_LEN = 0x8000,
    VGA_CELLS = VGA_TEXT_LEN / 2,
    VGA_CRTC_COUNT = 0x19,
    VGA_ATTR_COUNT = 0x15,
    VGA_ATTR_INDEX_MASK = 0x3f, /* with the palette source bit */
    VGA_SEQ_COUNT = 5,
    VGA_GFX_COUNT = 9,
    VGA_DAC_LEN = 256 * 3,
};

/* CRT controller registers that decide what is seen. */
enum vga_crtc {
    CRTC_OVERFLOW = 0x07,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_START_LOW = 0x0d,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_CURSOR_LOW = 0x0f,
    CRTC_RETRACE_END = 0x11,
};

/* Names for struct access.reg. */
enum vga_reg {
    R_CELL,
    R_CRTC_INDEX,
    R_CRTC_DATA,
    R_CURSOR_START,
    R_CURSOR_END,
    R_START_HIGH,
    R_START_LOW,
    R_CURSOR_HIGH,
    R_CURSOR_LOW,
    R_STATUS1,
    R_FEATURE,
    R_ATTR_INDEX,
    R_ATTR_DATA,
    R_STATUS0,
    R_MISC,
    R_SEQ_INDEX,
    R_SEQ_DATA,
    R_DAC_MASK,
    R_DAC_STATE,
    R_DAC_READ,
    R_DAC_WRITE,
    R_DAC_DATA,
    R_GFX_INDEX,
    R_GFX_DATA,
    VGA_REG_COUNT
};

/* An indexed register file is reached through an index register that may point past its end. */
struct vga {
    struct device dev;
    uint8_t crtc[VGA_CRTC_COUNT], attr[VGA_ATTR_COUNT], seq[VGA_SEQ_COUNT], gfx[VGA_GFX_COUNT];
    uint8_t crtc_index, attr_index, seq_index, gfx_index;
    bool attr_data; /* the flip-flop: the next write to 0x3c0 is data */
    uint8_t misc, feature;
    uint8_t dac[VGA_DAC_LEN]; /* six bits each of red, green, blue */
    uint8_t dac_mask;
    uint16_t dac_at;  /* the next byte of `dac` to be read or written */
    bool dac_reading; /* the last index written was the one for reading */
    bool used;
    uint8_t text[VGA_TEXT_LEN];
};

/* The state a BIOS leaves for mode 3, 80 by 25 text. */
void vga_regs_init(struct vga *v);

/* Port accesses by region: 1 CRTC, 2 status, 3 the 0x3c0 block. */
void vga_regs_read(struct vga *v, struct access *a);
void vga_regs_write(struct vga *v, struct access *a);

/* Ports 0x3c0 to 0x3cf, with the offset counted from there. */
void vga_block_read(struct vga *v, struct access *a);
void vga_block_write(struct vga *v, struct access *a);

/* A register of an indexed file; beyond its end there is nothing. */
static inline uint8_t vga_file_read(const uint8_t *file, unsigned count, unsigned index)
{
    return index < count ? file[index] : 0;
}

static inline void vga_file_write(uint8_t *file, unsigned count, unsigned index, uint8_t value)
{
    if (index < count)
        file[index] = value;
}

void vga_regs_fields(struct state *s, struct vga *v);

#endif
