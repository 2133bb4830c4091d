/*
 * Elements of the Trace Event Format: see perfetto.h.  Times are microseconds there, with a fraction; they
 * are written digit by digit, so that no nanosecond is lost to binary fractions.
 */
#include "traces/perfetto.h"

void perfetto_time(struct text *out, uint64_t ns)
{
    unsigned rest = (unsigned)(ns % 1000);
    char fraction[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    export_decimal(out, ns / 1000);
    text_addn(out, fraction, sizeof fraction);
}

void perfetto_begin(struct perfetto *p, char phase, unsigned process, unsigned track, uint64_t ns)
{
    struct text *out = &p->job->line;
    text_add(out, p->any ? ",\n{\"ph\":\"" : "{\"ph\":\"");
    p->any = true;
    text_addc(out, phase);
    text_add(out, "\",\"pid\":");
    export_decimal(out, process);
    text_add(out, ",\"tid\":");
    export_decimal(out, track);
    text_add(out, ",\"ts\":");
    perfetto_time(out, ns);
}

void perfetto_string(struct text *out, const char *key, const char *s)
{
    text_add(out, ",\"");
    text_add(out, key);
    text_add(out, "\":");
    text_add_json(out, s);
}

int perfetto_end(struct perfetto *p, struct err *e)
{
    text_addc(&p->job->line, '}');
    return export_line(p->job, e);
}

int perfetto_slice(struct perfetto *p, unsigned process, unsigned track, const char *name, uint64_t from_ns,
                   uint64_t to_ns, struct err *e)
{
    if (to_ns <= from_ns)
        return 0;
    perfetto_begin(p, 'X', process, track, from_ns);
    text_add(&p->job->line, ",\"dur\":");
    perfetto_time(&p->job->line, to_ns - from_ns);
    perfetto_string(&p->job->line, "name", name);
    return perfetto_end(p, e);
}

static int metadata(struct perfetto *p, unsigned process, unsigned track, const char *what, const char *name,
                    unsigned sort, struct err *e)
{
    struct text *out = &p->job->line;
    perfetto_begin(p, 'M', process, track, 0);
    text_addf(out, ",\"name\":\"%s_%s\",\"args\":{", track ? "thread" : "process", what);
    if (name) {
        text_add(out, "\"name\":");
        text_add_json(out, name);
    } else {
        text_addf(out, "\"sort_index\":%u", sort);
    }
    text_addc(out, '}');
    return perfetto_end(p, e);
}

int perfetto_name(struct perfetto *p, unsigned process, unsigned track, const char *name, unsigned sort,
                  struct err *e)
{
    return metadata(p, process, track, "name", name, 0, e) ||
                   metadata(p, process, track, "sort_index", NULL, sort, e)
               ? -1
               : 0;
}
