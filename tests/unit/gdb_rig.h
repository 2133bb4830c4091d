/*
 * A gdb session on a made-up machine, and how a test talks to it.
 */
#ifndef RINGSIDE_TESTS_GDB_RIG_H
#define RINGSIDE_TESTS_GDB_RIG_H

#include "base/bytes.h"
#include "gdb_fake.h"
#include "unit.h"

struct rig {
    struct fake fake;
    struct gdb_session *session;
    struct text reply, payload;
    bool on; /* what gdb_handle returned last */
};

static inline void rig_open_ops(struct rig *r, enum cpu_mode mode, uint64_t entry, const struct gdb_ops *ops,
                                unsigned vcpus)
{
    struct err e;
    memset(r, 0, sizeof *r);
    CU_ASSERT_EQUAL_FATAL(fake_init(&r->fake, mode, entry), 0);
    r->session = gdb_session_create(ops, &r->fake, vcpus, &r->fake.memory, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->session);
}

static inline void rig_open(struct rig *r, enum cpu_mode mode, uint64_t entry)
{
    rig_open_ops(r, mode, entry, &fake_ops, 1);
}

static inline void rig_close(struct rig *r)
{
    gdb_session_destroy(r->session);
    text_fini(&r->reply);
    text_fini(&r->payload);
    fake_fini(&r->fake);
}

/* Asks n bytes; the payloads of the answer's packets, each on a line if there are several. */
static inline const char *ask_bytes(struct rig *r, const char *payload, size_t n)
{
    struct gdb_framer *f = calloc(1, sizeof *f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    text_clear(&r->reply);
    text_clear(&r->payload);
    r->on = gdb_handle(r->session, payload, n, &r->reply);
    for (size_t at = 0, used; at < r->reply.len; at += used) {
        enum gdb_frame frame =
            gdb_framer_feed(f, (const uint8_t *)r->reply.buf + at, r->reply.len - at, &used);
        CU_ASSERT_EQUAL_FATAL(frame, GDB_FRAME_PACKET);
        if (at > 0)
            text_addc(&r->payload, '\n');
        text_addn(&r->payload, f->payload, f->len);
    }
    free(f);
    return text_str(&r->payload);
}

static inline const char *ask(struct rig *r, const char *payload)
{
    return ask_bytes(r, payload, strlen(payload));
}

#define EXPECT(r, packet, answer)                                                                            \
    do {                                                                                                     \
        const char *got_ = ask(r, packet);                                                                   \
        CU_ASSERT_STRING_EQUAL(got_, answer);                                                                \
        if (strcmp(got_, answer) != 0)                                                                       \
            printf("\n%.60s: %.200s, expected %.200s\n", packet, got_, answer);                              \
    } while (0)

static inline bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* A register's number by its name. */
static inline size_t number_of(const char *name)
{
    const struct gdb_register *r;
    size_t i = 0;
    while ((r = gdb_register(i)) && strcmp(r->name, name) != 0)
        i++;
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return i;
}

/* `p` and `P` by name. */
static inline const char *register_read(struct rig *r, const char *name)
{
    char packet[32];
    snprintf(packet, sizeof packet, "p%zx", number_of(name));
    return ask(r, packet);
}

static inline const char *register_write(struct rig *r, const char *name, const char *hex)
{
    char packet[96];
    snprintf(packet, sizeof packet, "P%zx=%s", number_of(name), hex);
    return ask(r, packet);
}

/* Where in `g` a register stands. */
static inline size_t place_of(const char *name)
{
    size_t at = 0;
    for (size_t i = 0; i < number_of(name); i++)
        at += gdb_register_len(gdb_register(i));
    return at;
}

#endif
