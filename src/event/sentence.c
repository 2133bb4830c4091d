/*
 * From an event to words.  This is the only place that does it, so that the trace listing, the screen, the
 * post-mortem and a lab all say the same thing about the same event, and a change of wording is one change.
 *
 * The arrows point the way the data goes: `←` towards the device (the guest wrote), `→` towards the guest (it
 * read). A value has two hex digits a byte, so that its width shows its size: 60 is a byte, 0060 a word.
 */
#include "event/event.h"

#include <inttypes.h>
#include <string.h>

typedef void sentence_fn(const struct event *ev, const struct event_names *names, struct text *out);

/* A number that has a name, for the small tables below. */
struct named {
    uint64_t number;
    const char *name;
};

static const char *named_find(const struct named *table, size_t n, uint64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].name;
    return NULL;
}

#define NAMED_FIND(table, number) named_find(table, sizeof(table) / sizeof(table)[0], number)

static void sentence_value(const struct event *ev, struct text *out)
{
    int digits = ev->size >= 1 && ev->size <= 8 ? ev->size * 2 : 1;
    if (ev->flags & EVENT_VALUE)
        text_addf(out, "%0*" PRIx64, digits, ev->value);
    else
        text_addc(out, '?');
}

/* True for registers that carry text: a line status of 60 is no backquote, a transmitted 60 is one. */
static bool sentence_is_text(const struct event *ev, const struct event_names *names)
{
    const char *reg = event_reg_name(names, ev);
    return ev->size == 1 && (ev->flags & EVENT_VALUE) &&
           (!strcmp(reg, "THR") || !strcmp(reg, "RBR") ||
            !strncmp(event_device_name(names, ev), "debugcon", strlen("debugcon")));
}

static void sentence_char(const struct event *ev, const struct event_names *names, struct text *out)
{
    static const struct named escapes[] = {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}, {'\b', "\\b"}};
    if (!sentence_is_text(ev, names))
        return;
    const char *escape = NAMED_FIND(escapes, ev->value);
    if (escape)
        text_addf(out, " '%s'", escape);
    else if (ev->value >= 0x20 && ev->value < 0x7f)
        text_addf(out, " '%c'", (char)ev->value);
}

/* Who answered: `  uart.THR`, `  uart`, `  unclaimed`, or nothing. */
static void sentence_device(const struct event *ev, const struct event_names *names, struct text *out)
{
    const char *device = event_device_name(names, ev), *reg = event_reg_name(names, ev);
    if (ev->flags & EVENT_UNCLAIMED)
        text_add(out, "  unclaimed");
    else if (device[0])
        text_addf(out, "  %s%s%s", device, reg[0] ? "." : "", reg);
}

static void sentence_io(const struct event *ev, const struct event_names *names, struct text *out)
{
    static const struct named widths[] = {{1, "sb"}, {2, "sw"}, {4, "sd"}};
    bool string = ev->flags & EVENT_STRING;
    const char *width = string ? NAMED_FIND(widths, ev->size) : "";
    text_addf(out, "%s%s 0x%" PRIx64 " %s ", ev->dir == DIR_IN ? "in" : "out", width ? width : "s", ev->addr,
              ev->dir == DIR_IN ? "→" : "←");
    sentence_value(ev, out);
    sentence_char(ev, names, out);
    if (string)
        text_addf(out, "%s (%" PRIu32 " item%s)", ev->count > 1 ? " …" : "", ev->count,
                  ev->count == 1 ? "" : "s");
    sentence_device(ev, names, out);
}

static void sentence_mmio(const struct event *ev, const struct event_names *names, struct text *out)
{
    text_addf(out, "mmio %s 0x%" PRIx64 " %s ", ev->dir == DIR_IN ? "read" : "write", ev->addr,
              ev->dir == DIR_IN ? "→" : "←");
    sentence_value(ev, out);
    sentence_device(ev, names, out);
}

static void sentence_msr(const struct event *ev, const struct event_names *names, struct text *out)
{
    /* Intel SDM, Model-Specific Registers (MSRs); those that a guest meets on its way to long mode. */
    static const struct named msrs[] = {
        {0x10, "TSC"},           {0x1b, "APIC_BASE"},
        {0x174, "SYSENTER_CS"},  {0x175, "SYSENTER_ESP"},
        {0x176, "SYSENTER_EIP"}, {0x1a0, "MISC_ENABLE"},
        {0x277, "PAT"},          {0xc0000080, "EFER"},
        {0xc0000081, "STAR"},    {0xc0000082, "LSTAR"},
        {0xc0000084, "FMASK"},   {0xc0000100, "FS_BASE"},
        {0xc0000101, "GS_BASE"}, {0xc0000102, "KERNEL_GS_BASE"},
        {0xc0000103, "TSC_AUX"},
    };
    bool read = ev->kind == EVENT_MSR_READ;
    text_addf(out, "%s 0x%" PRIx64 " %s ", read ? "rdmsr" : "wrmsr", ev->addr, read ? "→" : "←");
    if (!read || !ev->detail)
        sentence_value(ev, out);
    if (ev->detail)
        text_add(out, read ? "#GP" : ", refused with #GP");
    const char *name = NAMED_FIND(msrs, ev->addr);
    if (name)
        text_addf(out, "  %s", name);
    else
        sentence_device(ev, names, out);
}

