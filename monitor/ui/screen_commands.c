/*
 * What the screen's own commands do: panes, help, search, themes, pictures. They can be typed at the prompt
 * like all others, and most have a key.
 */
#include "monitor/ui/screen_inside.h"

#include "debug/expr.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_view(struct screen *s, const char *args)
{
    size_t i = screen_view_find(s, args);
    struct err e;
    if (i < s->view_count) {
        screen_show(s, i);
        return;
    }
    err_set(&e, "view: there is no view \"%s\"; ? lists them", args);
    screen_complain(s, &e);
}

static void run_focus(struct screen *s, const char *args)
{
    size_t n = s->layout.pane_count;
    bool back = strcmp(args, "previous") == 0;
    if (s->zoomed)
        s->zoom = (s->zoom + (back ? s->view_count - 1 : 1)) % s->view_count;
    else if (n == 1)
        s->pane[0] = (s->pane[0] + (back ? s->view_count - 1 : 1)) % s->view_count;
    else if (n)
        s->focus = (s->focus + (back ? n - 1 : 1)) % n;
    s->want_load = true;
}

static void run_zoom(struct screen *s, const char *args)
{
    (void)args;
    size_t view = s->zoomed ? s->zoom : s->pane[s->focus];
    s->zoomed = !s->zoomed;
    if (s->zoomed)
        s->zoom = view;
    screen_relayout(s);
    if (!s->zoomed)
        screen_show(s, view);
}

/* The next view that is in no other pane. */
static void run_swap(struct screen *s, const char *args)
{
    size_t step = strcmp(args, "previous") == 0 ? s->view_count - 1 : 1;
    size_t *place = s->zoomed ? &s->zoom : &s->pane[s->focus];
    for (size_t tries = 0; tries < s->view_count; tries++) {
        bool elsewhere = false;
        *place = (*place + step) % s->view_count;
        for (size_t i = 0; i < screen_panes(s) && !s->zoomed; i++)
            elsewhere |= i != s->focus && s->pane[i] == *place;
        if (!elsewhere)
            break;
    }
    s->want_load = true;
}

static void run_help(struct screen *s, const char *args)
{
    (void)args;
    text_clear(&s->help.title);
    text_add(&s->help.title, "Help");
    text_clear(&s->help.text);
    screen_help_text(s, s->canvas.w - 4, &s->help.text);
    screen_lay_over(s, &s->help);
}

static void run_output(struct screen *s, const char *args)
{
    (void)args;
    if (s->output.text.len)
        s->output.shown = true;
    else
        screen_say(s, "no command has answered at length yet");
}

static void run_prompt(struct screen *s, const char *args)
{
    if (!s->prompt.begin)
        return;
    s->prompt.begin(s->prompt.ctx, args);
    s->line = LINE_PROMPT;
}

static void run_search(struct screen *s, const char *args)
{
    text_clear(&s->search);
    text_add(&s->search, args);
    if (*args)
        screen_command(s, "again");
    else
        s->line = LINE_SEARCH;
}

static void search_on(struct screen *s, const char *verb)
{
    struct err e;
    if (!s->search.len) {
        s->line = LINE_SEARCH;
    } else if (!screen_act(s, verb, text_str(&s->search))) {
        err_set(&e, "\"%s\" is not there", text_str(&s->search));
        screen_complain(s, &e);
    }
}

static void run_again(struct screen *s, const char *args)
{
    (void)args;
    search_on(s, "search");
}

static void run_again_back(struct screen *s, const char *args)
{
    (void)args;
    search_on(s, "search-back");
}

static void run_filter(struct screen *s, const char *args)
{
    size_t exits = screen_view_find(s, "exits");
    if (screen_act(s, "filter", args) || exits == s->view_count)
        return;
    screen_show(s, exits);
    screen_poll(s, s->now_ns);
    screen_act(s, "filter", args);
}

/* Addresses are evaluated here, on the snapshot: registers and symbols are in it. A trace may have page
 * tables, but no registers to reckon with. */
static int goto_address(const struct snapshot *snap, const char *args, uint64_t *addr, struct err *e)
{
    char *end;
    if (snap->has_cpu)
        return expr_eval(args, &snap->target, addr, e);
    *addr = strtoull(args, &end, 0);
    return end > args && !*end ? 0
                               : err_set(e, "a trace has no registers and symbols here: a number, please");
}

static void run_goto(struct screen *s, const char *args)
{
    if (s->want_load) /* the view may have just come: `view code; goto main` */
        screen_poll(s, s->now_ns);
    const struct snapshot *snap = model_now(s->model);
    struct text where = {0};
    uint64_t addr;
    struct err e;
    if (!snap || !(snap->has_cpu || snap->has_tables)) {
        screen_say(s, "goto: there is no guest to look at yet");
    } else if (goto_address(snap, args, &addr, &e) < 0) {
        err_wrap(&e, "goto");
        screen_complain(s, &e);
    } else {
        text_addf(&where, "0x%llx", (unsigned long long)addr);
        if (!screen_act(s, "goto", text_str(&where)))
            screen_say(s, "goto: this view shows no addresses; Code, Pages and Memory do");
    }
    text_fini(&where);
}

