/*
 * The answer of `trace diff` for people: the first difference and what stands around it, where both then
 * were, the behaviour that differs, and how the two ended.
 */
#include "traces/diff_inside.h"
#include "traces/fields.h"
#include "traces/format.h"

#include <inttypes.h>
#include <string.h>

enum { GROUPS_SHOWN = 20 };

static const char letters[SIDES] = {'A', 'B'};

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void say_sides(const struct diff_answer *a, struct text *out)
{
    for (unsigned side = 0; side < SIDES; side++) {
        const struct diff_side *s = &a->diff->side[side];
        uint64_t n = a->diff->alone[side].count;
        const char *path = a->diff->options.path[side];
        text_addf(out, "%c: ", letters[side]);
        string_clean(out, path, strlen(path), TRACE_STRING_MAX);
        text_add(out, " (");
        if (s->info->guest[0])
            text_addf(out, "%s, ", s->info->guest);
        text_addf(out, "%" PRIu64 " event%s compared)%s\n", n, plural(n),
                  s->state.whole ? "" : ", incomplete");
    }
}

/* What was left out, and why: an answer is worth nothing to somebody who does not know the question. */
static void say_question(const struct diff_answer *a, struct text *out)
{
    static const char *const place[] = {
        [DIFF_PLACE_SYMBOL] = "by symbol",
        [DIFF_PLACE_RIP] = "by RIP",
        [DIFF_PLACE_NONE] = "not compared",
    };
    const struct diff_options *o = &a->diff->options;
    unsigned ignored = 0;
    for (unsigned i = 0; i < DIFF_FIELDS_MAX; i++)
        ignored |= o->ignore[i] ? 1u << i : 0;
    text_addf(out, "place: %s", place[o->place]);
    if (o->place == DIFF_PLACE_NONE)
        text_add(out, " (RIPs tell nothing of two guests, and symbols must be in both traces; see --place)");
    if (ignored) {
        text_add(out, "; ignored: ");
        diff_add_fields(ignored, ", ", out);
    }
    text_addc(out, '\n');
    if (a->diff->shortened)
        text_add(out,
                 "The two are so different that the shortest way from A to B was not looked for: more may be "
                 "told as different than need be.\n");
}

static void say_irqs(const struct diff_answer *a, struct text *out)
{
    const struct diff_side *s = a->diff->side;
    uint64_t served = s[SIDE_A].served + s[SIDE_B].served;
    bool any = false;
    for (size_t v = 0; v < 256; v++) {
        uint64_t x = s[SIDE_A].irqs[v], y = s[SIDE_B].irqs[v];
        if (!x && !y)
            continue;
        if (!any)
            text_add(out,
                     "interrupts, which a real clock sends at other places in each run, are only counted:\n");
        any = true;
        text_addf(out, "  vector 0x%02zx: %" PRIu64 " in A, %" PRIu64 " in B%s\n", v, x, y,
                  !x || !y ? ", a difference" : "");
    }
    if (any && served)
        text_addf(out, "  and %" PRIu64 " event%s between an interrupt and its EOI\n", served,
                  plural(served));
}

static void say_place(const struct diff_answer *a, unsigned side, struct text *out)
{
    const struct event *ev = &a->first[side];
    uint64_t offset = 0;
    const struct event_names *names = a->diff->side[side].names;
    text_addf(out, "%c there: ", letters[side]);
    if (!a->first_has[side]) {
        text_add(out, "no more events\n");
        return;
    }
    if (ev->flags & EVENT_NO_CPU) {
        text_add(out, "the CPU's state is not known\n");
        return;
    }
    text_addf(out, "%s mode, CPL %u, CS:RIP 0x%04x:0x%" PRIx64, cpu_mode_name(event_mode(ev)), event_cpl(ev),
              ev->cs, ev->rip);
    const struct event_symbol *s = event_symbol_at(names, event_linear(ev), &offset);
    if (s)
        text_addf(out, " in %s+0x%" PRIx64, s->name, offset);
    text_addf(out, ", vCPU %u\n", ev->vcpu);
}

static void say_regs(const struct diff_answer *a, struct text *out)
{
    static const char *const names[] = {
#define REG_NAME(id, name) name,
        EVENT_REGS(REG_NAME)
#undef REG_NAME
    };
    struct table t;
    bool any = false;
    if (!a->first_has_regs)
        return;
    table_init(&t, "lrr");
    for (unsigned i = 0; i < EVENT_REG_COUNT; i++) {
        if (a->first_regs[SIDE_A].r[i] == a->first_regs[SIDE_B].r[i])
            continue;
        if (!any) {
            table_cell(&t, "register");
            table_cell(&t, "A");
            table_cell(&t, "B");
        }
        any = true;
        table_cell(&t, "%s", names[i]);
        for (unsigned side = 0; side < SIDES; side++)
            table_cell(&t, "0x%" PRIx64, a->first_regs[side].r[i]);
    }
    text_add(out, any ? "" : "the registers are the same there\n");
    table_finish(&t, out, "  ", true);
}

