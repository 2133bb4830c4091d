/*
 * What a case expects, against what came: see case.h.
 */
#include "case.h"

#include "evidence.h"
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool case_status_right(const struct script *s, int number, const struct proc *p)
{
    char status[16];
    const char *want = script_last(s, number, "status");
    snprintf(status, sizeof status, "%d", p->status);
    if (p->late)
        printf("it did not end\n");
    else if (!want || !lines_match(want, true, status))
        printf("exit status %s, expected %s\n", status, want ? want : "(the test says nothing)");
    else if (p->steps_taken < p->step_count)
        printf("it ended before \"%s\" came\n", p->step[p->steps_taken].after);
    else
        return true;
    return false;
}

bool case_console_right(const struct script *s, int number, const struct proc *p)
{
    struct text want = {0};
    size_t i = 0;
    bool right = true;
    for (const struct directive *d; (d = script_next(s, number, "out", &i));)
        text_addf(&want, "%s\n", d->rest);
    if (want.len || script_last(s, number, "silent"))
        right = lines_equal("console", text_str(&want), text_str(&p->out));
    i = 0;
    for (const struct directive *d; (d = script_next(s, number, "err", &i));) {
        if (!lines_match(d->rest, false, text_str(&p->err))) {
            printf("nothing on stderr matches %s\n", d->rest);
            right = false;
        }
    }
    text_fini(&want);
    return right;
}

/* How many lines match; with `stop`, looks for the first one only and sets *stop behind it. */
static size_t lines_matching(const char *lines, const char *regex, const char **stop)
{
    size_t n = 0, len;
    for (const char *p = lines; *p; p += len + (p[len] == '\n')) {
        len = strcspn(p, "\n");
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)len, p);
        if (!lines_match(regex, false, line))
            continue;
        n++;
        if (stop) {
            *stop = p + len;
            break;
        }
    }
    return n;
}

static bool number_right(const struct script *s, int number, const char *word, const char *lines)
{
    bool right = true, exact = strcmp(word, "count") == 0;
    size_t i = 0;
    for (const struct directive *d; (d = script_next(s, number, word, &i));) {
        char *regex = NULL;
        size_t want = strtoul(d->rest, &regex, 0), n = lines_matching(lines, regex + 1, NULL);
        if (exact ? n == want : n >= want)
            continue;
        printf("%zu events match%s, expected %s%zu\n", n, regex, exact ? "" : "at least ", want);
        right = false;
    }
    return right;
}

bool case_events_right(const struct script *s, int number, const char *trace)
{
    struct err e;
    struct text lines = {0};
    size_t i = 0;
    bool right = true;
    if (evidence_lines(trace, false, &lines, &e) < 0) {
        printf("%s\n", e.text);
        return false;
    }
    const char *at = text_str(&lines);
    for (const struct directive *d; right && (d = script_next(s, number, "see", &i));) {
        right = lines_matching(at, d->rest, &at) > 0;
        if (!right)
            printf("no event matches, behind those that matched before: %s\n%.1500s", d->rest, at);
    }
    i = 0;
    for (const struct directive *d; (d = script_next(s, number, "never", &i));) {
        if (lines_matching(text_str(&lines), d->rest, NULL) == 0)
            continue;
        printf("an event matches, and none should: %s\n", d->rest);
        right = false;
    }
    right = number_right(s, number, "count", text_str(&lines)) && right;
    right = number_right(s, number, "least", text_str(&lines)) && right;
    text_fini(&lines);
    return right;
}
