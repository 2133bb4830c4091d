/*
 * `ringside trace merge`: see merge.h.  Each trace is read twice: once to learn which vCPUs it has and how it
 * ended, once to be merged, an event of each in memory. Of several events at one time that of the earlier
 * input comes first; events of one input never change places.
 */
#include "traces/fields.h"
#include "traces/format.h"
#include "traces/merge_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first reading. */
static int input_survey(struct merge_input *in, struct err *e)
{
    struct event ev;
    int more;
    if (trace_rewind(in->reader, e))
        return -1;
    while ((more = trace_next(in->reader, &ev, e)) > 0) {
        const struct trace_tables *t = trace_reader_tables(in->reader);
        in->vcpu_used[ev.vcpu] = true;
        in->vcpus = ev.vcpu + 1u > in->vcpus ? ev.vcpu + 1u : in->vcpus;
        in->vcpus = t && t->place.vcpu + 1 > in->vcpus ? t->place.vcpu + 1 : in->vcpus;
        in->events++;
    }
    trace_reader_state(in->reader, &in->state);
    return more < 0 ? err_wrap(e, "%s", in->path) : 0;
}

static int input_next(struct merge_input *in, struct err *e)
{
    int more = trace_next(in->reader, &in->ev, e);
    in->there = more > 0;
    if (more < 0)
        return err_wrap(e, "%s", in->path);
    in->ev.time_ns += in->shift_ns;
    in->ev.vcpu = (uint8_t)(in->ev.vcpu + in->vcpu_base);
    in->ev.device = in->device[in->ev.device];
    return 0;
}

static struct merge_input *input_earliest(struct merge *m)
{
    struct merge_input *first = NULL;
    for (size_t i = 0; i < m->count; i++)
        if (m->in[i].there && (!first || m->in[i].ev.time_ns < first->ev.time_ns))
            first = &m->in[i];
    return first;
}

/* A mark belongs to the event before it in its own trace, and has that one's number. */
static void put_mark(struct merge *m, struct trace_writer *w, struct merge_input *in)
{
    const struct event_names *names = &in->info->names;
    struct event at = in->ev;
    struct text words = {0};
    at.seq = in->last.seq;
    if (!m->one_machine)
        text_addf(&words, "%c: ", merge_letter((size_t)(in - m->in)));
    text_add(&words, in->ev.addr < names->mark_count ? names->marks[in->ev.addr] : "");
    trace_mark(w, &at, text_str(&words));
    text_fini(&words);
}

/* Registers stay with their steps. */
static void put_event(struct trace_writer *w, struct merge_input *in, uint64_t seq)
{
    const struct event_regs *regs = in->ev.kind == EVENT_STEP ? trace_reader_regs(in->reader, NULL) : NULL;
    in->ev.seq = seq;
    in->last = in->ev;
    if (regs)
        trace_step(w, &in->ev, regs);
    else
        trace_put(w, &in->ev);
}

/* A copy in front of event change->seq, with change's vCPU and missed changes added to its own. */
static int put_copy(struct merge *m, struct trace_writer *w, const struct trace_tables *from,
                    const struct tables_place *change, struct err *e)
{
    if (tables_copy(&m->tables, from, e))
        return -1;
    struct tables_place *place = &m->tables.place;
    place->seq = change->seq;
    place->vcpu += change->vcpu;
    place->missed += change->missed;
    if (place->vcpu < TRACE_ANY_VCPU)
        trace_put_tables(w, &m->tables);
    return 0;
}

/* The page tables that stand in front of the input's next event, or behind its last. A file may have any
 * number of them there; the reader keeps two, and those before count as changes that were not copied. */
static int put_tables(struct merge *m, struct trace_writer *w, struct merge_input *in, uint64_t seq,
                      struct err *e)
{
    uint64_t fresh = trace_reader_tables_count(in->reader) - in->tables_seen;
    struct tables_place change = {.seq = seq, .vcpu = in->vcpu_base, .missed = fresh > 2 ? fresh - 2 : 0};
    in->tables_seen += fresh;
    if (fresh > 1 && put_copy(m, w, trace_reader_tables_before(in->reader), &change, e))
        return -1;
    change.missed = 0;
    return fresh ? put_copy(m, w, trace_reader_tables(in->reader), &change, e) : 0;
}

