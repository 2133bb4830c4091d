/*
 * Page tables for the replay: see replay_tables.h.  Between two copies the guest may have changed its tables;
 * what is shown is the copy before the event.
 */
#include "monitor/model/replay_tables.h"

#include <errno.h>
#include <stdlib.h>

void replay_tables_fini(struct replay_tables *k)
{
    for (size_t i = 0; i < k->count; i++) {
        tables_fini(k->copy[i]);
        free(k->copy[i]);
    }
    k->count = 0;
}

static int keep(struct replay_tables *k, const struct trace_tables *t, uint64_t event, struct err *e)
{
    size_t len = t->page_count * TABLES_PAGE_LEN;
    if (k->count == REPLAY_TABLES_MAX || k->len + len > REPLAY_TABLES_LEN_MAX)
        return 0;
    struct trace_tables *copy = calloc(1, sizeof *copy);
    if (!copy || tables_copy(copy, t, e) < 0) {
        free(copy);
        return err_sys(e, ENOMEM, "replay");
    }
    k->len += len;
    k->before[k->count] = event;
    k->copy[k->count++] = copy;
    return 0;
}

int replay_tables_see(struct replay_tables *k, const struct trace_reader *r, uint64_t event, struct err *e)
{
    uint64_t fresh = trace_reader_tables_count(r) - k->seen;
    k->seen += fresh;
    if (fresh > 1 && keep(k, trace_reader_tables_before(r), event, e) < 0)
        return -1;
    return fresh ? keep(k, trace_reader_tables(r), event, e) : 0;
}

void replay_tables_fill(const struct replay_tables *k, uint64_t position, bool last, unsigned vcpu,
                        struct snapshot *s)
{
    const struct trace_tables *t = NULL;
    for (size_t i = 0; i < k->count && (last || k->before[i] <= position); i++)
        if (k->copy[i]->place.vcpu == vcpu)
            t = k->copy[i];
    if (!t || !(t->place.cr0 & CR0_PG))
        return;
    struct tables_view view;
    tables_view_init(&view, t);
    s->has_tables = true;
    s->memory = view.memory;
    struct kvm_sregs *to = &s->target.sregs;
    to->cr0 = view.target.sregs.cr0;
    to->cr3 = view.target.sregs.cr3;
    to->cr4 = view.target.sregs.cr4;
    to->efer = view.target.sregs.efer;
    s->target.maxphyaddr = view.target.maxphyaddr;
    s->target.no_1gib = view.target.no_1gib;
    if (!s->has_regs) /* those of the step are newer than the copy */
        s->sregs = *to;
}
