/*
 * The backtrace: see memview.h.  A CALL leaves nothing but its return address on the stack.  Code built with
 * frame pointers also keeps a chain: each function saves the caller's RBP right under its own return address
 * and points RBP at it (Intel SDM, "Stack Operation", "ENTER"; the ABIs' prologue). Where that chain is
 * sound it is followed; where it is not, the stack is scanned for values that lie behind a CALL, and what
 * comes of that is called a guess: a stale return address looks exactly like a living one.
 *
 * A chain is believed while each RBP lies above the one before and each return address behind a CALL. In a
 * prologue or at a RET, where RBP is still or again the caller's, the innermost return address is taken from
 * the top of the stack. Simplified: far calls and interrupt frames are not unwound.
 */
#include "base/bytes.h"
#include "debug/memview.h"
#include "debug/symbols.h"
#include "vm/insn.h"

#include <string.h>

enum { SCAN_WORDS = 1024, CALL_LEN_MIN = 2, CALL_LEN_MAX = 10, FRAME_LEN_MAX = 1 << 20 };

struct walker {
    const struct target *t;
    unsigned width;
    uint64_t *at;   /* where each frame's code goes on; NULL: not wanted */
    uint64_t *slot; /* where on the stack its return address lies; NULL: not wanted */
    size_t n, most;
};

/* ---- places ---- */

static uint64_t code_linear(const struct target *t, uint64_t offset)
{
    uint64_t base = cpu_mode(&t->sregs) == MODE_LONG ? 0 : t->sregs.cs.base;
    return space_addr(t, SPACE_LINEAR, base + offset);
}

static uint64_t stack_base(const struct target *t)
{
    return cpu_mode(&t->sregs) == MODE_LONG ? 0 : t->sregs.ss.base;
}

static uint64_t stack_pointer(const struct target *t, uint64_t value)
{
    bool wide = cpu_mode(&t->sregs) == MODE_LONG;
    return wide ? value : value & (t->sregs.ss.db ? UINT32_MAX : 0xffff);
}

/* The word at an offset in the stack segment. */
static bool stack_word(const struct walker *w, uint64_t offset, uint64_t *value)
{
    uint8_t raw[8];
    uint64_t linear = space_addr(w->t, SPACE_LINEAR, stack_base(w->t) + offset);
    if (target_read(w->t, linear, raw, w->width, NULL) < w->width)
        return false;
    *value = le_load(raw, w->width);
    return true;
}

bool backtrace_behind_call(const struct target *t, uint64_t linear)
{
    uint8_t code[CALL_LEN_MAX];
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    unsigned n = CALL_LEN_MAX < linear ? CALL_LEN_MAX : (unsigned)linear;
    while (n >= CALL_LEN_MIN && target_read(t, linear - n, code, n, NULL) < n)
        n--; /* the page before may not be there */
    /* CALL is E8, 9A or FF: without one of them there is nothing to decode */
    if (n < CALL_LEN_MIN || !(memchr(code, 0xe8, n) || memchr(code, 0xff, n) || memchr(code, 0x9a, n)))
        return false;
    for (unsigned len = CALL_LEN_MIN; len <= n; len++)
        if (insn_decode(&t->sregs, code + n - len, len, &insn, op) && insn.length == len &&
            insn.meta.category == ZYDIS_CATEGORY_CALL)
            return true;
    return false;
}

static bool return_address(const struct walker *w, uint64_t offset, uint64_t *linear)
{
    uint64_t value;
    if (!stack_word(w, offset, &value))
        return false;
    *linear = code_linear(w->t, value);
    return backtrace_behind_call(w->t, *linear);
}

static void frame_add(struct walker *w, uint64_t linear, uint64_t offset)
{
    if (w->n == w->most)
        return;
    if (w->at)
        w->at[w->n] = linear;
    if (w->slot)
        w->slot[w->n] = space_addr(w->t, SPACE_LINEAR, stack_base(w->t) + offset);
    w->n++;
}

/* ---- frame pointers ---- */

