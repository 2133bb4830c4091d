/*
 * Help: see help.h.
 */
#include "monitor/shell/help.h"

#include "monitor/shell/line.h"
#include "monitor/shell/settings.h"

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

/* `s`, `si`, `stepi`. */
static void markdown_names(const char *names, struct text *out)
{
    const char *name;
    size_t len;
    for (const char *sep = ""; (name = line_word(&names, &len)); sep = ", ")
        text_addf(out, "%s`%.*s`", sep, (int)len, name);
}

static void markdown_command(const struct shell_command *row, struct text *out)
{
    text_addf(out, "\n### %s\n\n`", row->name);
    help_usage(row, out);
    text_addf(out, "`: %s.\n", row->summary);
    if (*row->alias) {
        text_add(out, "Other names: ");
        markdown_names(row->alias, out);
        text_add(out, ".\n");
    }
    if (*row->lesson)
        text_addf(out, "\n%s\n", row->lesson);
    if (*row->example)
        text_addf(out, "\n```\n%s\n```\n", row->example);
}

static void markdown_settings(struct text *out)
{
    text_add(out, "\n## Settings\n\n`set NAME VALUE` changes one, `show` lists them."
                  "\n\n| name | values | what it is |\n| --- | --- | --- |\n");
    for (size_t i = 0; setting_row(i); i++) {
        text_addf(out, "| `%s` | ", setting_row(i)->name);
        markdown_names(setting_row(i)->choices, out);
        text_addf(out, " | %s |\n", setting_row(i)->help);
    }
}

void help_markdown(struct text *out)
{
    text_add(out, "# The debugger's commands\n\n"
                  "This page is made by `ringside explain --commands` from the tables the program runs on "
                  "(monitor/shell/commands_*.c). How the language works, what an expression is and what a "
                  "step costs: [debugger.md](debugger.md). A first walk: [tour.md](tour.md).\n");
    for (size_t i = 0; shell_group(i); i++) {
        text_addf(out, "\n## %s\n", shell_group(i)->title);
        for (const struct shell_command *row = shell_group(i)->rows; row->name; row++)
            if (!(row->flags & COMMAND_HIDDEN))
                markdown_command(row, out);
    }
    markdown_settings(out);
}
