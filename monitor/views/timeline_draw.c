/*
 * Drawing the timeline: see timeline.c.  Small panes get three rows (mode, what kind of exit was the most
 * frequent, what happened), big ones a bar for each class of exits and one for the time; then an axis with
 * the cursor, what lies there, the legend, and the events around it.
 */
#include "monitor/views/timeline_inside.h"

#include <inttypes.h>
#include <string.h>

struct drawing {
    const struct strip *t;
    const struct snapshot *s;
    struct canvas *c;
    int y;
};

static const struct {
    const char *name;
    char letter;
    unsigned role;
} classes[TIMELINE_CLASSES] = {
    [CLASS_DEVICE] = {"device", 'd', ROLE_DEVICE}, [CLASS_CPU] = {"cpu", 'c', ROLE_CPU},
    [CLASS_DEBUG] = {"debug", 'b', ROLE_DEBUG},    [CLASS_FATAL] = {"fatal", 'X', ROLE_FATAL},
    [CLASS_FOREIGN] = {"foreign", 'f', ROLE_NOTE}, [CLASS_OWN] = {"own", 'o', ROLE_OWN}};

static const unsigned mode_roles[CPU_MODES + 1] = {[MODE_REAL] = ROLE_NOTE,
                                                   [MODE_PROTECTED] = ROLE_HUGE,
                                                   [MODE_COMPAT] = ROLE_BRANCH,
                                                   [MODE_LONG] = ROLE_PRESENT,
                                                   [CPU_MODES] = ROLE_DIM};

enum { GLYPH_BAR = 0x2581, GLYPH_LINE = 0x2500, GLYPH_MARK = 0x25b4, GLYPH_PLACE = 0x25be, GLYPH_DOT = 0xb7 };

static int column_x(const struct drawing *d, int column)
{
    return d->t->labels + column * d->t->wide;
}

static void label(const struct drawing *d, const char *full, const char *brief)
{
    canvas_text_cut(d->c, 0, d->y, d->t->labels - 1, ROLE_LABEL, d->t->labels > 5 ? full : brief);
}

/* ---- the rows of the strip ---- */

/* `Real─Long───`: the name where a mode begins, and a line as long as it lasts. */
static void draw_modes(struct drawing *d)
{
    static const char *const names[CPU_MODES + 1] = {"Real", "Protected", "Compat", "Long", "?"};
    label(d, "mode", "mode");
    for (int column = 0, end; column < d->t->columns; column = end) {
        struct strip_column here = strip_column(d->t, d->s, column);
        unsigned mode = strip_mode_of(&here.sum);
        for (end = column + 1; end < d->t->columns; end++) {
            struct strip_column next = strip_column(d->t, d->s, end);
            if (strip_mode_of(&next.sum) != mode)
                break;
        }
        int x = column_x(d, column), w = column_x(d, end) - x, n = (int)strlen(names[mode]);
        canvas_row(d->c, x, d->y, w, mode_roles[mode], GLYPH_LINE);
        canvas_textn(d->c, x, d->y, mode_roles[mode], names[mode], (size_t)(n < w ? n : w));
    }
    d->y++;
}

/* A bar of eight steps; what is not nothing is seen. */
static void draw_bar(const struct drawing *d, int column, unsigned role, uint64_t part, uint64_t whole)
{
    if (!part || !whole)
        return;
    uint64_t step = part >= whole ? 7 : (uint64_t)((double)part * 8 / (double)whole);
    canvas_row(d->c, column_x(d, column), d->y, d->t->wide, role,
               GLYPH_BAR + (uint32_t)(step < 7 ? step : 7));
}

static void draw_classes(struct drawing *d)
{
    for (unsigned k = 0; k < TIMELINE_CLASSES; k++) {
        if (!strip_has_class(d->s, k))
            continue;
        label(d, classes[k].name, classes[k].name);
        for (int i = 0; i < d->t->columns; i++) {
            struct strip_column column = strip_column(d->t, d->s, i);
            draw_bar(d, i, classes[k].role, column.sum.class[k], column.sum.count);
        }
        d->y++;
    }
}

static void draw_time(struct drawing *d)
{
    uint64_t most = 0;
    label(d, "time taken", "time");
    for (int i = 0; i < d->t->columns; i++) {
        uint64_t ns = strip_column(d->t, d->s, i).ns;
        most = ns > most ? ns : most;
    }
    for (int i = 0; i < d->t->columns; i++)
        draw_bar(d, i, ROLE_GRAPH, strip_column(d->t, d->s, i).ns, most);
    d->y++;
}

/* The class that most events of a column have, as a letter. */
static void draw_most(struct drawing *d)
{
    label(d, "exits", "exit");
    for (int i = 0; i < d->t->columns; i++) {
        struct strip_column column = strip_column(d->t, d->s, i);
        unsigned best = 0;
        for (unsigned k = 1; k < TIMELINE_CLASSES; k++)
            if (column.sum.class[k] > column.sum.class[best])
                best = k;
        canvas_row(d->c, column_x(d, i), d->y, d->t->wide, classes[best].role,
                   (uint32_t)(unsigned char)classes[best].letter);
    }
    d->y++;
}

