/*
 * Programs made by a deterministic generator, a few hundred instructions each: stepped to their end they must
 * leave the same registers and memory as when they run free.  Nobody need know what they compute.
 *
 * A program is a list of pieces of a few bytes, each whole in itself (what is pushed is popped, a loop ends),
 * in which registers, offsets and constants are drawn anew each time.
 */
#include "table.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { PIECES = 120, CODE_MAX = 0xf00, STEPS_MAX = 4000 };

struct maker {
    uint8_t code[CODE_MAX + 64];
    size_t n;
    unsigned bits;
    uint32_t seed;
};

/* xorshift32 */
static uint32_t draw(struct maker *m, uint32_t below)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 17;
    m->seed ^= m->seed << 5;
    return m->seed % below;
}

/* RAX RCX RDX RBX RBP RSI RDI: not the stack pointer. */
static uint8_t draw_reg(struct maker *m)
{
    uint8_t r = (uint8_t)draw(m, 7);
    return r < 4 ? r : r + 1;
}

static void put(struct maker *m, uint8_t byte)
{
    m->code[m->n++] = byte;
}

static void put_word(struct maker *m, uint32_t value)
{
    const size_t n = m->bits == 16 ? 2 : 4;
    le_store(m->code + m->n, value, n);
    m->n += n;
}

/* ModRM for `reg` and memory at `address`. */
static void put_memory(struct maker *m, uint8_t reg, uint32_t address)
{
    put(m, (uint8_t)(reg << 3 | (m->bits == 16 ? 6 : m->bits == 32 ? 5 : 4)));
    if (m->bits == 64)
        put(m, 0x25);
    put_word(m, address);
}

static void piece_alu(struct maker *m)
{
    static const uint8_t ops[] = {0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39, 0x89, 0x85, 0x87};
    if (m->bits == 64 && draw(m, 2))
        put(m, 0x48);
    put(m, ops[draw(m, sizeof ops)]);
    const uint8_t from = draw_reg(m);
    put(m, (uint8_t)(0xc0 | from << 3 | draw_reg(m)));
}

static void piece_constant(struct maker *m)
{
    put(m, (uint8_t)(0xb8 + draw_reg(m)));
    put_word(m, m->seed);
}

static void piece_count_up(struct maker *m)
{
    put(m, 0xff);
    put(m, (uint8_t)((draw(m, 2) ? 0xc0 : 0xc8) | draw_reg(m)));
}

static void piece_memory(struct maker *m)
{
    static const uint8_t ops[] = {0x89, 0x8b, 0x01, 0x03, 0x31, 0x87};
    put(m, ops[draw(m, sizeof ops)]);
    const uint8_t reg = draw_reg(m);
    put_memory(m, reg, AT_DATA2 + draw(m, 256));
}

static void piece_mmio(struct maker *m)
{
    static const uint8_t ops[] = {0x89, 0x8b, 0x01, 0x03, 0x87, 0x88, 0x8a};
    if (m->bits == 16)
        put(m, 0x64); /* %fs is the VGA window */
    put(m, ops[draw(m, sizeof ops)]);
    const uint8_t reg = (uint8_t)draw(m, 4);
    put_memory(m, reg, (m->bits == 16 ? 0 : AT_VGA) + draw(m, 64));
}

static void piece_push_pop(struct maker *m)
{
    put(m, (uint8_t)(0x50 + draw_reg(m)));
    put(m, (uint8_t)(0x58 + draw_reg(m)));
}

static void piece_flags_seen(struct maker *m)
{
    put(m, 0x9c);
    put(m, (uint8_t)(0x58 + draw_reg(m)));
}

static void piece_flags_set(struct maker *m)
{
    put(m, 0x68);
    put_word(m, F_1 | (draw(m, 0x1000) & F_ARITHMETIC));
    put(m, 0x9d);
}

static void piece_call(struct maker *m)
{
    put(m, 0xe8);
    put_word(m, 0);
    put(m, (uint8_t)(0x58 + draw_reg(m)));
}

static void piece_jump(struct maker *m)
{
    put(m, (uint8_t)(0x70 + draw(m, 16)));
    put(m, 1);
    put(m, 0xf9); /* stc */
}

static void piece_loop(struct maker *m)
{
    const uint8_t code[] = {0x31, 0xc9, 0xb1, (uint8_t)(1 + draw(m, 4)), 0xff, 0xc0, 0xe2, 0xfc};
    memcpy(m->code + m->n, code, sizeof code);
    m->n += sizeof code;
}

