/*
 * Drawing the tree of devices: see devices.c.
 */
#include "monitor/views/devices_inside.h"

#include "vm/cpu.h"

#include <inttypes.h>
#include <string.h>

/* Where the columns of a device's row begin; 0: no room for it. */
struct columns {
    int line, state, exits, summary, where;
};

static struct columns columns_for(int w)
{
    struct columns at = {.line = 19};
    int x = 26;
    if (w >= 64) {
        at.state = x;
        x += 14;
    }
    if (w >= 50) {
        at.exits = x;
        x += 11;
    }
    if (w >= 112) {
        at.summary = x;
        x += 43;
    }
    at.where = x;
    return at;
}

/* The lines of the tree; returns the column behind them. */
static int draw_rails(const struct device_row *r, struct canvas *c, int y)
{
    bool branch = r->kind <= ROW_DEVICE;
    int x = 0, plain = branch ? r->depth - 1 : r->depth;
    for (int depth = 1; depth <= plain; depth++, x += 2)
        canvas_put(c, x, y, ROLE_BORDER, r->rails >> depth & 1 ? 0x2502 : ' ');
    if (!branch || r->depth == 0)
        return x;
    canvas_put(c, x, y, ROLE_BORDER, r->last ? 0x2514 : 0x251c);
    canvas_put(c, x + 1, y, ROLE_BORDER, 0x2500);
    return x + 2;
}

static void draw_line(const struct devices *d, size_t i, const struct columns *at, struct canvas *c, int y)
{
    int line = d->line[i];
    unsigned role;
    const char *word = device_line_word(d, line, &role);
    if (line == LINE_CPU)
        canvas_text(c, at->line, y, ROLE_TEXT, "INTR");
    else if (line >= 0)
        canvas_textf(c, at->line, y, *word ? role : ROLE_TEXT, "IRQ %d", line);
    if (at->state)
        canvas_text(c, at->state, y, role, word);
}

static void draw_device(const struct devices *d, const struct snapshot *s, const struct device_row *r,
                        struct canvas *c, int x, int y)
{
    const struct event_device *dev = &s->machine->names.devices[r->device];
    struct columns at = columns_for(c->window.w);
    struct text where = {0};
    canvas_put(c, x, y, ROLE_LABEL, d->open[r->device] ? 0x25be : 0x25b8);
    canvas_put(c, x + 1, y, ROLE_CHANGED, r->changed ? '*' : ' ');
    canvas_text_cut(c, x + 2, y, at.line - x - 3, r->changed ? ROLE_CHANGED : ROLE_DEVICE, dev->name);
    draw_line(d, r->device, &at, c, y);
    if (at.exits && s->counts.device[r->device].count) {
        text_addf(&where, "%" PRIu64, s->counts.device[r->device].count);
        canvas_text_right(c, at.exits + 9, y, ROLE_VALUE, text_str(&where));
        text_clear(&where);
    }
    if (at.summary)
        canvas_text_cut(c, at.summary, y, at.where - at.summary - 1, ROLE_TEXT, dev->summary);
    device_add_where(s->machine, r->device, &where);
    canvas_text_cut(c, at.where, y, c->window.w - at.where, ROLE_ADDRESS, text_str(&where));
    text_fini(&where);
}

static void draw_pc(const struct devices *d, const struct snapshot *s, struct canvas *c, int y)
{
    const char *slash = s->machine->image ? strrchr(s->machine->image, '/') : NULL;
    int x = canvas_text(c, 0, y, ROLE_TITLE, "PC ");
    struct text words = {0};
    text_addf(&words, "%zu devices", d->count - 1);
    if (s->machine->image && *s->machine->image)
        text_addf(&words, ", runs %s", slash ? slash + 1 : s->machine->image);
    if (s->machine->clock && *s->machine->clock)
        text_addf(&words, ", %s clock", s->machine->clock);
    canvas_text_cut(c, x, y, c->window.w - x, ROLE_TEXT, text_str(&words));
    text_fini(&words);
}

static void draw_cpu(const struct snapshot *s, struct canvas *c, int x, int y)
{
    bool takes = s->regs.rflags & RFLAGS_IF;
    x = canvas_text(c, x, y, ROLE_CPU, "  CPU ");
    if (!s->has_cpu)
        return;
    x = canvas_text(c, x, y, takes ? ROLE_GOOD : ROLE_NOTE, takes ? "IF=1" : "IF=0") + 1;
    struct text words = {0};
    text_addf(&words, "%s, %s mode, ring %u%s", takes ? "takes interrupts" : "no interrupts",
              cpu_mode_name(s->mode), s->cpl, s->asleep ? ", asleep in HLT" : "");
    canvas_text_cut(c, x, y, c->window.w - x, ROLE_TEXT, text_str(&words));
    text_fini(&words);
}