static void put_count(const struct drawing *d, int column, unsigned role, uint32_t n)
{
    if (n)
        canvas_put(d->c, column_x(d, column), d->y, role, n <= 9 ? '0' + n : '+');
}

enum { SHOW_IRQS = 1, SHOW_MARKS = 2, SHOW_FAULTS = 4 };

static void draw_happenings(struct drawing *d, const char *full, const char *brief, unsigned show)
{
    label(d, full, brief);
    for (int i = 0; i < d->t->columns; i++) {
        struct strip_column column = strip_column(d->t, d->s, i);
        int x = column_x(d, i);
        canvas_row(d->c, x, d->y, d->t->wide, ROLE_DIM, GLYPH_DOT);
        if (show & SHOW_IRQS)
            put_count(d, i, ROLE_USER, column.sum.irqs);
        if (show & SHOW_MARKS && column.sum.marks)
            canvas_put(d->c, x, d->y, ROLE_NOTE, GLYPH_MARK);
        if (show & SHOW_FAULTS && column.sum.faults)
            canvas_put(d->c, x, d->y, ROLE_FATAL, 'X');
    }
    d->y++;
}

static void draw_axis(const struct drawing *d, int y)
{
    const struct strip *t = d->t;
    canvas_row(d->c, t->labels, y, t->columns * t->wide, ROLE_BORDER, GLYPH_LINE);
    if (d->s->replay)
        canvas_put(d->c, column_x(d, strip_column_of(t, t->position)), y, ROLE_HERE, GLYPH_PLACE);
    canvas_put(d->c, column_x(d, strip_column_of(t, t->at)), y, ROLE_FOCUS, '^');
    canvas_text_cut(d->c, 0, y, t->labels - 1, ROLE_LABEL, t->labels > 5 ? "cursor" : "here");
}

/* ---- what is written under it ---- */

static void draw_scale(const struct drawing *d, int y)
{
    struct text words = {0};
    int end = d->c->window.w;
    canvas_text(d->c, d->t->labels, y, ROLE_DIM, "0");
    text_addf(&words, "event %" PRIu64 ", ", d->t->total - 1);
    text_add_ns(&words, d->t->end_ns);
    if (d->t->columns * d->t->wide + d->t->labels < end &&
        (size_t)(d->t->columns * d->t->wide) > words.len + 4)
        end = d->t->columns * d->t->wide + d->t->labels;
    canvas_text_right(d->c, end, y, ROLE_DIM, text_str(&words));
    text_fini(&words);
}

/* `event 85 of 171  12.3 ms  long ring 0`. */
static void draw_place(const struct drawing *d, int y)
{
    const struct strip *t = d->t;
    const struct event *ev = strip_event(t, d->s, t->at);
    struct strip_column column = strip_column(t, d->s, strip_column_of(t, t->at));
    unsigned mode = strip_mode_of(&column.sum);
    struct text when = {0};
    text_add_ns(&when, ev ? ev->time_ns : column.sum.first_ns);
    int x = canvas_textf(d->c, 0, y, ROLE_VALUE, "event %" PRIu64, t->at);
    if (d->c->window.w >= 44)
        x = canvas_textf(d->c, x, y, ROLE_DIM, " of %" PRIu64, t->total);
    x += 2;
    x = canvas_textf(d->c, x, y, ROLE_ADDRESS, "%s%s", ev ? "at " : "after ", text_str(&when)) + 2;
    if (ev && !(ev->flags & EVENT_NO_CPU)) {
        mode = event_mode(ev);
        x = canvas_textf(d->c, x, y, mode_roles[mode], "%s ring %u", cpu_mode_name(event_mode(ev)),
                         event_cpl(ev));
    } else if (mode < CPU_MODES) {
        x = canvas_text(d->c, x, y, mode_roles[mode], cpu_mode_name((enum cpu_mode)mode));
    }
    text_fini(&when);
}

static int put_part(const struct drawing *d, int x, int y, unsigned role, uint32_t n, const char *what)
{
    if (!n)
        return x;
    x = canvas_textf(d->c, x, y, ROLE_VALUE, "  %" PRIu32 " ", n);
    return canvas_text(d->c, x, y, role, what);
}

/* What the cursor's column holds: `column 84-87, 1.2 ms:  2 device  1 cpu  1 irq`. */
static void draw_column(const struct drawing *d, int y)
{
    struct strip_column column = strip_column(d->t, d->s, strip_column_of(d->t, d->t->at));
    struct text words = {0};
    if (column.sum.count > 1)
        text_addf(&words, "column %" PRIu64 "-%" PRIu64, column.first, column.first + column.sum.count - 1);
    else
        text_addf(&words, "column %" PRIu64, column.first);
    if (column.ns) {
        text_add(&words, ", ");
        text_add_ns(&words, column.ns);
    }
    text_addc(&words, ':');
    int x = canvas_text(d->c, 0, y, ROLE_LABEL, text_str(&words));
    x = put_part(d, x, y, ROLE_USER, column.sum.irqs, column.sum.irqs == 1 ? "interrupt" : "interrupts");
    x = put_part(d, x, y, ROLE_NOTE, column.sum.marks, column.sum.marks == 1 ? "mark" : "marks");
    x = put_part(d, x, y, ROLE_FATAL, column.sum.faults, column.sum.faults == 1 ? "fault" : "faults");
    for (unsigned k = 0; k < TIMELINE_CLASSES; k++)
        x = put_part(d, x, y, classes[k].role, column.sum.class[k], classes[k].name);
    text_fini(&words);
}

