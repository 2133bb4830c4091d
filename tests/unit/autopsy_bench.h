/*
 * A guest about to die, for the tests of the autopsy: a whole system with a GDT and a handler for every
 * exception, and the things that can be broken in it.
 */
#ifndef RINGSIDE_TESTS_AUTOPSY_BENCH_H
#define RINGSIDE_TESTS_AUTOPSY_BENCH_H

#include "debug_symbols.h"
#include "debug_target.h"

#include "debug/autopsy.h"
#include "debug/exceptions.h"

#include <stdio.h>

#define CODE    0x1000u
#define IDT     0x4000u
#define GDT     0x5000u
#define HANDLER 0x2000u
#define NOWHERE 0x7f0000000000ull /* canonical, not mapped */

struct bench {
    struct rig rig;
    struct event last;
    bool has_last, from_last_exit;
    struct autopsy *a;
    struct text out;
};

static inline void gate_put(struct bench *b, unsigned vector, uint16_t selector, uint64_t offset,
                            unsigned access)
{
    bool wide = b->rig.t.sregs.efer & EFER_LMA;
    uint64_t low =
        (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)access << 40 | (offset >> 16 & 0xffff) << 48;
    if (!(b->rig.t.sregs.cr0 & CR0_PE)) {
        rig_store(&b->rig, IDT + vector * 4u, offset | (uint64_t)selector << 16, 4);
        return;
    }
    rig_store(&b->rig, IDT + vector * (wide ? 16u : 8u), low, 8);
    if (wide)
        rig_store(&b->rig, IDT + vector * 16u + 8, offset >> 32, 8);
}

static inline void descriptor_put(struct bench *b, unsigned index, uint64_t value)
{
    rig_store(&b->rig, GDT + index * 8u, value, 8);
}

/* A whole system: GDT with flat segments and a TSS, an IDT with a gate for every exception, HLT as handler.
 */
static inline void bench_init(struct bench *b, enum cpu_mode mode)
{
    memset(b, 0, sizeof *b);
    rig_init(&b->rig, mode, CODE);
    b->a = malloc(sizeof *b->a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->a);
    struct kvm_sregs *s = &b->rig.t.sregs;
    s->idt.base = IDT;
    s->idt.limit = mode == MODE_REAL ? 0x3ff : mode == MODE_LONG ? 0xfff : 0x7ff;
    s->gdt.base = GDT;
    s->gdt.limit = 0x3f;
    descriptor_put(b, 1, mode == MODE_LONG ? 0x00af9b000000ffffull : 0x00cf9b000000ffffull);
    descriptor_put(b, 2, 0x00cf93000000ffffull);
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, mode == MODE_REAL ? 0 : 8, HANDLER, 0x8e);
    rig_put(&b->rig, HANDLER, "\xf4", 1);
    rig_put(&b->rig, CODE, "\x0f\x0b", 2); /* ud2 */
}

static inline void bench_fini(struct bench *b)
{
    text_fini(&b->out);
    free(b->a);
    rig_fini(&b->rig);
}

static inline void dissect(struct bench *b)
{
    const struct autopsy_facts facts = {.regs = &b->rig.t.regs,
                                        .sregs = &b->rig.t.sregs,
                                        .memory = &b->rig.memory,
                                        .from_last_exit = b->from_last_exit,
                                        .last_event = b->has_last ? &b->last : NULL};
    autopsy_make(&facts, b->a);
    text_clear(&b->out);
    autopsy_write(b->a, &b->out);
}

/* ---- ways to die ---- */

static inline void code(struct bench *b, const char *bytes, size_t n)
{
    rig_put(&b->rig, CODE, bytes, n);
}
#define CODE_IS(b, bytes) code(b, bytes, sizeof(bytes) - 1)

static inline void no_idt(struct bench *b)
{
    b->rig.t.sregs.idt.limit = 0;
}

/* The page that holds a linear address of the low megabytes loses its large page: page tables of 4 KiB, all
 * present but for one. */
static inline void unmap(struct bench *b, uint64_t linear)
{
    struct gva_context c = target_context(&b->rig.t);
    struct gva_walk w;
    gva_translate(&b->rig.memory, &c, 0, GVA_READ, &w);
    CU_ASSERT_FATAL(w.ok && w.steps == 3);
    for (uint64_t i = 0; i < 512; i++)
        rig_store(&b->rig, 0x3000 + i * 8, (i << 12 | 3) & (i == linear >> 12 ? ~1ull : ~0ull), 8);
    rig_store(&b->rig, w.step[2].entry_gpa, 0x3003, 8);
}

static inline void ist_in_a_short_tss(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++) {
        gate_put(b, v, 8, HANDLER, 0x8e);
        rig_store(&b->rig, IDT + v * 16u + 4, 1, 1);
    }
    b->rig.t.sregs.tr =
        (struct kvm_segment){.selector = 0x28, .base = 0x6000, .limit = 0x20, .type = 11, .present = 1};
}

/* An IST entry of zero: a stack that ends at address 0, where pushes wrap to the very top. */
static inline void ist_zero(struct bench *b)
{
    ist_in_a_short_tss(b);
    b->rig.t.sregs.tr.limit = 0x67;
}

static inline void real_ivt_too_short(struct bench *b)
{
    b->rig.t.sregs.idt.limit = 0x17; /* vectors 0 to 5 */
}

static inline void page_fault_without_stack(struct bench *b)
{
    CODE_IS(b, "\x48\x89\x07"); /* mov [rdi], rax */
    b->rig.t.regs.rdi = NOWHERE;
    b->rig.t.regs.rsp = NOWHERE;
}

static inline void check_columns(const struct text *out)
{
    for (const char *p = text_str(out); *p;) {
        size_t n = strcspn(p, "\n");
        char line[512];
        CU_ASSERT_FATAL(n < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)n, p);
        CU_ASSERT(text_width(line) <= 100);
        p += n + (p[n] == '\n');
    }
}

/* All words on one line, so that a phrase is found where it was broken. */
static inline struct text unwrapped(const struct text *all)
{
    struct text out = {0};
    for (const char *p = text_str(all); *p; p++) {
        if (*p == '\n' && p[1] == ' ' && p[2] == ' ' && p[3] == ' ') {
            text_addc(&out, ' ');
            p += strspn(p + 1, " ");
        } else {
            text_addc(&out, *p);
        }
    }
    return out;
}

#endif
