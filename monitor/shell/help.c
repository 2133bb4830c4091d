/*
 * Help: see help.h.
 */
#include "monitor/shell/help.h"

#include <string.h>

enum { HELP_WIDTH = 80, HELP_INDENT = 2, USAGE_IN_LIST = 22 };

/* The arguments, right behind the name where they begin with a slash. */
static void help_usage(const struct shell_command *row, struct text *out)
{
    text_addf(out, "%s%s%s", row->name, *row->args && !shell_takes_slash(row) ? " " : "", row->args);
}

/* In the list, long ones are cut short: their page has them whole. */
static void help_short_usage(const struct shell_command *row, struct text *out)
{
    help_usage(row, out);
    if (text_width(text_str(out)) <= USAGE_IN_LIST)
        return;
    text_clear(out);
    text_addf(out, "%s …", row->name);
}

/* `  step [N]   execute … (s si stepi)`: what it is called, what it does, its other names. */
static void help_group(const struct shell_group *g, struct text *out)
{
    size_t column = HELP_INDENT + USAGE_IN_LIST + 2;
    text_addf(out, "%s\n", g->title);
    for (const struct shell_command *row = g->rows; row->name; row++) {
        struct text usage = {0}, words = {0};
        if (row->flags & COMMAND_HIDDEN)
            continue;
        help_short_usage(row, &usage);
        text_addf(&words, *row->alias ? "%s (%s)" : "%s", row->summary, row->alias);
        text_pad(out, HELP_INDENT);
        text_add(out, text_str(&usage));
        text_pad(out, column);
        text_add_wrapped(out, text_str(&words), column, HELP_WIDTH);
        text_addc(out, '\n');
        text_fini(&usage);
        text_fini(&words);
    }
}

void help_list(struct text *out)
{
    for (size_t i = 0; shell_group(i); i++) {
        text_add(out, i ? "\n" : "");
        help_group(shell_group(i), out);
    }
    text_addc(out, '\n');
    text_add_wrapped(
        out,
        "Other names of a command stand in brackets. A name may be cut short as long as it stays "
        "clear which is meant; several commands on a line are separated by ';', and '#' begins "
        "a comment. help COMMAND says more; help all says everything.",
        0, HELP_WIDTH);
    text_addc(out, '\n');
}

void help_command(const struct shell_command *row, struct text *out)
{
    struct text usage = {0};
    help_usage(row, &usage);
    text_add_wrapped(out, text_str(&usage), 2 * HELP_INDENT, HELP_WIDTH);
    text_fini(&usage);
    text_addc(out, '\n');
    if (*row->alias)
        text_addf(out, "  (or: %s)\n", row->alias);
    text_pad(out, HELP_INDENT);
    text_add_wrapped(out, row->summary, HELP_INDENT, HELP_WIDTH);
    text_addc(out, '\n');
    if (*row->lesson) {
        text_addc(out, '\n');
        text_pad(out, HELP_INDENT);
        text_add_wrapped(out, row->lesson, HELP_INDENT, HELP_WIDTH);
        text_addc(out, '\n');
    }
    if (*row->example)
        text_addf(out, "\n  For example:\n    %s\n", row->example);
}

void help_all(struct text *out)
{
    for (size_t i = 0; shell_group(i); i++) {
        text_addf(out, "%s%s\n%.*s\n", i ? "\n\n" : "", shell_group(i)->title,
                  (int)strlen(shell_group(i)->title), "================================");
        for (const struct shell_command *row = shell_group(i)->rows; row->name; row++) {
            if (row->flags & COMMAND_HIDDEN)
                continue;
            text_addc(out, '\n');
            help_command(row, out);
        }
    }
}
