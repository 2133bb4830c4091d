/*
 * The keyboard: see kbd.h.  Most commands are answered with 0xfa (acknowledge), those it does not know with
 * 0xfe (resend).  A command may have a parameter, which is acknowledged too.
 *
 * Simplified: everything happens at once, where a real keyboard takes a millisecond a byte and half a second
 * for its self test; keys do not repeat; scan code set 3 is not built (asking for it gives 0xfe); the lights
 * and the repeat rate are kept, that is all.
 *
 * Manual: IBM PS/2 Keyboard Technical Reference, section "Commands from the System".
 */
#include "device/kbd.h"

#include "device/kbd_codes.h"

#include <stddef.h>
#include <string.h>

enum {
    REPLY_ACK = 0xfa,
    REPLY_RESEND = 0xfe,
    REPLY_ECHO = 0xee,
    REPLY_SELF_TEST_OK = 0xaa,
    COMMAND_FIRST = 0xed,
    STROKE_MAX = 6, /* hold, make, break (2 bytes), let go (2 bytes) */
    RATE_DEFAULT = 0x2b,
};

bool kbd_queue_put(struct kbd_queue *q, uint8_t byte)
{
    if (q->count == KBD_QUEUE_LEN)
        return false;
    q->bytes[(q->head + q->count++) % KBD_QUEUE_LEN] = byte;
    return true;
}

int kbd_queue_take(struct kbd_queue *q)
{
    if (!q->count)
        return -1;
    uint8_t byte = q->bytes[q->head];
    q->head = (uint8_t)((q->head + 1) % KBD_QUEUE_LEN);
    q->count--;
    return byte;
}

void kbd_queue_fields(struct state *s, struct kbd_queue *q)
{
    state_bytes(s, q->bytes, KBD_QUEUE_LEN);
    state_max(s, &q->head, KBD_QUEUE_LEN - 1);
    state_max(s, &q->count, KBD_QUEUE_LEN);
}

/* A reply that nobody has room for is lost, like a byte on a real cable that nobody reads. */
static void kbd_reply(struct kbd *k, uint8_t byte)
{
    (void)kbd_queue_put(&k->replies, byte);
}

static void kbd_defaults(struct kbd *k)
{
    k->set = 2;
    k->leds = 0;
    k->rate = RATE_DEFAULT;
    k->keys = (struct kbd_queue){0};
}

void kbd_init(struct kbd *k)
{
    *k = (struct kbd){.scanning = true};
    kbd_defaults(k);
}

/* Commands. Each function runs after the acknowledgement; `p` is the parameter, when there is one. */

static void command_leds(struct kbd *k, uint8_t p)
{
    k->leds = p;
}

static void command_set(struct kbd *k, uint8_t p)
{
    if (p)
        k->set = p;
    else
        kbd_reply(k, k->set);
}

static void command_identify(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_reply(k, 0xab);
    kbd_reply(k, 0x83);
}

static void command_rate(struct kbd *k, uint8_t p)
{
    k->rate = p;
}

static void command_enable(struct kbd *k, uint8_t p)
{
    (void)p;
    k->keys = (struct kbd_queue){0};
    k->scanning = true;
}

static void command_disable(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_defaults(k);
    k->scanning = false;
}

static void command_defaults(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_defaults(k);
}

static void command_reset(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_init(k);
    kbd_reply(k, REPLY_ACK);
    kbd_reply(k, REPLY_SELF_TEST_OK);
}

static void command_echo(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_reply(k, REPLY_ECHO);
}

static void command_resend(struct kbd *k, uint8_t p)
{
    (void)p;
    kbd_reply(k, k->last_sent);
}