static void draw_memory(const struct snapshot *s, struct canvas *c, int x, int y)
{
    struct text words = {0};
    text_add_size(&words, s->memory.len ? s->memory.len : s->machine->mem_len);
    for (size_t i = 0; i < s->memory.region_count; i++)
        text_addf(&words, "%s0x%" PRIx64 "-0x%" PRIx64 "%s", i ? ", " : " at ", s->memory.region[i].gpa,
                  s->memory.region[i].gpa + s->memory.region[i].len - 1,
                  s->memory.region[i].read_only ? " ROM" : "");
    x = canvas_text(c, x, y, ROLE_CPU, "  memory ");
    canvas_text_cut(c, x, y, c->window.w - x, ROLE_TEXT, text_str(&words));
    text_fini(&words);
}

static bool is_value(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr("0123456789abcdef", s[i]))
            return false;
    return n > 0;
}

/* `LSR  60  TEMT THRE`: name, value, meaning. */
static void draw_register(const struct device_row *r, const char *words, struct canvas *c, int x, int y)
{
    size_t name = strcspn(words, " "), n = r->len, value = name;
    name = name < n ? name : n;
    while (value < n && words[value] == ' ')
        value++;
    size_t digits = 0;
    while (value + digits < n && words[value + digits] != ' ')
        digits++;
    if (!is_value(words + value, digits))
        digits = 0;
    unsigned role = r->changed ? ROLE_CHANGED : ROLE_TEXT;
    x = canvas_textn(c, x, y, ROLE_LABEL, words, name);
    x = canvas_textn(c, x, y, role, words + name, value - name);
    x = canvas_textn(c, x, y, r->changed ? ROLE_CHANGED : ROLE_VALUE, words + value, digits);
    canvas_textn(c, x, y, role, words + value + digits, n - value - digits);
}

static void draw_row(const struct devices *d, const struct snapshot *s, const struct device_row *r,
                     struct canvas *c, int y)
{
    int x = draw_rails(r, c, y);
    const char *words = r->kind >= ROW_FACT ? text_str(&d->words) + r->at : "";
    if (r->changed && r->kind == ROW_REGISTER)
        canvas_put(c, x, y, ROLE_CHANGED, '*');
    if (r->kind == ROW_PC)
        draw_pc(d, s, c, y);
    else if (r->kind == ROW_CPU)
        draw_cpu(s, c, x, y);
    else if (r->kind == ROW_MEMORY)
        draw_memory(s, c, x, y);
    else if (r->kind == ROW_DEVICE)
        draw_device(d, s, r, c, x, y);
    else if (r->kind == ROW_REGISTER)
        draw_register(r, words, c, x + 1, y);
    else
        canvas_textn(c, x + 1 + r->hang, y, r->changed ? ROLE_CHANGED : ROLE_TEXT, words, r->len);
}

/* What the columns are, where there is room for that. */
static void draw_heads(struct canvas *c, int y)
{
    struct columns at = columns_for(c->window.w);
    canvas_text(c, 0, y, ROLE_LABEL, "device");
    canvas_text(c, at.line, y, ROLE_LABEL, "line");
    if (at.state)
        canvas_text(c, at.state, y, ROLE_LABEL, "is");
    if (at.exits)
        canvas_text_right(c, at.exits + 9, y, ROLE_LABEL, "exits");
    if (at.summary)
        canvas_text(c, at.summary, y, ROLE_LABEL, "what it is");
    canvas_text(c, at.where, y, ROLE_LABEL, "answers at");
}

void devices_draw(const struct view *v, struct canvas *c)
{
    const struct devices *d = v->state;
    int lamps = devices_lamp_rows(v), top = devices_top(v);
    if (d->rows == 0) {
        canvas_text(c, 0, 0, ROLE_DIM, v->snap->replay ? "this trace names no devices" : "no devices yet");
        return;
    }
    if (lamps) {
        struct rect window = canvas_enter(c, (struct rect){0, 0, c->window.w, lamps});
        devices_draw_lamps(d, v->snap, c);
        canvas_leave(c, window);
    }
    if (top > lamps)
        draw_heads(c, lamps);
    for (int y = top; y < c->window.h && d->list.top + (size_t)(y - top) < d->rows; y++) {
        size_t row = d->list.top + (size_t)(y - top);
        draw_row(d, v->snap, &d->row[row], c, y);
        if (row == d->list.at && v->focused)
            canvas_look(c, (struct rect){0, y, c->window.w, 1}, LOOK_SELECTED);
    }
}
