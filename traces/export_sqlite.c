/*
 * `trace export --format sqlite`: the trace as a database, for questions that nobody foresaw (SQLite manual,
 * "Database File Format").  Everything is one transaction in a file that nobody else can see yet, so there is
 * no journal and no waiting for the disk: a failure removes the file as a whole.
 */
#include "traces/database.h"

#include "base/bytes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_HEAD_LEN 100 /* SQLite manual, "The Database Header" */
#define FILE_ID_AT    68  /* the application's number, high byte first */

static bool is_ours(const uint8_t head[FILE_HEAD_LEN])
{
    const uint8_t *id = head + FILE_ID_AT;
    uint32_t number = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
    return memcmp(head, "SQLite format 3", 16) == 0 && number == DATABASE_ID;
}

int export_sqlite_may(const struct export_choice *c, struct err *e)
{
    struct stat st;
    uint8_t head[FILE_HEAD_LEN] = {0};
    if (!c->path || strcmp(c->path, "-") == 0)
        return err_set(e, "sqlite: a database cannot go to standard output: give -o FILE.db");
    if (stat(c->path, &st))
        return 0;
    if (!S_ISREG(st.st_mode))
        return err_set(e, "write %s: it is not a regular file, and a database needs one", c->path);
    if (st.st_size == 0 || c->force)
        return 0;
    int fd = open(c->path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    if (got == (ssize_t)sizeof head && is_ours(head))
        return 0;
    return err_set(
        e, "%s is there and is no database of such an export: give another name, or --force to overwrite it",
        c->path);
}

static int stopped(void *ctx)
{
    struct err e;
    return output_stopped(ctx, &e);
}

/* Sorting for an index needs as much memory as the cache; more of either gains little. */
static int begin(struct database *d, struct err *e)
{
    struct text settings = {0};
    text_addf(&settings,
              "PRAGMA page_size = 8192; PRAGMA cache_size = -24576; PRAGMA journal_mode = OFF; PRAGMA "
              "synchronous = OFF;"
              "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = FILE; PRAGMA application_id = %d;"
              "PRAGMA user_version = %d; BEGIN",
              DATABASE_ID, DATABASE_VERSION);
    int rc = database_run(d, text_str(&settings), e);
    text_fini(&settings);
    sqlite3_progress_handler(d->sqlite, 100000, stopped, d->job->out);
    return rc;
}

static int see(void *ctx, const struct event *ev, struct err *e)
{
    return database_event(ctx, ev, e);
}

static int fill(struct database *d, struct err *e)
{
    if (trace_reader_want_regs(d->job->reader, e) || begin(d, e) || database_run(d, database_tables, e) ||
        database_events_begin(d, e) || database_names(d, e) || export_scan(d->job, see, d, e) ||
        database_run_row(d, e))
        return -1;
    return database_run(d, database_indexes, e) || database_run(d, database_views, e) ||
                   database_run(d, "PRAGMA analysis_limit = 1000; ANALYZE; COMMIT", e)
               ? -1
               : 0;
}

int export_sqlite(struct export_job *x, struct err *e)
{
    struct database d = {.job = x};
    int rc = sqlite3_open_v2(text_str(&x->out->temp), &d.sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             NULL);
    if (rc != SQLITE_OK)
        rc = err_set(e, "write %s: %s", text_str(&x->out->name), sqlite3_errmsg(d.sqlite));
    else
        rc = fill(&d, e);
    sqlite3_finalize(d.event);
    sqlite3_finalize(d.mark);
    sqlite3_finalize(d.change);
    if (sqlite3_close(d.sqlite) != SQLITE_OK && rc == 0)
        rc = err_set(e, "write %s: %s", text_str(&x->out->name), sqlite3_errmsg(d.sqlite));
    return rc;
}
