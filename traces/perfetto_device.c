/*
 * Exits on the tracks of their devices, interrupts, and marks.  An interrupt's slice lasts from its injection
 * to the guest's end-of-interrupt command, which for the PC's two 8259A controllers is a write to port 0x20
 * or 0xa0 (Intel 8259A data sheet, "Operation Command Words"): the lines 8 to 15 are ended at the second one.
 * Within one controller a non-specific EOI ends the highest level in service; as handlers nest, that is the
 * one injected last.
 *
 * Simplified: how long a device had asked before the injection is not in a trace. An interrupt whose EOI is
 * not seen (a local APIC's is a memory write that KVM handles) is an instant and no slice.
 */
#include "traces/perfetto.h"

#define PORT_PIC0 0x20
#define PORT_PIC1 0xa0
#define OCW2_EOI  0x20
#define OCW_KIND  0x18 /* bits 3 and 4: 0 for an OCW2 */

static unsigned track_of(unsigned number, unsigned vcpu)
{
    return 1 + number * PERFETTO_VCPUS + vcpu;
}

static void add_vcpu(struct text *name, unsigned vcpu)
{
    if (vcpu)
        text_addf(name, " (vCPU %u)", vcpu);
}

static void class_of(const struct event *ev, const struct event_names *names, struct text *out)
{
    const char *reg = event_reg_name(names, ev);
    if (ev->dir == DIR_IN || ev->dir == DIR_OUT)
        text_add(out, ev->dir == DIR_IN ? "in " : "out ");
    if (*reg)
        text_add(out, reg);
    else if (ev->dir && (ev->flags & EVENT_ADDR))
        export_hex(out, ev->addr);
    else
        text_add(out, event_kind_info(ev->kind)->name);
}

/* What a click on the slice shows. */
static void add_arguments(struct text *out, const struct event *ev, const struct event_names *names)
{
    struct text words = {0};
    event_sentence(ev, names, &words);
    text_add(out, ",\"args\":{\"seq\":");
    export_decimal(out, ev->seq);
    perfetto_string(out, "what", text_str(&words));
    if (!(ev->flags & EVENT_NO_CPU)) {
        text_add(out, ",\"rip\":\"");
        export_hex(out, ev->rip);
        text_addc(out, '"');
    }
    const char *symbol = event_symbol_name(names, ev);
    if (*symbol)
        perfetto_string(out, "symbol", symbol);
    text_addc(out, '}');
    out->failed |= words.failed;
    text_fini(&words);
}

static int name_device(struct perfetto *p, const struct event *ev, unsigned device, struct err *e)
{
    struct text name = {0};
    if (p->device_named[device][ev->vcpu])
        return 0;
    p->device_named[device][ev->vcpu] = true;
    if (device)
        text_add(&name, event_device_name(&p->job->info->names, ev));
    else
        text_add(&name, "no device");
    add_vcpu(&name, ev->vcpu);
    unsigned track = track_of(device, ev->vcpu);
    int rc = perfetto_name(p, PROCESS_EXITS, track, text_str(&name), track, e);
    text_fini(&name);
    return rc;
}

int perfetto_device(struct perfetto *p, const struct event *ev, struct err *e)
{
    const struct event_names *names = &p->job->info->names;
    struct text *out = &p->job->line, name = {0};
    unsigned device = *event_device_name(names, ev) ? ev->device : 0;
    uint64_t *busy = &p->busy_ns[device][ev->vcpu];
    if (!event_kind_is_exit(ev->kind))
        return 0;
    if (name_device(p, ev, device, e))
        return -1;
    uint64_t from = ev->time_ns > *busy ? ev->time_ns : *busy;
    *busy = from > UINT64_MAX - ev->host_ns ? UINT64_MAX : from + ev->host_ns;
    class_of(ev, names, &name);
    perfetto_begin(p, 'X', PROCESS_EXITS, track_of(device, ev->vcpu), from);
    text_add(out, ",\"dur\":");
    perfetto_time(out, *busy - from);
    perfetto_string(out, "name", text_str(&name));
    perfetto_string(out, "cat", event_kind_info(ev->kind)->name);
    add_arguments(out, ev, names);
    out->failed |= name.failed;
    text_fini(&name);
    return perfetto_end(p, e);
}

