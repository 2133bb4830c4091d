/*
 * `ringside trace graph`: a trace as a picture.  This file finds the picture that is meant and the format
 * that the file's ending names, has the trace read and described as DOT, and writes the result.  A format is
 * a row in a table; so is a picture.
 */
#include "traces/graph.h"
#include "traces/filter.h"
#include "traces/output.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct graph_row {
    struct graph_kind_info info;
    int (*draw)(struct graph *g, struct err *e) NODISCARD;
};

static const struct graph_row graph_rows[GRAPH_KIND_COUNT] = {
#define GRAPH_ROW(id, name, summary, nodes, options)                                                         \
    [GRAPH_##id] = {{#name, summary, nodes, options}, graph_##name},
    GRAPH_KINDS(GRAPH_ROW)
#undef GRAPH_ROW
};

const struct graph_kind_info *graph_kind_info(enum graph_kind kind)
{
    return (size_t)kind < GRAPH_KIND_COUNT ? &graph_rows[kind].info : NULL;
}

int graph_kind_find(const char *name)
{
    for (size_t i = 0; i < GRAPH_KIND_COUNT; i++)
        if (strcmp(graph_rows[i].info.name, name) == 0)
            return (int)i;
    return -1;
}

int graph_kind_named(const char *name, struct err *e)
{
    int kind = graph_kind_find(name);
    if (kind >= 0)
        return kind;
    struct text names = {0};
    for (size_t i = 0; i < GRAPH_KIND_COUNT; i++)
        text_addf(&names, "%s%s",
                  i == 0                     ? ""
                  : i + 1 < GRAPH_KIND_COUNT ? ", "
                                             : " or ",
                  graph_rows[i].info.name);
    err_set(e, "unknown graph \"%s\": %s", name, text_str(&names));
    text_fini(&names);
    return -1;
}

/* ---- choices ------------------------------------------------------------------------------------- */

/* Is the option one that this picture knows, and is what it needs there? */
static int choice_check(const struct graph_kind_info *info, const struct graph_choice *c, struct err *e)
{
    const struct {
        bool given;
        unsigned takes, needs;
        const char *name;
    } rows[] = {
        {c->at_given, GRAPH_TAKES_AT, 0, "--at"},
        {c->vcpu_given, GRAPH_TAKES_VCPU, 0, "--vcpu"},
        {c->gva_given, GRAPH_TAKES_GVA, GRAPH_NEEDS_GVA, "--gva"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].given && !(info->options & (rows[i].takes | rows[i].needs)))
            return err_set(e, "%s: the picture \"%s\" has no use for it", rows[i].name, info->name);
        if (!rows[i].given && info->options & rows[i].needs)
            return err_set(e, "the picture \"%s\" needs %s", info->name, rows[i].name);
    }
    return 0;
}

static void choice_take(struct graph *g, const struct graph_kind_info *info, const struct graph_choice *c)
{
    g->kind = info->name;
    g->choice = *c;
    if (!c->max_nodes)
        g->choice.max_nodes = info->nodes;
    if (c->max_nodes > GRAPH_NODES_MAX)
        g->choice.max_nodes = GRAPH_NODES_MAX;
}

/* ---- formats and files --------------------------------------------------------------------------- */

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
    if (g->filter ? trace_filter_begin(g->filter, g->reader, e) : trace_rewind(g->reader, e))
        return -1;
    while ((more = trace_next(g->reader, &ev, e)) > 0) {
        g->seen++;
        if (g->filter && g->filter->limit && g->passed >= g->filter->limit)
            continue;
        if (g->filter && !trace_filter_passes(g->filter, g->reader, &ev))
            continue;
        g->passed++;
        see(ctx, &ev);
    }
    trace_reader_state(g->reader, &g->state);
    return more < 0 ? -1 : g->filter ? trace_filter_end(g->filter, g->reader, e) : 0;
}

static int file_save(const struct text *bytes, const char *path, struct err *e)
{
    struct output o;
    return output_open(&o, path, NULL, e) ? -1 : output_close(&o, output_write(&o, bytes, e), e);
}

static int picture_save(const struct text *dot, const char *format, const char *path, struct err *e)
{
    if (strcmp(format, "dot") == 0)
        return file_save(dot, path, e);
    struct text picture = {0};
    int rc = graph_draw(text_str(dot), format, &picture, e);
    if (rc == 0 && picture.failed)
        rc = err_set(e, "out of memory while drawing");
    rc = rc ? err_wrap(e, "%s", path) : file_save(&picture, path, e);
    text_fini(&picture);
    return rc;
}

static int picture_print(const struct text *dot, FILE *out, struct err *e)
{
    if (fwrite(dot->buf, 1, dot->len, out) != dot->len || fflush(out))
        return err_sys(e, errno, "write the picture");
    return 0;
}

int graph_path_check(const char *path, struct err *e)
{
    return format_find(path, e) ? 0 : -1;
}

int graph_publish(const struct text *dot, const char *path, FILE *out, struct err *e)
{
    const char *format = format_find(path, e);
    if (!format)
        return -1;
    if (dot->failed)
        return err_set(e, "out of memory while drawing");
    return path ? picture_save(dot, format, path, e) : picture_print(dot, out, e);
}

int trace_graph(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind, const char *path,
                FILE *out, struct err *e)
{
    return trace_graph_with(r, f, kind, NULL, path, out, e);
}

int trace_graph_with(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                     const struct graph_choice *choice, const char *path, FILE *out, struct err *e)
{
    static const struct graph_choice usual;
    const struct graph_kind_info *info = graph_kind_info(kind);
    choice = choice ? choice : &usual;
    if (!info)
        return err_set(e, "no such picture: %d", (int)kind);
    if (graph_path_check(path, e) || choice_check(info, choice, e) ||
        (f && trace_filter_check(f, &trace_reader_info(r)->names, e)))
        return -1;
    struct text dot = {0};
    struct graph g = {.reader = r, .filter = f, .info = trace_reader_info(r), .dot = &dot};
    choice_take(&g, info, choice);
    int rc = graph_rows[kind].draw(&g, e);
    if (rc == 0)
        rc = graph_publish(&dot, path, out, e);
    text_fini(&dot);
    return rc;
}
