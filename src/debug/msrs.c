/*
 * Model-specific registers: what each processor model may have as it likes, reached by RDMSR and WRMSR with a
 * number in ECX.  Those here are architectural, the same on every 64-bit processor, and together they say how
 * a kernel is entered (SYSCALL, SYSENTER), where per-CPU data is (the GS bases) and which memory is cached
 * how (Intel SDM volume 4, "Architectural MSRs").  The numbers from 0xc0000000 up came from AMD.
 *
 * Simplified: fixed-range and variable MTRRs, performance counters and the x2APIC's MSRs are left out.
 */
#include "debug/msrs.h"

#include "debug/bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void decode_apic_base(uint64_t value, struct text *words)
{
    text_addf(words, "%s at gpa %#llx, %s", value >> 11 & 1 ? "on" : "off",
              (unsigned long long)(value & 0xffffffffff000),
              value >> 8 & 1 ? "boot CPU" : "not the boot CPU");
    if (value >> 10 & 1)
        text_add(words, ", x2APIC");
}

static void decode_efer(uint64_t value, struct text *words)
{
    struct text reserved = {0};
    bits_add_names(&bits_efer, value, 0, words);
    bits_add_reserved(&bits_efer, value, &reserved);
    if (reserved.len)
        text_addf(words, "; %s", text_str(&reserved));
    text_fini(&reserved);
}

/* SYSRET to 64-bit code adds 16 to its selector, and both add 8 for SS (Intel SDM, "SYSRET"). */
static void decode_star(uint64_t value, struct text *words)
{
    unsigned call = (unsigned)(value >> 32 & 0xfffc), back = (unsigned)(value >> 48 & 0xffff);
    text_addf(words, "SYSCALL: CS %#x, SS %#x; SYSRET: CS %#x (32-bit: %#x), SS %#x", call,
              (call + 8) & 0xffff, ((back + 16) | 3) & 0xffff, back | 3, ((back + 8) | 3) & 0xffff);
}

static void decode_fmask(uint64_t value, struct text *words)
{
    const struct bit *row = bits_rflags.bit;
    text_add(words, value ? "SYSCALL clears" : "SYSCALL clears nothing, not even IF");
    for (; row->name; row++)
        if (bits_field(row, (struct bits_value){value, 0}))
            text_addf(words, " %s", row->name);
}

static void decode_sysenter_cs(uint64_t value, struct text *words)
{
    unsigned cs = (unsigned)value & 0xfffc;
    if (cs == 0)
        text_add(words, "null: SYSENTER raises #GP");
    else
        text_addf(words, "SYSENTER: CS %#x, SS %#x", cs, cs + 8);
}

static void decode_pat(uint64_t value, struct text *words)
{
    static const char *const type[8] = {"UC", "WC", "reserved 2", "reserved 3", "WT", "WP", "WB", "UC-"};
    for (unsigned i = 0; i < 8; i++) {
        unsigned entry = (unsigned)(value >> i * 8 & 0xff);
        text_addf(words, "%s%u ", i ? ", " : "", i);
        text_addf(words, entry < 8 ? "%s" : "reserved", type[entry & 7]);
    }
}

static void decode_mtrr(uint64_t value, struct text *words)
{
    static const char *const type[8] = {"UC", "WC", "reserved", "reserved", "WT", "WP", "WB", "reserved"};
    unsigned code = (unsigned)(value & 0xff);
    text_addf(words, "MTRRs %s, fixed ranges %s, elsewhere %s", value >> 11 & 1 ? "on" : "off",
              value >> 10 & 1 ? "on" : "off", code < 8 ? type[code] : "reserved");
}

static void decode_misc_enable(uint64_t value, struct text *words)
{
    text_addf(words, "fast strings %s, MONITOR %s", value & 1 ? "on" : "off", value >> 18 & 1 ? "on" : "off");
    if (value >> 22 & 1)
        text_add(words, ", CPUID limited to leaf 3");
    if (value >> 34 & 1)
        text_add(words, ", no-execute switched off");
}

static void decode_spec_ctrl(uint64_t value, struct text *words)
{
    text_addf(words, "%s %s %s", value & 1 ? "IBRS" : "ibrs", value & 2 ? "STIBP" : "stibp",
              value & 4 ? "SSBD" : "ssbd");
}

