/*
 * The PC as rows of a tree.  A device hangs on the interrupt controller whose input it pulls, as on the
 * board: what is behind what decides which interrupt waits for which. Devices that raise none hang on the PC
 * itself. Under an open device stand its facts and its registers, broken into as many rows as the pane needs.
 */
#include "monitor/views/devices_inside.h"

#include <inttypes.h>
#include <string.h>

/* Where the tree is being built. */
struct building {
    struct devices *d;
    const struct snapshot *s;
    int w;
    size_t master, slave; /* devices; 0: not there */
};

static struct device_row *row_add(struct building *b, struct device_row row)
{
    struct devices *d = b->d;
    if (d->rows == DEVICE_ROWS_MAX)
        return NULL;
    d->row[d->rows] = row;
    return &d->row[d->rows++];
}

/* ---- words under a device ---- */

/* How many bytes of `s` go into a row: up to the last blank that fits. */
static size_t wrap(const char *s, size_t n, size_t room)
{
    if (n <= room)
        return n;
    for (size_t i = room; i > 0; i--)
        if (s[i] == ' ')
            return i;
    return room;
}

/* Where the words of a register's line begin: behind name and value. */
static size_t meaning_at(const char *line, size_t n)
{
    size_t at = 0;
    for (int field = 0; field < 2; field++) {
        while (at < n && line[at] != ' ')
            at++;
        while (at < n && line[at] == ' ')
            at++;
    }
    return at < 24 ? at : 4;
}

static void add_words(struct building *b, const char *line, size_t n, struct device_row like)
{
    size_t indent = 2 * (size_t)like.depth + 1;
    size_t room = (size_t)b->w > indent + 12 ? (size_t)b->w - indent : 12;
    size_t hang = like.kind == ROW_REGISTER ? meaning_at(line, n) : 0, len = wrap(line, n, room);
    hang = room > hang + 16 ? hang : 2;
    like.at = b->d->words.len;
    like.len = len;
    text_addn(&b->d->words, line, n);
    if (b->d->words.failed)
        return;
    row_add(b, like);
    while (len < n) {
        while (len < n && line[len] == ' ')
            len++;
        struct device_row more = like;
        size_t part = wrap(line + len, n - len, room - hang);
        more.at += len;
        more.len = part;
        more.hang = (int)hang;
        more.kind = ROW_MORE;
        if (part)
            row_add(b, more);
        len += part;
    }
}

static void add_hex_range(const struct snapshot_range *r, struct text *out)
{
    text_addf(out, "0x%" PRIx64, r->base);
    if (r->len > 1)
        text_addf(out, "-0x%" PRIx64, r->base + r->len - 1);
}

void device_add_where(const struct snapshot_machine *m, size_t i, struct text *out)
{
    for (size_t k = 0; k < m->range_count[i]; k++) {
        const struct snapshot_range *r = &m->ranges[m->first_range[i] + k];
        bool same = k && r[-1].mmio == r->mmio;
        text_addf(out, "%s%s", k ? ", " : "", same ? "" : r->mmio ? "memory " : "port ");
        add_hex_range(r, out);
    }
}

static void add_facts(struct building *b, size_t i, struct device_row like)
{
    struct text fact = {0};
    const struct count_row *n = &b->s->counts.device[i];
    like.kind = ROW_FACT;
    text_add(&fact, b->s->machine->names.devices[i].summary);
    if (b->s->machine->range_count[i])
        text_add(&fact, "; ");
    device_add_where(b->s->machine, i, &fact);
    add_words(b, text_str(&fact), fact.len, like);
    text_clear(&fact);
    if (n->count) {
        text_addf(&fact, "%" PRIu64 " exits, handled in ", n->count);
        text_add_ns(&fact, n->host_ns);
        add_words(b, text_str(&fact), fact.len, like);
    }
    text_fini(&fact);
}

