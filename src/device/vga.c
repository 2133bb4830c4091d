/*
 * The VGA in text mode: 32 KiB of memory at 0xb8000 in which two bytes make a cell on the screen, the
 * character and its colours.  Writing there is MMIO: each store of the guest is an exit, which is slow and
 * very easy to watch.
 *
 * Called by the bus; the screen asks vga_screen() and vga_cursor() what to draw.  vga_regs.c has the
 * registers.
 *
 * Simplified: always 80 columns by 25 rows, whatever the registers say of line length and height; no
 * graphics, no fonts.  A page that begins near the end of the memory goes on at its start.
 *
 * Manual: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", section "Alphanumeric Modes".
 */
#include "device/vga.h"

#include "base/bytes.h"
#include "device/show.h"
#include "device/types.h"

#include <stdlib.h>
#include <string.h>

static const char *const vga_regs[VGA_REG_COUNT] = {
    [R_CELL] = "CELL",
    [R_CRTC_INDEX] = "CRTC_INDEX",
    [R_CRTC_DATA] = "CRTC_DATA",
    [R_CURSOR_START] = "CURSOR_START",
    [R_CURSOR_END] = "CURSOR_END",
    [R_START_HIGH] = "START_HIGH",
    [R_START_LOW] = "START_LOW",
    [R_CURSOR_HIGH] = "CURSOR_HIGH",
    [R_CURSOR_LOW] = "CURSOR_LOW",
    [R_STATUS1] = "STATUS1",
    [R_FEATURE] = "FEATURE",
    [R_ATTR_INDEX] = "ATTR_INDEX",
    [R_ATTR_DATA] = "ATTR",
    [R_STATUS0] = "STATUS0",
    [R_MISC] = "MISC",
    [R_SEQ_INDEX] = "SEQ_INDEX",
    [R_SEQ_DATA] = "SEQ",
    [R_DAC_MASK] = "DAC_MASK",
    [R_DAC_STATE] = "DAC_STATE",
    [R_DAC_READ] = "DAC_READ",
    [R_DAC_WRITE] = "DAC_WRITE",
    [R_DAC_DATA] = "DAC",
    [R_GFX_INDEX] = "GFX_INDEX",
    [R_GFX_DATA] = "GFX",
};

enum {
    CURSOR_OFF = 0x20,  /* in CRTC_CURSOR_START */
    CURSOR_LINE = 0x1f, /* scan line within the character */
    CELL_BLANK = 0x0720 /* a space, light grey on black */
};

static struct vga *vga_of(struct device *d)
{
    return (struct vga *)d;
}

static const struct vga *vga_of_const(const struct device *d)
{
    return (const struct vga *)d;
}

static uint16_t vga_start(const struct vga *v)
{
    return (uint16_t)(v->crtc[CRTC_START_HIGH] << 8 | v->crtc[CRTC_START_LOW]);
}

static uint16_t vga_cursor_cell(const struct vga *v)
{
    return (uint16_t)(v->crtc[CRTC_CURSOR_HIGH] << 8 | v->crtc[CRTC_CURSOR_LOW]);
}

void vga_screen(const struct device *vga, uint16_t cells[VGA_ROWS * VGA_COLUMNS])
{
    const struct vga *v = vga_of_const(vga);
    size_t start = vga_start(v);
    for (unsigned i = 0; i < VGA_ROWS * VGA_COLUMNS; i++)
        cells[i] = le16_load(v->text + (start + i) % VGA_CELLS * 2);
}

static bool vga_cursor_shown(const struct vga *v)
{
    uint8_t first = v->crtc[CRTC_CURSOR_START], last = v->crtc[CRTC_CURSOR_END];
    return !(first & CURSOR_OFF) && (first & CURSOR_LINE) <= (last & CURSOR_LINE);
}

int vga_cursor(const struct device *vga)
{
    const struct vga *v = vga_of_const(vga);
    uint16_t at = (uint16_t)(vga_cursor_cell(v) - vga_start(v));
    return vga_cursor_shown(v) && at < VGA_ROWS * VGA_COLUMNS ? at : -1;
}

bool vga_in_use(const struct device *vga)
{
    return vga_of_const(vga)->used;
}

static bool text_holds(const struct access *a)
{
    return a->size <= 8 && a->offset <= (uint64_t)VGA_TEXT_LEN - a->size;
}

static void vga_read(struct device *d, struct access *a)
{
    struct vga *v = vga_of(d);
    if (a->region != 0) {
        vga_regs_read(v, a);
        return;
    }
    a->reg = R_CELL;
    a->value = text_holds(a) ? le_load(v->text + a->offset, a->size) : UINT64_MAX;
}

static void vga_write(struct device *d, struct access *a)
{
    struct vga *v = vga_of(d);
    if (a->region != 0) {
        vga_regs_write(v, a);
        return;
    }
    a->reg = R_CELL;
    if (!text_holds(a))
        return;
    le_store(v->text + a->offset, a->value, a->size);
    v->used = true;
}

