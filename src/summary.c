/*
 * What is said when a run has ended: see summary.h.
 */
#include "summary.h"

void summary_line(const struct run_result *r, struct text *out)
{
    text_addf(out, "%s after %llu exit%s in ", run_status_name(r->status), (unsigned long long)r->exits,
              r->exits == 1 ? "" : "s");
    text_add_ns(out, r->elapsed_ns);
    text_addf(out, ": %s", r->reason);
    if (r->status == RUN_BUDGET || r->status == RUN_INTERRUPTED)
        text_addf(out, ", in %s mode at 0x%llx", cpu_mode_name(r->mode), (unsigned long long)r->rip);
}

void summary_json(const struct run_result *r, const char *trace, struct text *out)
{
    text_addf(out, "{\"status\":\"%s\",\"exit_code\":%d,\"exits\":%llu,\"steps\":%llu,\"by_kind\":{",
              run_status_name(r->status), r->exit_code, (unsigned long long)r->exits,
              (unsigned long long)r->steps);
    const char *comma = "";
    for (unsigned kind = 0; kind < EVENT_KIND_MAX; kind++) {
        if (!r->by_kind[kind])
            continue;
        text_addf(out, "%s\"%s\":%llu", comma, event_kind_info(kind)->name,
                  (unsigned long long)r->by_kind[kind]);
        comma = ",";
    }
    text_addf(out,
              "},\"mode\":\"%s\",\"rip\":\"0x%llx\",\"elapsed_ns\":%llu,\"trace\":", cpu_mode_name(r->mode),
              (unsigned long long)r->rip, (unsigned long long)r->elapsed_ns);
    if (trace)
        text_add_json(out, trace);
    else
        text_add(out, "null");
    text_addf(out, ",\"events\":%llu,\"cpu_ns\":%llu,\"reason\":", (unsigned long long)r->events,
              (unsigned long long)r->cpu_ns);
    text_add_json(out, r->reason);
    text_add(out, "}\n");
}
