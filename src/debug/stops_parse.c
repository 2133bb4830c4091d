/*
 * Stops from words, as gdb's and Bochs' users write them: the grammar is in stops.h.  Addresses and numbers
 * are expressions; what follows one is the condition, which begins with `if`.
 */
#include "debug/stops_words.h"
#include "debug/symbols.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void words_blanks(struct words *w)
{
    w->at += strspn(w->at, " \t");
}

/* Takes the next word when it is this one. */
bool words_take(struct words *w, const char *word)
{
    size_t n = strlen(word);
    words_blanks(w);
    if (words_word_len(w->at) != n || strncasecmp(w->at, word, n) != 0)
        return false;
    w->at += n;
    words_blanks(w);
    return true;
}

/* Nothing but a condition may follow. */
bool words_at_end(struct words *w)
{
    words_blanks(w);
    return !*w->at || (!strncmp(w->at, "if", 2) && (!w->at[2] || strchr(" \t(", w->at[2])));
}

static int words_end(struct words *w)
{
    struct stops_spec *spec = w->spec;
    if (!words_at_end(w))
        return err_set(w->e, "what is \"%.60s\"? Only `if CONDITION` can follow", w->at);
    if (!*w->at)
        return 0;
    w->at += 2;
    words_blanks(w);
    if (!*w->at)
        return err_set(w->e, "if: a condition is missing");
    return stops_condition(spec->kind, w->at, w->t, &spec->condition, &spec->condition_text, w->e);
}

/* Evaluates `n` bytes as one expression. */
int words_number(struct words *w, const char *s, size_t n, uint64_t *value)
{
    char text[256];
    if (n >= sizeof text)
        return err_set(w->e, "too long for an address");
    snprintf(text, sizeof text, "%.*s", (int)n, s);
    return expr_eval(text, w->t, value, w->e);
}

/* The longest expression from here; *from and *len get its text. */
int words_expression(struct words *w, uint64_t *value, const char **from, size_t *len)
{
    size_t used = 0;
    words_blanks(w);
    if (words_at_end(w))
        return err_set(w->e, "an address or a number is missing");
    struct expr *x = expr_parse(w->at, w->t, &used, w->e);
    if (!x)
        return -1;
    int rc = value ? expr_value(x, w->t, value, w->e) : 0;
    expr_free(x);
    if (rc < 0)
        return -1;
    *from = w->at;
    *len = used;
    w->at += used;
    while (*len && (*from)[*len - 1] == ' ')
        (*len)--;
    return 0;
}

static int where_keep(struct words *w, const char *from, size_t len)
{
    w->spec->where = strndup(from, len);
    return w->spec->where ? 0 : err_sys(w->e, ENOMEM, "stop");
}

/* ---- break ---- */

/* `boot64.S:42`, or `7c0:10` in real mode: 1 taken, 0 it is neither, -1 with *e. */
static int break_colon(struct words *w)
{
    size_t n = words_word_len(w->at);
    const char *colon = memchr(w->at, ':', n);
    struct stops_spec *spec = w->spec;
    char file[4096];
    char *end;
    if (!colon || colon == w->at || memchr(w->at, '[', n))
        return 0;
    const char *from = w->at;
    unsigned long line = strtoul(colon + 1, &end, 10);
    if (isdigit((unsigned char)from[0]) && strcspn(from, "./") > (size_t)(colon - from)) {
        uint64_t segment, offset;
        if (!w->t || cpu_mode(&w->t->sregs) != MODE_REAL)
            return err_set(w->e, "SEGMENT:OFFSET is an address in real mode only");
        if (words_number(w, from, (size_t)(colon - from), &segment) < 0 ||
            words_number(w, colon + 1, n - (size_t)(colon + 1 - from), &offset) < 0)
            return -1;
        if (segment > 0xffff || offset > 0xffff)
            return err_set(w->e, "a segment and an offset have 16 bits each");
        spec->first = (segment << 4) + offset;
    } else {
        unsigned found;
        if (end == colon + 1 || end != from + n || line == 0 || line > INT32_MAX)
            return err_set(w->e, "%.*s: a line number must follow the colon", (int)n, from);
        if (!w->t || !w->t->symbols)
            return err_set(w->e, "%.*s: there are no symbols, so that lines are not known", (int)n, from);
        if ((size_t)snprintf(file, sizeof file, "%.*s", (int)(colon - from), from) >= sizeof file)
            return err_set(w->e, "the file name is too long");
        if (symbols_line_addr(w->t->symbols, file, (unsigned)line, &spec->first, &found, w->e) < 0)
            return -1;
    }
    w->at += n;
    return where_keep(w, from, n) < 0 ? -1 : 1;
}

static int parse_break(struct words *w)
{
    struct stops_spec *spec = w->spec;
    const char *from;
    size_t len;
    bool phys = words_take(w, "phys");
    spec->kind = phys ? STOPS_BREAK_PHYS : STOPS_BREAK;
    words_blanks(w);
    if (!phys && words_at_end(w)) {
        if (!w->t)
            return err_set(w->e, "an address is missing");
        spec->first = cpu_rip_linear(&w->t->regs, &w->t->sregs);
    } else {
        if (*w->at == '*')
            w->at++;
        int rc = phys ? 0 : break_colon(w);
        if (rc < 0 ||
            (rc == 0 && (words_expression(w, &spec->first, &from, &len) < 0 || where_keep(w, from, len) < 0)))
            return -1;
    }
    spec->last = spec->first;
    return 0;
}

/* ---- watch ---- */

