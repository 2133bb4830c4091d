/*
 * Single-stepping.  A debugger wants one instruction at a time; `--clock steps` wants an interrupt after
 * exactly so many instructions, and the only way to stop a guest there is to count them; a budget of steps
 * and a trace of every instruction want the whole run stepped.
 *
 * KVM steps by setting RFLAGS.TF (Intel SDM, "Single-Step Exception Condition"), and the guest's own
 * instructions can see, save and lose that flag.  So each instruction is looked at before it runs:
 *
 * - PUSHF pushes the flag: the pushed copy is mended afterwards.
 * - POPF, IRET and SYSRET load RFLAGS without it, and what KVM itself carries out (port and memory-mapped
 * I/O, control registers) may lose it: stepping is switched on again afterwards.
 * - INT n would push it into its frame, SYSCALL copies it to R11, and MOV SS keeps the trap away until one
 * instruction later: these are done by hand (step_hand.c).
 * - HLT runs free, since KVM reports the step and forgets the sleep.
 * - An exception pushes it into its frame, on hosts where the CPU itself delivers exceptions: see step_net.c.
 *
 * Simplified: with KVM's own interrupt controller (--irqchip kernel) the flag shows in the frames of
 * interrupts.
 */
#include "run/inside.h"

#include "base/bytes.h"
#include "vm/insn.h"

#include <stdio.h>
#include <string.h>

static bool step_wanted(const struct run *r)
{
    const struct machine *m = r->machine;
    if (r->held || r->options.max_steps || r->options.trace_steps)
        return true;
    return m->clock.kind == CLOCK_STEPS && m->next_deadline_ns != DEVICE_NEVER_NS &&
           machine_next_wake_ns(m) != DEVICE_NEVER_NS;
}

/* First opcode bytes that matter, with the length behind the prefixes. */
static const struct step_opcode {
    uint8_t opcode, mask, len;
    enum step_kind kind;
} step_opcodes[] = {
    {0xf4, 0xff, 1, STEP_HLT},    {0x9c, 0xff, 1, STEP_PUSHF},       {0x9d, 0xff, 1, STEP_LOADS_FLAGS},
    {0xcd, 0xff, 2, STEP_INT},    {0xcf, 0xff, 1, STEP_LOADS_FLAGS}, {0xcc, 0xff, 1, STEP_INT},
    {0xce, 0xff, 1, STEP_INT},    {0xfb, 0xff, 1, STEP_STI},         {0x17, 0xff, 1, STEP_LOADS_SS},
    {0xe4, 0xf4, 0, STEP_SYSTEM},                               /* IN and OUT: e4-e7, ec-ef */
    {0x6c, 0xfc, 0, STEP_SYSTEM},                               /* INS, OUTS */
    {0xea, 0xff, 0, STEP_SYSTEM}, {0x9a, 0xff, 0, STEP_SYSTEM}, /* far JMP and CALL */
    {0xca, 0xfe, 0, STEP_SYSTEM},                               /* far RET */
};

/* Second opcode bytes, behind 0F. */
static const struct step_opcode step_opcodes_0f[] = {
    {0x05, 0xff, 2, STEP_SYSCALL},     {0x07, 0xff, 2, STEP_LOADS_FLAGS},
    {0x35, 0xff, 2, STEP_LOADS_FLAGS}, {0x00, 0xfe, 0, STEP_SYSTEM}, /* LGDT, LMSW, INVLPG … */
    {0x06, 0xff, 0, STEP_SYSTEM},                                    /* CLTS */
    {0x08, 0xfe, 0, STEP_SYSTEM},                                    /* INVD, WBINVD */
    {0x20, 0xf8, 0, STEP_SYSTEM},                                    /* MOV CR, MOV DR */
    {0x30, 0xf8, 0, STEP_SYSTEM},                                    /* WRMSR, RDTSC, RDMSR, SYSENTER … */
    {0xa2, 0xff, 0, STEP_SYSTEM},                                    /* CPUID */
};

