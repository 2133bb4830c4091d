/*
 * What changed between two states of the CPU, in a line: the control bits by their names, the mode they make,
 * and the page tables (Intel SDM, "Control Registers", "Mode Switching", "Extended Feature Enable Register").
 */
#include "debug/stops.h"

#define ULL(x) ((unsigned long long)(x))

struct bit_name {
    unsigned bit;
    const char *name;
};

static const struct bit_name cr0_bits[] = {{0, "PE"},  {1, "MP"},  {2, "EM"},  {3, "TS"},
                                           {4, "ET"},  {5, "NE"},  {16, "WP"}, {18, "AM"},
                                           {29, "NW"}, {30, "CD"}, {31, "PG"}};
static const struct bit_name cr4_bits[] = {
    {0, "VME"},   {1, "PVI"},   {2, "TSD"},   {3, "DE"},        {4, "PSE"},         {5, "PAE"},
    {6, "MCE"},   {7, "PGE"},   {8, "PCE"},   {9, "OSFXSR"},    {10, "OSXMMEXCPT"}, {11, "UMIP"},
    {12, "LA57"}, {13, "VMXE"}, {14, "SMXE"}, {16, "FSGSBASE"}, {17, "PCIDE"},      {18, "OSXSAVE"},
    {20, "SMEP"}, {21, "SMAP"}, {22, "PKE"},  {23, "CET"},      {24, "PKS"}};
static const struct bit_name efer_bits[] = {{0, "SCE"},   {8, "LME"},    {10, "LMA"},   {11, "NXE"},
                                            {12, "SVME"}, {13, "LMSLE"}, {14, "FFXSR"}, {15, "TCE"}};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void say_bits(const char *reg, const struct bit_name *bits, size_t n, uint64_t before, uint64_t now,
                     const char **sep, struct text *out)
{
    uint64_t differ = before ^ now;
    for (size_t i = 0; i < n; i++) {
        uint64_t mask = 1ull << bits[i].bit;
        if (!(differ & mask))
            continue;
        text_addf(out, "%s%s.%s %s", *sep, reg, bits[i].name, now & mask ? "set" : "cleared");
        *sep = ", ";
        differ &= ~mask;
    }
    if (!differ)
        return;
    text_addf(out, "%s%s 0x%llx → 0x%llx", *sep, reg, ULL(before), ULL(now));
    *sep = ", ";
}

bool stops_mode_sentence(const struct kvm_sregs *b, const struct kvm_sregs *n, struct text *out)
{
    size_t start = out->len;
    const char *sep = "";
    enum cpu_mode was = cpu_mode(b), is = cpu_mode(n);
    say_bits("CR0", cr0_bits, COUNT(cr0_bits), b->cr0, n->cr0, &sep, out);
    say_bits("CR4", cr4_bits, COUNT(cr4_bits), b->cr4, n->cr4, &sep, out);
    say_bits("EFER", efer_bits, COUNT(efer_bits), b->efer, n->efer, &sep, out);
    if (was != is && out->len == start)
        text_addf(out, "CS.L %s", n->cs.l ? "set" : "cleared");
    if (was != is)
        text_addf(out, ": %s → %s", cpu_mode_name(was), cpu_mode_name(is));
    else if (cpu_code_bits(b) != cpu_code_bits(n))
        text_addf(out, "%sCS.D %s: %u-bit → %u-bit code", sep, n->cs.db ? "set" : "cleared", cpu_code_bits(b),
                  cpu_code_bits(n));
    if (b->cr3 != n->cr3)
        text_addf(out, "%sCR3 0x%llx → 0x%llx", out->len > start ? ", " : "", ULL(b->cr3), ULL(n->cr3));
    return out->len > start;
}
