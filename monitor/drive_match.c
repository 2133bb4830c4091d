/*
 * Has an event or a step met a stop?  Events come to the sink below, while the guest runs.  What no exit
 * tells of (memory accesses, control registers, exceptions, MSRs that KVM keeps to itself) is found by
 * looking at the CPU before and after every step.
 */
#include "monitor/drive_inside.h"

#include "debug/exceptions.h"
#include "debug/stops.h"

void drive_event(void *debugger, const struct event *ev)
{
    struct debugger *d = debugger;
    struct err ignored;
    d->last_event = *ev;
    d->has_event = true;
    if (!d->running || d->stop_met)
        return;
    if (d->pause_at_event)
        run_ask_pause(d->run);
    bool armed = false;
    for (unsigned kind = STOPS_IO; kind < STOPS_KIND_COUNT && !armed; kind++)
        armed = stops_armed(d->stops, (enum stops_kind)kind);
    if (!armed || run_read_cpu(d->run, &d->now.regs, &d->now.sregs, &ignored) < 0)
        return;
    d->now.event = ev;
    if (stops_match_event(d->stops, &d->now, ev, &d->why)) {
        d->stop_met = true;
        run_ask_pause(d->run);
    }
    d->now.event = NULL;
}

bool drive_decodes(const struct drive *v)
{
    return v->plan.accesses || stops_armed(v->d->stops, STOPS_MSR);
}

/* An instruction's memory operands, as accesses to watched memory. */
static bool accesses_met(struct drive *v)
{
    struct debugger *d = v->d;
    bool met = false;
    for (size_t i = 0; v->insn.ok && i < v->insn.insn.operand_count; i++) {
        uint64_t linear, len;
        const ZydisDecodedOperand *op = &v->insn.op[i];
        if (!instruction_memory(&d->was, &v->insn, i, &linear, &len))
            continue;
        unsigned direction = (op->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? STOPS_IN : 0u) |
                             (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? STOPS_OUT : 0u);
        uint64_t items = d->pause.iterations ? d->pause.iterations : 1;
        if (items > 1 && (d->was.regs.rflags & RFLAGS_DF))
            linear -= (items - 1) * len;
        met |=
            stops_match_access(d->stops, &d->was, &d->now, linear, len * items, direction, &d->why) != NULL;
    }
    return met;
}

/* The frame that the CPU has pushed on its way to a handler. */
static bool frame_met(struct drive *v)
{
    enum { FRAME_LEN_MAX = 64, FRAME_WORDS = 5 };
    struct debugger *d = v->d;
    const struct kvm_sregs *s = &d->now.sregs;
    bool long_mode = cpu_mode(s) == MODE_LONG;
    uint64_t mask = long_mode ? UINT64_MAX : s->ss.db ? UINT32_MAX : 0xffff;
    uint64_t top = d->now.regs.rsp & mask, len = (d->was.regs.rsp & mask) - top;
    if (len == 0 || len > FRAME_LEN_MAX) /* another stack */
        len = FRAME_WORDS * (long_mode ? 8u : 4u);
    return stops_match_access(d->stops, &d->was, &d->now, top + (long_mode ? 0 : s->ss.base), len, STOPS_OUT,
                              &d->why) != NULL;
}

/* RDMSR or WRMSR of a register that KVM knows makes no exit: the event is made up here, for the stops alone.
 */
static bool msr_met(struct drive *v)
{
    struct debugger *d = v->d;
    bool write = v->insn.insn.mnemonic == ZYDIS_MNEMONIC_WRMSR;
    bool read = v->insn.insn.mnemonic == ZYDIS_MNEMONIC_RDMSR;
    const struct event *last = &d->last_event;
    bool exited = d->has_event && (!v->had_event || last->seq != v->event_seq) &&
                  (last->kind == EVENT_MSR_READ || last->kind == EVENT_MSR_WRITE);
    if (!v->insn.ok || (!write && !read) || exited)
        return false;
    const struct kvm_regs *g = write ? &d->was.regs : &d->now.regs;
    struct event ev = {.kind = write ? EVENT_MSR_WRITE : EVENT_MSR_READ,
                       .dir = write ? DIR_OUT : DIR_IN,
                       .size = 8,
                       .flags = EVENT_VALUE | EVENT_ADDR,
                       .rip = v->insn.rip,
                       .cs = d->was.sregs.cs.selector,
                       .addr = (uint32_t)d->was.regs.rcx,
                       .value = (uint64_t)(uint32_t)g->rdx << 32 | (uint32_t)g->rax};
    d->now.event = &ev;
    bool met = stops_match_event(d->stops, &d->now, &ev, &d->why) != NULL;
    d->now.event = NULL;
    return met;
}

bool drive_within_rep(const struct drive *v)
{
    const struct debugger *d = v->d;
    struct instruction x;
    if (d->pause.vector != RUN_NO_VECTOR || d->now.regs.rip != d->was.regs.rip ||
        d->now.regs.rcx == d->was.regs.rcx)
        return false;
    instruction_at(&d->was, &x);
    return x.ok &&
           (x.insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
}

bool drive_step_met(struct drive *v)
{
    struct debugger *d = v->d;
    bool met = d->stop_met, vector = d->pause.vector != RUN_NO_VECTOR;
    if (!v->looks)
        return met;
    met |= d->stop_at_fault && vector && d->pause.vector < EXCEPTION_VECTORS && !d->pause.interrupt;
    if (v->plan.accesses)
        met |= vector ? frame_met(v) : accesses_met(v);
    if (stops_armed(d->stops, STOPS_MSR) && !vector)
        met |= msr_met(v);
    met |= stops_match_change(d->stops, &d->was, &d->now, &d->why) != NULL;
    if (vector && !d->pause.interrupt) /* an interrupt was an event */
        met |= stops_match_vector(d->stops, &d->now, (unsigned)d->pause.vector, false, &d->why) != NULL;
    /* What lies behind a HLT is not next before something wakes the CPU; an instruction that repeats itself
     * is met once, before its first turn, as a debug register meets it. */
    if (!d->pause.asleep && !drive_within_rep(v))
        met |= stops_match_rip(d->stops, &d->now, &d->why) != NULL;
    return met;
}
