/*
 * Completion: see complete.h.
 */
#include "monitor/shell/complete.h"

#include "debug/expr.h"
#include "debug/symbols.h"
#include "monitor/shell/line.h"
#include "monitor/shell/settings.h"

#include <string.h>

enum { CHOICE_MAX_LEN = 40 };

/* One completion in progress. */
struct completion {
    const struct complete_names *names;
    const struct shell_command *row;
    const char *prefix;
    void (*offer)(void *ctx, const char *word);
    void *ctx;
};

static void offer(const struct completion *c, const char *word)
{
    if (word && strncmp(word, c->prefix, strlen(c->prefix)) == 0)
        c->offer(c->ctx, word);
}

static void offer_words(const struct completion *c, const char *words)
{
    const char *word;
    size_t n;
    while ((word = line_word(&words, &n))) {
        char one[CHOICE_MAX_LEN + 1];
        if (n > CHOICE_MAX_LEN)
            continue;
        memcpy(one, word, n);
        one[n] = '\0';
        offer(c, one);
    }
}

static void offer_commands(const struct completion *c)
{
    const struct shell_command *row;
    for (size_t i = 0; (row = shell_row(i)); i++) {
        if (row->flags & COMMAND_HIDDEN)
            continue;
        offer(c, row->name);
        if (*c->prefix) /* other names would only fill the screen when all are asked for */
            offer_words(c, row->alias);
    }
}

static void offer_symbols(const struct completion *c)
{
    const struct symbol *s;
    for (size_t i = 0; (s = symbols_row(c->names->symbols, i)); i++)
        offer(c, s->name);
}

static void offer_registers(const struct completion *c)
{
    for (size_t i = 0; expr_name(i); i++)
        offer(c, expr_name(i));
}

static void offer_expression(const struct completion *c)
{
    offer_registers(c);
    offer_symbols(c);
    if (c->row && strcmp(c->row->name, "set") == 0)
        for (size_t i = 0; setting_row(i); i++)
            offer(c, setting_row(i)->name);
}

static void offer_kinds(const struct completion *c)
{
    for (size_t i = 0; event_kind_row(i); i++)
        offer(c, event_kind_row(i)->name);
}

static void offer_devices(const struct completion *c)
{
    for (size_t i = 1; c->names->events && i < c->names->events->device_count; i++)
        offer(c, c->names->events->devices[i].name);
}

static void offer_choices(const struct completion *c)
{
    if (c->row && c->row->choices)
        offer_words(c, c->row->choices);
}

static void (*const offers[])(const struct completion *c) = {
    [COMPLETE_EXPR] = offer_expression,    [COMPLETE_SYMBOL] = offer_symbols,
    [COMPLETE_REGISTER] = offer_registers, [COMPLETE_KIND] = offer_kinds,
    [COMPLETE_DEVICE] = offer_devices,     [COMPLETE_COMMAND] = offer_commands,
    [COMPLETE_WORDS] = offer_choices,
};

/* Where the command that byte `at` belongs to begins. */
static const char *command_around(const char *line, size_t at)
{
    const char *start = line;
    for (;;) {
        const char *end = start + line_command_len(start);
        if (*end != ';' || (size_t)(end - line) >= at)
            break;
        start = end + 1;
    }
    while (line_is_blank(*start))
        start++;
    return start;
}

enum complete_kind complete_kind_at(const char *line, size_t at, const struct shell_command **row)
{
    struct err e;
    const char *command = command_around(line, at);
    *row = NULL;
    if (command >= line + at)
        return COMPLETE_COMMAND;
    if (shell_find(command, line_name_len(command), row, &e) < 0) {
        *row = NULL;
        return COMPLETE_NONE;
    }
    /* The value that is assigned, or what a setting is set to: the second word has its own choices. */
    const char *p = command;
    size_t len;
    (void)line_word(&p, &len);
    const char *word = line_word(&p, &len);
    if (strcmp((*row)->name, "set") == 0 && word && word + len < line + at && setting_find(word, len))
        return COMPLETE_NONE;
    return (*row)->complete;
}

void complete_words(const struct complete_names *names, const char *line, size_t at, const char *prefix,
                    void (*offered)(void *ctx, const char *word), void *ctx)
{
    struct completion c = {names, NULL, prefix, offered, ctx};
    enum complete_kind kind = complete_kind_at(line, at, &c.row);
    if ((size_t)kind < sizeof offers / sizeof offers[0] && offers[kind])
        offers[kind](&c);
}
