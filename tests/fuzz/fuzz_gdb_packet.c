/*
 * Fuzzer: bytes from a client's socket through the framing and the session into a made-up machine. The first
 * byte chooses the machine's mode. Besides the sanitizers' finds, an answer that is no well-formed packet is
 * a fault.
 */
#include "../unit/gdb_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_answer(const struct text *reply)
{
    struct gdb_framer *f = calloc(1, sizeof *f);
    for (size_t at = 0, used; f && at < reply->len; at += used)
        if (gdb_framer_feed(f, (const uint8_t *)reply->buf + at, reply->len - at, &used) != GDB_FRAME_PACKET)
            abort();
    free(f);
}

static void feed(struct gdb_session *s, const uint8_t *bytes, size_t n)
{
    struct text reply = {0};
    struct gdb_framer *f = calloc(1, sizeof *f);
    bool on = f != NULL;
    for (size_t at = 0, used; on && at < n; at += used) {
        if (gdb_framer_feed(f, bytes + at, n - at, &used) != GDB_FRAME_PACKET)
            continue;
        text_clear(&reply);
        gdb_lets_run(f->payload, f->len);
        on = gdb_handle(s, f->payload, f->len, &reply);
        check_answer(&reply);
    }
    free(f);
    text_fini(&reply);
}

/* The fuzzer does not compute checksums: each line is a payload as well. */
static void feed_lines(struct gdb_session *s, const uint8_t *bytes, size_t n)
{
    struct text reply = {0};
    const char *line = (const char *)bytes, *end = line + n;
    for (bool on = true; on && line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((newline ? newline : end) - line);
        text_clear(&reply);
        on = gdb_handle(s, line, len, &reply);
        check_answer(&reply);
        line += len + 1;
    }
    text_fini(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct fake fake;
    struct err e;
    if (n == 0)
        return 0;
    if (fake_init(&fake, bytes[0] & 1 ? MODE_REAL : MODE_LONG, 0x7c00) < 0)
        return 0;
    fake.steps_most = 64;
    fake.lines = 3;
    struct gdb_session *s = gdb_session_create(&fake_ops, &fake, 1 + (bytes[0] >> 1 & 1), &fake.memory, &e);
    if (s) {
        feed(s, bytes + 1, n - 1);
        feed_lines(s, bytes + 1, n - 1);
        gdb_handle(s, GDB_CLIENT_GONE, GDB_CONTROL_LEN, &(struct text){0});
    }
    gdb_session_destroy(s);
    fake_fini(&fake);
    return 0;
}
