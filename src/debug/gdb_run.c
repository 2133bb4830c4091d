/*
 * The packets that let the guest run, and the answer that says how it came to stand.  That answer carries the
 * registers which gdb looks at after every step (general ones, rip, eflags, cs, ss), so that one step is one
 * packet there and one back.
 */
#include "debug/gdb_inside.h"

#include <stdio.h>
#include <string.h>

/* Signals as gdb numbers them; `ended` is sent when the guest shall go on and cannot. */
enum { SIGNAL_INT = 2, SIGNAL_TRAP = 5, SIGNAL_SEGV = 11, SIGNAL_STOP = 17 };
static const uint8_t signals[] = {
    [GDB_STOP_STOOD] = SIGNAL_TRAP, [GDB_STOP_BREAK] = SIGNAL_TRAP,   [GDB_STOP_WATCH] = SIGNAL_TRAP,
    [GDB_STOP_ASKED] = SIGNAL_INT,  [GDB_STOP_REFUSED] = SIGNAL_STOP, [GDB_STOP_EXITED] = 0,
    [GDB_STOP_DIED] = SIGNAL_SEGV,
};

/* gdb is only told of its own breakpoints: one that it does not know it would take for stale, and go on. */
static void add_reason(const struct gdb_session *s, struct text *out)
{
    static const char *const break_words[] = {"swbreak:;", "hwbreak:;"};
    static const char *const watch_words[] = {
        [GDB_WATCH_WRITE] = "watch", [GDB_WATCH_READ] = "rwatch", [GDB_WATCH_ACCESS] = "awatch"};
    const struct gdb_break_set *b = NULL;
    if (s->stop.why == GDB_STOP_BREAK) {
        b = gdb_break_at(s, GDB_BREAK_SOFT, GDB_BREAK_HARD, s->stop.addr);
        if (b && s->tells_breaks[b->type])
            text_add(out, break_words[b->type]);
    } else if (s->stop.why == GDB_STOP_WATCH) {
        b = gdb_break_at(s, GDB_WATCH_WRITE, GDB_WATCH_ACCESS, s->stop.addr);
        if (b) {
            text_add(out, watch_words[b->type]);
            text_addc(out, ':');
            gdb_add_number(out, s->stop.addr);
            text_addc(out, ';');
        }
    }
}

static void add_expedited(struct gdb_session *s, struct text *out)
{
    struct err e;
    if (gdb_cpu_load(s, s->vcpu, GDB_REGS | GDB_SREGS, &e) < 0)
        return;
    const struct gdb_register *r;
    for (size_t i = 0; (r = gdb_register(i)); i++) {
        uint8_t bytes[GDB_REGISTER_BYTES_MAX];
        if (!r->expedited)
            continue;
        gdb_register_get(r, &s->cpu, bytes);
        gdb_add_number(out, i);
        text_addc(out, ':');
        gdb_add_hex(out, bytes, gdb_register_len(r));
        text_addc(out, ';');
    }
}

/* How the guest stands. A dead guest stands too, and can be looked at, until the client wants it to go on. */
static int send_stop(struct gdb_session *s, struct text *out)
{
    if (s->stop.why == GDB_STOP_EXITED) {
        text_addf(out, "W%02x", s->stop.code);
        return GDB_DONE;
    }
    bool gone = s->stop.why == GDB_STOP_DIED && s->death_shown;
    text_addf(out, "%c%02x", gone ? 'X' : 'T', signals[s->stop.why]);
    if (gone)
        return GDB_DONE;
    s->vcpu = s->stop.vcpu;
    add_reason(s, out);
    text_add(out, "thread:");
    gdb_add_number(out, s->stop.vcpu + 1ull);
    text_addc(out, ';');
    add_expedited(s, out);
    return GDB_DONE;
}

static int last_stop(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)c;
    return send_stop(s, out);
}

static int run_guest(struct gdb_session *s, const struct gdb_resume *how, struct text *out)
{
    struct err e;
    if (s->stop.why >= GDB_STOP_EXITED) {
        s->death_shown = true;
        return send_stop(s, out);
    }
    s->stop = (struct gdb_stop){.vcpu = how->vcpu};
    if (s->ops->resume(s->ctx, how, &s->stop, &e) < 0) {
        s->stop = (struct gdb_stop){.why = GDB_STOP_DIED, .vcpu = how->vcpu};
        snprintf(s->stop.say, sizeof s->stop.say, "%.*s", (int)sizeof s->stop.say - 1, e.text);
    }
    if (s->stop.vcpu >= s->vcpus)
        s->stop.vcpu = 0;
    size_t len = strnlen(s->stop.say, sizeof s->stop.say);
    if (len > 0) {
        gdb_say(s, s->stop.say, len, out);
        gdb_say(s, "\n", 1, out);
    }
    return send_stop(s, out);
}

