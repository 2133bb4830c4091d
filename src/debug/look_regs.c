/*
 * The general registers and the flags.  What is shown is what the mode lets code use: the eight 32-bit
 * registers of the 386 in real and protected mode (real mode too can use their upper halves), sixteen of 64
 * bits in long mode (Intel SDM, "Basic Program Execution Registers", "EFLAGS Register").  What the last
 * instruction changed is marked, since that is what a step is for.
 */
#include "debug/look.h"

#include "debug/bits.h"
#include "debug/symbols.h"

#include <stddef.h>
#include <string.h>

struct reg {
    const char *name, *narrow; /* rax, eax */
    size_t offset;             /* in struct kvm_regs or kvm_sregs */
};

#define REG(name, narrow)                                                                                    \
    {                                                                                                        \
#name, narrow, offsetof(struct kvm_regs, name)                                                       \
    }
static const struct reg regs[] = {
    REG(rax, "eax"), REG(rbx, "ebx"), REG(rcx, "ecx"), REG(rdx, "edx"), REG(rsi, "esi"), REG(rdi, "edi"),
    REG(rbp, "ebp"), REG(rsp, "esp"), REG(r8, ""),     REG(r9, ""),     REG(r10, ""),    REG(r11, ""),
    REG(r12, ""),    REG(r13, ""),    REG(r14, ""),    REG(r15, ""),
};
#undef REG
enum { LEGACY_REGS = 8, ALL_REGS = 16 };

/* Compatibility mode is a 64-bit kernel's: its registers are whole, only its programs do not see them. */
static bool is_wide(const struct target *t)
{
    return t->sregs.efer & EFER_LMA;
}

static uint64_t reg_value(const struct target *t, const struct reg *r)
{
    uint64_t value;
    memcpy(&value, (const char *)&t->regs + r->offset, sizeof value);
    return value;
}

/* `*` or a space, then the value in the mode's width. */
static void add_value(uint64_t value, bool changed, bool wide, struct text *out)
{
    text_addf(out, wide ? "%c%016llx" : "%c%08llx", changed ? '*' : ' ',
              (unsigned long long)(wide ? value : value & 0xffffffff));
}

/* Three or four in a line; RIP follows in the last line of sixteen. */
static void write_general(const struct target *now, const struct target *before, bool wide, struct text *out)
{
    size_t in_line = wide ? 3 : 4, n = wide ? ALL_REGS : LEGACY_REGS;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = reg_value(now, &regs[i]);
        text_addf(out, "%-3s", wide ? regs[i].name : regs[i].narrow);
        add_value(value, before && value != reg_value(before, &regs[i]), wide, out);
        text_add(out, (i + 1) % in_line == 0 ? "\n" : "  ");
    }
}

static void write_rip(const struct target *now, const struct target *before, bool wide, struct text *out)
{
    bool real = cpu_mode(&now->sregs) == MODE_REAL;
    uint64_t linear = cpu_rip_linear(&now->regs, &now->sregs);
    text_add(out, wide ? "rip" : real ? "ip " : "eip");
    add_value(now->regs.rip, before && now->regs.rip != before->regs.rip, wide, out);
    if (linear != now->regs.rip)
        text_addf(out, "  linear %#llx", (unsigned long long)linear);
    if (now->symbols) {
        text_add(out, "  ");
        symbols_name(now->symbols, linear, out);
    }
    text_addc(out, '\n');
}

/* The set ones by name; one that has just been cleared in lower case. */
static void write_flags(const struct target *now, const struct target *before, struct text *out)
{
    uint64_t changed = before ? now->regs.rflags ^ before->regs.rflags : 0;
    const char *gap = "  ";
    text_addf(out, "flags%c%08llx", changed ? '*' : ' ', now->regs.rflags);
    for (const struct bit *row = bits_rflags.bit; row->name; row++) {
        uint64_t value = bits_field(row, (struct bits_value){now->regs.rflags, 0});
        bool mark = bits_field(row, (struct bits_value){changed, 0});
        if (!value && !mark)
            continue;
        text_addf(out, "%s%s", gap, mark ? "*" : "");
        gap = " ";
        bit_add_name(row, value || row->len > 1, out);
        if (row->len > 1)
            text_addf(out, "=%llu", (unsigned long long)value);
    }
    text_addc(out, '\n');
}

static void write_segments(const struct target *now, const struct target *before, struct text *out)
{
#define SEG(field)                                                                                           \
    {                                                                                                        \
#field, "", offsetof(struct kvm_sregs, field)                                                        \
    }
    static const struct reg segs[] = {SEG(cs), SEG(ss), SEG(ds), SEG(es), SEG(fs), SEG(gs), SEG(tr)};
#undef SEG
    for (size_t i = 0; i < sizeof segs / sizeof segs[0]; i++) {
        struct kvm_segment a, b;
        memcpy(&a, (const char *)&now->sregs + segs[i].offset, sizeof a);
        memcpy(&b, (const char *)&(before ? before : now)->sregs + segs[i].offset, sizeof b);
        if (a.unusable && !strcmp(segs[i].name, "tr")) /* never so in a CPU that runs: it is not known */
            continue;
        text_addf(out, "%s%s%c%04x", i ? "  " : "", segs[i].name, a.selector != b.selector ? '*' : ' ',
                  a.selector);
    }
    text_addf(out, "\n%s mode, %u-bit code, CPL %u\n", cpu_mode_name(cpu_mode(&now->sregs)),
              cpu_code_bits(&now->sregs), cpu_cpl(&now->regs, &now->sregs));
}

int look_flags(const struct target *t, const char *which, struct text *out, struct err *e)
{
    struct bits_value value = {t->regs.rflags, 0};
    const struct bit *one = *which ? bits_bit(&bits_rflags, which) : NULL;
    if (*which && !one)
        return err_set(e, "flags: %s: no such flag", which);
    if (one) {
        bits_add_row(&bits_rflags, one, value, out);
        return 0;
    }
    text_addf(out, "RFLAGS  %#llx  ", t->regs.rflags);
    bits_add_names(&bits_rflags, t->regs.rflags, 8, out);
    text_addc(out, '\n');
    bits_add_rows(&bits_rflags, value, out);
    bits_add_reserved(&bits_rflags, t->regs.rflags, out);
    if (out->len && out->buf[out->len - 1] != '\n')
        text_addc(out, '\n');
    return 0;
}

void look_regs(const struct target *now, const struct target *before, struct text *out)
{
    bool wide = is_wide(now);
    write_general(now, before, wide, out);
    write_rip(now, before, wide, out);
    write_flags(now, before, out);
    write_segments(now, before, out);
}