static void say_input(const struct merge *m, const struct merge_input *in, struct text *out)
{
    text_addf(out, "%c: ", merge_letter((size_t)(in - m->in)));
    string_clean(out, in->path, strlen(in->path), TRACE_STRING_MAX);
    text_add(out, ": ");
    if (in->info->guest[0])
        text_addf(out, "%s, ", in->info->guest);
    text_addf(out, "%" PRIu64 " event%s, begins at ", in->events, in->events == 1 ? "" : "s");
    text_add_ns(out, in->shift_ns);
    if (in->vcpus > 1 && in->vcpu_base)
        text_addf(out, ", its vCPUs 0 to %u are %u to %u here", in->vcpus - 1, in->vcpu_base,
                  in->vcpu_base + in->vcpus - 1);
    else if (in->vcpus && in->vcpu_base)
        text_addf(out, ", its vCPU 0 is %u here", in->vcpu_base);
    if (!in->state.whole)
        text_addf(out, "; incomplete: %s", in->state.problem ? in->state.problem : "its end is missing");
}

static void put_beginning(const struct merge *m, struct trace_writer *w, struct text *said)
{
    struct text line = {0};
    for (size_t i = 0; i < m->count; i++) {
        text_clear(&line);
        say_input(m, &m->in[i], &line);
        trace_mark(w, NULL, text_str(&line));
        text_addf(said, "%s\n", text_str(&line));
    }
    text_fini(&line);
    text_addf(said, m->one_machine ? "parts of one machine: devices and vCPU numbers stay as they are\n"
                                   : "several machines: a device's name has the letter in front (a.uart)\n");
    if (m->symbols_dropped)
        text_add(said, "symbols: left out, since the traces have different ones\n");
}

static int put_all(struct merge *m, struct trace_writer *w, struct err *e)
{
    struct merge_input *in;
    uint64_t seq = 0;
    for (size_t i = 0; i < m->count; i++)
        if (trace_reader_want_regs(m->in[i].reader, e) || trace_rewind(m->in[i].reader, e) ||
            input_next(&m->in[i], e) || (!m->in[i].there && put_tables(m, w, &m->in[i], 0, e)))
            return -1;
    while ((in = input_earliest(m))) {
        if (put_tables(m, w, in, seq, e))
            return -1;
        if (in->ev.kind == EVENT_MARK)
            put_mark(m, w, in);
        else
            put_event(w, in, seq++);
        if (trace_failed(w, e) || input_next(in, e) || (!in->there && put_tables(m, w, in, seq, e)))
            return -1;
    }
    return 0;
}

/* The output would be emptied before it is read. */
static int check_output(const char *const *paths, size_t n, const char *out_path, struct err *e)
{
    struct stat out, in;
    if (stat(out_path, &out) < 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (stat(paths[i], &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return err_set(e, "%s: it is one of the traces to merge", out_path);
    return 0;
}

static void output_remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        unlink(path);
}

static int write_all(struct merge *m, const char *out_path, struct text *said, struct err *e)
{
    struct trace_writer *w = trace_create(out_path, &m->info, e);
    struct err why;
    if (!w)
        return -1;
    put_beginning(m, w, said);
    int rc = put_all(m, w, e);
    if (rc == 0)
        rc = merge_end_make(m, e);
    if (trace_close(w, rc == 0 && m->has_end ? &m->end : NULL, &why) && rc == 0) {
        rc = -1;
        *e = why;
    }
    if (rc < 0)
        output_remove(out_path);
    return rc;
}

int trace_merge(struct trace_reader *const *readers, const char *const *paths, size_t n, const char *out_path,
                struct text *said, struct err *e)
{
    struct merge m = {.count = n};
    if (n < 2 || n > MERGE_MAX)
        return err_set(e, "2 to %d traces can be merged", MERGE_MAX);
    int rc = check_output(paths, n, out_path, e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        m.in[i] = (struct merge_input){
            .reader = readers[i], .info = trace_reader_info(readers[i]), .path = paths[i]};
        rc = input_survey(&m.in[i], e);
    }
    if (rc == 0)
        rc = merge_info_make(&m, e);
    if (rc == 0)
        rc = write_all(&m, out_path, said, e);
    pool_free(&m.pool);
    tables_fini(&m.tables);
    return rc;
}
