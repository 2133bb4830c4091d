/*
 * What will happen at RIP, before it happens: whether a branch is taken and where it leads (Intel SDM, "Jcc -
 * Jump if Condition Is Met"), and what an instruction's operands hold.
 */
#include "monitor/views/code.h"

#include "base/bytes.h"
#include "debug/instruction.h"
#include "debug/listing.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <stdio.h>

/* `[3ff8fc8] = 100` for each operand in memory. */
static void add_brief(const struct target *t, const struct instruction *x, struct text *out)
{
    for (size_t i = 0; i < x->insn.operand_count; i++) {
        uint8_t raw[8];
        uint64_t linear, len;
        if (!instruction_memory(t, x, i, &linear, &len) || len == 0)
            continue;
        text_addf(out, "%s[%" PRIx64 "]", out->len ? " " : "", linear);
        if (len > sizeof raw)
            continue;
        if (target_read(t, linear, raw, (size_t)len, NULL) == len)
            text_addf(out, " = %" PRIx64, le_load(raw, (size_t)len));
        else
            text_add(out, " not readable");
    }
}

/* Where a branch goes whose instruction holds the distance. */
static bool branch_target(const struct snapshot *s, const struct instruction *x, uint64_t *target)
{
    const ZydisDecodedOperand *op = &x->op[0];
    if (!x->ok || x->insn.operand_count == 0 || op->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
        !op->imm.is_relative)
        return false;
    *target = x->linear + x->insn.length + (uint64_t)op->imm.value.s;
    if (s->mode != MODE_LONG)
        *target &= UINT32_MAX;
    return true;
}

void code_foresee(struct code_future *f, const struct snapshot *s)
{
    struct instruction x;
    struct text words = {0}, brief = {0};
    *f = (struct code_future){.branch = -1};
    if (s->state != STATE_STANDS)
        return;
    instruction_at(&s->target, &x);
    if (!x.ok)
        return;
    f->branch = listing_branch(&s->regs, cpu_code_bits(&s->sregs), x.code, x.code_len);
    f->goes = branch_target(s, &x, &f->target);
    if (f->branch >= 0)
        return;
    instruction_operands(&s->target, &x, false, &words);
    add_brief(&s->target, &x, &brief);
    snprintf(f->operands, sizeof f->operands, "%s", text_str(&words));
    snprintf(f->brief, sizeof f->brief, "%s", text_str(&brief));
    text_fini(&words);
    text_fini(&brief);
}
