/*
 * Reading a rule file: lines, comments, and the words that begin them.  See rules.h for the language.
 */
#include "traces/rules_inside.h"

#include "traces/fields.h"
#include "traces/query_lex.h"

#include "base/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct rules *rules;
    struct rule *rule; /* the one under construction, NULL before the first */
    struct err *e;
};

/* Free text as one line: runs of blanks become one space, control characters '?'. NULL for lack of memory. */
static char *one_line(struct rule_slice s)
{
    struct text t = {0};
    for (size_t i = 0; i < s.len; i++) {
        bool blank = strchr(" \t\r\n", s.p[i]) && s.p[i];
        if (!blank)
            text_addc(&t, s.p[i]);
        else if (t.len && t.buf[t.len - 1] != ' ')
            text_addc(&t, ' ');
    }
    struct text clean = {0};
    string_clean(&clean, text_str(&t), t.len, s.len);
    clean.failed |= t.failed;
    char *line = clean.failed ? NULL : strdup(text_str(&clean));
    text_fini(&t);
    text_fini(&clean);
    return line;
}

static int set_text(struct loader *l, char **out, struct rule_slice rest, const char *what)
{
    if (!rest.len)
        return query_fail(l->e, rest.at, "%s is due here", what);
    if (*out)
        return query_fail(l->e, rest.at, "this rule has %s already", what);
    *out = one_line(rest);
    return *out ? 0 : err_sys(l->e, ENOMEM, "rules");
}

/* A rule is complete when its assertion is there. */
static int finish_rule(struct loader *l)
{
    if (!l->rule || l->rule->shape)
        return 0;
    return err_set(l->e, "line %zu: this rule has no assertion: some, never, count ...", l->rule->line);
}

static int load_rule(struct loader *l, struct rule_slice rest)
{
    if (finish_rule(l))
        return -1;
    if (l->rules->count == RULES_MAX)
        return query_fail(l->e, rest.at, "more than %d rules", RULES_MAX);
    struct rule *grown = realloc(l->rules->rule, (l->rules->count + 1) * sizeof *grown);
    if (!grown)
        return err_sys(l->e, ENOMEM, "rules");
    l->rules->rule = grown;
    l->rule = &grown[l->rules->count++];
    *l->rule = (struct rule){.points = 1, .line = rest.at.line};
    return set_text(l, &l->rule->name, rest, "a name");
}

static int load_points(struct loader *l, struct rule_slice rest)
{
    unsigned n = 0;
    for (size_t i = 0; i < rest.len && n <= RULE_POINTS_MAX; i++)
        n = rest.p[i] >= '0' && rest.p[i] <= '9' ? n * 10 + (unsigned)(rest.p[i] - '0') : RULE_POINTS_MAX + 1;
    if (!rest.len || n > RULE_POINTS_MAX)
        return query_fail(l->e, rest.at, "a number of points is due here, 0 to %d", RULE_POINTS_MAX);
    l->rule->points = n;
    return 0;
}

static int load_hint(struct loader *l, struct rule_slice rest)
{
    return set_text(l, &l->rule->hint, rest, "a hint");
}

static const struct {
    const char *word;
    int (*load)(struct loader *l, struct rule_slice rest);
} load_words[] = {{"rule", load_rule}, {"points", load_points}, {"hint", load_hint}};
enum { LOAD_WORDS = sizeof load_words / sizeof load_words[0] };

static bool word_is(struct rule_slice line, const char *word)
{
    return rule_slice_word(line) == strlen(word) && !memcmp(line.p, word, strlen(word));
}

static int load_assertion(struct loader *l, const struct rule_shape *shape, struct rule_slice line)
{
    struct rule_slice rest = rule_slice_trim(line, strlen(shape->word));
    if (l->rule->shape)
        return query_fail(l->e, line.at,
                          "this rule has an assertion already: begin another with `rule NAME`");
    if (!rest.len)
        return query_fail(l->e, line.at, "something is missing: %s", shape->usage);
    if (shape->parse(l->rule, rest, l->e))
        return -1;
    l->rule->shape = shape;
    return 0;
}

