/*
 * `trace stat --by`: the events of one or many traces in groups of the reader's choice.  Every event that
 * passes the filter counts, Ringside's own ones as well as exits.
 */
#ifndef RINGSIDE_TRACES_STAT_BY_H
#define RINGSIDE_TRACES_STAT_BY_H

#include "traces/by.h"
#include "traces/commands.h"

struct stat_by {
    struct by by;
    struct by_names names;
    struct groups groups;
    struct spread_pool pool;
    struct group_row all; /* what passed the filter */
    struct text sentence;
};

/* What is shown. */
struct stat_by_view {
    size_t top;       /* rows; 0: 10, or all when the first field is divided into buckets */
    const char *sort; /* a column or a field; NULL: by count, buckets by where they begin */
};

/* `fields` as by_parse takes them. Free it with stat_by_fini, also after an error. */
NODISCARD int stat_by_init(struct stat_by *b, const char *fields, struct err *e);
void stat_by_fini(struct stat_by *b);

/* Forgets all that was counted. */
void stat_by_clear(struct stat_by *b);

/* Counts one event; `names` of the trace it is from. */
void stat_by_see(struct stat_by *b, const struct event_names *names, const struct event *ev);

/* Counts the wanted events of a trace; several traces one after the other give their sum. */
NODISCARD int stat_by_add(struct stat_by *b, struct trace_reader *r, const struct trace_filter *f,
                          struct err *e);

/* Refuses a word to sort by that is neither a column nor one of the fields. */
NODISCARD int stat_by_check_sort(const struct stat_by *b, const char *sort, struct err *e);

/* The groups in the wanted order, at most `top` in *shown; the rest is summed up into *others, and *left says
 * how many groups it is. Free the array. NULL when memory ran out. */
const struct group **stat_by_order(struct stat_by *b, const struct stat_by_view *v, size_t *shown,
                                   struct group_row *others, size_t *left);

/* Appends the table, with a line in front that says what was counted; and the members `by`, `events`, `rows`
 * and `others` of a JSON object. -1 when memory ran out. */
NODISCARD int stat_by_print(struct stat_by *b, const struct stat_by_view *v, struct text *out, struct err *e);
NODISCARD int stat_by_json(struct stat_by *b, const struct stat_by_view *v, struct text *out, struct err *e);

#endif
