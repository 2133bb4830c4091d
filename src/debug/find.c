/*
 * Searching guest memory: see memview.h.  The range is read in pieces that overlap by the length of the
 * pattern, so that a match across two pages is found; a hole is jumped over as a whole, by the size of the
 * table entry that is missing: an address space of 2^48 bytes is mostly holes.
 *
 * The tables are the guest's, which may map one page everywhere: what one search looks at is bounded.
 */
#include "base/bytes.h"
#include "debug/expr.h"
#include "debug/memview.h"
#include "debug/symbols.h"

#include <ctype.h>
#include <string.h>

enum { PAGE_LEN = 0x1000, CHUNK_LEN = 0x10000 };

/* ---- what to look for ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int pattern_add(struct find_pattern *p, uint8_t byte, struct err *e)
{
    if (p->n == FIND_PATTERN_MAX)
        return err_set(e, "a pattern has at most %d bytes", FIND_PATTERN_MAX);
    p->bytes[p->n++] = byte;
    return 0;
}

/* The character behind a backslash at s; *n gets how many it takes, 0 when there is no such thing. */
static uint8_t escape_value(const char *s, size_t *n)
{
    static const char names[] = "ntr0\\\"", values[] = "\n\t\r\0\\\"";
    const char *found = *s ? strchr(names, *s) : NULL;
    *n = found ? 1 : 0;
    if (found)
        return (uint8_t)values[found - names];
    if (s[0] == 'x' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
        *n = 3;
        return (uint8_t)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
    }
    return 0;
}

static int parse_string(const char *s, struct find_pattern *p, struct err *e)
{
    for (s++; *s && *s != '"'; s++) {
        uint8_t byte = (uint8_t)*s;
        if (*s == '\\') {
            size_t n;
            byte = escape_value(s + 1, &n);
            if (n == 0)
                return err_set(e, "no character is written so: use \\n \\t \\r \\0 \\\\ \\\" or \\xNN");
            s += n;
        }
        if (pattern_add(p, byte, e) < 0)
            return -1;
    }
    if (*s != '"')
        return err_set(e, "the quotation mark is not closed");
    return s[1 + strspn(s + 1, " \t")] ? err_set(e, "there is more behind the string") : 0;
}

static int parse_bytes(const char *s, struct find_pattern *p, struct err *e)
{
    for (s += strspn(s, " \t"); *s; s += strspn(s, " \t")) {
        if (hex_digit(s[0]) < 0 || hex_digit(s[1]) < 0)
            return err_set(e, "bytes are two hex digits each, as in: bytes 7f 45 4c 46");
        if (pattern_add(p, (uint8_t)(hex_digit(s[0]) * 16 + hex_digit(s[1])), e) < 0)
            return -1;
        s += 2;
    }
    return 0;
}

static int parse_integer(const char *s, size_t width, const struct target *t, struct find_pattern *p,
                         struct err *e)
{
    uint64_t value;
    if (expr_eval(s, t, &value, e) < 0)
        return -1;
    for (size_t w = 1; width == 0; w *= 2)
        if (w == 8 || value >> (8 * w) == 0)
            width = w;
    uint64_t above = width == 8 ? 0 : value >> (8 * width), ones = width == 8 ? 0 : UINT64_MAX >> (8 * width);
    if (above != 0 && !(above == ones && (value >> (8 * width - 1) & 1)))
        return err_set(e, "%#llx does not fit %zu byte%s", (unsigned long long)value, width,
                       width == 1 ? "" : "s");
    le_store(p->bytes, value, width);
    p->n = width;
    return 0;
}

int find_parse(const char *text, const struct target *t, struct find_pattern *p, struct err *e)
{
    static const struct {
        const char *word;
        size_t width;
    } widths[] = {{"byte", 1}, {"word", 2}, {"dword", 4}, {"qword", 8},
                  {"u8", 1},   {"u16", 2},  {"u32", 4},   {"u64", 8}};
    text += strspn(text, " \t");
    size_t n = strcspn(text, " \t"), after = n + strspn(text + n, " \t");
    p->n = 0;
    int done = 0;
    if (*text == '"')
        done = parse_string(text, p, e);
    else if (n == 5 && memcmp(text, "bytes", n) == 0)
        done = parse_bytes(text + n, p, e);
    else {
        size_t width = 0;
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
            /* `word [rsp]` is an operand: then the width is the value's */
            if (strlen(widths[i].word) == n && memcmp(widths[i].word, text, n) == 0 && text[after] != '[')
                width = widths[i].width;
        done = parse_integer(width ? text + n : text, width, t, p, e);
    }
    if (done == 0 && p->n == 0)
        return err_set(e, "there is nothing to look for");
    return done;
}

/* ---- looking ---- */

struct search {
    const struct target *t;
    enum space space;
    const struct find_pattern *p;
    size_t most, hits;
    uint64_t *first;
    struct text *out;
};

static void hit_write(struct search *s, uint64_t addr)
{
    if (s->hits++ == 0 && s->first)
        *s->first = addr;
    text_add(s->out, "  ");
    memview_address(s->t, s->space, addr, s->out);
    text_addc(s->out, '\n');
}

