/*
 * The questions a client asks about the other side: what it can do, what the registers and the memory are,
 * which threads there are, and the monitor's commands.
 */
#include "debug/gdb_inside.h"

#include <string.h>

/* The client lists what it knows, separated by `;`. */
static int tell_support(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    static const char *const words[] = {"swbreak+", "hwbreak+"};
    gdb_take_char(c, ':');
    while (gdb_left(c) > 0) {
        const char *end = memchr(c->at, ';', gdb_left(c));
        size_t len = end ? (size_t)(end - c->at) : gdb_left(c);
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (len == strlen(words[i]) && memcmp(c->at, words[i], len) == 0)
                s->tells_breaks[i] = true;
        c->at += len;
        gdb_take_char(c, ';');
    }
    text_addf(out, "PacketSize=%x;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;qXfer:features:read+%s",
              (unsigned)GDB_PACKET_MAX, s->memory ? ";qXfer:memory-map:read+" : "");
    return GDB_DONE;
}

/* `OFFSET,LENGTH` of a document: `m` and a piece, or `l` and the last one. */
static int send_piece(struct gdb_cursor *c, const struct text *document, struct text *out)
{
    uint64_t offset, len;
    if (!gdb_take_number(c, &offset) || !gdb_take_char(c, ',') || !gdb_take_number(c, &len) ||
        gdb_left(c) > 0 || offset > document->len || document->failed)
        return GDB_E_SYNTAX;
    uint64_t most = GDB_PACKET_MAX / 2 - 1, left = document->len - offset;
    if (len > most)
        len = most;
    text_addc(out, len < left ? 'm' : 'l');
    gdb_add_binary(out, text_str(document) + offset, (size_t)(len < left ? len : left));
    return GDB_DONE;
}

static int send_description(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    struct text xml = {0};
    if (!gdb_take_word(c, "target.xml:"))
        return GDB_E_NONE;
    gdb_target_xml(&xml);
    int result = send_piece(c, &xml, out);
    text_fini(&xml);
    return result;
}

static int send_map(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct text xml = {0};
    if (!s->memory)
        return GDB_DONE;
    gdb_memory_map(s->memory, &xml);
    int result = send_piece(c, &xml, out);
    text_fini(&xml);
    return result;
}

/* `monitor COMMAND`: what it prints goes ahead, so that its length has no limit. A failure is printed too:
 * gdb has no way to show what an error answer says here. */
static int run_monitor(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    struct text words = {0};
    size_t len = gdb_left(c) / 2;
    if (!s->ops->monitor)
        return GDB_DONE;
    if (gdb_left(c) % 2 || len >= sizeof s->bytes || !gdb_take_bytes(c, s->bytes, len) ||
        memchr(s->bytes, '\0', len))
        return GDB_E_SYNTAX;
    s->bytes[len] = '\0';
    if (s->ops->monitor(s->ctx, (const char *)s->bytes, &words, &e) < 0)
        text_addf(&words, "%s\n", e.text);
    gdb_say(s, text_str(&words), words.len, out);
    bool lost = words.failed;
    text_fini(&words);
    return lost ? GDB_E_REFUSED : gdb_ok(out);
}

static int tell_thread(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)c;
    text_addf(out, "QC%x", s->vcpu + 1);
    return GDB_DONE;
}

static int list_threads(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)c;
    for (unsigned vcpu = 0; vcpu < s->vcpus; vcpu++)
        text_addf(out, "%c%x", vcpu ? ',' : 'm', vcpu + 1);
    return GDB_DONE;
}

static int end_threads(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    (void)c;
    text_addc(out, 'l');
    return GDB_DONE;
}

/* What `info threads` shows behind the number. */
static int describe_thread(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    struct err e;
    unsigned vcpu;
    struct text words = {0};
    if (!gdb_take_thread(s, c, &vcpu, NULL) || gdb_left(c) > 0)
        return GDB_E_NONE;
    if (gdb_cpu_load(s, vcpu, GDB_REGS | GDB_SREGS, &e) < 0)
        return GDB_E_REFUSED;
    const struct kvm_sregs *sregs = &s->cpu.sregs;
    text_addf(&words, "vCPU %u, %s mode, CPL %u, %04x:%08llx", vcpu, cpu_mode_name(cpu_mode(sregs)),
              cpu_cpl(&s->cpu.regs, sregs), sregs->cs.selector, s->cpu.regs.rip);
    gdb_add_hex(out, text_str(&words), words.len);
    text_fini(&words);
    return GDB_DONE;
}

/* The guest was there before the client: quitting gdb detaches from it and does not end it. */
static int tell_attached(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    (void)c;
    text_addc(out, '1');
    return GDB_DONE;
}

static int tell_offsets(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    (void)c;
    text_add(out, "Text=0;Data=0;Bss=0");
    return GDB_DONE;
}

/* Agreed: no acknowledgments (their keeper reads it too), more symbols are not wanted, and the session
 * survives the guest's end. */
static int agree(struct gdb_session *s, struct gdb_cursor *c, struct text *out)
{
    (void)s;
    (void)c;
    return gdb_ok(out);
}

const struct gdb_packet_row gdb_query_packets[] = {
    {"qSupported", false, tell_support},
    {"qXfer:features:read:", false, send_description},
    {"qXfer:memory-map:read::", false, send_map},
    {"qRcmd,", false, run_monitor},
    {"qC", true, tell_thread},
    {"qfThreadInfo", true, list_threads},
    {"qsThreadInfo", true, end_threads},
    {"qThreadExtraInfo,", false, describe_thread},
    {"qAttached", false, tell_attached},
    {"qOffsets", true, tell_offsets},
    {"QStartNoAckMode", true, agree},
    {"qSymbol:", false, agree},
    {"!", true, agree},
    {NULL, false, NULL},
};
