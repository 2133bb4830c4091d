/*
 * One bundled guest, through the binary, from its first exit to its last.  Runs it with `--clock steps` and
 * nothing on stdin, and compares
 *
 *   its console                 with guests/expected/NAME.out
 *   its events, all of them     with tests/guest/expected/NAME.events
 *   the exit status             with the first line of that file
 *   a second run's trace        with the first one's, to the last bit but for host times
 *   the trace                   with the summary of --json, and with `trace check`
 *
 *   guest_run RINGSIDE GUESTS CONSOLES EVENTS NAME [--update]
 *   guest_run RINGSIDE GUESTS CONSOLES EVENTS NAME --only-console OPTION...
 *
 * The second form adds options to the run and looks at console and status only: under another clock or other
 * interrupt controllers the guest must say the same, through other exits. --update writes the events as they
 * are: read what it wrote. Exit status: 0; 1 something is different; 77 this host's KVM cannot run it; 2
 * usage.
 */
#include "evidence.h"
#include "lines.h"
#include "proc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SKIPPED = 77, STATUS_NO_KVM = 127, ARGS_MAX = 32 };

struct test {
    char *ringside;
    const char *name;
    char image[PATH_MAX], console[PATH_MAX], events[PATH_MAX];
    char dir[PATH_MAX]; /* work files */
    char *const *options;
    bool update;
};

static bool run_guest(const struct test *t, char *trace, struct proc *p)
{
    struct err e;
    char *argv[ARGS_MAX] = {t->ringside, "run"};
    size_t n = 2;
    for (char *const *o = t->options; o && *o && n < ARGS_MAX - 6; o++)
        argv[n++] = *o;
    if (!t->options) {
        argv[n++] = "--clock";
        argv[n++] = "steps";
    }
    argv[n++] = "--json";
    argv[n++] = "--trace";
    argv[n++] = trace;
    argv[n] = (char *)t->image;
    *p = (struct proc){.argv = argv};
    if (proc_run(p, &e) == 0)
        return true;
    printf("%s\n", e.text);
    return false;
}

/* With --json the console is on stderr, and Ringside's own words follow it: they are not the guest's. */
static void console_cut(struct text *console)
{
    const char *own = strstr(text_str(console), "ringside: ");
    while (own && own != text_str(console) && own[-1] != '\n')
        own = strstr(own + 1, "ringside: ");
    if (own) {
        console->len = (size_t)(own - console->buf);
        console->buf[console->len] = '\0';
    }
}

static bool console_right(const struct test *t, struct proc *p)
{
    struct err e;
    struct text want = {0};
    bool right = false;
    console_cut(&p->err);
    if (file_read(t->console, &want, &e) < 0)
        printf("%s\n", e.text);
    else
        right = lines_equal("console", text_str(&want), text_str(&p->err));
    text_fini(&want);
    return right;
}

static bool events_right(const struct test *t, const char *trace, int status)
{
    struct err e;
    struct text want = {0}, got = {0}, new = {0};
    bool known = file_read(t->events, &want, &e) == 0, right = false;
    text_addf(&got, "exit status %d\n", status);
    if (evidence_lines(trace, true, &got, &e) < 0 || (!known && !t->update)) {
        printf("%s\n", e.text);
    } else if (t->update) {
        lines_keep_regexes(text_str(&want), text_str(&got), &new);
        right = file_write(t->events, text_str(&new), new.len, &e) == 0;
        printf("%s: %s\n", t->events, right ? "written" : e.text);
    } else {
        right = lines_equal("events", text_str(&want), text_str(&got));
    }
    text_fini(&want);
    text_fini(&got);
    text_fini(&new);
    return right;
}

/* The status alone, which is the first line of the golden events. */
static bool status_right(const struct test *t, int status)
{
    struct err e;
    struct text want = {0};
    int expected = -1;
    if (file_read(t->events, &want, &e) < 0)
        printf("%s\n", e.text);
    else if (sscanf(text_str(&want), "exit status %d", &expected) != 1 || expected != status)
        printf("exit status %d, expected %d\n", status, expected);
    text_fini(&want);
    return expected == status;
}

static bool second_right(const struct test *t, const char *trace, char *again)
{
    struct proc p;
    bool right = run_guest(t, again, &p) && evidence_same(trace, again);
    proc_fini(&p);
    return right;
}

static int test_run(const struct test *t)
{
    char trace[PATH_MAX + 8], again[PATH_MAX + 8];
    struct proc p = {0};
    snprintf(trace, sizeof trace, "%s/1.rst", t->dir);
    snprintf(again, sizeof again, "%s/2.rst", t->dir);
    bool right = run_guest(t, trace, &p);
    if (right && p.status == STATUS_NO_KVM) {
        printf("%s", text_str(&p.err));
        proc_fini(&p);
        return SKIPPED;
    }
    if (right && p.late)
        printf("it did not end\n");
    right = right && !p.late && console_right(t, &p);
    if (t->options)
        right = right && status_right(t, p.status);
    else
        right = right && events_right(t, trace, p.status) && second_right(t, trace, again);
    right = right && evidence_agrees(trace, text_str(&p.out)) && evidence_checked(t->ringside, trace, false);
    proc_fini(&p);
    unlink(trace);
    unlink(again);
    return right ? 0 : 1;
}

/* A guest is an ELF file or, if it starts as a boot sector, the bytes alone. */
static bool image_find(struct test *t, const char *folder)
{
    static const char *const ends[] = {"bin", "elf"};
    struct stat st;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(t->image, sizeof t->image, "%s/%s.%s", folder, t->name, ends[i]);
        if (stat(t->image, &st) == 0)
            return true;
    }
    printf("no guest %s in %s\n", t->name, folder);
    return false;
}

int main(int argc, char **argv)
{
    struct test t = {0};
    if (argc < 6) {
        fprintf(
            stderr,
            "usage: guest_run RINGSIDE GUESTS CONSOLES EVENTS NAME [--update | --only-console OPTION...]\n");
        return 2;
    }
    t.ringside = argv[1];
    t.name = argv[5];
    t.update = argc > 6 && strcmp(argv[6], "--update") == 0;
    t.options = argc > 6 && strcmp(argv[6], "--only-console") == 0 ? argv + 7 : NULL;
    snprintf(t.console, sizeof t.console, "%s/%s.out", argv[3], t.name);
    snprintf(t.events, sizeof t.events, "%s/%s.events", argv[4], t.name);
    const char *tmp = getenv("TMPDIR");
    snprintf(t.dir, sizeof t.dir, "%s/ringside-guest.XXXXXX", tmp ? tmp : "/tmp");
    if (!image_find(&t, argv[2]) || !mkdtemp(t.dir))
        return 2;
    int status = test_run(&t);
    rmdir(t.dir);
    return status;
}