static void draw_legend(const struct drawing *d, int y, bool tall)
{
    int x = 0;
    for (unsigned k = 0; k < TIMELINE_CLASSES && !tall; k++)
        if (strip_has_class(d->s, k))
            x = canvas_textf(d->c, x, y, classes[k].role, "%c %s", classes[k].letter, classes[k].name) + 2;
    if (tall)
        x = canvas_text(d->c, x, y, ROLE_DIM, "bars: share of the events") + 2;
    x = canvas_text(d->c, x, y, ROLE_USER, d->c->window.w < 60 ? "1-9 irq" : "1-9 interrupts") + 2;
    canvas_put(d->c, x, y, ROLE_NOTE, GLYPH_MARK);
    x = canvas_text(d->c, x + 2, y, ROLE_NOTE, "mark") + 2;
    x = canvas_text(d->c, x, y, ROLE_FATAL, "X fault") + 2;
    if (d->s->replay) {
        canvas_put(d->c, x, y, ROLE_HERE, GLYPH_PLACE);
        canvas_text(d->c, x + 2, y, ROLE_TEXT,
                    d->c->window.w < 84 ? "the replay" : "the replay; Enter brings it to ^");
    }
}

static void draw_event(const struct drawing *d, const struct event *ev, uint64_t number, int y)
{
    struct text words = {0};
    unsigned mode = event_mode(ev);
    int x = canvas_textf(d->c, 0, y, ROLE_DIM, "%7" PRIu64, number) + 1;
    text_add_ns(&words, ev->time_ns);
    canvas_text_right(d->c, x + 8, y, ROLE_ADDRESS, text_str(&words));
    x += 10;
    if (d->c->window.w >= 60 && !(ev->flags & EVENT_NO_CPU))
        canvas_text(d->c, x, y, mode_roles[mode], cpu_mode_name(event_mode(ev)));
    x += d->c->window.w >= 60 ? 10 : 0;
    text_clear(&words);
    snapshot_event_words(d->s, ev, &words);
    canvas_text_cut(d->c, x, y, d->c->window.w - x, classes[event_kind_info(ev->kind)->class].role,
                    text_str(&words));
    text_fini(&words);
    if (number == d->t->at)
        canvas_look(d->c, (struct rect){0, y, d->c->window.w, 1}, LOOK_SELECTED);
}

static void draw_list(const struct drawing *d, const struct strip_plan *p)
{
    size_t first = strip_list_first(d->t, d->s, p->list_rows);
    uint64_t number;
    const struct event *ev;
    int y = p->list;
    canvas_row(d->c, 0, y - 1, d->c->window.w, ROLE_BORDER, GLYPH_LINE);
    if (!d->s->machine)
        return;
    if (!strip_event(d->t, d->s, d->t->at))
        canvas_text_cut(d->c, 0, y++, d->c->window.w, ROLE_DIM,
                        d->s->replay && d->t->at > d->t->position
                            ? "not replayed yet: Enter goes there"
                            : "this event is no longer kept whole; the nearest:");
    for (; y < d->c->window.h && (ev = strip_kept(d->t, d->s, first, &number)); y++, first++)
        draw_event(d, ev, number, y);
}

void timeline_view_draw(const struct view *v, struct canvas *c)
{
    const struct strip *t = v->state;
    struct drawing d = {t, v->snap, c, 0};
    struct strip_plan p = strip_plan(v->snap, c->window.h);
    if (t->total == 0) {
        canvas_text(c, 0, 0, ROLE_DIM, "nothing has happened yet: c runs the guest");
        return;
    }
    draw_modes(&d);
    if (p.tall) {
        draw_classes(&d);
        draw_time(&d);
        draw_happenings(&d, "interrupts", "irq", SHOW_IRQS);
        draw_happenings(&d, "marks", "mark", SHOW_MARKS);
        draw_happenings(&d, "faults", "fail", SHOW_FAULTS);
    } else {
        draw_most(&d);
        draw_happenings(&d, "happened", "what", SHOW_IRQS | SHOW_MARKS | SHOW_FAULTS);
    }
    draw_axis(&d, p.axis);
    canvas_look(c, (struct rect){column_x(&d, strip_column_of(t, t->at)), 0, t->wide, p.axis}, LOOK_SELECTED);
    if (p.scale >= 0)
        draw_scale(&d, p.scale);
    if (p.info >= 0)
        draw_place(&d, p.info);
    if (p.info >= 0 && p.info + 1 < c->window.h)
        draw_column(&d, p.info + 1);
    if (p.legend >= 0)
        draw_legend(&d, p.legend, p.tall);
    if (p.list >= 0)
        draw_list(&d, &p);
}
