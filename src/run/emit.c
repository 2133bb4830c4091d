/*
 * Events: an exit becomes one, is completed once it has been handled, and goes to the ring of last events and
 * to every sink.  This is the only place where sequence numbers are given.
 */
#include "base/bytes.h"
#include "run/inside.h"

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

static void event_put(struct run *r, struct event *ev)
{
    ev->seq = r->seq++;
    r->result.events++;
    r->result.by_kind[ev->kind]++;
    *(struct event *)ring_push(&r->last_events) = *ev;
    for (size_t i = 0; i < r->sink_count; i++)
        r->sink[i].put(r->sink[i].ctx, ev);
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
    event_put(r, ev);
}

void event_step(struct run *r)
{
    struct event ev;
    uint64_t now_ns = r->observed ? clock_host_ns() : 0;
    event_begin(r, &ev, EVENT_STEP, now_ns);
    r->left_ns = now_ns;
    ev.rip = r->insn.rip;
    ev.cs = r->insn.cs;
    ev.mode_cpl = r->insn.mode_cpl;
    ev.addr = le_load(r->insn.code, 8);
    ev.size = r->insn.n;
    ev.flags |= EVENT_ADDR;
    event_put(r, &ev);
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
    if (r->observed && up_ns && up_ns <= now_ns) {
        ev.value = now_ns - up_ns;
        ev.flags |= EVENT_VALUE;
    }
    event_put(r, &ev);
}
