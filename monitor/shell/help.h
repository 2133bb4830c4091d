/*
 * Help, made of the command tables: what a row does not say, nobody says.
 */
#ifndef RINGSIDE_MONITOR_SHELL_HELP_H
#define RINGSIDE_MONITOR_SHELL_HELP_H

#include "monitor/shell/command.h"

/* All commands in their groups, a line each. */
void help_list(struct text *out);
/* One command: how it is called, other names, its lesson, an example. */
void help_command(const struct shell_command *row, struct text *out);
/* Every command's page. */
void help_all(struct text *out);
/* The same as a document in Markdown: docs/commands.md. */
void help_markdown(struct text *out);

#endif
