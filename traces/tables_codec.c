/*
 * Page tables as bytes: the payload of a chunk `PTBL`; docs/trace-format.md has it for other readers.  A
 * table of 512 entries is mostly zeros, or pages that follow each other; so it is stored as runs: zeros,
 * equal entries, and entries that rise by a fixed stride. A run says how much its first entry differs from
 * the one that would have continued the run before it. Where the CPU has set an accessed bit in the midst of
 * a mapping, that difference is small, and so is the run.
 */
#include "traces/tables.h"

#include "base/bytes.h"
#include "traces/fields.h"
#include "traces/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a run is: the low bits of its first number; the rest of it is the number of entries. */
enum { RUN_ZEROS, RUN_EQUAL, RUN_STRIDE, RUN_NEW_STRIDE, RUN_BITS = 2 };

/* A new stride costs more than it gains below this. */
enum { NEW_STRIDE_LEAST = 3 };

/* The state of a chunk's runs, which goes on from table to table. */
struct runs {
    uint64_t last,
        stride;    /* the last entry that was not of a run of zeros; how much the next would be higher */
    uint64_t mask; /* of an entry's width */
};

static struct runs runs_fresh(const struct paging_scheme *s)
{
    return (struct runs){.mask = s->entry_len == 4 ? UINT32_MAX : UINT64_MAX};
}

static void put_difference(struct text *out, uint64_t d)
{
    fields_put_varint(out, zigzag(d));
}

static uint64_t get_difference(struct cursor *in)
{
    return unzigzag(cursor_varint(in));
}

/* ---- writing ---- */

/* How many entries from `i` on rise by `stride`. */
static size_t run_len(const uint64_t *entry, size_t n, size_t i, uint64_t stride, uint64_t mask)
{
    size_t k = 1;
    while (i + k < n && entry[i + k] == ((entry[i + k - 1] + stride) & mask))
        k++;
    return k;
}

static size_t put_run(struct runs *r, const uint64_t *entry, size_t n, size_t i, struct text *out)
{
    uint64_t fresh = i + 1 < n ? (entry[i + 1] - entry[i]) & r->mask : 0;
    size_t equal = run_len(entry, n, i, 0, r->mask);
    size_t same = run_len(entry, n, i, r->stride, r->mask), other = run_len(entry, n, i, fresh, r->mask);
    unsigned kind = RUN_EQUAL;
    size_t len = equal;
    if (entry[i] == 0) {
        fields_put_varint(out, equal << RUN_BITS | RUN_ZEROS);
        return equal;
    }
    if (same > len) {
        kind = RUN_STRIDE;
        len = same;
    }
    if (other > len && other >= NEW_STRIDE_LEAST) {
        kind = RUN_NEW_STRIDE;
        len = other;
    }
    fields_put_varint(out, len << RUN_BITS | kind);
    uint64_t from = (entry[i] - r->last - r->stride) & r->mask;
    if (r->mask == UINT32_MAX)
        from = (uint64_t)(int32_t)(uint32_t)from;
    put_difference(out, from);
    if (kind == RUN_NEW_STRIDE) {
        r->stride = r->mask == UINT32_MAX ? (uint64_t)(int32_t)(uint32_t)fresh : fresh;
        put_difference(out, r->stride);
    }
    r->last = entry[i + len - 1];
    return len;
}

static void put_table(const struct trace_tables *t, const struct trace_table *table,
                      const struct paging_scheme *s, struct runs *r, struct text *out)
{
    uint64_t entry[1024];
    size_t n = paging_entries(&s->level[s->levels - table->level]), last = n;
    const uint8_t *page = tables_page(t, table->gpa & ~(uint64_t)(TABLES_PAGE_LEN - 1));
    fields_put_varint(out, table->level);
    fields_put_varint(out, table->backed);
    if (!table->backed || !page)
        return;
    const uint8_t *bytes = page + table->gpa % TABLES_PAGE_LEN;
    for (size_t i = 0; i < n; i++)
        entry[i] = le_load(bytes + i * s->entry_len, s->entry_len);
    while (last > 0 && entry[last - 1] == 0)
        last--;
    for (size_t i = 0; i < last;)
        i += put_run(r, entry, last, i, out);
}

