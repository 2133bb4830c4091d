/*
 * Runs one case of the table: a step, then what must have changed is changed in a copy of the state, and copy
 * and guest must be alike, every register and every byte of memory.  What a step is not said to change it
 * must leave alone, and so a trap flag in a stack frame or a forgotten breakpoint byte shows.
 */
#include "table.h"

#include "base/bytes.h"
#include "kvm/probe.h"
#include "record.h"

#include <stdlib.h>
#include <string.h>

extern const uint64_t step_table[];
extern const char step_names[];
extern const uint8_t step_code[];

enum { STEPS_TO_END = 400, RF = F_RF };

/* How many words follow each tag. */
static const uint8_t table_args[] = {
    [T_CASE] = 3,  [T_END] = 1,  [T_NEED] = 1,   [T_NEED_USER] = 1, [T_INIT] = 2,   [T_IRQ] = 1,
    [T_STEP] = 1,  [T_REG] = 3,  [T_MEM] = 4,    [T_FRAME] = 5,     [T_VECTOR] = 1, [T_COUNT] = 1,
    [T_NO_GO] = 0, [T_ENDS] = 1, [T_RETURN] = 1, [T_ASLEEP] = 0,    [T_DEVICE] = 0,
};

const uint64_t *table_first(void)
{
    return step_table;
}

static const uint64_t *table_next(const uint64_t *w)
{
    return w + 1 + table_args[w[0]];
}

const uint64_t *table_case_read(const uint64_t *w, struct table_case *c)
{
    *c = (struct table_case){.name = step_names + w[1], .code = step_code + w[2], .modes = (unsigned)w[3]};
    c->words = w = table_next(w);
    while (w[0] != T_END)
        w = table_next(w);
    c->len = (size_t)w[1];
    w = table_next(w);
    return w[0] ? w : NULL;
}

/* A walk through a case. */
struct walk {
    unsigned mode;
    struct rig rig;
    struct rig_state now, wanted, got;
    uint64_t matters[REGS];    /* bits of each register that are compared after this step */
    uint64_t reg_before[REGS]; /* before the last T_FRAME: what an IRET brings back */
    struct run_pause pause;
    struct record record; /* of the same walk, as a trace */
    uint64_t count, step_number;
    int vector;
    bool asleep, device, no_go, refused;
    struct text *why;
};

static bool walk_says(struct walk *w, const char *what)
{
    text_addf(w->why, "    step %llu: %s\n", (unsigned long long)w->step_number, what);
    return false;
}

bool state_compare(const struct rig_state *wanted, const struct rig_state *got, const uint64_t matters[REGS],
                   struct text *why)
{
    unsigned shown = 0;
    for (unsigned r = 0; r < REGS; r++) {
        const uint64_t mask = matters ? matters[r] : UINT64_MAX;
        if (((wanted->reg[r] ^ got->reg[r]) & mask) && ++shown)
            text_addf(why, "      %s is 0x%llx, not 0x%llx\n", rig_reg_name(r),
                      (unsigned long long)got->reg[r], (unsigned long long)wanted->reg[r]);
    }
    for (size_t i = 0; memcmp(wanted->ram + i, got->ram + i, RAM_LEN - i) != 0 && shown < 12; i++) {
        while (wanted->ram[i] == got->ram[i])
            i++;
        shown++;
        text_addf(why, "      memory at 0x%zx is 0x%02x, not 0x%02x\n", i, got->ram[i], wanted->ram[i]);
    }
    return shown == 0;
}

static void want_mem(struct walk *w, uint64_t gpa, size_t n, uint64_t value, uint64_t mask)
{
    uint64_t real = le_load(w->got.ram + gpa, n);
    le_store(w->wanted.ram + gpa, (value & mask) | (real & ~mask), n);
}

