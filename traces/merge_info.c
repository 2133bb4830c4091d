/*
 * The header and the footer of a merged trace: see merge.h.
 */
#include "traces/merge_inside.h"

#include "traces/format.h"

#include <errno.h>
#include <string.h>

/* ---- one machine or several? ---- */

static bool devices_equal(const struct event_names *a, const struct event_names *b)
{
    if (a->device_count != b->device_count)
        return false;
    for (size_t i = 0; i < a->device_count; i++) {
        const struct event_device *x = &a->devices[i], *y = &b->devices[i];
        if (strcmp(x->name, y->name) != 0 || x->reg_count != y->reg_count)
            return false;
        for (size_t k = 0; k < x->reg_count; k++)
            if (strcmp(x->regs[k], y->regs[k]) != 0)
                return false;
    }
    return true;
}

static bool symbols_equal(const struct event_names *a, const struct event_names *b)
{
    if (a->symbol_count != b->symbol_count)
        return false;
    for (size_t i = 0; i < a->symbol_count; i++)
        if (a->symbols[i].addr != b->symbols[i].addr || a->symbols[i].len != b->symbols[i].len ||
            strcmp(a->symbols[i].name, b->symbols[i].name) != 0)
            return false;
    return true;
}

static bool vcpus_shared(const struct merge_input *a, const struct merge_input *b)
{
    for (size_t i = 0; i < 256; i++)
        if (a->vcpu_used[i] && b->vcpu_used[i])
            return true;
    return false;
}

static bool guests_equal(const struct trace_info *a, const struct trace_info *b)
{
    return strcmp(a->guest, b->guest) == 0 && strcmp(a->guest_sha256, b->guest_sha256) == 0;
}

static bool is_one_machine(const struct merge *m)
{
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; k < i; k++)
            if (vcpus_shared(&m->in[i], &m->in[k]) || !guests_equal(m->in[i].info, m->in[k].info) ||
                !devices_equal(&m->in[i].info->names, &m->in[k].info->names))
                return false;
    return true;
}

/* ---- names ---- */

static const char *pool_text(struct pool *p, const struct text *t)
{
    char *copy = t->failed ? NULL : pool_alloc(p, t->len + 1);
    if (copy)
        memcpy(copy, text_str(t), t->len + 1);
    return copy;
}

/* The strings of all inputs at this place of struct trace_info: one when they are all the same, else all of
 * them behind their letters. */
static int join_strings(struct merge *m, size_t offset, const char *between)
{
    struct text t = {0};
    const char *first, *s;
    bool same = true;
    memcpy(&first, (const char *)m->in[0].info + offset, sizeof first);
    for (size_t i = 0; i < m->count; i++) {
        memcpy(&s, (const char *)m->in[i].info + offset, sizeof s);
        same &= strcmp(s, first) == 0;
        text_addf(&t, "%s%c: %s", i ? between : "", merge_letter(i), s);
    }
    if (same) {
        text_clear(&t);
        text_add(&t, first);
    }
    s = pool_text(&m->pool, &t);
    text_fini(&t);
    memcpy((char *)&m->info + offset, &s, sizeof s);
    return s ? 0 : -1;
}

/* What programs compare must stay a word: "mixed" when the inputs do not agree. */
static void join_words(struct merge *m, size_t offset, const char *otherwise)
{
    const char *first, *s;
    bool same = true;
    memcpy(&first, (const char *)m->in[0].info + offset, sizeof first);
    for (size_t i = 1; i < m->count; i++) {
        memcpy(&s, (const char *)m->in[i].info + offset, sizeof s);
        same &= strcmp(s, first) == 0;
    }
    s = same ? first : otherwise;
    memcpy((char *)&m->info + offset, &s, sizeof s);
}

static int add_device(struct merge *m, size_t i, const struct event_device *from, struct event_device *to)
{
    struct text name = {0};
    text_addf(&name, "%c.%s", merge_letter(i), from->name);
    *to = *from;
    to->name = pool_text(&m->pool, &name);
    text_fini(&name);
    return to->name ? 0 : -1;
}

