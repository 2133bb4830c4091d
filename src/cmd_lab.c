/*
 * `ringside lab`: the classroom.  A student starts a lab (new), edits one file, and asks whether the guest
 * does what the lab wants (check): the source is built and run, and rules are put to the trace of the run.
 * The trace alone decides, so that `check --trace` gives the same answer on a machine without KVM.
 */
#include "commands.h"
#include "lab.h"
#include "lab_make.h"
#include "lab_new.h"
#include "options.h"

#include "base/nearest.h"
#include "traces/fields.h"
#include "traces/rules.h"

#include <stdio.h>
#include <string.h>

enum { STATUS_RULE_FAILED = 1, CONSOLE_LINES_MAX = 40, CONSOLE_LINE_MAX = 160, HINT_WIDTH = 80 };

struct lab_settings {
    const char *lab;
    const char *trace;
};

static int set_lab(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct lab_settings *)settings)->lab = value;
    return 0;
}

static int set_trace(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct lab_settings *)settings)->trace = value;
    return 0;
}

static const struct option_row check_rows[] = {
    {"--lab", "NAME", "grade by this lab instead of the one that DIR's lab.conf names", set_lab},
    {"--trace", "FILE.rst",
     "grade this trace: nothing is built or run, no KVM is needed; the word is then a LAB, not a DIR",
     set_trace},
    {0},
};

/* One check: the lab, its rules, what they said. */
struct grading {
    struct lab lab;
    struct rules *rules;
    struct rules_report report;
    bool quiet; /* hint: only the hint is wanted */
};

static void grading_fini(struct grading *g)
{
    rules_report_fini(&g->report);
    rules_free(g->rules);
    lab_close(&g->lab);
}

/* ---- list, new ---- */

static int list_lab(const char *home, const char *name, struct table *t, struct err *e)
{
    struct lab lab;
    struct text path = {0};
    if (lab_open(&lab, home, name, e) < 0)
        return -1;
    struct rules *rules = rules_load(lab_path(&path, lab.dir, "check"), e);
    if (rules) {
        table_cell(t, "%s", lab.name);
        table_cell(t, "%u", rules_points(rules));
        table_cell(t, "%s", lab.title);
    }
    int rc = rules ? 0 : -1;
    rules_free(rules);
    text_fini(&path);
    lab_close(&lab);
    return rc;
}

static int list_labs(struct text *out, struct err *e)
{
    struct text home = {0};
    struct table table;
    char **names = NULL;
    size_t n = 0;
    int rc = lab_home(&home, e);
    if (rc == 0)
        rc = lab_names(text_str(&home), &names, &n, e);
    if (rc == 0) {
        table_init(&table, "lrl");
        table_cell(&table, "lab");
        table_cell(&table, "points");
        table_cell(&table, "title");
        for (size_t i = 0; rc == 0 && i < n; i++)
            rc = list_lab(text_str(&home), names[i], &table, e);
        table_finish(&table, out, "", true);
    }
    lab_names_free(names, n);
    text_fini(&home);
    return rc;
}

static int list_command(const struct command *self, int argc, char **argv)
{
    struct positionals words;
    struct text out = {0};
    struct err e;
    bool done;
    int status = command_parse(self, "ringside lab list", argc, argv, NULL, &words, 0, 0, &done);
    if (done)
        return status;
    if (list_labs(&out, &e) < 0) {
        err_wrap(&e, "lab list");
        status = command_fail(STATUS_USAGE, &e);
    } else {
        text_add(&out, "\n`ringside lab new NAME` starts one in a folder of its own.\n");
        status = command_print(&out);
    }
    text_fini(&out);
    return status;
}

/* Opens a lab by its name in the folder of all labs. */
static int open_lab(struct lab *lab, const char *word, struct err *e)
{
    struct text home = {0};
    *lab = (struct lab){0};
    int rc = lab_home(&home, e) < 0 ? -1 : lab_open(lab, text_str(&home), word, e);
    text_fini(&home);
    return rc;
}

