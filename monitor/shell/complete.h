/*
 * Completion: which words could stand at a place in a command line.  It looks at tables and symbols, which
 * never change while a guest runs, and never at the guest.
 */
#ifndef RINGSIDE_MONITOR_SHELL_COMPLETE_H
#define RINGSIDE_MONITOR_SHELL_COMPLETE_H

#include "event/event.h"
#include "monitor/shell/command.h"

struct symbols;

/* Where names come from; borrowed. */
struct complete_names {
    const struct symbols *symbols;    /* NULL: none */
    const struct event_names *events; /* devices; NULL: none */
};

/* What stands at byte `at` of the line, where a word begins. */
enum complete_kind complete_kind_at(const char *line, size_t at, const struct shell_command **row);

/* Offers every word that could stand at byte `at` of `line` and begins with `prefix`. Of files nothing: they
 * are the file system's. A word may be offered twice. */
void complete_words(const struct complete_names *names, const char *line, size_t at, const char *prefix,
                    void (*offer)(void *ctx, const char *word), void *ctx);

#endif
