/*
 * `ringside trace`: reads traces.  A table of subcommands over the functions in traces/commands.h; none of
 * them needs /dev/kvm.
 */
#include "commands.h"
#include "options.h"

#include "base/nearest.h"
#include "traces/commands.h"

#include <errno.h>
#include <string.h>

struct trace_settings {
    struct trace_filter filter;
    uint64_t top;
    enum graph_kind graph;
    const char *output;
    bool json;
};

static int set_from(void *settings, const char *value, struct err *e)
{
    return option_number(value, 0, UINT64_MAX, &((struct trace_settings *)settings)->filter.from_seq, e);
}

static int set_to(void *settings, const char *value, struct err *e)
{
    uint64_t last;
    if (option_number(value, 0, UINT64_MAX - 1, &last, e) < 0)
        return -1;
    ((struct trace_settings *)settings)->filter.end_seq = last + 1;
    return 0;
}

static int set_limit(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, UINT64_MAX, &((struct trace_settings *)settings)->filter.limit, e);
}

static int set_filter_kind(void *settings, const char *value, struct err *e)
{
    return trace_filter_kind(&((struct trace_settings *)settings)->filter, value, e);
}

static int set_device(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct trace_settings *)settings)->filter.device = value;
    return 0;
}

static int set_top(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, 100000, &((struct trace_settings *)settings)->top, e);
}

static int set_json(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct trace_settings *)settings)->json = true;
    return 0;
}

static int set_format(void *settings, const char *value, struct err *e)
{
    (void)settings;
    return strcmp(value, "jsonl") == 0 ? 0 : err_set(e, "unknown format \"%s\": jsonl", value);
}

static int set_graph(void *settings, const char *value, struct err *e)
{
    int kind = graph_kind_find(value);
    if (kind < 0)
        return err_set(e, "unknown graph \"%s\": exits, boot or machine", value);
    ((struct trace_settings *)settings)->graph = (enum graph_kind)kind;
    return 0;
}

static int set_output(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct trace_settings *)settings)->output = value;
    return 0;
}

/* What every reading subcommand understands; `graph` has no --kind filter, its --kind names the picture. */
#define RANGE_ROWS                                                                                           \
    {"--from", "SEQ", "only events from this number on", set_from},                                          \
        {"--to", "SEQ", "only events up to this number", set_to},                                            \
        {"--device", "NAME", "only this device (uart, pic0, pit ...)", set_device},                          \
    {                                                                                                        \
        "--limit", "N", "at most N events", set_limit                                                        \
    }
#define KIND_ROW                                                                                             \
    {                                                                                                        \
        "--kind", "KIND", "only this kind (io, mmio, hlt, irq, assist ...); repeatable", set_filter_kind     \
    }

static const struct option_row show_rows[] = {RANGE_ROWS, KIND_ROW, {0}};
static const struct option_row stat_rows[] = {RANGE_ROWS,
                                              KIND_ROW,
                                              {"--top", "N", "rows a table (default 10)", set_top},
                                              {"--json", NULL, "as one JSON object", set_json},
                                              {0}};
static const struct option_row export_rows[] = {
    RANGE_ROWS, KIND_ROW, {"--format", "FORMAT", "jsonl: a JSON object a line", set_format}, {0}};
static const struct option_row graph_rows[] = {
    {"--kind", "KIND", "what to draw: exits (default), boot or machine", set_graph},
    {"-o", "FILE",
     "write here; the ending .dot, .svg, .png or .pdf names the format (default: DOT on stdout)", set_output},
    RANGE_ROWS,
    {0}};

/* A subcommand: what it does with an open trace. The return value is the exit status, or -1 with *e filled.
 */
struct trace_command {
    struct command command;
    const char *path;
    int (*read)(struct trace_reader *r, const struct trace_settings *s, struct err *e);
};

static int read_show(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    return trace_show(r, &s->filter, stdout, e);
}

static int read_export(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    return trace_export_jsonl(r, &s->filter, stdout, e);
}

static int read_stat(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    struct text t = {0};
    int rc = trace_stat(r, &s->filter, (unsigned)s->top, s->json, &t, e);
    if (rc == 0)
        rc = command_print(&t);
    text_fini(&t);
    return rc;
}