#define SYSENTER "Performing Fast Calls to System Procedures with the SYSENTER and SYSEXIT Instructions"
#define SYSCALL  "Fast System Calls in 64-Bit Mode"
#define BASES    "Segment Registers in 64-Bit Mode"
static const struct msr_row rows[] = {
    {0x10, "TSC", "time-stamp counter",
     "Counts up at a constant rate; RDTSC reads it. A hypervisor gives each guest an offset.",
     "Time-Stamp Counter", NULL},
    {0x1b, "APIC_BASE", "local APIC: where, and on or off",
     "The local APIC's registers appear at this physical address.", "Local APIC Status and Location",
     decode_apic_base},
    {0x48, "SPEC_CTRL", "limits on speculation",
     "Bits against attacks on speculative execution: IBRS, STIBP, SSBD.", "Architectural MSRs",
     decode_spec_ctrl},
    {0xfe, "MTRRCAP", "which MTRRs there are", "How many variable MTRRs, whether there are fixed ones.",
     "Memory Type Range Registers (MTRRs)", NULL},
    {0x174, "SYSENTER_CS", "CS that SYSENTER loads",
     "SYSENTER enters ring 0 with this CS and SS = CS + 8; 0 forbids it.", SYSENTER, decode_sysenter_cs},
    {0x175, "SYSENTER_ESP", "stack that SYSENTER loads", "The kernel's stack pointer at SYSENTER.", SYSENTER,
     NULL},
    {0x176, "SYSENTER_EIP", "where SYSENTER goes", "The kernel's entry point for SYSENTER.", SYSENTER, NULL},
    {0x1a0, "MISC_ENABLE", "functions of the processor",
     "Switches that firmware sets: fast strings, MONITOR, limits on CPUID.", "Architectural MSRs",
     decode_misc_enable},
    {0x277, "PAT", "memory types that PAT PCD PWT pick",
     "Eight memory types; a page's PAT, PCD and PWT bits are the index.", "Page Attribute Table (PAT)",
     decode_pat},
    {0x2ff, "MTRR_DEF_TYPE", "MTRRs on or off, default type",
     "The memory type of physical memory that no range register names.",
     "Memory Type Range Registers (MTRRs)", decode_mtrr},
    {0xc0000080, "EFER", "long mode, NX, SYSCALL", "Bit by bit: ringside explain efer.",
     "Extended Feature Enable Register", decode_efer},
    {0xc0000081, "STAR", "selectors of SYSCALL and SYSRET",
     "Bits 47-32 are CS for SYSCALL (SS is 8 more); bits 63-48 the base for SYSRET (CS 16 more for 64-bit "
     "code, SS 8 more).",
     SYSCALL, decode_star},
    {0xc0000082, "LSTAR", "where SYSCALL goes (64-bit code)", "The kernel's entry point for SYSCALL.",
     SYSCALL, NULL},
    {0xc0000083, "CSTAR", "where SYSCALL goes (compat, AMD)",
     "The entry point for SYSCALL in compatibility mode, which Intel's processors do not have.", SYSCALL,
     NULL},
    {0xc0000084, "SFMASK", "flags that SYSCALL clears",
     "Each bit set here is cleared in RFLAGS by SYSCALL. A kernel that does not clear IF can be interrupted "
     "on the user's stack.",
     SYSCALL, decode_fmask},
    {0xc0000100, "FS_BASE", "base of FS in 64-bit mode", "Thread-local data, by habit.", BASES, NULL},
    {0xc0000101, "GS_BASE", "base of GS in 64-bit mode", "A kernel's per-CPU data, by habit.", BASES, NULL},
    {0xc0000102, "KERNEL_GS_BASE", "what SWAPGS puts into GS_BASE",
     "SWAPGS exchanges this with GS_BASE: a kernel does it at each entry from and return to ring 3.",
     "SWAPGS Instruction", NULL},
    {0xc0000103, "TSC_AUX", "what RDTSCP returns in ECX", "The CPU's number, by habit.", "Time-Stamp Counter",
     NULL},
};

const struct msr_row *msr_row(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

const struct msr_row *msr_find(const char *word)
{
    char *end;
    errno = 0;
    unsigned long long index = strtoull(word, &end, 0);
    bool number = *word >= '0' && *word <= '9' && *end == '\0' && errno == 0;
    if (strncasecmp(word, "ia32_", 5) == 0)
        word += 5;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (number ? rows[i].index == index : strcasecmp(rows[i].name, word) == 0)
            return &rows[i];
    return NULL;
}

bool msr_explain(const char *word, size_t width, struct text *out)
{
    const struct msr_row *row = msr_find(word);
    struct text source = {0};
    if (!row)
        return false;
    text_addf(out, "%s: MSR %#x: %s\n\n", row->name, row->index, row->meaning);
    text_add_wrapped(out, row->lesson, 0, width);
    text_add(out, "\n\nSource: ");
    text_addf(&source, "Intel SDM, \"%s\"", row->section);
    text_add_wrapped(out, text_str(&source), 8, width);
    text_addc(out, '\n');
    text_fini(&source);
    return true;
}

static void write_row(const struct target *t, const struct msr_row *row, struct text *out)
{
    struct err why = {0};
    struct text words = {0};
    uint64_t value = 0;
    bool known = t->ops && t->ops->msr_read && t->ops->msr_read(t->ctx, row->index, &value, &why) == 0;
    text_addf(out, "0x%08x  %-14s  ", row->index, row->name);
    if (known)
        text_addf(out, "%016llx", (unsigned long long)value);
    else
        text_addf(out, "%-16s", "?");
    text_addf(out, "  %s\n", row->meaning);
    if (known && row->decode)
        row->decode(value, &words);
    else if (*why.text)
        text_addf(&words, "not readable: %s", why.text);
    if (words.len) {
        text_add(out, "            ");
        text_add_wrapped(out, text_str(&words), 12, BITS_WIDTH);
        text_addc(out, '\n');
    }
    text_fini(&words);
}

int look_msrs(const struct target *t, const char *which, struct text *out, struct err *e)
{
    const struct msr_row *one = *which ? msr_find(which) : NULL;
    if (*which && !one)
        return err_set(e, "msrs: %s: not in the list of architectural MSRs (msrs shows it)", which);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!one || one == &rows[i])
            write_row(t, &rows[i], out);
    if (!t->ops || !t->ops->msr_read)
        text_add(out, "? not readable: this state has no CPU behind it to ask\n");
    return 0;
}
