/*
 * Arming: see arm.h.
 */
#include "monitor/arm.h"

#include "vm/cpu.h"

#include <string.h>

enum { COST_WIDTH = 80 };

/* What a debugger without a run (in a test) cannot do at all. */
static bool arm_able(const struct debugger *d, enum run_ability what)
{
    return d->run && run_able(d->run, what);
}

static int slot_free(const struct arm_plan *p)
{
    for (int i = 0; i < RUN_SLOTS; i++)
        if (p->breaks.slot[i].kind == SLOT_FREE)
            return i;
    return -1;
}

static bool slot_take(struct arm_plan *p, unsigned number, enum run_slot_kind kind, uint64_t linear,
                      uint8_t len)
{
    int i = slot_free(p);
    if (i < 0)
        return false;
    p->breaks.slot[i].kind = kind;
    p->breaks.slot[i].linear = linear;
    p->breaks.slot[i].len = len;
    p->stop[i] = number;
    return true;
}

/* The largest naturally aligned piece at the start of [linear, linear + left). */
static uint8_t piece_len(const struct debugger *d, uint64_t linear, uint64_t left)
{
    uint8_t len = d->now.sregs.efer & EFER_LMA ? 8 : 4; /* eight-byte watchpoints exist in IA-32e mode only */
    while (len > left || (linear & (len - 1u)))
        len >>= 1;
    return len;
}

/* A watched range in debug registers; false when they are not enough. */
static bool watch_in_slots(struct debugger *d, const struct stop *x, struct arm_plan *p)
{
    if (!arm_able(d, ABLE_WATCH))
        return false;
    struct arm_plan trial = *p;
    enum run_slot_kind kind = x->what.direction == STOPS_OUT ? SLOT_WRITE : SLOT_ACCESS;
    for (uint64_t at = x->what.first, left = x->what.last - x->what.first + 1; left;) {
        uint8_t len = piece_len(d, at, left);
        if (!slot_take(&trial, x->number, kind, at, len))
            return false;
        at += len;
        left -= len;
    }
    *p = trial;
    return true;
}

/* Where a linear address leads; *user: user mode may execute there. False: nowhere. */
static bool break_place(const struct debugger *d, uint64_t linear, uint64_t *gpa, bool *user)
{
    struct gva_context c = target_context(&d->now);
    struct gva_walk w;
    gva_translate(d->now.memory, &c, linear, GVA_READ, &w);
    *gpa = w.gpa;
    *user = w.ok && (d->now.sregs.cr0 & CR0_PG) && w.user;
    return w.ok;
}

/* An INT3 at a linear or physical address. */
static bool break_in_patch(struct debugger *d, const struct stop *x, struct arm_plan *p)
{
    uint64_t gpa = x->what.first;
    if (x->what.hardware || p->breaks.patch_count == RUN_PATCHES_MAX || !arm_able(d, ABLE_PATCH) ||
        cpu_mode(&d->now.sregs) == MODE_REAL)
        return false;
    bool user = false;
    if (x->what.kind == STOPS_BREAK && !break_place(d, x->what.first, &gpa, &user))
        return false;
    if (user && !arm_able(d, ABLE_PATCH_USER)) /* the guest itself would get the INT3 */
        return false;
    if (!memory_ptr(d->now.memory, gpa, 1, true))
        return false;
    p->breaks.patch_gpa[p->breaks.patch_count++] = gpa;
    return true;
}

static bool paging_off(const struct debugger *d)
{
    return !(d->now.sregs.cr0 & CR0_PG);
}

/* Debug registers compare linear addresses: a physical one is the same only without paging. */
static bool break_in_slot(struct debugger *d, const struct stop *x, struct arm_plan *p)
{
    return (x->what.kind == STOPS_BREAK || paging_off(d)) && arm_able(d, ABLE_BREAK) &&
           slot_take(p, x->number, SLOT_EXECUTE, x->what.first, 1);
}

/* Adds one stop to the plan; false when only stepping will notice it. */
static bool plan_add(struct debugger *d, const struct stop *x, struct arm_plan *p)
{
    switch (x->what.kind) {
    case STOPS_BREAK:
    case STOPS_BREAK_PHYS:
        return break_in_slot(d, x, p) || break_in_patch(d, x, p);
    case STOPS_WATCH:
        return watch_in_slots(d, x, p);
    case STOPS_MSR:
    case STOPS_MODE:
    case STOPS_CR0:
    case STOPS_CR3:
    case STOPS_VECTOR:
        return false;
    default:
        return true; /* an event tells */
    }
}

/* Those that must have a debug register, then watches, which have nothing else that is as good, then the
 * rest. */
static unsigned precedence(const struct stop *x)
{
    return x->what.hardware ? 0 : x->what.kind == STOPS_WATCH ? 1 : 2;
}

/* Adds all stops by precedence. True when `asked` (NULL: none) will be noticed without stepping. */
static bool plan_all(struct debugger *d, struct arm_plan *plan, const struct stop *asked)
{
    const struct stop *x;
    bool noticed = true;
    memset(plan, 0, sizeof *plan);
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; (x = stops_row(d->stops, i)); i++) {
            if (precedence(x) != round || !x->enabled || x->spent)
                continue;
            bool in_plan = plan_add(d, x, plan);
            plan->any = true;
            plan->step |= !in_plan;
            plan->accesses |= !in_plan && x->what.kind == STOPS_WATCH;
            noticed &= in_plan || x != asked;
        }
    }
    return noticed;
}

void arm_plan(struct debugger *d, struct arm_plan *plan)
{
    (void)plan_all(d, plan, NULL);
}

static void cost_line(struct text *out, const char *words)
{
    text_pad(out, 2);
    text_add_wrapped(out, words, 2, COST_WIDTH);
    text_addc(out, '\n');
}

/* Hosts that can stop at CPL 0 alone. */
static void cost_user(struct debugger *d, const struct stop *stop, struct text *out)
{
    uint64_t gpa;
    bool user;
    if (stop->what.kind == STOPS_BREAK && break_place(d, stop->what.first, &gpa, &user) && user &&
        !arm_able(d, ABLE_BREAK_USER) && !arm_able(d, ABLE_STEP_USER))
        cost_line(out, "this host cannot stop a guest in user mode (CPL 3): there it will not be met");
}

void arm_cost(struct debugger *d, const struct stop *stop, struct text *out)
{
    static const char *const why[STOPS_KIND_COUNT] = {
        [STOPS_BREAK] = "this host has no breakpoint left for it",
        [STOPS_BREAK_PHYS] = "a physical address, and paging is on",
        [STOPS_WATCH] = "this host cannot watch it",
        [STOPS_MSR] = "KVM keeps most MSRs to itself",
        [STOPS_MODE] = "no exit tells of it",
        [STOPS_CR0] = "no exit tells of it",
        [STOPS_CR3] = "no exit tells of it",
        [STOPS_VECTOR] = "no exit tells of it",
    };
    struct arm_plan plan;
    bool noticed = plan_all(d, &plan, stop);
    cost_user(d, stop, out);
    if (noticed || !why[stop->what.kind])
        return;
    struct text words = {0};
    text_addf(&words, "%s: stepped, microseconds an instruction", why[stop->what.kind]);
    cost_line(out, text_str(&words));
    text_fini(&words);
}
