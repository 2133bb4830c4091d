/*
 * The screen's life: see screen.h. Keys become command lines, command lines go to the screen's own commands
 * or through the model to the guest, and what comes back is loaded into the views that can be seen.
 */
#include "monitor/ui/screen_inside.h"

#include "monitor/shell/line.h"

#include <stdlib.h>
#include <string.h>

/* ---- birth and death ---- */

static int screen_fill(struct screen *s, int w, int h, struct err *e)
{
    const struct view_ops *ops;
    if (canvas_init(&s->canvas, w, h, e) < 0)
        return -1;
    for (; s->view_count < SCREEN_VIEWS_MAX && (ops = view_row(s->view_count)); s->view_count++)
        if (view_init(&s->view[s->view_count], ops, e) < 0)
            return -1;
    return 0;
}

struct screen *screen_create(struct model *model, const struct screen_prompt *prompt, int w, int h,
                             struct err *e)
{
    struct screen *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(e, "no memory for a screen");
        return NULL;
    }
    s->model = model;
    s->prompt = prompt ? *prompt : (struct screen_prompt){0};
    s->theme = theme_default();
    if (screen_fill(s, w, h, e) < 0) {
        screen_destroy(s);
        return NULL;
    }
    screen_resize(s, w, h);
    return s;
}

static void overlay_fini(struct overlay *o)
{
    text_fini(&o->title);
    text_fini(&o->text);
    text_fini(&o->rows);
}

void screen_destroy(struct screen *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->view_count; i++)
        view_fini(&s->view[i]);
    overlay_fini(&s->help);
    overlay_fini(&s->output);
    text_fini(&s->search);
    text_fini(&s->message);
    text_fini(&s->kept);
    canvas_fini(&s->canvas);
    free(s);
}

/* ---- panes ---- */

size_t screen_panes(const struct screen *s)
{
    return !s->layout.fits ? 0 : s->zoomed ? 1 : s->layout.pane_count;
}

struct view *screen_pane_view(struct screen *s, size_t pane)
{
    return &s->view[s->zoomed ? s->zoom : s->pane[pane]];
}

struct view *screen_focused(struct screen *s)
{
    return screen_pane_view(s, s->focus);
}

size_t screen_view_find(const struct screen *s, const char *name)
{
    size_t i = 0;
    while (i < s->view_count && strcmp(s->view[i].ops->name, name) != 0)
        i++;
    return i;
}

static bool is_shown(const struct screen *s, size_t view, size_t panes)
{
    for (size_t i = 0; i < panes; i++)
        if (s->pane[i] == view)
            return true;
    return false;
}

/* A view that is in none of the first panes. */
static size_t other_view(const struct screen *s, size_t panes)
{
    for (size_t i = 0; i < s->view_count; i++)
        if (!is_shown(s, i, panes))
            return i;
    return 0;
}

void screen_relayout(struct screen *s)
{
    size_t before = s->layout.pane_count;
    const char *const *views = s->layout.views;
    layout_make(&s->layout, s->canvas.w, s->canvas.h,
                s->zoomed                ? LAYOUT_SINGLE
                : model_replay(s->model) ? LAYOUT_TRACE
                                         : LAYOUT_GUEST);
    s->dirty = s->want_load = true;
    if (s->zoomed || !s->layout.fits)
        return;
    /* Another arrangement: what was chosen in the old one stays as far as there is room. */
    if (views != s->layout.views || before != s->layout.pane_count) {
        size_t focused = s->pane[s->focus < LAYOUT_PANES_MAX ? s->focus : 0];
        for (size_t i = 0; i < s->layout.pane_count; i++) {
            size_t view = screen_view_find(s, s->layout.views[i]);
            s->pane[i] = view < s->view_count && !is_shown(s, view, i) ? view : other_view(s, i);
        }
        s->focus = 0;
        if (views && before)
            screen_show(s, focused);
    }
    if (s->focus >= s->layout.pane_count)
        s->focus = 0;
}

void screen_show(struct screen *s, size_t view)
{
    s->dirty = s->want_load = true;
    if (s->zoomed)
        s->zoom = view;
    for (size_t i = 0; i < s->layout.pane_count && !s->zoomed; i++) {
        if (s->pane[i] == view) {
            s->focus = i;
            return;
        }
    }
    if (!s->zoomed)
        s->pane[s->focus] = view;
}

void screen_resize(struct screen *s, int w, int h)
{
    struct err e;
    if (canvas_resize(&s->canvas, w, h, &e) < 0)
        screen_complain(s, &e);
    screen_relayout(s);
    if (s->help.shown)
        screen_command_run(s, "help"); /* made for another width */
}

/* ---- the model ---- */

static void answered(void *ctx, const char *line, const struct text *out, const struct err *failed)
{
    struct screen *s = ctx;
    s->want_frame = true;
    s->rounds = 0;
    if (out->len)
        screen_answer(s, line, out);
    if (failed && !s->over)
        screen_complain(s, failed);
}

static bool is_live(const struct screen *s)
{
    return model_running(s->model) || model_commanding(s->model);
}

