/*
 * Packets of gdb's remote protocol: see gdb_packet.h.  The receiver is a state machine fed with whatever the
 * socket gave: a packet may come in one piece, byte by byte, or never end.  A `$` inside a packet begins a
 * new one, since a payload holds it only escaped: so a receiver that lost its place finds it again.
 */
#include "debug/gdb_packet.h"

#include <string.h>

enum { INTERRUPT_BYTE = 0x03, ESCAPE_XOR = 0x20 };

enum state { STATE_BETWEEN, STATE_PAYLOAD, STATE_ESCAPED, STATE_SUM_HIGH, STATE_SUM_LOW };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void packet_start(struct gdb_framer *f)
{
    f->state = STATE_PAYLOAD;
    f->too_long = f->cut = false;
    f->sum = 0;
    f->raw = f->len = 0;
}

static enum gdb_frame take_between(struct gdb_framer *f, uint8_t byte)
{
    switch (byte) {
    case '$':
        packet_start(f);
        return GDB_FRAME_NONE;
    case '+':
        return GDB_FRAME_ACK;
    case '-':
        return GDB_FRAME_NAK;
    case INTERRUPT_BYTE:
        return GDB_FRAME_INTERRUPT;
    default:
        return GDB_FRAME_NONE;
    }
}

/* One byte between `$` and `#`. */
static enum gdb_frame take_payload(struct gdb_framer *f, uint8_t byte)
{
    if (byte == '$') {
        packet_start(f);
        return GDB_FRAME_NONE;
    }
    if (byte == '#') {
        f->cut = f->state == STATE_ESCAPED;
        f->state = STATE_SUM_HIGH;
        return GDB_FRAME_NONE;
    }
    f->sum = (uint8_t)(f->sum + byte);
    if (++f->raw > GDB_PACKET_MAX) {
        f->too_long = true;
        f->raw = GDB_PACKET_MAX; /* counts no further */
        return GDB_FRAME_NONE;
    }
    if (f->state == STATE_PAYLOAD && byte == '}') {
        f->state = STATE_ESCAPED;
        return GDB_FRAME_NONE;
    }
    f->payload[f->len++] = (char)(f->state == STATE_ESCAPED ? byte ^ ESCAPE_XOR : byte);
    f->state = STATE_PAYLOAD;
    return GDB_FRAME_NONE;
}

static enum gdb_frame take_sum_high(struct gdb_framer *f, uint8_t byte)
{
    if (byte == '$') {
        packet_start(f);
        return GDB_FRAME_NONE;
    }
    f->high = byte;
    f->state = STATE_SUM_LOW;
    return GDB_FRAME_NONE;
}

static enum gdb_frame take_sum_low(struct gdb_framer *f, uint8_t byte)
{
    if (byte == '$') {
        packet_start(f);
        return GDB_FRAME_NONE;
    }
    f->state = STATE_BETWEEN;
    f->payload[f->len] = '\0';
    int high = hex_digit((char)f->high), low = hex_digit((char)byte);
    if (f->too_long)
        return GDB_FRAME_TOO_LONG;
    bool good = !f->cut && high >= 0 && low >= 0 && (high << 4 | low) == f->sum;
    return good ? GDB_FRAME_PACKET : GDB_FRAME_DAMAGED;
}

enum gdb_frame gdb_framer_feed(struct gdb_framer *f, const uint8_t *bytes, size_t n, size_t *used)
{
    static enum gdb_frame (*const take[])(struct gdb_framer *, uint8_t) = {
        [STATE_BETWEEN] = take_between,   [STATE_PAYLOAD] = take_payload, [STATE_ESCAPED] = take_payload,
        [STATE_SUM_HIGH] = take_sum_high, [STATE_SUM_LOW] = take_sum_low,
    };
    for (*used = 0; *used < n;) {
        enum gdb_frame frame = take[f->state](f, bytes[(*used)++]);
        if (frame != GDB_FRAME_NONE)
            return frame;
    }
    return GDB_FRAME_NONE;
}

static const char digits[] = "0123456789abcdef";

size_t gdb_packet_begin(struct text *out)
{
    text_addc(out, '$');
    return out->len;
}

void gdb_packet_restart(struct text *out, size_t at)
{
    if (out->failed)
        return;
    out->len = at;
    out->buf[at] = '\0';
}

void gdb_packet_end(struct text *out, size_t at)
{
    if (out->failed)
        return;
    uint8_t sum = 0;
    for (size_t i = at; i < out->len; i++)
        sum = (uint8_t)(sum + (uint8_t)out->buf[i]);
    char tail[3] = {'#', digits[sum >> 4], digits[sum & 0xf]};
    text_addn(out, tail, sizeof tail);
}

void gdb_add_hex(struct text *out, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    char piece[64];
    while (n > 0) {
        size_t now = n < sizeof piece / 2 ? n : sizeof piece / 2;
        for (size_t i = 0; i < now; i++) {
            piece[2 * i] = digits[p[i] >> 4];
            piece[2 * i + 1] = digits[p[i] & 0xf];
        }
        text_addn(out, piece, 2 * now);
        p += now;
        n -= now;
    }
}

void gdb_add_binary(struct text *out, const void *bytes, size_t n)
{
    const char *p = bytes;
    for (size_t i = 0; i < n; i++) {
        bool special = p[i] == '#' || p[i] == '$' || p[i] == '*' || p[i] == '}';
        if (special)
            text_addc(out, '}');
        text_addc(out, special ? (char)(p[i] ^ ESCAPE_XOR) : p[i]);
    }
}

void gdb_add_number(struct text *out, uint64_t v)
{
    char number[16];
    size_t n = 0;
    do {
        number[sizeof number - ++n] = digits[v & 0xf];
        v >>= 4;
    } while (v);
    text_addn(out, number + sizeof number - n, n);
}

bool gdb_take_char(struct gdb_cursor *c, char want)
{
    if (c->at == c->end || *c->at != want)
        return false;
    c->at++;
    return true;
}

bool gdb_take_word(struct gdb_cursor *c, const char *want)
{
    size_t len = strlen(want);
    if (gdb_left(c) < len || memcmp(c->at, want, len) != 0)
        return false;
    c->at += len;
    return true;
}

bool gdb_take_number(struct gdb_cursor *c, uint64_t *v)
{
    size_t n = 0;
    *v = 0;
    while (n < gdb_left(c) && hex_digit(c->at[n]) >= 0) {
        if (n == 16)
            return false;
        *v = *v << 4 | (uint64_t)hex_digit(c->at[n++]);
    }
    c->at += n;
    return n > 0;
}

bool gdb_take_bytes(struct gdb_cursor *c, void *bytes, size_t n)
{
    uint8_t *p = bytes;
    if (gdb_left(c) / 2 < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(c->at[2 * i]), low = hex_digit(c->at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        p[i] = (uint8_t)(high << 4 | low);
    }
    c->at += 2 * n;
    return true;
}
