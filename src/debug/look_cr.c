/*
 * Control registers and EFER: each bit by name, and in a line what they add up to.  The mode is not one bit
 * but several in two registers and an MSR, which is why a switch of modes takes several steps and why some
 * combinations are impossible; those are pointed out (Intel SDM, "Control Registers", "Mode Switching",
 * "Paging Modes and Control Bits").
 */
#include "debug/look.h"

#include "debug/bits.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { INDENT = 5 };

#define CR4_PCIDE (1ull << 17)

static const char *paging_name(const struct kvm_sregs *s)
{
    if (!(s->cr0 & CR0_PG))
        return "paging off";
    if (!(s->cr4 & CR4_PAE))
        return "32-bit paging";
    if (!(s->efer & EFER_LMA))
        return "PAE paging";
    return s->cr4 & CR4_LA57 ? "5-level paging" : "4-level paging";
}

static void sum_cr0(const struct target *t, struct text *words)
{
    const struct kvm_sregs *s = &t->sregs;
    text_addf(words, "%s mode%s, %s", cpu_mode_name(cpu_mode(s)),
              t->regs.rflags & RFLAGS_VM ? " (virtual 8086)" : "", paging_name(s));
    if (s->cr0 & CR0_PG)
        text_addf(words, ", write protection %s", s->cr0 & CR0_WP ? "on" : "off");
    text_addf(words, ", caches %s", s->cr0 & CR0_CD ? "off" : "on");
    if (s->cr0 & (CR0_EM | CR0_TS))
        text_add(words, s->cr0 & CR0_EM ? ", no x87" : ", x87 and SSE raise #NM");
}

static void sum_cr3(const struct target *t, struct text *words)
{
    const struct kvm_sregs *s = &t->sregs;
    bool wide = s->efer & EFER_LMA, pae = s->cr4 & CR4_PAE;
    uint64_t base = wide ? s->cr3 & 0xffffffffff000 : s->cr3 & (pae ? 0xffffffe0 : 0xfffff000);
    const char *table = !pae ? "page directory" : !wide ? "PDPT" : s->cr4 & CR4_LA57 ? "PML5" : "PML4";
    if (!(s->cr0 & CR0_PG)) {
        text_add(words, "not used: paging is off");
        return;
    }
    text_addf(words, "the %s is at gpa %#llx", table, (unsigned long long)base);
    if (s->cr4 & CR4_PCIDE && wide)
        text_addf(words, ", PCID %llu", s->cr3 & 0xfff);
    if (!memory_ptr(t->memory, base, pae && !wide ? 32 : 4096, false))
        text_add(words, ", where no memory is: every access is a page fault");
}

static void sum_cr4(const struct target *t, struct text *words)
{
    uint64_t cr4 = t->sregs.cr4;
    text_addf(words, "page-table entries of %u bytes, SSE %s, AVX state %s", cr4 & CR4_PAE ? 8 : 4,
              cr4 & CR4_OSFXSR ? "allowed" : "raises #UD", cr4 & CR4_OSXSAVE ? "allowed" : "off");
    if (cr4 & (CR4_SMEP | CR4_SMAP))
        text_addf(words, ", the kernel is kept from %s user pages",
                  !(cr4 & CR4_SMAP)   ? "running"
                  : !(cr4 & CR4_SMEP) ? "touching"
                                      : "running and touching");
}

static void sum_efer(const struct target *t, struct text *words)
{
    uint64_t efer = t->sregs.efer;
    text_addf(words, "long mode %s, no-execute pages %s, SYSCALL %s",
              efer & EFER_LMA   ? "active"
              : efer & EFER_LME ? "wanted: it begins when paging comes on"
                                : "off",
              efer & EFER_NXE ? "on" : "off", efer & EFER_SCE ? "on" : "off");
}

static void sum_cr2(const struct target *t, struct text *words)
{
    (void)t;
    text_add(words, "the linear address of the last page fault");
}

