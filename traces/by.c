/*
 * Fields as keys of groups: see by.h.  A key has a number for each field (a bucket's, or that of a name in a
 * table of names) and one more, whose bits say which of the fields the event had at all.
 */
#include "traces/by.h"

#include "traces/query.h"

#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parsing ----------------------------------------------------------------------------------------------
 */

static bool is_time(const struct query_field *f)
{
    size_t len = strlen(f->name);
    return len > 3 && strcmp(f->name + len - 3, "_ns") == 0;
}

static int width_parse(struct by_field *f, const char *text, struct err *e)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"", 1}, {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    char *end;
    unsigned long long n = strtoull(text, &end, 0);
    if (f->field->type != QUERY_NUMBER)
        return err_set(e, "%s is a name: only numbers have buckets", f->field->name);
    for (size_t i = 0; end != text && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].name) != 0 || (i > 0 && !is_time(f->field)))
            continue;
        if (strchr(text, '-') || n == 0 || n > UINT64_MAX / units[i].ns)
            break;
        f->width = n * units[i].ns;
        return 0;
    }
    return err_set(e, "\"%.20s\" is no width of a bucket: %s", text,
                   is_time(f->field) ? "10ms, 500us, 1s" : "1000, 0x1000");
}

static const struct query_field *field_find(const char *name, struct err *e)
{
    const char *best = NULL, *known, *summary;
    size_t distance = 0;
    const struct query_field *f =
        query_field_find(query_event_fields, strcmp(name, "time") ? name : "time_ns");
    if (f)
        return f;
    bool is_register;
    (void)query_register_find(name, &is_register);
    if (is_register) {
        err_set(e, "%s is a register: --where asks about those, groups are of an event's own fields", name);
        return NULL;
    }
    for (size_t i = 0; query_field_help(i, &known, &summary); i++)
        nearest_offer(name, known, &best, &distance);
    if (best)
        err_set(e, "\"%.30s\" is no field; did you mean %s?", name, best);
    else
        err_set(e, "\"%.30s\" is no field: kind, device, reg, dir, mode, symbol, rip, time:10ms ...", name);
    return NULL;
}

static int field_parse(struct by *by, const char *word, size_t len, struct err *e)
{
    struct by_field *f = &by->field[by->count];
    char name[sizeof f->title];
    if (by->count == BY_FIELDS_MAX)
        return err_set(e, "more than %d fields", BY_FIELDS_MAX);
    if (len >= sizeof f->title)
        return err_set(e, "\"%.30s...\" is no field", word);
    snprintf(f->title, sizeof f->title, "%.*s", (int)len, word);
    memcpy(name, f->title, sizeof name);
    char *colon = strchr(name, ':');
    if (colon)
        *colon = '\0';
    if (!(f->field = field_find(name, e)))
        return -1;
    for (size_t i = 0; i < by->count; i++)
        if (by->field[i].field == f->field)
            return err_set(e, "%s is there twice", name);
    if (colon && width_parse(f, colon + 1, e))
        return -1;
    if (!colon && strcmp(name, "time") == 0)
        return err_set(e, "time needs the width of a bucket: time:10ms");
    by->count++;
    return 0;
}

int by_parse(struct by *by, const char *text, struct err *e)
{
    *by = (struct by){.count = 0};
    for (;;) {
        size_t len = strcspn(text, ",");
        if (field_parse(by, text, len, e))
            return -1;
        if (!text[len])
            return 0;
        text += len + 1;
    }
}

int by_check(const struct by *by, const struct event_names *names, struct err *e)
{
    for (size_t i = 0; i < by->count; i++)
        if (query_field_is_symbol(by->field[i].field) && names->symbol_count == 0)
            return err_set(e, "by %s: this trace has no symbols: the guest brought no ELF file",
                           by->field[i].title);
    return 0;
}

/* ---- names ------------------------------------------------------------------------------------------------
 */

void by_names_free(struct by_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->name[i]);
    free(n->name);
    free(n->slot);
    *n = (struct by_names){0};
}

void by_names_next_trace(struct by_names *n)
{
    memset(n->seen, 0, sizeof n->seen);
}

static size_t name_slot(const struct by_names *n, const char *name)
{
    uint64_t h = 0;
    for (const char *p = name; *p; p++)
        h = (h ^ (uint8_t)*p) * 0x100000001b3;
    size_t s = (h ^ h >> 29) & (n->slot_count - 1);
    while (n->slot[s] && strcmp(n->name[n->slot[s] - 1], name) != 0)
        s = (s + 1) & (n->slot_count - 1);
    return s;
}

static bool names_grow(struct by_names *n)
{
    size_t cap = n->cap ? 2 * n->cap : 64;
    char **grown = cap > BY_NAMES_MAX ? NULL : realloc(n->name, cap * sizeof *grown);
    uint32_t *slot = grown ? calloc(4 * cap, sizeof *slot) : NULL;
    if (grown)
        n->name = grown;
    if (!slot)
        return false;
    free(n->slot);
    n->slot = slot;
    n->slot_count = 4 * cap;
    n->cap = cap;
    for (size_t i = 0; i < n->count; i++)
        n->slot[name_slot(n, n->name[i])] = (uint32_t)i + 1;
    return true;
}

