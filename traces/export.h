/*
 * Inside `trace export`.  A format is a row of EXPORT_FORMATS (commands.h) and a file of its own,
 * export_NAME.c; what an event has to tell is a table as well (export_columns.c), which the formats that
 * print events as they are share.
 */
#ifndef RINGSIDE_TRACES_EXPORT_H
#define RINGSIDE_TRACES_EXPORT_H

#include "traces/commands.h"
#include "traces/output.h"

/* One export. */
struct export_job {
    struct trace_reader *reader;
    const struct trace_filter *filter;
    const struct trace_info *info;
    struct output *out;
    struct text line; /* what is being put together; the format's to use */
    uint64_t seen;    /* events so far */
};

/* What each format is: writes the whole trace to job->out. */
typedef int export_fn(struct export_job *x, struct err *e) NODISCARD;
export_fn export_jsonl, export_csv, export_sqlite, export_perfetto, export_dot;

/* A database cannot be streamed, and must not take the place of something else: refuses a choice without a
 * file, and one whose file is there and is neither empty nor a database that this export made, unless it is
 * forced. */
NODISCARD int export_sqlite_may(const struct export_choice *c, struct err *e);

/* Calls `see` with every wanted event, and ends early when the user wants the program to. */
NODISCARD int export_scan(struct export_job *x, int (*see)(void *ctx, const struct event *ev, struct err *e),
                          void *ctx, struct err *e);

/* Writes job->line and empties it. */
NODISCARD int export_line(struct export_job *x, struct err *e);

/* ---- numbers (export_columns.c): printf would be most of the cost of an export
 * ------------------------------ */

void export_decimal(struct text *t, uint64_t v);
void export_hex(struct text *t, uint64_t v); /* 0x7c00 */

/* ---- columns
 * ------------------------------------------------------------------------------------------------ */

enum export_type {
    EXPORT_ABSENT, /* this event has no such thing */
    EXPORT_NUMBER,
    EXPORT_HEX,   /* needs all 64 bits */
    EXPORT_WORD,  /* `word` */
    EXPORT_FLAGS, /* `number` is a set of enum event_flag */
    EXPORT_REGS   /* `regs`, those in the mask `number` */
};

struct export_value {
    enum export_type type;
    uint64_t number;
    const char *word;
    const struct event_regs *regs;
};

/* What a column may look at. */
struct export_row {
    const struct event *ev;
    const struct event_names *names;
    struct text *words;            /* room for a sentence, empty */
    const struct event_regs *regs; /* of a step with registers, after it; else NULL */
    uint32_t changed;
};

/* A key of jsonl and column of csv. */
struct export_column {
    const char *key;
    void (*get)(const struct export_row *row, struct export_value *v); /* *v is EXPORT_ABSENT before */
};

/* The columns in their order, until one without a key. */
extern const struct export_column export_columns[];

/* The registers of a mask, in the order of their numbers: NAME VALUE pairs, each inside `quote`, with `is`
 * between the two and `between` between pairs. */
void export_regs(struct text *t, const struct event_regs *regs, uint64_t mask, const char *quote,
                 const char *is, const char *between);

/* The names of flags that are set and said, appended with `between` between them, each inside `quote`. */
void export_flags(struct text *t, uint64_t flags, const char *quote, const char *between);

#endif