static void run_theme(struct screen *s, const char *args)
{
    const struct theme *t = *args ? theme_find(args) : NULL;
    struct text said = {0};
    struct err e;
    for (size_t i = 0; !*args && theme_row(i); i++)
        if (theme_row(i) == s->theme)
            t = theme_row(i + 1) ? theme_row(i + 1) : theme_row(0);
    if (!t) {
        err_set(&e, "theme: there is no \"%s\": dark, light, contrast or mono", args);
        screen_complain(s, &e);
        return;
    }
    screen_set_theme(s, t);
    text_addf(&said, "theme %s: %s", theme_name(t), theme_summary(t));
    screen_say(s, text_str(&said));
    text_fini(&said);
}

static void run_redraw(struct screen *s, const char *args)
{
    (void)args;
    s->redraw = true;
}

static bool ends_in(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n > m && strcmp(s + n - m, end) == 0;
}

/* The screen as it looks, without the prompt that asked for it. */
static void run_snap(struct screen *s, const char *args)
{
    struct text picture = {0}, said = {0};
    struct err e;
    bool fresh;
    int x, y;
    s->line = LINE_KEYS;
    text_clear(&s->message);
    s->dirty = true;
    const struct canvas *c = screen_draw(s, &fresh, &x, &y);
    if (ends_in(args, ".svg"))
        theme_svg(s->theme, c, "ringside monitor", &picture);
    else if (ends_in(args, ".html"))
        theme_html(s->theme, c, "ringside monitor", &picture);
    else if (ends_in(args, ".txt"))
        canvas_dump(c, s->ascii, &picture);
    if (!picture.len) {
        screen_say(s, "snap: a file that ends in .svg, .html or .txt");
        return;
    }
    FILE *f = fopen(args, "we");
    bool whole = f && fwrite(text_str(&picture), 1, picture.len, f) == picture.len && !picture.failed;
    if ((f && fclose(f) != 0) || !whole) {
        err_sys(&e, errno, "snap %s", args);
        screen_complain(s, &e);
    } else {
        text_addf(&said, "the screen is in %s", args);
        screen_say(s, text_str(&said));
    }
    text_fini(&picture);
    text_fini(&said);
}

static void run_record(struct screen *s, const char *args)
{
    if (!*args || model_replay(s->model)) {
        screen_say(s, "record: which file? (of a live guest)");
        return;
    }
    model_record(s->model, args);
    s->want_frame = true;
}

static void run_quit(struct screen *s, const char *args)
{
    (void)args;
    s->over = true;
}

static const struct screen_command commands[] = {
    {"view", "NAME", "show a view, in this pane unless another has it", run_view},
    {"focus", "next|previous", "give the keys to another pane", run_focus},
    {"zoom", "", "give one pane the whole screen, or share it again", run_zoom},
    {"swap", "next|previous", "another view in this pane", run_swap},
    {"goto", "ADDR", "show this address in the view", run_goto},
    {"search", "TEXT", "search in the view", run_search},
    {"again", "", "search on", run_again},
    {"again-back", "", "search backwards", run_again_back},
    {"filter", "TEXT", "only exits with this text: a device, a kind, a port", run_filter},
    {"prompt", "TEXT", "open the prompt", run_prompt},
    {"output", "", "the last long answer again", run_output},
    {"theme", "[NAME]", "dark, light, contrast or mono; the next one", run_theme},
    {"snap", "FILE", "save the screen as it looks: .svg, .html or .txt", run_snap},
    {"record", "FILE", "save the snapshot that is shown, for tests of the screen", run_record},
    {"redraw", "", "paint the screen anew", run_redraw},
    {"help", "", "this help (help COMMAND explains one)", run_help},
    {"quit", "", "leave", run_quit},
};

const struct screen_command *screen_command_row(size_t i)
{
    return i < sizeof commands / sizeof commands[0] ? &commands[i] : NULL;
}

/* One command, cut from the line. */
static bool command_run(struct screen *s, char *command)
{
    command = line_trim(command);
    size_t n = strcspn(command, " ");
    char *args = command + n + strspn(command + n, " ");
    command[n] = '\0';
    const char *name = strcmp(command, "q") == 0 ? "quit" : command; /* as the prompt has it */
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, name) != 0 || (strcmp(name, "help") == 0 && *args))
            continue;
        commands[i].run(s, args);
        s->dirty = true;
        return true;
    }
    return false;
}

bool screen_command_run(struct screen *s, const char *line)
{
    struct text command = {0};
    text_addn(&command, line, line_command_len(line));
    bool ran = command.len && command_run(s, command.buf);
    text_fini(&command);
    return ran;
}
