/*
 * All views, one a file of this folder.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_VIEWS_H
#define RINGSIDE_MONITOR_VIEWS_VIEWS_H

#include "monitor/views/view.h"

extern const struct view_ops view_registers;
extern const struct view_ops view_code;
extern const struct view_ops view_exits;
extern const struct view_ops view_pages;
extern const struct view_ops view_memory;
extern const struct view_ops view_stack;
extern const struct view_ops view_tables;
extern const struct view_ops view_devices;
extern const struct view_ops view_console;
extern const struct view_ops view_timeline;
extern const struct view_ops view_breakpoints;
extern const struct view_ops view_symbols;

#endif
