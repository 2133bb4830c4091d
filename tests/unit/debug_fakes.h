/*
 * For tests of the debug floor that need expressions and symbols but do not test them: a target of registers
 * and memory, four symbols, and an evaluator that knows numbers, the names below, brackets, and the operators
 * + and ==. All are weak, so that a program that is linked with the real ones uses those.
 */
#ifndef RINGSIDE_TESTS_DEBUG_FAKES_H
#define RINGSIDE_TESTS_DEBUG_FAKES_H

#include "base/bytes.h"
#include "debug/expr.h"
#include "debug/symbols.h"
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEAK __attribute__((weak))

struct expr {
    char text[128];
    unsigned width;
    bool event;
};

static const struct symbol fake_symbols[] = {
    {"main", 0x1000, 0x100, true}, {"counter", 0x8000, 4, false}, {"table", 0x8100, 64, false}};

WEAK const struct symbol *symbols_find(const struct symbols *s, const char *name)
{
    for (size_t i = 0; s && i < 3; i++)
        if (!strcmp(fake_symbols[i].name, name))
            return &fake_symbols[i];
    return NULL;
}

WEAK const struct symbol *symbols_at(const struct symbols *s, uint64_t addr, uint64_t *offset)
{
    for (size_t i = 0; s && i < 3; i++)
        if (addr >= fake_symbols[i].addr && addr - fake_symbols[i].addr < fake_symbols[i].len) {
            *offset = addr - fake_symbols[i].addr;
            return &fake_symbols[i];
        }
    return NULL;
}

WEAK void symbols_name(const struct symbols *s, uint64_t addr, struct text *out)
{
    uint64_t offset;
    const struct symbol *x = symbols_at(s, addr, &offset);
    if (x && offset)
        text_addf(out, "<%s+%llu>", x->name, (unsigned long long)offset);
    else if (x)
        text_addf(out, "<%s>", x->name);
}

WEAK int symbols_line_addr(const struct symbols *s, const char *file, unsigned line, uint64_t *addr,
                           unsigned *found, struct err *e)
{
    if (!s || strcmp(file, "boot64.S") != 0)
        return err_set(e, "%s: no such file", file);
    *addr = 0x1000 + line;
    *found = line;
    return 0;
}

static const char *fake_word(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && !strncmp(p, word, n) && (p + n == end || !isalnum((unsigned char)p[n]))
               ? p + n
               : NULL;
}

/* A term at p: its end, or NULL; *value where a target is given. -1 in *bad when it has none. */
static const char *fake_sum(const char *p, const char *end, const struct target *t, uint64_t *value,
                            int *bad);

static const char *fake_term(const char *p, const char *end, const struct target *t, uint64_t *value,
                             int *bad)
{
    static const char *const widths[] = {"byte", "word", "dword", "qword"};
    unsigned width = 8;
    const char *q;
    while (p < end && *p == ' ')
        p++;
    for (unsigned i = 0; i < 4; i++)
        if ((q = fake_word(p, end, widths[i]))) {
            width = 1u << i;
            p = q + strspn(q, " ");
        }
    if (p < end && *p == '[') {
        uint8_t bytes[8] = {0};
        uint64_t at = 0;
        q = fake_sum(p + 1, end, t, &at, bad);
        if (!q || q >= end || *q != ']')
            return NULL;
        if (t && target_read(t, at, bytes, width, NULL) != width)
            *bad = 1;
        *value = le_load(bytes, width);
        return q + 1;
    }
    if (p < end && isdigit((unsigned char)*p)) {
        char *stop;
        *value = strtoull(p, &stop, 0);
        return stop;
    }
    const struct {
        const char *name;
        uint64_t value;
    } names[] = {{"rip", t ? t->regs.rip : 0},          {"rax", t ? t->regs.rax : 0},
                 {"ds.base", t ? t->sregs.ds.base : 0}, {"value", t && t->event ? t->event->value : 0},
                 {"main", fake_symbols[0].addr},        {"counter", fake_symbols[1].addr},
                 {"table", fake_symbols[2].addr}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((q = fake_word(p, end, names[i].name))) {
            *value = names[i].value;
            return q;
        }
    return NULL;
}

static const char *fake_sum(const char *p, const char *end, const struct target *t, uint64_t *value, int *bad)
{
    uint64_t more;
    p = fake_term(p, end, t, value, bad);
    while (p && p < end) {
        const char *op = p + strspn(p, " ");
        bool equal = !strncmp(op, "==", 2);
        if (*op != '+' && !equal)
            break;
        p = fake_term(op + (equal ? 2 : 1), end, t, &more, bad);
        *value = equal ? *value == more : *value + more;
    }
    return p;
}

WEAK struct expr *expr_parse(const char *text, const struct target *t, size_t *used, struct err *e)
{
    uint64_t value;
    int bad = 0;
    (void)t;
    const char *end = fake_sum(text, text + strlen(text), NULL, &value, &bad);
    struct expr *x = calloc(1, sizeof *x);
    if (!x || !end || (!used && *end)) {
        free(x);
        err_set(e, "column 1: not an expression");
        return NULL;
    }
    snprintf(x->text, sizeof x->text, "%.*s", (int)(end - text), text);
    x->width = !strncmp(text, "byte", 4)    ? 1
               : !strncmp(text, "word", 4)  ? 2
               : !strncmp(text, "dword", 5) ? 4
                                            : 8;
    x->event = strstr(x->text, "value") != NULL;
    if (used)
        *used = (size_t)(end - text);
    return x;
}

WEAK void expr_free(struct expr *x)
{
    free(x);
}

WEAK int expr_value(const struct expr *x, const struct target *t, uint64_t *value, struct err *e)
{
    int bad = 0;
    fake_sum(x->text, x->text + strlen(x->text), t, value, &bad);
    return bad ? err_set(e, "no memory there") : 0;
}

WEAK bool expr_needs_event(const struct expr *x)
{
    return x->event;
}

WEAK unsigned expr_width(const struct expr *x, const struct target *t)
{
    (void)t;
    return x->width;
}

WEAK int expr_eval(const char *text, const struct target *t, uint64_t *value, struct err *e)
{
    struct expr *x = expr_parse(text, t, NULL, e);
    int rc = x ? expr_value(x, t, value, e) : -1;
    expr_free(x);
    return rc;
}

#endif
