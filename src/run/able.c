/*
 * What this host can do for a debugger.  Hosts differ in what KVM_SET_GUEST_DEBUG can promise: some lose the
 * trap flag at CPL 3, some have no debug registers for guests, some give INT3 to the guest.  Nothing is
 * concluded from a name: the host probe tries each with a guest of a few bytes, once, when it is first asked
 * for.
 */
#include "run/inside.h"

#include "kvm/probe.h"

/* All of a row's probes must work. */
static const struct {
    const char *probe[3];
} abilities[ABLE_COUNT] = {
    [ABLE_STEP_USER] = {{"step_cpl3"}},   [ABLE_BREAK] = {{"hwbp_cpl0"}},
    [ABLE_BREAK_USER] = {{"hwbp_cpl3"}},  [ABLE_WATCH] = {{"watch_cpl0"}},
    [ABLE_WATCH_USER] = {{"watch_cpl3"}}, [ABLE_PATCH] = {{"swbp_cpl0"}},
    [ABLE_PATCH_USER] = {{"swbp_cpl3"}},
};

static bool ability_probe(enum run_ability a)
{
    for (size_t i = 0; i < sizeof abilities[a].probe / sizeof abilities[a].probe[0]; i++) {
        struct probe_row row;
        const char *id = abilities[a].probe[i];
        if (id && !(probe_one(id, &row) && row.result == PROBE_WORKS))
            return false;
    }
    return true;
}

bool run_able(struct run *r, enum run_ability a)
{
    if (r->able[a] == 0)
        r->able[a] = ability_probe(a) ? 1 : -1;
    return r->able[a] > 0;
}
