/*
 * Disassembly: see disasm.h.  A branch holds a distance, not an address: the target is the distance behind
 * the instruction's end, in 16 bits for 16-bit operands, so that a jump may leave a 64 KiB segment at one end
 * and enter at the other (Intel SDM, "JMP").
 */
#include "debug/disasm.h"

#include "debug/symbols.h"
#include "vm/cpu.h"
#include "vm/insn.h"

/* One instruction on its way to text. */
struct disasm {
    const struct disasm_style *style;
    unsigned bits;
    uint64_t rip;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static bool disasm_format(const struct disasm *d, struct text *out)
{
    static const ZydisFormatterStyle styles[] = {
        [DISASM_INTEL] = ZYDIS_FORMATTER_STYLE_INTEL, [DISASM_ATT] = ZYDIS_FORMATTER_STYLE_ATT};
    ZydisFormatter formatter;
    char line[128];
    ZydisFormatterInit(&formatter, styles[d->style->syntax]);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &formatter, &d->insn, d->op, d->insn.operand_count_visible, line, sizeof line, d->rip, NULL)))
        return false;
    text_add(out, line);
    return true;
}

static uint64_t segment_base(const struct disasm *d, ZydisRegister segment)
{
    return d->style->segments ? insn_segment_base(d->style->segments, segment) : 0;
}

/* The linear address that an operand names without any register but RIP; false when it names none. */
static bool operand_linear(const struct disasm *d, const ZydisDecodedOperand *op, uint64_t *linear)
{
    ZyanU64 offset;
    bool branch = op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && op->imm.is_relative;
    if ((!branch && op->type != ZYDIS_OPERAND_TYPE_MEMORY) ||
        !ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&d->insn, op, d->rip, &offset)))
        return false;
    *linear = offset + segment_base(d, branch ? ZYDIS_REGISTER_CS : op->mem.segment);
    if (d->bits != 64)
        *linear &= UINT32_MAX;
    return true;
}

/* A far branch takes its segment with it. Where that begins is known for sure only when the branch runs: code
 * that sets CR0.PE is listed in real mode, but its far branch will be protected mode's, flat as a rule. So
 * the target is named where exactly a symbol is, seen either way. */
static bool far_linear(const struct disasm *d, const ZydisDecodedOperand *op, uint64_t *linear)
{
    const struct kvm_sregs *s = d->style->segments;
    bool real = s && cpu_mode(s) == MODE_REAL;
    const uint64_t targets[2] = {op->ptr.offset + (real ? (uint64_t)op->ptr.segment << 4 : 0),
                                 op->ptr.offset};
    for (size_t i = 0; i < 2; i++) {
        uint64_t offset;
        *linear = targets[i];
        if (symbols_at(d->style->symbols, *linear, &offset) && offset == 0)
            return true;
    }
    return false;
}

static void symbol_add(const struct disasm *d, struct text *out)
{
    for (size_t i = 0; i < d->insn.operand_count_visible; i++) {
        const ZydisDecodedOperand *op = &d->op[i];
        uint64_t linear, offset;
        bool named = op->type == ZYDIS_OPERAND_TYPE_POINTER ? far_linear(d, op, &linear)
                                                            : operand_linear(d, op, &linear);
        if (named && symbols_at(d->style->symbols, linear, &offset)) {
            text_addc(out, ' ');
            symbols_name(d->style->symbols, linear, out);
            return;
        }
    }
}

size_t disasm_styled(const struct disasm_style *style, unsigned bits, uint64_t rip, const uint8_t *code,
                     size_t n, struct text *out)
{
    struct disasm d = {.style = style, .bits = bits, .rip = rip};
    ZydisDecoder decoder;
    insn_decoder_init(&decoder, bits, false);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, n, &d.insn, d.op))) {
        text_add(out, "(bad)");
        return 0;
    }
    for (size_t i = 0; i < d.insn.operand_count_visible; i++)
        if (d.op[i].type == ZYDIS_OPERAND_TYPE_MEMORY && d.op[i].mem.scale == 1)
            d.op[i].mem.scale = 0; /* else the formatter writes `si*1` */
    if (!disasm_format(&d, out))
        return 0;
    symbol_add(&d, out);
    return d.insn.length;
}

size_t disasm_one(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out)
{
    const struct disasm_style plain = {.syntax = DISASM_INTEL};
    return disasm_styled(&plain, bits, rip, code, n, out);
}

void disasm_named(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out)
{
    size_t len = disasm_one(bits, rip, code, n, out);
    if (len == 0)
        len = n < 8 ? n : 8;
    for (size_t i = 0; i < len; i++)
        text_addf(out, "%s%02x", i ? " " : " (", code[i]);
    text_addc(out, ')');
}
