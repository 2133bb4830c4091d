/*
 * The task-state segment.  It was made to hold all registers of a task that does not run; what is left of it
 * in long mode is what hardware still needs: the stack for each inner ring, seven stacks for exceptions that
 * must not trust the current one (IST), and the map of ports that ring 3 may use (Intel SDM, "Task-State
 * Segment (TSS)", "16-Bit Task-State Segment (TSS)", "Task Management in 64-bit Mode", "I/O Permission Bit
 * Map").
 */
#include "debug/descriptors.h"

#include "base/bytes.h"
#include "debug/dtable.h"

enum { TSS_LEN = 0x68, PORTS = 0x10000, PORT_RANGES_MAX = 8 };

struct tss_field {
    const char *name;
    uint8_t offset, len;
};

static const struct tss_field fields_64[] = {
    {"RSP0", 0x04, 8}, {"RSP1", 0x0c, 8}, {"RSP2", 0x14, 8}, {"IST1", 0x24, 8}, {"IST2", 0x2c, 8},
    {"IST3", 0x34, 8}, {"IST4", 0x3c, 8}, {"IST5", 0x44, 8}, {"IST6", 0x4c, 8}, {"IST7", 0x54, 8},
};
static const struct tss_field fields_32[] = {
    {"ESP0", 0x04, 4}, {"SS0", 0x08, 2},  {"ESP1", 0x0c, 4}, {"SS1", 0x10, 2}, {"ESP2", 0x14, 4},
    {"SS2", 0x18, 2},  {"link", 0x00, 2}, {"CR3", 0x1c, 4},  {"EIP", 0x20, 4}, {"EFLAGS", 0x24, 4},
    {"EAX", 0x28, 4},  {"ECX", 0x2c, 4},  {"EDX", 0x30, 4},  {"EBX", 0x34, 4}, {"ESP", 0x38, 4},
    {"EBP", 0x3c, 4},  {"ESI", 0x40, 4},  {"EDI", 0x44, 4},  {"ES", 0x48, 2},  {"CS", 0x4c, 2},
    {"SS", 0x50, 2},   {"DS", 0x54, 2},   {"FS", 0x58, 2},   {"GS", 0x5c, 2},  {"LDT", 0x60, 2},
    {"T", 0x64, 2},
};
static const struct tss_field fields_16[] = {
    {"SP0", 0x02, 2}, {"SS0", 0x04, 2},  {"SP1", 0x06, 2}, {"SS1", 0x08, 2},   {"SP2", 0x0a, 2},
    {"SS2", 0x0c, 2}, {"link", 0x00, 2}, {"IP", 0x0e, 2},  {"FLAGS", 0x10, 2}, {"AX", 0x12, 2},
    {"CX", 0x14, 2},  {"DX", 0x16, 2},   {"BX", 0x18, 2},  {"SP", 0x1a, 2},    {"BP", 0x1c, 2},
    {"SI", 0x1e, 2},  {"DI", 0x20, 2},   {"ES", 0x22, 2},  {"CS", 0x24, 2},    {"SS", 0x26, 2},
    {"DS", 0x28, 2},  {"LDT", 0x2a, 2},
};

struct tss_format {
    unsigned bits;
    uint32_t limit_min;
    const struct tss_field *field;
    size_t fields;
    unsigned in_line, width; /* how they are laid out */
};
#define FIELDS(f) f, sizeof(f) / sizeof(f)[0]
static const struct tss_format format_64 = {64, 0x67, FIELDS(fields_64), 3, 16};
static const struct tss_format format_32 = {32, 0x67, FIELDS(fields_32), 4, 8};
static const struct tss_format format_16 = {16, 0x2b, FIELDS(fields_16), 6, 4};
#undef FIELDS

static const struct tss_format *format_of(const struct target *t)
{
    if (target_long(t))
        return &format_64;
    return (t->sregs.tr.type & 0xf) < 8 ? &format_16 : &format_32;
}

/* Reads `len` bytes of the TSS; NULL, or why they are not there. */
static const char *tss_read(const struct target *t, uint32_t offset, unsigned len, uint64_t *value)
{
    uint8_t raw[8] = {0};
    struct gva_walk w = {0};
    if ((uint64_t)offset + len - 1 > t->sregs.tr.limit)
        return "it is past the TSS's limit";
    if (target_read(t, t->sregs.tr.base + offset, raw, len, &w) < len)
        return w.why ? w.why : "no memory";
    *value = le_load(raw, len);
    return NULL;
}

