/*
 * What `ringside trace SUBCOMMAND FILE` does, each as a function from a reader and options to text.  main
 * parses the options from its table; these never print and never open terminals.
 *
 * Each starts at the first event. A damaged or cut trace is no error to them: they work on what is readable,
 * and whoever called asks trace_reader_state() afterwards and says what was missing. A filter for a device
 * that the trace does not have is an error that names those it has.
 */
#ifndef RINGSIDE_TRACES_COMMANDS_H
#define RINGSIDE_TRACES_COMMANDS_H

#include "base/text.h"
#include "traces/query.h"
#include "traces/trace.h"

#include <stdio.h>

/* Which events are wanted. All zeros wants every one. */
struct trace_filter {
    uint64_t from_seq, end_seq; /* from the first up to, but not including, the second; end_seq 0: no end */
    uint64_t limit;             /* 0 = no limit */
    bool kind[EVENT_KIND_MAX];  /* none set = all */
    bool any_kind;              /* some of kind[] is set */
    const char *device;         /* name, NULL = all */
    struct query *where;        /* a question that must be answered yes (query.h), NULL = none; not owned */
};

/* True when the event passes (the limit is the caller's to count). */
bool trace_filter_match(const struct trace_filter *f, const struct event_names *names,
                        const struct event *ev);

/* Adds a kind by name to the filter; error names the nearest known one. */
NODISCARD int trace_filter_kind(struct trace_filter *f, const char *name, struct err *e);

/* `trace show`: a sentence a line with seq, time in seconds, mode and rip in front, written to `out` as it
 * reads. */
NODISCARD int trace_show(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e);

/* One event as that line, with its newline. */
void trace_event_line(const struct event *ev, const struct event_names *names, struct text *out);

/* `trace tail`: the last `n` wanted events (at most TAIL_MAX) as `trace show` prints them; the reader stands
 * at the end then. With trace_tail_more, what has come since: it tells what became of the file, as
 * trace_continue does. An error of writing is TRACE_LOST. */
#define TAIL_MAX 1000000
NODISCARD int trace_tail(struct trace_reader *r, const struct trace_filter *f, size_t n, FILE *out,
                         struct err *e);
NODISCARD enum trace_growth trace_tail_more(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                                            struct err *e);

/* The formats of `trace export`, a row each: name and what it is. `--help` and errors follow this table, and
 * each is a function export_NAME of a file of its own. The first is what is meant when none is named. */
#define EXPORT_FORMATS(X)                                                                                    \
    X(jsonl, "a JSON object a line")                                                                         \
    X(csv, "a table (RFC 4180)")                                                                             \
    X(sqlite, "a database with views, needs -o")                                                             \
    X(perfetto, "tracks over time for ui.perfetto.dev and chrome://tracing")                                 \
    X(dot, "the exits graph for Graphviz")

struct export_choice {
    const char *format; /* NULL: the first */
    const char *path;   /* where to; NULL or "-": the stream */
    bool force;         /* sqlite: overwrite whatever is there */
};

/* The number of a format, or -1 with an error that names those there are. */
NODISCARD int trace_export_format(const char *name, struct err *e);

/* `trace export`: the wanted events in another form. A file is there whole or not at all; a trace is never
 * overwritten. */
NODISCARD int trace_export(struct trace_reader *r, const struct trace_filter *f,
                           const struct export_choice *c, FILE *out, struct err *e);

/* `trace export --format jsonl` to a stream. */
NODISCARD int trace_export_jsonl(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                                 struct err *e);

/* One event as an object of jsonl, without newline; docs/trace-format.md says when each key is there. */
void trace_event_json(const struct event *ev, const struct event_names *names, struct text *out);

/* The same for a step with what it changed: trace_reader_regs(). `regs` may be NULL. */
void trace_event_json_regs(const struct event *ev, const struct event_names *names,
                           const struct event_regs *regs, uint32_t changed, struct text *out);

/* `trace report`: everything about the run on one HTML page, to `path` (NULL or "-": the stream). */
NODISCARD int trace_report(struct trace_reader *r, const struct trace_filter *f, const char *path, FILE *out,
                           struct err *e);

/* `trace stat`: tables by kind, device, mode and rip with counts, share, host and guest time,
 * min/median/p99/max; `top` rows of each (0 = 10). */
