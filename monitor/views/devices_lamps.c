/*
 * Interrupt lines as lamps.  A device raises its line; the 8259A remembers that as pending; if the line is
 * not masked the CPU is told, and from then until the handler's EOI it is in service. Small panes get one
 * lamp a line with the letter of the most telling of these, big ones a lamp for each.
 */
#include "monitor/views/devices_inside.h"

#include <string.h>

/* What can be said of a line, the most telling first: the bits that must be up of those that are looked at.
 */
struct lamp_state {
    unsigned look, up;
    char letter;
    const char *word;
    unsigned role;
};
#define RAISED     (1u << LAMPS_RAISED)
#define PENDING    (1u << LAMPS_PENDING)
#define MASKED     (1u << LAMPS_MASKED)
#define IN_SERVICE (1u << LAMPS_IN_SERVICE)
static const struct lamp_state states[] = {
    {IN_SERVICE, IN_SERVICE, 'S', "in service", ROLE_GOOD},
    {PENDING | MASKED, PENDING | MASKED, 'H', "held by mask", ROLE_ALARM},
    {PENDING, PENDING, 'P', "pending", ROLE_NOTE},
    {RAISED | MASKED, RAISED | MASKED, 'R', "up, masked", ROLE_SET},
    {RAISED, RAISED, 'R', "raised", ROLE_SET},
    {MASKED, MASKED, 'm', "masked", ROLE_CLEAR},
    {0, 0, 0, "", ROLE_DIM},
};

static const struct lamp_state *state_of(const struct devices *d, int line)
{
    unsigned bits = 0;
    const struct lamp_state *state = states;
    for (unsigned r = 0; r < LAMP_ROWS; r++)
        bits |= (d->past.now.lamps[r] >> line & 1u) << r;
    while ((bits & state->look) != state->up)
        state++;
    return state;
}

const char *device_line_word(const struct devices *d, int line, unsigned *role)
{
    const struct lamp_state *state =
        line >= 0 && line < LINE_COUNT ? state_of(d, line) : &states[sizeof states / sizeof states[0] - 1];
    *role = state->role;
    return state->word;
}

static bool lamp_new(const struct devices *d, unsigned row, int line)
{
    return d->past.then.full && ((d->past.now.lamps[row] ^ d->past.then.lamps[row]) >> line & 1u);
}

static bool line_new(const struct devices *d, int line)
{
    bool new = false;
    for (unsigned r = 0; r < LAMP_ROWS; r++)
        new |= lamp_new(d, r, line);
    return new;
}

static const char *line_device(const struct devices *d, const struct snapshot *s, int line)
{
    for (size_t i = 1; i < d->count; i++)
        if (d->line[i] == line)
            return s->machine->names.devices[i].name;
    return "";
}

static bool kvm_has_them(const struct snapshot *s)
{
    return s->machine && strcmp(s->machine->irqchip, "kernel") == 0;
}

/* ---- one lamp a line ---- */

static void draw_short(const struct devices *d, struct canvas *c)
{
    int step = c->window.w >= 72 ? 4 : c->window.w >= 36 ? 2 : 1;
    int x = canvas_text(c, 0, 0, ROLE_LABEL, "IRQ ");
    for (int line = 0; line < LINE_COUNT; line++, x += step) {
        const struct lamp_state *state = state_of(d, line);
        bool new = step > 1 && line_new(d, line);
        unsigned role = new ? ROLE_CHANGED : state->role;
        int at = step == 4 ? canvas_textf(c, x, 0, ROLE_DIM, "%2d", line) : x;
        canvas_put(c, at, 0, role, state->letter ? (uint32_t)(unsigned char)state->letter : 0xb7);
        if (new)
            canvas_put(c, at + 1, 0, ROLE_CHANGED, '*');
    }
}