const char *tss_stack(const struct target *t, unsigned rsp, unsigned ist, uint64_t *value)
{
    if (t->sregs.tr.unusable)
        return "there is no TSS";
    return tss_read(t, ist ? 0x24 + (ist - 1) * 8 : 4 + rsp * 8, 8, value);
}

void stack_check(const struct target *t, const char *name, uint64_t top, size_t indent, struct text *out)
{
    struct gva_context c = target_context(t);
    struct gva_walk w;
    unsigned push = target_long(t) ? 8 : 4;
    if (!linear_is_canonical(t, top)) {
        problem_add(out, indent, "%s is %#llx, which is not canonical", name, (unsigned long long)top);
        return;
    }
    if (target_long(t))
        top &= ~15ull; /* as the CPU aligns it */
    gva_translate(t->memory, &c, top - push, GVA_WRITE, &w);
    if (!w.ok)
        problem_add(out, indent, "%s: the stack below %#llx cannot be written: %s", name,
                    (unsigned long long)top, w.why);
    else if (!memory_ptr(t->memory, w.gpa, 1, true))
        problem_add(out, indent, "%s: the stack below %#llx is no RAM", name, (unsigned long long)top);
}

/* Is there a code segment of ring 3 in the GDT? */
static bool has_user_code(const struct target *t)
{
    struct dtable gdt = {.base = t->sregs.gdt.base, .limit = t->sregs.gdt.limit, .entry_len = 8};
    struct bits_value v;
    for (size_t i = 1, n = dtable_count(&gdt); i < n; i++) {
        struct raw_descriptor d = {0};
        if (!dtable_read(t, &gdt, i, &v))
            d = raw_descriptor_decode(v.low, 0);
        if (raw_is_code(&d) && d.p && d.dpl == 3)
            return true;
    }
    return false;
}

static void check_stacks_64(const struct target *t, struct text *out)
{
    for (unsigned i = 0; i < 10; i++) {
        uint64_t top = 0;
        const char *why = tss_read(t, fields_64[i].offset, 8, &top);
        if (!why && i == 0 && top == 0 && has_user_code(t))
            problem_add(out, 2,
                        "RSP0 is 0 while user segments exist: an interrupt in ring 3 pushes to "
                        "the top of the address space");
        else if (!why && top)
            stack_check(t, fields_64[i].name, top, 2, out);
    }
}

static void check_stack_legacy(const struct target *t, const struct tss_format *f, struct text *out)
{
    uint64_t sp = 0, ss = 0;
    struct raw_descriptor d;
    struct text words = {0};
    if (!has_user_code(t) || tss_read(t, f->field[0].offset, f->field[0].len, &sp) ||
        tss_read(t, f->field[1].offset, 2, &ss))
        return;
    enum selector_found found = selector_read(t, (uint16_t)ss, &d);
    if (found != SELECTOR_OK) {
        selector_found_words(t, (uint16_t)ss, found, &words);
        problem_add(out, 2, "SS0 %#x %s: an interrupt in ring 3 raises #TS", (unsigned)ss, text_str(&words));
    } else if (!d.s || raw_is_code(&d) || !(d.type & 2) || d.dpl || (ss & 3)) {
        problem_add(out, 2,
                    "SS0 %#x is not a writable data segment of ring 0: an interrupt in ring 3 "
                    "raises #TS",
                    (unsigned)ss);
    } else if (sp == 0) {
        problem_add(out, 2, "%s is 0 while user segments exist", f->field[0].name);
    } else {
        stack_check(t, f->field[0].name, (uint32_t)(d.base + sp), 2, out);
    }
    text_fini(&words);
}

static void write_fields(const struct target *t, const struct tss_format *f, struct text *out)
{
    size_t column = f->bits == 64 ? 25 : f->bits == 32 ? 19 : 13;
    for (size_t i = 0; i < f->fields; i++) {
        uint64_t value = 0;
        const char *why = tss_read(t, f->field[i].offset, f->field[i].len, &value);
        text_pad(out, 2 + i % f->in_line * column);
        text_addf(out, "%-*s ", f->bits == 32 ? 6 : 4, f->field[i].name);
        if (why)
            text_add(out, "?");
        else
            text_addf(out, "%0*llx", f->field[i].len * 2, (unsigned long long)value);
        if ((i + 1) % f->in_line == 0 || i + 1 == f->fields)
            text_addc(out, '\n');
    }
}

