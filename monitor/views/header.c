/*
 * The header: name, state and why, mode and ring, CR3, exits, steps, exits per second, clock, trace. On a
 * narrow screen what matters most is left.
 */
#include "monitor/views/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int state_badge(const struct snapshot *s, struct canvas *c, int x)
{
    static const struct {
        const char *word;
        unsigned role;
    } states[] = {[STATE_RUNNING] = {" RUNNING ", ROLE_RUNNING},
                  [STATE_STANDS] = {" PAUSED ", ROLE_PAUSED},
                  [STATE_ENDED] = {" ENDED ", ROLE_ENDED}};
    bool asleep = s->state == STATE_STANDS && s->asleep;
    if (s->replay)
        return s->state == STATE_RUNNING ? canvas_text(c, x, 0, ROLE_RUNNING, " PLAYING ")
                                         : canvas_text(c, x, 0, ROLE_PAUSED, " REPLAY ");
    return canvas_text(c, x, 0, states[s->state].role, asleep ? " ASLEEP " : states[s->state].word);
}

/* 1234567 as `1,234,567`. */
static void add_grouped(struct text *out, uint64_t n)
{
    char digits[32];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text_addc(out, ',');
        text_addc(out, digits[i]);
    }
}

static void add_rate(struct text *out, double rate)
{
    if (rate >= 1e6)
        text_addf(out, "%.2fM/s", rate / 1e6);
    else if (rate >= 1e4)
        text_addf(out, "%.1fk/s", rate / 1e3);
    else
        text_addf(out, "%.0f/s", rate);
}

static void add_place(const struct snapshot *s, struct text *out)
{
    text_addf(out, "%s ring %u", cpu_mode_name(s->mode), s->cpl);
    if (s->has_cpu)
        text_addf(out, "  CR3 %" PRIx64, (uint64_t)s->sregs.cr3);
}

/* Where a replay stands: `event 3 of 395`. */
static void add_event_number(const struct snapshot *s, struct text *out)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < s->timeline.slots; i++)
        all += s->timeline.slot[i].count;
    text_add(out, "event ");
    add_grouped(out, s->position);
    text_add(out, " of ");
    add_grouped(out, all);
}

/* `exits 1,234  steps 17  12.5k/s  clock 3.1 ms  trace on`; the less important from the end on left out. */
static void add_numbers(const struct snapshot *s, int room, struct text *out)
{
    struct text piece = {0};
    for (int i = 0; i < 5; i++) {
        text_clear(&piece);
        if (i == 0 || (i == 1 && !s->replay)) {
            text_add(&piece, i ? "steps " : "exits ");
            add_grouped(&piece, i ? s->steps : s->exits);
        } else if (i == 1) {
            add_event_number(s, &piece);
        } else if (i == 2 && s->state == STATE_RUNNING) {
            add_rate(&piece, s->exits_per_s);
        } else if (i == 3) {
            text_add(&piece, "clock ");
            text_add_ns(&piece, s->time_ns);
        } else if (i == 4 && !s->replay) {
            text_add(&piece, s->tracing ? "trace on" : "trace off");
        }
        if (!piece.len || (int)(text_width(text_str(out)) + 2 + piece.len) > room)
            continue;
        text_addf(out, "%s%s", out->len ? "  " : "", text_str(&piece));
    }
    text_fini(&piece);
}

/* `the guest has ended` is what the badge says already. */
static const char *why_it_stands(const struct snapshot *s)
{
    static const char ended[] = "the guest has ended: ";
    bool said = s->state == STATE_ENDED && strncmp(s->stop, ended, sizeof ended - 1) == 0;
    return s->state == STATE_RUNNING ? "" : s->stop + (said ? sizeof ended - 1 : 0);
}

/* One row: state and place. */
static void draw_short(const struct snapshot *s, struct canvas *c, int x)
{
    struct text place = {0};
    add_place(s, &place);
    if (x + (int)place.len < c->window.w)
        canvas_text_right(c, c->window.w - 1, 0, ROLE_BAR, text_str(&place));
    text_fini(&place);
}

/* Two rows: who and how far; why it stands and where. */
static void draw_long(const struct snapshot *s, struct canvas *c, int x)
{
    struct text place = {0}, numbers = {0};
    int w = c->window.w;
    add_place(s, &place);
    int at = w - 1 - (int)place.len;
    canvas_text(c, at, 1, ROLE_BAR, text_str(&place));
    canvas_text_cut(c, 1, 1, at - 3, ROLE_BAR_NOTE, why_it_stands(s));
    if (s->machine)
        x = canvas_text_cut(c, x, 0, w / 3, ROLE_BAR_KEY, base_name(s->machine->image));
    add_numbers(s, w - x - 3, &numbers);
    canvas_text_right(c, w - 1, 0, ROLE_BAR, text_str(&numbers));
    text_fini(&place);
    text_fini(&numbers);
}

void header_draw(const struct snapshot *s, struct canvas *c)
{
    for (int y = 0; y < c->window.h; y++)
        canvas_row(c, 0, y, c->window.w, ROLE_BAR, ' ');
    if (!s) {
        canvas_text(c, 1, 0, ROLE_BAR, "ringside");
        return;
    }
    int x = state_badge(s, c, 0) + 1;
    if (c->window.h > 1)
        draw_long(s, c, x);
    else
        draw_short(s, c, x);
}
