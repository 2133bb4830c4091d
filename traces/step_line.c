/*
 * Steps as lines: see step_line.h.  The instruction is disassembled from the bytes in its event, in the width
 * that the event says; what it changed comes from the registers before and after it.  That RIP went on to the
 * next instruction is not said, only when it went somewhere else.
 */
#include "traces/step_line.h"

#include "base/bytes.h"
#include "debug/bits.h"
#include "debug/disasm.h"

#include <inttypes.h>

enum { PLACE_AT = 9, WORDS_AT = 29, WORDS_AT_NAMED = 39, CHANGES_AFTER = 34 };

void step_place(const struct event_names *names, uint64_t rip, uint64_t linear, struct text *out)
{
    uint64_t offset;
    const struct event_symbol *s = event_symbol_at(names, linear, &offset);
    text_addf(out, "0x%" PRIx64, rip);
    if (s)
        text_addf(out, offset ? " %s+%" PRIu64 : " %s", s->name, offset);
}

size_t step_instruction(const struct event *ev, struct text *out)
{
    uint8_t code[16];
    size_t n = ev->size < 15 ? ev->size : 15;
    le_store(code, ev->addr, 8);
    le_store(code + 8, ev->value, 8);
    if (n > 8 && !(ev->flags & EVENT_VALUE))
        n = 8;
    return disasm_one(event_code_bits(ev), ev->rip, code, n, out);
}

/* Where the mode has only their lower halves, registers go by the names of those. */
static void add_name(unsigned reg, bool wide, struct text *out)
{
    const char *name = event_regs_name(reg);
    bool narrow = !wide && (reg <= EVENT_REG_RDI);
    text_addf(out, narrow ? "e%s" : "%s", narrow ? name + 1 : name);
}

/* The bits that changed, by name: `+ZF -CF`; a field of several bits with its value. */
static void add_bits(const struct bits *bits, uint64_t before, uint64_t now, const char *sep,
                     struct text *out)
{
    for (const struct bit *row = bits->bit; row->name; row++) {
        uint64_t is = bits_field(row, (struct bits_value){now, 0});
        if (is == bits_field(row, (struct bits_value){before, 0}))
            continue;
        if (row->len > 1)
            text_addf(out, "%s%s=%" PRIu64, sep, row->name, is);
        else
            text_addf(out, "%s%c%s", sep, is ? '+' : '-', row->name);
        sep = " ";
    }
}

static const struct bits *bits_of(unsigned reg)
{
    return reg == EVENT_REG_CR0    ? &bits_cr0
           : reg == EVENT_REG_CR4  ? &bits_cr4
           : reg == EVENT_REG_EFER ? &bits_efer
                                   : NULL;
}

static void add_change(unsigned reg, uint64_t before, uint64_t now, bool wide, struct text *out)
{
    if (reg == EVENT_REG_RFLAGS) {
        add_bits(&bits_rflags, before, now, "", out);
        return;
    }
    add_name(reg, wide, out);
    text_addf(out, " 0x%" PRIx64 "→0x%" PRIx64, before, now);
    if (bits_of(reg))
        add_bits(bits_of(reg), before, now, " ", out);
}

static uint64_t code_linear(const struct event_regs *regs)
{
    bool real = !(regs->r[EVENT_REG_CR0] & 1);
    return real ? (regs->r[EVENT_REG_CS] << 4) + (regs->r[EVENT_REG_RIP] & 0xffff) : regs->r[EVENT_REG_RIP];
}

/* Where RIP is now, unless that is behind the instruction. */
static void add_jump(const struct trace_reader *r, const struct event *ev, size_t len,
                     const struct event_regs *now, const char *sep, struct text *out)
{
    unsigned bits = event_code_bits(ev);
    uint64_t mask = bits == 64 ? UINT64_MAX : bits == 32 ? UINT32_MAX : 0xffff;
    uint64_t rip = now->r[EVENT_REG_RIP];
    if (len && rip == ((ev->rip + len) & mask) && now->r[EVENT_REG_CS] == ev->cs)
        return;
    text_addf(out, "%s→", sep);
    step_place(&trace_reader_info(r)->names, rip, code_linear(now), out);
}

void step_changes(const struct trace_reader *r, const struct event *ev, size_t len, struct text *out)
{
    uint32_t changed;
    const struct event_regs *now = trace_reader_regs(r, &changed), *before = trace_reader_regs_before(r);
    const char *sep = "";
    if (!now || !before)
        return;
    for (uint32_t left = changed & ~(1u << EVENT_REG_RIP); left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        text_add(out, sep);
        add_change(i, before->r[i], now->r[i], event_mode(ev) == MODE_LONG, out);
        sep = "  ";
    }
    add_jump(r, ev, len, now, sep, out);
}

void step_line(const struct trace_reader *r, const struct event *ev, struct text *out)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    struct text words = {0};
    size_t words_at = names->symbol_count ? WORDS_AT_NAMED : WORDS_AT;
    text_addf(out, "%7" PRIu64 "  ", ev->seq);
    if (ev->flags & EVENT_NO_CPU)
        text_add(out, "-");
    else
        step_place(names, ev->rip, event_linear(ev), out);
    text_add(out, " ");
    text_pad(out, words_at);
    if (ev->kind != EVENT_STEP) {
        text_add(out, "· ");
        event_sentence(ev, names, out);
        return;
    }
    size_t len = step_instruction(ev, out);
    step_changes(r, ev, len, &words);
    if (words.len) {
        text_add(out, "  ");
        text_pad(out, words_at + CHANGES_AFTER);
        text_addn(out, text_str(&words), words.len);
    }
    text_fini(&words);
}
