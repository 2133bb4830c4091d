/*
 * Memory: hexadecimal and characters, at linear addresses (what the program sees, through the page tables) or
 * at physical ones (what the machine has). The same byte can have many linear addresses and no physical one:
 * `m` shows the selected byte from the other side. Where no memory is, the row has `--` (Intel SDM, "Memory
 * Organization", "Paging").
 *
 * Typing over bytes is a `set byte` command for each, so that everything the prompt refuses is refused here.
 */
#include "monitor/views/memory_inside.h"
#include "monitor/views/views.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* ---- moving ---- */

/* The rows as a list, for the verbs that all lists know. */
static bool move_rows(struct memory *m, const char *verb, const char *args)
{
    uint64_t per = (uint64_t)m->shape.per_row, column = m->at % per;
    struct list rows = {
        .count = (size_t)(m->last / per) + 1, .at = (size_t)(m->at / per), .top = (size_t)(m->top / per)};
    if (!list_act(&rows, m->shape.rows, verb, args))
        return false;
    m->top = rows.top * per;
    memory_show(m, rows.at * per + column);
    return true;
}

/* The last byte that is backed, in physical memory. */
static uint64_t end_of(const struct memory *m, const struct snapshot *s)
{
    const struct guest_memory *mem = &s->memory;
    if (m->space == SPACE_LINEAR || !mem->region_count)
        return m->last;
    const struct memory_region *r = &mem->region[mem->region_count - 1];
    return r->gpa + r->len - 1;
}

static bool move(struct memory *m, const struct snapshot *s, const char *verb, const char *args)
{
    if (strcmp(verb, "left") == 0)
        memory_show(m, m->at ? m->at - 1 : 0);
    else if (strcmp(verb, "right") == 0)
        memory_show(m, m->at < m->last ? m->at + 1 : m->last);
    else if (strcmp(verb, "top") == 0)
        memory_show(m, 0);
    else if (strcmp(verb, "bottom") == 0)
        memory_show(m, end_of(m, s));
    else if (!move_rows(m, verb, args))
        return false;
    m->digit = -1;
    m->follow = FOLLOW_NOTHING;
    return true;
}

/* ---- verbs ---- */

static void act_goto(struct view *v, const char *args, struct view_reply *r)
{
    struct memory *m = v->state;
    uint64_t at = strtoull(args, NULL, 0);
    (void)r;
    m->follow = FOLLOW_NOTHING;
    m->top = at - at % (uint64_t)m->shape.per_row; /* its row comes first */
    memory_show(m, m->space == SPACE_LINEAR ? space_addr(&v->snap->target, SPACE_LINEAR, at) : at);
}

/* The same byte from the other side, where it has one. */
static void act_space(struct view *v, const char *args, struct view_reply *r)
{
    struct memory *m = v->state;
    int row = (int)((m->at - m->top) / (uint64_t)m->shape.per_row);
    uint64_t at = !m->paired ? m->at : m->space == SPACE_LINEAR ? m->at_gpa : m->at_linear;
    (void)args;
    if (m->space == SPACE_LINEAR && !m->paired)
        text_add(&r->message, "there is no memory behind this linear address; the same number, physical:");
    m->space = m->space == SPACE_LINEAR ? SPACE_PHYSICAL : SPACE_LINEAR;
    m->last = space_addr(&v->snap->target, m->space, UINT64_MAX);
    uint64_t first = at - at % (uint64_t)m->shape.per_row, above = (uint64_t)row * (uint64_t)m->shape.per_row;
    m->top = first > above ? first - above : 0;
    memory_show(m, at);
}

static void act_follow(struct view *v, const char *args, struct view_reply *r)
{
    static const char *const words[FOLLOW_COUNT] = {"the view stays where it is", "the view follows RSP",
                                                    "the view follows RIP"};
    struct memory *m = v->state;
    (void)args;
    m->follow = (m->follow + 1) % FOLLOW_COUNT;
    text_add(&r->message, words[m->follow]);
}

/* The place of the selected byte, as an expression. */
static void add_place(const struct memory *m, const char *width, struct text *out)
{
    text_addf(out, "set %s%s [0x%llx] = ", m->space == SPACE_PHYSICAL ? "phys " : "", width,
              (unsigned long long)m->at);
}

static void act_edit(struct view *v, const char *args, struct view_reply *r)
{
    struct memory *m = v->state;
    (void)args;
    m->digit = -1;
    if (m->why)
        text_addf(&r->message, "nothing to edit here: %s", m->why);
    else
        v->grabs = true;
}

static void act_set(struct view *v, const char *args, struct view_reply *r)
{
    (void)args;
    add_place(v->state, "byte", &r->prompt);
}

static void act_go(struct view *v, const char *args, struct view_reply *r)
{
    (void)v;
    (void)args;
    text_add(&r->prompt, "goto ");
}

static void act_code(struct view *v, const char *args, struct view_reply *r)
{
    const struct memory *m = v->state;
    (void)args;
    if (m->space == SPACE_LINEAR)
        text_addf(&r->command, "view code; goto 0x%llx", (unsigned long long)m->at);
    else
        text_add(&r->message, "code has linear addresses: m shows them");
}

static void act_watch(struct view *v, const char *args, struct view_reply *r)
{
    const struct memory *m = v->state;
    (void)args;
    if (m->space == SPACE_LINEAR)
        text_addf(&r->prompt, "watch byte [0x%llx]", (unsigned long long)m->at);
    else
        text_add(&r->message, "watchpoints have linear addresses: m shows them");
}