static void sentence_debug(const struct event *ev, const struct event_names *names, struct text *out)
{
    /* Intel SDM, Debug Status Register (DR6). */
    static const struct named causes[] = {
        {1 << 0, "DR0 hit"},      {1 << 1, "DR1 hit"},           {1 << 2, "DR2 hit"},
        {1 << 3, "DR3 hit"},      {1 << 13, "a DR was touched"}, {1 << 14, "single step"},
        {1 << 15, "task switch"},
    };
    (void)names;
    const char *sep = "debug: ";
    if (ev->detail == 3) {
        text_addf(out, "%sint3 breakpoint", sep);
        sep = ", ";
    }
    for (size_t i = 0; i < sizeof causes / sizeof causes[0] && ev->detail != 3; i++) {
        if (!(ev->flags & EVENT_VALUE) || !(ev->value & causes[i].number))
            continue;
        text_addf(out, "%s%s", sep, causes[i].name);
        sep = ", ";
    }
    if (sep[0] != ',')
        text_addf(out, "debug: exception %u", ev->detail);
    if (ev->flags & EVENT_ADDR)
        text_addf(out, ", stopped at 0x%" PRIx64, ev->addr);
}

static void sentence_internal(const struct event *ev, const struct event_names *names, struct text *out)
{
    /* KVM API documentation, the kvm_run structure: suberrors of KVM_EXIT_INTERNAL_ERROR. */
    static const struct named suberrors[] = {
        {1, "KVM cannot emulate this instruction"},
        {2, "an exception during the delivery of another"},
        {3, "an exit during the delivery of an event"},
        {4, "an exit that KVM did not expect"},
    };
    (void)names;
    const char *name = NAMED_FIND(suberrors, ev->detail);
    text_addf(out, "internal error: %s (suberror %u)", name ? name : "no name is known", ev->detail);
    if (ev->detail == 1 && ev->count)
        text_addf(out, ", %" PRIu32 " instruction byte%s known", ev->count, ev->count == 1 ? "" : "s");
    else if (ev->detail != 1 && (ev->flags & EVENT_VALUE))
        text_addf(out, ", data 0x%" PRIx64, ev->value);
}

static void sentence_fail_entry(const struct event *ev, const struct event_names *names, struct text *out)
{
    /* Intel SDM, VMX Basic Exit Reasons, with bit 31 set for a failed entry; AMD64 Manual 2, VMEXIT_INVALID.
     */
    static const struct named reasons[] = {
        {0x80000021, "VT-x: the guest state is not valid"}, {0x80000022, "VT-x: an MSR could not be loaded"},
        {0x80000029, "VT-x: a machine check at entry"},     {0xffffffff, "SVM: the guest state is not valid"},
        {UINT64_MAX, "SVM: the guest state is not valid"},
    };
    (void)names;
    const char *name = NAMED_FIND(reasons, ev->value);
    text_addf(out, "entry refused: hardware reason 0x%" PRIx64, ev->value);
    if (name)
        text_addf(out, " (%s)", name);
}

static void sentence_system_event(const struct event *ev, const struct event_names *names, struct text *out)
{
    static const struct named types[] = {
        {1, "shutdown"}, {2, "reset"},           {3, "crash"},     {4, "wake-up"},
        {5, "suspend"},  {6, "SEV termination"}, {7, "TDX fatal"},
    };
    (void)names;
    const char *name = NAMED_FIND(types, ev->addr);
    text_addf(out, "system event %" PRIu64 ": %s", ev->addr, name ? name : "no name is known");
}

static void sentence_hypercall(const struct event *ev, const struct event_names *names, struct text *out)
{
    (void)names;
    text_addf(out, "hypercall %" PRIu64, ev->addr);
    if (ev->flags & EVENT_VALUE)
        text_addf(out, ", first argument 0x%" PRIx64, ev->value);
}

