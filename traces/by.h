/*
 * The fields of `--by`: what tells the groups of `trace stat --by` and `trace top` apart.  Any field that a
 * query can ask for will do (query_field.c); a number may be divided into buckets: `time:10ms`, `seq:1000`,
 * `addr:0x1000`.
 */
#ifndef RINGSIDE_TRACES_BY_H
#define RINGSIDE_TRACES_BY_H

#include "traces/groups.h"
#include "traces/query_field.h"

#define BY_FIELDS_MAX (GROUP_KEYS_MAX - 1)

struct by_field {
    const struct query_field *field;
    uint64_t width; /* of a bucket; 0: every value stands by itself */
    char title[40]; /* as it was written */
};

struct by {
    struct by_field field[BY_FIELDS_MAX];
    size_t count;
};

/* Parses `device,reg` or `time:10ms`. The error names the field that is none, and the nearest that is one. */
NODISCARD int by_parse(struct by *by, const char *text, struct err *e);

/* Refuses to group a trace by symbols that it does not have. */
NODISCARD int by_check(const struct by *by, const struct event_names *names, struct err *e);

/* Names as numbers, so that a group's key is numbers only. All zeros is a valid empty one. */
struct by_names {
    char **name;
    size_t count, cap;
    uint32_t *slot; /* a hash table of indices and 1 */
    size_t slot_count;
    struct {
        const char *name;
        uint64_t number;
    } seen[64]; /* by where a name stands, which does not change while one trace is read */
};

#define BY_NAMES_MAX (4 * GROUPS_MAX)

void by_names_free(struct by_names *n);

/* Forgets where names stood: the next trace has its own. */
void by_names_next_trace(struct by_names *n);

/* The numbers of the event's group: GROUP_KEYS_MAX of them at `key`, of which the first by->count + 1 count.
 * False when a name is one too many, or memory ran out. `sentence` is room for the event's. */
bool by_key(const struct by *by, struct by_names *n, const struct event_names *names, const struct event *ev,
            struct text *sentence, uint64_t *key);

/* Appends what the group has in field `i`, for people (`-` for nothing) and as a member of a JSON object:
 * `"device":"uart"`. */
void by_cell(const struct by *by, const struct by_names *n, const uint64_t *key, size_t i, struct text *out);
void by_json(const struct by *by, const struct by_names *n, const uint64_t *key, size_t i, struct text *out);

/* Orders two groups by field `i` (what has no value comes first): below, at or above 0. */
int by_compare(const struct by *by, const struct by_names *n, const uint64_t *a, const uint64_t *b, size_t i);

#endif
