/*
 * What all subcommands share: their help, their errors, their output.
 */
#include "commands.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int command_fail(int status, const struct err *e)
{
    fflush(stdout);
    fprintf(stderr, "ringside: %s\n", e->text);
    return status;
}

int command_print(const struct text *t)
{
    struct err e;
    if (fwrite(text_str(t), 1, t->len, stdout) == t->len && fflush(stdout) == 0 && !t->failed)
        return STATUS_OK;
    err_sys(&e, t->failed ? ENOMEM : errno, "writing the answer");
    return command_fail(STATUS_USAGE, &e);
}

int command_help(const char *path, const struct command *c)
{
    struct text t = {0};
    text_addf(&t, "usage: %s%s%s%s\n%s\n", path, c->options ? " [options]" : "", *c->words ? " " : "",
              c->words, c->summary);
    if (*c->lesson)
        text_addf(&t, "\n%s\n", c->lesson);
    if (c->options) {
        text_add(&t, "\noptions:\n");
        options_help(c->options, &t);
        text_add(&t, "  --help                  this text\n");
    }
    int status = command_print(&t);
    text_fini(&t);
    return status;
}

/* What is wrong with the words, or that help was asked for: then *done, and the value is the status. */
static int parse_all(const struct command *c, const char *path, int argc, char **argv, void *settings,
                     struct positionals *words, size_t min, size_t max, bool *done)
{
    static const struct option_row none[] = {{0}};
    struct err e;
    bool help;
    *done = true;
    if (options_parse(c->options ? c->options : none, argc, argv, settings, words, &help, &e) < 0) {
        err_wrap(&e, "%s", strchr(path, ' ') + 1);
        return command_fail(STATUS_USAGE, &e);
    }
    if (help)
        return command_help(path, c);
    if (words->n < min || words->n > max) {
        err_set(&e, "usage: %s%s %s (%s --help says more)", path, c->options ? " [options]" : "", c->words,
                path);
        return command_fail(STATUS_USAGE, &e);
    }
    *done = false;
    return STATUS_OK;
}

int command_parse(const struct command *c, const char *path, int argc, char **argv, void *settings,
                  struct positionals *words, size_t min, size_t max, bool *done)
{
    int status = parse_all(c, path, argc, argv, settings, words, min, max, done);
    if (*done)
        positionals_fini(words);
    return status;
}
