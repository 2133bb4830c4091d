/*
 * What the subcommands of `ringside trace` share: the filter's options, and the way from a file name to an
 * open reader. Each subcommand is a row of its own (cmd_trace_*.c); cmd_trace.c lists them.
 */
#ifndef RINGSIDE_CMD_TRACE_H
#define RINGSIDE_CMD_TRACE_H

#include "commands.h"
#include "options.h"

#include "traces/commands.h"

/* What every subcommand's settings begin with. */
struct trace_settings {
    struct trace_filter filter;
    const char *output; /* -o FILE */
    bool json;
};

/* A subcommand. Exactly one of `one` (a single file, opened, and warned about afterwards when it is not
 * whole) and `many` (the files as words) is set. Both return the exit status, or -1 with *e filled. */
struct trace_command {
    struct command command; /* its run is trace_subcommand */
    const char *path;
    size_t settings_len; /* of the struct that begins with a struct trace_settings; it is zeroed */
    size_t least, most;  /* files */
    int (*one)(struct trace_reader *r, const struct trace_settings *s, struct err *e);
    int (*many)(const struct positionals *words, const struct trace_settings *s, struct err *e);
};

/* Parses the words after the subcommand's name, and runs it. */
int trace_subcommand(const struct command *self, int argc, char **argv);

/* Says on stderr that a trace is not whole, if so. */
void trace_warn_incomplete(const struct trace_reader *r, const char *path);

/* Setters for rows of option tables. */
int trace_set_from(void *settings, const char *value, struct err *e);
int trace_set_to(void *settings, const char *value, struct err *e);
int trace_set_limit(void *settings, const char *value, struct err *e);
int trace_set_filter_kind(void *settings, const char *value, struct err *e);
int trace_set_device(void *settings, const char *value, struct err *e);
int trace_set_where(void *settings, const char *value, struct err *e);
int trace_set_json(void *settings, const char *value, struct err *e);
int trace_set_output(void *settings, const char *value, struct err *e);

/* What every reading subcommand understands; `graph` has no --kind filter, its --kind names the picture. */
#define TRACE_CHOICE_ROWS                                                                                    \
    {"--from", "SEQ", "only events from this number on", trace_set_from},                                    \
        {"--to", "SEQ", "only events up to this number", trace_set_to},                                      \
        {"--device", "NAME", "only this device (uart, pic0, pit ...)", trace_set_device},                    \
    {                                                                                                        \
        "--where", "EXPR", "only events of which this is true: \"port == 0x3f8 && dir == out\"",             \
            trace_set_where                                                                                  \
    }
#define TRACE_RANGE_ROWS                                                                                     \
    TRACE_CHOICE_ROWS,                                                                                       \
    {                                                                                                        \
        "--limit", "N", "at most N events", trace_set_limit                                                  \
    }
#define TRACE_KIND_ROW                                                                                       \
    {                                                                                                        \
        "--kind", "KIND", "only this kind (io, mmio, hlt, irq, assist ...); repeatable",                     \
            trace_set_filter_kind                                                                            \
    }

extern const struct trace_command trace_command_show, trace_command_stat, trace_command_check,
    trace_command_export, trace_command_graph, trace_command_report, trace_command_page, trace_command_diff,
    trace_command_merge, trace_command_at, trace_command_find, trace_command_tail, trace_command_top;

#endif
