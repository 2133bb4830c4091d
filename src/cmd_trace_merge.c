/*
 * `ringside trace merge`: several traces as one.
 */
#include "cmd_trace.h"

#include "traces/merge.h"

static const struct option_row merge_rows[] = {
    {"-o", "OUT.rst", "the merged trace; needed", trace_set_output}, {0}};

static int merge_words(struct trace_reader **r, const struct positionals *words, const char *out,
                       struct err *e)
{
    struct text said = {0};
    for (size_t i = 0; i < words->n; i++)
        if (!(r[i] = trace_open(words->word[i], e)))
            return -1;
    int rc = trace_merge(r, words->word, words->n, out, &said, e);
    if (rc == 0)
        rc = command_print(&said);
    for (size_t i = 0; rc >= 0 && i < words->n; i++)
        trace_warn_incomplete(r[i], words->word[i]);
    text_fini(&said);
    return rc;
}

static int read_merge(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    struct trace_reader *r[MERGE_MAX] = {NULL};
    if (!s->output)
        return err_set(e, "trace merge: -o OUT.rst is missing");
    if (words->n > MERGE_MAX)
        return err_set(e, "trace merge: at most %d traces", MERGE_MAX);
    int rc = merge_words(r, words, s->output, e);
    for (size_t i = 0; i < MERGE_MAX; i++)
        trace_reader_close(r[i]);
    return rc;
}

const struct trace_command trace_command_merge = {
    {"merge", "A.rst B.rst ...", "several traces as one, on one clock",
     "Up to eight. Times count from the earliest start. Parts of one machine stay as they are; of several\n"
     "machines, vCPUs are renumbered and devices get a letter: a.uart, b.uart.",
     merge_rows, trace_subcommand},
    "ringside trace merge",
    sizeof(struct trace_settings),
    2,
    POSITIONAL_FEW,
    NULL,
    read_merge};