/* Which byte of the pattern to look for first: most of a guest's memory is zero, and FF is what absent things
 * read as, so one that is neither is found where it is worth a comparison. */
static size_t pattern_anchor(const struct find_pattern *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->bytes[i] != 0 && p->bytes[i] != 0xff)
            return i;
    return 0;
}

/* Reports every place in the n bytes read from `addr`. */
static void chunk_search(struct search *s, uint64_t addr, const uint8_t *buf, size_t n)
{
    const struct find_pattern *p = s->p;
    size_t anchor = pattern_anchor(p);
    if (n < p->n)
        return;
    const uint8_t *end = buf + (n - p->n) + anchor + 1;
    for (const uint8_t *at = buf + anchor; s->hits < s->most && at < end; at++) {
        at = memchr(at, p->bytes[anchor], (size_t)(end - at));
        if (!at)
            return;
        if (memcmp(at - anchor, p->bytes, p->n) == 0)
            hit_write(s, addr + (uint64_t)(at - anchor - buf));
    }
}

static uint64_t region_gap(const struct guest_memory *m, uint64_t gpa)
{
    for (size_t i = 0; i < m->region_count; i++)
        if (m->region[i].gpa > gpa)
            return m->region[i].gpa - gpa;
    return UINT64_MAX;
}

/* How much is missing where a walk ends that read no entry: the addresses that are not canonical, or, when
 * CR3 leads nowhere, all. */
static uint64_t gap_without_entry(const struct target *t, uint64_t addr)
{
    uint64_t upper = t->sregs.cr4 & CR4_LA57 ? UINT64_MAX << 56 : UINT64_MAX << 47;
    return addr < upper && addr > ~upper ? upper - addr : UINT64_MAX;
}

/* How much is missing where no byte is at `addr`: what the absent entry would have mapped. */
static uint64_t hole_len(const struct search *s, uint64_t addr)
{
    static const struct {
        const char *level;
        unsigned shift;
    } entries[] = {{"PML5E", 48}, {"PML4E", 39}, {"PDPTE", 30}, {"PDE", 21}, {"PTE", 12}};
    struct gva_context c = target_context(s->t);
    struct gva_walk w;
    if (s->space == SPACE_PHYSICAL)
        return region_gap(s->t->memory, addr);
    gva_translate(s->t->memory, &c, addr, GVA_READ, &w);
    if (w.ok) {
        uint64_t gap = region_gap(s->t->memory, w.gpa), left = w.page_len - (w.gpa & (w.page_len - 1));
        return gap < left ? gap : left;
    }
    if (w.steps == 0)
        return gap_without_entry(s->t, addr);
    size_t i = 0;
    while (i + 1 < sizeof entries / sizeof entries[0] &&
           strcmp(w.step[w.steps - 1].level, entries[i].level) != 0)
        i++;
    uint64_t len = 1ull << entries[i].shift;
    return len - (addr & (len - 1));
}

static void summary_write(const struct search *s, const char *stopped, uint64_t at)
{
    text_addf(s->out, "%zu place%s", s->hits, s->hits == 1 ? "" : "s");
    if (stopped)
        text_addf(s->out, "; %s at %#llx", stopped, (unsigned long long)at);
    text_addc(s->out, '\n');
}

size_t memview_find(const struct target *t, enum space space, uint64_t addr, uint64_t len,
                    const struct find_pattern *p, size_t most, uint64_t *first, struct text *out)
{
    struct search s = {.t = t,
                       .space = space,
                       .p = p,
                       .most = most < FIND_HITS_MAX ? most : FIND_HITS_MAX,
                       .first = first,
                       .out = out};
    uint8_t buf[CHUNK_LEN + FIND_PATTERN_MAX];
    uint64_t bytes = 0, walks = 0, top = space_addr(t, space, UINT64_MAX);
    addr = space_addr(t, space, addr);
    if (len > top - addr)
        len = top - addr + (top - addr != UINT64_MAX); /* 2^64 is one more than can be said */
    const char *stopped = NULL;
    while (len >= p->n && p->n && !stopped) {
        uint64_t want = len < CHUNK_LEN + p->n - 1 ? len : CHUNK_LEN + p->n - 1;
        size_t n = space_read(t, space, addr, buf, (size_t)want, NULL);
        chunk_search(&s, addr, buf, n);
        /* a whole piece: the next begins with its last bytes again; a hole: behind it */
        uint64_t step = n == want ? n - (p->n - 1) : n ? n : hole_len(&s, addr);
        bytes += n;
        walks += 1 + n / PAGE_LEN;
        if (s.hits == s.most)
            stopped = "stopped";
        else if (bytes > FIND_BYTES_MAX || walks > FIND_WALKS_MAX)
            stopped = "too long a range, stopped";
        if (step >= len)
            break;
        addr += step;
        len -= step;
    }
    summary_write(&s, stopped, addr);
    return s.hits;
}
