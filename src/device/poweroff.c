/*
 * The power switch: the PM1a control register of ACPI, where QEMU's PC has it.  Writing a sleep type and,
 * with the same write, SLP_EN puts a machine to sleep; type 0 is here the deepest sleep, S5, which is off.
 *
 * Simplified: there are no ACPI tables to read the sleep types from, no other sleep states, no power button
 * and no System Control Interrupt; of the register only SCI_EN is kept.
 *
 * Manual: ACPI Specification, section "PM1 Control Registers".
 */
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

enum {
    PM1_SCI_EN = 1 << 0,
    PM1_SLP_TYP = 7 << 10,
    PM1_SLP_EN = 1 << 13, /* write only: reads as 0 */
    PM1_KEPT = PM1_SCI_EN | PM1_SLP_TYP,
};

static const char *const poweroff_regs[] = {"PM1_CNT"};

struct poweroff {
    struct device dev;
    uint16_t control;
};

static void poweroff_reset(struct device *d)
{
    ((struct poweroff *)d)->control = 0;
}

static struct device *poweroff_create(const struct device_wires *wires, struct err *e)
{
    struct poweroff *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(e, "poweroff: out of memory");
        return NULL;
    }
    p->dev = (struct device){&poweroff_ops, *wires};
    return &p->dev;
}

static void poweroff_destroy(struct device *d)
{
    free(d);
}

static void poweroff_read(struct device *d, struct access *a)
{
    a->reg = 0;
    a->value = (uint64_t)((struct poweroff *)d)->control >> a->offset * 8;
}

/* A byte write replaces its half of the register. */
static void poweroff_write(struct device *d, struct access *a)
{
    struct poweroff *p = (struct poweroff *)d;
    unsigned mask = (a->size == 1 ? 0xffu : 0xffffu) << a->offset * 8;
    unsigned written = (unsigned)a->value << a->offset * 8 & mask;
    a->reg = 0;
    p->control = (uint16_t)(((p->control & ~mask) | written) & PM1_KEPT);
    if ((written & PM1_SLP_EN) && !(p->control & PM1_SLP_TYP))
        device_signal(d, SIGNAL_POWEROFF, 0);
}

static void poweroff_describe(const struct device *d, struct text *out)
{
    const struct poweroff *p = (const struct poweroff *)d;
    text_addf(out, "PM1_CNT  %04x  SLP_TYP %u%s\n", p->control, (p->control & PM1_SLP_TYP) / (1 << 10),
              p->control & PM1_SCI_EN ? " SCI_EN" : "");
}

static void poweroff_fields(struct state *s, struct poweroff *p)
{
    state_u16(s, &p->control);
    state_require(s, (p->control & ~PM1_KEPT) == 0);
}

static void poweroff_save(const struct device *d, struct text *out)
{
    struct poweroff copy = *(const struct poweroff *)d;
    struct state s = state_saving(out, STATE_POWEROFF, 1);
    poweroff_fields(&s, &copy);
}

static int poweroff_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct poweroff copy = *(struct poweroff *)d;
    struct state s = state_loading(p, len, STATE_POWEROFF, 1);
    poweroff_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct poweroff *)d = copy;
    return 0;
}

const struct device_ops poweroff_ops = {
    .name = "poweroff",
    .summary = "ACPI power-off register",
    .lesson =
        "Writing 0x2000 (SLP_EN with sleep type 0) switches the machine off. It is PM1a control, the "
        "register through which ACPI puts a PC to sleep, at the port where QEMU has it; on another PC its "
        "port and sleep types are in the ACPI tables. Manual: ACPI Specification, PM1 Control Registers.",
    .regs = poweroff_regs,
    .reg_count = 1,
    .create = poweroff_create,
    .destroy = poweroff_destroy,
    .reset = poweroff_reset,
    .read = poweroff_read,
    .write = poweroff_write,
    .describe = poweroff_describe,
    .save = poweroff_save,
    .restore = poweroff_restore,
};