static void sentence_memory_fault(const struct event *ev, const struct event_names *names, struct text *out)
{
    (void)names;
    text_addf(out, "memory fault at gpa 0x%" PRIx64, ev->addr);
    if (ev->flags & EVENT_VALUE)
        text_addf(out, ", %" PRIu64 " bytes", ev->value);
}

static void sentence_irq(const struct event *ev, const struct event_names *names, struct text *out)
{
    text_add(out, "interrupt ");
    if (ev->detail != 0xffff)
        text_addf(out, "line %u ", ev->detail);
    text_addf(out, "→ vector 0x%02" PRIx64, ev->addr);
    sentence_device(ev, names, out);
}

/* The instruction's first eight bytes are in addr, the very first in the low byte. Without a size, trailing
 * zeros are taken for padding. */
static void sentence_assist(const struct event *ev, const struct event_names *names, struct text *out)
{
    (void)names;
    text_add(out, event_assist_name(ev->detail));
    if (ev->detail == ASSIST_INT && (ev->flags & EVENT_VALUE))
        text_addf(out, " 0x%02" PRIx64, ev->value);
    text_add(out, " completed by Ringside");
    if (!(ev->flags & EVENT_ADDR))
        return;
    unsigned n = ev->size ? ev->size : 8;
    while (!ev->size && n > 1 && !(ev->addr >> (8 * (n - 1)) & 0xff))
        n--;
    for (unsigned i = 0; i < n && i < 8; i++)
        text_addf(out, "%s%02x", i ? " " : " (", (unsigned)(ev->addr >> (8 * i) & 0xff));
    text_add(out, n > 8 ? " …)" : ")");
}

/* One line stays one line whatever somebody wrote into a mark. */
static void sentence_hlt(const struct event *ev, const struct event_names *names, struct text *out)
{
    (void)names;
    text_add(out, ev->detail ? "hlt: stops for good, interrupts are off" : "hlt: waits for an interrupt");
}

static void sentence_mark(const struct event *ev, const struct event_names *names, struct text *out)
{
    text_add(out, "mark");
    if (!names || ev->addr >= names->mark_count)
        return;
    text_add(out, ": ");
    for (const char *p = names->marks[ev->addr]; *p; p++)
        text_addc(out, (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
}

/* The bytes it was made of, the first in memory first: disassembling them is for a floor above. */
static void sentence_step(const struct event *ev, const struct event_names *names, struct text *out)
{
    (void)names;
    text_addf(out, "step: %s", ev->flags & EVENT_ADDR && ev->size ? "" : "one instruction");
    for (unsigned i = 0; ev->flags & EVENT_ADDR && i < ev->size && i < 16; i++) {
        uint64_t half = i < 8 ? ev->addr : ev->value;
        if (i == 8 && !(ev->flags & EVENT_VALUE))
            break;
        text_addf(out, "%s%02x", i ? " " : "", (unsigned)(half >> i % 8 * 8 & 0xff));
    }
}

static void sentence_plain(const struct event *ev, const struct event_names *names, struct text *out)
{
    if (!event_kind_known(ev->kind)) {
        text_addf(out, "exit %u: newer than this version of Ringside", ev->kind);
        return;
    }
    const struct event_kind_info *info = event_kind_info(ev->kind);
    text_addf(out, "%s: %s", info->name, info->meaning);
    if (ev->flags & EVENT_VALUE)
        text_addf(out, ", 0x%" PRIx64, ev->value);
    sentence_device(ev, names, out);
}

static const struct {
    enum event_kind kind;
    sentence_fn *say;
} sentences[] = {
    {EVENT_IO, sentence_io},
    {EVENT_MMIO, sentence_mmio},
    {EVENT_MSR_READ, sentence_msr},
    {EVENT_MSR_WRITE, sentence_msr},
    {EVENT_DEBUG, sentence_debug},
    {EVENT_INTERNAL, sentence_internal},
    {EVENT_FAIL_ENTRY, sentence_fail_entry},
    {EVENT_SYSTEM_EVENT, sentence_system_event},
    {EVENT_HYPERCALL, sentence_hypercall},
    {EVENT_MEMORY_FAULT, sentence_memory_fault},
    {EVENT_IRQ, sentence_irq},
    {EVENT_HLT, sentence_hlt},
    {EVENT_ASSIST, sentence_assist},
    {EVENT_STEP, sentence_step},
    {EVENT_MARK, sentence_mark},
};

void event_sentence(const struct event *ev, const struct event_names *names, struct text *out)
{
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        if (sentences[i].kind == (enum event_kind)ev->kind) {
            sentences[i].say(ev, names, out);
            return;
        }
    }
    sentence_plain(ev, names, out);
}
