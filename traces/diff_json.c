/*
 * The answer of `trace diff` for programs: one JSON object, whose keys docs/traces.md explains.
 */
#include "traces/diff_inside.h"

#include <inttypes.h>

static void add_side(const struct diff_answer *a, unsigned side, struct text *out)
{
    const struct diff_side *s = &a->diff->side[side];
    text_addf(out, "\"%c\":{\"file\":", "ab"[side]);
    text_add_json(out, a->diff->options.path[side]);
    text_add(out, ",\"guest\":");
    text_add_json(out, s->info->guest);
    text_addf(out, ",\"events\":%" PRIu64 ",\"whole\":%s,\"only_here\":%" PRIu64 "},",
              a->diff->alone[side].count, s->state.whole ? "true" : "false", a->alone[side]);
}

static void add_field_names(unsigned fields, struct text *out)
{
    text_add(out, fields ? "[\"" : "[");
    diff_add_fields(fields, "\",\"", out);
    text_add(out, fields ? "\"]" : "]");
}

static void add_question(const struct diff_answer *a, struct text *out)
{
    static const char *const place[] = {"auto", "symbol", "rip", "none"};
    static const char *const irqs[] = {"auto", "each", "count"};
    const struct diff_options *o = &a->diff->options;
    unsigned compared = 0;
    for (unsigned i = 0; diff_fields[i].name; i++)
        compared |= o->ignore[i] ? 0 : 1u << i;
    text_addf(out, "\"place\":\"%s\",\"irqs\":\"%s\",\"compared\":", place[o->place], irqs[o->irqs]);
    add_field_names(compared, out);
    text_addf(out, ",\"shortened\":%s,", a->diff->shortened ? "true" : "false");
}

/* The registers that are not the same. */
static void add_regs(const struct diff_answer *a, struct text *out)
{
    static const char *const names[] = {
#define REG_NAME(id, name) name,
        EVENT_REGS(REG_NAME)
#undef REG_NAME
    };
    const char *lead = "";
    text_add(out, ",\"registers\":");
    if (!a->first_has_regs) {
        text_add(out, "null");
        return;
    }
    text_addc(out, '{');
    for (unsigned i = 0; i < EVENT_REG_COUNT; i++) {
        uint64_t x = a->first_regs[SIDE_A].r[i], y = a->first_regs[SIDE_B].r[i];
        if (x != y)
            text_addf(out, "%s\"%s\":[\"0x%" PRIx64 "\",\"0x%" PRIx64 "\"]", lead, names[i], x, y);
        lead = x != y ? "," : lead;
    }
    text_addc(out, '}');
}

static void add_first(const struct diff_answer *a, struct text *out)
{
    text_add(out, "\"first\":");
    if (!a->has_first) {
        text_add(out, "null,");
        return;
    }
    text_add(out, "{\"changed\":");
    add_field_names(a->first_fields, out);
    for (unsigned side = 0; side < SIDES; side++) {
        text_addf(out, ",\"%c\":", "ab"[side]);
        if (a->first_has[side])
            trace_event_json(&a->first[side], a->diff->side[side].names, out);
        else
            text_add(out, "null");
    }
    add_regs(a, out);
    text_add(out, "},");
}

static void add_group(const struct diff_group *g, struct text *out)
{
    static const char *const dirs[] = {"", "in", "out"};
    text_add(out, "{\"what\":");
    text_add_json(out, g->what);
    text_add(out, ",\"kind\":");
    text_add_json(out, event_kind_info(g->kind)->name);
    text_add(out, ",\"reg\":");
    text_add_json(out, g->reg);
    text_addf(out, ",\"dir\":\"%s\",\"symbol\":", g->dir <= DIR_OUT ? dirs[g->dir] : "");
    text_add_json(out, g->where);
    text_addf(out,
              ",\"a\":%" PRIu64 ",\"b\":%" PRIu64 ",\"only_a\":%" PRIu64 ",\"only_b\":%" PRIu64
              ",\"changed\":%" PRIu64 ",\"fields\":",
              g->count[SIDE_A], g->count[SIDE_B], g->alone[SIDE_A], g->alone[SIDE_B], g->changed);
    add_field_names(g->fields, out);
    text_addc(out, '}');
}

static void add_groups(const struct diff_answer *a, struct text *out)
{
    text_add(out, "\"behaviour\":[");
    for (size_t i = 0; i < a->groups.count && diff_group_differs(&a->groups.row[i]); i++) {
        text_add(out, i ? "," : "");
        add_group(&a->groups.row[i], out);
    }
    text_add(out, "],");
}

static void add_irqs(const struct diff_answer *a, struct text *out)
{
    const char *lead = "";
    text_add(out, "\"interrupts\":[");
    for (size_t v = 0; v < 256; v++) {
        uint64_t x = a->diff->side[SIDE_A].irqs[v], y = a->diff->side[SIDE_B].irqs[v];
        if (x || y)
            text_addf(out, "%s{\"vector\":%zu,\"a\":%" PRIu64 ",\"b\":%" PRIu64 "}", lead, v, x, y);
        lead = x || y ? "," : lead;
    }
    text_add(out, "],");
}

static void add_ends(const struct diff_answer *a, struct text *out)
{
    text_add(out, "\"end\":[");
    for (size_t i = 0; i < a->end_count; i++) {
        const struct diff_end_row *row = &a->end[i];
        text_addf(out, "%s{\"field\":\"%s\",\"a\":", i ? "," : "", row->name);
        text_add_json(out, text_str(&row->value[SIDE_A]));
        text_add(out, ",\"b\":");
        text_add_json(out, text_str(&row->value[SIDE_B]));
        text_addf(out, ",\"differs\":%s}", row->differs ? "true" : "false");
    }
    text_add(out, "]");
}

void diff_print_json(const struct diff_answer *a, struct text *out)
{
    text_addf(out, "{\"identical\":%s,", diff_answer_differs(a) ? "false" : "true");
    add_side(a, SIDE_A, out);
    add_side(a, SIDE_B, out);
    add_question(a, out);
    text_addf(out, "\"equal\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"differences\":%" PRIu64 ",", a->equal,
              a->changed, a->hunks);
    add_first(a, out);
    add_groups(a, out);
    add_irqs(a, out);
    add_ends(a, out);
    text_add(out, "}\n");
}
