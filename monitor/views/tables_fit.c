/*
 * The lines of a descriptor table in a pane of any width: see tables_inside.h.  They were written for 80
 * columns; in less, a row keeps what tells most (its place and what it is), since Enter shows the rest.
 */
#include "monitor/views/tables_inside.h"

#include "monitor/views/wrap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Columns of the rows, from debug/look_gdt.c, look_idt.c, look_ivt.c and look_tss.c. */
enum { RAW_LEN = 18, GATE_AT = 10, LINEAR_AT = 17, LINEAR_LEN = 16, DPL_LEN = 3 };

/* How much of each row goes. */
enum fit { FIT_ALL, FIT_SOME, FIT_LEAST };

struct fitting {
    enum table_kind kind;
    enum fit fit;
    int w;
    size_t raw_at, type_at; /* of a GDT or LDT; 0: not seen yet */
    size_t tss_column;      /* how wide a field of a TSS is */
    size_t entry;           /* of the last row */
};

/* Which entry a line is about; false: none by itself. */
static bool line_entry(enum table_kind kind, const char *s, size_t n, size_t *entry)
{
    size_t i = line_indent(s, n);
    char *end;
    if (kind == TABLE_TSS || i >= n || !isdigit((unsigned char)s[i]))
        return false;
    *entry = strtoul(s + i, &end, 0);
    size_t at = (size_t)(end - s);
    if (at >= n)
        return false;
    bool fold = s[at] == ':' || s[at] == '-';
    bool selector = kind < TABLE_IDT && s[i] == '0' && i + 1 < n && s[i + 1] == 'x';
    if (selector)
        *entry >>= 3;
    return fold ? selector || kind >= TABLE_IDT : !selector && at + 1 < n && s[at] == ' ' && s[at + 1] == ' ';
}

/* A row of columns, as against a run of entries or a sentence. */
static bool is_row(enum table_kind kind, const char *s, size_t n)
{
    size_t entry, i = line_indent(s, n);
    return line_entry(kind, s, n, &entry) && s[i + strcspn(s + i, " :")] == ' ';
}

static void heading(struct fitting *f, const char *s, size_t n)
{
    struct text line = {0};
    text_addn(&line, s, n);
    const char *raw = strstr(text_str(&line), "  raw "), *type = strstr(text_str(&line), " type");
    if (raw && type && !f->raw_at) {
        f->raw_at = (size_t)(raw + 2 - text_str(&line));
        f->type_at = (size_t)(type + 1 - text_str(&line));
    }
    if (n > 5 && memcmp(s, "TSS, ", 5) == 0)
        f->tss_column = s[5] == '6' ? 25 : s[5] == '3' ? 19 : 13;
    text_fini(&line);
}

static void cut_out(const char *s, size_t n, size_t from, size_t to, struct text *out)
{
    to = to < n ? to : n;
    from = from < n ? from : n;
    text_addn(out, s, from);
    text_addn(out, s + to, n - to);
}

/* A row of a GDT or LDT: the raw value goes first, then all but the type. */
static void fit_segment(const struct fitting *f, const char *s, size_t n, struct text *out)
{
    size_t behind = f->raw_at + RAW_LEN;
    bool columns = behind < n && (isxdigit((unsigned char)s[behind]) || s[behind] == 'b') && n > f->type_at &&
                   isxdigit((unsigned char)s[behind + 1]);
    cut_out(s, n, f->raw_at, f->fit == FIT_LEAST && columns ? f->type_at : behind, out);
}

/* A gate: without the zeros in front of its offset, then without its DPL. */
static void fit_gate(const struct fitting *f, const char *s, size_t n, struct text *out)
{
    size_t from = GATE_AT + 5, to = from, dpl;
    while (to + 1 < n && s[to] == '0' && s[to + 1] != ' ')
        to++;
    text_addn(out, s, from);
    for (dpl = to; dpl < n && s[dpl] != ' ';)
        dpl++;
    bool least = f->fit == FIT_LEAST && dpl + DPL_LEN < n;
    text_addn(out, s + to, dpl - to);
    dpl += least ? DPL_LEN : 0;
    text_addn(out, s + dpl, n - dpl);
}

static void fit_row(const struct fitting *f, const char *s, size_t n, struct text *out)
{
    if (f->kind <= TABLE_LDT && f->raw_at)
        fit_segment(f, s, n, out);
    else if (f->kind == TABLE_IDT && n > GATE_AT + 5)
        fit_gate(f, s, n, out);
    else if (f->kind == TABLE_IVT)
        cut_out(s, n, LINEAR_AT, LINEAR_AT + LINEAR_LEN, out);
    else
        text_addn(out, s, n);
}

