/*
 * `ringside trace graph`: a trace as a picture.  This file finds the picture that is meant and the format
 * that the file's ending names, has the trace read and described as DOT, and writes the result.  A format is
 * a row in a table; so is a picture.
 */
#include "traces/graph.h"
#include "traces/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct graph_row {
    const char *name;
    int (*draw)(struct graph *g, struct err *e) NODISCARD;
};

static const struct graph_row graph_rows[] = {
    [GRAPH_EXITS] = {"exits", graph_exits},       [GRAPH_BOOT] = {"boot", graph_boot},
    [GRAPH_MACHINE] = {"machine", graph_machine}, [GRAPH_PAGES] = {"pages", graph_pages},
    [GRAPH_WALK] = {"walk", graph_walk},
};

#define GRAPH_ROWS (sizeof graph_rows / sizeof graph_rows[0])

int graph_kind_find(const char *name)
{
    for (size_t i = 0; i < GRAPH_ROWS; i++)
        if (strcmp(graph_rows[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The format as Graphviz calls it: the file's ending without its point. NULL (no file) is DOT. */
static const char *format_find(const char *path, struct err *e)
{
    static const char *const formats[] = {"dot", "svg", "png", "pdf"};
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *point = path ? strrchr(slash ? slash : path, '.') : NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (!path || (point && strcasecmp(point + 1, formats[i]) == 0))
            return formats[i];
    err_set(e, "%s: unknown kind of picture: the file name must end in .dot, .svg, .png or .pdf", path);
    return NULL;
}

bool graph_kind_wanted(const struct graph *g, enum event_kind kind)
{
    return g->filter && g->filter->any_kind && g->filter->kind[kind];
}

/* Reads on to the end even past the filter's limit: only there is known how the run ended. */
int graph_scan(struct graph *g, void (*see)(void *ctx, const struct event *ev), void *ctx, struct err *e)
{
    struct event ev;
    int more;
    g->seen = g->passed = 0;
    if (trace_rewind(g->reader, e))
        return -1;
    while ((more = trace_next(g->reader, &ev, e)) > 0) {
        g->seen++;
        if (g->filter && g->filter->limit && g->passed >= g->filter->limit)
            continue;
        if (g->filter && !trace_filter_match(g->filter, &g->info->names, &ev))
            continue;
        g->passed++;
        see(ctx, &ev);
    }
    trace_reader_state(g->reader, &g->state);
    return more;
}

/* A picture that did not fit the disk is removed: half of one is no use to anyone. A device or a pipe is not
 * ours to remove. */
static int file_save(const char *path, const char *bytes, size_t len, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_sys(e, errno, "write %s", path);
    struct stat st;
    bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    int failed = graph_write(fd, bytes, len);
    int why = errno;
    if (close(fd) && !failed) {
        failed = -1;
        why = errno;
    }
    if (!failed)
        return 0;
    if (ours)
        unlink(path);
    return err_sys(e, why, "write %s", path);
}

static int picture_save(const struct text *dot, const char *format, const char *path, struct err *e)
{
    if (strcmp(format, "dot") == 0)
        return file_save(path, dot->buf, dot->len, e);
    struct text picture = {0};
    int rc = graph_draw(text_str(dot), format, &picture, e);
    if (rc == 0 && picture.failed)
        rc = err_set(e, "out of memory while drawing");
    rc = rc ? err_wrap(e, "%s", path) : file_save(path, picture.buf, picture.len, e);
    text_fini(&picture);
    return rc;
}

static int picture_print(const struct text *dot, FILE *out, struct err *e)
{
    if (fwrite(dot->buf, 1, dot->len, out) != dot->len || fflush(out))
        return err_sys(e, errno, "write the picture");
    return 0;
}

int trace_graph(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind, const char *path,
                FILE *out, struct err *e)
{
    return trace_graph_with(r, f, kind, NULL, path, out, e);
}

int trace_graph_with(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                     const struct graph_choice *choice, const char *path, FILE *out, struct err *e)
{
    const char *format = format_find(path, e);
    if (!format || (f && trace_filter_check(f, &trace_reader_info(r)->names, e)))
        return -1;
    struct text dot = {0};
    struct graph g = {.reader = r, .filter = f, .info = trace_reader_info(r), .dot = &dot};
    if (choice)
        g.choice = *choice;
    int rc = (size_t)kind < GRAPH_ROWS ? graph_rows[kind].draw(&g, e)
                                       : err_set(e, "no such picture: %d", (int)kind);
    if (rc == 0 && dot.failed)
        rc = err_set(e, "out of memory while drawing");
    if (rc == 0)
        rc = path ? picture_save(&dot, format, path, e) : picture_print(&dot, out, e);
    text_fini(&dot);
    return rc;
}