static int fail_word(struct loader *l, struct rule_slice line)
{
    char word[32];
    const char *best = NULL;
    size_t distance = 0, n = 0;
    for (; n < rule_slice_word(line) && n < sizeof word - 1; n++)
        word[n] = (line.p[n] & 0x60) && line.p[n] != 0x7f ? line.p[n] : '?'; /* it goes to a terminal */
    word[n] = '\0';
    for (size_t i = 0; i < LOAD_WORDS; i++)
        nearest_offer(word, load_words[i].word, &best, &distance);
    for (const struct rule_shape *s = rule_shapes; s->word; s++)
        nearest_offer(word, s->word, &best, &distance);
    return query_fail(l->e, line.at, "no line begins with \"%s\"%s%s%s", word, best ? "; did you mean " : "",
                      best ? best : "", best ? "?" : "");
}

static int load_line(struct loader *l, struct rule_slice line)
{
    if (!l->rule && !word_is(line, "rule"))
        return query_fail(l->e, line.at, "a rule begins with `rule NAME`");
    for (size_t i = 0; i < LOAD_WORDS; i++)
        if (word_is(line, load_words[i].word))
            return load_words[i].load(l, rule_slice_trim(line, strlen(load_words[i].word)));
    for (const struct rule_shape *s = rule_shapes; s->word; s++)
        if (word_is(line, s->word))
            return load_assertion(l, s, line);
    return fail_word(l, line);
}

/* The line at `text`, with its newline. */
static size_t line_len(const char *text, size_t len)
{
    const char *end = len ? memchr(text, '\n', len) : NULL;
    return end ? (size_t)(end - text) + 1 : len;
}

static bool line_is_empty(const char *p, size_t len)
{
    return rule_slice_trim((struct rule_slice){.p = p, .len = len}, 0).len == 0;
}

static bool line_goes_on(const char *p, size_t len)
{
    return len && (p[0] == ' ' || p[0] == '\t') && !line_is_empty(p, len);
}

static int load_lines(struct loader *l, const char *text, size_t len)
{
    for (size_t at = 0, number = 1; at < len;) {
        struct query_place place = {number, 1};
        size_t first = at;
        bool skip = line_is_empty(text + at, line_len(text + at, len - at)) || text[at] == '#';
        if (line_goes_on(text + at, line_len(text + at, len - at)))
            return query_fail(
                l->e, place,
                "a line that begins with a space goes on with the one before, and there is none");
        do {
            at += line_len(text + at, len - at);
            number++;
        } while (!skip && line_goes_on(text + at, line_len(text + at, len - at)));
        if (!skip && load_line(l, rule_slice_trim((struct rule_slice){text + first, at - first, place}, 0)))
            return -1;
    }
    if (finish_rule(l))
        return -1;
    return l->rules->count ? 0 : err_set(l->e, "line 1: there is no rule in it");
}

struct rules *rules_parse(const char *text, size_t len, struct err *e)
{
    struct loader l = {.rules = calloc(1, sizeof *l.rules), .e = e};
    if (!l.rules) {
        err_sys(e, ENOMEM, "rules");
        return NULL;
    }
    int rc = len <= RULES_LEN_MAX ? load_lines(&l, text, len)
                                  : err_set(e, "line 1: more than %d bytes of rules", RULES_LEN_MAX);
    if (rc == 0)
        return l.rules;
    rules_free(l.rules);
    return NULL;
}

struct rules *rules_load(const char *path, struct err *e)
{
    char *text = malloc(RULES_LEN_MAX + 1);
    FILE *f = text ? fopen(path, "rbe") : NULL;
    size_t len = f ? fread(text, 1, RULES_LEN_MAX + 1, f) : 0;
    struct rules *r = NULL;
    if (!f || ferror(f))
        err_sys(e, text ? errno : ENOMEM, "%s", path);
    else if (!(r = rules_parse(text, len, e)))
        err_wrap(e, "%s", path);
    if (f)
        fclose(f);
    free(text);
    return r;
}

void rules_free(struct rules *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->rule[i].name);
        free(r->rule[i].hint);
        free(r->rule[i].where);
        for (size_t k = 0; k < r->rule[i].query_count; k++)
            query_free(r->rule[i].query[k]);
    }
    free(r->rule);
    free(r);
}

unsigned rules_points(const struct rules *r)
{
    unsigned sum = 0;
    for (size_t i = 0; i < r->count; i++)
        sum += r->rule[i].points;
    return sum;
}
