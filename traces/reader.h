/*
 * What commands ask a reader for beyond trace.h: `trace check` for the footer as the end of the file tells of
 * it, and for what stands at an offset of the index; those that want one place for the way there.
 */
#ifndef RINGSIDE_TRACES_READER_H
#define RINGSIDE_TRACES_READER_H

#include "traces/header.h"
#include "traces/trace.h"

/* Looks for a footer by the length in the file's last four bytes, without reading what is in between. Returns
 * true and fills `foot` when a whole one is there; its strings live as long as the reader. */
bool reader_find_footer(struct trace_reader *r, struct foot *foot);

/* The footer that trace_next reached, or NULL. */
const struct foot *reader_footer(const struct trace_reader *r);

/* True when an event chunk that agrees with the entry stands where the index says. *number (may be NULL) is
 * that chunk's. */
bool reader_index_holds(struct trace_reader *r, const struct trace_index *entry, uint32_t *number);

/* Goes near event `seq`, so that trace_next gives it soon, and whole index entries of events before it. From
 * there on registers are known as if the trace had been read from its start, except where reader_is_sure says
 * no; marks are numbered from the place on; copies of page tables that stand before it are not there; and
 * trace_state counts events from the place, and is about nothing before it. Returns 1 when it went there; 0
 * when reading begins at the first event, since there is no index, it is wrong, or the event is near the
 * start; -1 with *e. */
NODISCARD int reader_seek(struct trace_reader *r, uint64_t seq, struct err *e);

/* False when, after reader_seek, nobody can tell whether the registers of the event read last are known:
 * only what came before the place would say whether its CPU has run on without being stepped. They count as
 * not known. */
bool reader_is_sure(const struct trace_reader *r);

/* True when the footer says that no instruction was stepped: then no event has registers. */
bool reader_never_stepped(struct trace_reader *r);

#endif
