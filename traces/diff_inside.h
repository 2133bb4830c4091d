/*
 * Inside `trace diff`: a side of the comparison, the fields that are compared, the walk through both traces
 * once they are aligned, and what is counted on it.
 */
#ifndef RINGSIDE_TRACES_DIFF_INSIDE_H
#define RINGSIDE_TRACES_DIFF_INSIDE_H

#include "traces/diff.h"

enum { SIDE_A, SIDE_B, SIDES };

/* ---- a side: one of the traces, and its wanted events (diff_side.c) ---- */

struct diff_side {
    struct trace_reader *reader;
    const struct trace_info *info;
    const struct event_names *names;
    const struct diff_options *options; /* with place and irqs decided */
    uint64_t *device_sum;               /* of names, so that comparing them costs a number: by device, */
    uint64_t (*reg_sum)[256];           /* by device and register, */
    uint64_t *symbol_sum;               /* by symbol */
    struct diff_code *code;             /* lengths of instructions, a cache */
    uint64_t at;                        /* wanted events handed out by this pass */
    uint8_t in_service[256];            /* by vCPU: events left in which the EOI must come */
    uint64_t irqs[256];                 /* by vector: interrupts that were only counted, */
    uint64_t served;                    /* and events of their handlers */
    struct trace_state state;           /* at the end of the first pass */
};

NODISCARD int diff_side_init(struct diff_side *s, struct trace_reader *r, const struct diff_options *o,
                             struct err *e);
void diff_side_fini(struct diff_side *s);

/* Back to the first wanted event. */
NODISCARD int diff_side_rewind(struct diff_side *s, struct err *e);

/* The next wanted event: 1, 0 at the end, -1 on an error. */
NODISCARD int diff_side_next(struct diff_side *s, struct event *ev, struct err *e);

/* A sum of the bytes of a step's instruction, without those behind it. */
uint64_t diff_side_instruction(const struct diff_side *s, const struct event *ev);

/* ---- fields (diff_field.c) ---- */

struct diff_field {
    const char *name;
    bool what; /* part of what happened; else of what it carried */
    uint64_t (*get)(const struct diff_side *s, const struct event *ev);
};

/* Ends with a row without a name. */
extern const struct diff_field diff_fields[];

/* The sum of what happened in the upper half, of what it carried in the lower. */
#define DIFF_WHAT_MASK 0xffffffff00000000u
uint64_t diff_key(const struct diff_side *s, const struct event *ev);

/* The fields that are not the same, a bit a row of the table. */
unsigned diff_compare(const struct diff_side *a, const struct event *x, const struct diff_side *b,
                      const struct event *y);

/* True when one of these fields is part of what happened. */
bool diff_is_other(unsigned fields);

uint64_t diff_sum_string(const char *s);
uint64_t diff_mix(uint64_t h, uint64_t v);

/* ---- the alignment (diff_align.c) ---- */

/* A bit an event: does it stand alone? */
struct diff_bits {
    uint8_t *bits;
    uint64_t count, cap;
};

/* Both sides and what is known about them. */
struct diff {
    struct diff_side side[SIDES];
    struct diff_bits alone[SIDES];
    struct diff_options options;
    bool shortened; /* somewhere the search was cut short: more may be told as different than need be */
};

NODISCARD int diff_align(struct diff *d, struct err *e);

/* ---- the walk (diff_walk.c) ---- */

/* A step of the walk: an event of both (`fields` says what changed, 0 for nothing), or of one, the other
 * NULL. */
struct diff_step {
    const struct event *ev[SIDES];
    uint64_t at[SIDES]; /* number of the event, counted from 0 among the wanted ones */
    unsigned fields;
};

static inline bool diff_step_differs(const struct diff_step *s)
{
    return !s->ev[SIDE_A] || !s->ev[SIDE_B] || s->fields;
}

/* Opens both sides, decides what is compared and how, and aligns. */
NODISCARD int diff_open(struct diff *d, struct trace_reader *a, struct trace_reader *b,
                        const struct diff_options *o, struct err *e);
void diff_close(struct diff *d);

/* Calls `see` for every step. */
NODISCARD int diff_walk(struct diff *d, void (*see)(void *ctx, const struct diff_step *step), void *ctx,
                        struct err *e);

/* ---- counting by behaviour (diff_group.c) ---- */

enum { DIFF_GROUPS_MAX = 4096 };

/* A behaviour: events of the same sort at the same symbol. */
struct diff_group {
    char *what, *where; /* `out uart.THR`; the symbol, "" for none */
    char *reg;          /* uart.THR, or uart, or "" */
    uint8_t kind, dir;  /* of the first of them */
    const char *colour;
    uint64_t count[SIDES], alone[SIDES], changed;
    unsigned fields; /* what changed in them */
};

/* All of them, found by what they are called. All zeros is a valid empty set. Behind DIFF_GROUPS_MAX all
 * others are one. */
struct diff_groups {
    struct diff_group *row;
    size_t count, cap;
    struct diff_map {
        uint64_t *key;
        uint32_t *value;
        size_t count, cap;
    } by_name, seen[SIDES]; /* seen: by numbers, which each side has its own of */
    bool failed;
};

/* The group of an event, or -1 when memory ran out. */
long diff_group_find(struct diff_groups *g, const struct diff *d, unsigned side, const struct event *ev);
void diff_groups_fini(struct diff_groups *g);

/* Those with differences first, the largest in front. */
void diff_groups_sort(struct diff_groups *g);

static inline uint64_t diff_group_differs(const struct diff_group *g)
{
    return g->alone[SIDE_A] + g->alone[SIDE_B] + g->changed;
}

/* ---- the answer ---- */

/* Where the two first part ways, with what stood before it. */
enum { DIFF_CONTEXT_MAX = 100, DIFF_ENDS_MAX = 8 };

/* A field of the two ends. */
struct diff_end_row {
    const char *name;
    struct text value[SIDES];
    bool differs, counts; /* counts: makes the traces different */
};

struct diff_answer {
    struct diff *diff;
    struct diff_groups groups;
    uint64_t alone[SIDES], changed, equal, hunks;
    uint64_t irqs_lone; /* vectors that came in one of the traces only */
    struct diff_end_row end[DIFF_ENDS_MAX];
    size_t end_count;
    bool has_first;
    struct event first[SIDES];
    bool first_has[SIDES]; /* that side has an event there */
    uint64_t first_at[SIDES];
    unsigned first_fields;
    bool first_has_regs; /* both traces have registers there */
    struct event_regs first_regs[SIDES];
    struct text hunk_text; /* the shown hunks */
};

bool diff_answer_differs(const struct diff_answer *a);
void diff_print(const struct diff_answer *a, struct text *out);
void diff_print_json(const struct diff_answer *a, struct text *out);
void diff_add_fields(unsigned fields, const char *between, struct text *out);

/* Hunks as they go by (diff_hunk.c). */
struct diff_hunks;
struct diff_hunks *diff_hunks_create(struct diff_answer *a);
void diff_hunks_see(struct diff_hunks *h, const struct diff_step *step);
void diff_hunks_finish(struct diff_hunks *h); /* and frees it */

#endif
