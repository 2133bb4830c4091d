/*
 * Would the CPU accept this state: see cpu_check.h.  Two tables: rules about the state as a whole, and rules
 * that are asked of segment registers, each with the registers it is for.  One sentence a rule.
 *
 * Simplified: a host with "unrestricted guest" is taken for granted (every VT-x of the last decade, and SVM),
 * so that real mode is real and RPLs are not compared; physical addresses are taken to have 52 bits, as in
 * the page walk, and KVM itself refuses a CR3 above its own width; which CR4 and EFER bits this CPU has is
 * for KVM to say, here only bits that no CPU has are refused; PAE's four PDPTEs are not looked at.
 */
#include "vm/cpu_check.h"

#include "vm/descriptor.h"

#include <string.h>

#define PHYSICAL_BITS   52
#define CR0_RESERVED    0xffffffff1ffaffc0ull
#define CR4_RESERVED    0xfffffffee4008000ull /* 15, 26, 29 to 31 and all above 32 (FRED) */
#define CR4_PCIDE       (1ull << 17)
#define CR4_CET         (1ull << 23)
#define EFER_KNOWN      0x36fd01ull /* with AMD's SVME LMSLE FFXSR TCE MCOMMIT INTWB UAIE AIBRSE */
#define RFLAGS_RESERVED 0xffffffffffc08028ull
#define CR8_MAX         15

struct state {
    const struct kvm_regs *r;
    const struct kvm_sregs *s;
};

static bool in_long(const struct state *x)
{
    return x->s->efer & EFER_LMA;
}

static bool in_v86(const struct state *x)
{
    return (x->s->cr0 & CR0_PE) && (x->r->rflags & RFLAGS_VM) && !in_long(x);
}

static bool canonical(const struct state *x, uint64_t linear)
{
    unsigned sign = x->s->cr4 & CR4_LA57 ? 56 : 47;
    uint64_t top = linear >> sign;
    return top == 0 || top == UINT64_MAX >> sign;
}

/* ---- the state as a whole: true when the rule is broken ---- */

static bool cr0_pg(const struct state *x)
{
    return (x->s->cr0 & CR0_PG) && !(x->s->cr0 & CR0_PE);
}
static bool cr0_nw(const struct state *x)
{
    return (x->s->cr0 & CR0_NW) && !(x->s->cr0 & CR0_CD);
}
static bool cr0_et(const struct state *x)
{
    return !(x->s->cr0 & CR0_ET);
}
static bool cr0_reserved(const struct state *x)
{
    return x->s->cr0 & CR0_RESERVED;
}
static bool cr3_reserved(const struct state *x)
{
    return x->s->cr3 >> PHYSICAL_BITS;
}
static bool cr4_reserved(const struct state *x)
{
    return x->s->cr4 & CR4_RESERVED;
}
static bool cr4_pae(const struct state *x)
{
    return (x->s->cr0 & CR0_PG) && (x->s->efer & EFER_LME) && !(x->s->cr4 & CR4_PAE);
}
static bool cr4_pcide(const struct state *x)
{
    return (x->s->cr4 & CR4_PCIDE) && !in_long(x);
}
static bool cr4_cet(const struct state *x)
{
    return (x->s->cr4 & CR4_CET) && !(x->s->cr0 & CR0_WP);
}
static bool cr8_reserved(const struct state *x)
{
    return x->s->cr8 > CR8_MAX;
}
static bool efer_lma(const struct state *x)
{
    return in_long(x) != ((x->s->efer & EFER_LME) && (x->s->cr0 & CR0_PG));
}
static bool cs_long(const struct state *x)
{
    return x->s->cs.l && !in_long(x);
}
static bool efer_reserved(const struct state *x)
{
    return x->s->efer & ~EFER_KNOWN;
}
static bool rip_long(const struct state *x)
{
    return in_long(x) && x->s->cs.l && !canonical(x, x->r->rip);
}
static bool rip_legacy(const struct state *x)
{
    return !(in_long(x) && x->s->cs.l) && x->r->rip >> 32;
}
static bool rflags_fixed(const struct state *x)
{
    return !(x->r->rflags & RFLAGS_FIXED);
}
static bool rflags_reserved(const struct state *x)
{
    return x->r->rflags & RFLAGS_RESERVED;
}
static bool rflags_vm(const struct state *x)
{
    return (x->r->rflags & RFLAGS_VM) && (in_long(x) || !(x->s->cr0 & CR0_PE));
}
static bool gdtr_base(const struct state *x)
{
    return !canonical(x, x->s->gdt.base);
}
static bool idtr_base(const struct state *x)
{
    return !canonical(x, x->s->idt.base);
}

