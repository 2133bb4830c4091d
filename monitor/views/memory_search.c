/*
 * Searching in memory. The view holds only the pages it shows, so it asks the debugger, as `find` at the
 * prompt does, and reads the addresses in the answer. Forwards: to the end of memory, then from its
 * beginning. Backwards the answer must end at the selected byte, so it is asked for stretches that grow as
 * they go down, to the beginning of memory and then from its end; a stretch with more places than one answer
 * holds is halved until the last of them is known.
 */
#include "monitor/views/memory_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACK_FIRST = 0x10000, BACK_GROWS = 16, HALVE_MIN = 64 };

/* What `find` reads as it is; all else is text. */
static bool is_pattern(const char *text)
{
    static const char *const words[] = {"bytes ", "byte ", "word ", "dword ", "qword ", "0x"};
    if (strchr(text, ';') || strchr(text, '#'))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* Text in quotes. What is longer than a pattern can be is cut. */
static void quote(const char *text, char *out, size_t room)
{
    size_t n = 0;
    out[n++] = '"';
    for (; *text && n + 4 < room; text++) {
        if (*text == '"' || *text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    out[n++] = '"';
    out[n] = '\0';
}

static void ask(struct memory *m)
{
    struct memory_search *f = &m->search;
    snprintf(f->question, sizeof f->question, "find %s0x%llx, 0x%llx, %s",
             m->space == SPACE_PHYSICAL ? "phys " : "", (unsigned long long)f->from,
             (unsigned long long)(f->end - f->from), f->pattern);
}

/* What begins in the `len` bytes before `limit`; it may end behind. */
static void ask_back(struct memory *m, uint64_t limit, uint64_t len)
{
    struct memory_search *f = &m->search;
    f->limit = limit;
    f->from = limit - f->floor > len ? limit - len : f->floor;
    f->end = m->last - limit > FIND_PATTERN_MAX ? limit + FIND_PATTERN_MAX : m->last;
    ask(m);
}

void memory_search_begin(struct memory *m, const char *text, bool back)
{
    struct memory_search *f = &m->search;
    *f = (struct memory_search){.active = true, .back = back};
    if (is_pattern(text))
        snprintf(f->pattern, sizeof f->pattern, "%.250s", text);
    else
        quote(text, f->pattern, sizeof f->pattern);
    f->from = m->at < m->last ? m->at + 1 : m->last;
    f->end = f->limit = m->last;
    if (back)
        ask_back(m, m->at, BACK_FIRST);
    else
        ask(m);
}

static void over(struct memory *m, bool failed)
{
    m->search.active = false;
    m->search.failed = failed;
}

/* Lines of the answer that are places begin with blanks and 0x; the one behind them says `stopped` when there
 * were more. */
static size_t read_places(const char *answer, uint64_t limit, uint64_t *first, uint64_t *last, bool *stopped)
{
    size_t n = 0;
    for (const char *p = answer; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        uint64_t at = strtoull(p, NULL, 16);
        if (strncmp(p, "  0x", 4) != 0 || at >= limit)
            continue;
        *last = at;
        if (n++ == 0)
            *first = *last;
    }
    *stopped = strstr(answer, "; stopped");
    return n;
}

static void take_forward(struct memory *m, size_t n, uint64_t first)
{
    struct memory_search *f = &m->search;
    if (n > 0) {
        over(m, false);
        memory_show(m, first);
    } else if (f->around) {
        over(m, true);
    } else {
        f->around = true;
        f->end = f->from < m->last - FIND_PATTERN_MAX ? f->from + FIND_PATTERN_MAX : m->last;
        f->from = 0;
        ask(m);
    }
}

/* The upper half of what is left between floor and limit, or all where that is little. */
static void halve(struct memory *m)
{
    struct memory_search *f = &m->search;
    uint64_t room = f->limit - f->floor;
    f->from = f->floor + (room > HALVE_MIN ? room / 2 : 0);
    f->end = m->last - f->limit > FIND_PATTERN_MAX ? f->limit + FIND_PATTERN_MAX : m->last;
    ask(m);
}

static void take_back(struct memory *m, size_t n, uint64_t last, bool stopped)
{
    struct memory_search *f = &m->search;
    if (n > 0) {
        f->best = last;
        f->found = true;
    }
    if (n > 0 && stopped) { /* there are more between this one and the limit */
        f->floor = last + 1;
        halve(m);
    } else if (n == 0 && f->found && f->from > f->floor) {
        f->limit = f->from; /* none in the upper half */
        halve(m);
    } else if (f->found) {
        over(m, false);
        memory_show(m, f->best);
    } else if (f->from == f->floor && f->around) {
        over(m, true);
    } else if (f->from == f->floor) {
        f->around = true;
        f->floor = m->at;
        ask_back(m, m->last, BACK_FIRST);
    } else {
        uint64_t len = f->limit - f->from;
        ask_back(m, f->from, len < m->last / BACK_GROWS ? len * BACK_GROWS : m->last);
    }
}

bool memory_search_take(struct memory *m, const struct snapshot *s)
{
    struct memory_search *f = &m->search;
    uint64_t first = 0, last = 0;
    bool stopped;
    const char *answer = f->active ? snapshot_answer(s, f->question) : NULL;
    if (!answer)
        return false;
    size_t n = read_places(answer, f->limit, &first, &last, &stopped);
    if (f->back)
        take_back(m, n, last, stopped);
    else
        take_forward(m, n, first);
    return true;
}
