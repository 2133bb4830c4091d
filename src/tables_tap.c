/*
 * Page tables for the trace: see tables_tap.h.  A guest that switches page tables at every exit must not make
 * its trace grow without limit: after a number of copies, or of bytes, changes are counted only.
 */
#include "tables_tap.h"

#include "kvm/kvm.h"

#include <stdlib.h>

#define CR0_WALK  (CR0_PG | CR0_WP)
#define CR4_WALK  (CR4_PSE | CR4_PAE | CR4_LA57 | CR4_SMEP | CR4_SMAP)
#define EFER_WALK (EFER_LME | EFER_LMA | EFER_NXE)

/* CPUID leaves 80000001H (EDX bit 26: 1-GiB pages) and 80000008H (EAX bits 7:0: width of a physical address),
 * as the guest has them. */
static void read_cpuid(struct tables_tap *t)
{
    struct kvm_cpuid2 *c;
    struct err ignored;
    if (kvm_supported_cpuid(&t->machine->system, &c, &ignored) < 0)
        return;
    for (uint32_t i = 0; i < c->nent; i++) {
        const struct kvm_cpuid_entry2 *row = &c->entries[i];
        if (row->function == 0x80000001)
            t->no_1gib = !(row->edx >> 26 & 1);
        if (row->function == 0x80000008)
            t->maxphyaddr = row->eax & 0xff;
    }
    free(c);
}

void tables_tap_init(struct tables_tap *t, struct trace_writer *trace, const struct run *run,
                     const struct machine *m)
{
    *t = (struct tables_tap){.trace = trace, .run = run, .machine = m};
    read_cpuid(t);
}

void tables_tap_fini(struct tables_tap *t)
{
    tables_fini(&t->tables);
    tables_fini(&t->standing);
}

/* Where CR3 points. Its low bits are about caching, and PCIDs. */
static uint64_t cr3_address(const struct kvm_sregs *s)
{
    bool pae = (s->cr4 & CR4_PAE) && !(s->efer & EFER_LMA);
    return s->cr3 & ~(pae ? 0x1full : 0xfffull);
}

/* Do these registers read the tables as those of the last copy did? */
static bool same_walk(const struct tables_place *p, const struct kvm_sregs *s)
{
    return p->cr3 == cr3_address(s) && p->cr0 == (s->cr0 & CR0_WALK) && p->cr4 == (s->cr4 & CR4_WALK) &&
           p->efer == (s->efer & EFER_WALK);
}

static struct tables_place place_of(const struct tables_tap *t, const struct kvm_sregs *s, uint64_t seq)
{
    return (struct tables_place){.seq = seq,
                                 .cr0 = s->cr0,
                                 .cr3 = s->cr3,
                                 .cr4 = s->cr4,
                                 .efer = s->efer,
                                 .maxphyaddr = t->maxphyaddr,
                                 .no_1gib = t->no_1gib,
                                 .missed = t->missed};
}

static void take(struct tables_tap *t, const struct kvm_sregs *s, uint64_t seq, bool at_end)
{
    struct err ignored;
    struct tables_place place = place_of(t, s, seq);
    place.at_end = at_end;
    if (tables_take(&t->tables, &place, &t->machine->memory, &ignored) < 0) {
        t->missed++;
        return;
    }
    t->taken_len += trace_put_tables(t->trace, &t->tables);
    t->taken++;
    t->missed = 0;
}

/* The same within the bounds. */
static void take_bounded(struct tables_tap *t, const struct kvm_sregs *s, uint64_t seq)
{
    if (t->taken >= TABLES_TAP_MAX || t->taken_len >= TABLES_TAP_LEN_MAX)
        t->missed++;
    else
        take(t, s, seq, false);
}

static void registers_changed(struct tables_tap *t, const struct kvm_sregs *s, uint64_t seq)
{
    bool paging = s->cr0 & CR0_PG, was = t->place.cr0 & CR0_PG;
    t->place = (struct tables_place){.cr0 = s->cr0 & CR0_WALK,
                                     .cr3 = cr3_address(s),
                                     .cr4 = s->cr4 & CR4_WALK,
                                     .efer = s->efer & EFER_WALK};
    if (!paging && !was)
        return;
    t->paged = true;
    take_bounded(t, s, seq);
}

static void look(struct tables_tap *t, const struct event *ev)
{
    const struct kvm_sregs *s = run_event_sregs(t->run);
    if (!same_walk(&t->place, s) && !(ev->flags & EVENT_NO_CPU))
        registers_changed(t, s, ev->seq);
}

void tables_tap_put(void *tap, const struct event *ev)
{
    struct tables_tap *t = tap;
    look(t, ev);
    trace_put(t->trace, ev);
}

void tables_tap_step(void *tap, const struct event *ev, const struct event_regs *after)
{
    struct tables_tap *t = tap;
    look(t, ev);
    trace_step(t->trace, ev, after);
}

/* Once there are too many copies nobody compares any more. */
void tables_tap_stands(struct tables_tap *t, const struct kvm_sregs *s)
{
    struct err ignored;
    uint64_t seq = run_result(t->run)->events;
    struct tables_place place = place_of(t, s, seq);
    if (!t->trace)
        return;
    if (!same_walk(&t->place, s))
        registers_changed(t, s, seq);
    else if (t->paged && !t->missed &&
             tables_take(&t->standing, &place, &t->machine->memory, &ignored) == 0 &&
             !tables_same(&t->tables, &t->standing))
        take_bounded(t, s, seq);
}

void tables_tap_end(struct tables_tap *t)
{
    if (!t->trace)
        return;
    const struct kvm_sregs *s = &run_last_cpu(t->run)->sregs;
    if (t->paged || (s->cr0 & CR0_PG))
        take(t, s, run_result(t->run)->events, true);
}
