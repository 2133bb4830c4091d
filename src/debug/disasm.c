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
    const struct kvm_sregs *s = d->style->segments;
    ZyanU64 offset;
    bool relative = op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && op->imm.is_relative;
    if (op->type == ZYDIS_OPERAND_TYPE_POINTER) {
        bool real = s && cpu_mode(s) == MODE_REAL;
        *linear = op->ptr.offset + (real ? (uint64_t)op->ptr.segment << 4 : 0);
    } else if (relative && ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&d->insn, op, d->rip, &offset))) {
        *linear = offset + segment_base(d, ZYDIS_REGISTER_CS);
    } else if (op->type == ZYDIS_OPERAND_TYPE_MEMORY &&
               ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&d->insn, op, d->rip, &offset))) {
        *linear = offset + segment_base(d, op->mem.segment);
    } else {
        return false;
    }
    if (d->bits != 64)
        *linear &= UINT32_MAX;
    return true;
}

static void symbol_add(const struct disasm *d, struct text *out)
{
    for (size_t i = 0; i < d->insn.operand_count_visible; i++) {
        uint64_t linear, offset;
        if (operand_linear(d, &d->op[i], &linear) && symbols_at(d->style->symbols, linear, &offset)) {
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
