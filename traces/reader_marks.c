/*
 * Marks: the texts that events of this kind bring along.  An event has no room for a text, so it points: its
 * addr is the mark's number among all that were read, and the texts stand in the trace's names.
 */
#include "traces/reader_inside.h"

#include <errno.h>
#include <stdlib.h>

/* Memory for marks is bounded, since a few compressed bytes can hold very many of them. */
#define MARKS_MAX     (1u << 20)
#define MARKS_LEN_MAX (64u << 20)

/* After a rewind the texts are there already. */
int reader_marks_take(struct trace_reader *r, struct event *ev, struct err *e)
{
    struct cursor text = cursor_part(&r->coded);
    struct event_names *names = &r->info.names;
    struct reader_marks *m = &r->marks;
    ev->addr = m->seen;
    if (r->coded.bad || m->seen++ < names->mark_count || names->mark_count == MARKS_MAX)
        return 0;
    if (names->mark_count == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 64;
        const char **grown = realloc(m->text, cap * sizeof *grown);
        if (!grown)
            return err_sys(e, ENOMEM, "marks");
        m->text = grown;
        m->cap = cap;
        names->marks = grown;
    }
    m->len += text.left;
    const char *s = m->len > MARKS_LEN_MAX ? "" : pool_string(&m->pool, &text);
    if (!s)
        return err_sys(e, ENOMEM, "marks");
    m->text[names->mark_count++] = s;
    return 0;
}

void reader_marks_forget(struct trace_reader *r)
{
    pool_free(&r->marks.pool);
    r->marks.len = 0;
    r->marks.seen = 0;
    r->info.names.mark_count = 0;
}
