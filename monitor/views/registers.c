/*
 * The registers: general ones, RIP, flags by letter, control registers with their bits, segments with what
 * the CPU keeps behind each selector (Intel SDM, "Basic Program Execution Registers", "Control Registers",
 * "Segment Registers"). What is not as it was before the guest last ran stands out.
 *
 * The rows are one long page; a pane shows as much of it as it has room for.
 */
#include "monitor/views/views.h"

#include "debug/bits.h"
#include "debug/symbols.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FLAGS_OF_SYSTEM = 12
}; /* from IOPL on (Intel SDM, "System Flags and Fields in the EFLAGS Register") */

struct registers {
    struct list list;
};

/* Where on the page, and on what: y counts rows of the page. */
struct page {
    struct canvas *c;
    const struct snapshot *s;
    int w, x, y;
};

/* Names by width: 8086, 386, AMD64. */
struct general {
    const char *name;
    size_t offset;
};
#define GENERAL(name)                                                                                        \
    {                                                                                                        \
#name, offsetof(struct kvm_regs, name)                                                               \
    }
static const struct general general[] = {GENERAL(rax), GENERAL(rbx), GENERAL(rcx), GENERAL(rdx),
                                         GENERAL(rsi), GENERAL(rdi), GENERAL(rbp), GENERAL(rsp),
                                         GENERAL(r8),  GENERAL(r9),  GENERAL(r10), GENERAL(r11),
                                         GENERAL(r12), GENERAL(r13), GENERAL(r14), GENERAL(r15)};

static uint64_t general_value(const struct kvm_regs *regs, size_t i)
{
    uint64_t v;
    memcpy(&v, (const char *)regs + general[i].offset, sizeof v);
    return v;
}

/* A hexadecimal number whose leading zeros are dim, so that its size is seen. */
static int put_hex(struct page *p, int x, uint64_t v, int digits, bool changed)
{
    char text[20];
    snprintf(text, sizeof text, "%0*" PRIx64, digits, v);
    int zeros = 0;
    while (zeros < digits - 1 && text[zeros] == '0')
        zeros++;
    if (changed)
        return canvas_text(p->c, x, p->y, ROLE_CHANGED, text);
    x = canvas_textn(p->c, x, p->y, ROLE_DIM, text, (size_t)zeros);
    return canvas_text(p->c, x, p->y, ROLE_VALUE, text + zeros);
}

static bool is_wide(const struct snapshot *s)
{
    return s->mode == MODE_LONG || s->mode == MODE_COMPAT;
}

static void put_general(struct page *p)
{
    bool wide = is_wide(p->s);
    int digits = wide ? 16 : 8, column = digits + 6, columns = p->w + 2 >= column ? (p->w + 2) / column : 1;
    size_t n = wide ? 16 : 8;
    columns = columns > 4 ? 4 : columns;
    int rows = ((int)n + columns - 1) / columns;
    int top = p->y;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = general_value(&p->s->regs, i), old = general_value(&p->s->before_regs, i);
        char name[4];
        snprintf(name, sizeof name, "%s%s", wide ? "" : "e", general[i].name + (wide ? 0 : 1));
        p->y = top + (int)i % rows;
        int x = (int)i / rows * column;
        canvas_text(p->c, x, p->y, ROLE_LABEL, name);
        put_hex(p, x + 4, wide ? v : v & UINT32_MAX, digits, v != old);
    }
    p->y = top + rows;
}

static void put_rip(struct page *p)
{
    const struct snapshot *s = p->s;
    bool wide = is_wide(s);
    struct text symbol = {0};
    int x = canvas_text(p->c, 0, p->y, ROLE_LABEL, wide ? "rip " : "eip ");
    x = put_hex(p, x, s->regs.rip, wide ? 16 : 8, false) + 1;
    if (s->sregs.cs.base && s->mode != MODE_LONG)
        x = canvas_textf(p->c, x, p->y, ROLE_ADDRESS, "= %" PRIx64, s->rip_linear) + 1;
    if (s->target.symbols)
        symbols_name(s->target.symbols, s->rip_linear, &symbol);
    canvas_text_cut(p->c, x, p->y, p->w - x, ROLE_SYMBOL, text_str(&symbol));
    text_fini(&symbol);
    p->y++;
}

/* One word of several in rows: begins a new row where it does not fit. */
static void put_word(struct page *p, unsigned role, const char *word)
{
    int n = (int)strlen(word);
    if (p->x > 4 && p->x + n > p->w) {
        p->x = 4;
        p->y++;
    }
    p->x = canvas_text(p->c, p->x, p->y, role, word) + 1;
}

