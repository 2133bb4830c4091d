/*
 * The expectations in a guest's source: see script.h.
 */
#include "script.h"

#include "base/text.h"
#include "lines.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "//: ";

/* Takes the directive out of a line that is NUL-terminated. */
static int script_take(struct script *s, char *line, struct err *e)
{
    char *word = line + strlen(mark), *end = word + strcspn(word, " ");
    if (s->n == DIRECTIVES_MAX)
        return err_set(e, "more than %d directives", DIRECTIVES_MAX);
    const char *rest = *end ? end + 1 : end;
    *end = '\0';
    if (strcmp(word, "case") == 0)
        s->cases++;
    s->directive[s->n++] = (struct directive){.of_case = s->cases, .word = word, .rest = rest};
    return 0;
}

int script_read(struct script *s, const char *path, struct err *e)
{
    struct text t = {0};
    *s = (struct script){0};
    if (file_read(path, &t, e) < 0)
        return -1;
    s->source = t.buf;
    for (char *line = t.buf, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (strncmp(line, mark, strlen(mark)) == 0 && script_take(s, line, e) < 0)
            return err_wrap(e, "%s", path);
    }
    if (s->cases == 0)
        s->cases = 1;
    return s->n ? 0 : err_set(e, "%s: nothing is expected of it", path);
}

void script_free(struct script *s)
{
    free(s->source);
}

const struct directive *script_next(const struct script *s, int number, const char *word, size_t *i)
{
    while (*i < s->n) {
        const struct directive *d = &s->directive[(*i)++];
        if ((d->of_case == 0 || d->of_case == number) && strcmp(d->word, word) == 0)
            return d;
    }
    return NULL;
}

const char *script_last(const struct script *s, int number, const char *word)
{
    const char *last = NULL;
    size_t i = 0;
    for (const struct directive *d; (d = script_next(s, number, word, &i));)
        last = d->rest;
    return last;
}

/* One character of a quoted word at *p, which moves on. */
static char quoted_char(const char **p)
{
    static const char names[] = "nrt0", values[] = "\n\r\t";
    char c = *(*p)++;
    if (c != '\\' || !**p)
        return c;
    c = *(*p)++;
    if (c == 'x') {
        char digits[3] = {(*p)[0], (*p)[0] ? (*p)[1] : '\0', '\0'}, *end;
        unsigned long byte = strtoul(digits, &end, 16);
        *p += end - digits;
        return (char)(unsigned char)byte;
    }
    const char *name = strchr(names, c);
    return name ? values[name - names] : c;
}

void words_cut(const char *text, struct words *w)
{
    char *to = w->buf, *end = w->buf + sizeof w->buf - 1;
    w->n = 0;
    for (const char *p = text; *p && w->n < WORDS_MAX;) {
        p += strspn(p, " ");
        if (!*p)
            break;
        char *start = to;
        if (*p == '"') {
            for (p++; *p && *p != '"' && to < end;)
                *to++ = quoted_char(&p);
            p += *p == '"';
        } else {
            while (*p && *p != ' ' && to < end)
                *to++ = *p++;
        }
        w->word[w->n] = start;
        w->len[w->n++] = (size_t)(to - start);
        if (to < end)
            *to++ = '\0';
    }
    *end = '\0';
    w->word[w->n] = NULL;
}