/* What the CPU pushes and loads when it delivers an interrupt or exception. */
static void want_frame(struct walk *w, const uint64_t *a)
{
    uint64_t *r = w->wanted.reg;
    memcpy(w->reg_before, r, sizeof w->reg_before);
    const bool user = w->mode == MODE_USER32 || w->mode == MODE_USER64;
    const bool wide = w->mode == MODE_USER64 || w->mode == MODE_LONG64 || w->mode == MODE_COMPAT32;
    const size_t size = w->mode == MODE_REAL16 ? 2 : wide ? 8 : 4;
    uint64_t sp = user ? AT_STACK0 : wide ? r[R_RSP] & ~15ull : r[R_RSP];
    const uint64_t flags = a[3] == UINT64_MAX ? r[R_FLAGS] : a[3];
    const uint64_t words[] = {r[R_SS], r[R_RSP], flags, r[R_CS], a[1], a[2]};
    const size_t first = wide || user ? 0 : 2, last = a[2] == UINT64_MAX || w->mode == MODE_REAL16 ? 5 : 6;
    for (size_t i = first; i < last; i++)
        want_mem(w, sp -= size, size, words[i], i == 2 ? a[4] & ~(uint64_t)RF : UINT64_MAX);
    r[R_RSP] = sp;
    r[R_FLAGS] = flags & ~(uint64_t)(F_TF | F_IF | F_RF);
    w->matters[R_FLAGS] &= a[4];
    r[R_CS] = w->mode == MODE_REAL16 ? 0 : wide ? SEL_CS64 : SEL_CS32;
    if (user)
        r[R_SS] = wide ? 0 : SEL_DS;
}

static void want_return(struct walk *w)
{
    static const unsigned back[] = {R_RSP, R_FLAGS, R_CS, R_SS};
    for (size_t i = 0; i < sizeof back / sizeof back[0]; i++)
        w->wanted.reg[back[i]] = w->reg_before[back[i]];
}

/* Applies what follows a T_STEP or T_RETURN to w->wanted; returns what comes behind it. */
static const uint64_t *want_all(struct walk *w, const uint64_t *t)
{
    w->wanted.reg[R_RIP] = t[1];
    if (t[0] == T_RETURN)
        want_return(w);
    for (t = table_next(t); t[0] != T_STEP && t[0] != T_RETURN && t[0] != T_END; t = table_next(t)) {
        if (t[0] == T_REG) {
            w->wanted.reg[t[1]] = t[2];
            w->matters[t[1]] = t[3];
        } else if (t[0] == T_MEM) {
            want_mem(w, t[1], (size_t)t[2], t[3], t[4]);
        } else if (t[0] == T_FRAME) {
            want_frame(w, t + 1);
        }
        w->vector = t[0] == T_VECTOR ? (int)t[1] : w->vector;
        w->count = t[0] == T_COUNT ? t[1] : w->count;
        w->asleep |= t[0] == T_ASLEEP;
        w->device |= t[0] == T_DEVICE;
    }
    return t;
}

/* How many iterations the step listed at `t` has. */
static uint64_t want_count(const uint64_t *t)
{
    for (t = table_next(t); t[0] != T_STEP && t[0] != T_RETURN && t[0] != T_END; t = table_next(t))
        if (t[0] == T_COUNT)
            return t[1];
    return 0;
}

static bool one_step(struct walk *w)
{
    struct err e;
    w->step_number++;
    if (run_step(w->rig.run, &w->pause, &e) < 0 || rig_state_read(&w->rig, &w->got, &e) < 0)
        return walk_says(w, e.text);
    record_note(&w->record, &w->got, &w->pause);
    return true;
}

/* The steps of one REP instruction: each says how many iterations it did, and RCX must agree. */
static bool rep_steps(struct walk *w, uint64_t count)
{
    uint64_t done = 0, start = w->now.reg[R_RIP], rcx = w->now.reg[R_RCX];
    while (done < count) {
        if (!one_step(w))
            return false;
        if (w->pause.why == PAUSED_REFUSED)
            return true;
        done += w->pause.iterations;
        if (w->pause.why != PAUSED_STEP || !w->pause.iterations || done > count)
            return walk_says(w, "not a step, of no iteration, or of too many");
        if (w->got.reg[R_RCX] != rcx - done)
            return walk_says(w, "RCX does not tell the iterations of the pause");
        if (done < count && w->got.reg[R_RIP] != start)
            return walk_says(w, "RIP has moved on before the last iteration");
    }
    return true;
}

static bool pause_compare(struct walk *w)
{
    const struct run_pause *p = &w->pause;
    bool same = p->vector == w->vector && p->asleep == w->asleep && p->interrupt == w->device;
    if (p->why == PAUSED_STEP && same)
        return true;
    text_addf(w->why,
              "      the pause: why %d, vector %d (not %d), asleep %d (not %d), interrupt %d (not %d)\n",
              p->why, p->vector, w->vector, p->asleep, w->asleep, p->interrupt, w->device);
    return false;
}