static void put_place(const struct trace_tables *t, struct text *out)
{
    const struct tables_place *p = &t->place;
    unsigned flags = (p->no_1gib ? TABLES_NO_1GIB : 0u) | (p->a20_off ? TABLES_A20_OFF : 0u) |
                     (t->truncated ? TABLES_TRUNCATED : 0u) | (p->at_end ? TABLES_AT_END : 0u);
    const uint64_t parts[] = {p->seq,  p->vcpu,       p->cr0, p->cr3,   p->cr4,
                              p->efer, p->maxphyaddr, flags,  p->missed};
    struct text bytes = {0};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        fields_put_varint(&bytes, parts[i]);
    fields_add_bytes(out, TABLES_PLACE, &bytes);
    text_fini(&bytes);
}

static void put_regions(const struct trace_tables *t, struct text *out)
{
    struct text bytes = {0};
    uint64_t end = 0;
    for (size_t i = 0; i < t->region_count; i++) {
        const struct memory_region *r = &t->region[i];
        fields_put_varint(&bytes, (r->gpa - end) / TABLES_PAGE_LEN);
        fields_put_varint(&bytes, r->len / TABLES_PAGE_LEN << 1 | r->read_only);
        end = r->gpa + r->len;
    }
    fields_add_bytes(out, TABLES_MEMORY, &bytes);
    text_fini(&bytes);
}

/* All tables, as many as fit. */
static void put_tables(struct trace_tables *t, const struct paging_scheme *s, struct text *out)
{
    struct runs r = runs_fresh(s);
    struct text bytes = {0}; /* of one table */
    uint64_t before = 0;
    for (size_t i = 0; i < t->count; i++) {
        text_clear(&bytes);
        put_difference(&bytes, t->table[i].gpa - before);
        put_table(t, &t->table[i], s, &r, &bytes);
        if (out->len + bytes.len + 2 * VARINT_MAX > TABLES_CODED_MAX - TABLES_ROOM) {
            t->truncated = true;
            t->count = i;
            break;
        }
        fields_add_bytes(out, TABLES_TABLE, &bytes);
        before = t->table[i].gpa;
    }
    out->failed |= bytes.failed;
    text_fini(&bytes);
}

int tables_put(struct trace_tables *t, struct text *out, struct err *e)
{
    struct gva_context c = tables_context(&t->place);
    const struct paging_scheme *s = paging_scheme(&c);
    struct text tables = {0};
    if (s)
        put_tables(t, s, &tables);
    put_place(t, out);
    put_regions(t, out);
    text_addn(out, text_str(&tables), tables.len);
    bool failed = out->failed || tables.failed;
    text_fini(&tables);
    return failed ? err_sys(e, ENOMEM, "page tables") : 0;
}

/* ---- reading ---- */

static int get_wrong(struct err *e, const char *why)
{
    err_set(e, "page tables: %s", why);
    return 1;
}

/* The entries of a table, to `to`: `n` of them, of the scheme's length. */
static bool get_runs(struct runs *r, struct cursor *in, uint8_t *to, size_t n, size_t entry_len)
{
    size_t i = 0;
    while (in->left && !in->bad) {
        uint64_t head = cursor_varint(in), len = head >> RUN_BITS;
        unsigned kind = head & ((1u << RUN_BITS) - 1);
        if (in->bad || len == 0 || len > n - i)
            return false;
        uint64_t first = kind == RUN_ZEROS ? 0 : r->last + r->stride + get_difference(in);
        if (kind == RUN_NEW_STRIDE)
            r->stride = get_difference(in);
        uint64_t stride = kind == RUN_STRIDE || kind == RUN_NEW_STRIDE ? r->stride : 0;
        for (uint64_t k = 0; k < len; k++)
            le_store(to + (i + k) * entry_len, (first + k * stride) & r->mask, entry_len);
        if (kind != RUN_ZEROS)
            r->last = (first + (len - 1) * stride) & r->mask;
        i += len;
    }
    return !in->bad;
}

static int get_table(struct trace_tables *t, const struct paging_scheme *s, struct runs *r, struct cursor in,
                     struct err *e)
{
    uint64_t before = t->count ? t->table[t->count - 1].gpa : 0;
    uint64_t gpa = before + get_difference(&in), level = cursor_varint(&in), backed = cursor_varint(&in);
    if (in.bad || !s || level < 1 || level > s->levels || backed > 1 || t->count == TABLES_MAX)
        return get_wrong(e, "an impossible table");
    const struct paging_level *l = &s->level[s->levels - level];
    size_t n = paging_entries(l);
    if (gpa >> 52 || gpa % (n * s->entry_len))
        return get_wrong(e, "a table where none can be");
    t->table[t->count++] = (struct trace_table){.gpa = gpa, .level = (unsigned)level, .backed = backed};
    if (!backed)
        return 0;
    uint8_t *page = tables_page_make(t, gpa & ~(uint64_t)(TABLES_PAGE_LEN - 1));
    if (!page)
        return err_sys(e, ENOMEM, "page tables");
    uint8_t *to = page + gpa % TABLES_PAGE_LEN;
    memset(to, 0, n * s->entry_len);
    return get_runs(r, &in, to, n, s->entry_len) ? 0 : get_wrong(e, "a table's entries cannot be decoded");
}

