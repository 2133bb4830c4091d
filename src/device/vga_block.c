/*
 * Ports 0x3c0 to 0x3cf of the VGA: attribute controller, sequencer, graphics controller, palette DAC.  In
 * text mode nothing here changes what Ringside shows; the registers are kept, so that a guest reads back what
 * it wrote, and they have the two traps that every VGA driver meets: the attribute port that takes index and
 * data in turn, and the DAC that steps from red to green to blue to the next colour by itself.
 *
 * Called by vga_regs.c.
 *
 * Simplified: palette registers can be written at any time, whatever the palette source bit says.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", sections "Sequencer Registers",
 * "Graphics Controller Registers", "Attribute Controller Registers", "Video Digital-to-Analog Converter".
 */
#include "device/vga.h"

enum {
    ATTR_SELECT = 0x1f,
    DAC_STATE_READ = 3,
};

static uint8_t attr_index_read(struct vga *v)
{
    return v->attr_index;
}

static uint8_t attr_read(struct vga *v)
{
    return vga_file_read(v->attr, VGA_ATTR_COUNT, v->attr_index & ATTR_SELECT);
}

static void attr_write(struct vga *v, uint8_t value)
{
    if (v->attr_data)
        vga_file_write(v->attr, VGA_ATTR_COUNT, v->attr_index & ATTR_SELECT, value);
    else
        v->attr_index = value & VGA_ATTR_INDEX_MASK;
    v->attr_data = !v->attr_data;
}

/* Status 0 has the switches that sensed the monitor: none here. */
static uint8_t status0_read(struct vga *v)
{
    (void)v;
    return 0;
}

static uint8_t misc_read(struct vga *v)
{
    return v->misc;
}

static void misc_write(struct vga *v, uint8_t value)
{
    v->misc = value;
}

static uint8_t feature_read(struct vga *v)
{
    return v->feature;
}

static uint8_t seq_index_read(struct vga *v)
{
    return v->seq_index;
}

static void seq_index_write(struct vga *v, uint8_t value)
{
    v->seq_index = value & 7;
}

static uint8_t seq_read(struct vga *v)
{
    return vga_file_read(v->seq, VGA_SEQ_COUNT, v->seq_index);
}

static void seq_write(struct vga *v, uint8_t value)
{
    vga_file_write(v->seq, VGA_SEQ_COUNT, v->seq_index, value);
}

static uint8_t gfx_index_read(struct vga *v)
{
    return v->gfx_index;
}

static void gfx_index_write(struct vga *v, uint8_t value)
{
    v->gfx_index = value & 15;
}

static uint8_t gfx_read(struct vga *v)
{
    return vga_file_read(v->gfx, VGA_GFX_COUNT, v->gfx_index);
}

static void gfx_write(struct vga *v, uint8_t value)
{
    vga_file_write(v->gfx, VGA_GFX_COUNT, v->gfx_index, value);
}

static uint8_t dac_mask_read(struct vga *v)
{
    return v->dac_mask;
}

static void dac_mask_write(struct vga *v, uint8_t value)
{
    v->dac_mask = value;
}

static uint8_t dac_state_read(struct vga *v)
{
    return v->dac_reading ? DAC_STATE_READ : 0;
}

static void dac_read_index_write(struct vga *v, uint8_t colour)
{
    v->dac_at = (uint16_t)(colour * 3);
    v->dac_reading = true;
}

static uint8_t dac_write_index_read(struct vga *v)
{
    return (uint8_t)(v->dac_at / 3);
}

static void dac_write_index_write(struct vga *v, uint8_t colour)
{
    v->dac_at = (uint16_t)(colour * 3);
    v->dac_reading = false;
}

static void dac_step(struct vga *v)
{
    v->dac_at = (uint16_t)((v->dac_at + 1) % VGA_DAC_LEN);
}

static uint8_t dac_read(struct vga *v)
{
    uint8_t value = v->dac[v->dac_at];
    dac_step(v);
    return value;
}

static void dac_write(struct vga *v, uint8_t value)
{
    v->dac[v->dac_at] = value & 0x3f;
    dac_step(v);
}

/* What each port is, read and written. A direction without a function is not decoded. */
static const struct block_port {
    uint8_t (*read)(struct vga *v);
    void (*write)(struct vga *v, uint8_t value);
    uint8_t read_reg, write_reg;
} block_ports[16] = {
    [0x0] = {attr_index_read, attr_write, R_ATTR_INDEX, R_ATTR_INDEX}, /* written: R_ATTR_DATA in turn */
    [0x1] = {attr_read, NULL, R_ATTR_DATA, 0},
    [0x2] = {status0_read, misc_write, R_STATUS0, R_MISC},
    [0x4] = {seq_index_read, seq_index_write, R_SEQ_INDEX, R_SEQ_INDEX},
    [0x5] = {seq_read, seq_write, R_SEQ_DATA, R_SEQ_DATA},
    [0x6] = {dac_mask_read, dac_mask_write, R_DAC_MASK, R_DAC_MASK},
    [0x7] = {dac_state_read, dac_read_index_write, R_DAC_STATE, R_DAC_READ},
    [0x8] = {dac_write_index_read, dac_write_index_write, R_DAC_WRITE, R_DAC_WRITE},
    [0x9] = {dac_read, dac_write, R_DAC_DATA, R_DAC_DATA},
    [0xa] = {feature_read, NULL, R_FEATURE, 0},
    [0xc] = {misc_read, NULL, R_MISC, 0},
    [0xe] = {gfx_index_read, gfx_index_write, R_GFX_INDEX, R_GFX_INDEX},
    [0xf] = {gfx_read, gfx_write, R_GFX_DATA, R_GFX_DATA},
};

void vga_block_read(struct vga *v, struct access *a)
{
    const struct block_port *port = &block_ports[a->offset & 15];
    a->reg = port->read ? port->read_reg : DEVICE_NO_REG;
    a->value = port->read ? port->read(v) : 0xff;
}

void vga_block_write(struct vga *v, struct access *a)
{
    const struct block_port *port = &block_ports[a->offset & 15];
    if (!port->write) {
        a->reg = DEVICE_NO_REG;
        return;
    }
    a->reg = port->write == attr_write && v->attr_data ? R_ATTR_DATA : port->write_reg;
    port->write(v, (uint8_t)a->value);
}
