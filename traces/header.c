/*
 * The header chunk: see header.h.  It makes a trace speak for itself: the names of devices and registers that
 * events hold only numbers of, the machine's map, and what ran where.
 */
#include "traces/header.h"

#include "traces/format.h"

#include <errno.h>
#include <string.h>

/* The plain strings: field number and place in struct trace_info. */
static const struct {
    enum head_field field;
    size_t offset;
} head_strings[] = {
    {HEAD_PROGRAM, offsetof(struct trace_info, program)},
    {HEAD_HOST, offsetof(struct trace_info, host)},
    {HEAD_BACKEND, offsetof(struct trace_info, backend)},
    {HEAD_GUEST, offsetof(struct trace_info, guest)},
    {HEAD_GUEST_SHA256, offsetof(struct trace_info, guest_sha256)},
    {HEAD_COMMAND, offsetof(struct trace_info, command)},
    {HEAD_CLOCK, offsetof(struct trace_info, clock)},
    {HEAD_IRQCHIP, offsetof(struct trace_info, irqchip)},
};
#define HEAD_STRINGS (sizeof head_strings / sizeof head_strings[0])

static void put_kinds(struct text *out)
{
    const struct event_kind_info *row;
    for (size_t i = 0; (row = event_kind_row(i)); i++) {
        struct text bytes = {0};
        fields_put_varint(&bytes, row->kind);
        fields_put_string(&bytes, row->name);
        fields_add_bytes(out, HEAD_KIND, &bytes);
        text_fini(&bytes);
    }
}

static void put_device(const struct event_device *d, struct text *out)
{
    struct text bytes = {0};
    fields_put_string(&bytes, d->name);
    fields_put_string(&bytes, d->summary);
    fields_put_varint(&bytes, d->reg_count);
    for (size_t r = 0; r < d->reg_count; r++)
        fields_put_string(&bytes, d->regs[r]);
    fields_add_bytes(out, HEAD_DEVICE, &bytes);
    text_fini(&bytes);
}

static void put_range(const struct trace_range *range, struct text *out)
{
    struct text bytes = {0};
    fields_put_varint(&bytes, range->mmio);
    fields_put_varint(&bytes, range->device);
    fields_put_varint(&bytes, range->base);
    fields_put_varint(&bytes, range->len);
    fields_add_bytes(out, HEAD_RANGE, &bytes);
    text_fini(&bytes);
}

/* As many as fit: a program may have more names than a header has room for, and a trace without the last of
 * them is better than none. */
static void put_symbols(const struct event_names *names, struct text *out)
{
    size_t start = out->len;
    uint64_t before = 0;
    for (size_t i = 0; i < names->symbol_count && i < TRACE_SYMBOLS_MAX; i++) {
        const struct event_symbol *s = &names->symbols[i];
        struct text bytes = {0};
        fields_put_varint(&bytes, s->addr - before);
        fields_put_varint(&bytes, s->len);
        fields_put_string(&bytes, s->name);
        if (out->len - start + bytes.len > TRACE_NAMES_MAX)
            i = TRACE_SYMBOLS_MAX;
        else
            fields_add_bytes(out, HEAD_SYMBOL, &bytes);
        before = s->addr;
        text_fini(&bytes);
    }
}

int header_put(const struct trace_info *info, struct text *out, struct err *e)
{
    const struct event_names *names = &info->names;
    if (names->device_count > TRACE_DEVICES_MAX || info->range_count > TRACE_RANGES_MAX)
        return err_set(e, "a machine of %zu devices and %zu ranges is too large for a trace",
                       names->device_count, info->range_count);
    for (size_t i = 0; i < HEAD_STRINGS; i++) {
        const char *s;
        memcpy(&s, (const char *)info + head_strings[i].offset, sizeof s);
        fields_add_string(out, head_strings[i].field, s);
    }
    fields_add_number(out, HEAD_MEM_LEN, info->mem_len);
    fields_add_number(out, HEAD_START_UNIX_NS, info->start_unix_ns);
    put_kinds(out);
    for (size_t i = 0; i < names->device_count; i++) {
        if (names->devices[i].reg_count > TRACE_REGS_MAX)
            return err_set(e, "a device of %zu registers is too large for a trace",
                           names->devices[i].reg_count);
        put_device(&names->devices[i], out);
    }
    for (size_t i = 0; i < info->range_count; i++) {
        if (info->ranges[i].device >= names->device_count)
            return err_set(e, "range %zu of the machine names no device", i);
        put_range(&info->ranges[i], out);
    }
    put_symbols(names, out);
    if (out->failed)
        return err_sys(e, ENOMEM, "header of the trace");
    return out->len > CHUNK_RAW_MAX ? err_set(e, "the header is too large for a trace") : 0;
}

/* The tables while they are filled; room for all entries is made beforehand. */
struct head_tables {
    struct event_device *devices;
    struct trace_range *ranges;
    struct event_symbol *symbols;
    size_t device_count, range_count, symbol_count;
};

