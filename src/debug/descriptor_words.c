/*
 * Descriptors taken apart.  Eight bytes hold a base of 32 bits, a limit of 20 and twelve bits of type and
 * rights, in an order that only history explains; a gate uses the same eight bytes for a selector and an
 * offset.  Long mode doubles the size of those that need an address of 64 bits: gates, TSS and LDT (Intel
 * SDM, "Segment Descriptors", "Code- and Data-Segment Descriptor Types", "System Descriptor Types", "IDT
 * Descriptors").
 */
#include "debug/descriptor_words.h"

#include "base/bytes.h"
#include "debug/target.h"

enum { TYPE_A = 1, TYPE_RW = 2, TYPE_CE = 4, TYPE_CODE = 8 };

struct raw_descriptor raw_descriptor_decode(uint64_t low, uint64_t high)
{
    struct raw_descriptor d = {.low = low,
                               .high = high,
                               .base = (low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32,
                               .limit = (uint32_t)((low & 0xffff) | (low >> 48 & 0xf) << 16),
                               .type = low >> 40 & 0xf,
                               .dpl = low >> 45 & 3,
                               .s = low >> 44 & 1,
                               .p = low >> 47 & 1,
                               .avl = low >> 52 & 1,
                               .l = low >> 53 & 1,
                               .db = low >> 54 & 1,
                               .g = low >> 55 & 1};
    if (d.g)
        d.limit = d.limit << 12 | 0xfff;
    return d;
}

struct raw_gate raw_gate_decode(uint64_t low, uint64_t high, bool wide)
{
    struct raw_gate g = {.low = low,
                         .high = high,
                         .offset = (low & 0xffff) | (low >> 48) << 16,
                         .selector = (uint16_t)(low >> 16),
                         .type = low >> 40 & 0xf,
                         .dpl = low >> 45 & 3,
                         .ist = low >> 32 & 7,
                         .count = low >> 32 & 0x1f,
                         .s = low >> 44 & 1,
                         .p = low >> 47 & 1};
    if (wide)
        g.offset |= high << 32;
    else if (g.type < 8)
        g.offset &= 0xffff;
    return g;
}

bool raw_is_code(const struct raw_descriptor *d)
{
    return d->s && (d->type & TYPE_CODE);
}

bool raw_is_tss(const struct raw_descriptor *d)
{
    return !d->s && (d->type == SYSTEM_TSS16 || d->type == SYSTEM_TSS16_BUSY || d->type == SYSTEM_TSS ||
                     d->type == SYSTEM_TSS_BUSY);
}

bool raw_is_gate(const struct raw_descriptor *d)
{
    return !d->s && ((d->type >= SYSTEM_CALL16 && d->type <= SYSTEM_TRAP16) || d->type == SYSTEM_CALL ||
                     d->type == SYSTEM_INT || d->type == SYSTEM_TRAP);
}

/* How many bits a system descriptor of this type is about; the types from 8 up are the 386's and later. */
static unsigned system_bits(unsigned type, bool long_mode)
{
    return type < 8 ? 16 : long_mode ? 64 : 32;
}

static void system_words(unsigned type, bool long_mode, struct text *out)
{
    static const char *const name[16] = {
        [SYSTEM_TSS16] = "TSS",
        [SYSTEM_LDT] = "LDT",
        [SYSTEM_TSS16_BUSY] = "TSS, in use",
        [SYSTEM_CALL16] = "call gate",
        [SYSTEM_TASK_GATE] = "task gate",
        [SYSTEM_INT16] = "interrupt gate",
        [SYSTEM_TRAP16] = "trap gate",
        [SYSTEM_TSS] = "TSS",
        [SYSTEM_TSS_BUSY] = "TSS, in use",
        [SYSTEM_CALL] = "call gate",
        [SYSTEM_INT] = "interrupt gate",
        [SYSTEM_TRAP] = "trap gate",
    };
    if (!name[type])
        text_addf(out, "reserved type %x", type);
    else if (type == SYSTEM_LDT || type == SYSTEM_TASK_GATE)
        text_add(out, name[type]);
    else
        text_addf(out, "%u-bit %s", system_bits(type, long_mode), name[type]);
}

void raw_descriptor_words(const struct raw_descriptor *d, bool long_mode, struct text *out)
{
    if (!d->s) {
        system_words(d->type, long_mode, out);
    } else if (d->type & TYPE_CODE) {
        text_addf(out, "%s code, %s",
                  long_mode && d->l ? "64-bit"
                  : d->db           ? "32-bit"
                                    : "16-bit",
                  d->type & TYPE_RW ? "readable" : "execute-only");
        if (d->type & TYPE_CE)
            text_add(out, ", conforming");
    } else {
        text_addf(out, "%s data, %s", d->db ? "32-bit" : "16-bit",
                  d->type & TYPE_RW ? "writable" : "read-only");
        if (d->type & TYPE_CE)
            text_add(out, ", expand-down");
    }
}

void raw_gate_words(const struct raw_gate *g, bool long_mode, struct text *out)
{
    struct raw_descriptor d = raw_descriptor_decode(g->low, g->high);
    if (raw_is_gate(&d))
        system_words(g->type, long_mode, out);
    else
        text_addf(out, "no gate (%s type %x)", g->s ? "code or data," : "system", g->type);
}

void raw_descriptor_flags(const struct raw_descriptor *d, struct text *out)
{
    text_addc(out, d->p ? 'P' : '-');
    text_addc(out, d->g ? 'G' : '-');
    text_addc(out, d->l && d->db ? 'X' : d->l ? 'L' : d->db ? 'D' : '-');
    text_addc(out, d->s && (d->type & TYPE_A) ? 'A' : '-');
    if (d->avl)
        text_addc(out, 'V');
}

bool target_long(const struct target *t)
{
    return t->sregs.efer & EFER_LMA;
}

bool linear_is_canonical(const struct target *t, uint64_t linear)
{
    unsigned sign = t->sregs.cr4 & CR4_LA57 ? 56 : 47;
    uint64_t top = linear >> sign;
    return !target_long(t) || top == 0 || top == UINT64_MAX >> sign;
}

enum selector_found selector_read(const struct target *t, uint16_t selector, struct raw_descriptor *d)
{
    const struct kvm_sregs *s = &t->sregs;
    bool local = selector & 4;
    uint64_t base = local ? s->ldt.base : s->gdt.base, offset = selector & 0xfff8u;
    uint64_t limit = local ? s->ldt.limit : s->gdt.limit;
    uint8_t raw[16] = {0};
    *d = (struct raw_descriptor){0};
    if (selector < 4)
        return SELECTOR_NULL;
    if (local && (s->ldt.unusable || s->ldt.selector < 4))
        return SELECTOR_NO_LDT;
    if (offset + 7 > limit)
        return SELECTOR_PAST_LIMIT;
    if (target_read(t, base + offset, raw, 8, NULL) < 8)
        return SELECTOR_UNREADABLE;
    *d = raw_descriptor_decode(le64_load(raw), 0);
    if (d->s || !target_long(t) || d->type == 0)
        return SELECTOR_OK;
    if (offset + 15 > limit)
        return SELECTOR_PAST_LIMIT;
    if (target_read(t, base + offset + 8, raw + 8, 8, NULL) < 8)
        return SELECTOR_UNREADABLE;
    *d = raw_descriptor_decode(le64_load(raw), le64_load(raw + 8));
    return SELECTOR_OK;
}

void selector_words(uint16_t selector, struct text *out)
{
    if (selector < 4)
        text_add(out, "null selector");
    else
        text_addf(out, "%s[%u], RPL %u", selector & 4 ? "LDT" : "GDT", selector >> 3, selector & 3u);
}

void selector_found_words(const struct target *t, uint16_t selector, enum selector_found found,
                          struct text *out)
{
    const char *table = selector & 4 ? "LDT" : "GDT";
    if (found == SELECTOR_NULL)
        text_add(out, "is null");
    else if (found == SELECTOR_NO_LDT)
        text_add(out, "is in the LDT, and there is none");
    else if (found == SELECTOR_PAST_LIMIT)
        text_addf(out, "is past the %s's limit %#x", table,
                  selector & 4 ? t->sregs.ldt.limit : t->sregs.gdt.limit);
    else if (found == SELECTOR_UNREADABLE)
        text_addf(out, "is in a part of the %s that is not mapped", table);
}
