/*
 * The replay: see replay.h.  This file has the loop, the operands and the undoing; replay_plain.c the
 * instructions of every program, replay_system.c those of a kernel.
 *
 * Simplified: no interrupt comes in between, since each would have been an event; memory is as it was left at
 * the death, which shows only where an instruction loads what was overwritten later.
 */
#include "debug/replay.h"

#include "debug/fault_system.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ULL(x) ((unsigned long long)(x))

static uint64_t size_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

static bool byte_write(struct replay *r, uint64_t linear, uint8_t byte)
{
    struct gva_context c = target_gva_context(r->t);
    struct gva_walk w;
    gva_translate(r->t->memory, &c, linear, GVA_WRITE, &w);
    uint8_t *p = w.ok ? memory_ptr(r->t->memory, w.gpa, 1, true) : NULL;
    if (!p || r->write_count == REPLAY_WRITES_MAX)
        return false;
    r->writes[r->write_count++] = (struct replay_write){w.gpa, *p};
    *p = byte;
    return true;
}

bool replay_write(struct replay *r, uint64_t linear, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++, v >>= 8)
        if (!byte_write(r, linear + i, (uint8_t)v))
            return false;
    return true;
}

void replay_undo(struct replay *r)
{
    while (r->write_count > 0) {
        const struct replay_write *w = &r->writes[--r->write_count];
        uint8_t *p = memory_ptr(r->t->memory, w->gpa, 1, true);
        if (p)
            *p = w->old;
    }
    free(r->writes);
    r->writes = NULL;
}

/* The value that the last exit brought, when this is the instruction that made it. */
static bool exit_value(const struct replay *r, const struct instruction *x, uint64_t *v)
{
    const struct event *ev = r->ev;
    if (r->count > 0 || !ev || ev->rip != x->rip || ev->dir != DIR_IN || !(ev->flags & EVENT_VALUE) ||
        (ev->flags & (EVENT_STRING | EVENT_RIP_NEXT)))
        return false;
    *v = ev->value;
    return true;
}

bool replay_load(struct replay *r, const struct instruction *x, size_t i, uint64_t *v)
{
    if (fault_operand(r->t, x, i, v))
        return true;
    return r->ev && r->ev->kind == EVENT_MMIO && x->op[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
           exit_value(r, x, v);
}

bool replay_store(struct replay *r, const struct instruction *x, size_t i, uint64_t v)
{
    const ZydisDecodedOperand *op = &x->op[i];
    uint64_t linear, len;
    if (op->type == ZYDIS_OPERAND_TYPE_MEMORY)
        return instruction_memory(r->t, x, i, &linear, &len) && len <= 8 && replay_write(r, linear, v, len);
    uint64_t *reg = op->type == ZYDIS_OPERAND_TYPE_REGISTER ? insn_reg(&r->t->regs, op->reg.value) : NULL;
    if (!reg)
        return false;
    unsigned shift = op->reg.value >= ZYDIS_REGISTER_AH && op->reg.value <= ZYDIS_REGISTER_BH ? 8 : 0;
    uint64_t mask = size_mask(op->size) << shift;
    *reg = op->size == 32 ? (uint32_t)v : (*reg & ~mask) | (v << shift & mask);
    return true;
}

/* The first instruction may be the one that made the exit: its access has been made. True when it was that.
 */
static bool exit_finish(struct replay *r, const struct instruction *x)
{
    const struct event *ev = r->ev;
    uint64_t v;
    bool in = x->insn.mnemonic == ZYDIS_MNEMONIC_IN, out = x->insn.mnemonic == ZYDIS_MNEMONIC_OUT;
    if (!ev || ev->rip != x->rip)
        return false;
    if (ev->kind == EVENT_MMIO && ev->dir == DIR_OUT)
        return x->insn.mnemonic == ZYDIS_MNEMONIC_MOV;
    if (ev->kind != EVENT_IO || (!in && !out))
        return false;
    if (out)
        return ev->dir == DIR_OUT;
    return exit_value(r, x, &v) && replay_store(r, x, 0, v);
}

static bool step(struct replay *r)
{
    struct instruction x;
    enum fault_verdict v = fault_find(r->t, &r->fault, NULL);
    if (v != FAULT_NO) {
        r->found = v == FAULT_YES;
        snprintf(r->why, sizeof r->why, "%.199s", r->fault.why);
        return false;
    }
    instruction_at(r->t, &x);
    uint64_t mask = cpu_mode(&r->t->sregs) == MODE_LONG ? UINT64_MAX
                    : r->t->sregs.cs.db                 ? UINT32_MAX
                                                        : 0xffff;
    struct kvm_regs was = r->t->regs;
    bool done = (r->count == 0 && exit_finish(r, &x));
    r->t->regs.rip = (x.rip + x.insn.length) & mask;
    if (!done && !replay_plain(r, &x) && !replay_system(r, &x)) {
        struct text words = {0};
        r->t->regs = was;
        instruction_write(r->t, &x, &words);
        snprintf(r->why, sizeof r->why, "%.100s at 0x%llx cannot be replayed", text_str(&words),
                 ULL(x.linear));
        text_fini(&words);
        return false;
    }
    r->t->regs.rip &= mask | (cpu_mode(&r->t->sregs) == MODE_LONG ? UINT64_MAX : UINT32_MAX);
    r->count++;
    return true;
}

void replay_run(struct replay *r, struct target *t, const struct event *last)
{
    *r = (struct replay){.t = t, .ev = last};
    r->writes = malloc(REPLAY_WRITES_MAX * sizeof *r->writes);
    if (!r->writes) {
        snprintf(r->why, sizeof r->why, "there is no memory for it");
        return;
    }
    while (r->count < REPLAY_MAX)
        if (!step(r))
            return;
    snprintf(r->why, sizeof r->why, "it did not come to an end after %d instructions", REPLAY_MAX);
}