static int get_device(struct event_device *d, struct cursor *in, struct pool *pool)
{
    d->name = pool_get_string(pool, in);
    d->summary = pool_get_string(pool, in);
    uint64_t count = cursor_varint(in);
    if (!d->name || !d->summary || in->bad || count > TRACE_REGS_MAX)
        return -1;
    const char **regs = pool_alloc(pool, (size_t)count * sizeof *regs);
    if (!regs)
        return -1;
    for (size_t r = 0; r < count; r++)
        if (!(regs[r] = pool_get_string(pool, in)))
            return -1;
    d->regs = regs;
    d->reg_count = (size_t)count;
    return in->bad ? -1 : 0;
}

static int get_range(struct trace_range *range, struct cursor *in)
{
    uint64_t space = cursor_varint(in), device = cursor_varint(in);
    range->mmio = space == 1;
    range->base = cursor_varint(in);
    range->len = cursor_varint(in);
    range->device = (uint8_t)device;
    return in->bad || space > 1 || device >= TRACE_DEVICES_MAX ? -1 : 0;
}

/* Addresses rise, which finding one relies on. */
static int get_symbol(struct head_tables *t, struct cursor *in, struct pool *pool)
{
    struct event_symbol *s = &t->symbols[t->symbol_count];
    uint64_t before = t->symbol_count ? s[-1].addr : 0;
    s->addr = before + cursor_varint(in);
    s->len = cursor_varint(in);
    s->name = pool_get_string(pool, in);
    t->symbol_count++;
    return in->bad || !s->name || s->addr < before ? -1 : 0;
}

static int get_string(struct trace_info *info, uint64_t field, struct cursor *in, struct pool *pool)
{
    for (size_t i = 0; i < HEAD_STRINGS; i++) {
        if (head_strings[i].field != field)
            continue;
        const char *s = pool_string(pool, in);
        memcpy((char *)info + head_strings[i].offset, &s, sizeof s);
        return s ? 0 : -1;
    }
    return 0;
}

/* Counts the entries of the two tables, so that each can be one array. */
static int tables_make(struct head_tables *t, struct cursor in, struct pool *pool)
{
    size_t devices = 0, ranges = 0, symbols = 0;
    while (in.left) {
        uint64_t field = cursor_varint(&in);
        cursor_part(&in);
        devices += field == HEAD_DEVICE;
        ranges += field == HEAD_RANGE;
        symbols += field == HEAD_SYMBOL;
        if (in.bad || devices > TRACE_DEVICES_MAX || ranges > TRACE_RANGES_MAX || symbols > TRACE_SYMBOLS_MAX)
            return -1;
    }
    t->devices = pool_alloc(pool, devices * sizeof *t->devices);
    t->ranges = pool_alloc(pool, ranges * sizeof *t->ranges);
    t->symbols = pool_alloc(pool, symbols * sizeof *t->symbols);
    return t->devices && t->ranges && t->symbols ? 0 : -1;
}

static int get_field(struct trace_info *info, struct head_tables *t, struct cursor *in, struct pool *pool)
{
    uint64_t field = cursor_varint(in);
    struct cursor part = cursor_part(in);
    switch (field) {
    case HEAD_MEM_LEN:
        info->mem_len = cursor_varint(&part);
        return part.bad ? -1 : 0;
    case HEAD_START_UNIX_NS:
        info->start_unix_ns = cursor_varint(&part);
        return part.bad ? -1 : 0;
    case HEAD_DEVICE:
        return get_device(&t->devices[t->device_count++], &part, pool);
    case HEAD_RANGE:
        return get_range(&t->ranges[t->range_count++], &part);
    case HEAD_SYMBOL:
        return get_symbol(t, &part, pool);
    default:
        return get_string(info, field, &part, pool);
    }
}

int header_get(struct trace_info *info, struct cursor in, struct pool *pool, struct err *e)
{
    struct head_tables t = {0};
    static const char *const empty = "";
    *info = (struct trace_info){0};
    for (size_t i = 0; i < HEAD_STRINGS; i++)
        memcpy((char *)info + head_strings[i].offset, &empty, sizeof empty);
    if (tables_make(&t, in, pool))
        return err_set(e, "its header cannot be understood");
    while (in.left)
        if (get_field(info, &t, &in, pool) || in.bad)
            return err_set(e, "its header cannot be understood");
    for (size_t i = 0; i < t.range_count; i++)
        if (t.ranges[i].device >= t.device_count)
            return err_set(e, "its header names a device that does not exist");
    info->names.devices = t.devices;
    info->names.device_count = t.device_count;
    info->names.symbols = t.symbols;
    info->names.symbol_count = t.symbol_count;
    info->ranges = t.ranges;
    info->range_count = t.range_count;
    return 0;
}
