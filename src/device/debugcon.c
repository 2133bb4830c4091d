/*
 * The debug port of the Bochs emulator, later of QEMU too: a byte written to it appears on the emulator's
 * console. No real PC has it, which makes it the one output that works from a guest's very first instruction,
 * without any set-up.  Reading it gives 0xe9, its usual port number, so that a guest can ask whether it is
 * there.
 *
 * Manual: Bochs user manual, section "bochsrc" (option port_e9_hack).
 */
#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

enum { DEBUGCON_PRESENT = 0xe9 };

static const char *const debugcon_regs[] = {"OUT"};

struct debugcon {
    struct device dev;
    uint8_t last;
    uint64_t count;
};

static void debugcon_reset(struct device *d)
{
    struct debugcon *c = (struct debugcon *)d;
    c->last = 0;
    c->count = 0;
}

static struct device *debugcon_create(const struct device_wires *wires, struct err *e)
{
    struct debugcon *c = calloc(1, sizeof(*c));
    if (!c) {
        err_set(e, "debugcon: out of memory");
        return NULL;
    }
    c->dev = (struct device){&debugcon_ops, *wires};
    return &c->dev;
}

static void debugcon_destroy(struct device *d)
{
    free(d);
}

static void debugcon_read(struct device *d, struct access *a)
{
    (void)d;
    a->reg = 0;
    a->value = DEBUGCON_PRESENT;
}

static void debugcon_write(struct device *d, struct access *a)
{
    struct debugcon *c = (struct debugcon *)d;
    a->reg = 0;
    c->last = (uint8_t)a->value;
    c->count++;
    device_output(d, c->last);
}

static void debugcon_describe(const struct device *d, struct text *out)
{
    const struct debugcon *c = (const struct debugcon *)d;
    show_note(out, 3, "OUT", c->last, "the last of %llu bytes", (unsigned long long)c->count);
}

static void debugcon_fields(struct state *s, struct debugcon *c)
{
    state_u8(s, &c->last);
    state_u64(s, &c->count);
}

static void debugcon_save(const struct device *d, struct text *out)
{
    struct debugcon copy = *(const struct debugcon *)d;
    struct state s = state_saving(out, STATE_DEBUGCON, 1);
    debugcon_fields(&s, &copy);
}

static int debugcon_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct debugcon copy = *(struct debugcon *)d;
    struct state s = state_loading(p, len, STATE_DEBUGCON, 1);
    debugcon_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct debugcon *)d = copy;
    return 0;
}

const struct device_ops debugcon_ops = {
    .name = "debugcon",
    .summary = "Bochs debug port",
    .lesson =
        "A byte written here appears on the console, with nothing to set up first: the shortest way for a "
        "guest to say that it is alive. Reading gives 0xe9, which tells a guest that the port is there. "
        "Emulators have it, real machines do not.",
    .regs = debugcon_regs,
    .reg_count = 1,
    .create = debugcon_create,
    .destroy = debugcon_destroy,
    .reset = debugcon_reset,
    .read = debugcon_read,
    .write = debugcon_write,
    .describe = debugcon_describe,
    .save = debugcon_save,
    .restore = debugcon_restore,
};
