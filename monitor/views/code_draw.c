/*
 * Drawing code: breakpoints and RIP at the left, addresses, bytes where there is room, instructions; at RIP
 * what will happen.
 */
#include "monitor/views/code.h"

#include "debug/listing.h"
#include "debug/symbols.h"
#include "traces/step_line.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <string.h>

static bool is_branch(const char *text)
{
    return text[0] == 'j' || strncmp(text, "call", 4) == 0 || strncmp(text, "ret", 3) == 0 ||
           strncmp(text, "iret", 4) == 0 || strncmp(text, "loop", 4) == 0 || strncmp(text, "int ", 4) == 0 ||
           strncmp(text, "syscall", 7) == 0 || strncmp(text, "sysret", 6) == 0;
}

static int draw_words(struct canvas *c, int x, int y, const char *text, bool here)
{
    size_t verb = strcspn(text, " "), symbol = strcspn(text, "<");
    unsigned role = text[0] == '(' ? ROLE_ALARM : is_branch(text) ? ROLE_BRANCH : ROLE_MNEMONIC;
    x = canvas_textn(c, x, y, here ? ROLE_HERE : role, text, verb);
    if (symbol > verb)
        x = canvas_textn(c, x, y, ROLE_TEXT, text + verb, symbol - verb);
    if (text[symbol])
        x = canvas_text(c, x, y, ROLE_SYMBOL, text + symbol);
    if (x > c->window.w)
        canvas_put(c, c->window.w - 1, y, ROLE_DIM, 0x2026);
    return x;
}

/* ---- what will happen at RIP ---- */

/* Words behind the instruction. Whether a branch is taken is told in any case. */
static void draw_future(const struct code_future *f, struct canvas *c, int x, int y)
{
    static const char *const words[] = {"not taken", "taken"};
    int room = c->window.w - x - 2;
    if (f->branch >= 0) {
        const char *word = words[f->branch];
        int w = (int)strlen(word) + 2, at = room >= w - 1 ? x + 2 : c->window.w - w + 1;
        canvas_put(c, at - 1, y, ROLE_TEXT, ' ');
        canvas_text(c, at, y, f->branch ? ROLE_NOTE : ROLE_DIM, word);
    } else if ((int)text_width(f->operands) <= room) {
        canvas_text(c, x + 2, y, ROLE_NOTE, f->operands);
    } else if (room > 0) {
        canvas_text_cut(c, x + 2, y, room, ROLE_NOTE, *f->brief ? f->brief : f->operands);
    }
}

/* An arrow at the row that comes next when that is elsewhere; a faint one where the branch would have led. */
static void draw_target(const struct code_future *f, const struct code_row *row, struct canvas *c, int y)
{
    if (f->goes && row->kind == ROW_CODE && row->linear == f->target)
        canvas_put(c, 2, y, f->branch == 0 ? ROLE_DIM : ROLE_NOTE, 0x2192);
}

/* ---- rows ---- */

static void draw_gutter(const struct snapshot *s, const struct code_row *row, struct canvas *c, int y)
{
    const struct snapshot_stop *stop = snapshot_break_at(s, row->linear);
    if (stop)
        canvas_put(c, 0, y, ROLE_BREAKPOINT, stop->enabled ? 0x25cf : 0x25cb);
    if (row->linear == s->rip_linear)
        canvas_put(c, 1, y, ROLE_HERE, 0x25b6);
}

static void draw_source(const struct snapshot *s, const struct code_row *row, struct canvas *c, int y)
{
    const char *file;
    unsigned line;
    struct text words = {0};
    if (!s->target.symbols || !symbols_line(s->target.symbols, row->linear, &file, &line))
        return;
    const char *slash = strrchr(file, '/');
    text_addf(&words, "%s:%u", slash ? slash + 1 : file, line);
    canvas_text_right(c, c->window.w, y, ROLE_DIM, text_str(&words));
    text_fini(&words);
}

static void draw_bytes(const struct code_row *row, struct canvas *c, int x, int y, int most)
{
    for (int i = 0; i < row->len && i < most; i++)
        canvas_textf(c, x + 3 * i, y, ROLE_DIM, i == most - 1 && row->len > most ? "…" : "%02x",
                     row->bytes[i]);
}

static void draw_row(const struct view *v, const struct code_future *f, const struct code_row *row,
                     struct canvas *c, int y)
{
    const struct snapshot *s = v->snap;
    int w = c->window.w, digits = row->linear > UINT32_MAX ? 16 : 8;
    if (row->kind == ROW_LABEL) {
        canvas_text(c, 3, y, ROLE_SYMBOL, row->text);
        return;
    }
    bool here = row->linear == s->rip_linear;
    draw_gutter(s, row, c, y);
    draw_target(f, row, c, y);
    int x = canvas_textf(c, 3, y, here ? ROLE_VALUE : ROLE_ADDRESS, "%0*" PRIx64, digits, row->linear) + 2;
    int bytes = w >= 100 ? 10 : w >= 58 ? 7 : 0;
    draw_bytes(row, c, x, y, bytes);
    x += bytes ? 3 * bytes + 1 : 0;
    if (row->kind == ROW_NOTHING) {
        canvas_text(c, x, y, ROLE_ALARM, row->text);
        return;
    }
    if (w >= 90 && !here)
        draw_source(s, row, c, y);
    x = draw_words(c, x, y, row->text, here);
    if (here)
        draw_future(f, c, x, y);
}

/* A step of a trace as a row: its instruction is in the event. */
static void draw_step(const struct event *ev, struct canvas *c, int y, bool here)
{
    struct text words = {0};
    int digits = ev->rip > UINT32_MAX ? 16 : 8;
    if (here)
        canvas_put(c, 1, y, ROLE_HERE, 0x25b6);
    int x =
        canvas_textf(c, 3, y, here ? ROLE_VALUE : ROLE_ADDRESS, "%0*" PRIx64, digits, (uint64_t)ev->rip) + 2;
    step_instruction(ev, &words);
    draw_words(c, x, y, text_str(&words), here);
    text_fini(&words);
}

/* The instructions that were executed, the newest last; false when the trace holds none. */
static bool draw_steps(const struct snapshot *s, struct canvas *c)
{
    const struct ring *events = &s->history->events;
    int y = c->window.h;
    for (size_t i = 0; i < ring_count(events) && y > 0; i++) {
        const struct event *ev = ring_back(events, i);
        if (ev->kind != EVENT_STEP)
            continue;
        y--;
        draw_step(ev, c, y, y == c->window.h - 1);
    }
    return y < c->window.h;
}

static void draw_no_cpu(const struct snapshot *s, struct canvas *c)
{
    if (draw_steps(s, c))
        return;
    canvas_textf(c, 0, 0, ROLE_TEXT, "CS:IP %04x:%" PRIx64, s->sregs.cs.selector, (uint64_t)s->regs.rip);
    canvas_text(c, 0, 1, ROLE_DIM, "code is in traces of single steps: run --trace-steps");
}

void code_draw(const struct view *v, struct canvas *c)
{
    const struct code *k = v->state;
    if (!v->snap->has_cpu) {
        draw_no_cpu(v->snap, c);
        return;
    }
    for (size_t i = 0; i < k->count && (int)i < c->window.h; i++)
        draw_row(v, &k->future, &k->row[i], c, (int)i);
    if (v->focused && k->wander && k->at < k->count)
        canvas_look(c, (struct rect){0, (int)k->at, c->window.w, 1}, LOOK_SELECTED);
}