static const struct step_opcode *opcode_find(const struct step_opcode *rows, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++)
        if ((byte & rows[i].mask) == rows[i].opcode)
            return &rows[i];
    return NULL;
}
#define OPCODE_FIND(rows, byte) opcode_find(rows, sizeof(rows) / sizeof(rows)[0], byte)

static bool is_string(uint8_t opcode)
{
    return (opcode & 0xfc) == 0x6c || (opcode & 0xfc) == 0xa4 || (opcode & 0xfe) == 0xaa ||
           (opcode & 0xfc) == 0xac;
}

/* Fills insn's kind and what goes with it from its bytes. */
static void step_decode(struct run_insn *insn, unsigned bits)
{
    const uint8_t *p = insn->code;
    bool operand_size = false, rep = false, wide = false;
    size_t i = 0, n = insn->n;
    insn->kind = STEP_PLAIN;
    insn->len = insn->vector = 0;
    insn->rep = false;
    for (; i < n && insn_is_prefix(p[i], bits); i++) {
        operand_size |= p[i] == 0x66;
        rep |= (p[i] & 0xfe) == 0xf2;
        wide |= bits == 64 && (p[i] & 0xf8) == 0x48;
    }
    if (i >= n)
        return;
    const struct step_opcode *row = p[i] != 0x0f ? OPCODE_FIND(step_opcodes, p[i])
                                    : i + 1 < n  ? OPCODE_FIND(step_opcodes_0f, p[i + 1])
                                                 : NULL;
    insn->rep = rep && is_string(p[i]);
    insn->width = wide ? 8 : (bits == 16) != operand_size ? 2 : 4;
    if (p[i] == 0x8e && i + 1 < n && (p[i + 1] >> 3 & 7) == 2) /* MOV SS, r/m */
        insn->kind = STEP_LOADS_SS;
    if (!row)
        return;
    insn->kind = row->kind;
    insn->len = row->len ? (uint8_t)(i + row->len) : 0;
    if (row->kind == STEP_PUSHF && bits == 64)
        insn->width = operand_size && !wide ? 2 : 8;
    if (row->kind == STEP_INT)
        insn->vector = p[i] == 0xcd ? (i + 1 < n ? p[i + 1] : 0) : p[i] == 0xcc ? 3 : 4;
}

/* Whether POPF or IRET will find the trap flag in the RFLAGS on the stack. */
static bool tf_on_stack(const struct run *r)
{
    const struct kvm_sregs *s = run_sregs(r);
    const struct run_insn *insn = &r->insn;
    bool iret = insn->len && insn->code[insn->len - 1] == 0xcf;
    if (insn->kind != STEP_LOADS_FLAGS || !insn->len || (!iret && insn->code[insn->len - 1] != 0x9d))
        return false;
    struct gva_context c = run_gva_context(r);
    uint8_t low[2];
    unsigned width = !iret && insn->bits == 64 && insn->width == 4 ? 8 : insn->width;
    uint64_t at = insn->rsp + (iret ? 2 * width : 0);
    if (insn->bits != 64)
        at = s->ss.base + (s->ss.db ? (uint32_t)at : (uint16_t)at);
    return gva_read(&r->machine->memory, &c, at, low, 2, GVA_READ, NULL) == 2 && (low[1] & 1);
}

/* Looks at the next instruction. */
static void step_look(struct run *r)
{
    const struct kvm_regs *g = run_regs(r);
    const struct kvm_sregs *s = run_sregs(r);
    struct run_insn *insn = &r->insn;
    unsigned bits = cpu_code_bits(s);
    insn->seq = r->seq;
    insn->rip = g->rip;
    insn->rsp = g->rsp;
    insn->rcx = g->rcx;
    insn->cr2 = s->cr2;
    insn->n = (uint8_t)run_read_code(r, g->rip, insn->code, INSN_MAX);
    insn->bits = (uint8_t)bits;
    insn->cs = s->cs.selector;
    insn->mode_cpl = event_mode_cpl(cpu_mode(s), cpu_cpl(g, s));
    step_decode(insn, bits);
    insn->popped_tf = tf_on_stack(r);
}

