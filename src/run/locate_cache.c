/*
 * Instructions found before.  A driver makes its accesses from the same few places again and again, and
 * finding an instruction costs more than handling it; so the answer is remembered by the place (linear
 * address and page tables) and the access, and holds as long as the instruction's bytes in guest memory are
 * still the same.
 */
#include "run/inside.h"

#include <string.h>

static uint64_t rip_linear(const struct run *r)
{
    const struct kvm_sregs *s = run_sregs(r);
    return (s->cs.l ? 0 : s->cs.base) + run_regs(r)->rip;
}

static size_t located_slot(uint64_t linear, uint64_t what)
{
    return (linear ^ linear >> 6 ^ what >> 16) & (LOCATE_CACHE_LEN - 1);
}

const struct located *located_find(const struct run *r, uint64_t what)
{
    uint64_t linear = rip_linear(r);
    const struct located *l = &r->located[located_slot(linear, what)];
    if (l->linear != linear || l->what != what || l->cr3 != run_sregs(r)->cr3 || !l->host)
        return NULL;
    return memcmp(l->host, l->bytes, l->len) == 0 ? l : NULL;
}

void located_keep(struct run *r, uint64_t what, unsigned back, unsigned len, bool string)
{
    struct gva_context c = run_gva_context(r);
    struct gva_walk w;
    uint64_t linear = rip_linear(r);
    gva_translate(&r->machine->memory, &c, linear - back, GVA_FETCH, &w);
    const uint8_t *host = w.ok ? memory_ptr(&r->machine->memory, w.gpa, len, false) : NULL;
    if (!host || len > INSN_MAX || (w.gpa & 0xfff) + len > 0x1000)
        return;
    struct located *l = &r->located[located_slot(linear, what)];
    *l = (struct located){.linear = linear,
                          .cr3 = run_sregs(r)->cr3,
                          .what = what,
                          .host = host,
                          .len = (uint8_t)len,
                          .back = (uint8_t)back,
                          .string = string};
    memcpy(l->bytes, host, len);
}
