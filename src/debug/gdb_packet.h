/*
 * Packets of gdb's remote protocol: `$payload#cc`, where cc is the sum of the bytes between, modulo 256, in
 * hex.  Each packet is acknowledged by `+` or asked for again by `-` until both sides agree that the line is
 * reliable; a byte 03 outside of a packet is Ctrl-C; `}` in a payload means that the next byte was XORed with
 * 20h.  (The gdb manual, "Remote Protocol", "Overview", "Packet Acknowledgment", "Interrupts".)
 *
 * Here is only the framing and how numbers are written; what a packet asks for is gdb_server's business.
 * Simplified: notifications (`%…`) are not sent, replies are not run-length encoded.
 */
#ifndef RINGSIDE_DEBUG_GDB_PACKET_H
#define RINGSIDE_DEBUG_GDB_PACKET_H

#include "base/text.h"

/* The longest payload either side may send, before escapes are undone. */
enum { GDB_PACKET_MAX = 0x4000 };

/* What a stretch of received bytes completed. */
enum gdb_frame {
    GDB_FRAME_NONE,      /* nothing yet: more bytes are needed */
    GDB_FRAME_PACKET,    /* payload and len are good until the next call */
    GDB_FRAME_DAMAGED,   /* a packet whose checksum is wrong: to be asked for again */
    GDB_FRAME_TOO_LONG,  /* a packet over GDB_PACKET_MAX: its payload is lost */
    GDB_FRAME_INTERRUPT, /* the byte 03 */
    GDB_FRAME_ACK,       /* + */
    GDB_FRAME_NAK,       /* -: our last packet shall be sent again */
};

/* A receiver; all zeros is one that has received nothing. */
struct gdb_framer {
    unsigned state;
    bool too_long, cut;               /* cut: it ended behind an escape */
    uint8_t sum, high;                /* of what came; the checksum's first digit */
    size_t raw, len;                  /* bytes received, and bytes of payload after the escapes are undone */
    char payload[GDB_PACKET_MAX + 1]; /* NUL behind it */
};

/* Takes bytes until something is complete or all n are used; *used says how many were taken. Bytes that
 * belong to no packet are skipped. */
enum gdb_frame gdb_framer_feed(struct gdb_framer *f, const uint8_t *bytes, size_t n, size_t *used);

/* ---- sending: everything is appended to `out` ---- */

/* Opens a packet; what is appended from here is its payload. Returns its place for the other two. */
size_t gdb_packet_begin(struct text *out);
/* Forgets the payload written so far. */
void gdb_packet_restart(struct text *out, size_t at);
/* Closes it with its checksum. */
void gdb_packet_end(struct text *out, size_t at);

/* Bytes as pairs of hex digits; and as they are, with `#`, `$`, `*` and `}` escaped. */
void gdb_add_hex(struct text *out, const void *bytes, size_t n);
void gdb_add_binary(struct text *out, const void *bytes, size_t n);
/* A number in hex, most significant digit first, without leading zeros. */
void gdb_add_number(struct text *out, uint64_t v);

/* ---- reading a payload from left to right ---- */

struct gdb_cursor {
    const char *at, *end;
};

static inline size_t gdb_left(const struct gdb_cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* Each takes what it is asked for and says true, or takes nothing and says false. A number has 1 to 16 hex
 * digits; bytes are exactly n pairs of hex digits. */
bool gdb_take_char(struct gdb_cursor *c, char want);
bool gdb_take_word(struct gdb_cursor *c, const char *want);
bool gdb_take_number(struct gdb_cursor *c, uint64_t *v);
bool gdb_take_bytes(struct gdb_cursor *c, void *bytes, size_t n);

#endif