static const struct rule {
    bool (*broken)(const struct state *x);
    const char *sentence;
} rules[] = {
    {cr0_pg, "CR0.PG without CR0.PE: paging exists in protected mode only"},
    {cr0_nw, "CR0.NW without CR0.CD: not-write-through goes with a disabled cache only"},
    {cr0_et, "CR0.ET is 1 on every processor since the 486"},
    {cr0_reserved, "a reserved bit of CR0 is set"},
    {cr3_reserved, "CR3 lies above the widest physical address (52 bits)"},
    {cr4_reserved, "a reserved bit of CR4 is set"},
    {cr4_pae, "CR0.PG and EFER.LME without CR4.PAE: long mode's page tables are an extension of PAE's"},
    {cr4_pcide, "CR4.PCIDE outside IA-32e mode: process-context identifiers exist there only"},
    {cr4_cet, "CR4.CET without CR0.WP: shadow stacks need write protection"},
    {cr8_reserved, "CR8 has four bits: the task priority is 0 to 15"},
    {efer_lma, "EFER.LMA must say whether EFER.LME and CR0.PG are both set"},
    {efer_reserved, "a reserved bit of EFER is set"},
    {cs_long, "CS.L outside IA-32e mode: 64-bit code needs EFER.LMA"},
    {rip_long, "RIP is no canonical address"},
    {rip_legacy, "RIP has 32 bits outside 64-bit mode"},
    {rflags_fixed, "bit 1 of RFLAGS is always 1"},
    {rflags_reserved, "a reserved bit of RFLAGS is set"},
    {rflags_vm, "RFLAGS.VM outside protected mode: virtual-8086 mode is not in real mode and not in IA-32e "
                "mode"},
    {gdtr_base, "the GDT's base is no canonical address"},
    {idtr_base, "the IDT's base is no canonical address"},
};

/* ---- segment registers ---- */

enum {
    ON_CS = 1 << 0,
    ON_SS = 1 << 1,
    ON_DATA = 0xf << 2, /* DS ES FS GS */
    ON_FS_GS = 0x3 << 4,
    ON_LDTR = 1 << 6,
    ON_TR = 1 << 7,
    ON_CODE_DATA = 0x3f,
    ON_ALL = 0xff
};
static const struct {
    const char *name;
    size_t offset;
} segments[] = {
    {"CS", offsetof(struct kvm_sregs, cs)},    {"SS", offsetof(struct kvm_sregs, ss)},
    {"DS", offsetof(struct kvm_sregs, ds)},    {"ES", offsetof(struct kvm_sregs, es)},
    {"FS", offsetof(struct kvm_sregs, fs)},    {"GS", offsetof(struct kvm_sregs, gs)},
    {"LDTR", offsetof(struct kvm_sregs, ldt)}, {"TR", offsetof(struct kvm_sregs, tr)},
};
enum { SEGMENTS = sizeof segments / sizeof segments[0] };

static bool unusable(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->unusable;
}
static bool absent(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return !g->present;
}
static bool not_code_or_data(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return !g->s;
}
static bool not_system(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->s;
}
/* Type 3 is what CS looks like when real-mode code has only its base changed. */
static bool code_type(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return !(g->type == 3 || (g->type & 9) == 9);
}
static bool code_dpl(const struct state *x, const struct kvm_segment *g)
{
    unsigned ss_dpl = x->s->ss.dpl;
    if (g->type == 3)
        return g->dpl != 0;
    return g->type & 4 ? g->dpl > ss_dpl : g->dpl != ss_dpl;
}
static bool code_l_and_d(const struct state *x, const struct kvm_segment *g)
{
    return in_long(x) && g->l && g->db;
}
static bool stack_type(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->type != 3 && g->type != 7;
}
static bool stack_dpl(const struct state *x, const struct kvm_segment *g)
{
    return g->dpl != 0 && (!(x->s->cr0 & CR0_PE) || x->s->cs.type == 3);
}
static bool data_accessed(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return !(g->type & 1);
}
static bool data_readable(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return (g->type & 8) && !(g->type & 2);
}
static bool base_32(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->base >> 32;
}
static bool base_canonical(const struct state *x, const struct kvm_segment *g)
{
    return !canonical(x, g->base);
}
static bool limit_fine(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->g && (g->limit & 0xfff) != 0xfff;
}
static bool limit_coarse(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return !g->g && g->limit >> 20;
}
static bool selector_ti(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->selector & SELECTOR_TI;
}
static bool ldtr_type(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->type != 2;
}
static bool tr_type(const struct state *x, const struct kvm_segment *g)
{
    return g->type != 11 && (in_long(x) || g->type != 3);
}
static bool v86_base(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->base != (uint64_t)g->selector << 4;
}
static bool v86_shape(const struct state *x, const struct kvm_segment *g)
{
    (void)x;
    return g->limit != 0xffff || g->type != 3 || !g->s || g->dpl != 3 || !g->present || g->avl || g->l ||
           g->db || g->g || g->unusable;
}