/* A port is allowed when its bit is 0 and both bytes that the CPU reads for it are within the limit. */
static bool port_allowed(const struct target *t, uint32_t map, unsigned port, const uint8_t *bytes, size_t n)
{
    size_t at = port / 8;
    return (uint64_t)map + at + 1 <= t->sregs.tr.limit && at < n && !(bytes[at] >> (port & 7) & 1);
}

static void write_ports(const struct target *t, uint32_t map, struct text *out)
{
    uint8_t bytes[PORTS / 8];
    unsigned ranges = 0;
    struct text words = {0};
    size_t n = target_read(t, t->sregs.tr.base + map, bytes, sizeof bytes, NULL);
    text_addf(&words, "I/O map at offset %#x: ring 3 may use ", map);
    for (unsigned port = 0; port < PORTS; port++) {
        unsigned first = port;
        while (port < PORTS && port_allowed(t, map, port, bytes, n))
            port++;
        if (port == first || ranges++ >= PORT_RANGES_MAX)
            continue;
        text_addf(&words, "%s%#x", ranges > 1 ? ", " : "ports ", first);
        if (port - first > 1)
            text_addf(&words, "-%#x", port - 1);
    }
    if (ranges > PORT_RANGES_MAX)
        text_addf(&words, " and %u ranges more", ranges - PORT_RANGES_MAX);
    text_add(&words, ranges ? "" : "no port");
    text_add(out, "  ");
    text_add_wrapped(out, text_str(&words), 2, BITS_WIDTH);
    text_addc(out, '\n');
    text_fini(&words);
}

static void write_map(const struct target *t, const struct tss_format *f, struct text *out)
{
    uint64_t map = 0;
    if (f->bits == 16 || tss_read(t, 0x66, 2, &map))
        return;
    if (map > t->sregs.tr.limit) {
        text_addf(out, "  no I/O map (its offset %#x is past the limit): IOPL alone decides\n",
                  (unsigned)map);
        return;
    }
    write_ports(t, (uint32_t)map, out);
    if (map < TSS_LEN)
        problem_add(out, 2, "the I/O map's offset %#x lies inside the TSS's own fields", (unsigned)map);
}

static void write_header(const struct target *t, const struct tss_format *f, struct text *out)
{
    const struct kvm_segment *tr = &t->sregs.tr;
    struct text line = {0};
    text_addf(&line, "TSS, %u-bit, selector %#x", f->bits, tr->selector);
    if (tr->selector >= 4)
        text_addf(&line, " (GDT[%u])", tr->selector >> 3);
    text_addf(&line, ", at %#llx", tr->base);
    linear_place(t, tr->base, &line);
    text_addf(&line, ", limit %#x", tr->limit);
    line_add(out, &line);
    text_fini(&line);
    if (tr->selector < 4)
        text_add(out, "  TR holds a null selector: LTR was not executed, this is a reset's state\n");
    if (tr->limit < f->limit_min)
        problem_add(out, 2, "TSS limit below %#x", f->limit_min);
    if (!linear_is_canonical(t, tr->base))
        problem_add(out, 2, "base is not canonical");
}

int look_tss(const struct target *t, const char *which, struct text *out, struct err *e)
{
    const struct tss_format *f = format_of(t);
    if (*which)
        return err_set(e, "tss: %s: takes no argument", which);
    if (!(t->sregs.cr0 & CR0_PE)) {
        text_add(out, "no TSS: real mode has one ring and one stack\n");
        return 0;
    }
    if (t->sregs.tr.unusable) {
        text_add(out, "no TSS: TR is unusable\n");
        return 0;
    }
    write_header(t, f, out);
    if (t->sregs.tr.selector < 4)
        return 0;
    write_fields(t, f, out);
    write_map(t, f, out);
    if (f->bits == 64)
        check_stacks_64(t, out);
    else
        check_stack_legacy(t, f, out);
    return 0;
}
