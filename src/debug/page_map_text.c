/*
 * The lines of `mem`, and what it can be asked for: see pages.h.  A line reads from left to right: which
 * linear addresses, who may do what there, and where they lead.
 */
#include "debug/page_map.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH_WIDTH = 6 };

void map_heading_write(unsigned digits, struct text *out)
{
    size_t start = 2 * (size_t)digits + 1;
    text_add(out, "linear");
    text_pad(out, start + 2);
    text_add(out, "length  super  user  AD  pages     physical\n");
}

static void write_range(const struct map_run *r, unsigned digits, struct text *out)
{
    struct text len = {0};
    uint64_t end = r->gva + r->len;
    text_addf(out, "%0*" PRIx64 "-", (int)digits, r->gva);
    text_addf(out, end ? "%0*" PRIx64 : "1%0*" PRIx64, (int)digits, end); /* 2^64 does not fit 64 bits */
    pages_len_write(r->len, &len);
    text_addf(out, "  %*s  ", LENGTH_WIDTH, text_str(&len));
    text_fini(&len);
}

static void write_rights(struct gva_context c, unsigned cpl, struct paging_rights rights, struct text *out)
{
    c.cpl = cpl;
    text_addc(out, paging_refusal(&c, rights, GVA_READ) ? '-' : 'r');
    text_addc(out, paging_refusal(&c, rights, GVA_WRITE) ? '-' : 'w');
    text_addc(out, paging_refusal(&c, rights, GVA_FETCH) ? '-' : 'x');
}

static void write_page_lens(uint64_t lens, size_t width, struct text *out)
{
    struct text s = {0};
    for (uint64_t len = 1; lens; len <<= 1) {
        if (!(lens & len))
            continue;
        if (s.len)
            text_addc(&s, '+');
        pages_len_write(len, &s);
        lens &= ~len;
    }
    text_addf(out, "%-*s", (int)width, s.len ? text_str(&s) : "-");
    text_fini(&s);
}

static void write_pages(const struct gva_context *c, const struct map_run *r, struct text *out)
{
    write_rights(*c, 0, r->rights, out);
    text_add(out, "    ");
    write_rights(*c, 3, r->rights, out);
    text_addf(out, "   %c%c  ", r->a_all ? 'A' : r->a_any ? 'a' : '-', r->d_all ? 'D' : r->d_any ? 'd' : '-');
    write_page_lens(r->page_lens, 8, out);
    text_addf(out, "  0x%" PRIx64 "%s  %s", r->gpa, r->same ? " each" : "", backing_name(r->backing));
}

/* The level below: that of the table which an entry of this one points to. */
static void write_note(const struct map_run *r, struct text *out)
{
    const struct paging_level *l = r->level;
    switch (r->kind) {
    case MAP_RESERVED:
        text_addf(out, "%s: every access is a page fault", l->why_reserved);
        return;
    case MAP_UNBACKED:
        text_addf(out, "the %s points to 0x%" PRIx64 ", where no memory is", l->entry, r->gpa);
        return;
    case MAP_RECURSIVE:
        text_addf(out, "recursive: the %s points back to the table at 0x%" PRIx64 ": the tables themselves",
                  l->entry, r->gpa);
        return;
    case MAP_SHARED:
        text_addf(out, "the same as at 0x%" PRIx64 ": the %s at 0x%" PRIx64 " again", r->first_gva,
                  l[1].table, r->gpa);
        return;
    case MAP_PAGES:
        return;
    }
}

void map_run_write(const struct gva_context *c, const struct map_run *r, unsigned digits, struct text *out)
{
    write_range(r, digits, out);
    if (r->kind == MAP_PAGES)
        write_pages(c, r, out);
    else
        write_note(r, out);
    text_addc(out, '\n');
}

/* A number at `s` as C writes it; *end gets what follows it, `s` itself when there is none. */
static int number_parse(const char *s, const char **end, uint64_t *value, struct err *e)
{
    char *stop;
    errno = 0;
    *value = strtoull(s, &stop, 0);
    *end = stop;
    return errno ? err_set(e, "%s: more than 64 bits", s) : 0;
}

int pages_filter_parse(const char *args, struct pages_filter *f, struct err *e)
{
    const char *end;
    uint64_t second;
    *f = (struct pages_filter){.last = UINT64_MAX};
    if (!*args)
        return 0;
    if (!isdigit((unsigned char)*args)) {
        f->word = args;
        return 0;
    }
    if (number_parse(args, &end, &f->first, e) < 0)
        return -1;
    f->last = f->first;
    char how = *end;
    if (how == '\0')
        return 0;
    if ((how != '-' && how != '+') || !isdigit((unsigned char)end[1])) {
        *f = (struct pages_filter){.last = UINT64_MAX, .word = args}; /* "2M" is a word too */
        return 0;
    }
    if (number_parse(end + 1, &end, &second, e) < 0)
        return -1;
    if (*end)
        return err_set(e, "%s: neither ADDR nor FIRST-END nor FIRST+LENGTH", args);
    f->last = how == '-' ? second - 1 : f->first + second - 1;
    return second == 0 || f->last < f->first ? err_set(e, "%s: an empty range", args) : 0;
}
