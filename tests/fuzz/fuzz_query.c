/*
 * Fuzzing questions: the first byte chooses what is asked (an event, an event with the question inside a
 * file, the end of a run), the rest is what somebody typed behind --where. Whatever it is: one line of error
 * that begins with its place, or a question that every event answers, the same each time, and whose source is
 * a question with the same answers.
 */
#include "fuzz.h"

#include "traces/query.h"

#include <string.h>

static const char *const uart_regs[] = {"RBR", "THR", "LSR"};
static const struct event_device devices[] = {{"none", "", NULL, 0}, {"uart", "serial", uart_regs, 3}};
static const char *const marks[] = {"here"};
static const struct event_symbol symbols[] = {{0x7c00, 16, "print"}, {0x7c10, 0, "done"}};
static const struct event_names names = {.devices = devices,
                                         .device_count = 2,
                                         .marks = marks,
                                         .mark_count = 1,
                                         .symbols = symbols,
                                         .symbol_count = 2};

/* An event of each sort, and one of noise. */
static const struct event events[] = {
    {.kind = EVENT_IO,
     .device = 1,
     .reg = 1,
     .addr = 0x3f8,
     .value = 'H',
     .count = 1,
     .size = 1,
     .dir = DIR_OUT,
     .rip = 0x7c04,
     .flags = EVENT_ADDR | EVENT_VALUE},
    {.kind = EVENT_MMIO,
     .reg = EVENT_NO_REG,
     .addr = 0xb8000,
     .dir = DIR_IN,
     .flags = EVENT_ADDR | EVENT_UNCLAIMED},
    {.kind = EVENT_HLT, .reg = EVENT_NO_REG, .detail = 1, .rip = 0x7c20},
    {.kind = EVENT_IRQ, .addr = 0x20, .flags = EVENT_ADDR | EVENT_NO_CPU},
    {.kind = EVENT_MSR_WRITE, .addr = 0xc0000080, .value = ~UINT64_C(0), .flags = EVENT_ADDR | EVENT_VALUE},
    {.kind = EVENT_MARK, .flags = EVENT_NO_CPU},
    {.kind = 0xee,
     .device = 0xff,
     .reg = 0xfe,
     .addr = ~UINT64_C(0),
     .flags = 0xff,
     .mode_cpl = 0xff,
     .dir = 9},
};
enum { EVENTS = sizeof events / sizeof events[0] };

static void error_check(const struct err *e, bool in_file)
{
    FUZZ_ASSERT(!strchr(e->text, '\n') && !strchr(e->text, '\x1b'));
    FUZZ_ASSERT(strncmp(e->text, in_file ? "line " : "column ", in_file ? 5 : 7) == 0);
}

static void names_check(struct query *q)
{
    struct err e = {0};
    if (query_check_names(q, &names, &e))
        FUZZ_ASSERT(e.text[0] && !strchr(e.text, '\n') && !strchr(e.text, '\x1b'));
}

static void events_check(struct query *q)
{
    for (size_t i = 0; i < EVENTS; i++) {
        bool answer = query_match(q, &names, &events[i]);
        FUZZ_ASSERT(answer == query_match(q, &names, &events[i]));
    }
    FUZZ_ASSERT(!strchr(query_source(q), '\n') && !strchr(query_source(q), '\x1b'));
}

static void end_check(struct query *q)
{
    const struct trace_end end = {
        .status = "halted", .reason = "the guest halted", .exit_code = -1, .steps = 7};
    bool answer = query_match_end(q, &end);
    FUZZ_ASSERT(answer == query_match_end(q, &end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ASK_EVENT, ASK_IN_FILE, ASK_END, ASKS };
    struct err e = {0};
    if (size == 0)
        return 0;
    unsigned ask = data[0] % ASKS;
    struct query_place at = {ask == ASK_EVENT ? 0 : 3, 1};
    char *text = malloc(size); /* of its exact length: what reads on is caught */
    FUZZ_ASSERT(text);
    memcpy(text, data + 1, size - 1);
    struct query *q = ask == ASK_END ? query_compile_end(text, size - 1, at, &e)
                                     : query_compile_part(text, size - 1, at, &e);
    if (!q) {
        error_check(&e, at.line != 0);
    } else if (ask == ASK_END) {
        end_check(q);
    } else {
        names_check(q);
        events_check(q);
    }
    query_free(q);
    free(text);
    return 0;
}