/* Fields of a TSS stand in columns: as many in a line as there is room for. */
static void fit_fields(const struct fitting *f, const char *s, size_t n, struct text *out)
{
    size_t in_line = (size_t)f->w > f->tss_column + 2 ? ((size_t)f->w - 2) / f->tss_column : 1;
    for (size_t at = 2, i = 1; at < n; at += f->tss_column, i++) {
        size_t len = n - at < f->tss_column ? n - at : f->tss_column;
        if (i % in_line == 1 || in_line == 1)
            text_add(out, "  ");
        while (len && s[at + len - 1] == ' ' && i % in_line == 0)
            len--;
        text_addn(out, s + at, len);
        if (i % in_line == 0 && at + f->tss_column < n)
            text_addc(out, '\n');
    }
}

/* `  RSP0 0000…  RSP1 …`: indented by two, and a word in capitals or `link` first. */
static bool is_fields(const struct fitting *f, const char *s, size_t n)
{
    return f->tss_column && n > f->tss_column && line_indent(s, n) == 2 && strncmp(s + 2, "I/O", 3) != 0 &&
           (isupper((unsigned char)s[2]) || strncmp(s + 2, "link", 4) == 0) && strncmp(s + 2, "TR ", 3) != 0;
}

static bool is_heading(const struct fitting *f, const char *s, size_t n)
{
    return (f->raw_at && n > f->type_at && strncmp(s + f->type_at, "type", 4) == 0) ||
           (f->kind == TABLE_IDT && n > 3 && strncmp(s, "vec", 3) == 0);
}

static void fit_line(struct fitting *f, const char *s, size_t n, struct text *out)
{
    struct text line = {0};
    bool row = is_row(f->kind, s, n), head = is_heading(f, s, n);
    bool continued = f->raw_at && line_indent(s, n) >= f->type_at;
    if (is_fields(f, s, n) && (int)n > f->w) {
        fit_fields(f, s, n, out);
        text_addc(out, '\n');
        return;
    }
    if (f->fit == FIT_ALL || !(row || head || continued))
        text_addn(&line, s, n);
    else if (head && f->kind == TABLE_IDT)
        text_add(&line, "vec       target");
    else
        fit_row(f, s, n, &line);
    if (row || head) { /* the end of a row matters least */
        text_addf(out, "%s\n", text_str(&line));
        text_fini(&line);
        return;
    }
    lines_wrap(text_str(&line), f->w, out);
    text_fini(&line);
}

/* The widest row, under the rule that f->fit sets. */
static size_t widest_row(struct fitting *f, const char *text)
{
    size_t widest = 0, n;
    struct text line = {0};
    for (const char *s = text; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        heading(f, s, n);
        if (!is_row(f->kind, s, n))
            continue;
        text_clear(&line);
        if (f->fit == FIT_ALL)
            text_addn(&line, s, n);
        else
            fit_row(f, s, n, &line);
        size_t width = text_width(text_str(&line));
        widest = width > widest ? width : widest;
    }
    text_fini(&line);
    return widest;
}

static void push(struct table_lines *l, size_t entry)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        size_t *more = realloc(l->entry, cap * sizeof *more);
        l->entry = more ? more : l->entry;
        bool *marks = more ? realloc(l->changed, cap * sizeof *marks) : NULL;
        if (!marks)
            return;
        l->changed = marks;
        l->cap = cap;
    }
    l->changed[l->count] = false;
    l->entry[l->count++] = entry;
}

void table_lines_fit(struct table_lines *l, enum table_kind kind, const char *text, int w)
{
    struct fitting f = {.kind = kind, .w = w, .entry = SIZE_MAX};
    size_t n;
    l->count = l->problems = 0;
    text_clear(&l->text);
    while (f.fit < FIT_LEAST && widest_row(&f, text) > (size_t)(w > 0 ? w : 0))
        f.fit++;
    for (const char *s = text; *s; s += n + (s[n] == '\n')) {
        size_t from = l->text.len, entry;
        n = strcspn(s, "\n");
        if (line_entry(kind, s, n, &entry))
            f.entry = entry;
        else if (line_indent(s, n) == 0)
            f.entry = SIZE_MAX;
        l->problems += line_is_problem(s, n);
        fit_line(&f, s, n, &l->text);
        for (size_t i = from; i < l->text.len; i++)
            if (l->text.buf[i] == '\n')
                push(l, f.entry);
    }
}

void table_lines_fini(struct table_lines *l)
{
    text_fini(&l->text);
    free(l->entry);
    free(l->changed);
    *l = (struct table_lines){0};
}