/* Bits of a register by name, from bit `low` to before `end`: set ones in capitals. */
static void put_some_bits(struct page *p, const struct bits *table, unsigned low, unsigned end, uint64_t v,
                          uint64_t old)
{
    for (const struct bit *row = table->bit; row->name; row++) {
        struct text name = {0};
        struct bits_value now = {v, 0}, was = {old, 0};
        uint64_t field = bits_field(row, now);
        if (row->low < low || row->low >= end)
            continue;
        if (row->len > 1)
            text_addf(&name, "%s=%" PRIu64, row->name, field);
        else
            bit_add_name(row, field, &name);
        put_word(p,
                 field != bits_field(row, was) ? ROLE_CHANGED
                 : field                       ? ROLE_SET
                                               : ROLE_CLEAR,
                 text_str(&name));
        text_fini(&name);
    }
}

static void put_bits(struct page *p, const struct bits *table, uint64_t v, uint64_t old)
{
    put_some_bits(p, table, 0, 64, v, old);
    p->y++;
}

/* A register and its bits behind it. */
static void put_control(struct page *p, const char *name, const struct bits *bits, uint64_t v, uint64_t old)
{
    int digits = v > UINT32_MAX || old > UINT32_MAX ? 16 : 8;
    canvas_text(p->c, 0, p->y, ROLE_LABEL, name);
    p->x =
        put_hex(p, (int)strlen(name) + (strlen(name) < 4 ? 4 - (int)strlen(name) : 1), v, digits, v != old) +
        1;
    if (bits)
        put_bits(p, bits, v, old);
    else
        p->y++;
}

/* Those that programs test and set come first: a narrow pane has no room for more. */
static void put_flags(struct page *p)
{
    canvas_text(p->c, 0, p->y, ROLE_LABEL, "flg");
    p->x = put_hex(p, 4, p->s->regs.rflags & UINT32_MAX, 8, false) + 1;
    uint64_t now = p->s->regs.rflags, old = p->s->before_regs.rflags;
    put_some_bits(p, &bits_rflags, 0, FLAGS_OF_SYSTEM, now, old);
    put_some_bits(p, &bits_rflags, FLAGS_OF_SYSTEM, 64, now, old);
    p->y++;
}

/* ---- segments ---- */

static void add_type(const struct kvm_segment *seg, struct text *out)
{
    if (seg->unusable || (!seg->present && !seg->selector)) {
        text_add(out, "unusable");
        return;
    }
    if (!seg->s)
        text_addf(out, "system %x", seg->type & 15u);
    else if (seg->type & 8)
        text_addf(out, "code%s %s%s", seg->l ? "64" : seg->db ? "32" : "16", seg->type & 2 ? "r" : "-", "x");
    else
        text_addf(out, "data%s r%s", seg->db ? "32" : "16", seg->type & 2 ? "w" : "-");
    text_addf(out, " dpl%u%s", seg->dpl & 3u, seg->present ? "" : " absent");
}

static bool same_segment(const struct kvm_segment *a, const struct kvm_segment *b)
{
    return a->selector == b->selector && a->base == b->base && a->limit == b->limit && a->type == b->type &&
           a->dpl == b->dpl && a->db == b->db && a->l == b->l;
}

static void put_segment(struct page *p, const char *name, const struct kvm_segment *seg,
                        const struct kvm_segment *old)
{
    struct text type = {0};
    bool changed = !same_segment(seg, old);
    int digits = seg->base > UINT32_MAX ? 16 : 8;
    add_type(seg, &type);
    canvas_text(p->c, 0, p->y, ROLE_LABEL, name);
    int x = canvas_textf(p->c, 4, p->y, changed ? ROLE_CHANGED : ROLE_VALUE, "%04x", seg->selector) + 1;
    x = put_hex(p, x, seg->base, digits, seg->base != old->base) + 1;
    x = put_hex(p, x, seg->limit, 8, seg->limit != old->limit) + 1;
    canvas_text_cut(p->c, x, p->y, p->w - x, ROLE_TEXT, text_str(&type));
    text_fini(&type);
    p->y++;
}

static void put_table(struct page *p, const char *name, const struct kvm_dtable *t,
                      const struct kvm_dtable *old)
{
    int digits = t->base > UINT32_MAX ? 16 : 8;
    canvas_text(p->c, 0, p->y, ROLE_LABEL, name);
    int x = put_hex(p, 9, t->base, digits, t->base != old->base) + 1;
    put_hex(p, x, t->limit, 8, t->limit != old->limit);
    p->y++;
}

