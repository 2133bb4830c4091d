/*
 * Regular expressions in queries.  They are the C library's, and a pattern of a few letters can make that
 * library take gigabytes (repetitions of repetitions) or minutes (back-references): both are refused, since a
 * query may come from a file that somebody else wrote.
 */
#include "traces/query_tree.h"

#include <errno.h>
#include <stdlib.h>

enum { REPEATS_MAX = 256 };

/* The largest number between the braces at `p`, moving behind them. */
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

/* Whatever the nesting, no more copies are made than the product of all repetitions. */
static int pattern_is_modest(const char *pattern, struct err *e)
{
    uint64_t copies = 1;
    for (const char *p = pattern; *p; p++) {
        if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
            return err_set(e, "back-references (\\1) are not for queries");
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '{')
            copies *= interval_most(&p);
        if (copies > REPEATS_MAX)
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
