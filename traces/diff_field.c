/*
 * What two events are compared by, as a table: see diff.h.  Each row gives a number, for names a sum of their
 * letters, so that comparing two events is comparing some numbers, and a key of all of them is a sum of sums.
 *
 * Times are not among the fields, nor how the run was driven (single steps), nor the code segment: what two
 * runs of one guest do not share is not what the guest did.
 */
#include "traces/diff_inside.h"

#include "base/nearest.h"

#include <string.h>

enum { NO_VALUE = 0x5eed };

uint64_t diff_sum_string(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 0x100000001b3u;
    return h;
}

uint64_t diff_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t get_kind(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->kind;
}

static uint64_t get_device(const struct diff_side *s, const struct event *ev)
{
    return s->device_sum[ev->device];
}

static uint64_t get_reg(const struct diff_side *s, const struct event *ev)
{
    return s->reg_sum[ev->device][ev->reg];
}

static uint64_t get_dir(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->dir | (ev->flags & EVENT_STRING ? 0x100u : 0);
}

/* Its address is where the instruction is or what it is made of, and not what it asked for. */
static bool addr_is_code(const struct event *ev)
{
    return ev->kind == EVENT_DEBUG || ev->kind == EVENT_ASSIST;
}

/* What an event without a device is known by: a port or address that nobody claimed, an MSR, a vector, an
 * instruction. */
static uint64_t get_number(const struct diff_side *s, const struct event *ev)
{
    if (ev->kind == EVENT_MARK)
        return diff_sum_string(ev->addr < s->names->mark_count ? s->names->marks[ev->addr] : "");
    if (ev->kind == EVENT_ASSIST || ev->kind == EVENT_INTERNAL)
        return ev->detail;
    if (ev->kind == EVENT_STEP)
        return diff_side_instruction(s, ev);
    return ev->device || addr_is_code(ev) || !(ev->flags & EVENT_ADDR) ? 0 : ev->addr;
}

static uint64_t get_place(const struct diff_side *s, const struct event *ev)
{
    uint64_t offset;
    if (ev->flags & EVENT_NO_CPU || s->options->place == DIFF_PLACE_NONE)
        return 0;
    if (s->options->place == DIFF_PLACE_RIP)
        return event_linear(ev);
    const struct event_symbol *at = event_symbol_at(s->names, event_linear(ev), &offset);
    return at ? s->symbol_sum[at - s->names->symbols] : 0;
}

static uint64_t get_vcpu(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->vcpu;
}

static uint64_t get_mode(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->flags & EVENT_NO_CPU ? CPU_MODES : event_mode(ev);
}

static uint64_t get_cpl(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->flags & EVENT_NO_CPU ? 0 : event_cpl(ev);
}

static uint64_t get_size(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->kind == EVENT_STEP ? 0 : ev->size;
}

static uint64_t get_count(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->count;
}

static uint64_t get_address(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->device && ev->flags & EVENT_ADDR ? ev->addr : 0;
}

/* Of an interrupt it is a time, and of a step a part of the instruction. */
static uint64_t get_value(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    bool has = ev->flags & EVENT_VALUE && ev->kind != EVENT_IRQ && ev->kind != EVENT_STEP;
    return has ? ev->value : NO_VALUE;
}

static uint64_t get_detail(const struct diff_side *s, const struct event *ev)
{
    (void)s;
    return ev->detail;
}

const struct diff_field diff_fields[] = {
    {"kind", true, get_kind},    {"device", true, get_device},  {"reg", true, get_reg},
    {"dir", true, get_dir},      {"number", true, get_number},  {"place", true, get_place},
    {"vcpu", true, get_vcpu},    {"mode", false, get_mode},     {"cpl", false, get_cpl},
    {"size", false, get_size},   {"count", false, get_count},   {"addr", false, get_address},
    {"value", false, get_value}, {"detail", false, get_detail}, {0},
};

uint64_t diff_key(const struct diff_side *s, const struct event *ev)
{
    uint64_t sum[2] = {0, 0};
    for (size_t i = 0; diff_fields[i].name; i++)
        if (!s->options->ignore[i])
            sum[diff_fields[i].what] = diff_mix(sum[diff_fields[i].what], diff_fields[i].get(s, ev));
    return (diff_mix(sum[1], 1) & DIFF_WHAT_MASK) | diff_mix(sum[0], 1) >> 32;
}

unsigned diff_compare(const struct diff_side *a, const struct event *x, const struct diff_side *b,
                      const struct event *y)
{
    unsigned fields = 0;
    for (size_t i = 0; diff_fields[i].name; i++)
        if (!a->options->ignore[i] && diff_fields[i].get(a, x) != diff_fields[i].get(b, y))
            fields |= 1u << i;
    return fields;
}

bool diff_is_other(unsigned fields)
{
    for (size_t i = 0; diff_fields[i].name; i++)
        if (fields & 1u << i && diff_fields[i].what)
            return true;
    return false;
}

void diff_add_fields(unsigned fields, const char *between, struct text *out)
{
    const char *lead = "";
    for (size_t i = 0; diff_fields[i].name; i++) {
        if (!(fields & 1u << i))
            continue;
        text_addf(out, "%s%s", lead, diff_fields[i].name);
        lead = between;
    }
}

int diff_ignore(struct diff_options *o, const char *name, struct err *e)
{
    struct text known = {0};
    for (size_t i = 0; diff_fields[i].name; i++) {
        if (strcmp(diff_fields[i].name, name) == 0) {
            text_fini(&known);
            o->ignore[i] = true;
            return 0;
        }
        text_addf(&known, "%s%s", i ? ", " : "", diff_fields[i].name);
    }
    err_set(e, "no event is compared by \"%.40s\": %s", name, text_str(&known));
    text_fini(&known);
    return -1;
}

static int find_word(const char *const *words, size_t n, const char *name, struct err *e)
{
    struct text known = {0};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i], name) == 0) {
            text_fini(&known);
            return (int)i;
        }
        text_addf(&known, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
    }
    err_set(e, "\"%.40s\" is not one of %s", name, text_str(&known));
    text_fini(&known);
    return -1;
}

int diff_place_find(const char *name, struct err *e)
{
    static const char *const words[] = {"auto", "symbol", "rip", "none"};
    return find_word(words, sizeof words / sizeof words[0], name, e);
}

int diff_irqs_find(const char *name, struct err *e)
{
    static const char *const words[] = {"auto", "each", "count"};
    return find_word(words, sizeof words / sizeof words[0], name, e);
}
