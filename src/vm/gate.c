/*
 * Interrupt gates: see gate.h.  The processor reads this table at every interrupt and exception, and a
 * mistake in it shows only then; so whoever explains a death or shows the table reads it here, by the
 * processor's own rules.
 */
#include "vm/gate.h"

#include "base/bytes.h"

enum { REAL_LEN = 4, PROTECTED_LEN = 8, LONG_LEN = 16 };

static bool type_fits(const struct gate *g)
{
    switch (g->type) {
    case GATE_INT32:
    case GATE_TRAP32:
        return true;
    case GATE_TASK:
    case GATE_INT16:
    case GATE_TRAP16:
        return g->len == PROTECTED_LEN; /* IA-32e mode knows neither tasks nor 16-bit gates */
    default:
        return false;
    }
}

static void gate_decode(struct gate *g, const uint8_t *raw)
{
    g->raw[0] = le_load(raw, g->len < 8 ? g->len : 8);
    g->raw[1] = g->len > 8 ? le64_load(raw + 8) : 0;
    g->offset = le16_load(raw);
    g->selector = le16_load(raw + 2);
    if (g->len == REAL_LEN) {
        g->type = GATE_INT16; /* what the processor does: words are pushed, IF is cleared */
        g->present = true;
        return;
    }
    g->offset |= (uint64_t)le16_load(raw + 6) << 16;
    g->type = raw[5] & 0x1f;
    g->dpl = raw[5] >> 5 & 3;
    g->present = raw[5] >> 7;
    if (g->len == LONG_LEN) {
        g->offset |= (uint64_t)le32_load(raw + 8) << 32;
        g->ist = raw[4] & 7;
    }
    if (!type_fits(g))
        g->trouble = GATE_TYPE;
    else if (!g->present)
        g->trouble = GATE_ABSENT;
}

void gate_read(const struct guest_memory *m, const struct kvm_regs *r, const struct kvm_sregs *s,
               unsigned vector, struct gate *g)
{
    uint8_t raw[LONG_LEN] = {0};
    struct gva_context c = gva_context_of(r, s);
    c.cpl = 0; /* the CPU reads its tables as supervisor, and RFLAGS.AC does not lift SMAP for it */
    c.ac = false;
    *g = (struct gate){.vector = vector & 0xff};
    g->len = !(s->cr0 & CR0_PE) ? REAL_LEN : s->efer & EFER_LMA ? LONG_LEN : PROTECTED_LEN;
    uint64_t at = (uint64_t)g->vector * g->len;
    g->linear = s->idt.base + at;
    if (g->len != LONG_LEN)
        g->linear &= UINT32_MAX;
    if (at + g->len - 1 > s->idt.limit)
        g->trouble = GATE_PAST_LIMIT;
    else if (gva_read(m, &c, g->linear, raw, g->len, GVA_READ, &g->walk) != g->len)
        g->trouble = GATE_UNREADABLE;
    else
        gate_decode(g, raw);
}

const char *gate_type_name(const struct gate *g)
{
    static const char *const wide[2] = {"interrupt gate", "trap gate"};
    if (g->len == REAL_LEN)
        return "interrupt vector";
    if (g->len == LONG_LEN && (g->type == GATE_INT32 || g->type == GATE_TRAP32))
        return wide[g->type & 1];
    switch (g->type) {
    case GATE_TASK:
        return "task gate";
    case GATE_INT16:
        return "16-bit interrupt gate";
    case GATE_TRAP16:
        return "16-bit trap gate";
    case GATE_INT32:
        return "32-bit interrupt gate";
    case GATE_TRAP32:
        return "32-bit trap gate";
    default:
        return "no gate";
    }
}

void gate_write(const struct gate *g, struct text *out)
{
    if (g->len == REAL_LEN) {
        text_addf(out, "0x%04x:0x%04llx", g->selector, (unsigned long long)g->offset);
        return;
    }
    text_addf(out, "0x%04x:0x%llx %s", g->selector, (unsigned long long)g->offset, gate_type_name(g));
    if (g->trouble == GATE_TYPE)
        text_addf(out, " (type 0x%02x)", g->type);
    text_addf(out, ", DPL %u, %s", g->dpl, g->present ? "present" : "not present");
    if (g->ist)
        text_addf(out, ", IST %u", g->ist);
}
