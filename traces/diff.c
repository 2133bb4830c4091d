/*
 * `ringside trace diff`: see diff.h.  This file walks through the aligned traces, counts, and compares how
 * the two ended.
 */
#include "traces/diff_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct answering {
    struct diff_answer *answer;
    struct diff_hunks *hunks;
};

static void count_step(struct diff_answer *a, const struct diff_step *step)
{
    bool both = step->ev[SIDE_A] && step->ev[SIDE_B];
    for (unsigned side = 0; side < SIDES; side++) {
        long at = step->ev[side] ? diff_group_find(&a->groups, a->diff, side, step->ev[side]) : -1;
        if (!step->ev[side])
            continue;
        a->alone[side] += !both;
        if (at < 0)
            continue;
        a->groups.row[at].count[side]++;
        a->groups.row[at].alone[side] += !both;
        if (both && side == SIDE_A && step->fields) {
            a->groups.row[at].changed++;
            a->groups.row[at].fields |= step->fields;
        }
    }
    a->changed += both && step->fields;
    a->equal += both && !step->fields;
}

/* The walk has read one event of each side, so that here the readers know the registers of both. */
static void note_regs(struct diff_answer *a)
{
    const struct event_regs *regs[SIDES];
    for (unsigned side = 0; side < SIDES; side++)
        regs[side] = trace_reader_regs(a->diff->side[side].reader, NULL);
    a->first_has_regs = regs[SIDE_A] && regs[SIDE_B];
    for (unsigned side = 0; a->first_has_regs && side < SIDES; side++)
        a->first_regs[side] = *regs[side];
}

/* The first difference, and on the side that has no event there the one it has next. */
static void note_first(struct diff_answer *a, const struct diff_step *step)
{
    if (!a->has_first) {
        if (!diff_step_differs(step))
            return;
        a->has_first = true;
        a->first_fields = step->fields;
        note_regs(a);
    }
    for (unsigned side = 0; side < SIDES; side++) {
        if (a->first_has[side] || !step->ev[side])
            continue;
        a->first_has[side] = true;
        a->first[side] = *step->ev[side];
        a->first_at[side] = step->at[side];
    }
}

static void see(void *ctx, const struct diff_step *step)
{
    const struct answering *w = ctx;
    count_step(w->answer, step);
    note_first(w->answer, step);
    diff_hunks_see(w->hunks, step);
}

/* ---- how they ended ---- */

static struct diff_end_row *end_row(struct diff_answer *a, const char *name, bool counts)
{
    struct diff_end_row *row = &a->end[a->end_count++];
    row->name = name;
    row->counts = counts;
    return row;
}

static void end_strings(struct diff_answer *a, const char *name, bool counts, const char *x, const char *y)
{
    struct diff_end_row *row = end_row(a, name, counts);
    text_add(&row->value[SIDE_A], x);
    text_add(&row->value[SIDE_B], y);
}

static void end_numbers(struct diff_answer *a, const char *name, bool counts, const char *fmt, uint64_t x,
                        uint64_t y)
{
    struct diff_end_row *row = end_row(a, name, counts);
    text_add(&row->value[SIDE_A], fmt);
    text_add(&row->value[SIDE_B], fmt);
    text_addf(&row->value[SIDE_A], *fmt ? "%" PRIx64 : "%" PRId64, x);
    text_addf(&row->value[SIDE_B], *fmt ? "%" PRIx64 : "%" PRId64, y);
}

/* A trace that breaks off has no end: that is a difference, unless the other has none either. */
static void compare_ends(struct diff_answer *a)
{
    const struct diff *d = a->diff;
    const struct trace_end *x = d->side[SIDE_A].state.end, *y = d->side[SIDE_B].state.end;
    end_strings(a, "status", true, x ? x->status : "not known", y ? y->status : "not known");
    if (x && y) {
        end_numbers(a, "exit_code", true, "", (uint64_t)(int64_t)x->exit_code,
                    (uint64_t)(int64_t)y->exit_code);
        end_strings(a, "mode", true, cpu_mode_name(x->mode), cpu_mode_name(y->mode));
        end_numbers(a, "rip", d->options.place == DIFF_PLACE_RIP, "0x", x->rip, y->rip);
        end_numbers(a, "steps", false, "", x->steps, y->steps);
        end_strings(a, "reason", false, x->reason, y->reason);
    }
    for (size_t i = 0; i < a->end_count; i++)
        a->end[i].differs =
            strcmp(text_str(&a->end[i].value[SIDE_A]), text_str(&a->end[i].value[SIDE_B])) != 0;
}

bool diff_answer_differs(const struct diff_answer *a)
{
    for (size_t i = 0; i < a->end_count; i++)
        if (a->end[i].counts && a->end[i].differs)
            return true;
    return a->alone[SIDE_A] || a->alone[SIDE_B] || a->changed || a->irqs_lone;
}

/* ---- the whole ---- */

static int answer_make(struct diff_answer *a, struct err *e)
{
    struct answering w = {a, diff_hunks_create(a)};
    if (!w.hunks)
        return err_sys(e, ENOMEM, "diff");
    int rc = 0;
    for (unsigned side = 0; rc == 0 && side < SIDES; side++)
        rc = trace_reader_want_regs(a->diff->side[side].reader, e);
    if (rc == 0)
        rc = diff_walk(a->diff, see, &w, e);
    diff_hunks_finish(w.hunks);
    if (rc == 0 && (a->groups.failed || a->hunk_text.failed))
        rc = err_sys(e, ENOMEM, "diff");
    for (size_t v = 0; v < 256; v++)
        a->irqs_lone += !a->diff->side[SIDE_A].irqs[v] != !a->diff->side[SIDE_B].irqs[v];
    compare_ends(a);
    diff_groups_sort(&a->groups);
    return rc;
}

static void answer_fini(struct diff_answer *a)
{
    for (size_t i = 0; i < a->end_count; i++) {
        text_fini(&a->end[i].value[SIDE_A]);
        text_fini(&a->end[i].value[SIDE_B]);
    }
    diff_groups_fini(&a->groups);
    text_fini(&a->hunk_text);
}

static struct diff_options options_complete(const struct diff_options *o)
{
    struct diff_options full = *o;
    full.shown = o->shown ? o->shown : 1;
    full.context = o->context < DIFF_CONTEXT_MAX ? o->context : DIFF_CONTEXT_MAX;
    return full;
}

int trace_diff(struct trace_reader *a, struct trace_reader *b, const struct diff_options *o, bool json,
               struct text *out, struct err *e)
{
    const struct diff_options full = options_complete(o);
    struct diff d;
    struct diff_answer answer = {.diff = &d};
    int rc = diff_open(&d, a, b, &full, e);
    if (rc == 0)
        rc = answer_make(&answer, e);
    if (rc == 0) {
        (json ? diff_print_json : diff_print)(&answer, out);
        rc = diff_answer_differs(&answer) ? 1 : 0;
    }
    answer_fini(&answer);
    diff_close(&d);
    return rc;
}
