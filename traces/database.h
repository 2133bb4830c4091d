/*
 * Inside `trace export --format sqlite`: a database that is being filled.  The schema is export_schema.c's;
 * docs/traces.md explains it to those who ask it questions.
 */
#ifndef RINGSIDE_TRACES_DATABASE_H
#define RINGSIDE_TRACES_DATABASE_H

#include "traces/export.h"

#include <sqlite3.h>

/* What SQLite keeps at byte 68 of a file for us to know our own by (PRAGMA application_id): `RSTB`. */
#define DATABASE_ID      0x52535442
#define DATABASE_VERSION 1 /* PRAGMA user_version; a change that a query can see raises it */

struct database {
    struct export_job *job;
    sqlite3 *sqlite;
    sqlite3_stmt *event, *mark, *change;
    uint64_t rows;
    bool kind_told[EVENT_KIND_MAX]; /* kinds[] has a row for it */
};

/* What is done before the rows and after them, each a list of statements. */
extern const char database_tables[], database_indexes[], database_views[];

/* Runs statements. -1 with *e filled: SQLite's own words. */
NODISCARD int database_run(struct database *d, const char *sql, struct err *e);

/* Prepares a statement, or NULL with *e filled. */
sqlite3_stmt *database_prepare(struct database *d, const char *sql, struct err *e);

/* Executes a prepared statement that gives no rows, and makes it ready for the next. */
NODISCARD int database_step(struct database *d, sqlite3_stmt *statement, struct err *e);

/* Executes `sql` once with values for its parameters: `types` has a letter for each, n for an uint64_t
 * (stored as the signed integer of the same bits), t for a const char *, 0 for NULL (which takes no
 * argument). */
NODISCARD int database_put(struct database *d, struct err *e, const char *sql, const char *types, ...);

/* Everything that events refer to: kinds, modes, devices, registers, ranges, symbols. */
NODISCARD int database_names(struct database *d, struct err *e);

/* The run and how it ended; after the last event. */
NODISCARD int database_run_row(struct database *d, struct err *e);

/* A row for a kind of event, unless it has one. */
NODISCARD int database_kind(struct database *d, unsigned kind, struct err *e);

/* An event as a row, and its mark. database_events_begin makes the table and the statements. */
NODISCARD int database_events_begin(struct database *d, struct err *e);
NODISCARD int database_event(struct database *d, const struct event *ev, struct err *e);

#endif
