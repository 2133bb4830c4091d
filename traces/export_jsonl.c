/*
 * `trace export --format jsonl`: an object a line, for other programs (JSON Lines).  What an event does not
 * have is left out.  Numbers that need all 64 bits are strings in hexadecimal, since many JSON readers keep
 * only 53 bits of a number.
 */
#include "traces/export.h"

static void add_value(struct text *out, const struct export_value *v)
{
    switch (v->type) {
    case EXPORT_NUMBER:
        export_decimal(out, v->number);
        break;
    case EXPORT_HEX:
        text_addc(out, '"');
        export_hex(out, v->number);
        text_addc(out, '"');
        break;
    case EXPORT_WORD:
        text_add_json(out, v->word);
        break;
    case EXPORT_FLAGS:
        text_addc(out, '[');
        export_flags(out, v->number, "\"", ",");
        text_addc(out, ']');
        break;
    case EXPORT_REGS:
        text_addc(out, '{');
        export_regs(out, v->regs, v->number, "\"", ":", ",");
        text_addc(out, '}');
        break;
    case EXPORT_ABSENT:
        break;
    }
}

void trace_event_json(const struct event *ev, const struct event_names *names, struct text *out)
{
    trace_event_json_regs(ev, names, NULL, 0, out);
}

void trace_event_json_regs(const struct event *ev, const struct event_names *names,
                           const struct event_regs *regs, uint32_t changed, struct text *out)
{
    struct text words = {0};
    struct export_row row = {ev, names, &words, regs, changed};
    const char *before = "{\"";
    for (const struct export_column *c = export_columns; c->key; c++) {
        struct export_value v = {.type = EXPORT_ABSENT};
        c->get(&row, &v);
        if (v.type == EXPORT_ABSENT)
            continue;
        text_add(out, before);
        text_add(out, c->key);
        text_add(out, "\":");
        add_value(out, &v);
        before = ",\"";
    }
    text_addc(out, '}');
    out->failed |= words.failed;
    text_fini(&words);
}

static int see(void *ctx, const struct event *ev, struct err *e)
{
    struct export_job *x = ctx;
    uint32_t changed = 0;
    const struct event_regs *regs = trace_reader_regs(x->reader, &changed);
    trace_event_json_regs(ev, &x->info->names, regs, changed, &x->line);
    text_addc(&x->line, '\n');
    return export_line(x, e);
}

int export_jsonl(struct export_job *x, struct err *e)
{
    return trace_reader_want_regs(x->reader, e) ? -1 : export_scan(x, see, x, e);
}