static void add_registers(struct building *b, size_t i, struct device_row like)
{
    const char *text = text_str(&b->d->past.now.words[i]);
    for (; *text; text += strspn(text, "\n")) {
        size_t n = strcspn(text, "\n");
        like.kind = ROW_REGISTER;
        like.changed = device_past_new(&b->d->past, i, text, n);
        add_words(b, text, n, like);
        text += n;
    }
    if (b->d->past.now.words[i].len)
        return;
    like.kind = ROW_FACT;
    like.changed = false;
    text = b->s->replay ? "no event of it yet; a trace holds no registers of devices" : "it has no registers";
    add_words(b, text, strlen(text), like);
}

static bool any_new(const struct devices *d, size_t i)
{
    const char *text = text_str(&d->past.now.words[i]);
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (device_past_new(&d->past, i, text, n))
            return true;
        text += text[n] ? n + 1 : n;
    }
    return false;
}

/* ---- the tree ---- */

static size_t parent_of(const struct building *b, size_t i)
{
    int line = b->d->line[i];
    if (line < 0 || i == b->master)
        return 0;
    return line >= 8 && b->slave ? b->slave : b->master;
}

/* The child of `parent` that comes behind `after`: by line, those without a line last. 0: no more. */
static size_t next_child(const struct building *b, size_t parent, size_t after)
{
    size_t best = 0;
    unsigned key_after = after ? (unsigned)b->d->line[after] % 64 * 256 + (unsigned)after : 0, best_key = 0;
    for (size_t i = 1; i < b->d->count; i++) {
        unsigned key = (unsigned)b->d->line[i] % 64 * 256 + (unsigned)i;
        if (parent_of(b, i) != parent || (after && key <= key_after) || (best && key >= best_key))
            continue;
        best = i;
        best_key = key;
    }
    return best;
}

static void add_children(struct building *b, size_t parent, int depth, unsigned rails);

static void add_device(struct building *b, size_t i, int depth, unsigned rails, bool last)
{
    unsigned under = last ? rails : rails | 1u << depth;
    bool has_children = next_child(b, i, 0) != 0;
    row_add(b, (struct device_row){.kind = ROW_DEVICE,
                                   .device = i,
                                   .depth = depth,
                                   .rails = rails,
                                   .last = last,
                                   .changed = b->d->changed[i]});
    if (b->d->open[i]) {
        struct device_row like = {
            .device = i, .depth = depth + 1, .rails = under | (has_children ? 1u << (depth + 1) : 0)};
        add_facts(b, i, like);
        add_registers(b, i, like);
    }
    if (has_children)
        add_children(b, i, depth + 1, under);
}

/* The tree is three deep at most: PC, master, slave, device. */
static void add_children(struct building *b, size_t parent, int depth, unsigned rails)
{
    for (size_t i = next_child(b, parent, 0), next; i && depth < 8; i = next) {
        next = next_child(b, parent, i);
        add_device(b, i, depth, rails, !next);
    }
}

static void find_controllers(struct building *b)
{
    for (size_t i = b->d->count; i-- > 1;) {
        if (b->d->line[i] == LINE_CPU)
            b->master = i;
        else if (b->d->line[i] == LINE_CASCADE)
            b->slave = i;
    }
    if (!b->master)
        b->slave = 0;
}

void devices_build(struct devices *d, const struct snapshot *s, int w)
{
    struct building b = {d, s, w, 0, 0};
    d->rows = 0;
    text_clear(&d->words);
    if (d->count < 2)
        return;
    find_controllers(&b);
    for (size_t i = 1; i < d->count; i++)
        d->changed[i] = any_new(d, i);
    row_add(&b, (struct device_row){.kind = ROW_PC});
    if (!s->replay) {
        row_add(&b, (struct device_row){.kind = ROW_CPU, .depth = 1});
        row_add(&b, (struct device_row){.kind = ROW_MEMORY, .depth = 1});
    }
    add_children(&b, 0, 1, 0);
}
