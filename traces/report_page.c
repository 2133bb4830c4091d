/*
 * The page around a report's sections: head, style, verdict, facts, and the script.  The page is one file
 * that asks the net for nothing, which it says itself in a Content-Security-Policy (W3C, "Content Security
 * Policy Level 3"): no source of anything but the style inside it and the one script whose SHA-256 is named.
 * Whatever else might get in does not run.
 */
#include "traces/report.h"

#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>
#include <time.h>

static void add_script_hash(struct text *out)
{
    struct sha256_ctx sha;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char coded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = {0};
    sha256_init(&sha);
    sha256_update(&sha, strlen(report_js), (const uint8_t *)report_js);
    sha256_digest(&sha, sizeof digest, digest);
    base64_encode_raw(coded, sizeof digest, digest);
    text_add(out, coded);
}

/* The last part of the guest's path: the name that people use. */
static const char *guest_name(const struct report *r)
{
    const char *guest = r->info->guest, *slash = strrchr(guest, '/');
    if (slash && slash[1])
        guest = slash + 1;
    return *guest ? guest : "a guest";
}

void report_begin(struct report *r)
{
    struct text *out = r->page;
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                  "'unsafe-inline'; "
                  "img-src data:; base-uri 'none'; form-action 'none'; script-src 'sha256-");
    add_script_hash(out);
    text_add(
        out,
        "'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    html_add(out, guest_name(r), HTML_NAME);
    text_add(out, ": report of a run</title>\n<style>\n");
    text_add(out, report_css);
    text_add(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the report</a>\n<header>\n"
                  "<p class=\"brand\">Ringside · report of a run</p>\n<h1>");
    html_add(out, guest_name(r), HTML_NAME);
    text_add(out, "</h1>\n");
}

/* How a run can end (docs/trace-format.md, FOOT), in words, and whether that is good. */
static const struct ending {
    const char *status, *class, *words;
} endings[] = {
    {"halted", "good", "The guest halted for good"},
    {"poweroff", "good", "The guest switched the machine off"},
    {"debug-exit", "good", "The guest ended the run through the debug-exit port"},
    {"budget", "warn", "A budget ran out before the guest was done"},
    {"interrupted", "warn", "The run was interrupted"},
    {"triple-fault", "bad", "The guest died of a triple fault"},
    {"error", "bad", "The run ended with an error"},
    {NULL, "warn", "The run ended"},
};

static const struct ending *ending_of(const struct trace_end *end)
{
    const struct ending *row = endings;
    while (row->status && strcmp(row->status, end->status) != 0)
        row++;
    return row;
}

static void add_ending(struct report *r)
{
    struct text *out = r->page;
    const struct trace_end *end = r->state.end;
    if (!end) {
        text_add(out, "<p class=\"verdict warn\"><strong>How the run ended is not in this file</strong>");
    } else {
        const struct ending *row = ending_of(end);
        text_addf(out, "<p class=\"verdict %s\"><strong>%s</strong>", row->class, row->words);
        if (!row->status && *end->status) { /* a later version's word */
            text_add(out, " (");
            html_add(out, end->status, HTML_NAME);
            text_addc(out, ')');
        }
        text_add(out, " after ");
        html_duration(out, end->elapsed_ns);
        text_addf(out, ", with exit status %d", end->exit_code);
        if (*end->reason) {
            text_add(out, ": ");
            html_add(out, end->reason, HTML_LONG);
        }
    }
    text_add(out, ".</p>\n");
}

/* Is it all? */
void report_verdict(struct report *r)
{
    struct text *out = r->page;
    add_ending(r);
    if (r->state.whole) {
        text_add(out, "<p class=\"verdict good\"><strong>The trace is whole</strong>: every event that was "
                      "written is here.</p>\n");
    } else {
        text_add(out, "<p class=\"verdict bad\"><strong>The trace is incomplete</strong>: ");
        html_add(out, r->state.problem ? r->state.problem : "its end was not read", HTML_LONG);
        text_add(out, ". This page tells what could be read.</p>\n");
    }
    if (r->events != r->state.events) {
        text_add(out, "<p class=\"verdict warn\"><strong>A filter was on</strong>: ");
        html_count(out, r->events);
        text_add(out, " of ");
        html_count(out, r->state.events);
        text_add(out, " events passed it, and only those are told about.</p>\n");
    }
}

/* `code`: words for a machine, which may be long and get a line of their own. */
static void add_fact(struct text *out, const char *name, const char *value, bool code)
{
    if (!*value)
        return;
    text_addf(out, "<div%s><dt>%s</dt><dd>%s", code ? " class=\"long\"" : "", name, code ? "<code>" : "");
    html_add(out, value, HTML_LONG);
    text_addf(out, "%s</dd></div>\n", code ? "</code>" : "");
}

static void add_start(struct text *out, uint64_t unix_ns)
{
    char when[48];
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm tm;
    if (unix_ns && gmtime_r(&seconds, &tm) && strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm))
        add_fact(out, "started", when, false);
}

static void add_tile(struct text *out, const char *name, void (*add)(struct text *, uint64_t), uint64_t value)
{
    text_add(out, "<div class=\"tile\"><dd>");
    add(out, value);
    text_addf(out, "</dd><dt>%s</dt></div>\n", name);
}

static void add_tiles(struct report *r)
{
    struct text *out = r->page;
    const struct stats *s = &r->stats;
    size_t devices = 0;
    for (size_t i = 1; i < 256; i++)
        devices += s->device[i].count != 0;
    text_add(out, "<dl class=\"tiles\">\n");
    add_tile(out, s->exits.count == 1 ? "exit" : "exits", html_count, s->exits.count);
    add_tile(out, "in the guest", html_duration, s->exits.guest_ns);
    add_tile(out, "in the host", html_duration, s->exits.host_ns);
    add_tile(out, "interrupts", html_count, s->kind[EVENT_IRQ].count);
    add_tile(out, devices == 1 ? "device used" : "devices used", html_count, devices);
    if (s->kind[EVENT_STEP].count)
        add_tile(out, "steps", html_count, s->kind[EVENT_STEP].count);
    text_add(out, "</dl>\n");
}

void report_facts(struct report *r)
{
    struct text *out = r->page, memory = {0};
    const struct trace_info *i = r->info;
    text_add_size(&memory, i->mem_len);
    add_tiles(r);
    text_add(out, "<dl class=\"facts\">\n");
    add_fact(out, "guest", i->guest, true);
    add_fact(out, "SHA-256", i->guest_sha256, true);
    add_fact(out, "command", i->command, true);
    add_fact(out, "host", i->host, false);
    add_fact(out, "KVM", i->backend, false);
    add_fact(out, "clock", i->clock, false);
    add_fact(out, "interrupt controllers", i->irqchip, false);
    if (i->mem_len)
        add_fact(out, "memory", text_str(&memory), false);
    add_start(out, i->start_unix_ns);
    add_fact(out, "recorded by", i->program, false);
    text_add(out, "</dl>\n");
    text_fini(&memory);
}

/* The script stands at the end: it finds the whole page, and a page without it is whole. */
void report_end(struct report *r)
{
    text_add(
        r->page,
        "</main>\n<footer><p>Made by <code>ringside trace report</code> from the trace alone. Times are the "
        "host’s; a median or p99 is right to one part in 64.</p></footer>\n<script>");
    text_add(r->page, report_js);
    text_add(r->page, "</script>\n</body>\n</html>\n");
}
