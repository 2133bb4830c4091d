/*
 * The table of exceptions: see exceptions.h.  A processor that cannot go on with an instruction calls a
 * handler of the operating system instead, through the gate whose number is the exception's vector.  If that
 * call itself fails, the two exceptions together decide what happens: two that only "happen to meet" are
 * served one after the other; two of which the second shows that the first cannot be delivered become a
 * double fault; and if that cannot be delivered either, the processor shuts down.
 *
 * Simplified: AMD's own vectors 28 to 30 are left out; no guest of Ringside is offered what raises them.
 */
#include "debug/exceptions.h"

#include <string.h>
#include <strings.h>

static const struct exception_info exceptions[EXCEPTION_VECTORS] = {
    [0] = {0, "#DE", "divide error", EXCEPTION_FAULT, false, EXCEPTION_CONTRIBUTORY,
           "DIV or IDIV by zero, or a quotient that does not fit",
           "Interrupt 0—Divide Error Exception (#DE)"},
    [1] = {1, "#DB", "debug exception", EXCEPTION_FAULT_OR_TRAP, false, EXCEPTION_BENIGN,
           "the trap flag, a debug register or INT1", "Interrupt 1—Debug Exception (#DB)"},
    [2] = {2, "NMI", "non-maskable interrupt", EXCEPTION_INTERRUPT, false, EXCEPTION_BENIGN,
           "a signal from the hardware that IF does not hold back", "Interrupt 2—NMI Interrupt"},
    [3] = {3, "#BP", "breakpoint", EXCEPTION_TRAP, false, EXCEPTION_BENIGN, "INT3",
           "Interrupt 3—Breakpoint Exception (#BP)"},
    [4] = {4, "#OF", "overflow", EXCEPTION_TRAP, false, EXCEPTION_BENIGN, "INTO while OF was set",
           "Interrupt 4—Overflow Exception (#OF)"},
    [5] = {5, "#BR", "bound range exceeded", EXCEPTION_FAULT, false, EXCEPTION_BENIGN,
           "BOUND with an index outside of its range", "Interrupt 5—BOUND Range Exceeded Exception (#BR)"},
    [6] = {6, "#UD", "invalid opcode", EXCEPTION_FAULT, false, EXCEPTION_BENIGN,
           "bytes that are no instruction, or none in this mode",
           "Interrupt 6—Invalid Opcode Exception (#UD)"},
    [7] = {7, "#NM", "device not available", EXCEPTION_FAULT, false, EXCEPTION_BENIGN,
           "a floating-point or SSE instruction while CR0.EM or CR0.TS was set",
           "Interrupt 7—Device Not Available Exception (#NM)"},
    [8] = {8, "#DF", "double fault", EXCEPTION_ABORT, true, EXCEPTION_BENIGN,
           "an exception while another was being delivered", "Interrupt 8—Double Fault Exception (#DF)"},
    [9] = {9, "#9", "coprocessor segment overrun", EXCEPTION_ABORT, false, EXCEPTION_BENIGN,
           "the coprocessor of a 386; no CPU since raises it", "Interrupt 9—Coprocessor Segment Overrun"},
    [10] = {10, "#TS", "invalid TSS", EXCEPTION_FAULT, true, EXCEPTION_CONTRIBUTORY,
            "a task state segment that cannot be used, or a bad stack segment in it",
            "Interrupt 10—Invalid TSS Exception (#TS)"},
    [11] = {11, "#NP", "segment not present", EXCEPTION_FAULT, true, EXCEPTION_CONTRIBUTORY,
            "a descriptor or gate whose present bit is clear", "Interrupt 11—Segment Not Present (#NP)"},
    [12] = {12, "#SS", "stack fault", EXCEPTION_FAULT, true, EXCEPTION_CONTRIBUTORY,
            "an access past the limit of SS (or at a non-canonical address), or an SS that is not present",
            "Interrupt 12—Stack Fault Exception (#SS)"},
    [13] = {13, "#GP", "general protection", EXCEPTION_FAULT, true, EXCEPTION_CONTRIBUTORY,
            "an access or an operation that the protection rules forbid",
            "Interrupt 13—General Protection Exception (#GP)"},
    [14] = {14, "#PF", "page fault", EXCEPTION_FAULT, true, EXCEPTION_PAGE_FAULT,
            "a linear address whose page is absent or does not allow the access",
            "Interrupt 14—Page-Fault Exception (#PF)"},
    [16] = {16, "#MF", "x87 floating-point error", EXCEPTION_FAULT, false, EXCEPTION_BENIGN,
            "an earlier x87 instruction that failed, with CR0.NE set",
            "Interrupt 16—x87 FPU Floating-Point Error (#MF)"},
    [17] = {17, "#AC", "alignment check", EXCEPTION_FAULT, true, EXCEPTION_BENIGN,
            "a misaligned access at CPL 3 with CR0.AM and RFLAGS.AC set",
            "Interrupt 17—Alignment Check Exception (#AC)"},
    [18] = {18, "#MC", "machine check", EXCEPTION_ABORT, false, EXCEPTION_BENIGN, "an error of the hardware",
            "Interrupt 18—Machine-Check Exception (#MC)"},
    [19] = {19, "#XM", "SIMD floating-point error", EXCEPTION_FAULT, false, EXCEPTION_BENIGN,
            "an SSE instruction whose error MXCSR does not mask",
            "Interrupt 19—SIMD Floating-Point Exception (#XM)"},
    [20] = {20, "#VE", "virtualization exception", EXCEPTION_FAULT, false, EXCEPTION_PAGE_FAULT,
            "an EPT violation that the hypervisor lets the guest see",
            "Interrupt 20—Virtualization Exception (#VE)"},
    [21] = {21, "#CP", "control protection", EXCEPTION_FAULT, true, EXCEPTION_CONTRIBUTORY,
            "a return or jump that the shadow stack or ENDBRANCH does not agree with",
            "Interrupt 21—Control Protection Exception (#CP)"},
};

