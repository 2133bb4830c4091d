/*
 * The linear address space as ranges: see pages_map_write in pages.h.  The tree of page tables is walked in
 * the order of linear addresses, and pages that continue each other, in both address spaces and in rights,
 * become one range, cut where something else is behind it (Intel SDM, "Paging").
 *
 * The tables are the guest's, and a few entries are enough to describe 2^36 pages: a table may point to
 * itself (operating systems do so to reach their own tables: "recursive mapping"), or all entries of a level
 * may name one table. So an entry that leads back to a table on its own path ends there with a line that says
 * so; a table met again at the same level, with the same rights above it, is followed a few times (kernels
 * map one table both low and high) and then named only; and a budget of entries and lines ends the rest.
 */
#include "debug/page_map.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define UNPAGED_LEN (1ull << 32) /* what can be addressed without paging */

enum { FOLLOW_MAX = 4, SEEN_SLOTS = 4096, ENTRIES_LEAST = 512 };
_Static_assert(SEEN_SLOTS > 2 * PAGES_ENTRIES_MAX / ENTRIES_LEAST, "a table costs entries: they all fit");

/* A table that was followed. */
struct seen {
    uint64_t gpa, first_gva;
    unsigned key, times; /* times 0: a free slot */
};

struct map {
    const struct guest_memory *memory;
    struct gva_context context;
    const struct paging_scheme *scheme;
    struct pages_filter filter;
    bool narrow; /* follow only what the filter wants */
    unsigned digits;
    struct text *out;
    struct seen *seen;
    uint64_t path[PAGING_LEVELS_MAX]; /* the tables above */
    size_t entries, lines, searched;
    struct map_run run; /* the one that may still grow; len 0: none */
    struct backing_run backing;
    bool done, folded;
    enum { STOPPED_NOT, STOPPED_ENTRIES, STOPPED_LINES, STOPPED_SEARCHED } stopped; /* by which bound, … */
    uint64_t stopped_gva;                                                           /* … and where */
};

static void map_stop(struct map *m, unsigned bound, uint64_t gva)
{
    m->done = true;
    m->stopped = bound;
    m->stopped_gva = gva;
}

static bool run_wanted(const struct map *m, const struct map_run *r)
{
    return r->gva <= m->filter.last && r->gva + (r->len - 1) >= m->filter.first;
}

static void map_flush(struct map *m)
{
    struct map_run r = m->run;
    m->run.len = 0;
    if (r.len == 0 || !run_wanted(m, &r))
        return;
    if (m->lines == PAGES_LINES_MAX || m->searched == PAGES_SEARCHED_MAX) {
        map_stop(m, m->lines == PAGES_LINES_MAX ? STOPPED_LINES : STOPPED_SEARCHED, r.gva);
        return;
    }
    struct text line = {0};
    map_run_write(&m->context, &r, m->digits, &line);
    if (line.failed)
        m->out->failed = true;
    m->searched++;
    if (!m->filter.word || strstr(text_str(&line), m->filter.word)) {
        m->lines++;
        m->folded = m->folded || r.kind == MAP_SHARED;
        text_add(m->out, text_str(&line));
    }
    text_fini(&line);
}

static bool rights_equal(struct paging_rights a, struct paging_rights b)
{
    return a.writable == b.writable && a.user == b.user && a.executable == b.executable;
}

/* Makes `r` part of the range before it, if it continues that. */
static bool run_join(struct map_run *run, const struct map_run *r)
{
    if (run->len == 0 || run->kind != r->kind || run->gva + run->len != r->gva)
        return false;
    if (r->kind != MAP_PAGES) {
        if (run->level != r->level || (r->kind != MAP_RESERVED && run->gpa != r->gpa))
            return false;
        run->len += r->len;
        return true;
    }
    bool follows = !run->same && run->gpa + run->len == r->gpa;
    bool same = (run->same || run->len == run->unit) && r->gpa == run->gpa && r->len == run->unit;
    if (!(follows || same) || !rights_equal(run->rights, r->rights) || run->backing != r->backing)
        return false;
    run->same = same;
    run->len += r->len;
    run->page_lens |= r->page_lens;
    run->a_any = run->a_any || r->a_any;
    run->a_all = run->a_all && r->a_all;
    run->d_any = run->d_any || r->d_any;
    run->d_all = run->d_all && r->d_all;
    return true;
}

