/*
 * Commands that come before the first key: startup files, -x, --script, and `continue` for --run.  They are
 * read at once and done one after the other, each when the one before has been answered, as if they were
 * typed at the screen's prompt: so they may choose a view or a theme as well.
 */
#include "monitor_inside.h"

#include "commands.h"
#include "startup.h"

#include "monitor/shell/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More lines are no startup file. */
enum { STARTUP_LINES_MAX = 10000 };

static int add(struct loop *l, const char *line, const char *origin, bool strict, struct err *e)
{
    if (l->startup_count == STARTUP_LINES_MAX)
        return err_set(e, "more than %d commands", STARTUP_LINES_MAX);
    struct startup_line *grown =
        realloc(l->startup, (l->startup_count + 1) * sizeof *grown); /* a few, once */
    if (!grown)
        return err_sys(e, ENOMEM, "commands");
    l->startup = grown;
    struct startup_line *row = &grown[l->startup_count];
    *row = (struct startup_line){strdup(line), origin ? strdup(origin) : NULL, strict};
    if (row->text && (row->origin || !origin)) {
        l->startup_count++;
        return 0;
    }
    free(row->text);
    free(row->origin);
    return err_sys(e, ENOMEM, "commands");
}

/* Said on the screen's bottom row when all commands are done, and on stderr after the screen. */
static void complain(void *ctx, const struct err *e)
{
    struct loop *l = ctx;
    command_fail(0, e);
    if (!l->startup_failed)
        l->startup_err = *e;
    l->startup_failed = true;
}

static void show_complaint(struct loop *l)
{
    if (l->startup_failed)
        screen_complain(l->screen, &l->startup_err);
    l->startup_failed = false;
}

static void fail_hard(struct loop *l, const struct err *e, int status)
{
    complain(l, e);
    l->status = status;
    l->over = true;
}

struct reading {
    struct loop *loop;
    const char *name;
    bool strict;
    unsigned long number;
};

static bool is_comment(const char *line)
{
    line += strspn(line, " \t");
    return *line == '\0' || *line == '#';
}

static int take_line(void *ctx, const char *line, struct err *e)
{
    struct reading *r = ctx;
    struct text origin = {0};
    r->number++;
    if (is_comment(line))
        return 0;
    text_addf(&origin, "%s:%lu", r->name, r->number);
    int rc = add(r->loop, line, text_str(&origin), r->strict, e);
    text_fini(&origin);
    return rc;
}

static void line_failed(void *ctx, const struct err *e)
{
    struct reading *r = ctx;
    r->number++;
    complain(r->loop, e);
}

static void collect_file(struct loop *l, int fd, const char *name, bool strict)
{
    struct reading r = {l, name, strict, 0};
    struct script_user user = {take_line, line_failed, NULL, &r};
    struct err e;
    if (script_run(fd, name, strict, &user, &e) == 0)
        return;
    if (strict)
        fail_hard(l, &e, 1);
    else
        complain(l, &e);
}

static void collect_option(struct loop *l, const struct vm_command *c, bool strict)
{
    struct err e;
    if (!c->file) {
        if (add(l, c->text, "-x", strict, &e) < 0)
            fail_hard(l, &e, STATUS_USAGE);
        return;
    }
    int fd = script_open(c->text, &e);
    if (fd < 0) {
        err_wrap(&e, "--script");
        fail_hard(l, &e, STATUS_USAGE);
        return;
    }
    collect_file(l, fd, c->text, strict);
    close(fd);
}

void loop_startup_collect(struct loop *l)
{
    const struct vm_settings *v = &l->session->settings;
    struct startup_file files[STARTUP_FILES];
    struct err ignored;
    size_t n = v->no_rc ? 0 : startup_open(files, complain, l);
    for (size_t i = 0; i < n; i++) {
        collect_file(l, files[i].fd, files[i].name, false);
        close(files[i].fd);
    }
    for (size_t i = 0; i < v->command_count && !l->over; i++)
        collect_option(l, &v->commands[i], v->strict);
    if (v->at_once && !v->paused)
        (void)!add(l, "continue", NULL, false, &ignored);
}

/* The command before has been answered: what came of it stands on the bottom row. */
static void check_last(struct loop *l)
{
    const struct startup_line *row = &l->startup[l->startup_next - 1];
    const char *why = screen_complaint(l->screen);
    struct err e;
    l->startup_asked = false;
    if (!why)
        return;
    err_set(&e, "%s: %s", row->origin, why);
    if (row->strict)
        fail_hard(l, &e, 1);
    else
        complain(l, &e);
}

void loop_startup_next(struct loop *l)
{
    if (!model_now(l->model) || model_commanding(l->model) || l->over)
        return;
    if (l->startup_asked)
        check_last(l);
    if (l->startup_next == l->startup_count) {
        show_complaint(l);
        return;
    }
    screen_say(l->screen, "");
    const struct startup_line *row = &l->startup[l->startup_next++];
    screen_command(l->screen, row->text);
    l->startup_asked = row->origin != NULL;
    if (!row->origin)
        show_complaint(l); /* `continue`, which may never be answered */
    loop_hurry(l);         /* one of the screen's own is done already */
}

void loop_startup_fini(struct loop *l)
{
    for (size_t i = 0; i < l->startup_count; i++) {
        free(l->startup[i].text);
        free(l->startup[i].origin);
    }
    free(l->startup);
}
