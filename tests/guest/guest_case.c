/*
 * Small guests with their expectations in their own source.
 *
 *   guest_case RINGSIDE SOURCE IMAGE [CASE]
 *
 * runs IMAGE once for each case of SOURCE, and once more where the clock follows executed work: then both
 * traces must be the same but for host times. The directives (`//: WORD REST` at the start of a line):
 *
 *   case NAME              the lines behind it are of this case alone
 *   args WORD...           options of `ringside run`; {} stands for the case's folder. Adds to what was said
 * before need CHECK             skipped where `ringside doctor` finds that this does not work file NAME
 * "BYTES"      makes a file in the case's folder stdin "BYTES"          stdin is a file with this; without
 * it, it is empty stdin-repeat N "A" "B" N times A and then B pipe                   stdin is a pipe that
 * stays open type "AFTER" "BYTES"   once AFTER has come on the console: type this into the pipe close "AFTER"
 * close the pipe signal "AFTER" NAME    INT, TERM, HUP, KILL status REGEX           exit status (of a process
 * killed by a signal: 128 + its number) out LINE               the console, a line each; `~ REGEX` is one for
 * the whole line silent                 the console stays empty err REGEX              somewhere on stderr
 *   see REGEX              an event's `MODE SENTENCE` matches, behind the one of the `see` before
 *   never REGEX            no event's does
 *   count N REGEX          that many do; `least N REGEX`: at least so many
 *   trace whole|cut|none   what `ringside trace check` says (default whole)
 *   once                   no second run
 *
 * Prints a line a case. Exit status: 0; 1 a case failed; 77 all were skipped; 2 usage.
 */
#include "case.h"
#include "evidence.h"
#include "lines.h"
#include "proc.h"
#include "script.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSED, FAILED, SKIPPED = 77, STATUS_NO_KVM = 127, ARGS_MAX = 64, STEPS_MAX = 16 };

struct test {
    char *ringside, *image;
    struct script script;
    int number;         /* of the case */
    char dir[PATH_MAX]; /* work files */
};

/* What is running and what its words and steps are made of. */
struct session {
    struct proc proc;
    struct words words[ARGS_MAX + STEPS_MAX];
    size_t words_n;
    struct text made[ARGS_MAX]; /* words with {} in them, written out */
    size_t made_n;
    char *argv[ARGS_MAX + 8];
    struct proc_step step[STEPS_MAX];
    char in_path[PATH_MAX + 16];
};

static const char *case_last(const struct test *t, const char *word)
{
    return script_last(&t->script, t->number, word);
}

static const struct directive *case_next(const struct test *t, const char *word, size_t *i)
{
    return script_next(&t->script, t->number, word, i);
}

static struct words *session_words(struct session *s, const char *text)
{
    struct words *w = &s->words[s->words_n++];
    words_cut(text, w);
    return w;
}

static int file_put(const struct test *t, const char *name, const void *data, size_t n, struct err *e)
{
    char path[PATH_MAX + 256];
    snprintf(path, sizeof path, "%s/%s", t->dir, name);
    return file_write(path, data, n, e);
}

static int files_make(const struct test *t, struct session *s, struct err *e)
{
    size_t i = 0;
    const char *bytes = case_last(t, "stdin"), *repeat = case_last(t, "stdin-repeat");
    struct words w;
    for (const struct directive *d; (d = case_next(t, "file", &i));) {
        words_cut(d->rest, &w);
        if (w.n != 2 || file_put(t, w.word[0], w.word[1], w.len[1], e) < 0)
            return w.n != 2 ? err_set(e, "file NAME \"BYTES\"") : -1;
    }
    if (bytes || repeat)
        snprintf(s->in_path, sizeof s->in_path, "%s/stdin", t->dir);
    if (bytes) {
        words_cut(bytes, &w);
        return file_put(t, "stdin", w.word[0], w.len[0], e);
    }
    if (!repeat)
        return 0;
    struct text all = {0};
    words_cut(repeat, &w);
    for (unsigned long n = strtoul(w.word[0], NULL, 0); n > 0; n--)
        text_addn(&all, w.word[1], w.len[1]);
    text_addn(&all, w.word[2], w.len[2]);
    int rc = file_put(t, "stdin", all.buf, all.len, e);
    text_fini(&all);
    return rc;
}

