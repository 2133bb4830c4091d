/*
 * `trace export --format csv`: a table for spreadsheets and data frames, as RFC 4180 has it: a first line of
 * names, lines that end in CR LF, always the same number of columns, and quotes around what holds a comma, a
 * quote or a line end.  The columns are the keys of jsonl; what an event does not have is an empty cell.
 */
#include "traces/export.h"

#include <string.h>

static void add_word(struct text *out, const char *word)
{
    if (!strpbrk(word, ",\"\r\n") && *word != ' ') {
        text_add(out, word);
        return;
    }
    text_addc(out, '"');
    for (; *word; word++) {
        if (*word == '"')
            text_addc(out, '"');
        text_addc(out, *word);
    }
    text_addc(out, '"');
}

static void add_value(struct text *out, const struct export_value *v)
{
    switch (v->type) {
    case EXPORT_NUMBER:
        export_decimal(out, v->number);
        break;
    case EXPORT_HEX:
        export_hex(out, v->number);
        break;
    case EXPORT_WORD:
        add_word(out, v->word);
        break;
    case EXPORT_FLAGS:
        export_flags(out, v->number, "", " ");
        break;
    case EXPORT_REGS:
        export_regs(out, v->regs, v->number, "", "=", " ");
        break;
    case EXPORT_ABSENT:
        break;
    }
}

static int write_names(struct export_job *x, struct err *e)
{
    for (const struct export_column *c = export_columns; c->key; c++)
        text_addf(&x->line, "%s%s", c == export_columns ? "" : ",", c->key);
    text_add(&x->line, "\r\n");
    return export_line(x, e);
}

struct csv {
    struct export_job *job;
    struct text words;
};

static int see(void *ctx, const struct event *ev, struct err *e)
{
    struct csv *csv = ctx;
    struct text *line = &csv->job->line;
    struct export_row row = {.ev = ev, .names = &csv->job->info->names, .words = &csv->words};
    row.regs = trace_reader_regs(csv->job->reader, &row.changed);
    for (const struct export_column *c = export_columns; c->key; c++) {
        struct export_value v = {.type = EXPORT_ABSENT};
        if (c != export_columns)
            text_addc(line, ',');
        c->get(&row, &v);
        add_value(line, &v);
    }
    text_add(line, "\r\n");
    line->failed |= csv->words.failed;
    text_clear(&csv->words);
    return export_line(csv->job, e);
}

int export_csv(struct export_job *x, struct err *e)
{
    struct csv csv = {.job = x};
    int rc = trace_reader_want_regs(x->reader, e);
    if (rc == 0)
        rc = write_names(x, e);
    if (rc == 0)
        rc = export_scan(x, see, &csv, e);
    text_fini(&csv.words);
    return rc;
}
