/*
 * The differences themselves, with what stands around them, as they go by: up to so many of them, and of a
 * long one its beginning.  A line is an event: `-` for one that only A has, `+` for one that only B has, and
 * a pair of `~` for one that both have but which carried something else.
 */
#include "traces/diff_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Events of one difference that are shown of each side. */
enum { HUNK_SIDE_MAX = 20, PLACE_MAX = 40 };

/* A step that may be shown later. */
struct kept {
    struct event ev[SIDES];
};

struct diff_hunks {
    struct diff_answer *answer;
    struct kept before[DIFF_CONTEXT_MAX]; /* the last equal ones, a ring */
    size_t before_next, before_count;
    size_t behind;                          /* equal ones still to show */
    bool inside;                            /* the last step was a difference */
    uint64_t shown[SIDES], left_out[SIDES]; /* events of this difference */
};

struct diff_hunks *diff_hunks_create(struct diff_answer *a)
{
    struct diff_hunks *h = calloc(1, sizeof *h);
    if (h)
        h->answer = a;
    return h;
}

static const struct diff_options *options(const struct diff_hunks *h)
{
    return &h->answer->diff->options;
}

static void add_place(const struct diff_side *s, const struct event *ev, struct text *out)
{
    const char *symbol = event_symbol_name(s->names, ev);
    if (ev->flags & EVENT_NO_CPU)
        text_add(out, "-");
    else if (*symbol)
        text_addn(out, symbol, strnlen(symbol, PLACE_MAX));
    else if (event_mode(ev) == MODE_REAL)
        text_addf(out, "%04x:%04" PRIx64, ev->cs, ev->rip & 0xffff);
    else
        text_addf(out, "0x%" PRIx64, ev->rip);
}

/* One event: its mark, its numbers in A and B (-1 for the side it is not of), where and what. */
static void add_line(struct diff_hunks *h, char mark, const struct event *a, const struct event *b,
                     unsigned fields)
{
    struct text *out = &h->answer->hunk_text;
    const struct diff_side *s = &h->answer->diff->side[a ? SIDE_A : SIDE_B];
    const struct event *ev = a ? a : b;
    text_addf(out, "%c ", mark);
    if (a)
        text_addf(out, "%7" PRIu64, a->seq);
    text_pad(out, 10);
    if (b)
        text_addf(out, "%7" PRIu64, b->seq);
    text_pad(out, 19);
    text_add(out, ev->flags & EVENT_NO_CPU ? "-" : cpu_mode_name(event_mode(ev)));
    text_pad(out, 30);
    add_place(s, ev, out);
    text_addc(out, ' ');
    text_pad(out, 44);
    event_sentence(ev, s->names, out);
    if (fields) {
        text_add(out, "   (");
        diff_add_fields(fields, ", ", out);
        text_addc(out, ')');
    }
    text_addc(out, '\n');
}

static void add_before(struct diff_hunks *h)
{
    size_t n = h->before_count, depth = DIFF_CONTEXT_MAX;
    for (size_t i = n; i; i--) {
        const struct kept *k = &h->before[(h->before_next + depth - i) % depth];
        add_line(h, ' ', &k->ev[SIDE_A], &k->ev[SIDE_B], 0);
    }
    h->before_count = 0;
}

static void say_left_out(struct diff_hunks *h)
{
    for (unsigned side = 0; side < SIDES; side++) {
        if (h->left_out[side])
            text_addf(&h->answer->hunk_text, "  ... and %" PRIu64 " more of %c in this difference\n",
                      h->left_out[side], "AB"[side]);
        h->left_out[side] = h->shown[side] = 0;
    }
}

static void keep(struct diff_hunks *h, const struct diff_step *step)
{
    struct kept *k = &h->before[h->before_next];
    k->ev[SIDE_A] = *step->ev[SIDE_A];
    k->ev[SIDE_B] = *step->ev[SIDE_B];
    h->before_next = (h->before_next + 1) % DIFF_CONTEXT_MAX;
    if (h->before_count < options(h)->context)
        h->before_count++;
}

static void see_equal(struct diff_hunks *h, const struct diff_step *step)
{
    say_left_out(h);
    h->inside = false;
    if (!h->behind) {
        keep(h, step);
        return;
    }
    add_line(h, ' ', step->ev[SIDE_A], step->ev[SIDE_B], 0);
    h->behind--;
}

static void add_difference(struct diff_hunks *h, const struct diff_step *step)
{
    const struct event *a = step->ev[SIDE_A], *b = step->ev[SIDE_B];
    bool full = false;
    for (unsigned side = 0; side < SIDES; side++)
        full |= step->ev[side] && h->shown[side] >= HUNK_SIDE_MAX;
    for (unsigned side = 0; side < SIDES; side++)
        *(full ? &h->left_out[side] : &h->shown[side]) += step->ev[side] != NULL;
    if (full)
        return;
    if (a && b) {
        add_line(h, '~', a, NULL, 0);
        add_line(h, '~', NULL, b, step->fields);
    } else {
        add_line(h, a ? '-' : '+', a, b, 0);
    }
}

static void see_difference(struct diff_hunks *h, const struct diff_step *step)
{
    struct diff_answer *a = h->answer;
    if (!h->inside) {
        h->inside = true;
        a->hunks++;
        if (a->hunks > options(h)->shown)
            h->behind = 0;
        else if (a->hunks > 1 && !h->behind)
            text_addc(&a->hunk_text, '\n');
        if (a->hunks <= options(h)->shown)
            add_before(h);
    }
    if (a->hunks > options(h)->shown)
        return;
    add_difference(h, step);
    h->behind = options(h)->context;
}

void diff_hunks_see(struct diff_hunks *h, const struct diff_step *step)
{
    if (diff_step_differs(step))
        see_difference(h, step);
    else
        see_equal(h, step);
}

void diff_hunks_finish(struct diff_hunks *h)
{
    if (h)
        say_left_out(h);
    free(h);
}