const struct exception_info *exception_info(unsigned vector)
{
    return vector < EXCEPTION_VECTORS && exceptions[vector].name ? &exceptions[vector] : NULL;
}

void exception_name(unsigned vector, struct text *out)
{
    const struct exception_info *x = exception_info(vector);
    if (x)
        text_addf(out, "%s %s", x->mnemonic, x->name);
    else
        text_addf(out, "vector 0x%02x", vector);
}

const char *exception_class_name(enum exception_class c)
{
    static const char *const names[] = {[EXCEPTION_FAULT] = "fault",
                                        [EXCEPTION_TRAP] = "trap",
                                        [EXCEPTION_FAULT_OR_TRAP] = "fault or trap",
                                        [EXCEPTION_ABORT] = "abort",
                                        [EXCEPTION_INTERRUPT] = "interrupt"};
    return (unsigned)c < sizeof names / sizeof names[0] ? names[c] : "?";
}

int exception_find(const char *name)
{
    for (unsigned v = 0; v < EXCEPTION_VECTORS; v++) {
        const char *m = exceptions[v].mnemonic;
        if (m && (!strcasecmp(name, m) || (m[0] == '#' && v != 9 && !strcasecmp(name, m + 1))))
            return (int)v;
    }
    return -1;
}

static enum exception_weight weight_of(unsigned vector)
{
    const struct exception_info *x = exception_info(vector);
    return x ? x->weight : EXCEPTION_BENIGN;
}

bool exception_doubles(unsigned first, unsigned second)
{
    enum exception_weight a = weight_of(first), b = weight_of(second);
    if (b == EXCEPTION_BENIGN)
        return false;
    if (first == VECTOR_DF || a == EXCEPTION_PAGE_FAULT)
        return true;
    return a == EXCEPTION_CONTRIBUTORY && b == EXCEPTION_CONTRIBUTORY;
}

/* ---- error codes ---- */

static void page_fault_error(uint32_t code, struct text *out)
{
    /* Intel SDM, "Page-Fault Exceptions": the letters are those of most kernels' messages. */
    static const struct {
        unsigned bit;
        char letter;
        const char *clear, *set;
    } bits[] = {
        {0, 'P', "the page is not present", "the page is present and its rights forbid the access"},
        {1, 'W', "a read", "a write"},
        {2, 'U', "by the supervisor", "by user code (CPL 3)"},
        {3, 'R', NULL, "a reserved bit is set in an entry"},
        {4, 'I', NULL, "an instruction fetch"},
        {5, 'K', NULL, "a protection key forbids it"},
        {6, 'S', NULL, "a shadow-stack access"},
        {15, 'X', NULL, "SGX forbids it"},
    };
    const char *sep = ": ";
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        bool set = code >> bits[i].bit & 1;
        const char *words = set ? bits[i].set : bits[i].clear;
        if (!words || (bits[i].letter == 'W' && !set && (code >> 4 & 1)))
            continue; /* a fetch is a read, but nobody calls it one */
        text_addf(out, "%s%c=%d %s", sep, bits[i].letter, set, words);
        sep = ", ";
    }
}

static void selector_error(uint32_t code, struct text *out)
{
    if ((code & 0xffff) == 0) {
        text_add(out, ": no selector is to blame");
        return;
    }
    unsigned index = code >> 3 & 0x1fff;
    const char *table = code & ERROR_IDT ? "IDT" : code & ERROR_TI ? "LDT" : "GDT";
    if (code & ERROR_IDT)
        text_addf(out, ": IDT=1 gate 0x%02x of the IDT", index);
    else if (code & ~7u)
        text_addf(out, ": IDT=0 TI=%d entry %u of the %s (selector 0x%04x)", !!(code & ERROR_TI), index,
                  table, code & 0xfffc);
    else
        text_add(out, ": the null selector");
    text_addf(out, ", EXT=%d %s", !!(code & ERROR_EXT),
              code & ERROR_EXT ? "while another event was being delivered" : "by the program itself");
}

void exception_error_write(unsigned vector, uint32_t code, struct text *out)
{
    const struct exception_info *x = exception_info(vector);
    if (!x || !x->has_error_code)
        return;
    text_addf(out, "0x%x", code);
    if (vector == VECTOR_PF)
        page_fault_error(code, out);
    else if (x->weight == EXCEPTION_CONTRIBUTORY && vector != 21)
        selector_error(code, out);
    else if (code == 0)
        text_add(out, ": always 0");
}
