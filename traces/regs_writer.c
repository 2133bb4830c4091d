/*
 * Collecting the registers of steps for a chunk: see regs_chunk.h.  The chunk's start and the column of masks
 * are built where they will be written from; the column of values grows beside them and is put behind at the
 * end.
 */
#include "traces/regs_chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_LEN (256u * 1024) /* of each; the trace writer asks for the chunk long before */

struct regs_writer {
    struct regs_codec codec;
    uint32_t steps;
    size_t masks_at, masks_len, values_len; /* masks_at: in buf */
    uint8_t values[COLUMN_LEN];
    uint8_t buf[CHUNK_HEAD_LEN + REGS_HEAD_LEN + REGS_KNOWN_MAX + 2 * COLUMN_LEN];
};
_Static_assert(REGS_HEAD_LEN + REGS_KNOWN_MAX + 2 * COLUMN_LEN <= CHUNK_RAW_MAX, "it fits a chunk");

struct regs_writer *regs_writer_create(struct err *e)
{
    struct regs_writer *w = calloc(1, sizeof *w);
    if (!w)
        err_sys(e, ENOMEM, "registers");
    return w;
}

void regs_writer_destroy(struct regs_writer *w)
{
    free(w);
}

static void regs_writer_begin(struct regs_writer *w)
{
    regs_begin(&w->codec);
    w->masks_at = CHUNK_HEAD_LEN + REGS_HEAD_LEN;
    w->masks_at += regs_put_known(&w->codec, w->buf + w->masks_at);
    w->masks_len = w->values_len = 0;
}

size_t regs_writer_put(struct regs_writer *w, const struct event *ev, const struct event_regs *after)
{
    if (w->steps == 0)
        regs_writer_begin(w);
    uint8_t *masks = w->buf + w->masks_at + w->masks_len, *values = w->values + w->values_len;
    struct regs_columns out = {masks, values};
    regs_put(&w->codec, ev, after, &out);
    w->masks_len += (size_t)(out.masks - masks);
    w->values_len += (size_t)(out.values - values);
    w->steps++;
    return (size_t)(out.masks - masks + (out.values - values));
}

void regs_writer_forget(struct regs_writer *w, uint8_t vcpu)
{
    regs_forget(&w->codec, vcpu);
}

size_t regs_writer_len(const struct regs_writer *w)
{
    return w->masks_len + w->values_len;
}

uint32_t regs_writer_steps(const struct regs_writer *w)
{
    return w->steps;
}

uint8_t *regs_writer_take(struct regs_writer *w, size_t *raw_len)
{
    uint8_t *payload = w->buf + CHUNK_HEAD_LEN;
    size_t len = w->masks_at + w->masks_len;
    le_store(payload, w->steps, 4);
    le_store(payload + 4, w->masks_len, 4);
    memcpy(w->buf + len, w->values, w->values_len);
    *raw_len = len + w->values_len - CHUNK_HEAD_LEN;
    w->steps = 0;
    return w->buf;
}
