/*
 * Where a front end's commands come from: startup files, options, a pipe, the prompt.
 */
#include "front_inside.h"

#include "commands.h"
#include "startup.h"

#include "monitor/shell/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files ---- */

static int source_line(void *ctx, const char *line, struct err *e)
{
    struct front *f = ctx;
    int rc = front_line(f, line, e);
    if (rc < 0 && f->over && f->status == 0 && e->code == EPIPE)
        return 1; /* it ended before this line */
    return rc < 0 ? -1 : f->over || f->interrupted;
}

static void source_failed(void *ctx, const struct err *e)
{
    front_failed(ctx, e);
}

/* Whether stdin has something; Ctrl-C and the guest's end are no reasons to wait longer. */
static bool source_wait(void *ctx, int fd)
{
    struct front *f = ctx;
    enum keeper_event event = KEEPER_NOTHING;
    while (event == KEEPER_NOTHING && !f->over && !f->interrupted)
        event = keeper_turn(&f->keeper, fd);
    f->over |= event == KEEPER_OVER;
    return event == KEEPER_READY && !f->over;
}

static void front_file(struct front *f, int fd, const char *name, bool strict, bool wait)
{
    struct script_user user = {source_line, source_failed, wait ? source_wait : NULL, f};
    struct err e;
    if (script_run(fd, name, strict, &user, &e) == 0)
        return;
    front_failed(f, &e);
    f->status = 1;
    f->over = true;
}

/* ---- startup files ---- */

void front_startup_files(struct front *f)
{
    struct startup_file files[STARTUP_FILES];
    size_t n = startup_open(files, source_failed, f);
    for (size_t i = 0; i < n; i++) {
        if (!f->over)
            front_file(f, files[i].fd, files[i].name, false, false);
        close(files[i].fd);
    }
}

/* ---- -x and --script ---- */

static void front_fail_hard(struct front *f, const struct err *e, int status)
{
    front_failed(f, e);
    f->status = status;
    f->over = true;
}

static void front_option(struct front *f, const struct vm_command *c)
{
    bool strict = f->session->settings.strict;
    struct err e;
    if (c->file) {
        int fd = script_open(c->text, &e);
        if (fd < 0) {
            err_wrap(&e, "--script");
            front_fail_hard(f, &e, STATUS_USAGE);
            return;
        }
        front_file(f, fd, c->text, strict, false);
        close(fd);
    } else if (front_line(f, c->text, &e) < 0 && !(f->over && e.code == EPIPE)) {
        err_wrap(&e, "-x");
        if (strict)
            front_fail_hard(f, &e, 1);
        else
            front_failed(f, &e);
    }
}

void front_options(struct front *f)
{
    const struct vm_settings *s = &f->session->settings;
    for (size_t i = 0; i < s->command_count && !f->over && !f->interrupted; i++)
        front_option(f, &s->commands[i]);
}

/* ---- a pipe ---- */

void front_piped(struct front *f)
{
    if (f->over)
        return;
    front_file(f, STDIN_FILENO, NULL, f->session->settings.strict, true);
    if (f->interrupted && !f->signo)
        f->signo = SIGINT;
}

/* ---- the prompt ---- */

/* A line, or NULL at the end of input or of everything. */
static char *prompt_line(struct front *f)
{
    char *line = NULL;
    prompt_show(f->prompt);
    while (!f->over) {
        switch (keeper_turn(&f->keeper, STDIN_FILENO)) {
        case KEEPER_OVER:
            f->over = true;
            break;
        case KEEPER_READY:
            if (prompt_read(f->prompt, &line))
                return line;
            break;
        case KEEPER_NOTHING:
            break;
        }
    }
    prompt_hide(f->prompt);
    return NULL;
}

static bool is_empty(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

void front_prompt(struct front *f)
{
    char *last = NULL, *line;
    struct err e;
    while (!f->over && (line = prompt_line(f))) {
        if (is_empty(line)) {
            free(line);
            line = last ? strdup(last) : NULL;
        }
        if (line && front_line(f, line, &e) < 0 && !(f->over && e.code == EPIPE))
            front_failed(f, &e);
        free(last);
        last = line && shell_repeats(line) ? line : NULL;
        if (line != last)
            free(line);
    }
    free(last);
    f->over = true;
}
