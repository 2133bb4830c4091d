/*
 * Regular expressions in queries.  They are the C library's, and a pattern of a few letters can make that
 * library take gigabytes (repetitions of repetitions) or minutes (back-references): both are refused, since a
 * query may come from a file that somebody else wrote.
 */
#include "traces/query_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* REPEATS_MAX: the most that an interval may ask for; also of copies of letters that the whole pattern
 * amounts to, where one without repetitions is never longer. */
enum { REPEATS_MAX = 256, NESTING_MAX = 32 };

/* The largest number between the braces at `p`, moving to the closing one. */
static uint64_t interval_most(const char **p)
{
    uint64_t n = 0, most = 1;
    for (; **p && **p != '}'; ++*p) {
        n = **p >= '0' && **p <= '9' ? n * 10 + (uint64_t)(**p - '0') : 0;
        if (n > REPEATS_MAX)
            return n;
        most = n > most ? n : most;
    }
    return most;
}

/* The end of the bracket expression at `p`: `]` is a member of it when it comes first. */
static const char *bracket_end(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    for (p += *p == ']'; *p && *p != ']'; p++) {
        if (*p != '[' || !p[1] || !strchr(":.=", p[1]))
            continue;
        const char *end = strchr(p + 2, ']'); /* of [:alpha:] and its like */
        if (end)
            p = end;
    }
    return p;
}

/* Of a group: letters so far, and those of the part that a repetition behind it would copy. */
struct group {
    uint64_t sum, last;
};

static void group_part(struct group *g, uint64_t letters)
{
    g->sum += g->last;
    g->last = letters;
}

/* The end of what begins at `p`: of an escape or a bracket expression, or `p` itself. */
static const char *part_end(const char *p)
{
    if (*p == '\\' && p[1])
        return p + 1;
    return *p == '[' ? bracket_end(p) : p;
}

/* A repetition of a part is that many copies of it, and `+` is two (the second is starred); copies of copies
 * multiply. */
static int pattern_is_modest(const char *pattern, struct err *e)
{
    struct group stack[NESTING_MAX] = {{0, 0}}, *g = stack;
    for (const char *p = pattern; *p; p++) {
        if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
            return err_set(e, "back-references (\\1) are not for queries");
        if (*p == '(') {
            if (++g == stack + NESTING_MAX)
                return err_set(e, "more than %d groups in each other", NESTING_MAX - 1);
            *g = (struct group){0, 0};
        } else if (*p == ')' && g > stack) {
            g--;
            group_part(g, g[1].sum + g[1].last + 1);
        } else if (*p == '+') {
            g->last *= 2;
        } else if (*p == '{') {
            g->last = (g->last ? g->last : 1) * interval_most(&p);
        } else if (*p != '*' && *p != '?') {
            group_part(g, 1);
            p = part_end(p);
        }
        if (g->sum + g->last > REPEATS_MAX)
            return err_set(e, "more than %d repetitions", REPEATS_MAX);
        if (!*p)
            break;
    }
    return 0;
}

int query_regex(struct query_node *n, const char *pattern, struct err *e)
{
    if (pattern_is_modest(pattern, e))
        return -1;
    n->regex = malloc(sizeof *n->regex);
    if (!n->regex)
        return err_sys(e, ENOMEM, "regular expression");
    int code = regcomp(n->regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (code == 0)
        return 0;
    char why[128];
    regerror(code, n->regex, why, sizeof why);
    free(n->regex);
    n->regex = NULL;
    return err_set(e, "%s", why);
}
