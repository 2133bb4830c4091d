/*
 * A listing: see listing.h.  Code is read by linear address, CS base plus offset, since that is where paging
 * begins; symbols and breakpoints are linear addresses too. In 16-bit code the offset wraps at 64 KiB.
 *
 * Simplified: segment limits are not looked at, and of an instruction's memory operands those are shown that
 * it names, and those of string instructions; the stack's are not.
 */
#include "debug/listing.h"

#include "base/bytes.h"
#include "debug/symbols.h"
#include "vm/insn.h"

#include <string.h>

enum { INSN_LEN_MAX = 15, OPERAND_BYTES_MAX = 16 };
/* Widths: seven bytes, and a usual instruction. Both and the place in the source fit into 80 columns. */
enum { COLUMN_BYTES = 22, COLUMN_INSN = 26 };

/* The listing under way, and the instruction it is at. */
struct listing {
    const struct target *t;
    struct disasm_style style;
    const struct listing_marks *marks;
    struct text *out;
    unsigned bits;
    uint64_t rip, linear;
    uint8_t code[INSN_LEN_MAX];
    size_t have;          /* bytes of it that could be read */
    struct gva_walk walk; /* why not more */
};

/* ---- will it branch? ---- */

/* The eight conditions of Jcc, of which each opcode's lowest bit makes the opposite. */
static bool condition_holds(unsigned condition, uint64_t rflags)
{
    const bool cf = rflags & RFLAGS_CF, zf = rflags & RFLAGS_ZF, of = rflags & RFLAGS_OF;
    const bool pf = rflags >> 2 & 1, sf = rflags >> 7 & 1;
    const bool holds[8] = {of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of};
    return holds[condition >> 1 & 7] != (condition & 1);
}

/* LOOPNE, LOOPE, LOOP and JrCXZ: opcodes 0xe0 to 0xe3. They count in as many bits as an address has. */
static bool count_branches(uint8_t opcode, unsigned address_width, const struct kvm_regs *regs)
{
    uint64_t mask = address_width == 64 ? UINT64_MAX : (1ull << address_width) - 1;
    bool zf = regs->rflags & RFLAGS_ZF, more = ((regs->rcx - 1) & mask) != 0;
    const bool branches[4] = {more && !zf, more && zf, more, (regs->rcx & mask) == 0};
    return branches[opcode & 3];
}

static int insn_branches(const ZydisDecodedInstruction *insn, const struct kvm_regs *regs)
{
    bool near = insn->opcode_map == ZYDIS_OPCODE_MAP_0F && (insn->opcode & 0xf0) == 0x80;
    bool short_ = insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (insn->opcode & 0xf0) == 0x70;
    bool count = insn->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (insn->opcode & 0xfc) == 0xe0;
    if (insn->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || insn->meta.category != ZYDIS_CATEGORY_COND_BR)
        return -1;
    if (near || short_)
        return condition_holds(insn->opcode & 15, regs->rflags);
    return count ? count_branches(insn->opcode, insn->address_width, regs) : -1;
}

static bool decode(unsigned bits, const uint8_t *code, size_t n, ZydisDecodedInstruction *insn,
                   ZydisDecodedOperand *op, ZyanStatus *status)
{
    ZydisDecoder d;
    insn_decoder_init(&d, bits, false); /* as disasm_styled has it */
    *status = ZydisDecoderDecodeFull(&d, code, n, insn, op);
    return ZYAN_SUCCESS(*status);
}

int listing_branch(const struct kvm_regs *regs, unsigned bits, const uint8_t *code, size_t n)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZyanStatus status;
    return decode(bits, code, n, &insn, op, &status) ? insn_branches(&insn, regs) : -1;
}

/* ---- what does it point to? ---- */

/* Is the operand's memory read or written, at an address that its registers give? */
static bool operand_shown(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *op)
{
    bool string =
        insn->meta.category == ZYDIS_CATEGORY_STRINGOP || insn->meta.category == ZYDIS_CATEGORY_IOSTRINGOP;
    if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->mem.type != ZYDIS_MEMOP_TYPE_MEM ||
        (op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && !string))
        return false;
    return insn->meta.category != ZYDIS_CATEGORY_WIDENOP && insn->meta.category != ZYDIS_CATEGORY_PREFETCH &&
           insn->mnemonic != ZYDIS_MNEMONIC_INVLPG;
}

static void operand_write(const struct listing *l, const ZydisDecodedInstruction *insn,
                          const ZydisDecodedOperand *op)
{
    uint8_t bytes[OPERAND_BYTES_MAX];
    struct gva_walk w = {0};
    uint64_t linear = insn_operand_linear(&l->t->regs, &l->t->sregs, insn, op, l->t->regs.rip + insn->length);
    size_t len = op->size / 8, shown = len < sizeof bytes ? len : sizeof bytes;
    text_addf(l->out, "  [0x%llx]", (unsigned long long)linear);
    if (len == 0)
        return;
    if (target_read(l->t, linear, bytes, shown, &w) < shown) {
        text_addf(l->out, " not readable: %s", w.why ? w.why : "not memory");
    } else if (len == 1 || len == 2 || len == 4 || len == 8) {
        text_addf(l->out, " = 0x%llx", (unsigned long long)le_load(bytes, len));
    } else {
        text_add(l->out, " =");
        for (size_t i = 0; i < shown; i++)
            text_addf(l->out, " %02x", bytes[i]);
        text_add(l->out, shown < len ? " ..." : "");
    }
}