static unsigned parts_wanted(struct screen *s)
{
    unsigned parts = 0;
    for (size_t i = 0; i < screen_panes(s); i++)
        parts |= screen_pane_view(s, i)->ops->wants;
    if (is_live(s) && s->now_ns - s->asked_kvm_ns < SCREEN_KVM_NS)
        return parts & ~(unsigned)PART_KVM;
    s->asked_kvm_ns = s->now_ns;
    return parts;
}

static void ask_frame(struct screen *s)
{
    s->asked_ns = s->now_ns;
    s->want_frame = !model_ask(s->model, parts_wanted(s));
}

static void load_view(struct screen *s, size_t pane, const struct snapshot *snap)
{
    struct view *v = screen_pane_view(s, pane);
    struct rect inside = layout_inside(&s->layout, pane);
    v->w = inside.w;
    v->h = inside.h;
    v->snap = snap;
    v->focused = pane == s->focus;
    if (snap && v->ops->load)
        v->ops->load(v, snap);
    const char *question = v->ops->question ? v->ops->question(v) : NULL;
    if (question && snap)
        model_question(s->model, question);
}

/* Views that cannot be seen must not keep a snapshot that will be gone. */
static void load_views(struct screen *s)
{
    const struct snapshot *snap = model_now(s->model);
    s->want_load = false;
    s->dirty = true;
    for (size_t i = 0; i < s->view_count; i++)
        s->view[i].snap = NULL;
    model_begin_load(s->model);
    for (size_t i = 0; i < screen_panes(s); i++)
        load_view(s, i, snap);
    if (snap && (parts_wanted(s) & ~snap->parts)) /* a view has come that needs more */
        s->want_frame = true;
    if (model_missed(s->model) && s->rounds < SCREEN_ROUNDS_MAX) {
        s->rounds++;
        s->want_frame = true;
    }
}

void screen_settle(struct screen *s)
{
    if (s->want_load && model_now(s->model))
        load_views(s);
}

void screen_poll(struct screen *s, uint64_t now_ns)
{
    struct model_found found = {.now_ns = now_ns, .answered = answered, .ctx = s};
    s->now_ns = now_ns;
    model_poll(s->model, &found);
    s->over |= found.gone;
    if (found.frame || s->want_load)
        load_views(s);
    bool due = is_live(s) && now_ns - s->asked_ns >= SCREEN_FRAME_NS;
    if (due || !model_now(s->model) ||
        (s->want_frame && (!is_live(s) || now_ns - s->asked_ns > SCREEN_FRAME_NS)))
        ask_frame(s);
}

int screen_wait_ms(const struct screen *s, uint64_t now_ns)
{
    if (model_replay(s->model))
        return replay_playing(model_replay(s->model)) ? SCREEN_FRAME_NS / 1000000 : -1;
    if (s->want_load)
        return 0;
    if (!is_live(s))
        return -1;
    uint64_t past_ns = now_ns - s->asked_ns;
    return past_ns >= SCREEN_FRAME_NS ? 0 : (int)((SCREEN_FRAME_NS - past_ns) / 1000000 + 1);
}

/* ---- commands ---- */

void screen_reply(struct screen *s, struct view_reply *r)
{
    s->want_load |= r->reload;
    if (r->reload)
        s->rounds = 0;
    if (r->message.len)
        screen_say(s, text_str(&r->message));
    if (r->show.len) {
        size_t title = strcspn(text_str(&r->show), "\n");
        const char *text = text_str(&r->show) + title;
        screen_lay_text(s, text_str(&r->show), title, *text ? text + 1 : text);
    }
    if (r->prompt.len && s->prompt.begin) {
        s->prompt.begin(s->prompt.ctx, text_str(&r->prompt));
        s->line = LINE_PROMPT;
    }
    if (r->command.len)
        screen_command(s, text_str(&r->command));
    view_reply_fini(r);
}

bool screen_act(struct screen *s, const char *verb, const char *args)
{
    struct view *v = screen_focused(s);
    struct view_reply r = {0};
    if (!v->snap || !v->ops->act || !v->ops->act(v, verb, args, &r))
        return false;
    s->dirty = true;
    screen_reply(s, &r);
    return true;
}

void screen_command(struct screen *s, const char *line)
{
    struct err e;
    while (screen_command_run(s, line))
        line = line_next_command(line + line_command_len(line));
    line += strspn(line, " ");
    if (!*line)
        return;
    if (model_replay(s->model)) {
        if (!replay_command_run(s, line)) {
            err_set(&e, "%s: not while a trace is replayed", line);
            screen_complain(s, &e);
        }
        return;
    }
    text_clear(&s->message);
    if (model_execute(s->model, line, &e) < 0)
        screen_complain(s, &e);
    else
        s->want_frame = true;
    s->rounds = 0;
    s->dirty = true;
}

/* ---- the rest ---- */

const struct theme *screen_theme(const struct screen *s)
{
    return s->theme;
}

void screen_set_theme(struct screen *s, const struct theme *t)
{
    s->theme = t;
    s->dirty = s->redraw = true;
}

void screen_set_ascii(struct screen *s, bool ascii)
{
    s->ascii = ascii;
}

bool screen_over(const struct screen *s)
{
    return s->over;
}

bool screen_wants_redraw(struct screen *s)
{
    bool wants = s->redraw;
    s->redraw = false;
    return wants;
}
