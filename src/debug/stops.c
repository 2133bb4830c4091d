/*
 * The table of stops: see stops.h.  Numbers are given once and never again, so that "delete 3" typed a minute
 * late cannot hit another stop; the debugger's own (for next, finish, until, and those gdb sets) have numbers
 * of a range of their own.
 */
#include "debug/stops_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void stops_spec_fini(struct stops_spec *spec)
{
    expr_free(spec->condition);
    free(spec->condition_text);
    free(spec->where);
    free(spec->device);
    *spec = (struct stops_spec){.kind = spec->kind};
}

struct stops *stops_create(struct err *e)
{
    struct stops *s = calloc(1, sizeof *s);
    if (!s) {
        err_sys(e, ENOMEM, "stops");
        return NULL;
    }
    s->next = 1;
    s->next_hidden = STOPS_HIDDEN_FIRST;
    return s;
}

static void stop_free(struct stop *x)
{
    stops_spec_fini(&x->what);
    free(x->commands);
    free(x->seen);
    free(x);
}

void stops_destroy(struct stops *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        stop_free(s->row[i]);
    free(s->row);
    free(s);
}

void stops_recount(struct stops *s)
{
    memset(s->armed, 0, sizeof s->armed);
    for (size_t i = 0; i < s->count; i++)
        s->armed[s->row[i]->what.kind] += stop_is_armed(s->row[i]);
}

static int spec_check(const struct stops *s, const struct stops_spec *spec, struct err *e)
{
    if ((unsigned)spec->kind >= STOPS_KIND_COUNT)
        return err_set(e, "no such kind of stop");
    if (s->count >= STOPS_MAX)
        return err_set(e, "there are %d stops already: delete some", STOPS_MAX);
    if (spec->first > spec->last)
        return err_set(e, "the range ends before it begins");
    if (spec->kind == STOPS_WATCH && spec->last - spec->first >= STOPS_WATCH_MAX)
        return err_set(e, "a watch covers at most %d bytes", STOPS_WATCH_MAX);
    return 0;
}

static struct stop *stops_push(struct stops *s, const struct stops_spec *spec)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 8;
        struct stop **grown = realloc(s->row, cap * sizeof *grown);
        if (!grown)
            return NULL;
        s->row = grown;
        s->cap = cap;
    }
    struct stop *x = calloc(1, sizeof *x);
    size_t len = spec->kind == STOPS_WATCH ? (size_t)(spec->last - spec->first + 1) : 0;
    if (x && len)
        x->seen = malloc(len);
    if (!x || (len && !x->seen)) {
        free(x);
        return NULL;
    }
    s->row[s->count++] = x;
    return x;
}

unsigned stops_add(struct stops *s, struct stops_spec *spec, const struct target *t, struct err *e)
{
    struct stop *x = NULL;
    if (spec_check(s, spec, e) == 0 && !(x = stops_push(s, spec)))
        err_sys(e, ENOMEM, "stop");
    if (!x) {
        stops_spec_fini(spec);
        return 0;
    }
    x->what = *spec;
    x->enabled = true;
    x->number = spec->hidden ? s->next_hidden++ : s->next++;
    *spec = (struct stops_spec){.kind = spec->kind};
    if (x->seen && t) {
        x->seen_len = target_read(t, x->what.first, x->seen, stop_watch_len(x), NULL);
        x->looked = true;
    }
    stops_recount(s);
    return x->number;
}

static struct stop *stop_find(const struct stops *s, unsigned number)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->row[i]->number == number)
            return s->row[i];
    return NULL;
}

static struct stop *stop_need(const struct stops *s, unsigned number, struct err *e)
{
    struct stop *x = stop_find(s, number);
    if (!x)
        err_set(e, "there is no stop %u", number);
    return x;
}

const struct stop *stops_find(const struct stops *s, unsigned number)
{
    return stop_find(s, number);
}

const struct stop *stops_row(const struct stops *s, size_t i)
{
    return i < s->count ? s->row[i] : NULL;
}

size_t stops_armed(const struct stops *s, enum stops_kind kind)
{
    return s->armed[kind];
}

/* Keeps the rows that `goes` does not choose. */
static void stops_remove(struct stops *s, bool (*goes)(const struct stop *x, unsigned number),
                         unsigned number)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (goes(s->row[i], number))
            stop_free(s->row[i]);
        else
            s->row[kept++] = s->row[i];
    }
    s->count = kept;
    stops_recount(s);
}

static bool is_meant(const struct stop *x, unsigned number)
{
    return number ? x->number == number : !x->what.hidden;
}

static bool is_spent(const struct stop *x, unsigned number)
{
    (void)number;
    return x->spent;
}

int stops_delete(struct stops *s, unsigned number, struct err *e)
{
    if (number && !stop_need(s, number, e))
        return -1;
    stops_remove(s, is_meant, number);
    return 0;
}

int stops_enable(struct stops *s, unsigned number, bool enabled, struct err *e)
{
    if (number && !stop_need(s, number, e))
        return -1;
    for (size_t i = 0; i < s->count; i++)
        if (is_meant(s->row[i], number))
            s->row[i]->enabled = enabled;
    stops_recount(s);
    return 0;
}

void stops_sweep(struct stops *s)
{
    for (size_t i = 0; i < s->count; i++)
        s->row[i]->met = false;
    stops_remove(s, is_spent, 0);
}

/* Whether stops of this kind see an event, so that its fields may be in their condition. */
static bool kind_has_event(enum stops_kind kind)
{
    static const bool has[STOPS_KIND_COUNT] = {
        [STOPS_IO] = true,   [STOPS_MMIO] = true,   [STOPS_MSR] = true,   [STOPS_HLT] = true,
        [STOPS_KIND] = true, [STOPS_ASSIST] = true, [STOPS_DEVICE] = true};
    return has[kind];
}

int stops_condition(enum stops_kind kind, const char *text, const struct target *t, struct expr **x,
                    char **copy, struct err *e)
{
    *x = NULL;
    *copy = NULL;
    text += strspn(text, " \t");
    if (!*text)
        return 0;
    *x = expr_parse(text, t, NULL, e);
    if (!*x)
        return err_wrap(e, "condition");
    if (expr_needs_event(*x) && !kind_has_event(kind)) {
        expr_free(*x);
        *x = NULL;
        return err_set(e, "condition: this kind of stop has no event, so that it has no such field");
    }
    *copy = strdup(text);
    if (*copy)
        return 0;
    expr_free(*x);
    *x = NULL;
    return err_sys(e, ENOMEM, "condition");
}

int stops_set_condition(struct stops *s, unsigned number, const char *text, const struct target *t,
                        struct err *e)
{
    struct stop *x = stop_need(s, number, e);
    struct expr *condition;
    char *copy;
    if (!x || stops_condition(x->what.kind, text, t, &condition, &copy, e) < 0)
        return -1;
    expr_free(x->what.condition);
    free(x->what.condition_text);
    x->what.condition = condition;
    x->what.condition_text = copy;
    return 0;
}

int stops_set_commands(struct stops *s, unsigned number, const char *text, struct err *e)
{
    struct stop *x = stop_need(s, number, e);
    if (!x)
        return -1;
    char *copy = *text ? strdup(text) : NULL;
    if (*text && !copy)
        return err_sys(e, ENOMEM, "commands");
    free(x->commands);
    x->commands = copy;
    return 0;
}

int stops_set_ignore(struct stops *s, unsigned number, uint64_t ignore, struct err *e)
{
    struct stop *x = stop_need(s, number, e);
    if (!x)
        return -1;
    x->what.ignore = ignore;
    return 0;
}
