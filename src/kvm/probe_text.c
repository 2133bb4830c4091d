/*
 * What the host probe found, for a person and for a program.  Called by `ringside doctor`.  A person reads
 * from the top and stops early: first the verdict (or, where nothing runs, what to do about it), then what
 * follows from it, then the table, and last how to mend what is missing, each mend once.
 */
#include "kvm/probe.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, TITLE_COLUMN = 11, DETAIL_COLUMN = 54 };

/* Appends `s` word by word, so that no line is wider than WIDTH; lines after the first start at column
 * `indent`. */
static void text_wrap(struct text *out, size_t indent, const char *s)
{
    const char *all = text_str(out);
    const char *line = strrchr(all, '\n');
    size_t column = text_width(line ? line + 1 : all);
    for (bool first = true; *s; first = false) {
        char word[256];
        const size_t len = strcspn(s, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, s);
        const size_t width = text_width(word);
        if (!first && column + 1 + width > WIDTH) {
            text_addc(out, '\n');
            text_pad(out, indent);
            column = indent;
        } else if (!first) {
            text_addc(out, ' ');
            column++;
        }
        text_add(out, word);
        column += width;
        s += len + strspn(s + len, " ");
    }
}

static void text_line(struct text *out, size_t indent, const char *s)
{
    text_wrap(out, indent, s);
    text_addc(out, '\n');
}

static bool row_missing(const struct probe_row *row)
{
    return row->result == PROBE_ABSENT || row->result == PROBE_BROKEN;
}

static size_t count_result(const struct probe_report *r, enum probe_result result)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->rows[i].result == result;
    return n;
}

static void verdict_unusable(const struct probe_report *r, struct text *out)
{
    struct text line = {0};
    for (size_t i = 0; i < r->n; i++) {
        const struct probe_row *row = &r->rows[i];
        if (!row->needed || !row_missing(row))
            continue;
        text_addf(&line, "To run guests here: %s.", row->mend);
        text_line(out, 0, text_str(&line));
        text_clear(&line);
        text_addf(&line, "This host cannot run Ringside's guests: %s: %s.", row->title,
                  row->detail[0] ? row->detail : probe_result_name(row->result));
        text_line(out, 0, text_str(&line));
        break;
    }
    text_fini(&line);
    text_line(out, 0, "Everything that reads traces works without KVM.");
}

static void verdict_usable(const struct probe_report *r, struct text *out)
{
    struct text line = {0};
    const bool software = strcmp(r->backend, "software-backed") == 0;
    text_addf(&line, "This host can run Ringside: %s%s, API version %d.",
              software ? "software-backed KVM" : r->backend, software ? ", without VT-x or AMD-V" : "",
              r->api_version);
    text_line(out, 0, text_str(&line));
    if (software)
        text_line(out, 0,
                  "What follows from that: guest code at CPL 0 is emulated, some hundred times slower than "
                  "on the CPU, and not every instruction is; code at CPL 3 in long mode runs on the CPU, out "
                  "of reach of the debugger. Ringside completes what it can itself; the list at the end says "
                  "what is lost.");
    text_fini(&line);
}

static void verdict_host(const struct probe_report *r, struct text *out)
{
    struct text line = {0};
    text_addf(&line, "%s; Linux %s; %s%s.", r->device, r->kernel, r->cpu,
              r->nested ? "; this host is itself a virtual machine" : "");
    text_line(out, 0, text_str(&line));
    text_clear(&line);
    text_addf(&line, "%zu checks in ", r->n);
    text_add_ns(&line, r->elapsed_ns);
    text_addf(&line, ": %zu work, %zu absent, %zu broken", count_result(r, PROBE_WORKS),
              count_result(r, PROBE_ABSENT), count_result(r, PROBE_BROKEN));
    if (count_result(r, PROBE_SKIPPED))
        text_addf(&line, ", %zu skipped", count_result(r, PROBE_SKIPPED));
    text_line(out, 0, text_str(&line));
    text_fini(&line);
}

static void text_row(const struct probe_row *row, struct text *out)
{
    text_addf(out, "  %s", probe_result_name(row->result));
    text_pad(out, TITLE_COLUMN);
    text_add(out, row->title);
    if (row->detail[0]) {
        text_pad(out, DETAIL_COLUMN - 2);
        text_add(out, "  ");
        text_wrap(out, DETAIL_COLUMN, row->detail);
    }
    text_addc(out, '\n');
}