static bool name_number(struct by_names *n, const char *name, uint64_t *number)
{
    if (n->count == n->cap && !names_grow(n))
        return false;
    size_t s = name_slot(n, name);
    if (!n->slot[s]) {
        char *copy = strdup(name);
        if (!copy)
            return false;
        n->name[n->count] = copy;
        n->slot[s] = (uint32_t)++n->count;
    }
    *number = n->slot[s] - 1;
    return true;
}

/* The same for a name that stays where it is as long as its trace. */
static bool name_number_seen(struct by_names *n, const char *name, uint64_t *number)
{
    size_t i = ((uintptr_t)name ^ (uintptr_t)name >> 6) % (sizeof n->seen / sizeof n->seen[0]);
    if (n->seen[i].name != name) {
        if (!name_number(n, name, &n->seen[i].number))
            return false;
        n->seen[i].name = name;
    }
    *number = n->seen[i].number;
    return true;
}

/* ---- keys -------------------------------------------------------------------------------------------------
 */

bool by_key(const struct by *by, struct by_names *n, const struct event_names *names, const struct event *ev,
            struct text *sentence, uint64_t *key)
{
    const struct query_subject s = {.names = names, .ev = ev, .sentence = sentence};
    uint64_t has = 0;
    for (size_t i = 0; i < by->count; i++) {
        const struct by_field *f = &by->field[i];
        struct query_value v = f->field->get(&s);
        key[i] = 0;
        if (!v.known)
            continue;
        has |= 1u << i;
        if (f->field->type != QUERY_NAME)
            key[i] = f->width ? v.number / f->width : v.number;
        else if (!(v.name == sentence->buf ? name_number : name_number_seen)(n, v.name, &key[i]))
            return false;
    }
    key[by->count] = has;
    return true;
}

static bool has_value(const struct by *by, const uint64_t *key, size_t i)
{
    return key[by->count] >> i & 1;
}

/* Numbers that people know in hexadecimal. */
static bool is_hex(const struct query_field *f)
{
    static const char *const names[] = {"rip", "addr", "value", "gpa", "port", "msr", "vector", "cs"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(f->name, names[i]))
            return true;
    return false;
}

/* When a bucket of time begins, in seconds, with as many decimals as its width has. */
static void add_seconds(struct text *out, uint64_t ns, uint64_t width)
{
    int decimals = 9;
    uint64_t unit = 1;
    for (; decimals > 0 && width % 10 == 0 && width; width /= 10, unit *= 10)
        decimals--;
    text_addf(out, "%" PRIu64, ns / 1000000000);
    if (decimals)
        text_addf(out, ".%0*" PRIu64, decimals, ns % 1000000000 / unit);
    text_add(out, " s");
}

enum { CELL_MAX = 60 };

/* A sentence may be very long. */
static void add_cut(struct text *out, const char *s)
{
    size_t left = strlen(s), used = 0;
    uint32_t code;
    for (size_t cells = 0; used < left; cells++) {
        size_t len = utf8_decode(s + used, left - used, &code);
        if (cells == CELL_MAX - 1 && used + len < left) {
            text_addn(out, s, used);
            text_add(out, "…");
            return;
        }
        used += len ? len : 1;
    }
    text_add(out, s);
}

void by_cell(const struct by *by, const struct by_names *n, const uint64_t *key, size_t i, struct text *out)
{
    const struct by_field *f = &by->field[i];
    uint64_t v = f->width ? key[i] * f->width : key[i];
    if (!has_value(by, key, i))
        text_add(out, "-");
    else if (f->field->type == QUERY_NAME)
        add_cut(out, n->name[key[i]]);
    else if (!strcmp(f->field->name, "time_ns"))
        add_seconds(out, v, f->width);
    else if (is_time(f->field))
        text_addf(out, "%" PRIu64 " ns", v);
    else
        text_addf(out, is_hex(f->field) ? "0x%" PRIx64 : "%" PRIu64, v);
}

void by_json(const struct by *by, const struct by_names *n, const uint64_t *key, size_t i, struct text *out)
{
    const struct by_field *f = &by->field[i];
    uint64_t v = f->width ? key[i] * f->width : key[i];
    text_addf(out, "\"%s\":", f->field->name);
    if (!has_value(by, key, i))
        text_add(out, "null");
    else if (f->field->type == QUERY_NAME)
        text_add_json(out, n->name[key[i]]);
    else
        text_addf(out, is_hex(f->field) ? "\"0x%" PRIx64 "\"" : "%" PRIu64, v);
}

int by_compare(const struct by *by, const struct by_names *n, const uint64_t *a, const uint64_t *b, size_t i)
{
    bool known_a = has_value(by, a, i), known_b = has_value(by, b, i);
    if (!known_a || !known_b)
        return known_a - known_b;
    if (by->field[i].field->type == QUERY_NAME)
        return strcmp(n->name[a[i]], n->name[b[i]]);
    return a[i] < b[i] ? -1 : a[i] > b[i];
}
