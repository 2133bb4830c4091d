/*
 * `trace stat` over many files, a class's hand-ins: a line a file and the totals.  A file that cannot be read
 * is a line with the reason.
 */
#ifndef RINGSIDE_TRACES_STAT_FILES_H
#define RINGSIDE_TRACES_STAT_FILES_H

#include "traces/stat_by.h"

struct stat_file {
    char *path;
    bool failed; /* no trace, or not readable: `note` says why, and nothing else is known */
    bool whole;
    bool ended;              /* the file says how the run ended */
    char status[24];         /* halted ..., `-` when it does not */
    const char *mode;        /* at the end, likewise */
    int exit_code;           /* of `run`, likewise */
    uint64_t exits;          /* that pass the filter; so do the next three */
    uint64_t own;            /* Ringside's own events */
    uint64_t host_ns;        /* of exits and own events */
    uint64_t guest_ns;       /* likewise */
    uint64_t elapsed_ns;     /* of the run; without its end, to the last event */
    char note[ERR_TEXT_MAX]; /* what is wrong, `` when nothing is */
};

struct stat_files {
    struct stat_file *file;
    size_t count, cap;
};

void stat_files_fini(struct stat_files *s);

/* Opens and reads the next file; its events are counted in `by` as well, which may be NULL. -1 only when
 * memory ran out. */
NODISCARD int stat_files_add(struct stat_files *s, const char *path, const struct trace_filter *f,
                             struct stat_by *by, struct err *e);

/* How many could not be read. */
size_t stat_files_failed(const struct stat_files *s);

/* Appends the table; and the members `files` and `totals` of a JSON object. */
void stat_files_print(const struct stat_files *s, struct text *out);
void stat_files_json(const struct stat_files *s, struct text *out);

#endif
