/*
 * Reading from the midst of a file on.  Each event chunk can be decoded without any other, and the footer's
 * index says where some of them are; so who wants the last thousand of ten million events need not read the
 * others.  What is carried along from the beginning is then missing, and three things need care: registers
 * (a chunk of them begins with all that are known, but stands in front of its events' chunk, so that reading
 * begins an entry of the index earlier), marks (counted anew), and copies of page tables (those before the
 * place are not known).
 *
 * The index is as little trusted as the rest: where it is wrong, reading begins at the first event.
 */
#include "traces/reader_inside.h"

static bool has_index(struct trace_reader *r)
{
    if (!r->index_looked_for)
        r->has_index = reader_find_footer(r, &r->index);
    r->index_looked_for = true;
    return r->has_index;
}

/* The number of entries of which the last is the one to begin at: the one before the last that begins no
 * later than `seq`. 0: none, or the index is in no order, as with marks that were merged. */
static size_t entry_before(const struct foot *foot, uint64_t seq)
{
    size_t n = 0;
    for (size_t i = 0; i < foot->index_count; i++) {
        if (i && foot->index[i].seq < foot->index[i - 1].seq)
            return 0;
        n += foot->index[i].seq <= seq;
    }
    return n ? n - 1 : 0;
}

int reader_seek(struct trace_reader *r, uint64_t seq, struct err *e)
{
    if (trace_rewind(r, e))
        return -1;
    size_t n = has_index(r) ? entry_before(&r->index, seq) : 0;
    uint32_t number;
    if (n < 2 || !reader_index_holds(r, &r->index.index[n - 1], &number))
        return 0;
    reader_marks_forget(r);
    r->sought = true;
    r->in.offset = r->index.index[n - 1].offset;
    r->in.number = number;
    if (r->regs)
        regs_reader_sought(r->regs);
    return 1;
}

bool reader_is_sure(const struct trace_reader *r)
{
    return !r->sought || !r->regs || regs_reader_sure(r->regs);
}

bool reader_never_stepped(struct trace_reader *r)
{
    return has_index(r) && r->index.end.steps == 0;
}
