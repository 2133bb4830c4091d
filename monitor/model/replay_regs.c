/*
 * Registers in a replay: see replay_regs.h.
 */
#include "monitor/model/replay_regs.h"

#include "vm/cpu_regs.h"

void replay_regs_take(const struct trace_reader *r, struct replay_regs *to)
{
    const struct event_regs *after = trace_reader_regs(r, NULL), *before = trace_reader_regs_before(r);
    to->known = after;
    if (!after)
        return;
    to->after = *after;
    to->before = before ? *before : *after;
}

void replay_regs_fill(const struct replay_regs *from, struct snapshot *s)
{
    s->has_regs = from->known;
    if (!from->known)
        return;
    cpu_regs_restore(&from->after, &s->regs, &s->sregs);
    cpu_regs_restore(&from->before, &s->before_regs, &s->before_sregs);
}