static int new_command(const struct command *self, int argc, char **argv)
{
    struct positionals words;
    struct text out = {0};
    struct lab lab;
    struct err e;
    bool done;
    int status = command_parse(self, "ringside lab new", argc, argv, NULL, &words, 1, 2, &done);
    if (done)
        return status;
    int rc = open_lab(&lab, words.word[0], &e);
    const char *dir = words.n > 1 ? words.word[1] : lab.name;
    if (rc == 0) {
        text_addf(&out, "%s: %s, in %s\n", lab.name, lab.title, dir);
        rc = lab_new(&lab, dir, &out, &e);
        text_addf(&out, "\nRead README.md, edit %s, and see what `ringside lab check` says to it there.\n",
                  lab.source);
    }
    if (rc < 0)
        err_wrap(&e, "lab new");
    status = rc < 0 ? command_fail(STATUS_USAGE, &e) : command_print(&out);
    text_fini(&out);
    lab_close(&lab);
    return status;
}

/* ---- check, hint ---- */

static void print_command(void *ctx, const char *line)
{
    const struct grading *g = ctx;
    if (g->quiet)
        return;
    printf("# %s\n", line);
    fflush(stdout); /* what the command itself says comes after this */
}

/* What the guest wrote, as comments: it must not be able to write a grade. */
static void print_console(const struct text *console)
{
    const char *p = text_str(console), *end = p + console->len;
    struct text line = {0};
    for (unsigned n = 0; p < end; n++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);
        if (n == CONSOLE_LINES_MAX) {
            printf("# | ... %zu bytes more\n", (size_t)(end - p));
            break;
        }
        text_clear(&line);
        string_clean(&line, p, len, CONSOLE_LINE_MAX);
        printf("# | %s\n", text_str(&line));
        p += len + (newline ? 1 : 0);
    }
    text_fini(&line);
}

static int grade_trace(struct grading *g, const char *path, struct err *e)
{
    struct trace_reader *r = trace_open(path, e);
    if (!r)
        return -1;
    int rc = rules_run(g->rules, r, &g->report, e);
    if (rc < 0)
        err_wrap(e, "%s", path);
    trace_reader_close(r);
    return rc;
}

/* Builds and runs what is in `dir`, then grades it. Returns 0, or the exit status with *e filled. */
static int grade_dir(struct grading *g, const char *dir, struct err *e)
{
    const struct lab_listener listener = {print_command, g};
    struct lab_run run = {.quiet = g->quiet};
    struct text path = {0};
    if (lab_make_build(&g->lab, dir, &listener, e) < 0)
        return STATUS_USAGE;
    int status = lab_make_run(&g->lab, dir, &listener, &run, e) < 0 ? run.status : 0;
    if (!g->quiet)
        print_console(&run.console);
    else if (status)
        fputs(text_str(&run.console), stderr);
    if (status == 0)
        status = grade_trace(g, lab_path(&path, dir, LAB_TRACE), e) < 0 ? STATUS_USAGE : 0;
    text_fini(&run.console);
    text_fini(&path);
    return status;
}

static int open_grading(struct grading *g, const char *word, struct err *e)
{
    struct text path = {0};
    if (open_lab(&g->lab, word, e) < 0)
        return -1;
    g->rules = rules_load(lab_path(&path, g->lab.dir, "check"), e);
    text_fini(&path);
    return g->rules ? 0 : -1;
}

/* Which lab is meant: --lab, the word behind --trace, or what lab.conf says. */
static int which_lab(const struct lab_settings *s, const char *word, struct text *name, struct err *e)
{
    if (s->lab || (s->trace && word)) {
        text_add(name, s->lab ? s->lab : word);
        return 0;
    }
    return lab_name_of(word ? word : ".", name, e);
}

/* Returns 0 with the report made, or the exit status with *e filled. */
static int grade(struct grading *g, const struct lab_settings *s, const char *word, struct err *e)
{
    struct text name = {0};
    int status =
        which_lab(s, word, &name, e) < 0 || open_grading(g, text_str(&name), e) < 0 ? STATUS_USAGE : 0;
    text_fini(&name);
    if (status)
        return status;
    if (!g->quiet)
        printf("# lab %s: %s\n", g->lab.name, g->lab.title);
    if (s->trace)
        return grade_trace(g, s->trace, e) < 0 ? STATUS_USAGE : 0;
    return grade_dir(g, word ? word : ".", e);
}

