/*
 * Fuzzing expressions and what reads the same line with them: the first byte chooses the target (mode, with
 * or without an event), the rest is what somebody typed. Whatever it is: a value or one line of error, the
 * same each time; an assignment that is taken leaves a state that the CPU would accept.
 */
#include "fuzz.h"

#include "debug/expr.h"
#include "debug/memview.h"
#include "debug_rig.h"
#include "vm/cpu_check.h"

enum { WITH_EVENT = 4, WITHOUT_SYMBOLS = 8, WITHOUT_OPS = 16 };

static void error_check(const struct err *e)
{
    FUZZ_ASSERT(e->text[0] && !strchr(e->text, '\n') && !strchr(e->text, '\x1b'));
}

static void views_check(struct rig *r, const char *text, uint64_t addr)
{
    struct memview_format f = {.format = 'x'};
    struct find_pattern p;
    struct text out = {0};
    uint64_t next, frames[BACKTRACE_FRAMES_MAX];
    bool guess;
    if (memview_parse_format(text, &f, &(size_t){0}, &r->e) < 0) {
        error_check(&r->e);
        f = (struct memview_format){1, 'x', 4};
    }
    if (f.count > 300)
        f.count = 300;
    memview_dump(&r->target, SPACE_LINEAR, addr, &f, &next, &out);
    memview_dump(&r->target, SPACE_PHYSICAL, addr, &f, &next, &out);
    if (find_parse(text, &r->target, &p, &r->e) == 0)
        memview_find(&r->target, SPACE_LINEAR, addr, 0x4000, &p, 16, NULL, &out);
    else
        error_check(&r->e);
    telescope_write(&r->target, addr, 8, &out);
    r->target.regs.rsp = addr;
    r->target.regs.rbp = addr + 16;
    FUZZ_ASSERT(backtrace_frames(&r->target, frames, 8, &guess) <= 8);
    text_fini(&out);
}

static void assign_check(struct rig *r, const struct expr *x, uint64_t value)
{
    struct target before = r->target;
    if (expr_assign(x, &r->target, value, &r->e) < 0) {
        error_check(&r->e);
        FUZZ_ASSERT(memcmp(&before.regs, &r->target.regs, sizeof before.regs) == 0 &&
                    memcmp(&before.sregs, &r->target.sregs, sizeof before.sregs) == 0);
        return;
    }
    FUZZ_ASSERT(cpu_check(&r->target.regs, &r->target.sregs, &r->e) == 0);
}

/* What was taken must be an expression by itself, with the same end. */
static void prefix_check(struct rig *r, const char *text, size_t used, int done, uint64_t value)
{
    char *prefix = strndup(text, used);
    uint64_t again = 0;
    FUZZ_ASSERT(prefix && used && used <= strlen(text));
    FUZZ_ASSERT(expr_eval(prefix, &r->target, &again, &r->e) == done && (done < 0 || again == value));
    free(prefix);
}

static void line_check(struct rig *r, const char *text)
{
    size_t used = 0;
    uint64_t value = 0;
    struct expr *x = expr_parse(text, &r->target, &used, &r->e);
    if (!x) {
        error_check(&r->e);
        views_check(r, text, 0x2000);
        return;
    }
    int done = expr_value(x, &r->target, &value, &r->e);
    if (done < 0)
        error_check(&r->e);
    prefix_check(r, text, used, done, value);
    unsigned width = expr_width(x, &r->target);
    FUZZ_ASSERT(width == 1 || width == 2 || width == 4 || width == 8);
    FUZZ_ASSERT(done == 0 || !r->target.event || !expr_needs_event(x) || r->e.text[0]);
    assign_check(r, x, value ^ 1);
    assign_check(r, x, strlen(text) * 0x0101010101010101);
    expr_free(x);
    views_check(r, text + used, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG, MODE_LONG};
    static const struct event event = {.seq = 7,
                                       .kind = EVENT_IO,
                                       .addr = 0x3f8,
                                       .value = 'H',
                                       .count = 1,
                                       .device = 1,
                                       .size = 1,
                                       .dir = DIR_OUT,
                                       .flags = EVENT_ADDR | EVENT_VALUE};
    struct rig r;
    if (size == 0)
        return 0;
    char *text = calloc(1, size);
    FUZZ_ASSERT(text);
    memcpy(text, data + 1, size - 1);
    rig_init(&r, modes[data[0] & 3]);
    r.target.sregs.cs.l = r.target.sregs.cs.l && (data[0] & 3) != 3; /* 3: compatibility mode */
    rig_put(&r, 0x2000, data, size < 0x1000 ? size : 0x1000);
    r.target.event = data[0] & WITH_EVENT ? &event : NULL;
    r.target.symbols = data[0] & WITHOUT_SYMBOLS ? NULL : &r.symbols;
    r.target.ops = data[0] & WITHOUT_OPS ? NULL : &rig_ops;
    line_check(&r, text);
    rig_fini(&r);
    free(text);
    return 0;
}
