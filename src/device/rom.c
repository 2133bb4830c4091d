/*
 * Read-only memory in guest-physical space, as a PC has for its firmware.  Reading it (and running code from
 * it) is memory's business and needs no exit: KVM maps the bytes read-only.  A write, however, cannot be done
 * and exits; it ends here, is counted and changes nothing, as on a chip whose write pin is not connected.
 *
 * Manual: KVM API, section "KVM_SET_USER_MEMORY_REGION" (KVM_MEM_READONLY).
 */
#include "device/state.h"
#include "device/types.h"

#include <inttypes.h>
#include <stdlib.h>

struct rom {
    struct device dev;
    uint64_t refused, last_offset;
};

static void rom_reset(struct device *d)
{
    struct rom *r = (struct rom *)d;
    r->refused = r->last_offset = 0;
}

static struct device *rom_create(const struct device_wires *wires, struct err *e)
{
    struct rom *r = calloc(1, sizeof(*r));
    if (!r) {
        err_set(e, "rom: out of memory");
        return NULL;
    }
    r->dev = (struct device){&rom_ops, *wires};
    return &r->dev;
}

static void rom_destroy(struct device *d)
{
    free(d);
}

/* Only reached where nothing is mapped behind the claim: then no chip drives the data lines. */
static void rom_read(struct device *d, struct access *a)
{
    (void)d;
    a->reg = DEVICE_NO_REG;
    a->value = UINT64_MAX >> (64 - a->size * 8);
}

static void rom_write(struct device *d, struct access *a)
{
    struct rom *r = (struct rom *)d;
    a->reg = DEVICE_NO_REG;
    r->refused++;
    r->last_offset = a->offset;
}

static void rom_describe(const struct device *d, struct text *out)
{
    const struct rom *r = (const struct rom *)d;
    if (r->refused)
        text_addf(out, "%" PRIu64 " writes refused, the last at offset 0x%" PRIx64 "\n", r->refused,
                  r->last_offset);
    else
        text_add(out, "no write refused yet\n");
}

static void rom_fields(struct state *s, struct rom *r)
{
    state_u64(s, &r->refused);
    state_u64(s, &r->last_offset);
}

static void rom_save(const struct device *d, struct text *out)
{
    struct rom copy = *(const struct rom *)d;
    struct state s = state_saving(out, STATE_ROM, 1);
    rom_fields(&s, &copy);
}

static int rom_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct rom copy = *(struct rom *)d;
    struct state s = state_loading(p, len, STATE_ROM, 1);
    rom_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *(struct rom *)d = copy;
    return 0;
}

const struct device_ops rom_ops = {
    .name = "rom",
    .summary = "read-only memory",
    .lesson = "Reads come from memory without an exit; a write to it exits, is counted and changes nothing. "
              "Firmware lives in such memory. With KVM it is a memory slot with the flag KVM_MEM_READONLY.",
    .regs = NULL,
    .reg_count = 0,
    .create = rom_create,
    .destroy = rom_destroy,
    .reset = rom_reset,
    .read = rom_read,
    .write = rom_write,
    .describe = rom_describe,
    .save = rom_save,
    .restore = rom_restore,
};