/* What is known of the instruction at RIP beyond its text. */
static void current_write(const struct listing *l)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZyanStatus status;
    if (!decode(l->bits, l->code, l->have, &insn, op, &status))
        return;
    int branches = insn_branches(&insn, &l->t->regs);
    if (branches >= 0)
        text_add(l->out, branches ? "  [taken]" : "  [not taken]");
    for (size_t i = 0; i < insn.operand_count; i++)
        if (operand_shown(&insn, &op[i]))
            operand_write(l, &insn, &op[i]);
}

/* ---- lines ---- */

static void label_write(const struct listing *l)
{
    uint64_t offset;
    const struct symbol *s = symbols_at(l->style.symbols, l->linear, &offset);
    if (s && offset == 0)
        text_addf(l->out, "    %s:\n", s->name);
}

/* Returns how wide it is. */
static size_t address_write(const struct listing *l)
{
    bool here = l->linear == cpu_rip_linear(&l->t->regs, &l->t->sregs);
    bool marked = l->marks && l->marks->marked(l->marks->ctx, l->linear);
    size_t start = l->out->len;
    text_addf(l->out, "%c%c  ", here ? '>' : ' ', marked ? '*' : ' ');
    if (l->bits == 16)
        text_addf(l->out, "%04x:%04llx  ", l->t->sregs.cs.selector, (unsigned long long)l->rip);
    else
        text_addf(l->out, "%08llx  ", (unsigned long long)l->rip);
    return l->out->len - start;
}

/* ` ; boot64.S:42` behind the instruction, in a column of its own where there is room. */
static void source_write(const struct listing *l, size_t column)
{
    const char *file, *slash;
    unsigned line;
    if (!symbols_line(l->style.symbols, l->linear, &file, &line))
        return;
    slash = strrchr(file, '/');
    text_pad(l->out, column);
    text_addf(l->out, "  ; %s:%u", slash ? slash + 1 : file, line);
}

/* Too few bytes are there to know what this is. */
static bool is_cut(const struct listing *l)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    ZyanStatus status = ZYAN_STATUS_SUCCESS;
    return l->have == 0 ||
           (l->have < INSN_LEN_MAX && !decode(l->bits, l->code, l->have, &insn, op, &status) &&
            status == ZYDIS_STATUS_NO_MORE_DATA);
}

/* One instruction; returns its length, 0 when the listing cannot go on. */
static size_t insn_write(struct listing *l)
{
    struct text words = {0};
    label_write(l);
    size_t column = address_write(l) + COLUMN_BYTES;
    l->walk = (struct gva_walk){0};
    l->have = target_read(l->t, l->linear, l->code, sizeof l->code, &l->walk);
    if (is_cut(l)) {
        text_addf(l->out, "cannot be read%s: %s\n", l->have ? " to its end" : "",
                  l->walk.why ? l->walk.why : "not memory");
        return 0;
    }
    size_t len = disasm_styled(&l->style, l->bits, l->rip, l->code, l->have, &words), shown = len ? len : 1;
    for (size_t i = 0; i < shown; i++)
        text_addf(l->out, "%02x ", l->code[i]);
    text_pad(l->out, column);
    text_add(l->out, text_str(&words));
    text_fini(&words);
    if (l->linear == cpu_rip_linear(&l->t->regs, &l->t->sregs))
        current_write(l);
    source_write(l, column + COLUMN_INSN);
    text_addc(l->out, '\n');
    return shown;
}

/* The offset `len` bytes on, in the width of the code. */
static uint64_t offset_add(const struct listing *l, size_t len)
{
    uint64_t next = l->rip + len;
    if (l->bits == 16 && l->rip <= UINT16_MAX)
        return next & UINT16_MAX;
    return l->bits == 64 ? next : next & UINT32_MAX;
}

uint64_t listing_write(const struct target *t, const struct disasm_style *style, uint64_t rip, size_t count,
                       const struct listing_marks *marks, struct text *out)
{
    struct listing l = {
        .t = t, .style = *style, .marks = marks, .out = out, .bits = cpu_code_bits(&t->sregs), .rip = rip};
    l.style.segments = &t->sregs;
    for (size_t i = 0; i < count && i < LISTING_COUNT_MAX; i++) {
        l.linear = l.bits == 64 ? l.rip : (uint32_t)(t->sregs.cs.base + l.rip);
        size_t len = insn_write(&l);
        if (len == 0)
            break;
        l.rip = offset_add(&l, len);
    }
    return l.rip;
}