static void put_segments(struct page *p)
{
    const struct kvm_sregs *s = &p->s->sregs, *old = &p->s->before_sregs;
    canvas_text(p->c, 4, p->y++, ROLE_DIM, "sel  base     limit    what it is");
    put_segment(p, "cs", &s->cs, &old->cs);
    put_segment(p, "ss", &s->ss, &old->ss);
    put_segment(p, "ds", &s->ds, &old->ds);
    put_segment(p, "es", &s->es, &old->es);
    put_segment(p, "fs", &s->fs, &old->fs);
    put_segment(p, "gs", &s->gs, &old->gs);
    put_segment(p, "tr", &s->tr, &old->tr);
    put_segment(p, "ldt", &s->ldt, &old->ldt);
    put_table(p, "gdt", &s->gdt, &old->gdt);
    put_table(p, "idt", &s->idt, &old->idt);
}

/* All that a trace tells of them. */
static void put_selectors(struct page *p)
{
    const struct kvm_sregs *s = &p->s->sregs, *old = &p->s->before_sregs;
    const struct {
        const char *name;
        const struct kvm_segment *now, *old;
    } segments[] = {{"cs", &s->cs, &old->cs}, {"ss", &s->ss, &old->ss}, {"ds", &s->ds, &old->ds},
                    {"es", &s->es, &old->es}, {"fs", &s->fs, &old->fs}, {"gs", &s->gs, &old->gs}};
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        bool changed = segments[i].now->selector != segments[i].old->selector;
        canvas_text(p->c, 0, p->y, ROLE_LABEL, segments[i].name);
        int x = canvas_textf(p->c, 4, p->y, changed ? ROLE_CHANGED : ROLE_VALUE, "%04x",
                             segments[i].now->selector) +
                1;
        if (segments[i].now->base)
            put_hex(p, x, segments[i].now->base, 16, segments[i].now->base != segments[i].old->base);
        p->y++;
    }
}

/* The whole page from row `top` on; returns how many rows it has. */
static int put_page(const struct snapshot *s, struct canvas *c, int w, int top)
{
    struct page p = {c, s, w, 0, -top};
    const struct kvm_sregs *r = &s->sregs, *old = &s->before_sregs;
    put_general(&p);
    put_rip(&p);
    put_flags(&p);
    put_control(&p, "cr0", &bits_cr0, r->cr0, old->cr0);
    put_control(&p, "cr2", NULL, r->cr2, old->cr2);
    put_control(&p, "cr3", NULL, r->cr3, old->cr3);
    put_control(&p, "cr4", &bits_cr4, r->cr4, old->cr4);
    put_control(&p, "efer", &bits_efer, r->efer, old->efer);
    if (s->has_cpu)
        put_segments(&p);
    else
        put_selectors(&p);
    return p.y + top;
}

/* ---- the view ---- */

static bool has_registers(const struct snapshot *s)
{
    return s->has_cpu || s->has_regs;
}

static void registers_load(struct view *v, const struct snapshot *s)
{
    struct registers *r = v->state;
    struct canvas nowhere = {0};
    int rows = has_registers(s) ? put_page(s, &nowhere, v->w, 0) : 0;
    /* Nothing is selected here: the list only scrolls. */
    size_t most = rows > v->h ? (size_t)(rows - v->h) : 0;
    list_fit(&r->list, most + 1, 1);
}

static void registers_draw(const struct view *v, struct canvas *c)
{
    const struct registers *r = v->state;
    if (has_registers(v->snap))
        put_page(v->snap, c, c->window.w, (int)r->list.top);
    else
        canvas_text_cut(c, 0, 0, c->window.w, ROLE_DIM,
                        "registers are in traces of single steps: run --trace-steps");
}

static bool registers_act(struct view *v, const char *verb, const char *args, struct view_reply *reply)
{
    struct registers *r = v->state;
    (void)reply;
    return strcmp(verb, "select") != 0 && list_act(&r->list, 1, verb, args);
}

static void registers_note(const struct view *v, struct text *out)
{
    if (v->snap && has_registers(v->snap))
        text_addf(out, "%s", cpu_mode_name(v->snap->mode));
}

const struct view_ops view_registers = {.name = "registers",
                                        .title = "Registers",
                                        .tab = "Regs",
                                        .summary =
                                            "what the CPU holds; what the last step changed stands out",
                                        .state_len = sizeof(struct registers),
                                        .load = registers_load,
                                        .draw = registers_draw,
                                        .act = registers_act,
                                        .note = registers_note};
