/*
 * The memory view's eyes: which rows fit, and which bytes lie there. See memory.c.
 *
 * Linear addresses go through the page tables a page at a time (Intel SDM, "Paging"), so that one row can end
 * in a hole and the next one lie somewhere else entirely in the machine's memory.
 */
#include "monitor/views/memory_inside.h"

#include "vm/cpu.h"

#include <string.h>

enum { PAGE_LEN = SNAPSHOT_PAGE_LEN };

/* ---- shape ---- */

/* From the widest: how many bytes a row has, and how many of them stand together. */
static const struct {
    int per_row, group;
} shapes[] = {{32, 1}, {16, 1}, {16, 2}, {8, 1}, {8, 2}, {4, 1}, {4, 4}, {2, 2}};

/* Columns of a row: address, two blanks, groups with a blank behind each (two behind every eighth byte),
 * text. */
static int shape_width(int digits, int per_row, int group)
{
    int halves = group == 1 && per_row > 8 ? per_row / 8 - 1 : 0;
    return digits + 1 + per_row * 2 + per_row / group + halves + per_row + (per_row >= 8 && group == 1);
}

static int digits_for(uint64_t top, int w)
{
    if (top >> 48)
        return 16;
    if (top >> 32)
        return 12;
    return w < 60 && top < 0x1000000 ? 6 : 8;
}

void memory_shape(struct memory *m, int w, int h, uint64_t top)
{
    struct memory_shape *f = &m->shape;
    size_t i = 0;
    f->digits = digits_for(top, w);
    while (i + 1 < sizeof shapes / sizeof shapes[0] &&
           shape_width(f->digits, shapes[i].per_row, shapes[i].group) > w)
        i++;
    f->per_row = shapes[i].per_row;
    f->group = shapes[i].group;
    f->status = h >= MEMORY_STATUS_MIN_H;
    f->rows = f->status ? h - 1 : h;
    if (f->rows < 1)
        f->rows = 1;
    if (f->rows > MEMORY_BYTES_MAX / f->per_row)
        f->rows = MEMORY_BYTES_MAX / f->per_row;
}

void memory_show(struct memory *m, uint64_t at)
{
    uint64_t per = (uint64_t)m->shape.per_row, rows = (uint64_t)m->shape.rows;
    m->at = at < m->last ? at : m->last;
    uint64_t row = m->at / per, top = m->top / per, most = m->last / per;
    if (row < top)
        top = row;
    else if (row - top >= rows)
        top = row - rows + 1;
    if (top > most - (most < rows - 1 ? most : rows - 1))
        top = most - (most < rows - 1 ? most : rows - 1);
    m->top = top * per;
}

/* ---- bytes ---- */

bool memory_locate(const struct snapshot *s, enum space space, uint64_t addr, uint64_t *gpa, const char **why)
{
    struct gva_context c = target_context(&s->target);
    struct gva_walk w;
    *gpa = addr;
    if (space == SPACE_LINEAR) {
        gva_translate(s->target.memory, &c, addr, GVA_READ, &w);
        if (!w.ok) {
            *why = w.why;
            return false;
        }
        *gpa = w.gpa;
    }
    *why = space == SPACE_LINEAR ? "no memory under the page" : "no memory there";
    return memory_ptr(s->target.memory, *gpa, 1, false);
}

/* Up to `n` bytes of one page. */
static void look_run(const struct snapshot *s, enum space space, uint64_t addr, struct memory_byte *b,
                     size_t n)
{
    uint64_t gpa;
    const char *why;
    memset(b, 0, n * sizeof *b);
    const uint8_t *p =
        memory_locate(s, space, addr, &gpa, &why) ? memory_ptr(s->target.memory, gpa, n, false) : NULL;
    bool waiting = p && !snapshot_page(s, gpa - gpa % PAGE_LEN);
    for (size_t i = 0; p && i < n; i++) {
        uint8_t was;
        b[i].value = p[i];
        b[i].there = true;
        b[i].waiting = waiting;
        b[i].changed = !waiting && snapshot_earlier_byte(s, gpa + i, &was) && was != p[i];
    }
}

static void look_selected(struct memory *m, const struct snapshot *s)
{
    uint64_t gpa;
    const char *why = NULL;
    bool there = memory_locate(s, m->space, m->at, &gpa, &why);
    m->why = there ? NULL : why;
    if (m->space == SPACE_LINEAR) {
        m->paired = there;
        m->at_linear = m->at;
        m->at_gpa = gpa;
    } else if (m->at != m->at_gpa) {
        m->paired = false;
    }
}

void memory_look(struct memory *m, const struct snapshot *s)
{
    size_t want = (size_t)m->shape.rows * (size_t)m->shape.per_row;
    uint64_t left = m->last - m->top;
    if (left < want)
        want = (size_t)left + 1;
    for (size_t i = 0; i < want;) {
        uint64_t addr = m->top + i;
        size_t in_page = (size_t)(PAGE_LEN - addr % PAGE_LEN), run = want - i < in_page ? want - i : in_page;
        look_run(s, m->space, addr, &m->byte[i], run);
        i += run;
    }
    m->count = want;
    look_selected(m, s);
}

/* ---- following ---- */

void memory_follow_now(struct memory *m, const struct snapshot *s)
{
    const char *why;
    uint64_t at = m->follow == FOLLOW_STACK ? target_stack_linear(&s->target) : s->rip_linear;
    if (m->follow == FOLLOW_NOTHING)
        return;
    if (m->space == SPACE_PHYSICAL && !memory_locate(s, SPACE_LINEAR, at, &at, &why))
        return; /* it is nowhere in physical memory: stay */
    memory_show(m, at);
}
