/*
 * Expected text against what came: see lines.h.
 */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTEXT_LINES = 4, LINE_MAX_LEN = 4096 };

bool lines_match(const char *regex, bool whole, const char *text)
{
    struct text anchored = {0};
    regex_t re;
    text_addf(&anchored, whole ? "^(%s)$" : "%s", regex);
    int bad = regcomp(&re, text_str(&anchored), REG_EXTENDED | REG_NOSUB);
    text_fini(&anchored);
    if (bad) {
        printf("the test's own fault: not a regular expression: %s\n", regex);
        return false;
    }
    bool hit = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return hit;
}

/* Copies the line at *p without its end into `line` and moves *p behind it. False at the end of the text. */
static bool line_take(const char **p, char line[LINE_MAX_LEN])
{
    size_t len = strcspn(*p, "\n");
    if (!**p)
        return false;
    size_t keep = len < LINE_MAX_LEN - 1 ? len : LINE_MAX_LEN - 1;
    memcpy(line, *p, keep);
    line[keep] = '\0';
    *p += len + ((*p)[len] == '\n');
    while (keep > 0 && line[keep - 1] == '\r')
        line[--keep] = '\0';
    return true;
}

static bool line_fits(const char *expected, const char *actual)
{
    return strncmp(expected, "~ ", 2) == 0 ? lines_match(expected + 2, true, actual)
                                           : strcmp(expected, actual) == 0;
}

/* The lines of `text` from number `first` to before `end`. */
static void print_lines(const char *text, size_t first, size_t end)
{
    char line[LINE_MAX_LEN];
    for (size_t i = 0; i < end && line_take(&text, line); i++)
        if (i >= first)
            printf("  %5zu   %s\n", i + 1, line);
}

bool lines_equal(const char *what, const char *expected, const char *actual)
{
    char want[LINE_MAX_LEN], got[LINE_MAX_LEN];
    const char *e = expected, *a = actual;
    for (size_t i = 0;; i++) {
        bool more_e = line_take(&e, want), more_a = line_take(&a, got);
        if (!more_e && !more_a)
            return true;
        if (more_e && more_a && line_fits(want, got))
            continue;
        printf("%s: line %zu is different\n", what, i + 1);
        print_lines(actual, i > CONTEXT_LINES ? i - CONTEXT_LINES : 0, i);
        printf("  %5zu - %s\n  %5zu + %s\n", i + 1, more_e ? want : "(the end was expected)", i + 1,
               more_a ? got : "(the end)");
        print_lines(actual, i + 1, i + 1 + CONTEXT_LINES);
        return false;
    }
}

void lines_keep_regexes(const char *old, const char *actual, struct text *out)
{
    char was[LINE_MAX_LEN], is[LINE_MAX_LEN];
    while (line_take(&actual, is)) {
        bool kept = line_take(&old, was) && strncmp(was, "~ ", 2) == 0 && line_fits(was, is);
        text_addf(out, "%s\n", kept ? was : is);
    }
}

int file_read(const char *path, struct text *out, struct err *e)
{
    char buf[16384];
    FILE *f = fopen(path, "rbe");
    if (!f)
        return err_sys(e, errno, "%s", path);
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;)
        text_addn(out, buf, n);
    bool bad = ferror(f);
    fclose(f);
    return bad ? err_sys(e, EIO, "%s", path) : 0;
}

int file_write(const char *path, const void *data, size_t n, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, data, n) != (ssize_t)n || close(fd) < 0)
        return err_sys(e, errno, "%s", path);
    return 0;
}
