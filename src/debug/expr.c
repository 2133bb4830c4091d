/*
 * Evaluating expressions: see expr.h and expr_inside.h.  A loop over the program with a stack of numbers; all
 * arithmetic is on 64 bits without sign, as addresses are.
 *
 * Simplified against C: a shift by 64 or more gives 0, && and || give 0 or 1 of the same width as all else,
 * and there are no types, so that the width of a memory operand stands before it.
 */
#include "base/bytes.h"
#include "debug/expr_inside.h"
#include "debug/space.h"
#include "vm/descriptor.h"

#include <stddef.h>
#include <string.h>

struct machine_state {
    uint64_t stack[EXPR_DEPTH_MAX];
    size_t height;
    const struct expr *x;
    const struct target *t;
    struct err *e;
};

static uint64_t compare_value(uint8_t code, uint64_t a, uint64_t b)
{
    switch (code) {
    case OP_EQUAL:
        return a == b;
    case OP_UNEQUAL:
        return a != b;
    case OP_LESS:
        return a < b;
    case OP_LESS_EQUAL:
        return a <= b;
    case OP_GREATER:
        return a > b;
    default: /* OP_GREATER_EQUAL */
        return a >= b;
    }
}

static uint64_t binary_value(uint8_t code, uint64_t a, uint64_t b)
{
    switch (code) {
    case OP_BIT_OR:
        return a | b;
    case OP_BIT_XOR:
        return a ^ b;
    case OP_BIT_AND:
        return a & b;
    case OP_SHIFT_LEFT:
        return b < 64 ? a << b : 0;
    case OP_SHIFT_RIGHT:
        return b < 64 ? a >> b : 0;
    case OP_ADD:
        return a + b;
    case OP_SUBTRACT:
        return a - b;
    case OP_MULTIPLY:
        return a * b;
    case OP_DIVIDE:
        return a / b;
    case OP_REMAINDER:
        return a % b;
    default:
        return compare_value(code, a, b);
    }
}

/* ---- memory and MSRs ---- */

/* In bytes. */
static unsigned load_width(const struct target *t, const struct expr_op *op)
{
    return op->arg ? op->arg : target_width(t);
}

static enum space load_space(const struct expr_op *op)
{
    return op->known ? SPACE_PHYSICAL : SPACE_LINEAR;
}

static int load(const struct target *t, const struct expr_op *op, uint64_t addr, uint64_t *value,
                struct err *e)
{
    uint8_t raw[8];
    const char *why = "";
    unsigned width = load_width(t, op);
    addr = space_addr(t, load_space(op), addr);
    size_t n = space_read(t, load_space(op), addr, raw, width, &why);
    if (n < width)
        return expr_error(e, op->column, "cannot read %s%#llx: %s", op->known ? "physical " : "",
                          (unsigned long long)(addr + n), why);
    *value = le_load(raw, width);
    return 0;
}

/* MSRs that the settled registers hold: asking for them would give what they were before a change. */
static const struct register_info *msr_register(uint64_t index)
{
    static const struct {
        uint32_t index;
        const char *name;
    } held[] = {{0xc0000080, "efer"}, {0xc0000100, "fs.base"}, {0xc0000101, "gs.base"}, {0x1b, "apic_base"}};
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        if (held[i].index == index)
            return register_find(held[i].name, strlen(held[i].name));
    return NULL;
}

static int msr_check(const struct expr_op *op, uint64_t index, struct err *e)
{
    if (index > UINT32_MAX)
        return expr_error(e, op->column, "an MSR's number has 32 bits: %#llx has more",
                          (unsigned long long)index);
    return 0;
}

static int msr_get(const struct target *t, const struct expr_op *op, uint64_t index, uint64_t *value,
                   struct err *e)
{
    const struct register_info *r = msr_register(index);
    if (msr_check(op, index, e) < 0)
        return -1;
    if (r)
        return register_get(t, r, value, e);
    if (!t->ops || !t->ops->msr_read)
        return expr_error(e, op->column, "MSRs cannot be read here");
    if (t->ops->msr_read(t->ctx, (uint32_t)index, value, e) < 0)
        return err_wrap(e, "column %u", op->column);
    return 0;
}

/* ---- addresses by segment ---- */

/* What stands on a selector as a number: 0xb800:0 in real mode, 8:0x1000 with a descriptor table. */
static int selector_base(const struct target *t, const struct expr_op *op, uint64_t selector, uint64_t *base,
                         struct err *e)
{
    struct kvm_segment seg = {0};
    bool real = !(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM);
    if (selector > UINT16_MAX)
        return expr_error(e, op->column, "a selector has 16 bits: %#llx has more",
                          (unsigned long long)selector);
    if (real)
        descriptor_load_real(false, (uint16_t)selector, &seg);
    else if (descriptor_load(t->memory, &t->regs, &t->sregs, (uint16_t)selector, &seg, e) < 0)
        return err_wrap(e, "column %u", op->column);
    *base = register_segment_base(t, &seg);
    return 0;
}

static int segment_step(struct machine_state *m, const struct expr_op *op)
{
    uint64_t offset = m->stack[--m->height], base = 0;
    if (op->code == OP_SEGMENT)
        base = register_segment_base(m->t, register_segment(m->t, op->reg));
    else if (selector_base(m->t, op, m->stack[--m->height], &base, m->e) < 0)
        return -1;
    m->stack[m->height++] = space_addr(m->t, SPACE_LINEAR, base + offset);
    return 0;
}

/* ---- the loop ---- */

