/*
 * The inside of expressions: what the parser writes and the evaluator reads.  Only debug/expr*.c include it.
 *
 * An expression is kept as a short program for a stack machine: `rcx == 3 && [rsp+8] != 0` becomes
 *   register rcx, number 3, equal, and-jump, register rsp, number 8, add, load, number 0, unequal, bool
 * so that neither evaluating nor freeing one can recurse, whatever somebody typed.
 */
#ifndef RINGSIDE_DEBUG_EXPR_INSIDE_H
#define RINGSIDE_DEBUG_EXPR_INSIDE_H

#include "debug/expr.h"
#include "debug/registers.h"

enum op_code {
    OP_NUMBER,
    OP_REGISTER,
    OP_FIELD,    /* field `arg`; without an event `value`, a symbol's address, where `known` */
    OP_REG_NAME, /* a register of the event's device, named in the text at `value`, `arg` long */
    OP_LOAD,     /* pops an address; `arg` bytes (0: natural width); `known`: physical */
    OP_MSR,      /* pops an index */
    OP_SEGMENT,  /* pops an offset, adds the base of segment register `reg` */
    OP_SELECTOR, /* pops an offset and a selector, gives a linear address */
    OP_AND,      /* jumps to `value` and leaves 0 when the top is 0, else pops it */
    OP_OR,       /* jumps to `value` and leaves 1 when the top is not 0, else pops it */
    OP_BOOL,     /* 0 or 1 */
    OP_NEGATE,
    OP_NOT,
    OP_INVERT,
    OP_BINARY, /* the first of those that pop two and push one */
    OP_BIT_OR = OP_BINARY,
    OP_BIT_XOR,
    OP_BIT_AND,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_SHIFT_LEFT,
    OP_SHIFT_RIGHT,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
};

struct expr_op {
    uint8_t code, arg;
    bool known;
    uint16_t column; /* from 1, for errors */
    uint64_t value;
    const struct register_info *reg;
};

struct expr {
    struct expr_op *ops;
    size_t n, cap;
    bool needs_event;
    char *text; /* what it was parsed from */
};

struct parser {
    const char *text;
    size_t len, at, end; /* end: behind the last token that was taken */
    const struct target *target;
    struct expr *x;
    unsigned depth;
    size_t height;    /* of the stack at this place of the program */
    int wanted_field; /* the operand behind `kind ==` may be a kind's name; -1: none */
    struct err *e;
};

/* Appends an operation that changes the stack's height by `grow`. -1 with *e. */
NODISCARD int expr_emit(struct parser *p, struct expr_op op, int grow);

/* Fills *e with `column N: …`. Returns -1. */
int expr_error(struct err *e, size_t column, const char *fmt, ...) PRINTF(3, 4);

/* ---- tokens (expr_token.c) ---- */

/* The character here, 0 at the end; the next that is no space (not taken). */
char token_peek(const struct parser *p);
char token_next(struct parser *p);
void token_skip_space(struct parser *p);
/* Goes past n characters, which belong to the expression. */
void token_take(struct parser *p, size_t n);
/* Goes past spaces and `c`; -1 with *e that says what was expected. */
NODISCARD int token_take_char(struct parser *p, char c, const char *what);
/* *e says that `what` was expected here. Returns -1. */
int token_expected(struct parser *p, const char *what);
/* Where the parser stands, from 1; and an operation that stands here. */
size_t token_column(const struct parser *p);
struct expr_op token_op(const struct parser *p, enum op_code code);
/* A number, or a character between two ', which begins here: emitted. */
NODISCARD int token_number(struct parser *p);
NODISCARD int token_char(struct parser *p);

/* ---- names (expr_names.c) ---- */

/* Emits what a name stands for: a value's name behind `kind ==`, a register, a field, a symbol, a kind, a
 * device or a direction, in this order. `column` is where it stands. With `symbol`, a symbol or nothing. */
NODISCARD int expr_name_emit(struct parser *p, const char *name, size_t n, size_t column, bool symbol);
/* The value of field `i` of the target's event. */
NODISCARD int expr_field_value(const struct target *t, unsigned i, size_t column, uint64_t *value,
                               struct err *e);
/* The number of the device register named `name` in the device of the target's event; one that no event has
 * when that device has no such register. */
uint64_t expr_reg_name_value(const struct target *t, const char *name, size_t n);
/* The i-th field's name, NULL past the end. */
const char *expr_field_name(size_t i);

#endif
