/*
 * Inside `trace graph`.  A picture is made in three steps that know nothing of each other: the file
 * of its kind (graph_exits.c, graph_boot.c …) reads the events and counts; it then writes the picture down as
 * DOT, Graphviz's language of nodes and edges, with the words of graph_dot.c; and graph_render.c has Graphviz
 * lay it out and draw it. DOT is text, so the first two steps can be tested, compared and read without
 * drawing anything.
 *
 * Only files named graph*.c include this header.
 */
#ifndef RINGSIDE_TRACES_GRAPH_H
#define RINGSIDE_TRACES_GRAPH_H

#include "base/text.h"
#include "traces/class.h"
#include "traces/commands.h"

#include <inttypes.h>

/* ---- one drawing --------------------------------------------------------------------------------- */

/* What all pictures share. `state` is the file's after the last scan to its end. */
struct graph {
    struct trace_reader *reader;
    const struct trace_filter *filter; /* may be NULL: everything */
    const char *kind;                  /* the picture's name */
    struct graph_choice choice;        /* max_nodes is never 0 */
    const struct trace_info *info;
    struct trace_state state;
    bool tells_end;  /* the picture itself says how the run ended: the title need not */
    uint64_t seen;   /* events read by the last scan */
    uint64_t passed; /* of these, those that passed the filter */
    struct text *dot;
};

/* Reads the trace from its start and calls `see` for every event that passes the filter. -1 only for an I/O
 * error: a damaged trace ends early, which g->state tells. */
NODISCARD int graph_scan(struct graph *g, void (*see)(void *ctx, const struct event *ev), void *ctx,
                         struct err *e);

/* True when the filter asks for this kind by name: steps and marks are drawn as exits only then. */
bool graph_kind_wanted(const struct graph *g, enum event_kind kind);

/* Each scans the trace and writes a whole digraph to g->dot. -1 on an I/O error or lack of memory. */
#define GRAPH_DRAW(id, name, summary, nodes, options)                                                        \
    NODISCARD int graph_##name(struct graph *g, struct err *e);
GRAPH_KINDS(GRAPH_DRAW)
#undef GRAPH_DRAW

/* ---- Graphviz ------------------------------------------------------------------------------------ */

/* Appends the picture that `dot` describes, as `format` (svg, png, pdf), to `picture`: bytes, not a string.
 * Draws in a child process. -1 when it cannot be drawn. */
NODISCARD int graph_draw(const char *dot, const char *format, struct text *picture, struct err *e);

/* Lays `dot` out and draws it into memory: *bytes is malloc'ed and the caller's to free. The one function
 * through which Ringside touches Graphviz; only graph_draw calls it, once a process. -1 when DOT, layout or
 * drawing fails, or when this Graphviz cannot draw the format. */
NODISCARD int graph_render(const char *dot, const char *format, char **bytes, size_t *len, struct err *e);

/* Does the path end in a format that can be drawn (NULL: DOT on a stream)? -1 with a message when not. */
NODISCARD int graph_path_check(const char *path, struct err *e);

/* Draws `dot` to the path, or writes it to `out` as it is when there is none. */
NODISCARD int graph_publish(const struct text *dot, const char *path, FILE *out, struct err *e);

/* ---- words of DOT (graph_dot.c) ------------------------------------------------------------------ */

#define DOT_SANS "DejaVu Sans,Verdana,Helvetica,Arial,sans-serif"
#define DOT_MONO "DejaVu Sans Mono,Menlo,Consolas,Courier New,monospace"

/* Dark text, grey text, and the vermilion of what is wrong: readable on white and on every fill that is used.
 */
#define DOT_INK   "#1b1b1b"
#define DOT_GREY  "#595959"
#define DOT_ALARM "#b03a00"

struct dot_colour {
    char hex[8]; /* #rrggbb */
};

/* `colour` ("#rrggbb"; anything else counts as grey) with `percent` of white or of black in it. */
struct dot_colour dot_lighten(const char *colour, unsigned percent);
struct dot_colour dot_darken(const char *colour, unsigned percent);

/* Appends `s` for the inside of an HTML-like label: at most `max` characters, with an ellipsis when it is
 * longer. Markup is escaped, control characters become a middle dot and bytes that are not UTF-8 U+FFFD. */
void dot_add(struct text *out, const char *s, size_t max);

