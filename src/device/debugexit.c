/*
 * The debug-exit port: the guest writes a code and the VM ends with it, so that a test inside a guest can
 * pass or fail like a program does.  Ringside turns the code into its own exit status, (code << 1) | 1: never
 * 0, which is kept for a guest that halts or powers off.
 *
 * Four ports wide, so that OUT with AL, AX and EAX all work; the whole value is the code.  Only the signal
 * leaves this device, the machine decides what ends.  Reading gives all ones: there is nothing to read.
 *
 * Manual: QEMU documentation, device isa-debug-exit.
 */
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

static const char *const debugexit_regs[] = {"CODE"};

struct debugexit {
    struct device dev;
    bool written;
    uint32_t code;
};

static void debugexit_reset(struct device *d)
{
    struct debugexit *x = (struct debugexit *)d;
    x->written = false;
    x->code = 0;
}

static struct device *debugexit_create(const struct device_wires *wires, struct err *e)
{
    struct debugexit *x = calloc(1, sizeof(*x));
    if (!x) {
        err_set(e, "debugexit: out of memory");
        return NULL;
    }
    x->dev = (struct device){&debugexit_ops, *wires};
    return &x->dev;
}

static void debugexit_destroy(struct device *d)
{
    free(d);
}

static void debugexit_read(struct device *d, struct access *a)
{
    (void)d;
    a->reg = 0;
    a->value = UINT32_MAX >> (32 - a->size * 8);
}

static void debugexit_write(struct device *d, struct access *a)
{
    struct debugexit *x = (struct debugexit *)d;
    a->reg = 0;
    x->written = true;
    x->code = (uint32_t)a->value;
    device_signal(d, SIGNAL_DEBUG_EXIT, x->code);
}

static void debugexit_describe(const struct device *d, struct text *out)
{
    const struct debugexit *x = (const struct debugexit *)d;
    text_addf(out, "CODE  %08x  %s\n", x->code, x->written ? "written" : "nothing written yet");
}

static void debugexit_fields(struct state *s, struct debugexit *x)
{
    state_bool(s, &x->written);
    state_u32(s, &x->code);
    state_require(s, x->written || x->code == 0);
}

static void debugexit_save(const struct device *d, struct text *out)
{
    struct debugexit copy = *(const struct debugexit *)d;
    struct state s = state_saving(out, STATE_DEBUGEXIT, 1);
    debugexit_fields(&s, &copy);
}

static int debugexit_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct debugexit copy = *(struct debugexit *)d;
    struct state s = state_loading(p, len, STATE_DEBUGEXIT, 1);
    debugexit_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct debugexit *)d = copy;
    return 0;
}

const struct device_ops debugexit_ops = {
    .name = "debugexit",
    .summary = "debug-exit port",
    .lesson =
        "A value written here ends the VM, and Ringside's exit status is that value times two plus one: so "
        "a guest can pass or fail a test as a program does. QEMU knows the same port as isa-debug-exit.",
    .regs = debugexit_regs,
    .reg_count = 1,
    .create = debugexit_create,
    .destroy = debugexit_destroy,
    .reset = debugexit_reset,
    .read = debugexit_read,
    .write = debugexit_write,
    .describe = debugexit_describe,
    .save = debugexit_save,
    .restore = debugexit_restore,
};
