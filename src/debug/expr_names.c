/*
 * The names in an expression: see expr.h.  Registers and fields are found in tables; a symbol's address is
 * fixed when the expression is parsed. What an event holds is told from its struct (event/event.h), where one
 * member means different things for different kinds: a field that has a meaning for some kinds only has one
 * row for each.
 */
#include "base/nearest.h"
#include "debug/expr_inside.h"
#include "debug/symbols.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LEN = 1024, KIND_ANY = -1, NO_SUCH_REG = 0x100 };

/* Whose names may stand behind `field ==`. */
enum vocabulary { WORDS_NONE, WORDS_KIND, WORDS_DEVICE, WORDS_REG, WORDS_DIR };

#define FIELD(member) offsetof(struct event, member), sizeof(((struct event *)0)->member)
static const struct field {
    const char *name;
    uint16_t offset;
    uint8_t len;
    uint8_t needs; /* an enum event_flag without which there is none */
    int kind;
    enum vocabulary words;
} fields[] = {
    {"seq", FIELD(seq), 0, KIND_ANY, WORDS_NONE},
    {"kind", FIELD(kind), 0, KIND_ANY, WORDS_KIND},
    {"device", FIELD(device), 0, KIND_ANY, WORDS_DEVICE},
    {"reg", FIELD(reg), 0, KIND_ANY, WORDS_REG},
    {"dir", FIELD(dir), 0, KIND_ANY, WORDS_DIR},
    {"size", FIELD(size), 0, KIND_ANY, WORDS_NONE},
    {"count", FIELD(count), 0, KIND_ANY, WORDS_NONE},
    {"addr", FIELD(addr), EVENT_ADDR, KIND_ANY, WORDS_NONE},
    {"value", FIELD(value), EVENT_VALUE, KIND_ANY, WORDS_NONE},
    {"detail", FIELD(detail), 0, KIND_ANY, WORDS_NONE},
    {"port", FIELD(addr), 0, EVENT_IO, WORDS_NONE},
    {"gpa", FIELD(addr), 0, EVENT_MMIO, WORDS_NONE},
    {"gpa", FIELD(addr), 0, EVENT_MEMORY_FAULT, WORDS_NONE},
    {"vector", FIELD(addr), 0, EVENT_IRQ, WORDS_NONE},
    {"vector", FIELD(detail), 0, EVENT_DEBUG, WORDS_NONE},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static const char *const dir_names[] = {[DIR_IN] = "in", [DIR_OUT] = "out"};

const char *expr_field_name(size_t i)
{
    /* The rows of one name stand together; each name is given once. */
    for (size_t k = 0; k < FIELDS; k++)
        if ((k == 0 || strcmp(fields[k].name, fields[k - 1].name) != 0) && i-- == 0)
            return fields[k].name;
    return NULL;
}

static int field_find(const char *name)
{
    for (int i = 0; i < FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0)
            return i;
    return -1;
}

int expr_field_value(const struct target *t, unsigned i, size_t column, uint64_t *value, struct err *e)
{
    const struct event *ev = t->event;
    const char *name = fields[i].name;
    if (!ev)
        return expr_error(e, column, "only an event has \"%s\"", name);
    for (; i < FIELDS && strcmp(fields[i].name, name) == 0; i++) {
        const struct field *f = &fields[i];
        if ((f->kind != KIND_ANY && f->kind != ev->kind) || (f->needs & ~ev->flags))
            continue;
        *value = 0;
        memcpy(value, (const char *)ev + f->offset, f->len);
        return 0;
    }
    return expr_error(e, column, "this event (kind %s) has no \"%s\"", event_kind_info(ev->kind)->name, name);
}

uint64_t expr_reg_name_value(const struct target *t, const char *name, size_t n)
{
    if (!t->event || !t->names || t->event->device >= t->names->device_count)
        return NO_SUCH_REG;
    const struct event_device *d = &t->names->devices[t->event->device];
    for (size_t i = 0; i < d->reg_count; i++)
        if (d->regs[i] && strncasecmp(d->regs[i], name, n) == 0 && d->regs[i][n] == 0)
            return i;
    return NO_SUCH_REG;
}

/* ---- words for numbers ---- */

static bool word_dir(const struct target *t, const char *name, uint64_t *value)
{
    (void)t;
    for (size_t i = DIR_IN; i < sizeof dir_names / sizeof dir_names[0]; i++)
        if (strcasecmp(dir_names[i], name) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static bool word_kind(const struct target *t, const char *name, uint64_t *value)
{
    (void)t;
    int kind = event_kind_find(name);
    *value = (uint64_t)kind;
    return kind >= 0;
}

static bool word_device(const struct target *t, const char *name, uint64_t *value)
{
    for (size_t i = 0; t && t->names && i < t->names->device_count; i++)
        if (t->names->devices[i].name && strcmp(t->names->devices[i].name, name) == 0) {
            *value = i;
            return true;
        }
    return false;
}

/* A register of any device; which number that is depends on the event's device. */
static bool word_reg(const struct target *t, const char *name, uint64_t *value)
{
    (void)value;
    for (size_t i = 0; t && t->names && i < t->names->device_count; i++)
        for (size_t k = 0; k < t->names->devices[i].reg_count; k++)
            if (t->names->devices[i].regs[k] && strcasecmp(t->names->devices[i].regs[k], name) == 0)
                return true;
    return false;
}

static bool (*const words[])(const struct target *t, const char *name, uint64_t *value) = {
    [WORDS_KIND] = word_kind,
    [WORDS_DEVICE] = word_device,
    [WORDS_REG] = word_reg,
    [WORDS_DIR] = word_dir,
};

/* ---- did you mean ---- */

struct guess {
    const char *typed, *best;
    size_t distance;
};

/* nearest_offer alone would compare every symbol of a kernel letter by letter. */
static void guess_offer(struct guess *g, const char *name)
{
    size_t a = strlen(g->typed), b = strlen(name), most = b / 3 > 2 ? b / 3 : 2;
    for (const char *c = name; *c; c++)
        if (!isgraph((unsigned char)*c))
            return; /* a symbol made to spoil the terminal */
    if ((a > b ? a - b : b - a) <= most)
        nearest_offer(g->typed, name, &g->best, &g->distance);
}

static void guess_words(struct guess *g, const struct target *t, enum vocabulary v)
{
    const struct event_names *names = t ? t->names : NULL;
    for (size_t i = 0; v == WORDS_KIND && event_kind_row(i); i++)
        guess_offer(g, event_kind_row(i)->name);
    for (size_t i = 0; names && i < names->device_count; i++) {
        const struct event_device *d = &names->devices[i];
        if (v == WORDS_DEVICE && d->name)
            guess_offer(g, d->name);
        for (size_t k = 0; v == WORDS_REG && k < d->reg_count; k++)
            if (d->regs[k])
                guess_offer(g, d->regs[k]);
    }
    for (size_t i = DIR_IN; v == WORDS_DIR && i < sizeof dir_names / sizeof dir_names[0]; i++)
        guess_offer(g, dir_names[i]);
}

static int name_unknown(const struct parser *p, const char *name, size_t column, bool symbol_only)
{
    const struct target *t = p->target;
    struct guess g = {.typed = name};
    if (p->wanted_field >= 0 && !symbol_only)
        guess_words(&g, t, fields[p->wanted_field].words);
    for (size_t i = 0; !symbol_only && register_row(i); i++)
        guess_offer(&g, register_row(i)->name);
    for (size_t i = 0; !symbol_only && i < FIELDS; i++)
        guess_offer(&g, fields[i].name);
    const struct symbol *s;
    for (size_t i = 0; t && (s = symbols_row(t->symbols, i)); i++)
        guess_offer(&g, s->name);
    const char *what = symbol_only ? "no symbol" : "neither a register nor a symbol";
    if (g.best)
        return expr_error(p->e, column, "\"%.60s\" is %s (did you mean \"%.60s\"?)", name, what, g.best);
    return expr_error(p->e, column, "\"%.60s\" is %s", name, what);
}

/* ---- lookup ---- */

/* What the operand behind `kind ==` can be besides a number. 1: emitted, 0: no such word. */
static int word_emit(struct parser *p, const char *name, size_t n, struct expr_op op)
{
    enum vocabulary v = p->wanted_field < 0 ? WORDS_NONE : fields[p->wanted_field].words;
    op.code = OP_NUMBER;
    if (v == WORDS_NONE || !words[v](p->target, name, &op.value))
        return 0;
    if (v == WORDS_REG) {
        if (n > UINT8_MAX)
            return 0;
        op.code = OP_REG_NAME;
        op.value = op.column - 1u;
        op.arg = (uint8_t)n;
    }
    return expr_emit(p, op, 1) < 0 ? -1 : 1;
}

/* A register or a field: 1 emitted, 0 none. A field's name may be a symbol's too. */
static int value_emit(struct parser *p, const char *name, const struct symbol *symbol, struct expr_op op)
{
    const char *plain = name[0] == '$' ? name + 1 : name;
    op.reg = register_find(plain, strlen(plain));
    op.code = OP_REGISTER;
    if (!op.reg) {
        int field = field_find(name);
        if (field < 0)
            return 0;
        op.code = OP_FIELD;
        op.arg = (uint8_t)field;
        op.known = symbol;
        op.value = symbol ? symbol->addr : 0;
        p->x->needs_event = p->x->needs_event || !symbol;
    }
    return expr_emit(p, op, 1) < 0 ? -1 : 1;
}

int expr_name_emit(struct parser *p, const char *text, size_t n, size_t column, bool symbol_only)
{
    char name[NAME_MAX_LEN];
    struct expr_op op = {.code = OP_NUMBER, .column = (uint16_t)column};
    if (n >= sizeof name)
        return expr_error(p->e, column, "a name of %zu characters is too long", n);
    memcpy(name, text, n);
    name[n] = 0;
    const struct symbol *s = p->target ? symbols_find(p->target->symbols, name) : NULL;
    int done = symbol_only ? 0 : word_emit(p, name, n, op);
    if (done == 0 && !symbol_only)
        done = value_emit(p, name, s, op);
    if (done != 0)
        return done < 0 ? -1 : 0;
    if (s)
        op.value = s->addr;
    else if (symbol_only ||
             (!word_kind(p->target, name, &op.value) && !word_device(p->target, name, &op.value) &&
              !word_dir(p->target, name, &op.value)))
        return name_unknown(p, name, column, symbol_only);
    return expr_emit(p, op, 1);
}
