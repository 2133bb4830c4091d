/*
 * The gdb session: see gdb_server.h.  A packet is recognized by how it begins; the tables (state, run,
 * queries) name a handler for each beginning, and what is in no table gets the empty answer, which in this
 * protocol means "not supported" and makes the client fall back on something else.
 */
#include "debug/gdb_inside.h"

#include <stdlib.h>
#include <string.h>

struct gdb_session *gdb_session_create(const struct gdb_ops *ops, void *ctx, unsigned vcpus,
                                       const struct guest_memory *memory, struct err *e)
{
    struct gdb_session *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(e, "no memory for a gdb session");
        return NULL;
    }
    s->ops = ops;
    s->ctx = ctx;
    s->vcpus = vcpus;
    s->memory = memory;
    return s;
}

void gdb_session_destroy(struct gdb_session *s)
{
    free(s);
}

int gdb_ok(struct text *out)
{
    text_add(out, "OK");
    return GDB_DONE;
}

int gdb_say_error(struct text *out, const struct err *e)
{
    text_add(out, "E.");
    gdb_add_binary(out, e->text, strlen(e->text));
    return GDB_DONE;
}

void gdb_say(struct gdb_session *s, const char *words, size_t len, struct text *out)
{
    enum { PIECE = GDB_PACKET_MAX / 2 - 1 };
    while (len > 0) {
        size_t now = len < PIECE ? len : PIECE;
        text_addc(out, 'O');
        gdb_add_hex(out, words, now);
        gdb_packet_end(out, s->packet);
        s->packet = gdb_packet_begin(out);
        words += now;
        len -= now;
    }
}

bool gdb_take_thread(const struct gdb_session *s, struct gdb_cursor *c, unsigned *vcpu, bool *all)
{
    uint64_t id = 0;
    bool every = gdb_take_word(c, "-1");
    if (all)
        *all = every;
    *vcpu = 0;
    if (every)
        return true;
    if (!gdb_take_number(c, &id) || id > s->vcpus)
        return false;
    if (id > 0)
        *vcpu = (unsigned)(id - 1);
    return true;
}

int gdb_cpu_load(struct gdb_session *s, unsigned vcpu, unsigned parts, struct err *e)
{
    const struct gdb_ops *ops = s->ops;
    if ((parts & (GDB_REGS | GDB_SREGS)) && ops->read_cpu(s->ctx, vcpu, &s->cpu.regs, &s->cpu.sregs, e) < 0)
        return -1;
    if (!(parts & GDB_FPU))
        return 0;
    if (!ops->read_fpu)
        return err_set(e, "the FPU's registers are not known");
    return ops->read_fpu(s->ctx, vcpu, &s->cpu.fpu, e);
}

int gdb_cpu_store(struct gdb_session *s, unsigned vcpu, unsigned parts, struct err *e)
{
    const struct gdb_ops *ops = s->ops;
    const struct kvm_sregs *sregs = parts & GDB_SREGS ? &s->cpu.sregs : NULL;
    if ((parts & GDB_FPU) && !ops->write_fpu)
        return err_set(e, "the FPU's registers cannot be written");
    if ((parts & (GDB_REGS | GDB_SREGS)) && ops->write_cpu(s->ctx, vcpu, &s->cpu.regs, sregs, e) < 0)
        return -1;
    return parts & GDB_FPU ? ops->write_fpu(s->ctx, vcpu, &s->cpu.fpu, e) : 0;
}

/* A client's first words find a session as new, and the guest standing. */
static void client_came(struct gdb_session *s)
{
    gdb_breaks_clear(s);
    s->vcpu = s->run_vcpu = 0;
    s->run_all = s->over = s->death_shown = false;
    s->tells_breaks[0] = s->tells_breaks[1] = false;
    if (s->stop.why < GDB_STOP_EXITED)
        s->stop = (struct gdb_stop){0};
}

static void client_gone(struct gdb_session *s)
{
    if (!s->over)
        gdb_breaks_clear(s);
    s->over = true;
}

static bool handle_control(struct gdb_session *s, const char *payload, size_t len)
{
    if (len != GDB_CONTROL_LEN)
        return false;
    if (*payload == *GDB_CLIENT_CAME)
        client_came(s);
    else if (*payload == *GDB_CLIENT_GONE)
        client_gone(s);
    else
        return false;
    return true;
}

static const struct gdb_packet_row *row_find(struct gdb_cursor *c)
{
    static const struct gdb_packet_row *const tables[] = {gdb_run_packets, gdb_state_packets,
                                                          gdb_query_packets};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct gdb_packet_row *r = tables[i]; r->prefix; r++) {
            struct gdb_cursor rest = *c;
            if (gdb_take_word(&rest, r->prefix) && (!r->whole || gdb_left(&rest) == 0)) {
                *c = rest;
                return r;
            }
        }
    return NULL;
}

bool gdb_handle(struct gdb_session *s, const char *payload, size_t len, struct text *reply)
{
    if (handle_control(s, payload, len))
        return true;
    struct gdb_cursor c = {payload, payload + len};
    s->packet = gdb_packet_begin(reply);
    const struct gdb_packet_row *row = row_find(&c);
    int result = row ? row->run(s, &c, reply) : GDB_DONE;
    if (result == GDB_SILENT) {
        gdb_packet_restart(reply, s->packet - 1);
        return !s->over;
    }
    if (result > 0) {
        gdb_packet_restart(reply, s->packet);
        text_addf(reply, "E%02x", (unsigned)result);
    }
    gdb_packet_end(reply, s->packet);
    return !s->over;
}

bool gdb_lets_run(const char *payload, size_t len)
{
    static const char *const prefixes[] = {"c", "s", "C", "S", "vCont;", "qRcmd,"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        struct gdb_cursor c = {payload, payload + len};
        if (gdb_take_word(&c, prefixes[i]))
            return true;
    }
    return false;
}
