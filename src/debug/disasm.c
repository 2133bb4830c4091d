/*
 * Disassembly: see disasm.h.
 */
#include "debug/disasm.h"

#include <Zydis/Zydis.h>

size_t disasm_one(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZydisFormatter formatter;
    char line[128];
    if (bits == 64)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    else if (bits == 32)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    else
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, n, &insn, op))) {
        text_add(out, "(bad)");
        return 0;
    }
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn, op, insn.operand_count_visible, line,
                                                      sizeof line, rip, NULL)))
        return 0;
    text_add(out, line);
    return insn.length;
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
