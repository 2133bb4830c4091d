/*
 * What changed between two states of the CPU, in a line: the control bits by their names, the mode they make,
 * and the page tables (Intel SDM, "Control Registers", "Mode Switching", "Extended Feature Enable Register").
 */
#include "debug/bits.h"
#include "debug/stops.h"

#define ULL(x) ((unsigned long long)(x))

/* From the lowest bit up, as the manual's mode switches go: PE before PG. */
static void say_bits(const struct bits *bits, uint64_t before, uint64_t now, const char **sep,
                     struct text *out)
{
    uint64_t differ = before ^ now;
    size_t n = 0;
    while (bits->bit[n].name)
        n++;
    while (n-- > 0) {
        uint64_t mask = 1ull << bits->bit[n].low;
        if (bits->bit[n].len != 1 || !(differ & mask))
            continue;
        text_addf(out, "%s%s.%s %s", *sep, bits->name, bits->bit[n].name, now & mask ? "set" : "cleared");
        *sep = ", ";
        differ &= ~mask;
    }
    if (!differ)
        return;
    text_addf(out, "%s%s 0x%llx → 0x%llx", *sep, bits->name, ULL(before), ULL(now));
    *sep = ", ";
}

bool stops_mode_sentence(const struct kvm_sregs *b, const struct kvm_sregs *n, struct text *out)
{
    size_t start = out->len;
    const char *sep = "";
    enum cpu_mode was = cpu_mode(b), is = cpu_mode(n);
    say_bits(&bits_cr0, b->cr0, n->cr0, &sep, out);
    say_bits(&bits_cr4, b->cr4, n->cr4, &sep, out);
    say_bits(&bits_efer, b->efer, n->efer, &sep, out);
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