static int name_vector(struct perfetto *p, const struct event *ev, unsigned vector, struct err *e)
{
    struct text name = {0};
    if (p->irq_named[vector][ev->vcpu])
        return 0;
    p->irq_named[vector][ev->vcpu] = true;
    text_addf(&name, "vector 0x%02x", vector);
    if (ev->detail != 0xffff)
        text_addf(&name, ", line %u", ev->detail);
    add_vcpu(&name, ev->vcpu);
    unsigned track = track_of(vector, ev->vcpu);
    int rc = perfetto_name(p, PROCESS_INTERRUPTS, track, text_str(&name), track, e);
    text_fini(&name);
    return rc;
}

static int irq_inject(struct perfetto *p, const struct event *ev, struct err *e)
{
    unsigned vector = (unsigned)(ev->addr & 0xff);
    if (name_vector(p, ev, vector, e))
        return -1;
    p->irq[vector][ev->vcpu] = (struct perfetto_irq){ev->time_ns, ev->seq, ev->detail, true};
    perfetto_begin(p, 'i', PROCESS_INTERRUPTS, track_of(vector, ev->vcpu), ev->time_ns);
    text_add(&p->job->line, ",\"s\":\"t\",\"name\":\"injected\"");
    add_arguments(&p->job->line, ev, &p->job->info->names);
    return perfetto_end(p, e);
}

static bool is_eoi(const struct event *ev)
{
    return ev->kind == EVENT_IO && ev->dir == DIR_OUT && (ev->addr == PORT_PIC0 || ev->addr == PORT_PIC1) &&
           (ev->value & OCW2_EOI) && !(ev->value & OCW_KIND);
}

/* The interrupt that this end-of-interrupt command is for: the last injected of the controller's lines. */
static struct perfetto_irq *irq_served(struct perfetto *p, const struct event *ev, unsigned *vector)
{
    bool second = ev->addr == PORT_PIC1;
    struct perfetto_irq *found = NULL;
    for (unsigned i = 0; i < PERFETTO_VECTORS; i++) {
        struct perfetto_irq *irq = &p->irq[i][ev->vcpu];
        if (!irq->open || irq->line > 15 || (irq->line > 7) != second)
            continue;
        if (found && found->seq >= irq->seq)
            continue;
        found = irq;
        *vector = i;
    }
    return found;
}

int perfetto_interrupt(struct perfetto *p, const struct event *ev, struct err *e)
{
    unsigned vector = 0;
    if (ev->kind == EVENT_IRQ)
        return irq_inject(p, ev, e);
    struct perfetto_irq *irq = is_eoi(ev) ? irq_served(p, ev, &vector) : NULL;
    if (!irq)
        return 0;
    uint64_t *free_ns = &p->irq_free_ns[vector][ev->vcpu];
    uint64_t from = irq->since_ns > *free_ns ? irq->since_ns : *free_ns;
    irq->open = false;
    if (ev->time_ns > from)
        *free_ns = ev->time_ns;
    return perfetto_slice(p, PROCESS_INTERRUPTS, track_of(vector, ev->vcpu), "in service", from, ev->time_ns,
                          e);
}

int perfetto_mark(struct perfetto *p, const struct event *ev, struct err *e)
{
    const struct event_names *names = &p->job->info->names;
    if (ev->kind != EVENT_MARK)
        return 0;
    perfetto_begin(p, 'i', PROCESS_RUN, 1, ev->time_ns);
    text_add(&p->job->line, ",\"s\":\"g\"");
    perfetto_string(&p->job->line, "name", ev->addr < names->mark_count ? names->marks[ev->addr] : "mark");
    return perfetto_end(p, e);
}
