/*
 * The few calls of SQLite that filling a database takes, with errors as the rest of Ringside has them.  All
 * values go through parameters of prepared statements: a name in a trace is data and never becomes SQL.
 */
#include "traces/database.h"

#include <stdarg.h>

/* A user who wants the program to end is not a failure of the disk. */
static int failed(struct database *d, struct err *e)
{
    if (output_stopped(d->job->out, e))
        return -1;
    return err_set(e, "write %s: %s", text_str(&d->job->out->name), sqlite3_errmsg(d->sqlite));
}

int database_run(struct database *d, const char *sql, struct err *e)
{
    return sqlite3_exec(d->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(d, e);
}

sqlite3_stmt *database_prepare(struct database *d, const char *sql, struct err *e)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(d->sqlite, sql, -1, &statement, NULL) != SQLITE_OK)
        failed(d, e);
    return statement;
}

int database_step(struct database *d, sqlite3_stmt *statement, struct err *e)
{
    int rc = sqlite3_step(statement) == SQLITE_DONE ? 0 : failed(d, e);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc;
}

static void bind_all(sqlite3_stmt *statement, const char *types, va_list ap)
{
    for (int i = 1; types[i - 1]; i++) {
        if (types[i - 1] == 'n')
            sqlite3_bind_int64(statement, i, (sqlite3_int64)va_arg(ap, uint64_t));
        else if (types[i - 1] == 't')
            sqlite3_bind_text(statement, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
    }
}

int database_put(struct database *d, struct err *e, const char *sql, const char *types, ...)
{
    va_list ap;
    sqlite3_stmt *statement = database_prepare(d, sql, e);
    if (!statement)
        return -1;
    va_start(ap, types);
    bind_all(statement, types, ap);
    va_end(ap);
    int rc = database_step(d, statement, e);
    sqlite3_finalize(statement);
    return rc;
}
