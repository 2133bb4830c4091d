/*
 * `ringside trace page`: the page tables that a trace holds, as the prompt's `page` and `mem` show those of a
 * standing guest.
 */
#include "cmd_trace.h"

struct page_settings {
    struct trace_settings common;
    bool at_given;
    uint64_t at;
};

static int set_at(void *settings, const char *value, struct err *e)
{
    struct page_settings *s = settings;
    s->at_given = true;
    return option_number(value, 0, UINT64_MAX, &s->at, e);
}

static const struct option_row page_rows[] = {
    {"--at", "SEQ", "as they stood at this event (default: the last that the trace has)", set_at}, {0}};

static int read_page(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    const struct page_settings *own = (const struct page_settings *)s;
    uint64_t gva;
    struct text t = {0};
    bool named = words->n > 1;
    if (named && option_number(words->word[1], 0, UINT64_MAX, &gva, e) < 0)
        return err_wrap(e, "linear address");
    struct trace_reader *r = trace_open(words->word[0], e);
    if (!r)
        return -1;
    int rc = trace_page(r, named ? &gva : NULL, own->at_given ? &own->at : NULL, &t, e);
    if (rc == 0)
        rc = command_print(&t);
    if (rc == STATUS_OK)
        trace_warn_incomplete(r, words->word[0]);
    trace_reader_close(r);
    text_fini(&t);
    return rc;
}

const struct trace_command trace_command_page = {{"page", "FILE.rst [ADDR]",
                                                  "walks the page tables that the trace holds",
                                                  "With ADDR: that linear address through every level, as "
                                                  "`page` at the prompt. Without: all that is mapped,\n"
                                                  "as `mem`. A trace holds the page tables as they stood "
                                                  "each time the control registers named others, and\n"
                                                  "at the end of the run.",
                                                  page_rows, trace_subcommand},
                                                 "ringside trace page",
                                                 sizeof(struct page_settings),
                                                 1,
                                                 2,
                                                 NULL,
                                                 read_page};
