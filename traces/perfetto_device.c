/*
 * Exits on the tracks of their devices, interrupts, and marks.  An interrupt's slice lasts from its injection
 * to the guest's end-of-interrupt command, which for the PC's two 8259A controllers is a write to port 0x20
 * or 0xa0 (Intel 8259A data sheet, "Operation Command Words"): the lines 8 to 15 are ended at the second one.
 * Within one controller a non-specific EOI ends the highest level in service; as handlers nest, that is the
 * one injected last.
 *
 * For how long the line had been up before is in the event; that is a slice on the line's own track, and an
 * arrow leads from it to the service.
 *
 * Simplified: an interrupt whose EOI is not seen (a local APIC's is a memory write that KVM handles) is an
 * instant and no slice of service.
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

/* Tracks of vectors, and behind them those of lines. */
static int name_irq(struct perfetto *p, const struct event *ev, unsigned number, struct err *e)
{
    struct text name = {0};
    const char *device = event_device_name(&p->job->info->names, ev);
    if (p->irq_named[number][ev->vcpu])
        return 0;
    p->irq_named[number][ev->vcpu] = true;
    if (number < PERFETTO_VECTORS)
        text_addf(&name, "vector 0x%02x", number);
    else
        text_addf(&name, "line %u%s%s", number - PERFETTO_VECTORS, *device ? " " : "", device);
    add_vcpu(&name, ev->vcpu);
    unsigned track = track_of(number, ev->vcpu);
    int rc = perfetto_name(p, PROCESS_INTERRUPTS, track, text_str(&name), track, e);
    text_fini(&name);
    return rc;
}

/* From the moment the line went up to the injection, when that is known. */
static int irq_waited(struct perfetto *p, const struct event *ev, struct perfetto_irq *irq, struct err *e)
{
    bool known = ev->flags & EVENT_VALUE && ev->detail < PERFETTO_LINES && ev->value <= ev->time_ns;
    if (!known)
        return 0;
    unsigned number = PERFETTO_VECTORS + ev->detail;
    uint64_t *free_ns = &p->line_free_ns[ev->detail][ev->vcpu], from = ev->time_ns - ev->value;
    from = from > *free_ns ? from : *free_ns;
    irq->raised_ns = from;
    irq->waited = ev->time_ns > from;
    if (!irq->waited)
        return 0;
    *free_ns = ev->time_ns;
    return name_irq(p, ev, number, e) ? -1
                                      : perfetto_slice(p, PROCESS_INTERRUPTS, track_of(number, ev->vcpu),
                                                       "waiting", from, ev->time_ns, e);
}

static int irq_inject(struct perfetto *p, const struct event *ev, struct err *e)
{
    unsigned vector = (unsigned)(ev->addr & 0xff);
    struct perfetto_irq *irq = &p->irq[vector][ev->vcpu];
    *irq = (struct perfetto_irq){.since_ns = ev->time_ns, .seq = ev->seq, .line = ev->detail, .open = true};
    if (name_irq(p, ev, vector, e) || irq_waited(p, ev, irq, e))
        return -1;
    perfetto_begin(p, 'i', PROCESS_INTERRUPTS, track_of(vector, ev->vcpu), ev->time_ns);
    text_add(&p->job->line, ",\"s\":\"t\",\"name\":\"injected\"");
    add_arguments(&p->job->line, ev, &p->job->info->names);
    return perfetto_end(p, e);
}

/* One end of an arrow: `s` where it starts, `f` where it ends. */
static int flow_end(struct perfetto *p, char phase, unsigned track, uint64_t ns, struct err *e)
{
    perfetto_begin(p, phase, PROCESS_INTERRUPTS, track, ns);
    text_add(&p->job->line, ",\"bp\":\"e\",\"cat\":\"irq\",\"name\":\"raised\",\"id\":");
    export_decimal(&p->job->line, p->flows);
    return perfetto_end(p, e);
}

static int irq_arrow(struct perfetto *p, const struct perfetto_irq *irq, unsigned track, unsigned vcpu,
                     struct err *e)
{
    if (!irq->waited)
        return 0;
    p->flows++;
    return flow_end(p, 's', track_of(PERFETTO_VECTORS + irq->line, vcpu), irq->raised_ns, e) ||
                   flow_end(p, 'f', track, irq->since_ns, e)
               ? -1
               : 0;
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
    unsigned track = track_of(vector, ev->vcpu);
    irq->open = false;
    if (ev->time_ns <= from)
        return 0;
    *free_ns = ev->time_ns;
    if (from == irq->since_ns && irq_arrow(p, irq, track, ev->vcpu, e))
        return -1;
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