/* A word with {} replaced by the case's folder. */
static char *word_made(const struct test *t, struct session *s, char *word)
{
    const char *hole = strstr(word, "{}");
    if (!hole)
        return word;
    struct text *made = &s->made[s->made_n++];
    text_addf(made, "%.*s%s%s", (int)(hole - word), word, t->dir, hole + 2);
    return made->buf;
}

/* True when the run follows the steps clock. */
static bool argv_make(const struct test *t, struct session *s, char *trace)
{
    size_t n = 0, i = 0;
    bool steps = false;
    s->argv[n++] = t->ringside;
    s->argv[n++] = "run";
    if (trace) {
        s->argv[n++] = "--trace";
        s->argv[n++] = trace;
    }
    for (const struct directive *d; (d = case_next(t, "args", &i));) {
        struct words *w = session_words(s, d->rest);
        for (size_t k = 0; k < w->n && n < ARGS_MAX; k++) {
            s->argv[n++] = word_made(t, s, w->word[k]);
            steps |= strcmp(w->word[k], "steps") == 0;
        }
    }
    s->argv[n] = t->image;
    return steps;
}

static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"INT", SIGINT}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"KILL", SIGKILL}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    return 0;
}

/* The steps in the order of the source. */
static void steps_make(const struct test *t, struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < t->script.n && n < STEPS_MAX; i++) {
        const struct directive *d = &t->script.directive[i];
        bool type = strcmp(d->word, "type") == 0, end = strcmp(d->word, "close") == 0;
        if ((d->of_case && d->of_case != t->number) || (!type && !end && strcmp(d->word, "signal") != 0))
            continue;
        struct words *w = session_words(s, d->rest);
        s->step[n++] = (struct proc_step){.after = w->word[0],
                                          .act = type  ? PROC_TYPE
                                                 : end ? PROC_CLOSE
                                                       : PROC_SIGNAL,
                                          .data = type ? w->word[1] : NULL,
                                          .len = type ? w->len[1] : 0,
                                          .signal = type || end ? 0 : signal_number(w->word[1])};
        s->proc.in_pipe |= type || end;
    }
    s->proc.step = s->step;
    s->proc.step_count = n;
    s->proc.in_pipe |= case_last(t, "pipe") != NULL;
}

/* Makes everything and runs it; *steps is set when the run can be repeated exactly. */
static bool session_run(const struct test *t, struct session *s, char *trace, bool *steps)
{
    struct err e;
    *steps = argv_make(t, s, trace);
    steps_make(t, s);
    *steps = *steps && s->proc.step_count == 0;
    bool ready = files_make(t, s, &e) == 0;
    s->proc.argv = s->argv;
    s->proc.in_path = s->in_path[0] ? s->in_path : NULL;
    if (ready && proc_run(&s->proc, &e) == 0)
        return true;
    printf("%s\n", e.text);
    return false;
}

static void session_free(struct session *s)
{
    proc_fini(&s->proc);
    for (size_t i = 0; i < s->made_n; i++)
        text_fini(&s->made[i]);
    free(s);
}

static bool second_right(const struct test *t, const char *trace)
{
    char again[PATH_MAX + 8];
    bool steps;
    struct session *s = calloc(1, sizeof *s);
    snprintf(again, sizeof again, "%s/2.rst", t->dir);
    bool right = s && session_run(t, s, again, &steps) && evidence_same(trace, again);
    if (s)
        session_free(s);
    return right;
}

