/*
 * Event stops from words: `stop io 0x3f8 out`, `stop vector PF`, `stop device uart in`.
 */
#include "debug/exceptions.h"
#include "debug/msrs.h"
#include "debug/stops_words.h"

#include "base/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool direction_here(struct words *w)
{
    static const struct {
        const char *word;
        unsigned direction;
    } words[] = {{"in", STOPS_IN},     {"out", STOPS_OUT}, {"read", STOPS_IN},
                 {"write", STOPS_OUT}, {"any", STOPS_ANY}, {"access", STOPS_ANY}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words_take(w, words[i].word)) {
            w->spec->direction = words[i].direction;
            return true;
        }
    return false;
}

/* `FIRST`, `FIRST-LAST` or `FIRST, LEN`. A minus in a range is no subtraction. */
static int range_take(struct words *w)
{
    struct stops_spec *spec = w->spec;
    const char *from = w->at;
    size_t n = strcspn(from, " \t,");
    const char *minus = memchr(from, '-', n);
    if (minus && minus > from) {
        w->at += n;
        if (words_number(w, from, (size_t)(minus - from), &spec->first) < 0 ||
            words_number(w, minus + 1, n - (size_t)(minus + 1 - from), &spec->last) < 0)
            return -1;
        return spec->last < spec->first ? err_set(w->e, "%.*s: the range ends before it begins", (int)n, from)
                                        : 0;
    }
    uint64_t len = 1;
    size_t used;
    if (words_expression(w, &spec->first, &from, &used) < 0 || words_length(w, &len) < 0)
        return -1;
    return words_range(w, len);
}

/* A range that may be left out, up to `max`; and a direction, on either side of it. */
static int parse_range(struct words *w, uint64_t max, const char *what)
{
    struct stops_spec *spec = w->spec;
    bool told = direction_here(w);
    spec->first = 0;
    spec->last = max;
    if (!words_at_end(w) && range_take(w) < 0)
        return -1;
    if (!told)
        direction_here(w);
    return spec->last > max ? err_set(w->e, "0x%llx: %s end at 0x%llx", (unsigned long long)spec->last, what,
                                      (unsigned long long)max)
                            : 0;
}

static int parse_io(struct words *w)
{
    return parse_range(w, 0xffff, "ports");
}

static int parse_mmio(struct words *w)
{
    return parse_range(w, UINT64_MAX, "addresses");
}

static int parse_msr(struct words *w)
{
    char name[32];
    size_t n = words_word_len(w->at);
    snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : 0), w->at);
    const struct msr_row *row = isdigit((unsigned char)*name) ? NULL : msr_find(name);
    if (row) {
        w->at += n;
        w->spec->first = w->spec->last = row->index;
        direction_here(w);
        return 0;
    }
    return parse_range(w, UINT32_MAX, "MSR numbers");
}

static int parse_plain(struct words *w)
{
    (void)w;
    return 0;
}

/* Takes a word into `word`; -1 when there is none or it is too long. */
static int word_copy(struct words *w, char *word, size_t room, const char *missing)
{
    words_blanks(w);
    size_t n = words_word_len(w->at);
    if (words_at_end(w))
        return err_set(w->e, "%s", missing);
    if (n >= room)
        return err_set(w->e, "\"%.40s…\" is too long for a name", w->at);
    snprintf(word, room, "%.*s", (int)n, w->at);
    w->at += n;
    return 0;
}

static int parse_vector(struct words *w)
{
    char word[64];
    const char *from = w->at;
    if (words_at_end(w)) {
        w->spec->last = 0xff;
        return 0;
    }
    if (word_copy(w, word, sizeof word, "which vector?") < 0)
        return -1;
    int named = exception_find(word);
    if (named >= 0) {
        w->spec->first = w->spec->last = (unsigned)named;
        return 0;
    }
    w->at = from;
    if (range_take(w) < 0)
        return -1;
    return w->spec->last > 0xff
               ? err_set(w->e, "0x%llx: vectors end at 0xff", (unsigned long long)w->spec->last)
               : 0;
}

static int parse_kind(struct words *w)
{
    char word[64];
    if (word_copy(w, word, sizeof word, "which kind of event? For example: stop kind io") < 0)
        return -1;
    int kind = event_kind_find(word);
    if (kind >= 0) {
        w->spec->first = w->spec->last = (unsigned)kind;
        return 0;
    }
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; event_kind_row(i); i++)
        nearest_offer(word, event_kind_row(i)->name, &best, &distance);
    return best ? err_set(w->e, "%s is no kind of event: did you mean %s?", word, best)
                : err_set(w->e, "%s is no kind of event", word);
}

static int parse_assist(struct words *w)
{
    char word[64];
    if (words_at_end(w))
        return 0;
    if (word_copy(w, word, sizeof word, "") < 0)
        return -1;
    for (unsigned k = ASSIST_NONE + 1; k < ASSIST_KIND_COUNT; k++)
        if (!strcasecmp(word, event_assist_name(k))) {
            w->spec->first = w->spec->last = k;
            return 0;
        }
    return err_set(w->e, "%s: no such instruction is ever completed by Ringside", word);
}

static int parse_device(struct words *w)
{
    char word[64];
    if (word_copy(w, word, sizeof word, "which device? `devices` lists them") < 0)
        return -1;
    const struct event_names *names = w->t ? w->t->names : NULL;
    const char *best = NULL;
    size_t distance = 0;
    bool known = !names;
    for (size_t i = 1; names && i < names->device_count; i++) {
        const char *name = names->devices[i].name;
        known |= !strcmp(word, name);
        nearest_offer(word, name, &best, &distance);
    }
    if (!known)
        return best ? err_set(w->e, "%s is no device: did you mean %s?", word, best)
                    : err_set(w->e, "%s is no device of this machine", word);
    w->spec->device = strdup(word);
    if (!w->spec->device)
        return err_sys(w->e, ENOMEM, "stop");
    direction_here(w);
    return 0;
}

static const struct {
    const char *word;
    enum stops_kind kind;
    int (*parse)(struct words *w);
} event_stops[] = {
    {"io", STOPS_IO, parse_io},
    {"mmio", STOPS_MMIO, parse_mmio},
    {"msr", STOPS_MSR, parse_msr},
    {"mode", STOPS_MODE, parse_plain},
    {"cr3", STOPS_CR3, parse_plain},
    {"cr0", STOPS_CR0, parse_plain},
    {"vector", STOPS_VECTOR, parse_vector},
    {"hlt", STOPS_HLT, parse_plain},
    {"kind", STOPS_KIND, parse_kind},
    {"assist", STOPS_ASSIST, parse_assist},
    {"device", STOPS_DEVICE, parse_device},
};

int words_parse_event(struct words *w)
{
    char word[64];
    struct text all = {0};
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < sizeof event_stops / sizeof event_stops[0]; i++)
        text_addf(&all, "%s%s", i ? " " : "stop on what? One of: ", event_stops[i].word);
    int rc = word_copy(w, word, sizeof word, text_str(&all));
    text_fini(&all);
    if (rc < 0)
        return -1;
    words_blanks(w);
    for (size_t i = 0; i < sizeof event_stops / sizeof event_stops[0]; i++) {
        nearest_offer(word, event_stops[i].word, &best, &distance);
        if (strcasecmp(word, event_stops[i].word) != 0)
            continue;
        w->spec->kind = event_stops[i].kind;
        return event_stops[i].parse(w);
    }
    return best ? err_set(w->e, "stop %s: no such event: did you mean %s?", word, best)
                : err_set(w->e, "stop %s: no such event", word);
}