static int read_check(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    (void)s;
    struct text t = {0};
    int rc = trace_check(r, &t, e);
    if (rc >= 0 && command_print(&t) != STATUS_OK)
        rc = STATUS_USAGE;
    text_fini(&t);
    return rc;
}

static int read_graph(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    return trace_graph(r, &s->filter, s->graph, s->output, stdout, e);
}

/* What can be read of a damaged file is read; that it is not all must be said, and not on stdout. */
static void warn_incomplete(const struct trace_reader *r, const char *path)
{
    struct trace_state state;
    trace_reader_state(r, &state);
    if (!state.problem)
        return;
    struct err e;
    err_set(&e, "%s: incomplete: %s", path, state.problem);
    fflush(stdout);
    command_fail(STATUS_OK, &e);
}

static int subcommand(const struct command *self, int argc, char **argv)
{
    const struct trace_command *c = (const struct trace_command *)self;
    struct trace_settings s = {0};
    struct positionals words;
    struct err e;
    bool done;
    int status = command_parse(self, c->path, argc, argv, &s, &words, 1, 1, &done);
    if (done)
        return status;
    struct trace_reader *r = trace_open(words.word[0], &e);
    if (!r)
        return command_fail(STATUS_USAGE, &e);
    status = c->read(r, &s, &e);
    if (status == STATUS_OK)
        warn_incomplete(r, words.word[0]);
    trace_reader_close(r);
    if (status < 0)
        return command_fail(STATUS_USAGE, &e);
    if (fflush(stdout) != 0) {
        err_sys(&e, errno, "writing the answer");
        return command_fail(STATUS_USAGE, &e);
    }
    return status;
}

static const struct trace_command trace_commands[] = {
    {{"show", "FILE.rst", "prints events, a sentence a line", "", show_rows, subcommand},
     "ringside trace show",
     read_show},
    {{"stat", "FILE.rst", "counts and times by kind, device, mode and place", "", stat_rows, subcommand},
     "ringside trace stat",
     read_stat},
    {{"check", "FILE.rst", "is the file whole? Says what is wrong and how much is readable",
      "Exit status: 0 whole, 1 damaged or cut, 126 not a trace at all.", NULL, subcommand},
     "ringside trace check",
     read_check},
    {{"export", "FILE.rst", "prints events for other programs, a JSON object a line", "", export_rows,
      subcommand},
     "ringside trace export",
     read_export},
    {{"graph", "FILE.rst", "draws the trace through Graphviz",
      "exits: which exit follows which. boot: the path through the CPU's modes. machine: the PC and its "
      "traffic.",
      graph_rows, subcommand},
     "ringside trace graph",
     read_graph},
};
enum { TRACE_COMMAND_COUNT = sizeof trace_commands / sizeof trace_commands[0] };

static int trace_usage(void)
{
    struct text t = {0};
    struct table table;
    text_add(&t, "usage: ringside trace SUBCOMMAND [options] FILE.rst\n\n");
    table_init(&table, "ll");
    for (size_t i = 0; i < TRACE_COMMAND_COUNT; i++) {
        table_cell(&table, "%s", trace_commands[i].command.name);
        table_cell(&table, "%s", trace_commands[i].command.summary);
    }
    table_finish(&table, &t, "  ", false);
    text_add(&t, "\n`ringside trace SUBCOMMAND --help` says more about each.\n");
    int status = command_print(&t);
    text_fini(&t);
    return status;
}

static int trace_command(const struct command *self, int argc, char **argv)
{
    (void)self;
    const char *best = NULL, *word = argc > 0 ? argv[0] : "";
    size_t distance = 0;
    struct err e;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return trace_usage();
    for (size_t i = 0; i < TRACE_COMMAND_COUNT; i++) {
        if (strcmp(word, trace_commands[i].command.name) == 0)
            return subcommand(&trace_commands[i].command, argc - 1, argv + 1);
        nearest_offer(word, trace_commands[i].command.name, &best, &distance);
    }
    err_set(&e, "trace: %s%s%s: try ringside trace %s",
            argc > 0 ? "unknown subcommand \"" : "show, stat, check, export or graph", word,
            argc > 0 ? "\"" : "", best ? best : "--help");
    return command_fail(STATUS_USAGE, &e);
}

const struct command command_trace = {
    "trace", "show|stat|graph|export|check FILE.rst", "reads traces; needs no KVM", "", NULL, trace_command};
