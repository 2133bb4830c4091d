/*
 * `ringside trace diff`: what is different between two runs.  The exit status is that of diff(1): 0 nothing,
 * 1 something, 126 an error.
 */
#include "cmd_trace.h"

#include "traces/diff.h"

enum { CONTEXT_DEFAULT = 3, SHOWN_MAX = 2000 };

struct diff_settings {
    struct trace_settings common;
    struct diff_options options;
    uint64_t context;
    bool has_context, graph;
};

static struct diff_settings *own(void *settings)
{
    return settings;
}

static int set_ignore(void *settings, const char *value, struct err *e)
{
    return diff_ignore(&own(settings)->options, value, e);
}

static int set_place(void *settings, const char *value, struct err *e)
{
    int place = diff_place_find(value, e);
    own(settings)->options.place = place < 0 ? DIFF_PLACE_AUTO : (enum diff_place)place;
    return place < 0 ? -1 : 0;
}

static int set_irqs(void *settings, const char *value, struct err *e)
{
    int irqs = diff_irqs_find(value, e);
    own(settings)->options.irqs = irqs < 0 ? DIFF_IRQS_AUTO : (enum diff_irqs)irqs;
    return irqs < 0 ? -1 : 0;
}

static int set_context(void *settings, const char *value, struct err *e)
{
    own(settings)->has_context = true;
    return option_number(value, 0, 100, &own(settings)->context, e);
}

static int set_shown(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, SHOWN_MAX, &own(settings)->options.shown, e);
}

static int set_graph(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    own(settings)->graph = true;
    return 0;
}

static const struct option_row diff_rows[] = {
    {"--ignore", "FIELD",
     "do not compare this: kind, device, reg, dir, number, place, vcpu, mode, cpl, size, count, addr, value "
     "or "
     "detail; repeatable",
     set_ignore},
    {"--place", "HOW",
     "what the place of an event is: symbol, rip or none (auto: symbols when both have them, else RIPs of "
     "one "
     "and the same guest)",
     set_place},
    {"--irqs", "HOW",
     "interrupts: each like other events, or count them by vector (auto: count when a clock was real)",
     set_irqs},
    {"--context", "N", "equal events around a difference (default 3)", set_context},
    {"--limit", "N", "show the first N differences (default 1, at most 2000)", set_shown},
    {"--json", NULL, "as one JSON object", trace_set_json},
    {"--graph", NULL, "draw both as one picture instead", set_graph},
    {"-o", "FILE", "the picture: the ending .dot, .svg, .png or .pdf names the format", trace_set_output},
    {"--from", "SEQ", "only events from this number on", trace_set_from},
    {"--to", "SEQ", "only events up to this number", trace_set_to},
    TRACE_KIND_ROW,
    {"--device", "NAME", "only this device (uart, pic0, pit ...)", trace_set_device},
    {"--where", "EXPR", "only events of which this is true", trace_set_where},
    {0}};

static int compare(struct trace_reader *const r[2], const struct trace_settings *s,
                   const struct diff_options *o, struct err *e)
{
    const struct diff_settings *mine = (const struct diff_settings *)s;
    struct text t = {0};
    if (s->json && (mine->graph || s->output))
        return err_set(e, "trace diff: --json and a picture are two answers: ask for one at a time");
    if (mine->graph || s->output)
        return trace_diff_graph(r[0], r[1], o, s->output, stdout, e);
    int rc = trace_diff(r[0], r[1], o, s->json, &t, e);
    if (rc >= 0 && command_print(&t) != STATUS_OK)
        rc = STATUS_USAGE;
    text_fini(&t);
    return rc;
}

static int read_diff(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    const struct diff_settings *mine = (const struct diff_settings *)s;
    struct diff_options o = mine->options;
    struct trace_reader *r[2] = {trace_open(words->word[0], e), NULL};
    int rc = -1;
    o.filter = s->filter;
    o.context = mine->has_context ? (unsigned)mine->context : CONTEXT_DEFAULT;
    o.path[0] = words->word[0];
    o.path[1] = words->word[1];
    if (r[0])
        r[1] = trace_open(words->word[1], e);
    if (r[1])
        rc = compare(r, s, &o, e);
    for (size_t i = 0; i < 2; i++) {
        if (rc >= 0)
            trace_warn_incomplete(r[i], words->word[i]);
        trace_reader_close(r[i]);
    }
    return rc;
}

const struct trace_command trace_command_diff = {
    {"diff", "A.rst B.rst", "what is different between two runs",
     "Aligns the two by what happened, not by when. Exit status: 0 no difference, 1 some, 126 an error.",
     diff_rows, trace_subcommand},
    "ringside trace diff",
    sizeof(struct diff_settings),
    2,
    2,
    NULL,
    read_diff};
