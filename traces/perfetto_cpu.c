/*
 * A vCPU's tracks: the mode it is in (Intel SDM, "Modes of Operation"), its privilege level, and whose time
 * it is. KVM_RUN enters the guest; at an exit the host works, and then the guest goes on: guest_ns before an
 * event and host_ns behind it are the two.
 *
 * Simplified: an event tells the mode at its exit, so a change is placed where the host left the exit before
 * it. Times that overlap, which only a damaged or a merged trace has, are moved so that slices never cross.
 */
#include "traces/perfetto.h"

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static int vcpu_first(struct perfetto *p, unsigned vcpu, uint64_t start_ns, struct err *e)
{
    struct perfetto_vcpu *v = &p->vcpu[vcpu];
    unsigned process = PROCESS_VCPU + vcpu;
    char name[16];
    v->seen = true;
    v->left_ns = start_ns;
    snprintf(name, sizeof name, "vCPU %u", vcpu);
    bool failed = perfetto_name(p, process, 0, name, process, e) ||
                  perfetto_name(p, process, TRACK_MODE, "mode", TRACK_MODE, e) ||
                  perfetto_name(p, process, TRACK_CPL, "CPL", TRACK_CPL, e) ||
                  perfetto_name(p, process, TRACK_TIME, "guest and host", TRACK_TIME, e);
    return failed ? -1 : 0;
}

static int stay_end(struct perfetto *p, unsigned vcpu, unsigned track, struct perfetto_stay *s, uint64_t ns,
                    struct err *e)
{
    char cpl[] = {'C', 'P', 'L', ' ', (char)('0' + s->what % 4), '\0'};
    const char *name = track == TRACK_MODE ? cpu_mode_name((enum cpu_mode)s->what) : cpl;
    s->open = false;
    return perfetto_slice(p, PROCESS_VCPU + vcpu, track, name, s->since_ns, ns, e);
}

static int stay_see(struct perfetto *p, unsigned vcpu, unsigned track, struct perfetto_stay *s, unsigned what,
                    struct err *e)
{
    uint64_t ns = p->vcpu[vcpu].left_ns;
    if (s->open && s->what == what)
        return 0;
    int rc = s->open ? stay_end(p, vcpu, track, s, ns, e) : 0;
    *s = (struct perfetto_stay){ns, what, true};
    return rc;
}

int perfetto_cpu(struct perfetto *p, const struct event *ev, struct err *e)
{
    struct perfetto_vcpu *v = &p->vcpu[ev->vcpu];
    unsigned process = PROCESS_VCPU + ev->vcpu;
    uint64_t entered = ev->time_ns > ev->guest_ns ? ev->time_ns - ev->guest_ns : 0;
    if (!v->seen && vcpu_first(p, ev->vcpu, entered, e))
        return -1;
    if (!(ev->flags & EVENT_NO_CPU) && (stay_see(p, ev->vcpu, TRACK_MODE, &v->mode, event_mode(ev), e) ||
                                        stay_see(p, ev->vcpu, TRACK_CPL, &v->cpl, event_cpl(ev), e)))
        return -1;
    uint64_t from = later(entered, v->left_ns), at = later(ev->time_ns, from);
    uint64_t end = at > UINT64_MAX - ev->host_ns ? UINT64_MAX : at + ev->host_ns;
    v->left_ns = end;
    if (ev->guest_ns && perfetto_slice(p, process, TRACK_TIME, "guest", from, at, e))
        return -1;
    return perfetto_slice(p, process, TRACK_TIME, "host", at, end, e);
}

int perfetto_cpu_finish(struct perfetto *p, struct err *e)
{
    for (unsigned i = 0; i < PERFETTO_VCPUS; i++) {
        struct perfetto_vcpu *v = &p->vcpu[i];
        if (v->mode.open && stay_end(p, i, TRACK_MODE, &v->mode, v->left_ns, e))
            return -1;
        if (v->cpl.open && stay_end(p, i, TRACK_CPL, &v->cpl, v->left_ns, e))
            return -1;
    }
    return 0;
}
