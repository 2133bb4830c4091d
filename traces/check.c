/*
 * `trace check`: may this file be believed, and how much of it?  Reads every event, compares the footer with
 * what was found, follows every entry of the index, and for a damaged file looks for the footer from the end,
 * which tells how much is missing.
 */
#include "traces/commands.h"
#include "traces/reader.h"

#include <inttypes.h>

/* The first entry of the index that does not hold, or the number of entries. */
static size_t index_fault(struct trace_reader *r, const struct foot *foot)
{
    size_t i = 0;
    while (i < foot->index_count && reader_index_holds(r, &foot->index[i], NULL))
        i++;
    return i;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void say_damage(struct trace_reader *r, const struct trace_state *s, struct text *out)
{
    struct foot foot;
    unsigned percent = s->file_len ? (unsigned)(100.0 * (double)s->readable_len / (double)s->file_len) : 0;
    text_addf(out, "damaged: %s\n", s->problem);
    text_addf(out,
              "readable: %" PRIu64 " event%s in %" PRIu64 " chunk%s, up to byte %" PRIu64 " of %" PRIu64
              " (%u%%)\n",
              s->events, plural(s->events), s->chunks, plural(s->chunks), s->readable_len, s->file_len,
              percent);
    if (s->end)
        text_addf(out, "footer: there, ended: %s\n", s->end->status);
    else if (reader_find_footer(r, &foot))
        text_addf(out, "footer: there, ended: %s; it speaks of %" PRIu64 " events, so %" PRIu64 " are lost\n",
                  foot.end.status, foot.events, foot.events > s->events ? foot.events - s->events : 0);
    else
        text_add(out, "footer: missing, so how the run ended is not known\n");
}

int trace_check(struct trace_reader *r, struct text *out, struct err *e)
{
    struct event ev;
    struct trace_state s;
    int more;
    if (trace_reader_want_regs(r, e) || trace_rewind(r, e))
        return -1;
    while ((more = trace_next(r, &ev, e)) > 0)
        ;
    if (more < 0)
        return -1;
    trace_reader_state(r, &s);
    if (!s.whole) {
        say_damage(r, &s, out);
        return 1;
    }
    const struct foot *foot = reader_footer(r);
    size_t fault = index_fault(r, foot);
    if (fault < foot->index_count) {
        text_addf(out, "damaged: entry %zu of the index points at byte %" PRIu64 ", where no such chunk is\n",
                  fault, foot->index[fault].offset);
        text_addf(out, "readable: all %" PRIu64 " event%s, ended: %s\n", s.events, plural(s.events),
                  s.end->status);
        return 1;
    }
    text_addf(out, "whole: %" PRIu64 " event%s in %" PRIu64 " chunks, ended: %s\n", s.events,
              plural(s.events), s.chunks, s.end->status);
    if (trace_reader_tables_count(r))
        text_addf(out, "page tables: %" PRIu64 " cop%s\n", trace_reader_tables_count(r),
                  trace_reader_tables_count(r) == 1 ? "y" : "ies");
    return 0;
}
