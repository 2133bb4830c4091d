/*
 * The footer chunk: see header.h.  A trace without one was not closed: the run was killed, the disk was full,
 * or it is still being recorded.
 */
#include "traces/header.h"

#include "traces/format.h"

#include <errno.h>

static void put_counter(const struct trace_counter *counter, struct text *out)
{
    struct text bytes = {0};
    fields_put_string(&bytes, counter->name);
    fields_put_varint(&bytes, counter->value);
    fields_add_bytes(out, FOOT_COUNTER, &bytes);
    text_fini(&bytes);
}

/* Entries are differences to the one before, starting at zeros. */
static void put_index(const struct foot *foot, struct text *out)
{
    struct text bytes = {0};
    struct trace_index before = {0};
    for (size_t i = 0; i < foot->index_count; i++) {
        const struct trace_index *at = &foot->index[i];
        fields_put_varint(&bytes, at->offset - before.offset);
        fields_put_varint(&bytes, zigzag(at->seq - before.seq));
        fields_put_varint(&bytes, zigzag(at->time_ns - before.time_ns));
        fields_put_varint(&bytes, at->count);
        before = *at;
    }
    fields_add_bytes(out, FOOT_INDEX, &bytes);
    text_fini(&bytes);
}

int foot_put(const struct foot *foot, struct text *out, struct err *e)
{
    const struct trace_end *end = &foot->end;
    size_t counters = end->counter_count < TRACE_COUNTERS_MAX ? end->counter_count : TRACE_COUNTERS_MAX;
    fields_add_string(out, FOOT_STATUS, end->status);
    fields_add_string(out, FOOT_REASON, end->reason);
    fields_add_number(out, FOOT_EXIT_CODE, zigzag((uint64_t)(int64_t)end->exit_code));
    fields_add_number(out, FOOT_ELAPSED_NS, end->elapsed_ns);
    fields_add_number(out, FOOT_STEPS, end->steps);
    fields_add_number(out, FOOT_MODE, (uint64_t)end->mode);
    fields_add_number(out, FOOT_RIP, end->rip);
    fields_add_number(out, FOOT_EVENTS, foot->events);
    for (size_t i = 0; i < counters; i++)
        put_counter(&end->counters[i], out);
    put_index(foot, out);
    return out->failed ? err_sys(e, ENOMEM, "footer of the trace") : 0;
}

/* The tables while they are filled. */
struct foot_tables {
    struct trace_counter *counters;
    struct trace_index *index;
    size_t counter_count, index_count;
};

static int get_counter(struct trace_counter *counter, struct cursor *in, struct pool *pool)
{
    counter->name = pool_get_string(pool, in);
    counter->value = cursor_varint(in);
    return in->bad || !counter->name ? -1 : 0;
}

static int get_index(struct foot_tables *t, struct cursor *in)
{
    struct trace_index at = {0};
    for (t->index_count = 0; in->left; t->index_count++) {
        if (t->index_count == TRACE_INDEX_MAX)
            return -1;
        at.offset += cursor_varint(in);
        at.seq += unzigzag(cursor_varint(in));
        at.time_ns += unzigzag(cursor_varint(in));
        uint64_t count = cursor_varint(in);
        at.count = (uint32_t)count;
        if (in->bad || count > UINT32_MAX)
            return -1;
        t->index[t->index_count] = at;
    }
    return 0;
}

static int get_number(struct foot *foot, uint64_t field, struct cursor *in)
{
    uint64_t v = cursor_varint(in);
    switch (field) {
    case FOOT_EXIT_CODE:
        foot->end.exit_code = (int)(int64_t)unzigzag(v);
        break;
    case FOOT_ELAPSED_NS:
        foot->end.elapsed_ns = v;
        break;
    case FOOT_STEPS:
        foot->end.steps = v;
        break;
    case FOOT_MODE:
        foot->end.mode = (enum cpu_mode)(v % CPU_MODES);
        break;
    case FOOT_RIP:
        foot->end.rip = v;
        break;
    case FOOT_EVENTS:
        foot->events = v;
        break;
    default: /* from a later version: skipped */
        return 0;
    }
    return in->bad ? -1 : 0;
}

static int get_field(struct foot *foot, struct foot_tables *t, struct cursor *in, struct pool *pool)
{
    uint64_t field = cursor_varint(in);
    struct cursor part = cursor_part(in);
    switch (field) {
    case FOOT_STATUS:
        return (foot->end.status = pool_string(pool, &part)) ? 0 : -1;
    case FOOT_REASON:
        return (foot->end.reason = pool_string(pool, &part)) ? 0 : -1;
    case FOOT_COUNTER:
        if (t->counter_count == TRACE_COUNTERS_MAX)
            return -1;
        return get_counter(&t->counters[t->counter_count++], &part, pool);
    case FOOT_INDEX:
        return get_index(t, &part);
    default:
        return get_number(foot, field, &part);
    }
}

/* Numbers in these bytes, if they are numbers: each has one byte without the high bit. */
static size_t numbers_in(struct cursor in)
{
    size_t n = 0;
    for (size_t i = 0; i < in.left; i++)
        n += in.p[i] < 0x80;
    return n;
}

/* Room for the tables: a footer is read again and again, and most are small. */
static struct foot_tables tables_room(struct cursor in, struct pool *pool)
{
    size_t counters = 0, entries = 0;
    while (in.left && !in.bad) {
        uint64_t field = cursor_varint(&in);
        struct cursor part = cursor_part(&in);
        size_t n = field == FOOT_INDEX ? numbers_in(part) / 4 + 1 : 0;
        counters += field == FOOT_COUNTER;
        entries = n > entries ? n : entries;
    }
    counters = counters < TRACE_COUNTERS_MAX ? counters : TRACE_COUNTERS_MAX;
    entries = entries < TRACE_INDEX_MAX ? entries : TRACE_INDEX_MAX;
    return (struct foot_tables){.counters = pool_alloc(pool, (counters + 1) * sizeof(struct trace_counter)),
                                .index = pool_alloc(pool, (entries + 1) * sizeof(struct trace_index))};
}

int foot_get(struct foot *foot, struct cursor in, struct pool *pool, struct err *e)
{
    struct foot_tables t = tables_room(in, pool);
    *foot = (struct foot){.end = {.status = "", .reason = ""}};
    if (!t.counters || !t.index)
        return err_sys(e, ENOMEM, "footer of the trace");
    while (in.left)
        if (get_field(foot, &t, &in, pool) || in.bad)
            return err_set(e, "it cannot be understood");
    foot->end.counters = t.counters;
    foot->end.counter_count = t.counter_count;
    foot->index = t.index;
    foot->index_count = t.index_count;
    return 0;
}