static void say_first(const struct diff_answer *a, struct text *out)
{
    if (!a->has_first)
        return;
    text_addf(out, "\nfirst difference: behind %" PRIu64 " equal event%s\n\n",
              a->first_at[a->first_has[SIDE_A] ? SIDE_A : SIDE_B],
              plural(a->first_at[a->first_has[SIDE_A] ? SIDE_A : SIDE_B]));
    text_add(out, "   seq A    seq B   mode       place         event\n");
    text_add(out, text_str(&a->hunk_text));
    text_add(out, "  - only in A, + only in B, ~ in both, but with another ( )\n\n");
    say_place(a, SIDE_A, out);
    say_place(a, SIDE_B, out);
    say_regs(a, out);
    if (a->hunks > a->diff->options.shown)
        text_addf(out, "%" PRIu64 " more difference%s follow: --limit N shows the first N\n",
                  a->hunks - a->diff->options.shown, plural(a->hunks - a->diff->options.shown));
}

static void cell_count(struct table *t, uint64_t n)
{
    if (n)
        table_cell(t, "%" PRIu64, n);
    else
        table_cell(t, "-");
}

static void add_group(struct table *t, const struct diff_group *g)
{
    struct text fields = {0};
    table_cell(t, "%.60s", g->what);
    table_cell(t, "%.40s", *g->where ? g->where : "-");
    for (unsigned side = 0; side < SIDES; side++)
        table_cell(t, "%" PRIu64, g->count[side]);
    for (unsigned side = 0; side < SIDES; side++)
        cell_count(t, g->alone[side]);
    cell_count(t, g->changed);
    if (!g->count[SIDE_A] || !g->count[SIDE_B])
        text_add(&fields, g->count[SIDE_A] ? "gone" : "new");
    else
        diff_add_fields(g->fields, " ", &fields);
    table_cell(t, "%s", text_str(&fields));
    text_fini(&fields);
}

static void say_groups(const struct diff_answer *a, struct text *out)
{
    static const char *const head[] = {"behaviour", "in", "A", "B", "only A", "only B", "changed", "what"};
    struct table t;
    size_t n = 0, more = 0;
    while (n < a->groups.count && diff_group_differs(&a->groups.row[n]))
        n++;
    if (!n)
        return;
    more = n > GROUPS_SHOWN ? n - GROUPS_SHOWN : 0;
    text_addc(out, '\n');
    table_init(&t, "llrrrrrl");
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        table_cell(&t, "%s", head[i]);
    for (size_t i = 0; i < n - more; i++)
        add_group(&t, &a->groups.row[i]);
    table_finish(&t, out, "  ", true);
    if (more)
        text_addf(out, "  and %zu more (--json has all)\n", more);
}

static void say_ends(const struct diff_answer *a, struct text *out)
{
    struct table t;
    bool any = false;
    for (size_t i = 0; i < a->end_count; i++)
        any |= a->end[i].differs && a->end[i].counts;
    if (!any)
        return;
    text_add(out, "\nthey end differently:\n");
    table_init(&t, "lll");
    table_cell(&t, " ");
    table_cell(&t, "A");
    table_cell(&t, "B");
    for (size_t i = 0; i < a->end_count; i++) {
        if (!a->end[i].differs)
            continue;
        table_cell(&t, "%s", a->end[i].name);
        for (unsigned side = 0; side < SIDES; side++)
            table_cell(&t, "%.70s", text_str(&a->end[i].value[side]));
    }
    table_finish(&t, out, "  ", true);
}

static void say_sum(const struct diff_answer *a, struct text *out)
{
    text_addf(out,
              "\n%" PRIu64 " event%s equal, %" PRIu64 " only in A, %" PRIu64 " only in B, %" PRIu64
              " changed; %" PRIu64 " difference%s\n",
              a->equal, plural(a->equal), a->alone[SIDE_A], a->alone[SIDE_B], a->changed, a->hunks,
              plural(a->hunks));
}

void diff_print(const struct diff_answer *a, struct text *out)
{
    if (!diff_answer_differs(a)) {
        text_addf(out, "no difference in %" PRIu64 " event%s\n", a->equal, plural(a->equal));
        say_irqs(a, out);
        return;
    }
    say_sides(a, out);
    say_question(a, out);
    say_first(a, out);
    say_groups(a, out);
    if (!a->has_first)
        text_addf(out, "\nno difference in %" PRIu64 " event%s, but:\n", a->equal, plural(a->equal));
    say_irqs(a, out);
    say_ends(a, out);
    if (a->has_first)
        say_sum(a, out);
}
