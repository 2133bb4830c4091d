/*
 * Cutting a line of the command language into pieces: see line.h.
 */
#include "monitor/shell/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Past the quoted text that begins at s; s + 1 when nothing closes it. */
static const char *skip_quoted(const char *s)
{
    for (const char *p = s + 1; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == *s)
            return p + 1;
    }
    return s + 1;
}

size_t line_command_len(const char *line)
{
    /* An unclosed quote is looked for to the end of the line: once for each kind, or a line of quotes would
     * take the square of its length. */
    bool unclosed[2] = {false, false};
    const char *p = line;
    while (*p && *p != ';' && !(*p == '#' && (p == line || line_is_blank(p[-1])))) {
        bool twin = *p == '"';
        if ((twin || *p == '\'') && !unclosed[twin]) {
            const char *after = skip_quoted(p);
            unclosed[twin] = after == p + 1;
            p = after;
        } else {
            p++;
        }
    }
    return (size_t)(p - line);
}

const char *line_next_command(const char *end)
{
    return *end == ';' ? end + 1 : end + strlen(end);
}

size_t line_name_len(const char *command)
{
    size_t n = 0;
    while (command[n] && command[n] != '/' && !line_is_blank(command[n]))
        n++;
    return n;
}

char *line_trim(char *s)
{
    while (line_is_blank(*s))
        s++;
    size_t n = strlen(s);
    while (n && line_is_blank(s[n - 1]))
        n--;
    s[n] = '\0';
    return s;
}

const char *line_word(const char **p, size_t *len)
{
    const char *s = *p;
    while (line_is_blank(*s))
        s++;
    const char *end = s;
    while (*end && !line_is_blank(*end))
        end++;
    *len = (size_t)(end - s);
    *p = end;
    return *len ? s : NULL;
}

bool line_word_is(const char *word, size_t len, const char *is)
{
    return strlen(is) == len && memcmp(word, is, len) == 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One escape behind its backslash; returns how many characters it takes, 0 for none that exists. */
static size_t unescape_one(const char *s, struct text *out)
{
    static const char names[] = "nrte0\\\"' ", values[] = "\n\r\t\x1b\0\\\"' ";
    if (*s == 'x' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
        text_addc(out, (char)(hex_digit(s[1]) << 4 | hex_digit(s[2])));
        return 3;
    }
    const char *at = *s ? strchr(names, *s) : NULL;
    if (!at)
        return 0;
    text_addc(out, values[at - names]);
    return 1;
}

int line_unescape(const char *s, struct text *out, struct err *e)
{
    size_t n = strlen(s);
    bool quoted = n >= 2 && (*s == '"' || *s == '\'') && skip_quoted(s) == s + n && s[n - 1] == *s;
    for (size_t i = quoted, end = n - quoted; i < end; i++) {
        if (s[i] != '\\') {
            text_addc(out, s[i]);
            continue;
        }
        size_t took = unescape_one(s + i + 1, out);
        if (took == 0 || i + took >= end)
            return err_set(e, "a \\ stands before n r t e 0 \\ \" ' or xNN, not before \"%.1s\"",
                           (unsigned char)s[i + 1] < 0x80 ? s + i + 1 : "?");
        i += took;
    }
    return out->failed ? err_sys(e, ENOMEM, "text") : 0;
}

int line_number(const char *s, const char *what, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
    char *end;
    errno = 0;
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    unsigned long long n = strtoull(s, &end, hex ? 16 : 10);
    if (end == s || *end || errno || *s < '0' || *s > '9')
        return err_set(e, "%s: \"%.40s\" is not a number", what, s);
    if (n < min || n > max)
        return err_set(e, "%s: %llu is out of range (%llu to %llu)", what, n, (unsigned long long)min,
                       (unsigned long long)max);
    *out = n;
    return 0;
}

int line_no_args(const char *name, const char *args, struct err *e)
{
    return *args ? err_set(e, "%s takes no arguments: \"%.40s\"", name, args) : 0;
}
