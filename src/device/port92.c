/*
 * System control port A, at port 0x92: two wires that the keyboard controller had first and that were too
 * slow there. Bit 1 lets address line 20 pass, bit 0 resets the CPU on its way from 0 to 1.
 *
 * Why line 20 has a gate at all: the 8086 had 20 address lines, so that segment 0xffff wrapped round to
 * address 0, and programs came to depend on it.  The AT could reach above 1 MiB and got a gate to make the
 * wrap again.  Until it is open, every odd megabyte is the even one below it.
 *
 * The gate is open when this port or the keyboard controller opens it; each device signals its own wish, and
 * the machine joins them.
 *
 * Simplified: the hard-disk light and the security lock are bits that can be written and read, nothing more.
 *
 * Manual: IBM PS/2 Model 50 and 60 Technical Reference, section "System Control Port A".
 */
#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

enum {
    PORT92_RESET = 0x01,
    PORT92_A20 = 0x02,
    PORT92_KEPT = 0xcb, /* bits 2, 4 and 5 are not connected */
};

static const char *const port92_regs[] = {"CTRLA"};
static const char *const port92_bits[8] = {"RESET", "A20", NULL, "LOCK", NULL, NULL, "LED0", "LED1"};

struct port92 {
    struct device dev;
    uint8_t latch;
};

static void port92_reset(struct device *d)
{
    ((struct port92 *)d)->latch = 0;
}

static struct device *port92_create(const struct device_wires *wires, struct err *e)
{
    struct port92 *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(e, "port92: out of memory");
        return NULL;
    }
    p->dev = (struct device){&port92_ops, *wires};
    return &p->dev;
}

static void port92_destroy(struct device *d)
{
    free(d);
}

static void port92_read(struct device *d, struct access *a)
{
    a->reg = 0;
    a->value = ((struct port92 *)d)->latch;
}

static void port92_write(struct device *d, struct access *a)
{
    struct port92 *p = (struct port92 *)d;
    uint8_t rising = (uint8_t)(a->value & ~p->latch);
    a->reg = 0;
    p->latch = a->value & PORT92_KEPT;
    device_signal(d, SIGNAL_A20, (p->latch & PORT92_A20) != 0);
    if (rising & PORT92_RESET)
        device_signal(d, SIGNAL_RESET, 0);
}

static void port92_describe(const struct device *d, struct text *out)
{
    show_reg(out, 5, "CTRLA", ((const struct port92 *)d)->latch, port92_bits);
}

static void port92_fields(struct state *s, struct port92 *p)
{
    state_mask(s, &p->latch, PORT92_KEPT);
}

static void port92_save(const struct device *d, struct text *out)
{
    struct port92 copy = *(const struct port92 *)d;
    struct state s = state_saving(out, STATE_PORT92, 1);
    port92_fields(&s, &copy);
}

static int port92_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct port92 copy = *(struct port92 *)d;
    struct state s = state_loading(p, len, STATE_PORT92, 1);
    port92_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct port92 *)d = copy;
    return 0;
}

const struct device_ops port92_ops = {
    .name = "port92",
    .summary = "system control port A",
    .lesson =
        "Bit 1 opens the gate of address line 20, so that memory above 1 MiB can be reached; bit 0, when it "
        "goes from 0 to 1, resets the CPU. It is the fast way to do what the keyboard controller does "
        "slowly: `in al,0x92; or al,2; and al,0xfe; out 0x92,al`. Manual: IBM PS/2 Technical Reference.",
    .regs = port92_regs,
    .reg_count = 1,
    .create = port92_create,
    .destroy = port92_destroy,
    .reset = port92_reset,
    .read = port92_read,
    .write = port92_write,
    .describe = port92_describe,
    .save = port92_save,
    .restore = port92_restore,
};
