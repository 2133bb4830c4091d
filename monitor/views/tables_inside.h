/*
 * Between the parts of the view of descriptor tables: tables.c is the view, tables_fit.c makes the lines that
 * the debug floor wrote fit a pane, tables_past.c says what has changed.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_TABLES_INSIDE_H
#define RINGSIDE_MONITOR_VIEWS_TABLES_INSIDE_H

#include "monitor/views/view.h"

enum table_kind { TABLE_GDT, TABLE_LDT, TABLE_IDT, TABLE_IVT, TABLE_TSS };

/* The lines of a table as a pane shows them, and which entry each is about. */
struct table_lines {
    struct text text;
    size_t *entry; /* a line's; SIZE_MAX: none */
    bool *changed; /* a line's: its entry, or one of its run, is not what it was at the last stop */
    size_t count, cap;
    size_t problems;
    bool any_changed; /* in a TSS: one of its fields */
};

/* Reads `text`, the whole table as look_gdt and the like wrote it, into lines of at most `w` columns: first
 * columns are left out, then lines are broken. */
void table_lines_fit(struct table_lines *l, enum table_kind kind, const char *text, int w);
/* tables_past.c: finds out what has changed since the last stop. A table that lay elsewhere then is not
 * compared. */
void table_lines_compare(struct table_lines *l, enum table_kind kind, const struct snapshot *s);
/* A star beside each changed entry, from line `top` on. */
void table_lines_stars(const struct table_lines *l, size_t top, struct canvas *c);
void table_lines_fini(struct table_lines *l);

#endif