static void map_put(struct map *m, const struct map_run *r)
{
    if (m->done || run_join(&m->run, r))
        return;
    map_flush(m);
    if (r->gva > m->filter.last)
        m->done = true;
    if (!m->done)
        m->run = *r;
}

/* Puts a stretch of pages in pieces, each with one thing behind it. */
static void map_put_pages(struct map *m, struct map_run r)
{
    for (uint64_t left = r.len; left > 0 && !m->done; left -= r.len, r.gva += r.len, r.gpa += r.len) {
        if (r.gpa - m->backing.gpa >= m->backing.len)
            m->backing = backing_at(m->memory, r.gpa);
        uint64_t piece = m->backing.len - (r.gpa - m->backing.gpa);
        r.len = r.unit = piece < left ? piece : left;
        r.backing = m->backing.what;
        map_put(m, &r);
    }
}

/* The slot of a table at a level under these rights: its own or a free one. */
static struct seen *seen_find(struct map *m, unsigned level, uint64_t gpa, struct paging_rights r)
{
    unsigned key = level << 3 | (unsigned)r.writable << 2 | (unsigned)r.user << 1 | (unsigned)r.executable;
    uint64_t hash = ((gpa >> 12) * 0x9e3779b97f4a7c15ull) >> 40 ^ key;
    for (size_t i = hash % SEEN_SLOTS;; i = (i + 1) % SEEN_SLOTS) {
        struct seen *s = &m->seen[i];
        if (s->times == 0)
            *s = (struct seen){.gpa = gpa, .key = key};
        if (s->gpa == gpa && s->key == key)
            return s;
    }
}

static const void *table_ptr(const struct map *m, unsigned level, uint64_t gpa)
{
    uint64_t len = (uint64_t)paging_entries(&m->scheme->level[level]) * m->scheme->entry_len;
    return memory_ptr(m->memory, gpa, len, false);
}

static bool on_path(const struct map *m, unsigned level, uint64_t gpa)
{
    for (unsigned i = 0; i <= level; i++)
        if (m->path[i] == gpa)
            return true;
    return false;
}

static void map_table(struct map *m, unsigned level, uint64_t gpa, uint64_t gva, struct paging_rights rights);

/* Follows the entry of a table at `level` to the table at `gpa`, or says why not. */
static void map_follow(struct map *m, unsigned level, uint64_t gpa, uint64_t gva, struct paging_rights rights)
{
    struct map_run note = {.gva = gva,
                           .len = 1ull << m->scheme->level[level].shift,
                           .gpa = gpa,
                           .level = &m->scheme->level[level]};
    if (on_path(m, level, gpa)) {
        note.kind = MAP_RECURSIVE;
    } else if (!table_ptr(m, level + 1, gpa)) {
        note.kind = MAP_UNBACKED;
    } else {
        if (m->entries + paging_entries(&m->scheme->level[level + 1]) > PAGES_ENTRIES_MAX) {
            map_flush(m);
            map_stop(m, STOPPED_ENTRIES, gva);
            return;
        }
        struct seen *s = seen_find(m, level, gpa, rights);
        if (s->times == 0)
            s->first_gva = gva;
        if (s->times < FOLLOW_MAX || m->narrow) {
            s->times++;
            map_table(m, level + 1, gpa, gva, rights);
            return;
        }
        note.kind = MAP_SHARED;
        note.first_gva = s->first_gva;
    }
    map_put(m, &note);
}

static void map_entry(struct map *m, unsigned level, uint64_t raw, uint64_t gva, struct paging_rights above)
{
    const struct paging_level *l = &m->scheme->level[level];
    struct paging_entry e;
    paging_decode(m->scheme, l, &m->context, raw, &e);
    struct paging_rights rights = paging_rights_and(above, e.rights);
    uint64_t len = 1ull << l->shift;
    if (e.kind == PAGING_TABLE) {
        map_follow(m, level, e.gpa, gva, rights);
    } else if (e.kind == PAGING_RESERVED) {
        map_put(m, &(struct map_run){.kind = MAP_RESERVED, .gva = gva, .len = len, .level = l});
    } else {
        bool accessed = raw & PAGING_A, dirty = raw & PAGING_D;
        map_put_pages(m, (struct map_run){.gva = gva,
                                          .len = len,
                                          .gpa = e.gpa,
                                          .page_lens = len,
                                          .rights = rights,
                                          .a_any = accessed,
                                          .a_all = accessed,
                                          .d_any = dirty,
                                          .d_all = dirty});
    }
}

