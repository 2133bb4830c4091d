/*
 * How large is the terminal?  For what draws on it without curses.
 */
#ifndef RINGSIDE_MONITOR_SHELL_TERMINAL_SIZE_H
#define RINGSIDE_MONITOR_SHELL_TERMINAL_SIZE_H

#include <stddef.h>

/* Of the terminal that stdin is; 80 by 24 when nothing says. */
void terminal_size(size_t *width, size_t *height);

#endif