/* `silent`: its answer is not an acknowledgement. `limit` is 1 + the largest parameter, 0 for none. */
static const struct kbd_order {
    uint8_t code, limit;
    bool silent;
    void (*run)(struct kbd *k, uint8_t p);
} kbd_orders[] = {
    {0xed, 0x10, false, command_leds},  {0xee, 0, true, command_echo},      {0xf0, 3, false, command_set},
    {0xf2, 0, false, command_identify}, {0xf3, 0x80, false, command_rate},  {0xf4, 0, false, command_enable},
    {0xf5, 0, false, command_disable},  {0xf6, 0, false, command_defaults}, {0xfe, 0, true, command_resend},
    {0xff, 0, true, command_reset},
};

static const struct kbd_order *order_find(uint8_t code)
{
    for (size_t i = 0; i < sizeof(kbd_orders) / sizeof(kbd_orders[0]); i++)
        if (kbd_orders[i].code == code)
            return &kbd_orders[i];
    return NULL;
}

static void kbd_parameter(struct kbd *k, const struct kbd_order *order, uint8_t p)
{
    if (p >= order->limit) {
        kbd_reply(k, REPLY_RESEND);
        return;
    }
    kbd_reply(k, REPLY_ACK);
    order->run(k, p);
}

void kbd_command(struct kbd *k, uint8_t byte)
{
    const struct kbd_order *waiting = k->command ? order_find(k->command) : NULL;
    k->command = 0;
    /* A command where a parameter was due is obeyed instead of the one that waited. */
    if (waiting && byte < COMMAND_FIRST) {
        kbd_parameter(k, waiting, byte);
        return;
    }
    const struct kbd_order *order = order_find(byte);
    if (!order) {
        kbd_reply(k, REPLY_RESEND);
        return;
    }
    if (!order->silent)
        kbd_reply(k, REPLY_ACK);
    if (order->limit)
        k->command = order->code;
    else
        order->run(k, 0);
}

int kbd_take(struct kbd *k)
{
    int byte = kbd_queue_take(k->replies.count ? &k->replies : &k->keys);
    if (byte >= 0)
        k->last_sent = (uint8_t)byte;
    return byte;
}

bool kbd_ready(const struct kbd *k)
{
    return k->scanning && k->keys.count + STROKE_MAX <= KBD_QUEUE_LEN;
}

/* One key going down or up, in the chosen set. The room was checked before. */
static void kbd_move(struct kbd *k, uint8_t code, bool down)
{
    if (k->set == 1) {
        (void)kbd_queue_put(&k->keys, (uint8_t)(kbd_set1(code) | (down ? 0 : 0x80)));
        return;
    }
    if (!down)
        (void)kbd_queue_put(&k->keys, KBD_BREAK);
    (void)kbd_queue_put(&k->keys, code);
}

bool kbd_type(struct kbd *k, uint8_t ascii)
{
    struct kbd_stroke stroke = kbd_stroke(ascii);
    if (!stroke.code || !kbd_ready(k))
        return false;
    if (stroke.held)
        kbd_move(k, stroke.held, true);
    kbd_move(k, stroke.code, true);
    kbd_move(k, stroke.code, false);
    if (stroke.held)
        kbd_move(k, stroke.held, false);
    return true;
}

void kbd_describe(const struct kbd *k, struct text *out)
{
    text_addf(out, "KBD      scan code set %u, %s, %u replies and %u key bytes waiting", k->set,
              k->scanning ? "scanning" : "not scanning", k->replies.count, k->keys.count);
    text_addf(out, ", lights %x, rate %02x", k->leds, k->rate);
    if (k->command)
        text_addf(out, ", parameter of %02x due", k->command);
    text_addc(out, '\n');
}

void kbd_fields(struct state *s, struct kbd *k)
{
    state_u8(s, &k->set);
    state_u8(s, &k->leds);
    state_u8(s, &k->rate);
    state_u8(s, &k->command);
    state_u8(s, &k->last_sent);
    state_bool(s, &k->scanning);
    kbd_queue_fields(s, &k->replies);
    kbd_queue_fields(s, &k->keys);
    const struct kbd_order *order = order_find(k->command);
    state_require(s, k->command == 0 || (order && order->limit));
    state_require(s, (k->set == 1 || k->set == 2) && k->leds < 0x10 && k->rate < 0x80);
}