static const struct segment_rule {
    bool (*broken)(const struct state *x, const struct kvm_segment *g);
    unsigned on;
    bool v86; /* asked in virtual-8086 mode, instead of outside of it */
    const char *sentence;
} segment_rules[] = {
    {unusable, ON_CS | ON_TR, false, "must be usable: it is the one that cannot be null"},
    {absent, ON_ALL, false, "is not present"},
    {not_code_or_data, ON_CODE_DATA, false, "must be a code or data segment (S = 1)"},
    {not_system, ON_LDTR | ON_TR, false, "must be a system segment (S = 0)"},
    {code_type, ON_CS, false, "must be accessed code (type 9, 11, 13 or 15; in real mode also 3)"},
    {code_dpl, ON_CS, false, "must have the DPL of SS (a conforming one at most that): it is the CPL"},
    {code_l_and_d, ON_CS, false, "has L and D both set: 64-bit code with a 32-bit default does not exist"},
    {stack_type, ON_SS, false, "must be accessed writable data (type 3 or 7)"},
    {stack_dpl, ON_SS, false, "must have DPL 0 in real mode"},
    {data_accessed, ON_DATA, false, "must be marked accessed (bit 0 of the type)"},
    {data_readable, ON_DATA, false, "holds code that cannot be read (bit 1 of the type)"},
    {base_32, ON_CS | ON_SS | (ON_DATA & ~ON_FS_GS), false, "must have a base of 32 bits"},
    {base_canonical, ON_FS_GS | ON_LDTR | ON_TR, false, "must have a canonical base"},
    {limit_fine, ON_ALL, false, "counts its limit in pages (G = 1), so that its low twelve bits are ones"},
    {limit_coarse, ON_ALL, false, "counts its limit in bytes (G = 0), so that it ends below 1 MiB"},
    {selector_ti, ON_LDTR | ON_TR, false, "must come from the GDT (TI = 0)"},
    {ldtr_type, ON_LDTR, false, "must be an LDT (type 2)"},
    {tr_type, ON_TR, false, "must be a busy TSS (type 11; outside IA-32e mode also 3)"},
    {v86_base, ON_CODE_DATA, true, "must have a base of 16 times its selector in virtual-8086 mode"},
    {v86_shape, ON_CODE_DATA, true,
     "must be present writable data at DPL 3 with limit 0xffff in virtual-8086 mode"},
};

enum {
    RULES = sizeof rules / sizeof rules[0],
    SEGMENT_RULES = sizeof segment_rules / sizeof segment_rules[0],
};

const char *cpu_check_rule(size_t i)
{
    if (i < RULES)
        return rules[i].sentence;
    return i - RULES < SEGMENT_RULES ? segment_rules[i - RULES].sentence : NULL;
}

static const struct kvm_segment *segment_of(const struct state *x, size_t i)
{
    return (const struct kvm_segment *)((const char *)x->s + segments[i].offset);
}

static bool segment_broken(const struct state *x, const struct segment_rule *rule, size_t i)
{
    const struct kvm_segment *g = segment_of(x, i);
    if (!(rule->on >> i & 1) || rule->v86 != (in_v86(x) && (ON_CODE_DATA >> i & 1)))
        return false;
    /* An unusable register is asked nothing, except where it must not be one. */
    if (g->unusable && !rule->v86 && rule->broken != unusable)
        return false;
    return rule->broken(x, g);
}

/* The first rule that `x` breaks and `before` (NULL: not asked) does not. */
static int check(const struct state *before, const struct state *x, struct err *e)
{
    for (size_t k = 0; k < RULES; k++)
        if (rules[k].broken(x) && !(before && rules[k].broken(before)))
            return err_set(e, "%s", rules[k].sentence);
    for (size_t i = 0; i < SEGMENTS; i++)
        for (size_t k = 0; k < SEGMENT_RULES; k++)
            if (segment_broken(x, &segment_rules[k], i) &&
                !(before && segment_broken(before, &segment_rules[k], i)))
                return err_set(e, "%s %s", segments[i].name, segment_rules[k].sentence);
    return 0;
}

int cpu_check(const struct kvm_regs *r, const struct kvm_sregs *s, struct err *e)
{
    return check(NULL, &(struct state){r, s}, e);
}

int cpu_check_change(const struct kvm_regs *r_before, const struct kvm_sregs *s_before,
                     const struct kvm_regs *r, const struct kvm_sregs *s, struct err *e)
{
    return check(&(struct state){r_before, s_before}, &(struct state){r, s}, e);
}
