/*
 * The subcommands: each takes the words after its name and returns the process's exit status.
 */
#ifndef RINGSIDE_COMMANDS_H
#define RINGSIDE_COMMANDS_H

#include "base/err.h"
#include "base/text.h"

/* Exit statuses that scripts rely on. */
enum {
    STATUS_OK = 0,
    STATUS_BUDGET = 124,
    STATUS_GUEST_DEATH = 125,
    STATUS_USAGE = 126,
    STATUS_NO_KVM = 127
};

struct option_row;

/* One row of a command table; `words` names its positional arguments, `lesson` is a paragraph for --help. */
struct command {
    const char *name;
    const char *words;
    const char *summary;
    const char *lesson;
    const struct option_row *options; /* NULL when it parses its own or has none */
    int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command command_run, command_monitor, command_shell, command_trace, command_lab,
    command_explain, command_doctor;

/* Prints `ringside: TEXT` on stderr, one line; returns `status`. */
int command_fail(int status, const struct err *e);

/* Prints the usage of one command, made of its row and options. Returns STATUS_OK. */
int command_help(const char *path, const struct command *c);

/* Writes a text to stdout; STATUS_OK, or STATUS_USAGE with a message when that fails (a full disk). */
int command_print(const struct text *t);

/* Parses, answers --help and checks the number of positional words. *done is set when the command is over;
 * then the return value is its status. */
struct positionals;
int command_parse(const struct command *c, const char *path, int argc, char **argv, void *settings,
                  struct positionals *words, size_t min, size_t max, bool *done);

#endif
