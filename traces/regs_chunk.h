/*
 * Register chunks: the registers of the steps in one event chunk, which stands right behind.  A chunk's worth
 * is collected here while its events are, and read again beside them.
 */
#ifndef RINGSIDE_TRACES_REGS_CHUNK_H
#define RINGSIDE_TRACES_REGS_CHUNK_H

#include "base/err.h"
#include "traces/chunk.h"
#include "traces/regs.h"

/* ---- writing ----------------------------------------------------------------------------------------------
 */

struct regs_writer;

struct regs_writer *regs_writer_create(struct err *e);
void regs_writer_destroy(struct regs_writer *w);

/* Adds a step. Returns the bytes it took. */
size_t regs_writer_put(struct regs_writer *w, const struct event *ev, const struct event_regs *after);
/* A step of this vCPU whose registers nobody told: what they were before is of no use any more. */
void regs_writer_forget(struct regs_writer *w, uint8_t vcpu);

/* Bytes and steps collected. */
size_t regs_writer_len(const struct regs_writer *w);
uint32_t regs_writer_steps(const struct regs_writer *w);

/* The chunk, framed as chunk_write() wants it, *raw_len bytes behind the head's room; begins the next one.
 * The buffer is the writer's. */
uint8_t *regs_writer_take(struct regs_writer *w, size_t *raw_len);

/* ---- reading ----------------------------------------------------------------------------------------------
 */

struct regs_reader;

struct regs_reader *regs_reader_create(struct err *e);
void regs_reader_destroy(struct regs_reader *r);

/* Forgets everything: at the start of the file. */
void regs_reader_reset(struct regs_reader *r);

/* The same at another place than the start: what the vCPUs did before it is not known. */
void regs_reader_sought(struct regs_reader *r);

/* A REGS chunk was read: keeps its payload. */
NODISCARD int regs_reader_chunk(struct regs_reader *r, const struct chunk *c, struct err *e);
/* The event chunk of this number begins: the kept payload is its registers when it stands right before it.
 * NULL, or what is wrong with the payload. */
const char *regs_reader_begin(struct regs_reader *r, uint32_t number);
/* After each of its events, in order. NULL, or what is wrong with the registers. */
const char *regs_reader_event(struct regs_reader *r, const struct event *ev);
/* After the last of them, likewise. */
const char *regs_reader_end(const struct regs_reader *r);

/* False when the registers of the event seen last count as unknown only because of regs_reader_sought. */
bool regs_reader_sure(const struct regs_reader *r);

/* Were there any registers since the reset? */
bool regs_reader_seen(const struct regs_reader *r);

/* After the event seen last: see trace_reader_regs(), trace_reader_regs_before(). */
const struct event_regs *regs_reader_now(const struct regs_reader *r, uint32_t *changed);
const struct event_regs *regs_reader_before(const struct regs_reader *r);

#endif