static int session_judge(const struct test *t, const struct session *s, const char *trace, bool steps)
{
    const char *whole = case_last(t, "trace");
    if (s->proc.status == STATUS_NO_KVM) {
        printf("%s", text_str(&s->proc.err));
        return SKIPPED;
    }
    bool right = case_status_right(&t->script, t->number, &s->proc);
    right = case_console_right(&t->script, t->number, &s->proc) && right;
    if (!whole || strcmp(whole, "none") != 0) {
        right = evidence_checked(t->ringside, trace, whole && strcmp(whole, "cut") == 0) && right;
        right = case_events_right(&t->script, t->number, trace) && right;
    }
    if (right && steps && !case_last(t, "once"))
        right = second_right(t, trace);
    if (!right)
        printf("its console: %.400s\nits stderr: %.4000s\n", text_str(&s->proc.out), text_str(&s->proc.err));
    return right ? PASSED : FAILED;
}

/* Asks the doctor once for all of a case's needs. */
static int needs_check(const struct test *t)
{
    struct err e;
    struct text word = {0};
    size_t i = 0;
    int verdict = PASSED;
    if (!case_last(t, "need"))
        return PASSED;
    char *argv[] = {t->ringside, "doctor", "--json", NULL};
    struct proc p = {.argv = argv};
    if (proc_run(&p, &e) < 0)
        verdict = FAILED;
    for (const struct directive *d; verdict == PASSED && (d = case_next(t, "need", &i));) {
        text_clear(&word);
        text_addf(&word, "\"id\": *\"%s\",[^}]*\"result\": *\"works\"", d->rest);
        if (lines_match(text_str(&word), false, text_str(&p.out)))
            continue;
        printf("this host's KVM cannot: %s (ringside doctor says more)\n", d->rest);
        verdict = SKIPPED;
    }
    text_fini(&word);
    proc_fini(&p);
    return verdict;
}

static void dir_remove(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(dir);
}

static int case_run(struct test *t)
{
    char trace[PATH_MAX + 8];
    const char *tmp = getenv("TMPDIR");
    bool steps;
    int verdict = needs_check(t);
    if (verdict != PASSED)
        return verdict;
    snprintf(t->dir, sizeof t->dir, "%s/ringside-case.XXXXXX", tmp ? tmp : "/tmp");
    struct session *s = calloc(1, sizeof *s);
    if (!s || !mkdtemp(t->dir)) {
        printf("no folder to work in: %s\n", strerror(errno));
        free(s);
        return FAILED;
    }
    snprintf(trace, sizeof trace, "%s/1.rst", t->dir);
    verdict = session_run(t, s, trace, &steps) ? session_judge(t, s, trace, steps) : FAILED;
    session_free(s);
    dir_remove(t->dir);
    return verdict;
}

/* A word that means nothing would be an expectation that nobody looks at. */
static int script_known(const struct script *s, struct err *e)
{
    static const char *const known[] = {"case", "args",  "need",   "file",   "stdin", "stdin-repeat", "pipe",
                                        "type", "close", "signal", "status", "out",   "silent",       "err",
                                        "see",  "never", "count",  "least",  "trace", "once"};
    for (size_t i = 0; i < s->n; i++) {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k], s->directive[i].word) != 0)
            k++;
        if (k == sizeof known / sizeof known[0])
            return err_set(e, "no directive is called \"%s\"", s->directive[i].word);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const verdicts[] = {[PASSED] = "ok", [FAILED] = "not ok", [SKIPPED] = "skipped"};
    struct test t = {0};
    struct err e;
    int failed = 0, skipped = 0, run = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: guest_case RINGSIDE SOURCE IMAGE [CASE]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    t.ringside = argv[1];
    t.image = argv[3];
    if (script_read(&t.script, argv[2], &e) < 0 || script_known(&t.script, &e) < 0) {
        printf("%s\n", e.text);
        script_free(&t.script);
        return FAILED;
    }
    for (t.number = 1; t.number <= t.script.cases; t.number++) {
        const char *name = case_last(&t, "case");
        if (argc > 4 && (!name || strcmp(name, argv[4]) != 0))
            continue;
        int verdict = case_run(&t);
        printf("%s %s\n", verdicts[verdict], name ? name : "it");
        run++;
        failed += verdict == FAILED;
        skipped += verdict == SKIPPED;
    }
    script_free(&t.script);
    return failed || run == 0 ? FAILED : skipped == run ? SKIPPED : PASSED;
}
