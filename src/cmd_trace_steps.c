/*
 * `ringside trace at` and `ringside trace find`: a step trace as a place to look around in, forwards and
 * backwards, long after the guest is gone.
 */
#include "cmd_trace.h"

#include "traces/steps.h"

static const struct option_row at_rows[] = {{"--json", NULL, "as one JSON object", trace_set_json}, {0}};

static int read_at(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    uint64_t seq;
    struct text t = {0};
    if (option_number(words->word[1], 0, UINT64_MAX, &seq, e) < 0)
        return err_wrap(e, "trace at: %s", words->word[1]);
    struct trace_reader *r = trace_open(words->word[0], e);
    if (!r)
        return -1;
    int rc = trace_at(r, seq, s->json, &t, e);
    rc = rc ? err_wrap(e, "%s", words->word[0]) : command_print(&t);
    if (rc >= 0)
        trace_warn_incomplete(r, words->word[0]);
    text_fini(&t);
    trace_reader_close(r);
    return rc;
}

const struct trace_command trace_command_at = {{"at", "FILE.rst SEQ",
                                                "the registers at one event, and what is around it",
                                                "SEQ is the number that `trace show` prints in front of an "
                                                "event. Registers are in traces of `ringside run "
                                                "--trace-steps`; where they are not known, it says so.",
                                                at_rows, trace_subcommand},
                                               "ringside trace at",
                                               sizeof(struct trace_settings),
                                               2,
                                               2,
                                               NULL,
                                               read_at};

struct find_settings {
    struct trace_settings common;
    bool all;
};

static int set_all(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct find_settings *)settings)->all = true;
    return 0;
}

static const struct option_row find_rows[] = {
    {"--all", NULL, "each event at which it is so, not only where it becomes so", set_all},
    {"--from", "SEQ", "only events from this number on", trace_set_from},
    {"--to", "SEQ", "only events up to this number", trace_set_to},
    {"--limit", "N", "at most N events", trace_set_limit},
    {"--json", NULL, "a JSON object a line", trace_set_json},
    {0}};

static int find_in(struct trace_reader *r, const char *path, const struct trace_find *f, struct err *e)
{
    int rc = trace_find(r, f, stdout, e);
    if (rc < 0)
        return err_wrap(e, "%s", path);
    trace_warn_incomplete(r, path);
    if (rc == 1) {
        err_set(e, "%s: it never becomes so: %s", path, query_source(f->query));
        command_fail(rc, e);
    }
    return rc;
}

static int read_find(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    const struct find_settings *own = (const struct find_settings *)s;
    struct trace_find f = {.from_seq = s->filter.from_seq,
                           .end_seq = s->filter.end_seq,
                           .limit = s->filter.limit,
                           .all = own->all,
                           .json = s->json};
    f.query = query_compile(words->word[1], e);
    if (!f.query)
        return err_wrap(e, "trace find");
    struct trace_reader *r = trace_open(words->word[0], e);
    int rc = r ? find_in(r, words->word[0], &f, e) : -1;
    trace_reader_close(r);
    query_free(f.query);
    return rc;
}

const struct trace_command trace_command_find = {
    {"find", "FILE.rst EXPR", "the steps at which something becomes true: \"rax == 5\"",
     "EXPR is a question as --where takes it, over the registers after the event and the event's fields. "
     "Exit "
     "status: 0 found, 1 never so, 126 no such question or trace.",
     find_rows, trace_subcommand},
    "ringside trace find",
    sizeof(struct find_settings),
    2,
    2,
    NULL,
    read_find};