/* Whether RBP is not yet, or no longer, this function's, and then how far above RSP the return address is. */
static bool outside_frame(const struct target *t, uint64_t *above)
{
    static const struct {
        uint8_t n, bytes[4];
        uint8_t words; /* on the stack before the return address */
        bool only64;
    } places[] = {
        {1, {0x55}, 0, false},                  /* push rbp */
        {4, {0xf3, 0x0f, 0x1e, 0xfa}, 0, true}, /* endbr64, before it */
        {3, {0x48, 0x89, 0xe5}, 1, true},       /* mov rbp, rsp */
        {2, {0x89, 0xe5}, 1, false},            /* mov ebp, esp */
        {1, {0xc3}, 0, false},                  /* ret */
    };
    uint8_t code[4];
    uint64_t rip = cpu_rip_linear(&t->regs, &t->sregs), offset = 0;
    size_t n = target_read(t, rip, code, sizeof code, NULL);
    const struct symbol *s = symbols_at(t->symbols, rip, &offset);
    *above = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (n >= places[i].n && memcmp(code, places[i].bytes, places[i].n) == 0 &&
            (!places[i].only64 || cpu_code_bits(&t->sregs) == 64)) {
            *above = places[i].words;
            return true;
        }
    return s && s->function && offset == 0;
}

static void follow_frames(struct walker *w)
{
    uint64_t sp = stack_pointer(w->t, w->t->regs.rsp), bp = stack_pointer(w->t, w->t->regs.rbp);
    uint64_t above, linear, next, low = sp;
    if (outside_frame(w->t, &above) && return_address(w, sp + above * w->width, &linear)) {
        frame_add(w, linear, sp + above * w->width);
        low = sp + (above + 1) * w->width;
    }
    while (w->n < w->most && bp >= low && bp - low < FRAME_LEN_MAX && stack_word(w, bp, &next) &&
           return_address(w, bp + w->width, &linear)) {
        frame_add(w, linear, bp + w->width);
        low = bp + 2 * w->width;
        bp = next;
    }
}

/* ---- guesses ---- */

static void scan_stack(struct walker *w)
{
    uint8_t stack[SCAN_WORDS * 8];
    uint64_t sp = stack_pointer(w->t, w->t->regs.rsp);
    uint64_t linear = space_addr(w->t, SPACE_LINEAR, stack_base(w->t) + sp);
    size_t n = target_read(w->t, linear, stack, (size_t)SCAN_WORDS * w->width, NULL) / w->width;
    for (size_t i = 0; i < n && w->n < w->most; i++) {
        uint64_t to = code_linear(w->t, le_load(stack + i * w->width, w->width));
        if (backtrace_behind_call(w->t, to))
            frame_add(w, to, sp + i * w->width);
    }
}

size_t backtrace_frames(const struct target *t, uint64_t *at, size_t most, bool *guess)
{
    struct walker w = {.t = t, .width = target_width(t), .at = at, .most = most};
    frame_add(&w, cpu_rip_linear(&t->regs, &t->sregs), 0);
    follow_frames(&w);
    *guess = w.n == 1 && most > 1;
    if (*guess)
        scan_stack(&w);
    return w.n;
}

size_t backtrace_slots(const struct target *t, uint64_t *slot, size_t most)
{
    struct walker w = {.t = t, .width = target_width(t), .slot = slot, .most = most};
    follow_frames(&w);
    return w.n;
}

/* ---- the listing ---- */

static void frame_write(const struct target *t, size_t i, uint64_t linear, bool guess, struct text *out)
{
    const char *file;
    unsigned line;
    uint64_t offset;
    text_addf(out, "#%-3zu ", i);
    /* a return address may be the next line's already, or the next function's */
    const struct symbol *s = i ? symbols_at(t->symbols, linear - 1, &offset) : NULL;
    if (s)
        text_addf(out, "0x%0*llx <%s+%llu>", cpu_mode(&t->sregs) >= MODE_COMPAT ? 16 : 8,
                  (unsigned long long)linear, s->name, (unsigned long long)offset + 1);
    else
        memview_address(t, SPACE_LINEAR, linear, out);
    if (symbols_line(t->symbols, i ? linear - 1 : linear, &file, &line))
        text_addf(out, "  %s:%u", file, line);
    text_addf(out, "%s\n", guess ? "  (guess)" : "");
}

void backtrace_write(const struct target *t, unsigned most, struct text *out)
{
    uint64_t at[BACKTRACE_FRAMES_MAX];
    bool guess;
    size_t n = backtrace_frames(t, at, most < BACKTRACE_FRAMES_MAX ? most : BACKTRACE_FRAMES_MAX, &guess);
    if (!guess)
        text_add(out, "by frame pointers:\n");
    else if (n > 1)
        text_add(out, "no chain of frame pointers: what lies on the stack and behind a CALL, guessed:\n");
    else
        text_add(out, "no chain of frame pointers, and nothing on the stack that lies behind a CALL:\n");
    for (size_t i = 0; i < n; i++)
        frame_write(t, i, at[i], guess && i > 0, out);
}
