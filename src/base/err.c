/*
 * Errors as values: see err.h.  Texts are cut at ERR_TEXT_MAX, never overrun, and control characters (a file
 * name may hold any) are shown as '?', since one error must stay one line.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void text_make_printable(char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

int err_set(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    e->code = 0;
    text_make_printable(e->text);
    return -1;
}

int err_sys(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return -1;
    char what[ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    err_set(e, "%.400s: %.100s", what, strerror(code));
    e->code = code;
    return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    char what[ERR_TEXT_MAX], why[ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    memcpy(why, e->text, sizeof why);
    int code = e->code;
    err_set(e, "%.240s: %.260s", what, why);
    e->code = code;
    return -1;
}