/* `0 pit in service, 4 uart pending`, then those that are only masked: `masked 1-3 5-15`. */
static void draw_words(const struct devices *d, const struct snapshot *s, struct canvas *c, int y)
{
    int x = 0;
    bool any = false;
    for (int line = 0; line < LINE_COUNT; line++) {
        const struct lamp_state *state = state_of(d, line);
        if (!state->letter || state->letter == 'm')
            continue;
        x = canvas_textf(c, x, y, ROLE_TEXT, "%s%d %s ", any ? ", " : "", line, line_device(d, s, line));
        x = canvas_text(c, x, y, state->role, state->word);
        any = true;
    }
    if (!any)
        x = canvas_text(c, x, y, ROLE_DIM, "no line up");
    bool masked = false;
    for (int line = 0, last; line < LINE_COUNT; line = last + 1) {
        last = line;
        if (state_of(d, line)->letter != 'm')
            continue;
        while (last + 1 < LINE_COUNT && state_of(d, last + 1)->letter == 'm')
            last++;
        x = canvas_text(c, x, y, ROLE_DIM, masked ? " " : ", masked ");
        x = last > line ? canvas_textf(c, x, y, ROLE_CLEAR, "%d-%d", line, last)
                        : canvas_textf(c, x, y, ROLE_CLEAR, "%d", line);
        masked = true;
    }
}

/* ---- a lamp for each ---- */

static const struct {
    const char *word;
    unsigned role;
} lamp_rows[LAMP_ROWS] = {[LAMPS_RAISED] = {"raised", ROLE_SET},
                          [LAMPS_PENDING] = {"pending", ROLE_NOTE},
                          [LAMPS_MASKED] = {"masked", ROLE_TEXT},
                          [LAMPS_IN_SERVICE] = {"in service", ROLE_GOOD}};

/* A lit lamp is filled; one that was not so before has a star. */
static void draw_lamp_row(const struct devices *d, struct canvas *c, unsigned row, int y, int step)
{
    int x = 11;
    bool any = d->past.now.lamps[row] != 0;
    canvas_text(c, 0, y, any ? lamp_rows[row].role : ROLE_LABEL, lamp_rows[row].word);
    for (int line = 0; line < LINE_COUNT; line++, x += step) {
        bool on = d->past.now.lamps[row] >> line & 1u, new = lamp_new(d, row, line);
        unsigned role = new ? ROLE_CHANGED : on ? lamp_rows[row].role : ROLE_DIM;
        canvas_put(c, x + 1, y, role, on ? 0x25cf : 0xb7);
        if (new)
            canvas_put(c, x, y, ROLE_CHANGED, '*');
    }
}

static void draw_matrix(const struct devices *d, const struct snapshot *s, struct canvas *c)
{
    int step = c->window.w >= 11 + 6 * LINE_COUNT ? 6 : c->window.w >= 11 + 3 * LINE_COUNT ? 3 : 2, y = 0;
    canvas_text(c, 0, y, ROLE_LABEL, "IRQ line");
    for (int line = 0; line < LINE_COUNT; line++) {
        int x = 11 + line * step;
        if (step == 6)
            x = canvas_textf(c, x, y, ROLE_LABEL, "%2d ", line) - 3;
        else
            canvas_textf(c, step == 2 ? x + 1 : x, y, ROLE_LABEL, step == 2 ? "%d" : "%2d",
                         step == 2 ? line % 10 : line);
        if (step == 6)
            canvas_text_cut(c, x + 1, y + 1, 5, ROLE_TEXT, line_device(d, s, line));
    }
    y += step == 6 ? 2 : 1;
    for (unsigned row = 0; row < LAMP_ROWS; row++) {
        if (row == LAMPS_RAISED || !kvm_has_them(s))
            draw_lamp_row(d, c, row, y + (int)row, step);
        else if (row == LAMPS_PENDING)
            canvas_text(c, 0, y + 1, ROLE_DIM, "the rest is in KVM's own interrupt controllers");
    }
}

int devices_lamp_rows(const struct view *v)
{
    if (!v->snap || v->snap->replay || v->h < 4)
        return 0;
    if (v->h >= 18 && v->w >= 11 + 2 * LINE_COUNT)
        return v->w >= 11 + 6 * LINE_COUNT ? 7 : 6;
    return v->h >= 6 ? 2 : 1;
}

void devices_draw_lamps(const struct devices *d, const struct snapshot *s, struct canvas *c)
{
    if (c->window.h > 2) {
        draw_matrix(d, s, c);
        canvas_row(c, 0, c->window.h - 1, c->window.w, ROLE_BORDER, 0x2500);
        return;
    }
    draw_short(d, c);
    if (c->window.h > 1)
        draw_words(d, s, c, 1);
}
