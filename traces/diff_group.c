/*
 * Behaviours: events of `trace diff` counted by what happened and in which function.  The two traces number
 * devices, registers and symbols each in its own way, so behaviours are known by name; a second table by side
 * finds them by numbers, so that a name is made only once.
 */
#include "traces/class.h"
#include "traces/diff_inside.h"
#include "traces/fields.h"

#include <stdlib.h>
#include <string.h>

/* ---- from a key to a number ---- */

/* Numbers of sets beyond this are not kept: they are looked up by name each time. */
enum { MAP_MAX = 1 << 16 };

static size_t map_slot(const struct diff_map *m, uint64_t key)
{
    size_t i = (size_t)(diff_mix(key, 0) >> 7) & (m->cap - 1);
    while (m->value[i] && m->key[i] != key)
        i = (i + 1) & (m->cap - 1);
    return i;
}

static long map_find(const struct diff_map *m, uint64_t key)
{
    return m->cap ? (long)m->value[map_slot(m, key)] - 1 : -1;
}

static bool map_grow(struct diff_map *m)
{
    struct diff_map wide = {.cap = m->cap ? 2 * m->cap : 256};
    wide.key = calloc(wide.cap, sizeof *wide.key);
    wide.value = calloc(wide.cap, sizeof *wide.value);
    if (!wide.key || !wide.value) {
        free(wide.key);
        free(wide.value);
        return false;
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (!m->value[i])
            continue;
        size_t to = map_slot(&wide, m->key[i]);
        wide.key[to] = m->key[i];
        wide.value[to] = m->value[i];
    }
    wide.count = m->count;
    free(m->key);
    free(m->value);
    *m = wide;
    return true;
}

static bool map_add(struct diff_map *m, uint64_t key, size_t value)
{
    if (m->count == MAP_MAX)
        return true;
    if (2 * m->count >= m->cap && !map_grow(m))
        return false;
    size_t i = map_slot(m, key);
    m->key[i] = key;
    m->value[i] = (uint32_t)value + 1;
    m->count++;
    return true;
}

/* ---- groups ---- */

static void group_name(const struct diff_side *s, const struct event *ev, struct text *what, struct text *reg)
{
    class_name(ev, s->names, what);
    if (!ev->device)
        return;
    class_device_name(s->names, ev->device, reg);
    if (*event_reg_name(s->names, ev))
        text_addf(reg, ".%s", event_reg_name(s->names, ev));
}

/* Names are short but for those of a file that somebody made up. */
enum { NAME_MAX_LEN = 160 };

static char *name_copy(const char *s)
{
    struct text t = {0};
    string_clean(&t, s, strlen(s), NAME_MAX_LEN);
    char *copy = t.failed ? NULL : strdup(text_str(&t));
    text_fini(&t);
    return copy;
}

static long group_add(struct diff_groups *g, const struct text *what, const char *where,
                      const struct text *reg, const struct event *ev)
{
    if (g->count == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 64;
        struct diff_group *grown = realloc(g->row, cap * sizeof *grown);
        if (!grown)
            return -1;
        g->row = grown;
        g->cap = cap;
    }
    struct diff_group *row = &g->row[g->count];
    *row = (struct diff_group){.what = name_copy(text_str(what)),
                               .where = name_copy(where),
                               .reg = name_copy(text_str(reg)),
                               .kind = ev->kind,
                               .dir = ev->dir,
                               .colour = event_kind_info(ev->kind)->colour};
    g->count++;
    return row->what && row->where && row->reg ? (long)g->count - 1 : -1;
}

/* Behind so many behaviours all others are one. */
static long group_rest(struct diff_groups *g, const struct event *ev)
{
    static const char rest[] = "other behaviour";
    struct text what = {0}, reg = {0};
    if (g->count == DIFF_GROUPS_MAX + 1)
        return DIFF_GROUPS_MAX;
    text_add(&what, rest);
    long at = group_add(g, &what, "", &reg, ev);
    text_fini(&what);
    return at;
}

static long group_by_name(struct diff_groups *g, const struct diff_side *s, const struct event *ev)
{
    struct text what = {0}, reg = {0};
    const char *where = s->options->place == DIFF_PLACE_SYMBOL ? event_symbol_name(s->names, ev) : "";
    group_name(s, ev, &what, &reg);
    uint64_t key =
        diff_mix(diff_mix(diff_mix(0, diff_sum_string(text_str(&what))), ev->kind), diff_sum_string(where));
    long at = map_find(&g->by_name, key);
    if (at < 0 && g->count >= DIFF_GROUPS_MAX) {
        at = group_rest(g, ev);
    } else if (at < 0) {
        at = group_add(g, &what, where, &reg, ev);
        if (at >= 0 && !map_add(&g->by_name, key, (size_t)at))
            at = -1;
    }
    text_fini(&what);
    text_fini(&reg);
    return at;
}

static uint64_t number_key(const struct diff_side *s, const struct event *ev)
{
    uint64_t offset;
    const struct event_symbol *at = ev->flags & EVENT_NO_CPU || s->options->place != DIFF_PLACE_SYMBOL
                                        ? NULL
                                        : event_symbol_at(s->names, event_linear(ev), &offset);
    return diff_mix(diff_mix(0, class_key(ev)), at ? (uint64_t)(at - s->names->symbols) + 1 : 0);
}

long diff_group_find(struct diff_groups *g, const struct diff *d, unsigned side, const struct event *ev)
{
    uint64_t key = number_key(&d->side[side], ev);
    long at = map_find(&g->seen[side], key);
    if (at >= 0)
        return at;
    at = group_by_name(g, &d->side[side], ev);
    if (at < 0 || !map_add(&g->seen[side], key, (size_t)at))
        g->failed = true;
    return at;
}

void diff_groups_fini(struct diff_groups *g)
{
    struct diff_map *maps[] = {&g->by_name, &g->seen[SIDE_A], &g->seen[SIDE_B]};
    for (size_t i = 0; i < g->count; i++) {
        free(g->row[i].what);
        free(g->row[i].where);
        free(g->row[i].reg);
    }
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        free(maps[i]->key);
        free(maps[i]->value);
    }
    free(g->row);
}

static int by_difference(const void *x, const void *y)
{
    const struct diff_group *a = x, *b = y;
    uint64_t m = diff_group_differs(a), n = diff_group_differs(b);
    if (m != n)
        return m < n ? 1 : -1;
    uint64_t all_a = a->count[0] + a->count[1], all_b = b->count[0] + b->count[1];
    if (all_a != all_b)
        return all_a < all_b ? 1 : -1;
    int order = strcmp(a->what, b->what);
    return order ? order : strcmp(a->where, b->where);
}

void diff_groups_sort(struct diff_groups *g)
{
    if (g->count)
        qsort(g->row, g->count, sizeof *g->row, by_difference);
}