static void search(struct view *v, const char *args, struct view_reply *r, bool back)
{
    if (v->snap->state == STATE_RUNNING)
        text_add(&r->message, "search: the guest is running: pause it first");
    else
        memory_search_begin(v->state, args, back);
}

static void act_search(struct view *v, const char *args, struct view_reply *r)
{
    search(v, args, r, false);
}

static void act_search_back(struct view *v, const char *args, struct view_reply *r)
{
    search(v, args, r, true);
}

static const struct {
    const char *verb;
    void (*act)(struct view *v, const char *args, struct view_reply *r);
} verbs[] = {{"goto", act_goto},     {"go", act_go},
             {"space", act_space},   {"follow", act_follow},
             {"edit", act_edit},     {"set-byte", act_set},
             {"open", act_code},     {"watch-it", act_watch},
             {"search", act_search}, {"search-back", act_search_back}};

static bool memory_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct memory *m = v->state;
    if (!v->snap || !v->snap->has_cpu || !m->placed)
        return false;
    r->reload = true;
    m->search.failed = false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        verbs[i].act(v, args, r);
        return true;
    }
    return move(m, v->snap, verb, args);
}

/* ---- typing over bytes ---- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 0x20 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void type_digit(struct memory *m, int digit, struct view_reply *r)
{
    if (m->why) {
        text_addf(&r->message, "nothing to edit here: %s", m->why);
    } else if (m->digit < 0) {
        m->digit = digit;
    } else {
        add_place(m, "byte", &r->command);
        text_addf(&r->command, "0x%02x", (unsigned)(m->digit << 4 | digit));
        m->digit = -1;
        memory_show(m, m->at < m->last ? m->at + 1 : m->last);
    }
}

/* One key: digits, the keys that move, and all others end it. */
static void memory_typed(struct view *v, const char *bytes, size_t n, struct view_reply *r)
{
    struct memory *m = v->state;
    if (!v->snap || !v->snap->has_cpu)
        return;
    r->reload = true;
    int digit = n == 1 ? hex_digit(bytes[0]) : -1;
    if (digit >= 0) {
        type_digit(m, digit, r);
        return;
    }
    static const struct {
        const char *bytes, *verb;
    } moves[] = {{"\x1b[A", "up"}, {"\x1b[B", "down"}, {"\x1b[C", "right"}, {"\x1b[D", "left"}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (strlen(moves[i].bytes) == n && memcmp(moves[i].bytes, bytes, n) == 0) {
            move(m, v->snap, moves[i].verb, "");
            return;
        }
    }
    bool undo = n == 1 && bytes[0] == 0x7f && m->digit >= 0;
    m->digit = -1;
    v->grabs = undo;
}

/* ---- the view ---- */

static void memory_load(struct view *v, const struct snapshot *s)
{
    struct memory *m = v->state;
    if (!s->has_cpu)
        return;
    m->last = space_addr(&s->target, m->space, UINT64_MAX);
    if (!m->placed) {
        m->digit = -1;
        m->at = m->top = s->rip_linear;
        m->placed = true;
    }
    memory_shape(m, v->w, v->h, m->last - m->top > 4096 ? m->top + 4096 : m->last);
    m->top -= m->top % (uint64_t)m->shape.per_row;
    memory_show(m, m->at);
    memory_follow_now(m, s);
    memory_search_take(m, s);
    memory_look(m, s);
}

static void memory_note(const struct view *v, struct text *out)
{
    static const char *const follows[FOLLOW_COUNT] = {"", ", follows RSP", ", follows RIP"};
    const struct memory *m = v->state;
    if (!v->snap->has_cpu)
        return;
    text_add(out, m->space == SPACE_LINEAR ? "linear" : "physical");
    text_add(out, follows[m->follow]);
    text_add(out, v->grabs ? ", editing" : "");
    if (m->search.active)
        text_add(out, ", searching");
    if (m->search.failed)
        text_addf(out, ", %.40s is not there", m->search.pattern);
}

static const char *memory_question(const struct view *v)
{
    const struct memory *m = v->state;
    return m->search.active ? m->search.question : NULL;
}

static const struct key_row keys[] = {
    {'m', "space", "linear or physical"},
    {'i', "edit", "type over bytes, in hexadecimal; Esc ends it"},
    {'e', "set-byte", "set this byte to an expression"},
    {'g', "go", "go to an address or expression"},
    {'r', "follow", "follow RSP, RIP, or nothing"},
    {'W', "watch-it", "stop when this byte is written"},
    {0},
};

static const struct key_hint hints[] = {{'g', "Go to"},  {'m', "Physical"}, {'i', "Edit"},
                                        {'r', "Follow"}, {'W', "Watch"},    {0, NULL}};

const struct view_ops view_memory = {.name = "memory",
                                     .title = "Memory",
                                     .tab = "Mem",
                                     .summary =
                                         "bytes and characters, linear or physical; changed ones marked",
                                     .keys = keys,
                                     .hints = hints,
                                     .needs_guest = true,
                                     .state_len = sizeof(struct memory),
                                     .load = memory_load,
                                     .draw = memory_draw,
                                     .act = memory_act,
                                     .note = memory_note,
                                     .question = memory_question,
                                     .typed = memory_typed,
                                     .grabbing = "editing: hex digits, arrows; Esc ends"};