static void write_hint(const struct rules_report *report, struct text *out)
{
    const struct rule_result *r = rules_report_first_failure(report);
    if (!r) {
        text_add(out, "Every rule is fulfilled: there is nothing left to hint at.\n");
        return;
    }
    text_addf(out, "Not yet: %s\n", r->name);
    text_add_wrapped(out, r->hint[0] ? r->hint : "This lab has no hint for that.", 0, HINT_WIDTH);
    text_addc(out, '\n');
}

static int grading_command(const struct command *self, const char *path, int argc, char **argv, bool hint)
{
    struct lab_settings s = {0};
    struct positionals words;
    struct grading g = {.quiet = hint};
    struct text out = {0};
    struct err e;
    bool done;
    int status = command_parse(self, path, argc, argv, &s, &words, 0, 1, &done);
    if (done)
        return status;
    status = grade(&g, &s, words.n ? words.word[0] : NULL, &e);
    if (status) {
        err_wrap(&e, "%s", strchr(path, ' ') + 1);
        status = command_fail(status, &e);
    } else {
        if (hint)
            write_hint(&g.report, &out);
        else
            rules_report_text(&g.report, &out);
        status = command_print(&out);
        if (status == STATUS_OK && !hint && rules_report_first_failure(&g.report))
            status = STATUS_RULE_FAILED;
    }
    text_fini(&out);
    grading_fini(&g);
    return status;
}

static int check_command(const struct command *self, int argc, char **argv)
{
    return grading_command(self, "ringside lab check", argc, argv, false);
}

static int hint_command(const struct command *self, int argc, char **argv)
{
    return grading_command(self, "ringside lab hint", argc, argv, true);
}

static const struct command lab_commands[] = {
    {"list", "", "what labs there are", "", NULL, list_command},
    {"new", "NAME [DIR]", "starts a lab in a folder of its own; overwrites nothing",
     "NAME is the lab's name, its number, or the name behind the number. DIR is a folder named like the lab "
     "when it is not\n"
     "given. Files that are there already stay as they are.",
     NULL, new_command},
    {"check", "[DIR]", "builds and runs what is in DIR (default: here) and puts the lab's rules to the trace",
     "The trace stays in DIR as lab.rst. The result is in the Test Anything Protocol: a line a rule, "
     "comments behind #.\n\n"
     "Exit status: 0 all rules are fulfilled; 1 some are not; 126 it does not build, or usage; 127 no usable "
     "KVM.",
     check_rows, check_command},
    {"hint", "[DIR]", "a hint at the first rule that is not fulfilled", "It builds and runs as check does.",
     check_rows, hint_command},
};
enum { LAB_COMMAND_COUNT = sizeof lab_commands / sizeof lab_commands[0] };

static int lab_usage(void)
{
    struct text t = {0};
    struct table table;
    text_add(&t, "usage: ringside lab SUBCOMMAND ...\n\n");
    table_init(&table, "ll");
    for (size_t i = 0; i < LAB_COMMAND_COUNT; i++) {
        table_cell(&table, "%s %s", lab_commands[i].name, lab_commands[i].words);
        table_cell(&table, "%s", lab_commands[i].summary);
    }
    table_finish(&table, &t, "  ", false);
    text_add(&t, "\n`ringside lab SUBCOMMAND --help` says more about each.\n");
    int status = command_print(&t);
    text_fini(&t);
    return status;
}

static int lab_command(const struct command *self, int argc, char **argv)
{
    (void)self;
    const char *best = NULL, *word = argc > 0 ? argv[0] : "";
    size_t distance = 0;
    struct err e;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return lab_usage();
    for (size_t i = 0; i < LAB_COMMAND_COUNT; i++) {
        if (strcmp(word, lab_commands[i].name) == 0)
            return lab_commands[i].run(&lab_commands[i], argc - 1, argv + 1);
        nearest_offer(word, lab_commands[i].name, &best, &distance);
    }
    err_set(&e, "lab: %s%s%s: try ringside lab %s",
            argc > 0 ? "unknown subcommand \"" : "list, new, check or hint", word, argc > 0 ? "\"" : "",
            best ? best : "--help");
    return command_fail(STATUS_USAGE, &e);
}

const struct command command_lab = {
    "lab", "list|new|check|hint", "the classroom: labs, graded by the trace", "", NULL, lab_command};
