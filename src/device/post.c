/*
 * The POST port.  Firmware writes a number here before each step of its power-on self test; a card with two
 * seven-segment digits shows the last one, so that a machine that dies early still says where.  Kernels write
 * here too, because an access that nobody minds takes about a microsecond on ISA: the oldest way to wait a
 * little.
 *
 * Behind it is a register of the DMA page chip that no channel uses, which is why the code can be read back.
 *
 * Manual: IBM PC/AT Technical Reference, sections "Power-On Self Test" and "I/O Address Map".
 */
#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

static const char *const post_regs[] = {"CODE"};

struct post {
    struct device dev;
    uint8_t code;
};

static void post_reset(struct device *d)
{
    ((struct post *)d)->code = 0;
}

static struct device *post_create(const struct device_wires *wires, struct err *e)
{
    struct post *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(e, "post: out of memory");
        return NULL;
    }
    p->dev = (struct device){&post_ops, *wires};
    return &p->dev;
}

static void post_destroy(struct device *d)
{
    free(d);
}

static void post_read(struct device *d, struct access *a)
{
    a->reg = 0;
    a->value = ((struct post *)d)->code;
}

static void post_write(struct device *d, struct access *a)
{
    a->reg = 0;
    ((struct post *)d)->code = (uint8_t)a->value;
}

static void post_describe(const struct device *d, struct text *out)
{
    show_note(out, 4, "CODE", ((const struct post *)d)->code, "the last code");
}

static void post_fields(struct state *s, struct post *p)
{
    state_u8(s, &p->code);
}

static void post_save(const struct device *d, struct text *out)
{
    struct post copy = *(const struct post *)d;
    struct state s = state_saving(out, STATE_POST, 1);
    post_fields(&s, &copy);
}

static int post_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct post copy = *(struct post *)d;
    struct state s = state_loading(p, len, STATE_POST, 1);
    post_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct post *)d = copy;
    return 0;
}

const struct device_ops post_ops = {
    .name = "post",
    .summary = "POST code port",
    .lesson =
        "Firmware writes the number of each step of its self test here, so that a board that dies says "
        "where. A kernel writes here to wait about a microsecond, or to leave a mark that costs nothing. "
        "The last code can be read back. Manual: IBM PC/AT Technical Reference.",
    .regs = post_regs,
    .reg_count = 1,
    .create = post_create,
    .destroy = post_destroy,
    .reset = post_reset,
    .read = post_read,
    .write = post_write,
    .describe = post_describe,
    .save = post_save,
    .restore = post_restore,
};