/* Switches KVM's stepping on or off where that changes something. */
static int step_switch(struct run *r, bool wanted, struct err *e)
{
    bool was = r->stepping;
    if (wanted == was && !(wanted && r->step_again) && !r->debug_stale)
        return 0;
    /* While KVM steps, it shows TF as 0: the guest's own is kept here, and given back afterwards. */
    if (wanted && !was)
        r->guest_tf = run_regs(r)->rflags & RFLAGS_TF;
    if (breaks_apply(r, wanted, e) < 0)
        return -1;
    if (wanted || !was || !r->guest_tf)
        return 0;
    r->guest_tf = false;
    run_regs(r)->rflags |= RFLAGS_TF;
    return vcpu_state_store(r, false, e);
}

/* The guest is about to run on without being stepped: KVM must know of a shadow that was cast by hand. */
static int step_release(struct run *r, struct err *e)
{
    struct kvm_vcpu_events events;
    if (r->shadow) {
        r->shadow = false;
        if (kvm_get_events(&r->vcpu, &events, e) < 0)
            return -1;
        events.flags = KVM_VCPUEVENT_VALID_SHADOW;
        events.interrupt.shadow = KVM_X86_SHADOW_INT_STI;
        if (kvm_set_events(&r->vcpu, &events, e) < 0)
            return -1;
    }
    return step_switch(r, false, e);
}

static enum verdict step_refuse(struct run *r)
{
    r->pause.why = PAUSED_REFUSED;
    snprintf(
        r->pause.refusal, sizeof r->pause.refusal,
        "this host cannot single-step user mode (CPL 3): its trap would go to the guest; `continue` runs on");
    return PAUSE;
}

static enum verdict step_prepare(struct run *r, struct err *e)
{
    /* An exit nobody observes brings no special registers, and all below stands on them. */
    if (vcpu_state_need_sregs(r, e) < 0)
        return END;
    step_look(r);
    if (!r->held && breaks_wanted(r) && breaks_before_hand(r) == PAUSE)
        return PAUSE;
    r->step_turn = true;
    if (r->insn.mode_cpl >> 4 == 3 && !run_able(r, ABLE_STEP_USER))
        return r->held ? step_refuse(r) : step_release(r, e) < 0 ? END : GO_ON;
    /* With KVM's own controllers the sleep would be in there, out of a debugger's reach. */
    if (r->insn.kind == STEP_HLT && (r->machine->pic[0] || !r->held))
        return step_release(r, e) < 0 ? END : GO_ON;
    if (step_switch(r, true, e) < 0)
        return END;
    r->insn.tf = r->guest_tf;
    int done = step_by_hand(r, e);
    r->step_done = done > 0;
    r->step_again |= r->insn.kind == STEP_LOADS_FLAGS || r->insn.kind == STEP_SYSTEM;
    return done < 0 ? END : GO_ON;
}

enum verdict step_choose(struct run *r, struct err *e)
{
    bool wanted = step_wanted(r);
    r->step_done = r->caught = false;
    if (r->in_flight) {
        /* The last access is completed first, by an entry that runs nothing: under the trap flag KVM would go
         * on to the next instruction, which has not been looked at. */
        if (wanted || r->stepping)
            ((volatile struct kvm_run *)r->vcpu.run)->immediate_exit = 1;
        return GO_ON;
    }
    r->step_turn = false;
    if (wanted)
        return step_prepare(r, e);
    return step_release(r, e) < 0 ? END : GO_ON;
}

