/*
 * Inside the trace reader: what its files share.  reader.c goes from chunk to chunk and from event to event;
 * beside it stand the marks' texts (reader_marks.c), the footer (reader_footer.c), files that grow
 * (reader_grow.c) and reading from the midst of a file on (reader_seek.c).
 */
#ifndef RINGSIDE_TRACES_READER_INSIDE_H
#define RINGSIDE_TRACES_READER_INSIDE_H

#include "traces/chunk.h"
#include "traces/codec.h"
#include "traces/reader.h"
#include "traces/regs_chunk.h"
#include "traces/tables.h"

/* The texts of the marks that were read; names.marks points to `text`. */
struct reader_marks {
    struct pool pool;
    const char **text;
    size_t cap, len; /* len: bytes of all texts */
    uint64_t seen;   /* since the last rewind, or since the place that was gone to */
};

struct trace_reader {
    int fd;
    struct pool pool;
    struct trace_info info;
    struct chunk_reader in;
    uint64_t first_offset; /* of the chunk after the header, its number being 1 */
    struct codec codec;
    struct cursor coded; /* what is left of the chunk's events */
    uint32_t coded_count;
    uint64_t chunk_offset; /* of the chunk in `coded` */
    uint32_t chunk_number;
    struct regs_reader *regs; /* NULL: nobody has asked for them */
    struct reader_marks marks;
    struct tables_pair tables; /* copies of page tables since the last rewind */
    unsigned tables_vcpu;      /* whose: TRACE_ANY_VCPU, or those of one */

    uint64_t events; /* since the last rewind, or the place that was gone to */
    bool at_end, whole;
    bool may_grow;      /* at_end for lack of bytes: more of them may come */
    uint64_t seen_len;  /* the file's length when trace_continue last looked */
    struct err problem; /* text empty: none */
    bool has_foot;
    struct foot foot;

    bool sought;           /* it did not begin at the first event: see reader_seek */
    bool index_looked_for; /* the footer was looked for … */
    bool has_index;        /* … and found: `index` is it */
    struct foot index;
};

/* Goes to the next chunk. -1 for an I/O error; the end of what is readable sets at_end. */
NODISCARD int reader_advance(struct trace_reader *r, struct err *e);

/* Ends reading here for the reason in r->problem. Returns 0: that is an answer, not an error. */
int reader_stop(struct trace_reader *r);

/* The footer was read: it must be the last thing in the file and agree with what was counted. */
int reader_end(struct trace_reader *r, const struct chunk *c);

/* Keeps the text of the mark just decoded and makes the event point at it. -1 without memory. */
NODISCARD int reader_marks_take(struct trace_reader *r, struct event *ev, struct err *e);

/* Forgets all texts: those that come now are counted from 0 again. */
void reader_marks_forget(struct trace_reader *r);

#endif
