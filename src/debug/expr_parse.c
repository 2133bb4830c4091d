/*
 * The grammar of expressions: see expr.h.  Precedence climbing with C's levels; what it finds is emitted as a
 * program (expr_inside.h).  Parentheses, brackets and unary operators nest at most EXPR_DEPTH_MAX deep, the
 * only recursion there is.
 */
#include "debug/expr_inside.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int parse_unary(struct parser *p);
static int parse_binary(struct parser *p, unsigned level);

/* ---- names ---- */

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '$' || c == '.';
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.' || c == '@';
}

static size_t name_len(const struct parser *p)
{
    size_t n = 0;
    while (p->at + n < p->len && is_name(p->text[p->at + n]))
        n++;
    return n;
}

static bool word_is(const char *s, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(s, word, n) == 0;
}

/* ---- memory, MSRs ---- */

static const struct {
    const char *word;
    uint8_t width;
} widths[] = {
    {"byte", 1}, {"word", 2}, {"dword", 4}, {"qword", 8}, {"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8},
};

/* The width that the word at p->at means, when memory follows it, and goes past it; else 0. */
static uint8_t width_here(struct parser *p)
{
    size_t n = name_len(p), before = p->at;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (!word_is(p->text + p->at, n, widths[i].word))
            continue;
        p->at += n;
        char c = token_next(p);
        size_t m = name_len(p);
        bool more = word_is(p->text + p->at, m, "ptr") || word_is(p->text + p->at, m, "phys");
        if (c == '[' || c == '*' || more)
            return widths[i].width;
        p->at = before;
    }
    return 0;
}

/* [expr] or *expr, with what stood before it. */
static int parse_load(struct parser *p, struct expr_op op)
{
    char c = token_next(p);
    if (c != '[' && c != '*')
        return token_expected(p, "[ of a memory operand");
    token_take(p, 1);
    if (c == '*' ? parse_unary(p) < 0 : parse_binary(p, 1) < 0 || token_take_char(p, ']', "]") < 0)
        return -1;
    return expr_emit(p, op, 0);
}

/* Words before a memory operand: a width, `ptr`, `phys`, in any sensible order. False: none stand here. */
static bool load_words(struct parser *p, struct expr_op *op)
{
    size_t start = p->at;
    *op = token_op(p, OP_LOAD);
    for (;;) {
        token_skip_space(p);
        size_t n = name_len(p);
        uint8_t width = op->arg ? 0 : width_here(p);
        bool phys = word_is(p->text + p->at, n, "phys") && !op->known;
        if (width)
            op->arg = width; /* width_here has gone past it */
        else if (phys || (op->arg && word_is(p->text + p->at, n, "ptr")))
            p->at += n;
        else
            break;
        op->known = op->known || phys;
    }
    char c = token_next(p);
    if (p->at > start && (c == '[' || c == '*')) {
        p->end = p->at;
        return true;
    }
    p->at = start;
    return false;
}

static int parse_msr(struct parser *p)
{
    struct expr_op op = token_op(p, OP_MSR);
    token_take(p, 3);
    if (token_take_char(p, '[', "[") < 0 || parse_binary(p, 1) < 0 || token_take_char(p, ']', "]") < 0)
        return -1;
    return expr_emit(p, op, 0);
}

/* ---- names ---- */

/* "name", for a symbol that is called like a register. */
static int parse_quoted(struct parser *p)
{
    const char *s = p->text + p->at + 1, *end = memchr(s, '"', p->len - p->at - 1);
    size_t start = token_column(p);
    if (!end)
        return expr_error(p->e, start, "the quotation mark is not closed");
    for (const char *c = s; c < end; c++)
        if (!isgraph((unsigned char)*c))
            return expr_error(p->e, start, "no symbol has byte 0x%02x in its name", (unsigned char)*c);
    token_take(p, (size_t)(end - s) + 2);
    return expr_name_emit(p, s, (size_t)(end - s), start, true);
}

static int parse_name(struct parser *p)
{
    struct expr_op load;
    size_t n = name_len(p), start = token_column(p);
    const char *s = p->text + p->at;
    if (load_words(p, &load))
        return parse_load(p, load);
    token_take(p, n);
    if (word_is(s, n, "msr") && token_next(p) == '[') {
        p->at = start - 1;
        return parse_msr(p);
    }
    p->at = start - 1 + n;
    if (!word_is(s, n, "sym") || token_peek(p) != ':')
        return expr_name_emit(p, s, n, start, false);
    token_take(p, 1);
    s = p->text + p->at;
    n = name_len(p);
    if (n == 0)
        return token_expected(p, "a symbol's name");
    token_take(p, n);
    return expr_name_emit(p, s, n, start + 4, true);
}

/* Behind a number or a segment register: `:offset` makes a linear address of both. */
static int parse_offset(struct parser *p)
{
    struct expr *x = p->x;
    struct expr_op left = x->ops[x->n - 1], op = token_op(p, OP_SELECTOR);
    if (token_peek(p) != ':')
        return 0;
    if (left.code == OP_REGISTER) {
        if (!register_is_segment(left.reg))
            return 0;
        x->n--;
        p->height--;
        op.code = OP_SEGMENT;
        op.reg = left.reg;
    }
    token_take(p, 1);
    if (parse_unary(p) < 0)
        return -1;
    return expr_emit(p, op, op.code == OP_SEGMENT ? 0 : -1);
}

/* ---- levels ---- */