/* Device 0 of every machine is "none" and stays so. */
static int join_devices(struct merge *m, struct err *e)
{
    size_t total = 1, n = 1;
    for (size_t i = 0; i < m->count; i++)
        total += m->in[i].info->names.device_count ? m->in[i].info->names.device_count - 1 : 0;
    if (m->one_machine || total > TRACE_DEVICES_MAX) {
        m->info.names.devices = m->in[0].info->names.devices;
        m->info.names.device_count = m->in[0].info->names.device_count;
        for (size_t i = 0; i < m->count; i++)
            for (unsigned d = 0; d < 256; d++)
                m->in[i].device[d] = (uint8_t)d;
        return m->one_machine
                   ? 0
                   : err_set(e, "%zu devices in all, and a trace holds %d", total, TRACE_DEVICES_MAX);
    }
    struct event_device *all = pool_alloc(&m->pool, total * sizeof *all);
    if (!all)
        return err_sys(e, ENOMEM, "devices");
    all[0] = (struct event_device){.name = "none", .summary = "no device"};
    for (size_t i = 0; i < m->count; i++) {
        const struct event_names *names = &m->in[i].info->names;
        for (size_t d = 1; d < names->device_count; d++, n++) {
            m->in[i].device[d] = (uint8_t)n;
            if (add_device(m, i, &names->devices[d], &all[n]))
                return err_sys(e, ENOMEM, "devices");
        }
    }
    m->info.names.devices = all;
    m->info.names.device_count = n;
    return 0;
}

static int join_ranges(struct merge *m, struct err *e)
{
    size_t total = 0, n = 0, inputs = m->one_machine ? 1 : m->count;
    for (size_t i = 0; i < inputs; i++)
        total += m->in[i].info->range_count;
    struct trace_range *all = pool_alloc(&m->pool, (total + 1) * sizeof *all);
    if (!all)
        return err_sys(e, ENOMEM, "ranges");
    for (size_t i = 0; i < inputs; i++)
        for (size_t k = 0; k < m->in[i].info->range_count; k++, n++) {
            all[n] = m->in[i].info->ranges[k];
            all[n].device = m->in[i].device[all[n].device];
        }
    m->info.ranges = all;
    m->info.range_count = n;
    return 0;
}

/* Symbols are found by address alone: those of two programs cannot be in one table without giving wrong
 * answers. */
static void join_symbols(struct merge *m)
{
    const struct event_names *first = &m->in[0].info->names;
    for (size_t i = 1; i < m->count; i++)
        if (!symbols_equal(first, &m->in[i].info->names)) {
            m->symbols_dropped = true;
            return;
        }
    m->info.names.symbols = first->symbols;
    m->info.names.symbol_count = first->symbol_count;
}

/* ---- numbers ---- */

static int number_vcpus(struct merge *m, struct err *e)
{
    unsigned next = 0;
    for (size_t i = 0; i < m->count && !m->one_machine; i++) {
        m->in[i].vcpu_base = next;
        next += m->in[i].vcpus;
    }
    return next <= 256 ? 0 : err_set(e, "%u vCPUs in all, and a trace holds 256", next);
}

/* A trace that does not say when it began is taken to have begun with the earliest that does. */
static void set_clock(struct merge *m)
{
    uint64_t first = 0;
    for (size_t i = 0; i < m->count; i++) {
        uint64_t start = m->in[i].info->start_unix_ns;
        if (start && (!first || start < first))
            first = start;
    }
    for (size_t i = 0; i < m->count; i++) {
        uint64_t start = m->in[i].info->start_unix_ns;
        m->in[i].shift_ns = start ? start - first : 0;
    }
    m->info.start_unix_ns = first;
}

