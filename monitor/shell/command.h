/*
 * The command language: one row a command.  The prompt, the monitor's keys, scripts, gdb's `monitor` and
 * tests all go through this table.  A command writes into a text, never to a terminal; an error is one line.
 */
#ifndef RINGSIDE_MONITOR_SHELL_COMMAND_H
#define RINGSIDE_MONITOR_SHELL_COMMAND_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct debugger;

/* What the text after a command's name is, for completion. */
enum complete_kind {
    COMPLETE_NONE,
    COMPLETE_EXPR, /* registers and symbols */
    COMPLETE_SYMBOL,
    COMPLETE_REGISTER,
    COMPLETE_FILE,
    COMPLETE_KIND, /* event kinds */
    COMPLETE_DEVICE,
    COMPLETE_COMMAND,
    COMPLETE_WORDS, /* one of `choices` */
};

enum command_flag {
    COMMAND_RUNS = 1 << 0,    /* lets the guest run: not while it already does */
    COMMAND_REPEATS = 1 << 1, /* an empty line does it again */
    COMMAND_CHANGES = 1 << 2, /* changes the guest: not while it runs */
    COMMAND_GUEST = 1 << 3,   /* needs a guest that has not been lost */
    COMMAND_HIDDEN = 1 << 4,  /* not in `help` */
};

/* `run` gets what follows the name, blanks at both ends taken off, never NULL. Where the table says that the
 * name is followed by a slash ("x/8xb"), `slash` is what stands behind it, else "". Returns 0, or -1 with *e:
 * one line. */
struct shell_command {
    const char *name;
    const char *alias; /* other names, separated by blanks; "" for none */
    const char *args;  /* "[N]", "ADDR", as `help` shows them */
    const char *summary;
    const char *lesson;  /* a paragraph for `help CMD` */
    const char *example; /* one line that works in the tour, with what it does after "  # " */
    enum complete_kind complete;
    const char *choices; /* for COMPLETE_WORDS: separated by blanks */
    unsigned flags;
    int (*run)(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e);
};

/* Tables, each ended by a row without a name. */
extern const struct shell_command shell_run_commands[], shell_stop_commands[], shell_look_commands[],
    shell_memory_commands[], shell_data_commands[], shell_table_commands[], shell_machine_commands[],
    shell_own_commands[];

/* The i-th row of all tables, NULL past the end; and by name, alias or unambiguous beginning. -1 from
 * shell_find: no such command, or several; *e names the nearest or lists them. */
const struct shell_command *shell_row(size_t i);
NODISCARD int shell_find(const char *name, size_t len, const struct shell_command **row, struct err *e);

/* The tables with their titles, in the order of `help`; NULL past the end. */
struct shell_group {
    const char *title;
    const struct shell_command *rows;
};
const struct shell_group *shell_group(size_t i);

/* Whether a name may be followed by a slash and a format. */
bool shell_takes_slash(const struct shell_command *row);

/* Whether an empty line after this one does it again: all its commands have COMMAND_REPEATS. */
bool shell_repeats(const char *line);

/* Executes one line: "NAME[/FORMAT] ARGS", "NAME; NAME", comments from '#'. An empty line does nothing. 0, or
 * -1 with *e; what was written to `out` before stays. */
NODISCARD int shell_execute(struct debugger *d, const char *line, struct text *out, struct err *e);

#endif
