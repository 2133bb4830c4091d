/*
 * The stack as a telescope: each word, what it is and where it leads: return addresses by their symbol,
 * pointers followed, strings shown. Brackets join what belongs to one call: a CALL pushes the return address,
 * the function pushes RBP and points it there, and its variables lie below (Intel SDM, "Stack Operation",
 * "CALL", "ENTER"). Brackets are drawn only where the chain of frame pointers proves them; a word that lies
 * behind a CALL somewhere else is called a return address with a question mark.
 */
#include "monitor/views/stack.h"

#include "base/bytes.h"
#include "debug/memview.h"
#include "debug/symbols.h"

#include <stdlib.h>
#include <string.h>

/* Pages the chains of one screen may lead to: other views need theirs. */
enum { STACK_PAGES_MAX = 96 };

/* ---- looking ---- */

static uint64_t base_pointer(const struct target *t)
{
    if (cpu_mode(&t->sregs) == MODE_LONG)
        return t->regs.rbp;
    return (t->sregs.ss.base + (t->regs.rbp & (t->sregs.ss.db ? UINT32_MAX : 0xffff))) & UINT32_MAX;
}

/* Which frame the slot lies in, and where in it. */
static void find_bracket(const struct stack *k, uint64_t low, struct stack_row *row)
{
    row->bracket = ' ';
    for (size_t i = 0; i < k->frames; i++, low = k->slot[i - 1] + k->width) {
        if (row->at < low || row->at > k->slot[i])
            continue;
        row->bracket = row->at == k->slot[i] ? 'l' : row->at == low ? 'f' : 'm';
        row->kind = row->at == k->slot[i]              ? WORD_RETURN
                    : row->at + k->width == k->slot[i] ? WORD_SAVED_RBP
                                                       : row->kind;
        return;
    }
}

static uint64_t code_address(const struct target *t, uint64_t value)
{
    return space_addr(t, SPACE_LINEAR, cpu_mode(&t->sregs) == MODE_LONG ? value : t->sregs.cs.base + value);
}

/* ` <main+4> main.c:12`: where a return address goes to. Its line is that of the CALL before it. */
static void add_return(const struct target *t, uint64_t linear, struct text *out)
{
    const char *file;
    unsigned line;
    if (t->sregs.cs.base && cpu_mode(&t->sregs) != MODE_LONG)
        text_addf(out, "0x%llx ", (unsigned long long)linear);
    symbols_name(t->symbols, linear, out);
    if (symbols_line(t->symbols, linear - 1, &file, &line))
        text_addf(out, " %s:%u", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line);
}

static size_t pages_wanted(const struct snapshot *s)
{
    return s->wants ? s->wants->count : 0;
}

/* What the word leads to. `follow`: pages may still be asked for. */
static void add_meaning(const struct snapshot *s, struct stack_row *row, unsigned width, bool follow,
                        struct text *out)
{
    static const char *const words[] = {
        [WORD_RETURN] = "return to ", [WORD_RETURN_MAYBE] = "return? ", [WORD_SAVED_RBP] = "saved RBP"};
    const struct target *t = &s->target;
    uint64_t code = code_address(t, row->value);
    if (row->kind == WORD_PLAIN && follow && backtrace_behind_call(t, code))
        row->kind = WORD_RETURN_MAYBE;
    if (row->kind != WORD_PLAIN)
        text_add(out, words[row->kind]);
    if (row->kind == WORD_RETURN || row->kind == WORD_RETURN_MAYBE) {
        add_return(t, code, out);
    } else if (row->kind == WORD_PLAIN && follow) {
        struct text chain = {0};
        telescope_chain(t, row->at, row->value, &chain);
        size_t skip = 2 + (size_t)width * 2; /* the value, which has a column of its own */
        skip += chain.len > skip && text_str(&chain)[skip] == ' ';
        if (chain.len > skip)
            text_add(out, text_str(&chain) + skip);
        text_fini(&chain);
    }
}

/* Reads a row; false where memory ends. */
static bool look_row(struct stack *k, const struct snapshot *s, struct stack_row *row, bool follow)
{
    const struct target *t = &s->target;
    uint64_t sp = target_stack_linear(t), bp = base_pointer(t);
    uint8_t raw[8];
    row->there = space_read(t, SPACE_LINEAR, row->at, raw, k->width, &k->why) == k->width;
    row->mark = row->at == sp ? "rsp" : row->at == bp ? "rbp" : "";
    row->kind = WORD_PLAIN;
    find_bracket(k, sp, row);
    if (row->there) {
        row->value = le_load(raw, k->width);
        row->changed = snapshot_linear_changed(s, row->at, k->width);
        add_meaning(s, row, k->width, follow, &k->words);
    }
    text_addc(&k->words, '\n');
    return row->there;
}