/* A host that cannot step at CPL 3 must say so, leave the guest alone, and be able to run on. */
static bool refused_rightly(struct walk *w)
{
    struct run_pause pause = {.why = PAUSED_STEP};
    struct err e;
    struct text lines = {0};
    bool right = (w->got.reg[R_CS] & 3) == 3 && !need_works("step_cpl3") && w->pause.refusal[0] &&
                 state_compare(&w->now, &w->got, NULL, &lines);
    if (!right) {
        text_addf(w->why, "    step %llu was refused: %s\n%s", (unsigned long long)w->step_number,
                  w->pause.refusal, text_str(&lines));
    } else if (run_go(w->rig.run, &pause, &e) < 0 || pause.why != PAUSED_ENDED) {
        right = walk_says(w, "after a refusal the guest does not run on");
    } else {
        w->refused = true;
    }
    text_fini(&lines);
    return right;
}

static bool listed_step(struct walk *w, const uint64_t **t)
{
    const uint64_t count = want_count(*t);
    w->wanted = w->now;
    w->vector = RUN_NO_VECTOR;
    w->asleep = w->device = false;
    w->count = 0;
    memset(w->matters, 0xff, sizeof w->matters);
    w->matters[R_FLAGS] &= ~(uint64_t)RF;
    if (count ? !rep_steps(w, count) : !one_step(w))
        return false;
    if (w->pause.why == PAUSED_REFUSED)
        return refused_rightly(w);
    *t = want_all(w, *t);
    struct text lines = {0};
    bool same = state_compare(&w->wanted, &w->got, w->matters, &lines);
    if (!same || w->pause.why != PAUSED_STEP || w->pause.vector != w->vector)
        text_addf(w->why, "    step %llu, from 0x%llx:\n%s", (unsigned long long)w->step_number,
                  (unsigned long long)w->now.reg[R_RIP], text_str(&lines));
    text_fini(&lines);
    same &= pause_compare(w);
    w->now = w->got;
    return same;
}

static bool ended_well(const struct rig *g, struct text *why)
{
    const struct run_result *r = run_result(g->run);
    if (r->status == RUN_HALTED)
        return true;
    text_addf(why, "    stepped, it ends with %s at 0x%llx: %s\n", run_status_name(r->status),
              (unsigned long long)r->rip, r->reason);
    return false;
}

bool step_to_end(struct rig *g, unsigned limit, struct text *why)
{
    struct run_pause p = {.why = PAUSED_STEP};
    struct err e;
    while (limit-- && p.why == PAUSED_STEP && !run_has_ended(g->run))
        if (run_step(g->run, &p, &e) < 0) {
            text_addf(why, "    stepping to the end: %s\n", e.text);
            return false;
        }
    if (run_has_ended(g->run))
        return ended_well(g, why);
    text_addf(why, "    stepping to the end: pause %d %s\n", p.why, p.refusal);
    return false;
}

static void free_flags(uint64_t matters[REGS])
{
    memset(matters, 0xff, REGS * sizeof matters[0]);
    matters[R_FLAGS] &= ~(uint64_t)RF;
}

/* Runs `p` free to its end; false and *why when it does not halt. */
static bool free_run(const struct rig_program *p, struct rig_state *end, struct text *why)
{
    struct rig g;
    struct err e;
    struct run_pause pause = {.why = PAUSED_STEP};
    if (rig_open(&g, p, &e) != 0) {
        text_addf(why, "    to run free: %s\n", e.text);
        return false;
    }
    bool good = run_go(g.run, &pause, &e) == 0 && rig_state_read(&g, end, &e) == 0;
    if (!good)
        text_addf(why, "    running free: %s\n", e.text);
    else if (pause.why != PAUSED_ENDED || run_result(g.run)->status != RUN_HALTED)
        text_addf(why, "    running free: pause %d, status %s\n", pause.why,
                  run_status_name(run_result(g.run)->status));
    good = good && pause.why == PAUSED_ENDED && run_result(g.run)->status == RUN_HALTED;
    rig_close(&g);
    return good;
}

