/*
 * `ringside trace page`: the page tables that a trace holds, as the prompt's `page` and `mem` show those of a
 * standing guest.
 */
#include "cmd_trace.h"

#include "traces/tables.h"

struct page_settings {
    struct trace_settings common;
    struct tables_wanted wanted;
};

static int set_at(void *settings, const char *value, struct err *e)
{
    struct tables_wanted *w = &((struct page_settings *)settings)->wanted;
    w->at_given = true;
    return option_number(value, 0, UINT64_MAX, &w->at, e);
}

static int set_vcpu(void *settings, const char *value, struct err *e)
{
    struct tables_wanted *w = &((struct page_settings *)settings)->wanted;
    uint64_t n;
    if (option_number(value, 0, 255, &n, e) < 0)
        return -1;
    w->vcpu_given = true;
    w->vcpu = (unsigned)n;
    return 0;
}

static const struct option_row page_rows[] = {
    {"--at", "SEQ", "as they stood at this event (default: the last that the trace has)", set_at},
    {"--vcpu", "N", "those of this vCPU (default: that of the event, else 0)", set_vcpu},
    {0}};

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
    int rc = trace_page(r, named ? &gva : NULL, &own->wanted, &t, e);
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