static void map_table(struct map *m, unsigned level, uint64_t gpa, uint64_t gva, struct paging_rights rights)
{
    const struct paging_scheme *s = m->scheme;
    const struct paging_level *l = &s->level[level];
    const uint8_t *p = table_ptr(m, level, gpa);
    uint64_t sign = level == 0 && s->gva_bits > 32 ? 1ull << (s->gva_bits - 1) : 0;
    m->path[level] = gpa;
    m->entries += paging_entries(l);
    for (unsigned i = 0; i < paging_entries(l) && !m->done; i++, p += s->entry_len) {
        uint64_t raw = s->entry_len == 8 ? le64_load(p) : le32_load(p);
        if (!(raw & PAGING_P))
            continue;
        uint64_t at = gva + ((uint64_t)i << l->shift);
        if (at & sign)
            at |= 0 - sign;
        bool outside = at > m->filter.last || at + ((1ull << l->shift) - 1) < m->filter.first;
        if (!m->narrow || !outside)
            map_entry(m, level, raw, at, rights);
    }
}

/* One pass over the tree (or over the physical address space, without paging). */
static void map_scan(struct map *m)
{
    const struct paging_rights all = {true, true, true};
    if (!m->scheme) {
        map_put_pages(m, (struct map_run){.len = UNPAGED_LEN, .rights = all});
    } else {
        uint64_t root = m->context.cr3 & m->scheme->cr3_mask;
        if (table_ptr(m, 0, root))
            map_table(m, 0, root, 0, all);
        else
            text_addf(m->out, "no memory under the %s at 0x%" PRIx64 "\n", m->scheme->level->table, root);
    }
    if (!m->done)
        map_flush(m);
}

static void map_write_end(const struct map *m)
{
    static const struct {
        int most;
        const char *what;
    } bounds[] = {[STOPPED_ENTRIES] = {PAGES_ENTRIES_MAX, "entries are read"},
                  [STOPPED_LINES] = {PAGES_LINES_MAX, "lines are shown"},
                  [STOPPED_SEARCHED] = {PAGES_SEARCHED_MAX, "lines are searched"}};
    if (m->lines == 0 && !m->stopped)
        text_add(m->out, m->filter.word || m->filter.first > 0 || m->filter.last < UINT64_MAX
                             ? "nothing mapped there\n"
                             : "nothing is mapped\n");
    if (m->stopped)
        text_addf(m->out,
                  "from 0x%" PRIx64 " on left out: no more than %d %s; name a part as FIRST-END to see it\n",
                  m->stopped_gva, bounds[m->stopped].most, bounds[m->stopped].what);
}

/* With a filter for addresses, ranges are shown whole; where that would be too much or has been folded, only
 * the part that was asked for is looked at. */
static void map_scan_filtered(struct map *m)
{
    size_t before = m->out->len;
    map_scan(m);
    bool part = m->filter.first > 0 || m->filter.last < UINT64_MAX;
    if (!m->scheme || !part || !(m->folded || m->stopped == STOPPED_ENTRIES))
        return;
    if (m->out->len > before) {
        m->out->len = before;
        m->out->buf[before] = '\0';
    }
    m->narrow = true;
    m->done = false;
    m->stopped = STOPPED_NOT;
    m->entries = m->lines = m->searched = 0;
    m->run.len = 0;
    map_scan(m);
}

void pages_map_write(const struct target *t, const struct pages_filter *filter, struct text *out)
{
    struct map m = {.memory = t->memory,
                    .context = target_gva_context(t),
                    .filter = {.last = UINT64_MAX},
                    .out = out,
                    .seen = calloc(SEEN_SLOTS, sizeof(struct seen))};
    if (!m.seen) {
        out->failed = true;
        return;
    }
    m.scheme = paging_scheme(&m.context);
    m.digits = m.scheme && m.scheme->gva_bits > 32 ? 16 : 8;
    if (filter)
        m.filter = *filter;
    pages_scheme_write(&m.context, out);
    if (!t->memory->a20)
        text_add(out, "A20 is off: physical 1M to 2M is 0 to 1M once more\n");
    map_heading_write(m.digits, out);
    map_scan_filtered(&m);
    map_write_end(&m);
    free(m.seen);
}
