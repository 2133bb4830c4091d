/*
 * What an export says about an event: a row a key.  The keys are a promise to other programs: some may be
 * added (at the end, before `text`), none changes. docs/trace-format.md says when each is there.
 */
#include "traces/export.h"

void export_decimal(struct text *t, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    text_addn(t, digits + at, sizeof digits - at);
}

void export_hex(struct text *t, uint64_t v)
{
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    text_addn(t, "0x", 2);
    text_addn(t, digits + at, sizeof digits - at);
}

void export_flags(struct text *t, uint64_t flags, const char *quote, const char *between)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {EVENT_STRING, "string"},
        {EVENT_RIP_NEXT, "rip_next"},
        {EVENT_UNCLAIMED, "unclaimed"},
        {EVENT_STEPPED, "stepped"},
    };
    const char *sep = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].flag))
            continue;
        text_addf(t, "%s%s%s%s", sep, quote, names[i].name, quote);
        sep = between;
    }
}

void export_regs(struct text *t, const struct event_regs *regs, uint64_t mask, const char *quote,
                 const char *is, const char *between)
{
    const char *sep = "";
    for (uint64_t left = mask & UINT32_MAX; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        text_addf(t, "%s%s%s%s%s%s", sep, quote, event_regs_name(i), quote, is, quote);
        export_hex(t, regs->r[i]);
        text_add(t, quote);
        sep = between;
    }
}

static void put(struct export_value *v, enum export_type type, uint64_t number)
{
    v->type = type;
    v->number = number;
}

/* An empty name is none. */
static void put_word(struct export_value *v, const char *word)
{
    if (!*word)
        return;
    v->type = EXPORT_WORD;
    v->word = word;
}

static bool has_cpu(const struct event *ev)
{
    return !(ev->flags & EVENT_NO_CPU);
}

static bool moves_data(const struct event *ev)
{
    return ev->dir == DIR_IN || ev->dir == DIR_OUT;
}

static void get_seq(const struct export_row *row, struct export_value *v)
{
    put(v, EXPORT_NUMBER, row->ev->seq);
}

static void get_time(const struct export_row *row, struct export_value *v)
{
    put(v, EXPORT_NUMBER, row->ev->time_ns);
}

static void get_vcpu(const struct export_row *row, struct export_value *v)
{
    put(v, EXPORT_NUMBER, row->ev->vcpu);
}

static void get_rip(const struct export_row *row, struct export_value *v)
{
    if (has_cpu(row->ev))
        put(v, EXPORT_HEX, row->ev->rip);
}

static void get_cs(const struct export_row *row, struct export_value *v)
{
    if (has_cpu(row->ev))
        put(v, EXPORT_NUMBER, row->ev->cs);
}

static void get_mode(const struct export_row *row, struct export_value *v)
{
    if (has_cpu(row->ev))
        put_word(v, cpu_mode_name(event_mode(row->ev)));
}

static void get_cpl(const struct export_row *row, struct export_value *v)
{
    if (has_cpu(row->ev))
        put(v, EXPORT_NUMBER, event_cpl(row->ev));
}

static void get_kind(const struct export_row *row, struct export_value *v)
{
    put_word(v, event_kind_info(row->ev->kind)->name);
}

static void get_device(const struct export_row *row, struct export_value *v)
{
    put_word(v, event_device_name(row->names, row->ev));
}

static void get_reg(const struct export_row *row, struct export_value *v)
{
    put_word(v, event_reg_name(row->names, row->ev));
}

static void get_dir(const struct export_row *row, struct export_value *v)
{
    static const char *const dirs[] = {[DIR_IN] = "in", [DIR_OUT] = "out"};
    if (moves_data(row->ev))
        put_word(v, dirs[row->ev->dir]);
}

static void get_size(const struct export_row *row, struct export_value *v)
{
    if (row->ev->size)
        put(v, EXPORT_NUMBER, row->ev->size);
}

static void get_count(const struct export_row *row, struct export_value *v)
{
    if (moves_data(row->ev) || row->ev->count > 1)
        put(v, EXPORT_NUMBER, row->ev->count);
}

static void get_addr(const struct export_row *row, struct export_value *v)
{
    if (row->ev->flags & EVENT_ADDR)
        put(v, EXPORT_HEX, row->ev->addr);
}

static void get_value(const struct export_row *row, struct export_value *v)
{
    if (row->ev->flags & EVENT_VALUE)
        put(v, EXPORT_HEX, row->ev->value);
}

static void get_host(const struct export_row *row, struct export_value *v)
{
    put(v, EXPORT_NUMBER, row->ev->host_ns);
}

static void get_guest(const struct export_row *row, struct export_value *v)
{
    put(v, EXPORT_NUMBER, row->ev->guest_ns);
}

static void get_assist(const struct export_row *row, struct export_value *v)
{
    if (row->ev->kind == EVENT_ASSIST)
        put_word(v, event_assist_name(row->ev->detail));
}

static void get_detail(const struct export_row *row, struct export_value *v)
{
    if (row->ev->detail)
        put(v, EXPORT_NUMBER, row->ev->detail);
}

static void get_flags(const struct export_row *row, struct export_value *v)
{
    unsigned said = EVENT_STRING | EVENT_RIP_NEXT | EVENT_UNCLAIMED | EVENT_STEPPED;
    if (row->ev->flags & said)
        put(v, EXPORT_FLAGS, row->ev->flags & said);
}

/* A mark's own text as it is; for everything else the sentence that `trace show` prints. */
static void get_text(const struct export_row *row, struct export_value *v)
{
    const struct event *ev = row->ev;
    const struct event_names *names = row->names;
    if (ev->kind == EVENT_MARK) {
        put_word(v, names && ev->addr < names->mark_count ? names->marks[ev->addr] : "");
        return;
    }
    event_sentence(ev, names, row->words);
    put_word(v, text_str(row->words));
}

static void get_regs(const struct export_row *row, struct export_value *v)
{
    if (!row->regs || !row->changed)
        return;
    put(v, EXPORT_REGS, row->changed);
    v->regs = row->regs;
}

const struct export_column export_columns[] = {{"seq", get_seq},
                                               {"t_ns", get_time},
                                               {"vcpu", get_vcpu},
                                               {"rip", get_rip},
                                               {"cs", get_cs},
                                               {"mode", get_mode},
                                               {"cpl", get_cpl},
                                               {"kind", get_kind},
                                               {"device", get_device},
                                               {"reg", get_reg},
                                               {"dir", get_dir},
                                               {"size", get_size},
                                               {"count", get_count},
                                               {"addr", get_addr},
                                               {"value", get_value},
                                               {"host_ns", get_host},
                                               {"guest_ns", get_guest},
                                               {"assist", get_assist},
                                               {"detail", get_detail},
                                               {"flags", get_flags},
                                               {"text", get_text},
                                               {"regs", get_regs},
                                               {0}};