/* Combinations that no MOV or WRMSR can make; only who sets registers from outside can. */
struct impossible {
    const char *name;
    bool (*is)(const struct kvm_sregs *s);
    const char *words;
};
static bool pg_alone(const struct kvm_sregs *s)
{
    return (s->cr0 & (CR0_PG | CR0_PE)) == CR0_PG;
}
static bool nw_alone(const struct kvm_sregs *s)
{
    return (s->cr0 & (CR0_NW | CR0_CD)) == CR0_NW;
}
static bool long_without_pae(const struct kvm_sregs *s)
{
    return (s->cr0 & CR0_PG) && (s->efer & EFER_LME) && !(s->cr4 & CR4_PAE);
}
static bool lma_wrong(const struct kvm_sregs *s)
{
    return !!(s->efer & EFER_LMA) != ((s->cr0 & CR0_PG) && (s->efer & EFER_LME));
}
static bool pcid_short(const struct kvm_sregs *s)
{
    return (s->cr4 & CR4_PCIDE) && !(s->efer & EFER_LMA);
}
static const struct impossible impossible[] = {
    {"CR0", pg_alone, "PG without PE: no CPU can be in this state"},
    {"CR0", nw_alone, "NW without CD: no CPU can be in this state"},
    {"CR4", long_without_pae, "paging with EFER.LME needs PAE: no CPU can be in this state"},
    {"CR4", pcid_short, "PCIDE outside of long mode: no CPU can be in this state"},
    {"EFER", lma_wrong, "LMA must be 1 exactly when LME and CR0.PG are: no CPU can be in this state"},
};

struct control {
    const char *name;
    const struct bits *bits; /* NULL: an address */
    size_t offset;
    void (*sum)(const struct target *t, struct text *words);
};
#define FIELD(field) offsetof(struct kvm_sregs, field)
static const struct control controls[] = {
    {"CR0", &bits_cr0, FIELD(cr0), sum_cr0},
    {"CR2", NULL, FIELD(cr2), sum_cr2},
    {"CR3", &bits_cr3, FIELD(cr3), sum_cr3},
    {"CR4", &bits_cr4, FIELD(cr4), sum_cr4},
};
static const struct control control_efer = {"EFER", &bits_efer, FIELD(efer), sum_efer};
#undef FIELD

static void write_words(const struct text *words, const char *mark, struct text *out)
{
    if (!words->len)
        return;
    text_addf(out, "%*s%s", INDENT, "", mark);
    text_add_wrapped(out, text_str(words), INDENT + strlen(mark), BITS_WIDTH);
    text_addc(out, '\n');
}

static void write_notes(const struct target *t, const struct control *c, uint64_t value, struct text *out)
{
    struct text words = {0};
    c->sum(t, &words);
    write_words(&words, "", out);
    text_clear(&words);
    if (c->bits)
        bits_add_reserved(c->bits, value, &words);
    write_words(&words, "! ", out);
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
        if (strcmp(impossible[i].name, c->name) == 0 && impossible[i].is(&t->sregs)) {
            text_clear(&words);
            text_add(&words, impossible[i].words);
            write_words(&words, "! ", out);
        }
    text_fini(&words);
}

static void write_control(const struct target *t, const struct control *c, bool rows, struct text *out)
{
    uint64_t value;
    memcpy(&value, (const char *)&t->sregs + c->offset, sizeof value);
    text_addf(out, "%-4s %#llx\n", c->name, (unsigned long long)value);
    if (c->bits && rows) {
        bits_add_rows(c->bits, (struct bits_value){value, 0}, out);
    } else if (c->bits) {
        text_addf(out, "%*s", INDENT, "");
        bits_add_names(c->bits, value, INDENT, out);
        text_addc(out, '\n');
    }
    write_notes(t, c, value, out);
}

int look_cr(const struct target *t, const char *which, struct text *out, struct err *e)
{
    bool found = false;
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        const struct control *c = &controls[i];
        bool named = strcasecmp(which, c->name) == 0 || strcmp(which, c->name + 2) == 0;
        if (*which && !named)
            continue;
        write_control(t, c, named, out);
        found = true;
    }
    return found ? 0 : err_set(e, "cr: %s: one of cr0, cr2, cr3, cr4", which);
}

int look_efer(const struct target *t, const char *which, struct text *out, struct err *e)
{
    if (*which && strcasecmp(which, "all") != 0)
        return err_set(e, "efer: %s: nothing or \"all\"", which);
    write_control(t, &control_efer, *which, out);
    return 0;
}
