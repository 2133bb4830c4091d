/*
 * The options that narrow a trace down: all subcommands take the same, so that what `show` lists is what
 * `stat` counts and `graph` draws.
 */
#include "cmd_trace.h"

int trace_set_from(void *settings, const char *value, struct err *e)
{
    return option_number(value, 0, UINT64_MAX, &((struct trace_settings *)settings)->filter.from_seq, e);
}

int trace_set_to(void *settings, const char *value, struct err *e)
{
    uint64_t last;
    if (option_number(value, 0, UINT64_MAX - 1, &last, e) < 0)
        return -1;
    ((struct trace_settings *)settings)->filter.end_seq = last + 1;
    return 0;
}

int trace_set_limit(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, UINT64_MAX, &((struct trace_settings *)settings)->filter.limit, e);
}

int trace_set_filter_kind(void *settings, const char *value, struct err *e)
{
    return trace_filter_kind(&((struct trace_settings *)settings)->filter, value, e);
}

int trace_set_device(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct trace_settings *)settings)->filter.device = value;
    return 0;
}

int trace_set_where(void *settings, const char *value, struct err *e)
{
    struct trace_filter *f = &((struct trace_settings *)settings)->filter;
    if (f->where)
        return err_set(e, "given twice: join the two with &&");
    f->where = query_compile(value, e);
    return f->where ? 0 : -1;
}

int trace_set_json(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct trace_settings *)settings)->json = true;
    return 0;
}

int trace_set_output(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct trace_settings *)settings)->output = value;
    return 0;
}
