/*
 * The big table of an exported database.  Its columns are a table here, of which both the CREATE TABLE and
 * the INSERT are made.  What an event does not have is NULL.
 */
#include "traces/database.h"

#include "event/regs.h"

#include <string.h>

/* A column binds its value as parameter `at`, or leaves it NULL. */
struct event_column {
    const char *name, *type;
    void (*bind)(const struct database *d, const struct event *ev, sqlite3_stmt *s, int at);
};

static void bind(sqlite3_stmt *s, int at, uint64_t v)
{
    sqlite3_bind_int64(s, at, (sqlite3_int64)v);
}

#define BIND_ALWAYS(column, member)                                                                          \
    static void bind_##column(const struct database *d, const struct event *ev, sqlite3_stmt *s, int at)     \
    {                                                                                                        \
        (void)d;                                                                                             \
        bind(s, at, ev->member);                                                                             \
    }
#define BIND_WHEN(column, condition, number)                                                                 \
    static void bind_##column(const struct database *d, const struct event *ev, sqlite3_stmt *s, int at)     \
    {                                                                                                        \
        (void)d;                                                                                             \
        if (condition)                                                                                       \
            bind(s, at, number);                                                                             \
    }

BIND_ALWAYS(seq, seq)
BIND_ALWAYS(time, time_ns)
BIND_ALWAYS(vcpu, vcpu)
BIND_ALWAYS(kind, kind)
BIND_ALWAYS(host, host_ns)
BIND_ALWAYS(guest, guest_ns)
BIND_ALWAYS(flags, flags)

#define HAS_CPU (!(ev->flags & EVENT_NO_CPU))
#define HAS_DIR (ev->dir == DIR_IN || ev->dir == DIR_OUT)
#define NAMES   (&d->job->info->names)
BIND_WHEN(rip, HAS_CPU, ev->rip)
BIND_WHEN(cs, HAS_CPU, ev->cs)
BIND_WHEN(mode, HAS_CPU, event_mode(ev))
BIND_WHEN(cpl, HAS_CPU, event_cpl(ev))
BIND_WHEN(device, ev->device && ev->device < NAMES->device_count, ev->device)
BIND_WHEN(reg, *event_reg_name(NAMES, ev), ev->reg)
BIND_WHEN(size, ev->size, ev->size)
BIND_WHEN(count, HAS_DIR || ev->count > 1, ev->count)
BIND_WHEN(addr, ev->flags &EVENT_ADDR, ev->addr)
BIND_WHEN(value, ev->flags &EVENT_VALUE, ev->value)
BIND_WHEN(detail, ev->detail, ev->detail)

static void bind_symbol(const struct database *d, const struct event *ev, sqlite3_stmt *s, int at)
{
    uint64_t offset;
    const struct event_symbol *symbol = NULL;
    if (NAMES->symbol_count && HAS_CPU)
        symbol = event_symbol_at(NAMES, event_linear(ev), &offset);
    if (symbol)
        bind(s, at, (uint64_t)(symbol - NAMES->symbols));
}

static void bind_dir(const struct database *d, const struct event *ev, sqlite3_stmt *s, int at)
{
    (void)d;
    if (HAS_DIR)
        sqlite3_bind_text(s, at, ev->dir == DIR_IN ? "in" : "out", -1, SQLITE_STATIC);
}

static const struct event_column columns[] = {
    {"seq", "INTEGER NOT NULL", bind_seq},
    {"t_ns", "INTEGER NOT NULL", bind_time},
    {"vcpu", "INTEGER NOT NULL", bind_vcpu},
    {"rip", "INTEGER", bind_rip},
    {"cs", "INTEGER", bind_cs},
    {"mode", "INTEGER REFERENCES modes(id)", bind_mode},
    {"cpl", "INTEGER", bind_cpl},
    {"kind", "INTEGER NOT NULL REFERENCES kinds(id)", bind_kind},
    {"device", "INTEGER REFERENCES devices(id)", bind_device},
    {"reg", "INTEGER", bind_reg},
    {"symbol", "INTEGER REFERENCES symbols(id)", bind_symbol},
    {"dir", "TEXT", bind_dir},
    {"size", "INTEGER", bind_size},
    {"count", "INTEGER", bind_count},
    {"addr", "INTEGER", bind_addr},
    {"value", "INTEGER", bind_value},
    {"host_ns", "INTEGER NOT NULL", bind_host},
    {"guest_ns", "INTEGER NOT NULL", bind_guest},
    {"detail", "INTEGER", bind_detail},
    {"flags", "INTEGER NOT NULL", bind_flags},
};
enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

int database_events_begin(struct database *d, struct err *e)
{
    struct text table = {0}, insert = {0};
    text_add(&table, "CREATE TABLE events (id INTEGER PRIMARY KEY");
    text_add(&insert, "INSERT INTO events VALUES (NULL");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        text_addf(&table, ", %s %s", columns[i].name, columns[i].type);
        text_add(&insert, ", ?");
    }
    text_add(&table, ", FOREIGN KEY (device, reg) REFERENCES registers(device, id))");
    text_add(&insert, ")");
    int rc =
        table.failed || insert.failed ? err_set(e, "out of memory") : database_run(d, text_str(&table), e);
    if (rc == 0 && (!(d->event = database_prepare(d, text_str(&insert), e)) ||
                    !(d->mark = database_prepare(d, "INSERT INTO marks (event, text) VALUES (?, ?)", e)) ||
                    !(d->change = database_prepare(d, "INSERT INTO changes VALUES (?, ?, ?)", e))))
        rc = -1;
    text_fini(&table);
    text_fini(&insert);
    return rc;
}

static int put_mark(struct database *d, const struct event *ev, struct err *e)
{
    sqlite3_bind_int64(d->mark, 1, (sqlite3_int64)d->rows);
    sqlite3_bind_text(d->mark, 2, ev->addr < NAMES->mark_count ? NAMES->marks[ev->addr] : "", -1,
                      SQLITE_STATIC);
    return database_step(d, d->mark, e);
}

/* The registers that the step changed, which the reader knows until the next event. */
static int put_changes(struct database *d, struct err *e)
{
    uint32_t changed;
    const struct event_regs *regs = trace_reader_regs(d->job->reader, &changed);
    for (uint32_t left = regs ? changed : 0; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        sqlite3_bind_int64(d->change, 1, (sqlite3_int64)d->rows);
        sqlite3_bind_text(d->change, 2, event_regs_name(i), -1, SQLITE_STATIC);
        sqlite3_bind_int64(d->change, 3, (sqlite3_int64)regs->r[i]);
        if (database_step(d, d->change, e))
            return -1;
    }
    return 0;
}

int database_event(struct database *d, const struct event *ev, struct err *e)
{
    if (!d->kind_told[ev->kind] && database_kind(d, ev->kind, e))
        return -1;
    for (int i = 0; i < COLUMN_COUNT; i++)
        columns[i].bind(d, ev, d->event, i + 1);
    if (database_step(d, d->event, e))
        return -1;
    d->rows++;
    if (ev->kind == EVENT_STEP)
        return put_changes(d, e);
    return ev->kind == EVENT_MARK ? put_mark(d, ev, e) : 0;
}
