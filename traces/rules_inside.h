/*
 * A rule in memory, and what is known about it while a trace goes by.
 */
#ifndef RINGSIDE_TRACES_RULES_INSIDE_H
#define RINGSIDE_TRACES_RULES_INSIDE_H

#include "traces/query.h"
#include "traces/rules.h"

enum {
    RULES_MAX = 100,
    RULE_QUERIES_MAX = 32,
    RULE_TEXT_MAX = 255,
    RULE_POINTS_MAX = 1000,
    RULE_VALUES_MAX = 64,
    RULES_LEN_MAX = 1 << 16
};

/* A part of the rule file, and where it stands. */
struct rule_slice {
    const char *p;
    size_t len;
    struct query_place at;
};

/* What the distance between two events, or the size of a run, is counted in. */
enum rule_unit { UNIT_EVENTS, UNIT_EXITS, UNIT_STEPS, UNIT_TIME_NS, UNIT_GUEST_NS, UNIT_HOST_NS };

struct rule {
    char *name, *hint;
    unsigned points;
    size_t line;
    const struct rule_shape *shape; /* NULL until the assertion was read */
    struct query *query[RULE_QUERIES_MAX];
    size_t query_count;
    uint64_t least, most; /* count; most is UINT64_MAX for no limit */
    bool only_first;      /* before first */
    bool limited;         /* before and after: `within` so much; budget: at most so much */
    enum rule_unit unit;
    uint64_t limit;
    uint64_t value[RULE_VALUES_MAX]; /* values: these, in this order */
    size_t value_count;
    bool more_values;                  /* and any behind them */
    char *where;                       /* text: the register, as it was written, */
    char text[RULE_TEXT_MAX + 1];      /* what is to be found there, */
    uint8_t resume[RULE_TEXT_MAX + 1]; /* and how much of it still fits when the byte behind `i` does not */
    size_t text_len;
};

struct rules {
    struct rule *rule;
    size_t count;
};

enum rule_verdict { RULE_OPEN, RULE_PASSED, RULE_FAILED };

/* A rule while a trace goes by. `at` numbers the events of the file from 0; seq would not do, marks share
 * theirs. */
struct rule_state {
    enum rule_verdict verdict;
    bool unproven;  /* failed because the trace breaks off */
    uint64_t count; /* events that matched */
    size_t step;    /* sequence: steps found; text: bytes found in a row */
    size_t best;    /* text: the most that was ever found in a row */
    bool broken; /* text: another byte followed there ... values: another one came. after: another A came */
    uint8_t broken_by;  /* ... this one */
    bool lost;          /* text: an OUTS wrote bytes that the trace does not keep */
    bool ready;         /* before: a B was seen. last: the last A was a B */
    uint64_t tick;      /* so much has gone by, in the rule's unit, ... */
    uint64_t tick_then; /* ... and so much had at the event that the limit counts from */
    uint64_t value;     /* values: the one that was wrong */
    bool has_at;        /* at and seq are those of an event to point at */
    uint64_t at, seq;
};

/* What a shape looks with: at an event (`ev`, the `at`th of the file), or at the end of the run (`end`). */
struct rule_look {
    const struct rule *rule;
    struct rule_state *state;
    const struct event_names *names;
    const struct event *ev;
    const struct event_regs *regs; /* after it; NULL: not known */
    uint64_t at;
    const struct trace_end *end;
};

/* An assertion: how it is read, how it looks at an event (NULL: not at all), whether it holds when a whole
 * trace has ended and it is still open, and why it failed. */
struct rule_shape {
    const char *word, *usage;
    int (*parse)(struct rule *r, struct rule_slice rest, struct err *e);
    void (*see)(const struct rule_look *k);
    bool (*finish)(const struct rule_look *k);
    void (*explain)(const struct rule_look *k, struct text *out);
};

/* Ends with a row without a word. */
extern const struct rule_shape rule_shapes[];

/* How the shapes are read (rules_parse.c). */
int rule_parse_one(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_two(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_before(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_count(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_sequence(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_text(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_after(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_budget(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_values(struct rule *r, struct rule_slice rest, struct err *e);
int rule_parse_end(struct rule *r, struct rule_slice rest, struct err *e);

/* Adds a question; the parts of a line are questions with separators between them. */
int rule_add_query(struct rule *r, struct rule_slice s, struct err *e);

/* Where the separator stands outside of quotes, or the length of the slice. */
size_t rule_find_separator(struct rule_slice s, char separator);

/* Takes `within N UNIT` off the end of the line, if it is there. */
int rule_parse_within(struct rule *r, struct rule_slice *rest, struct err *e);

/* ---- how they look at events: words that several files need (rules_see.c) ---- */

/* Is this event what question `i` of the rule asks for? */
bool rule_is(const struct rule_look *k, size_t i);
const char *rule_source(const struct rule_look *k, size_t i);

/* Makes this event the one to point at; rule_fail does so and gives the verdict. */
void rule_point(const struct rule_look *k);
void rule_fail(const struct rule_look *k);
void rule_explain_nothing(const struct rule_look *k, struct text *out);

/* Counts this event in the rule's unit; call it for every event (rules_limit.c). */
void rule_tick(const struct rule_look *k);

/* More than the limit has gone by since tick_then. */
bool rule_is_late(const struct rule_look *k);

/* Appends the limit in words: `5 events`, `2 ms`. */
void rule_add_limit(const struct rule *r, struct text *out);

/* The shapes of rules_limit.c and rules_values.c. */
void rule_see_after(const struct rule_look *k);
bool rule_finish_after(const struct rule_look *k);
void rule_explain_after(const struct rule_look *k, struct text *out);
void rule_see_budget(const struct rule_look *k);
bool rule_finish_budget(const struct rule_look *k);
void rule_explain_budget(const struct rule_look *k, struct text *out);
void rule_see_values(const struct rule_look *k);
bool rule_finish_values(const struct rule_look *k);
void rule_explain_values(const struct rule_look *k, struct text *out);

/* The slice without `n` bytes at its front, and without blanks at either side. */
struct rule_slice rule_slice_trim(struct rule_slice s, size_t n);

/* The first word of a slice: letters up to a blank or the end. */
size_t rule_slice_word(struct rule_slice s);

#endif