static void vga_reset(struct device *d)
{
    struct vga *v = vga_of(d);
    vga_regs_init(v);
    for (size_t i = 0; i < VGA_CELLS; i++)
        le_store(v->text + i * 2, CELL_BLANK, 2);
    v->used = false;
}

static struct device *vga_create(const struct device_wires *wires, struct err *e)
{
    struct vga *v = calloc(1, sizeof(*v));
    if (!v) {
        err_set(e, "vga: out of memory");
        return NULL;
    }
    v->dev = (struct device){.ops = &vga_ops, .wires = *wires};
    vga_reset(&v->dev);
    return &v->dev;
}

static void vga_destroy(struct device *d)
{
    free(vga_of(d));
}

static void describe_file(struct text *out, const char *name, const uint8_t *file, unsigned count,
                          uint8_t index)
{
    text_addf(out, "%-5s  index %02x:", name, index);
    for (unsigned i = 0; i < count; i++)
        text_addf(out, " %02x", file[i]);
    text_addc(out, '\n');
}

static void describe_screen(const struct vga *v, struct text *out)
{
    uint16_t cells[VGA_ROWS * VGA_COLUMNS];
    unsigned shown = 0;
    vga_screen(&v->dev, cells);
    for (unsigned i = 0; i < VGA_ROWS * VGA_COLUMNS; i++)
        shown += (cells[i] & 0xff) != ' ' && (cells[i] & 0xff) != 0;
    text_addf(out, "TEXT    characters on the page: %u, %s\n", shown,
              v->used ? "written by the guest" : "never written");
    text_addf(out, "START   %04x  the page begins %u bytes into the text memory\n", vga_start(v),
              vga_start(v) % VGA_CELLS * 2u);
    int at = vga_cursor(&v->dev);
    text_addf(out, "CURSOR  %04x  ", vga_cursor_cell(v));
    if (at >= 0)
        text_addf(out, "row %d, column %d", at / VGA_COLUMNS, at % VGA_COLUMNS);
    else
        text_add(out, vga_cursor_shown(v) ? "not on the page" : "hidden");
    text_addf(out, "; scan lines %u to %u\n", v->crtc[CRTC_CURSOR_START] & CURSOR_LINE,
              v->crtc[CRTC_CURSOR_END] & CURSOR_LINE);
}

static void vga_describe(const struct device *d, struct text *out)
{
    const struct vga *v = vga_of_const(d);
    describe_screen(v, out);
    describe_file(out, "CRTC", v->crtc, VGA_CRTC_COUNT, v->crtc_index);
    describe_file(out, "ATTR", v->attr, VGA_ATTR_COUNT, v->attr_index);
    describe_file(out, "SEQ", v->seq, VGA_SEQ_COUNT, v->seq_index);
    describe_file(out, "GFX", v->gfx, VGA_GFX_COUNT, v->gfx_index);
    text_addf(out, "ATTR   the next write to its port is %s\n", v->attr_data ? "data" : "an index");
    show_note(out, 5, "MISC", v->misc, "CRTC at ports 0x%x", v->misc & 1 ? 0x3d4 : 0x3b4);
    show_note(out, 5, "FEAT", v->feature, "feature control");
    show_note(out, 5, "DAC", v->dac_mask, "mask; colour %u, %s is next, to be %s", v->dac_at / 3u,
              (const char *const[]){"red", "green", "blue"}[v->dac_at % 3],
              v->dac_reading ? "read" : "written");
}

static void vga_fields(struct state *s, struct vga *v)
{
    vga_regs_fields(s, v);
    state_bool(s, &v->used);
    state_bytes(s, v->text, sizeof(v->text));
}

static void vga_save(const struct device *d, struct text *out)
{
    struct vga copy = *vga_of_const(d);
    struct state s = state_saving(out, STATE_VGA, 1);
    vga_fields(&s, &copy);
}

static int vga_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct vga copy = *vga_of(d);
    struct state s = state_loading(p, len, STATE_VGA, 1);
    vga_fields(&s, &copy);
    if (state_finish(&s, e))
        return err_wrap(e, "vga");
    *vga_of(d) = copy;
    return 0;
}

const struct device_ops vga_ops = {
    .name = "vga",
    .summary = "VGA text screen",
    .lesson =
        "The screen is memory: from 0xb8000 on, each cell is two bytes, the character and its colours "
        "(foreground in the "
        "low four bits, background above). The CRT controller at ports 0x3d4 and 0x3d5 says which cell is "
        "the "
        "first on the screen and where the cursor blinks; scrolling can be as cheap as moving that start. "
        "IBM PS/2 Hardware Interface Technical Reference, Video Subsystem.",
    .regs = vga_regs,
    .reg_count = VGA_REG_COUNT,
    .create = vga_create,
    .destroy = vga_destroy,
    .reset = vga_reset,
    .read = vga_read,
    .write = vga_write,
    .describe = vga_describe,
    .save = vga_save,
    .restore = vga_restore,
};
