/*
 * The packets that look at the standing guest and change it: registers, memory, breakpoints, and which vCPU
 * is meant.  Every number in them is the client's word: lengths are bounded by the packet, register numbers
 * by the table, and an address is only ever given to the operations, which check it.
 */
#include "debug/gdb_inside.h"

#include <string.h>

static int send_registers(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    bool fpu = s->ops->read_fpu != NULL;
    if (gdb_left(c) > 0)
        return GDB_E_SYNTAX;
    if (gdb_cpu_load(s, s->vcpu, GDB_REGS | GDB_SREGS | (fpu ? GDB_FPU : 0), &e) < 0)
        return GDB_E_REFUSED;
    const struct gdb_register *r;
    for (size_t i = 0; (r = gdb_register(i)); i++) {
        uint8_t bytes[GDB_REGISTER_BYTES_MAX];
        if ((gdb_register_parts(r) & GDB_FPU) && !fpu) {
            text_addf(out, "%.*s", (int)(2 * gdb_register_len(r)), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
            continue;
        }
        gdb_register_get(r, &s->cpu, bytes);
        gdb_add_hex(out, bytes, gdb_register_len(r));
    }
    return GDB_DONE;
}

static int store_registers(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    uint8_t bytes[GDB_REGISTERS_BYTES_MAX];
    size_t len = gdb_registers_len();
    unsigned changed = 0;
    bool fpu = s->ops->read_fpu != NULL;
    if (gdb_left(c) != 2 * len || !gdb_take_bytes(c, bytes, len))
        return GDB_E_SYNTAX;
    if (!fpu)
        memset(&s->cpu.fpu, 0, sizeof s->cpu.fpu);
    if (gdb_cpu_load(s, s->vcpu, GDB_REGS | GDB_SREGS | (fpu ? GDB_FPU : 0), &e) < 0 ||
        gdb_registers_set(&s->cpu, bytes, &changed, &e) < 0 || gdb_cpu_store(s, s->vcpu, changed, &e) < 0)
        return gdb_say_error(out, &e);
    return gdb_ok(out);
}

static int send_register(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    uint64_t number;
    uint8_t bytes[GDB_REGISTER_BYTES_MAX];
    if (!gdb_take_number(c, &number) || gdb_left(c) > 0)
        return GDB_E_SYNTAX;
    const struct gdb_register *r = gdb_register(number);
    if (!r)
        return GDB_E_NONE;
    if (gdb_cpu_load(s, s->vcpu, gdb_register_parts(r), &e) < 0)
        return GDB_E_REFUSED;
    gdb_register_get(r, &s->cpu, bytes);
    gdb_add_hex(out, bytes, gdb_register_len(r));
    return GDB_DONE;
}

static int store_register(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    uint64_t number;
    uint8_t bytes[GDB_REGISTER_BYTES_MAX];
    unsigned changed = 0;
    if (!gdb_take_number(c, &number) || !gdb_take_char(c, '='))
        return GDB_E_SYNTAX;
    const struct gdb_register *r = gdb_register(number);
    if (!r)
        return GDB_E_NONE;
    if (gdb_left(c) != 2 * gdb_register_len(r) || !gdb_take_bytes(c, bytes, gdb_register_len(r)))
        return GDB_E_SYNTAX;
    if (gdb_cpu_load(s, s->vcpu, GDB_REGS | GDB_SREGS | gdb_register_parts(r), &e) < 0 ||
        gdb_register_set(r, &s->cpu, bytes, &changed, &e) < 0 || gdb_cpu_store(s, s->vcpu, changed, &e) < 0)
        return gdb_say_error(out, &e);
    return gdb_ok(out);
}

/* `ADDR,LEN` */
static bool take_range(struct gdb_cursor *c, uint64_t *addr, uint64_t *len)
{
    return gdb_take_number(c, addr) && gdb_take_char(c, ',') && gdb_take_number(c, len);
}

/* Memory as bytes, by hex or binary digits. Less than was asked for is a good answer; nothing is none. */
static int send_memory(struct gdb_session *s, struct gdb_cursor *c, struct text *out,
                       void (*add)(struct text *, const void *, size_t))
{
    uint64_t addr, len;
    if (!take_range(c, &addr, &len) || gdb_left(c) > 0)
        return GDB_E_SYNTAX;
    if (len > GDB_PACKET_MAX / 2)
        len = GDB_PACKET_MAX / 2;
    size_t n = s->ops->read_memory(s->ctx, s->vcpu, addr, s->bytes, (size_t)len);
    if (n == 0 && len > 0)
        return GDB_E_MEMORY;
    add(out, s->bytes, n);
    return GDB_DONE;
}

static int send_memory_hex(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    return send_memory(s, c, out, gdb_add_hex);
}

/* As LLDB has it: `x0,0` asks whether there is such a packet. */
static int send_memory_binary(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    if (gdb_left(c) == 3 && gdb_take_word(c, "0,0"))
        return gdb_ok(out);
    return send_memory(s, c, out, gdb_add_binary);
}

static int store_bytes(struct gdb_session *s, uint64_t addr, const void *bytes, size_t n, struct text *out)
{
    struct err e;
    if (n > 0 && s->ops->write_memory(s->ctx, s->vcpu, addr, bytes, n, &e) < 0)
        return GDB_E_MEMORY;
    return gdb_ok(out);
}

static int store_memory_hex(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    uint64_t addr, len;
    if (!take_range(c, &addr, &len) || !gdb_take_char(c, ':') || len > sizeof s->bytes ||
        gdb_left(c) != 2 * len || !gdb_take_bytes(c, s->bytes, (size_t)len))
        return GDB_E_SYNTAX;
    return store_bytes(s, addr, s->bytes, (size_t)len, out);
}

static int store_memory_binary(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    uint64_t addr, len;
    if (!take_range(c, &addr, &len) || !gdb_take_char(c, ':') || gdb_left(c) != len)
        return GDB_E_SYNTAX;
    return store_bytes(s, addr, c->at, (size_t)len, out);
}

const struct gdb_break_set *gdb_break_at(const struct gdb_session *s, enum gdb_break from, enum gdb_break to,
                                         uint64_t addr)
{
    for (size_t i = 0; i < s->set_count; i++) {
        const struct gdb_break_set *b = &s->set[i];
        if (b->type >= from && b->type <= to && addr - b->addr < b->len)
            return b;
    }
    return NULL;
}

void gdb_breaks_clear(struct gdb_session *s)
{
    struct err e;
    for (size_t i = s->set_count; i-- > 0;) {
        int failed = s->ops->remove(s->ctx, s->set[i].type, s->set[i].addr, s->set[i].len, &e);
        (void)failed; /* nobody is there to be told */
    }
    s->set_count = 0;
}

/* `TYPE,ADDR,KIND`: for a breakpoint KIND is how long the patched instruction is, which is ours to choose
 * here; for a watchpoint the length. */
static int take_break(struct gdb_cursor *c, struct gdb_break_set *b)
{
    uint64_t type;
    if (!gdb_take_number(c, &type) || !gdb_take_char(c, ',') || !take_range(c, &b->addr, &b->len) ||
        gdb_left(c) > 0 || type >= GDB_BREAK_TYPES)
        return -1;
    b->type = (enum gdb_break)type;
    if (b->type <= GDB_BREAK_HARD)
        b->len = 1;
    return b->len > 0 && b->len <= GDB_WATCH_LEN_MAX ? 0 : -1;
}

static struct gdb_break_set *break_find(struct gdb_session *s, const struct gdb_break_set *b)
{
    for (size_t i = 0; i < s->set_count; i++)
        if (s->set[i].type == b->type && s->set[i].addr == b->addr && s->set[i].len == b->len)
            return &s->set[i];
    return NULL;
}

/* Both ways may be asked for twice: a client that saw no answer asks again. */
static int insert_break(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    struct gdb_break_set b;
    if (!s->ops->insert)
        return GDB_DONE;
    if (take_break(c, &b) < 0)
        return GDB_E_SYNTAX;
    if (break_find(s, &b))
        return gdb_ok(out);
    if (s->set_count == GDB_BREAKS_MAX || s->ops->insert(s->ctx, b.type, b.addr, b.len, &e) < 0)
        return GDB_E_REFUSED;
    s->set[s->set_count++] = b;
    return gdb_ok(out);
}

static int remove_break(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    struct gdb_break_set b;
    if (!s->ops->insert)
        return GDB_DONE;
    if (take_break(c, &b) < 0)
        return GDB_E_SYNTAX;
    struct gdb_break_set *there = break_find(s, &b);
    if (!there)
        return gdb_ok(out);
    *there = s->set[--s->set_count];
    return s->ops->remove(s->ctx, b.type, b.addr, b.len, &e) < 0 ? GDB_E_REFUSED : gdb_ok(out);
}

static int choose_thread(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    unsigned vcpu;
    bool all, for_run = gdb_take_char(c, 'c');
    if (!for_run && !gdb_take_char(c, 'g'))
        return GDB_E_SYNTAX;
    if (!gdb_take_thread(s, c, &vcpu, &all) || gdb_left(c) > 0)
        return GDB_E_NONE;
    if (for_run) {
        s->run_vcpu = vcpu;
        s->run_all = all;
    } else
        s->vcpu = vcpu;
    return gdb_ok(out);
}

static int thread_lives(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    unsigned vcpu;
    if (!gdb_take_thread(s, c, &vcpu, NULL) || gdb_left(c) > 0)
        return GDB_E_NONE;
    return gdb_ok(out);
}

const struct gdb_packet_row gdb_state_packets[] = {
    {"m", false, send_memory_hex},
    {"g", false, send_registers},
    {"p", false, send_register},
    {"P", false, store_register},
    {"G", false, store_registers},
    {"x", false, send_memory_binary},
    {"X", false, store_memory_binary},
    {"M", false, store_memory_hex},
    {"Z", false, insert_break},
    {"z", false, remove_break},
    {"H", false, choose_thread},
    {"T", false, thread_lives},
    {NULL, false, NULL},
};