static void stack_load(struct view *v, const struct snapshot *s)
{
    struct stack *k = v->state;
    if (!s->has_cpu)
        return;
    size_t before = pages_wanted(s);
    k->width = target_width(&s->target);
    if (!k->away)
        k->base = target_stack_linear(&s->target);
    k->frames = backtrace_slots(&s->target, k->slot, STACK_FRAMES_MAX);
    list_fit(&k->list, TELESCOPE_WORDS_MAX, v->h);
    text_clear(&k->words);
    size_t most = v->h < STACK_ROWS_MAX ? (size_t)(v->h > 0 ? v->h : 1) : STACK_ROWS_MAX;
    k->rows = 0;
    while (k->rows < most && k->list.top + k->rows < k->list.count) {
        struct stack_row *row = &k->row[k->rows++];
        *row = (struct stack_row){
            .at = space_addr(&s->target, SPACE_LINEAR, k->base + (k->list.top + k->rows - 1) * k->width)};
        if (!look_row(k, s, row, pages_wanted(s) - before < STACK_PAGES_MAX))
            break;
    }
}

/* ---- acting ---- */

static const struct stack_row *selected(const struct stack *k)
{
    size_t i = k->list.at - k->list.top;
    return k->list.at >= k->list.top && i < k->rows && k->row[i].there ? &k->row[i] : NULL;
}

/* Code is shown as code, all else as bytes. */
static void act_open(struct view *v, const char *args, struct view_reply *r)
{
    const struct target *t = &v->snap->target;
    const struct stack_row *row = selected(v->state);
    uint64_t offset, code = row ? code_address(t, row->value) : 0;
    (void)args;
    if (!row)
        return;
    const struct symbol *s = symbols_at(t->symbols, code, &offset);
    bool is_code = row->kind == WORD_RETURN || row->kind == WORD_RETURN_MAYBE || (s && s->function);
    text_addf(&r->command, "view %s; goto 0x%llx", is_code ? "code" : "memory",
              (unsigned long long)(is_code ? code : row->value));
}

static void act_memory(struct view *v, const char *args, struct view_reply *r)
{
    const struct stack_row *row = selected(v->state);
    (void)args;
    if (row)
        text_addf(&r->command, "view memory; goto 0x%llx", (unsigned long long)row->at);
}

static void act_set(struct view *v, const char *args, struct view_reply *r)
{
    const struct stack *k = v->state;
    const struct stack_row *row = selected(k);
    (void)args;
    if (row)
        text_addf(&r->prompt, "set %s [0x%llx] = ",
                  k->width == 8   ? "qword"
                  : k->width == 4 ? "dword"
                                  : "word",
                  (unsigned long long)row->at);
}

static void act_goto(struct view *v, const char *args, struct view_reply *r)
{
    struct stack *k = v->state;
    (void)r;
    k->base = strtoull(args, NULL, 0);
    k->away = true;
    k->list = (struct list){.count = k->list.count};
}

static void act_home(struct view *v, const char *args, struct view_reply *r)
{
    struct stack *k = v->state;
    (void)args;
    (void)r;
    k->away = false;
    k->list = (struct list){.count = k->list.count};
}

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct stack *k = ctx;
    size_t n;
    const char *line = row >= k->list.top && row - k->list.top < k->rows
                           ? lines_row(text_str(&k->words), row - k->list.top, &n)
                           : NULL;
    struct text words = {0};
    if (line)
        text_addn(&words, line, n);
    bool has = line && words_have(text_str(&words), text);
    text_fini(&words);
    return has;
}

static bool stack_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    static const struct {
        const char *verb;
        void (*act)(struct view *v, const char *args, struct view_reply *r);
    } verbs[] = {{"open", act_open},
                 {"to-memory", act_memory},
                 {"set-word", act_set},
                 {"goto", act_goto},
                 {"to-rsp", act_home}};
    struct stack *k = v->state;
    if (!v->snap || !v->snap->has_cpu)
        return false;
    r->reload = true;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) == 0) {
            verbs[i].act(v, args, r);
            return true;
        }
    }
    if (strcmp(verb, "search") == 0 || strcmp(verb, "search-back") == 0)
        return list_search(&k->list, v->h, args, verb[6] != '\0', row_has, k);
    return list_act(&k->list, v->h, verb, args);
}

static void stack_note(const struct view *v, struct text *out)
{
    const struct stack *k = v->state;
    const struct stack_row *row = selected(k);
    if (!v->snap->has_cpu)
        return;
    if (row)
        text_addf(out, "0x%llx, ", (unsigned long long)row->at);
    text_addf(out, "%s%u-bit", k->away ? "not at RSP, " : "", k->width * 8);
    if (k->frames)
        text_addf(out, ", %zu frame%s", k->frames, k->frames == 1 ? "" : "s");
}

static void stack_fini(struct view *v)
{
    struct stack *k = v->state;
    text_fini(&k->words);
}

static const struct key_row keys[] = {
    {'m', "to-memory", "this word in the memory view"},
    {'e', "set-word", "set this word to an expression"},
    {'r', "to-rsp", "back to the top of the stack"},
    {0},
};

static const struct key_hint hints[] = {{'m', "Memory"}, {'e', "Set"}, {'r', "RSP"}, {0, NULL}};

const struct view_ops view_stack = {.name = "stack",
                                    .title = "Stack",
                                    .tab = "Stack",
                                    .summary = "each word on the stack, and where it leads",
                                    .keys = keys,
                                    .hints = hints,
                                    .needs_guest = true,
                                    .state_len = sizeof(struct stack),
                                    .load = stack_load,
                                    .draw = stack_draw,
                                    .act = stack_act,
                                    .note = stack_note,
                                    .fini = stack_fini};
