/*
 * Events: an exit becomes one, is completed once it has been handled, and goes to the ring of last events and
 * to every sink.  This is the only place where sequence numbers are given.
 */
#include "base/bytes.h"
#include "run/inside.h"
#include "vm/insn.h"

static uint32_t saturate(uint64_t ns)
{
    return ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

void event_begin(const struct run *r, struct event *ev, enum event_kind kind, uint64_t now_ns)
{
    const struct kvm_regs *regs = run_regs(r);
    const struct kvm_sregs *sregs = run_sregs(r);
    *ev = (struct event){.rip = regs->rip, .count = 1, .kind = (uint8_t)kind, .reg = EVENT_NO_REG};
    if (!r->observed)
        return;
    ev->time_ns = now_ns - r->start_ns;
    ev->guest_ns = saturate(now_ns - r->left_ns);
    ev->cs = sregs->cs.selector;
    ev->flags = r->stepping ? EVENT_STEPPED : 0;
    ev->mode_cpl = event_mode_cpl(cpu_mode(sregs), cpu_cpl(regs, sregs));
}

/* The registers of the vCPU, as traces keep them (event/regs.h). While KVM steps it shows TF as 0: the
 * guest's own is what it would see. */
static void regs_fill(const struct run *r, struct event_regs *out)
{
    const struct kvm_regs *g = run_regs(r);
    const struct kvm_sregs *s = run_sregs(r);
    bool long_mode = cpu_mode(s) >= MODE_COMPAT;
    *out = (struct event_regs){{
        [EVENT_REG_RAX] = g->rax,
        [EVENT_REG_RCX] = g->rcx,
        [EVENT_REG_RDX] = g->rdx,
        [EVENT_REG_RBX] = g->rbx,
        [EVENT_REG_RSP] = g->rsp,
        [EVENT_REG_RBP] = g->rbp,
        [EVENT_REG_RSI] = g->rsi,
        [EVENT_REG_RDI] = g->rdi,
        [EVENT_REG_R8] = g->r8,
        [EVENT_REG_R9] = g->r9,
        [EVENT_REG_R10] = g->r10,
        [EVENT_REG_R11] = g->r11,
        [EVENT_REG_R12] = g->r12,
        [EVENT_REG_R13] = g->r13,
        [EVENT_REG_R14] = g->r14,
        [EVENT_REG_R15] = g->r15,
        [EVENT_REG_RIP] = g->rip,
        [EVENT_REG_RFLAGS] = g->rflags | (r->stepping && r->guest_tf ? RFLAGS_TF : 0),
        [EVENT_REG_CR0] = s->cr0,
        [EVENT_REG_CR2] = s->cr2,
        [EVENT_REG_CR3] = s->cr3,
        [EVENT_REG_CR4] = s->cr4,
        [EVENT_REG_CR8] = s->cr8,
        [EVENT_REG_EFER] = s->efer,
        [EVENT_REG_FS_BASE] = long_mode ? s->fs.base : 0,
        [EVENT_REG_GS_BASE] = long_mode ? s->gs.base : 0,
        [EVENT_REG_ES] = s->es.selector,
        [EVENT_REG_CS] = s->cs.selector,
        [EVENT_REG_SS] = s->ss.selector,
        [EVENT_REG_DS] = s->ds.selector,
        [EVENT_REG_FS] = s->fs.selector,
        [EVENT_REG_GS] = s->gs.selector,
    }};
}

/* `after`: of a step, for the sinks that want it. */
static void event_put(struct run *r, struct event *ev, const struct event_regs *after)
{
    ev->seq = r->seq++;
    r->result.events++;
    r->result.by_kind[ev->kind]++;
    *(struct event *)ring_push(&r->last_events) = *ev;
    for (size_t i = 0; i < r->sink_count; i++) {
        const struct event_sink *sink = &r->sink[i];
        if (after && sink->step)
            sink->step(sink->ctx, ev, after);
        else
            sink->put(sink->ctx, ev);
    }
}

void event_end(struct run *r, struct event *ev)
{
    if (r->observed) {
        uint64_t now_ns = clock_host_ns();
        ev->host_ns = saturate(now_ns - r->start_ns - ev->time_ns);
        r->left_ns = now_ns;
    }
    if (event_kind_is_exit(ev->kind))
        r->result.exits++;
    event_put(r, ev, NULL);
}

/* Nobody's registers are collected for nothing. */
static bool regs_wanted(const struct run *r)
{
    for (size_t i = 0; i < r->sink_count; i++)
        if (r->sink[i].step)
            return true;
    return false;
}

/* Opcodes that go somewhere else, and may go into their own middle. */
static bool insn_jumps(const struct run_insn *insn)
{
    static const struct {
        uint8_t mask, opcode;
    } rows[] = {{0xf0, 0x70}, {0xfc, 0xe0}, {0xfc, 0xe8}, {0xff, 0x9a},
                {0xfe, 0xc2}, {0xfe, 0xca}, {0xff, 0xff}};
    const uint8_t *p = insn->code, *end = p + insn->n;
    while (p < end && insn_is_prefix(*p, insn->bits))
        p++;
    if (end - p >= 2 && p[0] == 0x0f)
        return (p[1] & 0xf0) == 0x80;
    for (size_t i = 0; p < end && i < sizeof rows / sizeof rows[0]; i++)
        if ((*p & rows[i].mask) == rows[i].opcode)
            return true;
    return p == end;
}

/* How many bytes of the instruction that was stepped an event shall keep. Where the CPU went on to the next
 * one, the distance is its length. A jump of more than 8 bytes needs two prefixes; of what raised an
 * exception nothing is known. */
static uint8_t step_keeps(const struct run *r)
{
    const struct run_insn *insn = &r->insn;
    uint64_t len = run_regs(r)->rip - insn->rip;
    if (r->caught || insn->n <= 1)
        return insn->n;
    if (len - 1 < INSN_MAX && !insn_jumps(insn))
        return len < insn->n ? (uint8_t)len : insn->n;
    bool prefixes = insn_is_prefix(insn->code[0], insn->bits) && insn_is_prefix(insn->code[1], insn->bits);
    return prefixes || insn->n < 8 ? insn->n : 8;
}

static void step_bytes(const struct run *r, struct event *ev)
{
    ev->size = step_keeps(r);
    ev->addr = le_load(r->insn.code, ev->size < 8 ? ev->size : 8);
    ev->flags |= EVENT_ADDR;
    if (ev->size <= 8)
        return;
    ev->value = le_load(r->insn.code + 8, ev->size - 8u);
    ev->flags |= EVENT_VALUE;
}

void event_step(struct run *r)
{
    struct event ev;
    struct event_regs after;
    bool wanted = regs_wanted(r);
    uint64_t now_ns = r->observed ? clock_host_ns() : 0;
    event_begin(r, &ev, EVENT_STEP, now_ns);
    r->left_ns = now_ns;
    ev.rip = r->insn.rip;
    ev.cs = r->insn.cs;
    ev.mode_cpl = event_with_bits(r->insn.mode_cpl, r->insn.bits);
    step_bytes(r, &ev);
    if (wanted)
        regs_fill(r, &after);
    event_put(r, &ev, wanted ? &after : NULL);
}

void event_irq(struct run *r, unsigned vector, unsigned line)
{
    struct event ev;
    uint64_t now_ns = r->observed ? clock_host_ns() : 0;
    event_begin(r, &ev, EVENT_IRQ, now_ns);
    r->left_ns = now_ns;
    ev.addr = vector;
    ev.detail = (uint16_t)line;
    ev.device = machine_line_device(r->machine, line);
    ev.flags |= EVENT_ADDR;
    uint64_t up_ns = machine_line_up_ns(r->machine, line);
    uint64_t machine_ns = machine_now_ns(r->machine) | 1;
    if (up_ns && up_ns <= machine_ns) {
        ev.value = machine_ns - up_ns;
        ev.flags |= EVENT_VALUE;
    }
    event_put(r, &ev, NULL);
}
