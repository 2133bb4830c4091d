/*
 * `ringside trace`: reads traces.  A table of subcommands over the functions in traces/commands.h; none of
 * them needs /dev/kvm.
 */
#include "cmd_trace.h"

#include "base/nearest.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What can be read of a damaged file is read; that it is not all must be said, and not on stdout. */
void trace_warn_incomplete(const struct trace_reader *r, const char *path)
{
    struct trace_state state;
    trace_reader_state(r, &state);
    if (!state.problem)
        return;
    struct err e;
    err_set(&e, "%s: incomplete: %s", path, state.problem);
    fflush(stdout);
    command_fail(STATUS_OK, &e);
}

static int read_one(const struct trace_command *c, const char *path, const struct trace_settings *s,
                    struct err *e)
{
    struct trace_reader *r = trace_open(path, e);
    if (!r)
        return -1;
    int status = c->one(r, s, e);
    if (status == STATUS_OK)
        trace_warn_incomplete(r, path);
    trace_reader_close(r);
    return status;
}

static int read_words(const struct trace_command *c, int argc, char **argv, struct trace_settings *s)
{
    struct positionals words;
    struct err e;
    bool done;
    int status = command_parse(&c->command, c->path, argc, argv, s, &words, c->least, c->most, &done);
    if (done)
        return status;
    status = c->one ? read_one(c, words.word[0], s, &e) : c->many(&words, s, &e);
    positionals_fini(&words);
    if (status < 0)
        return command_fail(STATUS_USAGE, &e);
    if (fflush(stdout) != 0) {
        err_sys(&e, errno, "writing the answer");
        return command_fail(STATUS_USAGE, &e);
    }
    return status;
}

int trace_subcommand(const struct command *self, int argc, char **argv)
{
    const struct trace_command *c = (const struct trace_command *)self;
    struct err e;
    struct trace_settings *s = calloc(1, c->settings_len);
    if (!s) {
        err_sys(&e, ENOMEM, "trace %s", self->name);
        return command_fail(STATUS_USAGE, &e);
    }
    int status = read_words(c, argc, argv, s);
    query_free(s->filter.where);
    free(s);
    return status;
}

static const struct trace_command *const trace_commands[] = {
    &trace_command_show,  &trace_command_stat,   &trace_command_check, &trace_command_export,
    &trace_command_graph, &trace_command_report, &trace_command_page,  &trace_command_diff,
    &trace_command_merge, &trace_command_at,     &trace_command_find,  &trace_command_tail,
    &trace_command_top,
};
enum { TRACE_COMMAND_COUNT = sizeof trace_commands / sizeof trace_commands[0] };

static int trace_usage(void)
{
    struct text t = {0};
    struct table table;
    text_add(&t, "usage: ringside trace SUBCOMMAND [options] FILE.rst\n\n");
    table_init(&table, "ll");
    for (size_t i = 0; i < TRACE_COMMAND_COUNT; i++) {
        table_cell(&table, "%s", trace_commands[i]->command.name);
        table_cell(&table, "%s", trace_commands[i]->command.summary);
    }
    table_finish(&table, &t, "  ", false);
    text_add(&t, "\n`ringside trace SUBCOMMAND --help` says more about each.\n");
    int status = command_print(&t);
    text_fini(&t);
    return status;
}

static int trace_unknown(const char *word)
{
    const char *best = NULL;
    size_t distance = 0;
    struct err e;
    struct text names = {0};
    for (size_t i = 0; i < TRACE_COMMAND_COUNT; i++) {
        nearest_offer(word, trace_commands[i]->command.name, &best, &distance);
        text_addf(&names, "%s%s",
                  i == 0                        ? ""
                  : i + 1 < TRACE_COMMAND_COUNT ? ", "
                                                : " or ",
                  trace_commands[i]->command.name);
    }
    if (*word)
        err_set(&e, "trace: unknown subcommand \"%s\": try ringside trace %s", word, best ? best : "--help");
    else
        err_set(&e, "trace: %s: try ringside trace --help", text_str(&names));
    text_fini(&names);
    return command_fail(STATUS_USAGE, &e);
}

static int trace_command(const struct command *self, int argc, char **argv)
{
    (void)self;
    const char *word = argc > 0 ? argv[0] : "";
    signal(SIGPIPE,
           SIG_DFL); /* `| head` has seen enough: no error, nothing to say (a run goes on, see main) */
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return trace_usage();
    for (size_t i = 0; i < TRACE_COMMAND_COUNT; i++)
        if (strcmp(word, trace_commands[i]->command.name) == 0)
            return trace_subcommand(&trace_commands[i]->command, argc - 1, argv + 1);
    return trace_unknown(word);
}

const struct command command_trace = {"trace", "SUBCOMMAND FILE.rst", "reads traces; needs no KVM", "",
                                      NULL,    trace_command};