NODISCARD int trace_stat(struct trace_reader *r, const struct trace_filter *f, unsigned top, bool json,
                         struct text *out, struct err *e);

/* `trace check`: is the file whole; what is wrong; how much is readable. Returns 0 whole, 1 damaged, -1 I/O
 * error. */
NODISCARD int trace_check(struct trace_reader *r, struct text *out, struct err *e);

/* The pictures, a row each: enumerator, name, what it shows, how many boxes it has at most unless somebody
 * asks for another number, and which options only some pictures know (enum graph_option). The name is also
 * that of the function that draws it, graph_NAME. `--help`, errors and docs/graphs.md follow this table. */
#define GRAPH_KINDS(X)                                                                                       \
    X(EXITS, exits, "which exit follows which", 14, 0)                                                       \
    X(BOOT, boot, "the path of a boot through the CPU's modes", 8, 0)                                        \
    X(MACHINE, machine, "the PC's devices and their traffic", 40, 0)                                         \
    X(FLOW, flow, "which code runs, where it goes, which devices it touches", 40, 0)                         \
    X(IRQ, irq, "interrupts: raised, injected, handled, ended, and how long it took", 12, 0)                 \
    X(CALLS, calls, "which function calls which", 40, 0)                                                     \
    X(PAGES, pages, "the tree of page tables, and what is mapped where", 40,                                 \
      GRAPH_TAKES_AT | GRAPH_TAKES_VCPU)                                                                     \
    X(WALK, walk, "one linear address on its way through the page tables", 7,                                \
      GRAPH_TAKES_AT | GRAPH_TAKES_VCPU | GRAPH_NEEDS_GVA)

enum graph_kind {
#define GRAPH_ENUM(id, name, summary, nodes, options) GRAPH_##id,
    GRAPH_KINDS(GRAPH_ENUM)
#undef GRAPH_ENUM
        GRAPH_KIND_COUNT
};

#define GRAPH_NODES_MAX 500

/* Options that not every picture has a use for. A picture that needs one takes it, too. */
enum graph_option {
    GRAPH_TAKES_AT = 1 << 0,
    GRAPH_TAKES_GVA = 1 << 1,
    GRAPH_NEEDS_GVA = 1 << 2,
    GRAPH_TAKES_VCPU = 1 << 3,
};

/* A row of the table. */
struct graph_kind_info {
    const char *name, *summary;
    unsigned nodes;   /* boxes at most, by default */
    unsigned options; /* enum graph_option */
};

const struct graph_kind_info *graph_kind_info(enum graph_kind kind);

/* The name of a graph kind (`exits`) to its number, or -1 with an error that says which there are. */
int graph_kind_named(const char *name, struct err *e);

/* The same without words. */
int graph_kind_find(const char *name);

/* How a picture is wanted. All zeros is the usual. */
struct graph_choice {
    unsigned max_nodes; /* boxes at most, up to GRAPH_NODES_MAX; 0: as the picture's row says */
    const char *title;  /* instead of the guest's name and what the picture shows; NULL: those */
    const char
        *docs; /* where the documents are, a URL without `/` at its end; boxes link there. NULL: no links */
    bool at_given, gva_given, vcpu_given;
    uint64_t at;   /* the state at this event; not given: the last one */
    uint64_t gva;  /* the linear address */
    unsigned vcpu; /* the vCPU's page tables; not given: that of the event, or 0 for the last state */
};

/* `trace graph`: draws to `path` (its ending names the format: .dot .svg .png .pdf; NULL = DOT on `out`). */
NODISCARD int trace_graph(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                          const char *path, FILE *out, struct err *e);

/* The same as chosen (`choice` may be NULL). -1 also when a choice does not fit the picture. */
NODISCARD int trace_graph_with(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                               const struct graph_choice *choice, const char *path, FILE *out, struct err *e);

/* `trace page`: what the debugger's `page ADDR` says about a linear address, or without one (`gva` NULL) what
 * `mem` says, of those page tables that the trace holds (struct tables_wanted of tables.h). */
struct tables_wanted;
NODISCARD int trace_page(struct trace_reader *r, const uint64_t *gva, const struct tables_wanted *w,
                         struct text *out, struct err *e);

#endif