/* The same over at most `lines` lines of `width` characters, broken at spaces; `line_end` is the markup
 * between two lines (`<BR/>`). What is left over is cut off behind an ellipsis. */
void dot_add_wrapped(struct text *out, const char *s, size_t width, unsigned lines, const char *line_end);

/* As dot_add, with every space kept: for text in columns and guest output. */
void dot_add_fixed(struct text *out, const char *s, size_t max);

/* Appends `s` as a double-quoted DOT string, quotes included. */
void dot_quote(struct text *out, const char *s);

/* Appends 1234567 as `1,234,567`. */
void dot_count(struct text *out, uint64_t n);

/* Appends `1 exit`, `2,000 exits`. */
void dot_plural(struct text *out, uint64_t n, const char *one, const char *many);

/* Appends a share as `41 %`, `4.1 %`, `under 0.1 %`. */
void dot_share(struct text *out, uint64_t part, uint64_t whole);

/* Appends hundredths as a decimal number, always with a point: printf's %f would follow the user's locale. */
void dot_decimal(struct text *out, unsigned hundredths);

/* 0 to 100: the root of part/whole, so that areas compare as the counts do. */
unsigned dot_root(uint64_t part, uint64_t whole);

/* Opens and closes text in another size or colour inside a label. */
void dot_font(struct text *out, unsigned points, const char *colour);
void dot_font_end(struct text *out);

/* Appends `, tooltip="…"` to a list of attributes: what a pointer that rests on the node or edge is told.
 * Lines end in a newline. */
void dot_tip(struct text *out, const char *tip);

/* Appends ` at 0x7c15 <print+3>` where the event happened, or nothing when that is not known. */
void tip_place(const struct graph *g, const struct event *ev, struct text *tip);

/* Appends the URL of a place in the documents; false, and nothing, when nobody said where they are. */
bool dot_url(const struct graph *g, const char *place, struct text *out);

/* Appends `, href="DOCS/place"` to a list of attributes, or nothing when nobody said where the documents are.
 */
void dot_link(struct graph *g, const char *place);

/* The place of a kind of event, a device or a picture in the documents: `exits.md#io`. */
void dot_link_kind(struct graph *g, unsigned event_kind);
void dot_link_picture(struct graph *g);

/* Opens the digraph `name`: fonts, paper, and a title of guest, `what` it shows, number of events and
 * verdict. `attributes` are further graph attributes. */
void dot_begin(struct graph *g, const char *name, const char *what, const char *attributes);
void dot_end(struct graph *g);

/* A frameless cluster around what is drawn between the two, whose label, below, is the legend: rows
 * (<TR>…</TR>) of a table, may be empty. */
void dot_frame_open(struct graph *g);
void dot_frame_close(struct graph *g, const struct text *legend);

/* Appends a row of small grey text to a legend of `columns` columns: `before`, the number and `after`, or
 * only `before` when `after` is NULL. */
void dot_note(struct text *legend, unsigned columns, const char *before, uint64_t n, const char *after);

/* ---- counting by key (graph_tally.c) ------------------------------------------------------------- */

#define TALLY_ROWS_MAX 65536

/* One class of events: how many, how much time and data, and the first of them, to name it by. */
struct tally_row {
    uint64_t key, count, host_ns, bytes;
    uint64_t also; /* a second count, the picture's own */
    struct event first;
};

/* A set of rows, found by key. All zeros is a valid empty one. A hostile trace cannot make it grow without
 * limit: keys past TALLY_ROWS_MAX are counted together in `rest`. */
struct tally {
    struct tally_row *rows;
    size_t count, cap;
    uint32_t *slots;
    size_t slot_count;
    struct tally_row rest;
    bool failed; /* memory ran out */
};

void tally_fini(struct tally *t);
/* Counts the event in the row with this key. Returns the row's number, TALLY_ROWS_MAX for `rest`; numbers
 * hold until tally_sort. */
size_t tally_see(struct tally *t, uint64_t key, const struct event *ev);

/* Adds another row's counts to the row with this key; returns its number. */
size_t tally_add(struct tally *t, uint64_t key, const struct tally_row *more);

/* Most frequent first; among equals the one that came first. */
void tally_sort(struct tally *t);

/* Index of the row with this key, or -1. */
long tally_find(const struct tally *t, uint64_t key);

#endif
