/*
 * Operands of commands: see operand.h.
 */
#include "monitor/shell/operand.h"

#include "debug/expr.h"
#include "monitor/debugger.h"
#include "monitor/shell/line.h"

static void skip_blanks(const char **p)
{
    while (line_is_blank(**p))
        (*p)++;
}

int operand_value(const struct debugger *d, const char **p, const char *what, uint64_t *value, struct err *e)
{
    size_t used;
    skip_blanks(p);
    if (!**p)
        return err_set(e, "%s is missing", what);
    struct expr *x = expr_parse(*p, &d->now, &used, e);
    if (!x)
        return err_wrap(e, "%s", what);
    int rc = expr_value(x, &d->now, value, e);
    expr_free(x);
    if (rc < 0)
        return err_wrap(e, "%s", what);
    *p += used;
    skip_blanks(p);
    if (**p == ',')
        (*p)++;
    skip_blanks(p);
    return 0;
}

bool operand_word(const char **p, const char *word)
{
    const char *at = *p;
    size_t n;
    const char *w = line_word(&at, &n);
    if (!w || !line_word_is(w, n, word))
        return false;
    *p = at;
    skip_blanks(p);
    return true;
}

int operand_end(const char *p, const char *command, struct err *e)
{
    skip_blanks(&p);
    return *p ? err_set(e, "%s: \"%.40s\" is too much", command, p) : 0;
}