static void piece_string(struct maker *m)
{
    static const uint8_t ops[] = {0xa4, 0xa5, 0xaa, 0xab, 0xa6, 0xae};
    put(m, 0xbe);
    put_word(m, AT_DATA + draw(m, 64));
    put(m, 0xbf);
    put_word(m, AT_DATA2 + draw(m, 64));
    put(m, 0xb9);
    put_word(m, draw(m, 9));
    put(m, draw(m, 2) ? 0xf3 : 0xf2);
    put(m, ops[draw(m, sizeof ops)]);
}

static void piece_shadow(struct maker *m)
{
    const uint8_t code[] = {0x8c, 0xd0, 0x8e, 0xd0}; /* mov %ss,%eax; mov %eax,%ss */
    memcpy(m->code + m->n, code, sizeof code);
    m->n += sizeof code;
}

static void piece_undefined(struct maker *m)
{
    put(m, 0x0f);
    put(m, 0x0b);
}

static void piece_sti(struct maker *m)
{
    put(m, 0xfb);
    if (draw(m, 2))
        piece_flags_seen(m);
    put(m, 0xfa);
}

static void piece_port(struct maker *m)
{
    const bool out = draw(m, 2);
    put(m, (uint8_t)((out ? 0xe6 : 0xe4) + draw(m, 2)));
    put(m, out ? 0x80 : 0xee);
}

static void piece_int(struct maker *m)
{
    put(m, 0xcd);
    put(m, VECTOR_RETURNS);
}

/* The guest steps itself for a while: its #DB handler returns at once. */
static void piece_trap_flag(struct maker *m)
{
    put(m, 0x68);
    put_word(m, F_1 | F_TF);
    put(m, 0x9d);
    for (unsigned n = draw(m, 3); n; n--)
        (draw(m, 2) ? piece_alu : piece_memory)(m);
    piece_push_pop(m);
    put(m, 0x68);
    put_word(m, F_1);
    put(m, 0x9d);
}

static void (*const pieces[])(struct maker *) = {
    piece_alu,
    piece_alu,
    piece_alu,
    piece_constant,
    piece_count_up,
    piece_memory,
    piece_memory,
    piece_mmio,
    piece_push_pop,
    piece_flags_seen,
    piece_flags_set,
    piece_call,
    piece_jump,
    piece_loop,
    piece_string,
    piece_shadow,
    piece_undefined,
    piece_trap_flag,
    /* of ring 0 alone: */
    piece_sti,
    piece_port,
    piece_int,
};

enum { PIECES_ALL = sizeof pieces / sizeof pieces[0], PIECES_USER = PIECES_ALL - 3 };

static void program_make(struct maker *m, struct rig_program *p, uint32_t seed)
{
    const bool user = p->mode == MODE_USER32 || p->mode == MODE_USER64;
    m->bits = p->mode == MODE_REAL16 ? 16 : p->mode == MODE_LONG64 || p->mode == MODE_USER64 ? 64 : 32;
    m->seed = seed * 2654435761u | 1;
    for (unsigned i = 0; i < PIECES && m->n < CODE_MAX; i++)
        pieces[draw(m, user ? PIECES_USER : PIECES_ALL)](m);
    put(m, 0xf4);
    p->code = m->code;
    p->len = m->n;
    p->handlers_return = true;
}

static enum table_outcome stepped_and_free(const struct rig_program *p, struct rig_state *s, struct text *why)
{
    struct rig g;
    struct err e;
    const int rc = rig_open(&g, p, &e);
    if (rc != 0) {
        text_add(why, e.text);
        return rc > 0 ? TABLE_SKIPPED : TABLE_FAILED;
    }
    bool good = step_to_end(&g, STEPS_MAX, why);
    if (good && rig_state_read(&g, s, &e) < 0) {
        text_add(why, e.text);
        good = false;
    }
    rig_close(&g);
    return good ? compare_free(p, s, why) : TABLE_FAILED;
}

enum table_outcome random_run(unsigned mode, uint32_t seed, struct text *why)
{
    struct maker *m = calloc(1, sizeof *m);
    struct rig_state *s = calloc(1, sizeof *s);
    struct rig_program p;
    enum table_outcome outcome = TABLE_FAILED;
    if (m && s) {
        rig_program_init(&p, mode);
        program_make(m, &p, seed);
        outcome = stepped_and_free(&p, s, why);
    }
    free(m);
    free(s);
    return outcome;
}