/* The text between the first bracket and its partner; false when there is none. */
static bool brackets_inside(const char *s, size_t n, const char **inside, size_t *len)
{
    const char *open = memchr(s, '[', n);
    unsigned depth = 0;
    for (const char *p = open; p && p < s + n; p++) {
        depth += *p == '[';
        depth -= *p == ']';
        if (depth > 0)
            continue;
        *inside = open + 1;
        *len = (size_t)(p - open - 1);
        return p + 1 == s + n; /* the brackets are all there is */
    }
    return false;
}

/* The address that stands between brackets: an expression, with a segment in front of it if wanted. */
static int watch_address(struct words *w, const char *s, size_t n, uint64_t *linear)
{
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    char base[16];
    uint64_t base_value = 0;
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        if (n < 3 || strncasecmp(s, segments[i], 2) != 0 || s[2] != ':')
            continue;
        snprintf(base, sizeof base, "%s.base", segments[i]);
        bool flat = w->t && cpu_mode(&w->t->sregs) == MODE_LONG && i < 4;
        if (!flat && expr_eval(base, w->t, &base_value, w->e) < 0)
            return -1;
        s += 3;
        n -= 3;
        break;
    }
    if (words_number(w, s, n, linear) < 0)
        return -1;
    *linear += base_value;
    if (w->t && cpu_mode(&w->t->sregs) != MODE_LONG)
        *linear &= UINT32_MAX;
    return 0;
}

/* True when the words begin as a place in memory: `[…]`, `dword […]`. */
static bool is_memory(const char *s)
{
    static const char *const widths[] = {"byte", "word", "dword", "qword"};
    if (*s == '[')
        return true;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        size_t n = strlen(widths[i]);
        if (!strncasecmp(s, widths[i], n) && s[n + strspn(s + n, " \t")] == '[')
            return true;
    }
    return false;
}

static unsigned natural_width(const struct target *t)
{
    return t ? cpu_code_bits(&t->sregs) / 8 : 8;
}

/* `dword [0x8000]`: the expression itself says how many bytes; what is in its brackets says where. */
static int watch_memory(struct words *w, uint64_t *len)
{
    const char *from = w->at, *inside;
    size_t used = 0, n;
    struct expr *x = expr_parse(from, w->t, &used, w->e);
    if (!x)
        return -1;
    *len = w->t ? expr_width(x, w->t) : 8;
    expr_free(x);
    while (used && from[used - 1] == ' ')
        used--;
    if (!brackets_inside(from, used, &inside, &n))
        return err_set(w->e, "%.*s: this is a computed value, not a place in memory", (int)used, from);
    if (watch_address(w, inside, n, &w->spec->first) < 0)
        return -1;
    w->at += used;
    return where_keep(w, from, used);
}

static int watch_plain(struct words *w, uint64_t *len)
{
    const char *from;
    size_t n, word = strcspn(w->at, " \t,");
    char name[256];
    *len = natural_width(w->t);
    if (word < sizeof name) {
        snprintf(name, sizeof name, "%.*s", (int)word, w->at);
        const struct symbol *sym = w->t ? symbols_find(w->t->symbols, name) : NULL;
        if (sym && sym->len && sym->len <= STOPS_WATCH_MAX)
            *len = sym->len;
    }
    if (words_expression(w, &w->spec->first, &from, &n) < 0)
        return -1;
    return where_keep(w, from, n);
}

/* A length behind a comma. */
int words_length(struct words *w, uint64_t *len)
{
    const char *from;
    size_t n;
    words_blanks(w);
    if (*w->at != ',')
        return 0;
    w->at++;
    return words_expression(w, len, &from, &n);
}

int words_range(struct words *w, uint64_t len)
{
    if (len == 0)
        return err_set(w->e, "a length of 0 covers nothing");
    if (w->spec->first + (len - 1) < w->spec->first)
        return err_set(w->e, "the range runs past the end of the address space");
    w->spec->last = w->spec->first + (len - 1);
    return 0;
}

static int parse_watch(struct words *w)
{
    uint64_t len;
    words_blanks(w);
    if (words_at_end(w))
        return err_set(w->e, "what is to be watched? For example: watch dword [0x8000]");
    if ((is_memory(w->at) ? watch_memory(w, &len) : watch_plain(w, &len)) < 0 || words_length(w, &len) < 0 ||
        words_range(w, len) < 0)
        return -1;
    if (len > STOPS_WATCH_MAX)
        return err_set(w->e, "a watch covers at most %d bytes", STOPS_WATCH_MAX);
    return 0;
}

/* ---- all ---- */

struct verb {
    const char *name;
    int (*parse)(struct words *w);
    unsigned direction;
    bool once, hardware;
};
static const struct verb verbs[] = {
    {"break", parse_break, 0, false, false},          {"tbreak", parse_break, 0, true, false},
    {"hbreak", parse_break, 0, false, true},          {"thbreak", parse_break, 0, true, true},
    {"watch", parse_watch, STOPS_OUT, false, false},  {"rwatch", parse_watch, STOPS_IN, false, false},
    {"awatch", parse_watch, STOPS_ANY, false, false}, {"stop", words_parse_event, STOPS_ANY, false, false},
};

int stops_parse(const char *verb, const char *args, const struct target *t, struct stops_spec *spec,
                struct err *e)
{
    struct words w = {.at = args, .t = t, .spec = spec, .e = e};
    *spec = (struct stops_spec){.kind = STOPS_BREAK};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].name) != 0)
            continue;
        *spec = (struct stops_spec){.kind = verbs[i].parse == parse_watch ? STOPS_WATCH : STOPS_BREAK,
                                    .direction = verbs[i].direction,
                                    .once = verbs[i].once,
                                    .hardware = verbs[i].hardware};
        if (verbs[i].parse(&w) == 0 && words_end(&w) == 0)
            return 0;
        stops_spec_fini(spec);
        return -1;
    }
    return err_set(e, "%s: no such way to stop", verb);
}