int merge_info_make(struct merge *m, struct err *e)
{
    struct trace_info *info = &m->info;
    *info = (struct trace_info){0};
    m->one_machine = is_one_machine(m);
    set_clock(m);
    for (size_t i = 0; i < m->count; i++)
        info->mem_len = m->one_machine ? m->in[0].info->mem_len : info->mem_len + m->in[i].info->mem_len;
    join_words(m, offsetof(struct trace_info, program), "mixed");
    join_words(m, offsetof(struct trace_info, backend), "mixed");
    join_words(m, offsetof(struct trace_info, guest_sha256), "");
    join_words(m, offsetof(struct trace_info, clock), "mixed");
    join_words(m, offsetof(struct trace_info, irqchip), "mixed");
    if (join_strings(m, offsetof(struct trace_info, host), "; ") ||
        join_strings(m, offsetof(struct trace_info, guest), ", ") ||
        join_strings(m, offsetof(struct trace_info, command), "; "))
        return err_sys(e, ENOMEM, "header");
    join_symbols(m);
    return number_vcpus(m, e) || join_devices(m, e) || join_ranges(m, e) ? -1 : 0;
}

/* ---- the end ---- */

/* From what a run is for to what nobody wants: the merged trace ended as the one that ended worst. */
static size_t badness(const struct merge_input *in)
{
    static const char *const order[] = {"halted",      "poweroff",     "debug-exit", "budget",
                                        "interrupted", "triple-fault", "error"};
    enum { STATUSES = sizeof order / sizeof order[0] };
    size_t i = 0;
    if (!in->state.end)
        return STATUSES + 1;
    while (i < STATUSES && strcmp(order[i], in->state.end->status) != 0)
        i++;
    return i;
}

static int end_reason(struct merge *m)
{
    struct text t = {0};
    for (size_t i = 0; i < m->count; i++) {
        const struct trace_end *end = m->in[i].state.end;
        text_addf(&t, "%s%c: ", i ? "; " : "", merge_letter(i));
        if (end)
            text_addf(&t, "%s: %s", end->status, end->reason);
        else
            text_addf(&t, "broke off: %s", m->in[i].state.problem ? m->in[i].state.problem : "no end");
    }
    m->end.reason = pool_text(&m->pool, &t);
    text_fini(&t);
    return m->end.reason ? 0 : -1;
}

/* Counters are the host's about one run: each keeps its own, behind its letter. */
static int end_counters(struct merge *m)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < m->count; i++)
        total += m->in[i].state.end ? m->in[i].state.end->counter_count : 0;
    struct trace_counter *all = pool_alloc(&m->pool, (total + 1) * sizeof *all);
    for (size_t i = 0; all && i < m->count; i++) {
        const struct trace_end *end = m->in[i].state.end;
        for (size_t k = 0; end && k < end->counter_count; k++, n++) {
            struct text name = {0};
            text_addf(&name, "%c.%s", merge_letter(i), end->counters[k].name);
            all[n] = (struct trace_counter){pool_text(&m->pool, &name), end->counters[k].value};
            text_fini(&name);
            if (!all[n].name)
                return -1;
        }
    }
    m->end.counters = all;
    m->end.counter_count = n;
    return all ? 0 : -1;
}

int merge_end_make(struct merge *m, struct err *e)
{
    size_t worst = 0;
    uint64_t elapsed_ns = 0, steps = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct trace_end *end = m->in[i].state.end;
        uint64_t until =
            m->in[i].shift_ns + (end ? end->elapsed_ns : m->in[i].last.time_ns - m->in[i].shift_ns);
        worst = badness(&m->in[i]) > badness(&m->in[worst]) ? i : worst;
        elapsed_ns = until > elapsed_ns ? until : elapsed_ns;
        steps += end ? end->steps : 0;
        m->has_end |= end != NULL;
    }
    const struct trace_end *end = m->in[worst].state.end;
    m->end = (struct trace_end){.status = "interrupted"};
    if (end)
        m->end = *end;
    m->end.elapsed_ns = elapsed_ns;
    m->end.steps = steps;
    return end_reason(m) || end_counters(m) ? err_sys(e, ENOMEM, "footer") : 0;
}