/* The rows of the group that starts at `first`; one line when there was nothing to try. Returns where it
 * ends. */
static size_t text_group(const struct probe_report *r, size_t first, struct text *out)
{
    size_t end = first, skipped = 0;
    for (; end < r->n && strcmp(r->rows[end].group, r->rows[first].group) == 0; end++)
        skipped += r->rows[end].result == PROBE_SKIPPED;
    text_addf(out, "\n%s\n", r->rows[first].group);
    if (skipped == end - first) {
        text_addf(out, "  skipped  all %zu checks\n", skipped);
        return end;
    }
    for (size_t i = first; i < end; i++)
        text_row(&r->rows[i], out);
    return end;
}

/* The rows that one mend would mend, under it. */
static void text_mend(const struct probe_report *r, const char *mend, struct text *out)
{
    text_addc(out, '\n');
    text_wrap(out, 0, "To mend these: ");
    text_addc(out, ' ');
    text_line(out, 2, mend);
    for (size_t i = 0; i < r->n; i++) {
        const struct probe_row *row = &r->rows[i];
        if (!row_missing(row) || strcmp(row->mend, mend) != 0)
            continue;
        struct text line = {0};
        text_addf(&line, "%s: %s", row->title, row->matters);
        text_add(out, "  - ");
        text_line(out, 4, text_str(&line));
        text_fini(&line);
    }
}

static void text_mends(const struct probe_report *r, struct text *out)
{
    for (size_t i = 0; i < r->n; i++) {
        bool said = !row_missing(&r->rows[i]);
        for (size_t k = 0; k < i && !said; k++)
            said = row_missing(&r->rows[k]) && strcmp(r->rows[k].mend, r->rows[i].mend) == 0;
        if (!said)
            text_mend(r, r->rows[i].mend, out);
    }
}

void probe_text(const struct probe_report *r, struct text *out)
{
    if (r->usable)
        verdict_usable(r, out);
    else
        verdict_unusable(r, out);
    verdict_host(r, out);
    for (size_t i = 0; i < r->n;)
        i = text_group(r, i, out);
    text_mends(r, out);
}

static void json_field(struct text *out, const char *key, const char *value, const char *after)
{
    text_add_json(out, key);
    text_addc(out, ':');
    text_add_json(out, value);
    text_add(out, after);
}

static void json_row(const struct probe_row *row, struct text *out)
{
    text_addc(out, '{');
    json_field(out, "id", row->id, ",");
    json_field(out, "title", row->title, ",");
    json_field(out, "group", row->group, ",");
    json_field(out, "result", probe_result_name(row->result), ",");
    text_addf(out, "\"needed\":%s,", row->needed ? "true" : "false");
    json_field(out, "detail", row->detail, ",");
    json_field(out, "mend", row->mend, ",");
    json_field(out, "matters", row->matters, "}");
}

void probe_json(const struct probe_report *r, struct text *out)
{
    text_addf(out, "{\"usable\":%s,", r->usable ? "true" : "false");
    json_field(out, "backend", r->backend, ",");
    text_addf(out, "\"nested\":%s,\"api_version\":%d,", r->nested ? "true" : "false", r->api_version);
    json_field(out, "kernel", r->kernel, ",");
    json_field(out, "cpu", r->cpu, ",");
    json_field(out, "device", r->device, ",");
    text_addf(out, "\"elapsed_ns\":%llu,\"checks\":[", (unsigned long long)r->elapsed_ns);
    for (size_t i = 0; i < r->n; i++) {
        if (i)
            text_addc(out, ',');
        json_row(&r->rows[i], out);
    }
    text_add(out, "]}\n");
}

int doctor_main(bool json, const char *device_path, struct text *out)
{
    enum { STATUS_USABLE = 0, STATUS_NO_KVM = 127 };
    struct probe_report r;
    struct err e;
    if (probe_run(&r, device_path, &e) < 0 && !json)
        text_addf(out, "The checks could not be made: %s.\n", e.text);
    if (json)
        probe_json(&r, out);
    else
        probe_text(&r, out);
    return r.usable ? STATUS_USABLE : STATUS_NO_KVM;
}
