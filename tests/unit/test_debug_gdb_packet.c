/*
 * The framing of gdb's packets: whole, cut anywhere, damaged, too long, and with garbage around them.
 */
#include "debug/gdb_packet.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a receiver makes of `bytes`, given to it `piece` at a time: a letter an event, packets as (payload).
 */
static void receive(const char *bytes, size_t n, size_t piece, struct text *out)
{
    static const char letters[] = {[GDB_FRAME_DAMAGED] = 'D',
                                   [GDB_FRAME_TOO_LONG] = 'L',
                                   [GDB_FRAME_INTERRUPT] = 'I',
                                   [GDB_FRAME_ACK] = '+',
                                   [GDB_FRAME_NAK] = '-'};
    struct gdb_framer *f = calloc(1, sizeof *f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    text_clear(out);
    for (size_t at = 0; at < n;) {
        size_t now = n - at < piece ? n - at : piece, used;
        enum gdb_frame frame = gdb_framer_feed(f, (const uint8_t *)bytes + at, now, &used);
        CU_ASSERT_FATAL(used > 0 && used <= now);
        at += used;
        if (frame == GDB_FRAME_PACKET) {
            CU_ASSERT_EQUAL(f->payload[f->len], '\0');
            text_addc(out, '(');
            text_addn(out, f->payload, f->len);
            text_addc(out, ')');
        } else if (frame != GDB_FRAME_NONE)
            text_addc(out, letters[frame]);
    }
    free(f);
}

static const struct {
    const char *bytes, *events;
} streams[] = {
    {"$#00", "()"},
    {"$?#3f", "(?)"},
    {"+$g#67+", "+(g)+"},
    {"$g#67$m0,4#fd", "(g)(m0,4)"},
    {"$m0,4#FD", "(m0,4)"},                 /* digits in either case */
    {"noise\r\n\xff\x80$g#67 more", "(g)"}, /* between packets */
    {"$g#66", "D"},
    {"$g#6x", "D"},
    {"$g#\x01\xff", "D"},
    {"$g#66$g#67", "D(g)"},
    {"\x03", "I"},
    {"$g#67\x03$?#3f", "(g)I(?)"},
    {"$a\x03#64", "(a\x03)"}, /* inside of a packet it is data */
    {"$a}\x03#e1", "(a#)"},   /* escapes; the sum is of what was sent */
    {"$}]}\x04#5b", "(}$)"},
    {"$}#7d", "D"},        /* an escape of nothing */
    {"$half$g#67", "(g)"}, /* a new beginning */
    {"$g#$g#67", "(g)"},
    {"$g#6$g#67", "(g)"},
    {"-+-", "-+-"},
    {"$unfinished", ""},
};

static void test_streams(void)
{
    struct text got = {0};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        for (size_t piece = 1; piece <= 16; piece++) {
            receive(streams[i].bytes, strlen(streams[i].bytes), piece, &got);
            if (strcmp(text_str(&got), streams[i].events) != 0)
                printf("\n%s: %s, expected %s\n", streams[i].bytes, text_str(&got), streams[i].events);
            CU_ASSERT_STRING_EQUAL(text_str(&got), streams[i].events);
        }
    text_fini(&got);
}

/* A packet of n letters; then one that is fine. */
static void receive_long(size_t n, struct text *got)
{
    struct text stream = {0};
    size_t at = gdb_packet_begin(&stream);
    for (size_t i = 0; i < n; i++)
        text_addc(&stream, (char)('a' + i % 26));
    gdb_packet_end(&stream, at);
    text_add(&stream, "$g#67");
    receive(stream.buf, stream.len, 1000, got);
    text_fini(&stream);
}

static void test_length(void)
{
    struct text got = {0};
    receive_long(GDB_PACKET_MAX, &got);
    CU_ASSERT_EQUAL(got.len, GDB_PACKET_MAX + 2 + strlen("(g)"));
    receive_long(GDB_PACKET_MAX + 1, &got);
    CU_ASSERT_STRING_EQUAL(text_str(&got), "L(g)");
    receive_long(5 * GDB_PACKET_MAX, &got);
    CU_ASSERT_STRING_EQUAL(text_str(&got), "L(g)");
    text_fini(&got);
}

/* Every byte value goes out escaped where it must be, and comes in again. */
static void test_binary(void)
{
    uint8_t bytes[512];
    struct text stream = {0}, got = {0};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    size_t at = gdb_packet_begin(&stream);
    gdb_add_binary(&stream, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(stream.len - at, sizeof bytes + 8); /* each of # $ * } is there twice */
    gdb_packet_end(&stream, at);
    CU_ASSERT_PTR_EQUAL(memchr(stream.buf + 1, '$', stream.len - 1), NULL);
    receive(stream.buf, stream.len, 5, &got);
    CU_ASSERT_EQUAL_FATAL(got.len, sizeof bytes + 2);
    CU_ASSERT_EQUAL(memcmp(got.buf + 1, bytes, sizeof bytes), 0);
    text_fini(&stream);
    text_fini(&got);
}

static void test_sending(void)
{
    static const uint8_t bytes[] = {0x00, 0x1f, 0xa5, 0xff};
    struct text out = {0};
    size_t at = gdb_packet_begin(&out);
    text_add(&out, "wrong");
    gdb_packet_restart(&out, at);
    gdb_add_hex(&out, bytes, sizeof bytes);
    gdb_add_number(&out, 0);
    gdb_add_number(&out, 0x1020);
    gdb_add_number(&out, UINT64_MAX);
    gdb_packet_end(&out, at);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "$001fa5ff01020ffffffffffffffff#ac");
    text_fini(&out);
}

static struct gdb_cursor cursor(const char *s)
{
    return (struct gdb_cursor){s, s + strlen(s)};
}

static void test_taking(void)
{
    uint64_t v;
    uint8_t bytes[4];
    struct gdb_cursor c = cursor("1fF,0:00a5Ffg");
    CU_ASSERT_TRUE(gdb_take_number(&c, &v) && v == 0x1ff);
    CU_ASSERT_FALSE(gdb_take_char(&c, ':'));
    CU_ASSERT_TRUE(gdb_take_char(&c, ','));
    CU_ASSERT_TRUE(gdb_take_number(&c, &v) && v == 0);
    CU_ASSERT_TRUE(gdb_take_word(&c, ":0"));
    CU_ASSERT_FALSE(gdb_take_word(&c, "0a5Ffgh"));
    CU_ASSERT_FALSE(gdb_take_bytes(&c, bytes, 4));
    c.at--;
    CU_ASSERT_TRUE(gdb_take_bytes(&c, bytes, 3) && bytes[0] == 0 && bytes[1] == 0xa5 && bytes[2] == 0xff);
    CU_ASSERT_FALSE(gdb_take_number(&c, &v));
    CU_ASSERT_EQUAL(gdb_left(&c), 1);
    c = cursor("ffffffffffffffff");
    CU_ASSERT_TRUE(gdb_take_number(&c, &v) && v == UINT64_MAX);
    c = cursor("0ffffffffffffffff");
    CU_ASSERT_FALSE(gdb_take_number(&c, &v));
    c = cursor("");
    CU_ASSERT_FALSE(gdb_take_number(&c, &v) || gdb_take_char(&c, 'a') || gdb_take_bytes(&c, bytes, 1));
    CU_ASSERT_TRUE(gdb_take_bytes(&c, bytes, 0));
}

static const struct unit_test tests[] = {
    {"streams of bytes", test_streams}, {"length", test_length}, {"binary", test_binary},
    {"sending", test_sending},          {"taking", test_taking},
};

UNIT_MAIN("gdb packets", tests)
