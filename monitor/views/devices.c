/*
 * The devices: the PC as a tree, each with where it answers and the interrupt line it pulls, and, opened, its
 * registers by name with what they mean now.  Over the tree the sixteen interrupt lines as lamps (Intel 8259A
 * data sheet, "Interrupt Sequence"). What is not as it was at the last stop has a star.
 *
 * A trace holds no registers: there the last access to each is shown.
 */
#include "monitor/views/devices_inside.h"
#include "monitor/views/views.h"

#include <stdlib.h>
#include <string.h>

int devices_top(const struct view *v)
{
    int lamps = devices_lamp_rows(v);
    return lamps + (v->h - lamps >= 9 ? 1 : 0);
}

static int tree_rows(const struct view *v)
{
    return v->h - devices_top(v);
}

static void find_lines(struct devices *d, const struct snapshot *s)
{
    for (size_t i = 0; i < d->count; i++)
        d->line[i] = i < s->device_count ? s->devices[i].line : LINE_NONE;
    if (s->replay)
        device_told_lines(s, d->line, d->count);
}

static size_t row_of(const struct devices *d, size_t device)
{
    for (size_t i = 0; i < d->rows; i++)
        if (d->row[i].kind == ROW_DEVICE && d->row[i].device == device)
            return i;
    return d->list.at;
}

static void devices_load(struct view *v, const struct snapshot *s)
{
    struct devices *d = v->state;
    size_t n = s->machine ? s->machine->names.device_count : 0;
    d->count = n < DEVICES_SHOWN ? n : DEVICES_SHOWN;
    if (d->count == 0) {
        d->rows = 0;
        list_fit(&d->list, 0, tree_rows(v));
        return;
    }
    find_lines(d, s);
    device_past_take(&d->past, s, d->count);
    devices_build(d, s, v->w);
    list_fit(&d->list, d->rows, tree_rows(v));
}

/* ---- acting ---- */

/* The device whose row, or one of whose registers, is selected; 0: none. */
static size_t selected(const struct devices *d)
{
    return d->list.at < d->rows ? d->row[d->list.at].device : 0;
}

/* Opens or closes; the selection stays with the device, and what it opened comes into sight. */
static void set_open(struct view *v, size_t device, bool open)
{
    struct devices *d = v->state;
    size_t top = d->list.top;
    d->open[device] = open;
    devices_build(d, v->snap, v->w);
    size_t at = row_of(d, device), end = at;
    while (open && end + 1 < d->rows && d->row[end + 1].kind >= ROW_FACT)
        end++;
    list_fit(&d->list, d->rows, tree_rows(v));
    d->list.top = top;
    list_show(&d->list, end, tree_rows(v));
    list_show(&d->list, at, tree_rows(v));
}

static void set_all(struct view *v)
{
    struct devices *d = v->state;
    size_t device = selected(d);
    bool any = false;
    for (size_t i = 1; i < d->count; i++)
        any |= d->open[i];
    for (size_t i = 1; i < d->count; i++)
        d->open[i] = !any;
    devices_build(d, v->snap, v->w);
    list_fit(&d->list, d->rows, tree_rows(v));
    if (device)
        list_show(&d->list, row_of(d, device), tree_rows(v));
}

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct view *v = ctx;
    const struct devices *d = v->state;
    const struct device_row *r = &d->row[row];
    struct text words = {0};
    if (r->kind >= ROW_FACT) {
        text_addn(&words, text_str(&d->words) + r->at, r->len);
    } else if (r->device) {
        text_addf(&words, "%s %s ", v->snap->machine->names.devices[r->device].name,
                  v->snap->machine->names.devices[r->device].summary);
        device_add_where(v->snap->machine, r->device, &words);
    }
    bool has = words_have(text_str(&words), text);
    text_fini(&words);
    return has;
}

/* A command about the selected device. */
static void about(const struct view *v, const char *verb, struct view_reply *r)
{
    const struct devices *d = v->state;
    size_t i = selected(d);
    const char *name = i ? v->snap->machine->names.devices[i].name : "";
    if (!i)
        text_add(&r->message, "select a device first");
    else if (strcmp(verb, "exits-of") == 0)
        text_addf(&r->command, "view exits; filter %s", name);
    else if (v->snap->replay)
        text_add(&r->message, "a trace cannot be stopped: Enter in the timeline jumps");
    else
        text_addf(&r->command, "stop device %s", name);
}

/* Left goes out: closes what is open, else to the parent's row. */
static void go_out(struct view *v)
{
    struct devices *d = v->state;
    size_t device = selected(d), at = d->list.at;
    if (device && d->open[device]) {
        set_open(v, device, false);
        return;
    }
    int depth = d->row[at].depth;
    while (at > 0 && (d->row[at].depth >= depth || d->row[at].kind > ROW_DEVICE))
        at--;
    list_show(&d->list, at, tree_rows(v));
}

static bool act_on_device(struct view *v, const char *verb)
{
    struct devices *d = v->state;
    size_t device = selected(d);
    bool open = strcmp(verb, "open") == 0;
    if (open || strcmp(verb, "right") == 0) {
        if (device && (open || !d->open[device]))
            set_open(v, device, !d->open[device]);
    } else if (strcmp(verb, "left") == 0) {
        go_out(v);
    } else if (strcmp(verb, "all") == 0) {
        set_all(v);
    } else {
        return false;
    }
    return true;
}

static bool devices_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct devices *d = v->state;
    int rows = tree_rows(v);
    if (!v->snap || d->rows == 0)
        return false;
    if (act_on_device(v, verb))
        return true;
    if (strncmp(verb, "search", 6) == 0)
        return list_search(&d->list, rows, args, strcmp(verb, "search-back") == 0, row_has, v);
    if (strcmp(verb, "exits-of") == 0 || strcmp(verb, "stop-at") == 0) {
        about(v, verb, r);
        return true;
    }
    if (strcmp(verb, "select") != 0)
        return list_act(&d->list, rows, verb, args);
    long row = strtol(args, NULL, 10) - devices_top(v);
    if (row >= 0 && d->list.top + (size_t)row < d->rows)
        list_show(&d->list, d->list.top + (size_t)row, rows);
    return true;
}

static void devices_note(const struct view *v, struct text *out)
{
    const struct devices *d = v->state;
    size_t i = selected(d);
    if (i && i < d->count && v->snap->machine)
        text_add(out, v->snap->machine->names.devices[i].summary);
}

static void devices_fini(struct view *v)
{
    struct devices *d = v->state;
    text_fini(&d->words);
    device_past_fini(&d->past);
}

static const struct key_row keys[] = {{UI_ENTER, "open", "open or close the device"},
                                      {'a', "all", "open every device, or close all"},
                                      {'b', "stop-at", "stop when the guest uses this device"},
                                      {'e', "exits-of", "the exits of this device"},
                                      {0}};

static const struct key_hint hints[] = {
    {UI_ENTER, "Open"}, {'a', "All"}, {'b', "Stop at"}, {'e', "Exits"}, {0, NULL}};

const struct view_ops view_devices = {.name = "devices",
                                      .title = "Devices",
                                      .tab = "Devs",
                                      .summary = "the PC as a tree, registers by name, interrupt lines",
                                      .wants = PART_DEVICES,
                                      .keys = keys,
                                      .hints = hints,
                                      .state_len = sizeof(struct devices),
                                      .load = devices_load,
                                      .draw = devices_draw,
                                      .act = devices_act,
                                      .note = devices_note,
                                      .fini = devices_fini};
