/*
 * Rules: what a trace must show, written by an instructor.  A lab's check is a file of them, and a grade is
 * what a trace says to them; neither needs KVM, nor the student's program.
 *
 *   # a line that begins with # is a comment
 *   rule the first exit is an OUT to port 0xe9
 *   points 2
 *   hint Which instruction is the first that asks for something outside the CPU and its memory?
 *   first exit : kind == io && dir == out && port == 0xe9
 *
 * A rule is its name, its points (1 when not said), a hint, and one assertion, each at the start of a line; a
 * line that begins with a space goes on with the one before. A and B are questions about an event, as query.h
 * has them.
 *
 *   some A                   an event is so
 *   never A                  none is
 *   count (A) == 26          so many are; also < <= > >= and `in 20..30`
 *   every A : B              every event that is A is B too; so it is with
 *   always A : B             the same, but it is kept, too, when there is no A
 *   first A : B              the first A, and with
 *   last A : B               the last
 *   before A : B             in front of every A stands a B, behind the A before it
 *   before first A : B       in front of the first A stands a B
 *   after A : B              behind every A stands a B, in front of the next A
 *   after A : B within 5 events   ... and no further behind; also exits, steps, ns, us, ms, s; so with before
 *   sequence A ; B ; C       an A, somewhere after it a B, somewhere after that a C; up to 32
 *   text uart.THR "Hello"    what was written to this register, one after the other, holds this text
 *   values A : 0x11, 0x20    the events that are A carry these values, in this order, and no others; with a
 *                            `...` at the end more may follow
 *   budget exits <= 1000     no more in the whole run; also events, steps, and time, guest, host (<= 5 ms)
 *   end status == halted     how the run ended: status exit_code mode rip steps elapsed_ns reason
 *
 * `every`, `first`, `last`, `before` and `after` fail when there is no A at all: nothing done is nothing
 * shown.
 *
 * A trace that is damaged or cut is graded as far as it can be read. What was found there counts; what only a
 * whole trace can show (never, count, every, last, end ...) does not.
 */
#ifndef RINGSIDE_TRACES_RULES_H
#define RINGSIDE_TRACES_RULES_H

#include "base/text.h"
#include "traces/trace.h"

struct rules;

/* Reads a rule file. NULL on error, which begins with the path and the line. Free it with rules_free. */
struct rules *rules_load(const char *path, struct err *e);

/* The same from `len` bytes of text. The error begins with the line. */
struct rules *rules_parse(const char *text, size_t len, struct err *e);

void rules_free(struct rules *r);

/* All points there are. */
unsigned rules_points(const struct rules *r);

/* What a trace said to one rule. `name` and `hint` are the rule's own; hint is "" when it has none. */
struct rule_result {
    const char *name, *hint;
    unsigned points;
    size_t line; /* of the rule file, where it begins */
    bool passed;
    bool has_event; /* an event broke it: seq is its number */
    uint64_t seq;
    struct text why;    /* of a failure: a sentence */
    struct text around; /* lines: the event that broke it and its neighbours, or the end of the trace */
};

/* What a trace said to all of them. Valid as long as the rules. All zeros is a valid empty report. */
struct rules_report {
    struct rule_result *result;
    size_t count;
    unsigned points, points_max;
    struct text problem; /* what is wrong with the trace itself; empty when it is whole */
};

/* Asks the trace, which is rewound first, and fills the report. -1 when it cannot be read at all or lacks a
 * device that a rule names. The rules can be run again. */
NODISCARD int rules_run(struct rules *r, struct trace_reader *trace, struct rules_report *out, struct err *e);

void rules_report_fini(struct rules_report *r);

/* The report in the Test Anything Protocol: a plan, `ok 1 - NAME (2 points)` or `not ok ...` a line, and
 * behind `#` what a person wants to know: the reason, the neighbourhood, the hint, and at the end the points.
 * No times of the host are in it: the same events give the same report. */
void rules_report_text(const struct rules_report *r, struct text *out);

/* The report for people; for programs as a JSON object, whose keys docs/rules.md has; and as JUnit's XML, as
 * build servers read it. `trace` and `rules` are the names of the two files. */
void rules_report_people(const struct rules_report *r, struct text *out);
void rules_report_json(const struct rules_report *r, const char *trace, const char *rules, struct text *out);
void rules_report_junit(const struct rules_report *r, const char *trace, const char *rules, struct text *out);

/* The first rule that failed, or NULL. */
const struct rule_result *rules_report_first_failure(const struct rules_report *r);

#endif