/* `c` and `s` with an address to go on from, which gdb itself never gives. */
static int run_from(struct gdb_session *s, struct gdb_cursor *c, bool step, struct text *out)
{
    struct err e;
    uint64_t addr;
    struct gdb_resume how = {step, s->run_all ? s->vcpu : s->run_vcpu};
    if (gdb_left(c) > 0) {
        if (!gdb_take_number(c, &addr) || gdb_left(c) > 0)
            return GDB_E_SYNTAX;
        if (gdb_cpu_load(s, how.vcpu, GDB_REGS | GDB_SREGS, &e) < 0 || gdb_rip_set(&s->cpu, addr, &e) < 0 ||
            gdb_cpu_store(s, how.vcpu, GDB_REGS, &e) < 0)
            return GDB_E_REFUSED;
    }
    return run_guest(s, &how, out);
}

static int run_on(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    return run_from(s, c, false, out);
}

static int run_step(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    return run_from(s, c, true, out);
}

/* A signal to deliver means nothing to a machine: it is left out. */
static int run_signalled(struct gdb_session *s, struct gdb_cursor *c, bool step, struct text *out)
{
    uint8_t signal;
    if (!gdb_take_bytes(c, &signal, 1) || (gdb_left(c) > 0 && !gdb_take_char(c, ';')))
        return GDB_E_SYNTAX;
    return run_from(s, c, step, out);
}

static int run_on_signalled(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    return run_signalled(s, c, false, out);
}

static int run_step_signalled(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    return run_signalled(s, c, true, out);
}

/* One action of vCont: `c`, `s`, `Csig`, `Ssig`, then `:THREAD` when it is for one vCPU. */
struct action {
    bool step, all;
    unsigned vcpu;
};

static int take_action(const struct gdb_session *s, struct gdb_cursor *c, struct action *a)
{
    uint8_t signal;
    *a = (struct action){.all = true};
    if (gdb_take_char(c, 'S') || gdb_take_char(c, 'C')) {
        a->step = c->at[-1] == 'S';
        if (!gdb_take_bytes(c, &signal, 1))
            return -1;
    } else if (gdb_take_char(c, 's'))
        a->step = true;
    else if (!gdb_take_char(c, 'c'))
        return -1;
    if (gdb_take_char(c, ':') && !gdb_take_thread(s, c, &a->vcpu, &a->all))
        return -1;
    return 0;
}

/* The leftmost action that names a vCPU is the one it gets. If any is to be stepped, that one is, alone: the
 * others stand meanwhile, as gdb's `scheduler-locking step` has it. */
static int run_each(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct gdb_cursor all = *c;
    struct gdb_resume how = {0};
    bool any = false;
    struct action a;
    do
        if (take_action(s, c, &a) < 0)
            return GDB_E_SYNTAX;
    while (gdb_take_char(c, ';'));
    if (gdb_left(c) > 0)
        return GDB_E_SYNTAX;
    for (unsigned vcpu = 0; vcpu < s->vcpus && !how.step; vcpu++) {
        struct gdb_cursor again = all;
        do {
            if (take_action(s, &again, &a) == 0 && (a.all || a.vcpu == vcpu)) {
                any = true;
                if (a.step)
                    how = (struct gdb_resume){true, vcpu};
                break;
            }
        } while (gdb_take_char(&again, ';'));
    }
    return any ? run_guest(s, &how, out) : GDB_E_SYNTAX;
}

static int run_actions(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    (void)c;
    text_add(out, "vCont;c;C;s;S");
    return GDB_DONE;
}

static int leave_running(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    if (gdb_left(c) > 0 && !gdb_take_char(c, ';')) /* behind it may stand which process */
        return GDB_E_SYNTAX;
    gdb_breaks_clear(s);
    s->over = true;
    s->ops->detach(s->ctx);
    return gdb_ok(out);
}

static int end_guest(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)c;
    gdb_breaks_clear(s);
    s->over = true;
    s->ops->kill(s->ctx);
    return gdb_ok(out);
}

static int end_guest_silently(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    end_guest(s, c, out);
    return GDB_SILENT;
}

const struct gdb_packet_row gdb_run_packets[] = {
    {"vCont;", false, run_each},
    {"c", false, run_on},
    {"s", false, run_step},
    {"C", false, run_on_signalled},
    {"S", false, run_step_signalled},
    {"?", true, last_stop},
    {"vCont?", true, run_actions},
    {"D", false, leave_running},
    {"k", true, end_guest_silently},
    {"vKill;", false, end_guest},
    {NULL, false, NULL},
};
