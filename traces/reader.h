/*
 * What `trace check` asks a reader for beyond trace.h: the footer as the end of the file tells of it, and
 * what stands at an offset of the index.
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

/* True when an event chunk that agrees with the entry stands where the index says. */
bool reader_index_holds(struct trace_reader *r, const struct trace_index *entry);

#endif