/* Makes the trap flag in the RFLAGS at a linear address the guest's own. */
void flag_mend(const struct run *r, uint64_t linear)
{
    struct gva_context c = run_gva_context(r);
    uint8_t low[2]; /* TF is bit 8: bit 0 of the second byte */
    c.cpl = 0;
    c.ac = true;
    if (gva_read(&r->machine->memory, &c, linear, low, 2, GVA_READ, NULL) != 2 || (low[1] & 1) == r->guest_tf)
        return;
    low[1] ^= 1;
    (void)!gva_write(&r->machine->memory, &c, linear, low, 2, NULL);
}

void step_mend(struct run *r)
{
    if (r->insn.kind != STEP_PUSHF || run_regs(r)->rip != r->insn.rip + r->insn.len)
        return;
    const struct kvm_sregs *s = run_sregs(r);
    uint64_t mask = s->ss.db ? UINT32_MAX : 0xffff, top = run_regs(r)->rsp;
    if (cpu_mode(s) != MODE_LONG)
        top = s->ss.base + (top & mask);
    flag_mend(r, top);
}

static void step_record(struct run *r)
{
    const struct run_insn *insn = &r->insn;
    struct run_step_record *record = ring_push(&r->last_steps);
    *record = (struct run_step_record){.rip = insn->rip,
                                       .event_seq = insn->seq,
                                       .cs = insn->cs,
                                       .bits = insn->bits,
                                       .mode_cpl = insn->mode_cpl,
                                       .len = insn->n};
    memcpy(record->code, insn->code, sizeof record->code);
}

/* (E)CX as far as it counts; simplified: the address size is that of the code segment. */
static uint64_t count_masked(const struct run *r, uint64_t n)
{
    return r->insn.bits == 64 ? n : r->insn.bits == 32 ? (uint32_t)n : (uint16_t)n;
}

bool step_rep_over(const struct run *r)
{
    return count_masked(r, run_regs(r)->rcx) == 0;
}

/* A REP string instruction stands still while it goes on; RCX tells how often it went round. */
static uint64_t step_iterations(const struct run *r)
{
    return r->insn.rep ? count_masked(r, r->insn.rcx - run_regs(r)->rcx) : 1;
}

/* What the instruction did to the guest's own trap flag, and the #DB that it asks for after each instruction
 * (Intel SDM, "Single-Step Exception Condition"): not after one that faulted, or that went into a handler and
 * cleared it. */
static enum verdict step_trap(struct run *r)
{
    struct err e;
    if (r->caught)
        return GO_ON;
    if (r->insn.kind == STEP_LOADS_FLAGS && !r->step_done)
        r->guest_tf = r->insn.popped_tf;
    if (!r->insn.tf || r->insn.kind == STEP_INT || r->insn.kind == STEP_SYSCALL ||
        r->insn.kind == STEP_LOADS_SS || !r->stepping)
        return GO_ON;
    if (deliver_trap(r, &e) < 0)
        return run_end(r, RUN_ERROR, 125, "%s", e.text);
    return GO_ON;
}

enum verdict step_finished(struct run *r)
{
    r->result.steps++;
    if ((r->insn.tf || r->insn.popped_tf) && step_trap(r) == END)
        return END;
    if (r->in_hands) {
        step_record(r);
        r->pause.iterations = step_iterations(r);
    }
    if (r->options.trace_steps)
        event_step(r);
    if (!r->step_done)
        r->shadow = false;
    if (r->insn.kind == STEP_HLT && !r->machine->pic[0]) {
        r->asleep = true;
        if (!(run_regs(r)->rflags & RFLAGS_IF))
            return interrupts_sleep(r); /* for good */
    }
    if (r->insn.kind == STEP_SYSTEM)
        net_invalidate(r);
    if (r->options.max_steps && r->result.steps >= r->options.max_steps)
        return run_end(r, RUN_BUDGET, 124, "the budget of %llu steps is spent",
                       (unsigned long long)r->options.max_steps);
    return GO_ON;
}