static int parse_primary(struct parser *p)
{
    char c = token_next(p);
    if (c == '(') {
        token_take(p, 1);
        return parse_binary(p, 1) < 0 ? -1 : token_take_char(p, ')', ")");
    }
    if (c == '[')
        return parse_load(p, token_op(p, OP_LOAD));
    if (c == '\'')
        return token_char(p);
    if (c == '"')
        return parse_quoted(p);
    bool number = isdigit((unsigned char)c), name = is_name_start(c);
    if (!number && !name)
        return token_expected(p, "a value");
    if ((number ? token_number(p) : parse_name(p)) < 0)
        return -1;
    return number || p->x->ops[p->x->n - 1].code == OP_REGISTER ? parse_offset(p) : 0;
}

static int parse_unary(struct parser *p)
{
    static const struct {
        char c;
        enum op_code code;
    } unary[] = {{'-', OP_NEGATE}, {'~', OP_INVERT}, {'!', OP_NOT}, {'*', OP_LOAD}};
    char c = token_next(p);
    if (p->depth >= EXPR_DEPTH_MAX)
        return expr_error(p->e, token_column(p), "too deeply nested");
    p->depth++;
    int done = -1;
    size_t i = 0;
    while (i < sizeof unary / sizeof unary[0] && unary[i].c != c)
        i++;
    if (i < sizeof unary / sizeof unary[0]) {
        struct expr_op op = token_op(p, unary[i].code);
        token_take(p, 1);
        done = parse_unary(p) < 0 ? -1 : expr_emit(p, op, 0);
    } else
        done = parse_primary(p);
    p->depth--;
    return done;
}

/* C's binary operators by rising precedence; of two that begin alike the longer stands first. */
static const struct binary {
    const char *word;
    uint8_t level, code;
} binaries[] = {
    {"||", 1, OP_OR},         {"&&", 2, OP_AND},         {"==", 6, OP_EQUAL},
    {"!=", 6, OP_UNEQUAL},    {"<=", 7, OP_LESS_EQUAL},  {">=", 7, OP_GREATER_EQUAL},
    {"<<", 8, OP_SHIFT_LEFT}, {">>", 8, OP_SHIFT_RIGHT}, {"<", 7, OP_LESS},
    {">", 7, OP_GREATER},     {"|", 3, OP_BIT_OR},       {"^", 4, OP_BIT_XOR},
    {"&", 5, OP_BIT_AND},     {"+", 9, OP_ADD},          {"-", 9, OP_SUBTRACT},
    {"*", 10, OP_MULTIPLY},   {"/", 10, OP_DIVIDE},      {"%", 10, OP_REMAINDER},
};

static const struct binary *binary_here(struct parser *p)
{
    token_skip_space(p);
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        size_t n = strlen(binaries[i].word);
        if (p->len - p->at >= n && memcmp(p->text + p->at, binaries[i].word, n) == 0)
            return &binaries[i];
    }
    return NULL;
}

/* The right side of && or ||, which is jumped over when the left side has decided. */
static int parse_logic(struct parser *p, const struct binary *b, struct expr_op op)
{
    size_t jump = p->x->n;
    if (expr_emit(p, op, -1) < 0 || parse_binary(p, b->level + 1u) < 0)
        return -1;
    op.code = OP_BOOL;
    if (expr_emit(p, op, 0) < 0)
        return -1;
    p->x->ops[jump].value = p->x->n;
    return 0;
}

static int parse_binary(struct parser *p, unsigned level)
{
    size_t left = p->x->n;
    if (parse_unary(p) < 0)
        return -1;
    p->wanted_field = -1;
    for (const struct binary *b; (b = binary_here(p)) && b->level >= level;) {
        const struct expr_op *l = &p->x->ops[left];
        bool compares = b->code == OP_EQUAL || b->code == OP_UNEQUAL;
        struct expr_op op = token_op(p, b->code);
        if (compares && p->x->n == left + 1 && l->code == OP_FIELD)
            p->wanted_field = l->arg;
        token_take(p, strlen(b->word));
        if (b->code == OP_AND || b->code == OP_OR) {
            if (parse_logic(p, b, op) < 0)
                return -1;
        } else if (parse_binary(p, b->level + 1u) < 0 || expr_emit(p, op, -1) < 0)
            return -1;
        p->wanted_field = -1;
    }
    return 0;
}

static int parse_all(struct parser *p, bool whole)
{
    if (p->len > EXPR_LEN_MAX)
        return err_set(p->e, "the expression is longer than %d characters", EXPR_LEN_MAX);
    if (parse_binary(p, 1) < 0)
        return -1;
    if (whole && (token_next(p) || p->at < p->len))
        return token_expected(p, "an operator or the end");
    return 0;
}

struct expr *expr_parse(const char *text, const struct target *t, size_t *used, struct err *e)
{
    struct expr *x = calloc(1, sizeof *x);
    size_t len = strnlen(text, EXPR_LEN_MAX + 1);
    struct parser p = {.text = text, .len = len, .target = t, .x = x, .wanted_field = -1, .e = e};
    if (x)
        x->text = strndup(text, len);
    if (!x || !x->text) {
        err_set(e, "out of memory");
        expr_free(x);
        return NULL;
    }
    if (parse_all(&p, !used) < 0) {
        expr_free(x);
        return NULL;
    }
    if (used)
        *used = p.end;
    return x;
}

void expr_free(struct expr *x)
{
    if (!x)
        return;
    free(x->ops);
    free(x->text);
    free(x);
}