enum table_outcome compare_free(const struct rig_program *p, const struct rig_state *stepped,
                                struct text *why)
{
    struct rig_state *end = calloc(1, sizeof *end);
    struct text lines = {0};
    uint64_t matters[REGS];
    free_flags(matters);
    bool good = end && free_run(p, end, why);
    if (good && !state_compare(end, stepped, matters, &lines)) {
        text_addf(why, "    stepped to its end the program differs from itself running free:\n%s",
                  text_str(&lines));
        good = false;
    }
    text_fini(&lines);
    free(end);
    return good ? TABLE_PASSED : TABLE_FAILED;
}

/* Does running free end where the case says? A CPU that does something else altogether cannot be stepped
 * through it. */
static bool ends_there(const struct rig_program *p, uint64_t rip, struct walk *w)
{
    struct text lines = {0};
    bool there = free_run(p, &w->got, &lines) && w->got.reg[R_RIP] == rip;
    text_fini(&lines);
    if (!there)
        text_add(w->why, "this host's CPU does something else, also when it runs free");
    return there;
}

/* What stands before the first step; false and the reason: skipped. */
static bool case_prepare(const struct table_case *c, struct walk *w, struct rig_program *p)
{
    const bool user = w->mode == MODE_USER32 || w->mode == MODE_USER64;
    uint64_t ends = 0;
    rig_program_init(p, w->mode);
    p->code = c->code;
    p->len = c->len;
    for (const uint64_t *t = c->words; t[0] != T_END; t = table_next(t)) {
        if ((t[0] == T_NEED || (t[0] == T_NEED_USER && user)) && !need_works(step_names + t[1])) {
            text_addf(w->why, "this host cannot: %s", step_names + t[1]);
            return false;
        }
        if (t[0] == T_INIT)
            p->init[t[1]] = t[2];
        p->irq |= t[0] == T_IRQ;
        p->let_in |= t[0] == T_IRQ && t[1];
        w->no_go |= t[0] == T_NO_GO;
        ends = t[0] == T_ENDS ? t[1] : ends;
    }
    return !ends || ends_there(p, ends, w);
}

static bool case_walk(const struct table_case *c, struct walk *w)
{
    struct err e;
    const uint64_t *t = c->words;
    if (rig_state_read(&w->rig, &w->now, &e) < 0)
        return walk_says(w, e.text);
    record_begin(&w->record, &w->now);
    while (t[0] != T_STEP && t[0] != T_RETURN && t[0] != T_END)
        t = table_next(t);
    while (t[0] != T_END && !w->refused)
        if (!listed_step(w, &t))
            return false;
    return w->refused || step_to_end(&w->rig, STEPS_TO_END, w->why);
}

static enum table_outcome case_both(const struct table_case *c, struct walk *w)
{
    struct rig_program p;
    struct err e;
    if (!case_prepare(c, w, &p))
        return TABLE_SKIPPED;
    struct rig_program traced = p;
    traced.sink = &w->record.sink;
    const int rc = rig_open(&w->rig, &traced, &e);
    if (rc != 0) {
        text_addf(w->why, "%s", e.text);
        return rc > 0 ? TABLE_SKIPPED : TABLE_FAILED;
    }
    bool good = case_walk(c, w);
    if (good && rig_state_read(&w->rig, &w->got, &e) < 0)
        good = walk_says(w, e.text);
    rig_close(&w->rig);
    if (!good || !record_right(&w->record, w->why))
        return TABLE_FAILED;
    const enum table_outcome outcome = w->no_go ? TABLE_PASSED : compare_free(&p, &w->got, w->why);
    if (outcome != TABLE_PASSED || !w->refused)
        return outcome;
    text_add(w->why, "refused at CPL 3, left alone, and run on");
    return TABLE_SKIPPED;
}

enum table_outcome table_case_run(const struct table_case *c, unsigned mode, struct text *why)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return TABLE_FAILED;
    w->mode = mode;
    w->why = why;
    struct err e;
    enum table_outcome outcome = TABLE_FAILED;
    if (record_open(&w->record, &e) < 0)
        text_addf(why, "    %s\n", e.text);
    else
        outcome = case_both(c, w);
    record_close(&w->record);
    free(w);
    return outcome;
}
