/*
 * Fuzzing rule files: any bytes are read as one. Whatever they are: one line of error that begins with its
 * line, or rules that a small trace is graded by, the same each time, with a report in each form.
 */
#include "fuzz.h"

#include "traces/rules.h"

#include <string.h>
#include <unistd.h>

static const char *const uart_regs[] = {"RBR", "THR", "LSR"};
static const struct event_device devices[] = {{"none", "", NULL, 0}, {"uart", "serial", uart_regs, 3}};

static void put_event(struct trace_writer *w, uint64_t seq, char c)
{
    struct event ev = {.seq = seq,
                       .time_ns = 1000 * seq,
                       .rip = 0x7c00 + seq % 4,
                       .kind = EVENT_IO,
                       .device = 1,
                       .reg = seq % 2 ? 1 : 2,
                       .addr = seq % 2 ? 0x3f8 : 0x3fd,
                       .value = seq % 2 ? (uint64_t)c : 0x60,
                       .count = 1,
                       .size = 1,
                       .dir = seq % 2 ? DIR_OUT : DIR_IN,
                       .guest_ns = 700,
                       .host_ns = 300,
                       .flags = EVENT_ADDR | EVENT_VALUE};
    trace_put(w, &ev);
    if (seq == 4)
        trace_mark(w, &ev, "\xc3\xa9<&>\"'");
}

/* A guest that says hello, made once: a whole trace, or one without its end. */
static struct trace_reader *make_trace(bool whole)
{
    static const char hello[] = "Hello, ring!\n";
    char path[] = "/tmp/ringside-fuzz-XXXXXX";
    struct err e = {0};
    int fd = mkstemp(path);
    FUZZ_ASSERT(fd >= 0);
    close(fd);
    struct trace_info info = {
        .program = "fuzz", .guest = "hello", .names = {.devices = devices, .device_count = 2}};
    struct trace_writer *w = trace_create(path, &info, &e);
    FUZZ_ASSERT(w);
    for (size_t i = 0; hello[i]; i++) {
        put_event(w, 2 * i, hello[i]);
        put_event(w, 2 * i + 1, hello[i]);
    }
    const struct trace_end end = {.status = "halted", .reason = "the guest halted", .elapsed_ns = 100000};
    FUZZ_ASSERT(trace_close(w, whole ? &end : NULL, &e) == 0);
    struct trace_reader *r = trace_open(path, &e);
    FUZZ_ASSERT(r);
    unlink(path);
    return r;
}

static void forms_check(const struct rules_report *report, struct text *tap)
{
    struct text t = {0};
    rules_report_text(report, tap);
    rules_report_people(report, &t);
    FUZZ_ASSERT(!strchr(text_str(&t), '\x1b'));
    text_clear(&t);
    rules_report_json(report, "a\"b", "c", &t);
    FUZZ_ASSERT(t.len && strchr(text_str(&t), '\n') == t.buf + t.len - 1);
    text_clear(&t);
    rules_report_junit(report, "a<b>", "c&\"d\"", &t);
    for (size_t i = 0; i < t.len; i++)
        FUZZ_ASSERT((uint8_t)t.buf[i] >= 0x20 || t.buf[i] == '\n');
    text_fini(&t);
}

static void grade(struct rules *rules, struct trace_reader *trace)
{
    struct text first = {0}, second = {0};
    struct text *const said[] = {&first, &second};
    struct err e = {0};
    for (size_t i = 0; i < 2; i++) {
        struct rules_report report;
        if (rules_run(rules, trace, &report, &e)) {
            FUZZ_ASSERT(e.text[0] && !strchr(e.text, '\n') && !strchr(e.text, '\x1b'));
            break;
        }
        FUZZ_ASSERT(report.points <= report.points_max && report.points_max == rules_points(rules));
        forms_check(&report, said[i]);
        rules_report_fini(&report);
    }
    FUZZ_ASSERT(strcmp(text_str(&first), text_str(&second)) == 0);
    text_fini(&first);
    text_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trace_reader *whole, *cut;
    struct err e = {0};
    if (!whole) {
        whole = make_trace(true);
        cut = make_trace(false);
    }
    char *text = malloc(size ? size : 1); /* of its exact length: what reads on is caught */
    FUZZ_ASSERT(text);
    memcpy(text, data, size);
    struct rules *rules = rules_parse(text, size, &e);
    if (!rules) {
        FUZZ_ASSERT(strncmp(e.text, "line ", 5) == 0 && !strchr(e.text, '\n') && !strchr(e.text, '\x1b'));
    } else {
        grade(rules, whole);
        grade(rules, cut);
    }
    rules_free(rules);
    free(text);
    return 0;
}
