/*
 * The bytes of an event: how few they are, and that they are those of docs/trace-format.md.
 */
#include "base/bytes.h"
#include "trace_make.h"
#include "traces/codec.h"

/* A promise of the project: at most 8 bytes an event for a guest that prints in a loop, both times included.
 */
static void test_size(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    uint64_t now = 0, coded, events;
    for (unsigned i = 0; i < 10000; i++) {
        struct event ev = make_console_event(i, &now);
        trace_put(w, &ev);
    }
    trace_size(w, &coded, &events);
    CU_ASSERT_EQUAL(events, 10000);
    CU_ASSERT(coded <= 8 * events);
    CU_ASSERT(coded >= 3 * events);
    make_close(w);
    unlink(f.path);
}

/* The example of docs/trace-format.md. */
static void test_documented_bytes(void)
{
    static const uint8_t bytes[] = {0xf4, 0x1f, 0xb0, 0xea, 0x01, 0x88, 0x0e, 0x60, 0xa0, 0xf0, 0x03,
                                    0xfa, 0x0f, 0x77, 0x02, 0x01, 0x05, 0x01, 0x01, 0x30, 0x01, 0xdd,
                                    0x0f, 0xcf, 0x28, 0x90, 0x03, 0x28, 0x0a, 0x09, 0x14, 0x00, 0x02};
    const struct event first = {.time_ns = 15000,
                                .rip = 0x7c10,
                                .addr = 0x3fd,
                                .value = 0x60,
                                .guest_ns = 15000,
                                .host_ns = 900,
                                .count = 1,
                                .kind = EVENT_IO,
                                .device = 1,
                                .reg = 5,
                                .dir = DIR_IN,
                                .size = 1,
                                .flags = EVENT_VALUE | EVENT_ADDR};
    struct event second = first, got;
    second.seq = 1;
    second.time_ns = 15000 + 900 + 12400;
    second.rip = 0x7c15;
    second.addr = 0x3f8;
    second.value = 0x48;
    second.guest_ns = 12400;
    second.host_ns = 1100;
    second.reg = 0;
    second.dir = DIR_OUT;
    struct codec *c = malloc(sizeof *c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    codec_reset(c, 0, 0);
    size_t used = codec_get(c, bytes, sizeof bytes, &got);
    CU_ASSERT_EQUAL_FATAL(used, 21);
    CU_ASSERT(memcmp(&got, &first, sizeof got) == 0);
    CU_ASSERT_EQUAL(codec_get(c, bytes + used, sizeof bytes - used, &got), sizeof bytes - used);
    CU_ASSERT(memcmp(&got, &second, sizeof got) == 0);
    for (size_t n = 0; n < used; n++) {
        codec_reset(c, 0, 0);
        CU_ASSERT_EQUAL(codec_get(c, bytes, n, &got), 0);
    }
    free(c);
    CU_ASSERT_EQUAL(crc32c(0, "123456789", 9), 0xe3069283);
}

static const struct unit_test tests[] = {
    {"bytes an event", test_size},
    {"the documented example", test_documented_bytes},
};
UNIT_MAIN("traces: event coding", tests)