static int get_place(struct trace_tables *t, struct cursor in, struct err *e)
{
    struct tables_place *p = &t->place;
    p->seq = cursor_varint(&in);
    uint64_t vcpu = cursor_varint(&in);
    p->cr0 = cursor_varint(&in);
    p->cr3 = cursor_varint(&in);
    p->cr4 = cursor_varint(&in);
    p->efer = cursor_varint(&in);
    uint64_t maxphyaddr = cursor_varint(&in), flags = cursor_varint(&in);
    p->missed = cursor_varint(&in);
    if (in.bad || vcpu > UINT8_MAX || maxphyaddr > UINT8_MAX)
        return get_wrong(e, "their registers cannot be decoded");
    p->vcpu = (unsigned)vcpu;
    p->maxphyaddr = (unsigned)maxphyaddr;
    p->no_1gib = flags & TABLES_NO_1GIB;
    p->a20_off = flags & TABLES_A20_OFF;
    p->at_end = flags & TABLES_AT_END;
    t->truncated = flags & TABLES_TRUNCATED;
    return 0;
}

static int get_regions(struct trace_tables *t, struct cursor in, struct err *e)
{
    enum { PAGES_BITS = 40 }; /* in 4 KiB pages: all of a physical address space */
    uint64_t end = 0;         /* likewise */
    for (t->region_count = 0; in.left && !in.bad;) {
        uint64_t gap = cursor_varint(&in), len = cursor_varint(&in);
        if (in.bad || gap >> PAGES_BITS || len >> 1 >> PAGES_BITS || (end + gap + (len >> 1)) >> PAGES_BITS ||
            t->region_count == MEMORY_REGIONS_MAX)
            return get_wrong(e, "an impossible memory");
        t->region[t->region_count++] = (struct memory_region){
            .gpa = (end + gap) * TABLES_PAGE_LEN, .len = (len >> 1) * TABLES_PAGE_LEN, .read_only = len & 1};
        end += gap + (len >> 1);
    }
    return in.bad ? get_wrong(e, "an impossible memory") : 0;
}

int tables_get(struct trace_tables *t, struct cursor in, struct err *e)
{
    const struct paging_scheme *s = NULL;
    struct runs r = {0};
    bool placed = false;
    t->place = (struct tables_place){0};
    t->count = t->page_count = t->region_count = 0;
    while (in.left && !in.bad) {
        uint64_t field = cursor_varint(&in);
        struct cursor part = cursor_part(&in);
        int rc = 0;
        if (in.bad)
            break;
        if (field != TABLES_PLACE && !placed)
            return get_wrong(e, "they do not begin with their registers");
        if (field == TABLES_PLACE) {
            if (placed)
                return get_wrong(e, "their registers are there twice");
            rc = get_place(t, part, e);
            struct gva_context c = tables_context(&t->place);
            s = paging_scheme(&c);
            if (s)
                r = runs_fresh(s);
            placed = true;
        } else if (field == TABLES_MEMORY) {
            rc = get_regions(t, part, e);
        } else if (field == TABLES_TABLE) {
            rc = get_table(t, s, &r, part, e);
        }
        if (rc)
            return rc;
    }
    return in.bad || !placed ? get_wrong(e, "they end too early") : 0;
}

void tables_pair_fini(struct tables_pair *p)
{
    struct trace_tables *all[] = {p->now, p->before, p->spare};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i])
            tables_fini(all[i]);
        free(all[i]);
    }
    *p = (struct tables_pair){0};
}

int tables_pair_take(struct tables_pair *p, struct cursor in, unsigned vcpu, struct err *e)
{
    if (!p->spare)
        p->spare = calloc(1, sizeof *p->spare);
    if (!p->spare)
        return err_sys(e, ENOMEM, "page tables");
    struct trace_tables *newest = p->spare;
    int rc = tables_get(newest, in, e);
    if (rc || (vcpu != TRACE_ANY_VCPU && newest->place.vcpu != vcpu))
        return rc;
    p->spare = p->before; /* its memory is for the next one */
    p->before = p->now;
    p->now = newest;
    p->count++;
    return 0;
}
