/*
 * The terminal's size, asked of readline, which knows the ways of terminals and of the variables LINES and
 * COLUMNS.
 */
#include "monitor/shell/terminal_size.h"

#include <stdio.h>

#include <readline/readline.h>

void terminal_size(size_t *width, size_t *height)
{
    int rows = 0, columns = 0;
    if (!rl_instream) /* no prompt was shown yet */
        rl_instream = stdin;
    rl_reset_screen_size();
    rl_get_screen_size(&rows, &columns);
    *width = columns > 0 ? (size_t)columns : 80;
    *height = rows > 0 ? (size_t)rows : 24;
}