static int push_step(struct machine_state *m, const struct expr_op *op)
{
    uint64_t *to = &m->stack[m->height++];
    if (op->code == OP_REGISTER)
        return register_get(m->t, op->reg, to, m->e);
    if (op->code == OP_FIELD && (m->t->event || !op->known))
        return expr_field_value(m->t, op->arg, op->column, to, m->e);
    *to = op->code == OP_REG_NAME ? expr_reg_name_value(m->t, m->x->text + op->value, op->arg) : op->value;
    return 0;
}

static int binary_step(struct machine_state *m, const struct expr_op *op)
{
    uint64_t b = m->stack[--m->height], *a = &m->stack[m->height - 1];
    if (b == 0 && (op->code == OP_DIVIDE || op->code == OP_REMAINDER))
        return expr_error(m->e, op->column, "division by zero");
    *a = binary_value(op->code, *a, b);
    return 0;
}

static int unary_step(struct machine_state *m, const struct expr_op *op)
{
    uint64_t *top = &m->stack[m->height - 1];
    switch (op->code) {
    case OP_LOAD:
        return load(m->t, op, *top, top, m->e);
    case OP_MSR:
        return msr_get(m->t, op, *top, top, m->e);
    case OP_NEGATE:
        *top = 0 - *top;
        return 0;
    case OP_INVERT:
        *top = ~*top;
        return 0;
    case OP_NOT:
        *top = !*top;
        return 0;
    default: /* OP_BOOL */
        *top = !!*top;
        return 0;
    }
}

/* Runs the first `n` operations. */
static int program_run(struct machine_state *m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct expr_op *op = &m->x->ops[i];
        int done = 0;
        if (op->code == OP_AND || op->code == OP_OR) {
            uint64_t *top = &m->stack[m->height - 1];
            if (!*top == (op->code == OP_AND)) {
                *top = !!*top;
                i = (size_t)op->value - 1;
            } else
                m->height--;
        } else if (op->code >= OP_BINARY)
            done = binary_step(m, op);
        else if (op->code == OP_SEGMENT || op->code == OP_SELECTOR)
            done = segment_step(m, op);
        else
            done = op->code <= OP_REG_NAME ? push_step(m, op) : unary_step(m, op);
        if (done < 0)
            return -1;
    }
    return 0;
}

int expr_value(const struct expr *x, const struct target *t, uint64_t *value, struct err *e)
{
    struct machine_state m = {.x = x, .t = t, .e = e};
    if (program_run(&m, x->n) < 0)
        return -1;
    *value = m.stack[0];
    return 0;
}

bool expr_needs_event(const struct expr *x)
{
    return x->needs_event;
}

/* ---- places ---- */

static int store(const struct target *t, const struct expr_op *op, uint64_t addr, uint64_t value,
                 struct err *e)
{
    uint8_t raw[8];
    unsigned width = load_width(t, op);
    uint64_t above = width == 8 ? 0 : value >> (8 * width), ones = width == 8 ? 0 : UINT64_MAX >> (8 * width);
    bool negative = above == ones && (value >> (8 * width - 1) & 1);
    if (above != 0 && !negative)
        return expr_error(e, op->column, "%#llx does not fit %u byte%s", (unsigned long long)value, width,
                          width == 1 ? "" : "s");
    le_store(raw, value, width);
    if (space_write(t, load_space(op), space_addr(t, load_space(op), addr), raw, width, e) < 0)
        return err_wrap(e, "column %u", op->column);
    return 0;
}

static int msr_set(struct target *t, const struct expr_op *op, uint64_t index, uint64_t value, struct err *e)
{
    const struct register_info *r = msr_register(index);
    if (msr_check(op, index, e) < 0)
        return -1;
    if (r)
        return register_set(t, r, value, e);
    if (!t->ops || !t->ops->msr_write)
        return expr_error(e, op->column, "MSRs cannot be written here");
    if (t->ops->msr_write(t->ctx, (uint32_t)index, value, e) < 0)
        return err_wrap(e, "column %u", op->column);
    return 0;
}

int expr_assign(const struct expr *x, struct target *t, uint64_t value, struct err *e)
{
    struct machine_state m = {.x = x, .t = t, .e = e};
    const struct expr_op *last = &x->ops[x->n - 1];
    if (last->code == OP_REGISTER && x->n == 1)
        return register_set(t, last->reg, value, e);
    if (last->code != OP_LOAD && last->code != OP_MSR)
        return expr_error(e, 1,
                          "this is a value, not a place: a register, memory in [ ] or msr[N] can be set");
    if (program_run(&m, x->n - 1) < 0)
        return -1;
    return last->code == OP_LOAD ? store(t, last, m.stack[0], value, e)
                                 : msr_set(t, last, m.stack[0], value, e);
}

unsigned expr_width(const struct expr *x, const struct target *t)
{
    const struct expr_op *last = &x->ops[x->n - 1];
    if (last->code == OP_LOAD)
        return load_width(t, last);
    if (last->code != OP_REGISTER)
        return 8;
    unsigned width = 1;
    while (width * 8 < last->reg->bits)
        width *= 2;
    return width;
}

int expr_eval(const char *text, const struct target *t, uint64_t *value, struct err *e)
{
    struct expr *x = expr_parse(text, t, NULL, e);
    int done = x ? expr_value(x, t, value, e) : -1;
    expr_free(x);
    return done;
}

const char *expr_name(size_t i)
{
    for (size_t k = 0; register_row(k); k++)
        if (i-- == 0)
            return register_row(k)->name;
    return expr_field_name(i);
}
