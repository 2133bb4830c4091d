/*
 * Commands that say what shall stop the guest.
 */
#include "monitor/arm.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include "debug/stops.h"

#include <stdlib.h>
#include <string.h>

/* `stop 1: io 0x3f8 out if value == 10`. */
static void stop_announce(struct debugger *d, const struct stop *x, struct text *out)
{
    struct text where = {0};
    stops_where(x, &d->now, &where);
    bool breaks = x->what.kind == STOPS_BREAK || x->what.kind == STOPS_BREAK_PHYS;
    if (breaks || x->what.kind == STOPS_WATCH)
        text_addf(out, "%s%s %u:", x->what.once ? "temporary " : "", breaks ? "breakpoint" : "watchpoint",
                  x->number);
    else
        text_addf(out, "stop %u:%s", x->number, strchr(stops_kind_name(x->what.kind), ' '));
    text_addf(out, "%s%s", where.len && *text_str(&where) != ' ' ? " " : "", text_str(&where));
    if (x->what.condition_text)
        text_addf(out, " if %s", x->what.condition_text);
    text_addc(out, '\n');
    text_fini(&where);
}

static int stop_add(struct debugger *d, const char *verb, const char *args, struct text *out, struct err *e)
{
    struct stops_spec spec;
    if (stops_parse(verb, args, &d->now, &spec, e) < 0)
        return -1;
    unsigned number = stops_add(d->stops, &spec, &d->now, e);
    if (!number)
        return -1;
    const struct stop *x = stops_find(d->stops, number);
    stop_announce(d, x, out);
    arm_cost(d, x, out);
    return 0;
}

/* The verbs differ in what they parse and in nothing else. */
#define STOP_VERB(function, verb)                                                                            \
    static int function(struct debugger *d, const char *slash, const char *args, struct text *out,           \
                        struct err *e)                                                                       \
    {                                                                                                        \
        (void)slash;                                                                                         \
        return stop_add(d, verb, args, out, e);                                                              \
    }
STOP_VERB(run_break, "break")
STOP_VERB(run_tbreak, "tbreak")
STOP_VERB(run_hbreak, "hbreak")
STOP_VERB(run_thbreak, "thbreak")
STOP_VERB(run_watch, "watch")
STOP_VERB(run_rwatch, "rwatch")
STOP_VERB(run_awatch, "awatch")
#undef STOP_VERB

/* `stop` alone stops a guest that runs. */
static int run_stop_on(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    (void)slash;
    if (*args)
        return stop_add(d, "stop", args, out, e);
    if (!d->running)
        return err_set(e, "stop: on what? io mmio msr mode cr3 cr0 vector hlt kind assist device");
    door_interrupt(d->door);
    return 0;
}

static int run_stops(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    if (line_no_args("stops", args, e) < 0)
        return -1;
    stops_list(d->stops, &d->now, out);
    return 0;
}

/* Calls `each` for every number in `args`, or once with 0 (all) when there is none. */
static int each_number(struct debugger *d, const char *args, struct err *e,
                       int (*each)(struct debugger *d, unsigned number, struct err *e))
{
    const char *word;
    size_t len;
    if (!*args)
        return each(d, 0, e);
    while ((word = line_word(&args, &len))) {
        char number[24];
        uint64_t n;
        if (len >= sizeof number)
            return err_set(e, "\"%.*s\" is no stop's number", (int)len, word);
        memcpy(number, word, len);
        number[len] = '\0';
        if (line_number(number, "a stop's number", 1, STOPS_HIDDEN_FIRST - 1, &n, e) < 0 ||
            each(d, (unsigned)n, e) < 0)
            return -1;
    }
    return 0;
}

static int delete_one(struct debugger *d, unsigned number, struct err *e)
{
    return stops_delete(d->stops, number, e);
}

static int enable_one(struct debugger *d, unsigned number, struct err *e)
{
    return stops_enable(d->stops, number, true, e);
}

static int disable_one(struct debugger *d, unsigned number, struct err *e)
{
    return stops_enable(d->stops, number, false, e);
}

static int run_delete(struct debugger *d, const char *slash, const char *args, struct text *out,
                      struct err *e)
{
    (void)slash;
    (void)out;
    return each_number(d, args, e, delete_one);
}

static int run_enable(struct debugger *d, const char *slash, const char *args, struct text *out,
                      struct err *e)
{
    (void)slash;
    (void)out;
    return each_number(d, args, e, enable_one);
}

static int run_disable(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    (void)slash;
    (void)out;
    return each_number(d, args, e, disable_one);
}

/* Takes the number off the front of "N REST". */
static int number_take(const char **args, const char *usage, unsigned *number, struct err *e)
{
    char *end;
    unsigned long n = strtoul(*args, &end, 10);
    if (end == *args || n == 0 || n >= STOPS_HIDDEN_FIRST || (*end && !line_is_blank(*end)))
        return err_set(e, "%s", usage);
    while (line_is_blank(*end))
        end++;
    *args = end;
    *number = (unsigned)n;
    return 0;
}

static int run_condition(struct debugger *d, const char *slash, const char *args, struct text *out,
                         struct err *e)
{
    unsigned number;
    (void)slash;
    (void)out;
    if (number_take(&args, "condition N [EXPR]", &number, e) < 0)
        return -1;
    if (strncmp(args, "if ", 3) == 0)
        args += 3;
    return stops_set_condition(d->stops, number, args, &d->now, e);
}

static int run_ignore(struct debugger *d, const char *slash, const char *args, struct text *out,
                      struct err *e)
{
    unsigned number;
    uint64_t times;
    (void)slash;
    (void)out;
    if (number_take(&args, "ignore N TIMES", &number, e) < 0 ||
        line_number(args, "how many times", 0, UINT64_MAX, &times, e) < 0)
        return -1;
    return stops_set_ignore(d->stops, number, times, e);
}

/* The commands stand in quotes, which keep a ; from ending this one. */
static int run_commands(struct debugger *d, const char *slash, const char *args, struct text *out,
                        struct err *e)
{
    unsigned number;
    struct text lines = {0};
    (void)slash;
    (void)out;
    if (number_take(&args, "commands N \"COMMAND; COMMAND\"", &number, e) < 0)
        return -1;
    int rc = line_unescape(args, &lines, e);
    if (rc == 0)
        rc = stops_set_commands(d->stops, number, text_str(&lines), e);
    text_fini(&lines);
    return rc;
}

const struct shell_command shell_stop_commands[] = {
    {.name = "break",
     .alias = "b br breakpoint",
     .args = "[ADDR | SYMBOL | FILE:LINE | phys GPA] [if EXPR]",
     .summary = "stop before an instruction is executed",
     .lesson = "By linear address (in real mode also SEGMENT:OFFSET), by symbol, by source line where the "
               "ELF file has lines, "
               "or by guest-physical address, which means the same before and after paging is switched on. "
               "Without an "
               "argument: here. With `if` it stops only when the expression is not 0. Debug registers are "
               "used first, then "
               "INT3s that nobody can see, then single-stepping; the answer says when it is the last.",
     .example = "break *0x7c10 if ax == 0  # at this linear address, when AX is 0",
     .complete = COMPLETE_EXPR,
     .run = run_break},
    {.name = "tbreak",
     .alias = "tb",
     .args = "ADDR [if EXPR]",
     .summary = "the same for one time",
     .lesson = "The breakpoint is gone once it has stopped the guest.",
     .example = "tbreak 0x7c10  # once",
     .complete = COMPLETE_EXPR,
     .run = run_tbreak},
    {.name = "hbreak",
     .alias = "hb",
     .args = "ADDR [if EXPR]",
     .summary = "the same in a debug register only",
     .lesson = "There are four debug registers. A breakpoint in one changes nothing in guest memory.",
     .example = "hbreak 0x7c10  # in a debug register",
     .complete = COMPLETE_EXPR,
     .run = run_hbreak},
    {.name = "thbreak",
     .alias = "",
     .args = "ADDR [if EXPR]",
     .summary = "in a debug register, and for one time",
     .lesson = "As hbreak and tbreak together.",
     .example = "thbreak 0x7c10  # once, in a debug register",
     .complete = COMPLETE_EXPR,
     .run = run_thbreak},
    {.name = "watch",
     .alias = "",
     .args = "RANGE [if EXPR]",
     .summary = "stop when memory is written",
     .lesson = "The range is `dword [ADDR]`, `ADDR, LENGTH` or a symbol; addresses are linear. Debug "
               "registers watch "
               "where the host has them for data; else the guest is stepped and every operand compared.",
     .example = "watch dword [0x8000]  # who writes these four bytes?",
     .complete = COMPLETE_EXPR,
     .run = run_watch},
    {.name = "rwatch",
     .alias = "",
     .args = "RANGE [if EXPR]",
     .summary = "stop when memory is read",
     .lesson = "As watch. In a debug register a write stops too, since the CPU has none for reads alone.",
     .example = "rwatch byte [0x7c00]  # who reads the boot sector?",
     .complete = COMPLETE_EXPR,
     .run = run_rwatch},
    {.name = "awatch",
     .alias = "",
     .args = "RANGE [if EXPR]",
     .summary = "stop when memory is read or written",
     .lesson = "As watch, for both.",
     .example = "awatch word [0x8000]  # read or written",
     .complete = COMPLETE_EXPR,
     .run = run_awatch},
    {.name = "stop",
     .alias = "",
     .args = "[io PORTS | mmio RANGE | msr N | mode | cr0 | cr3 | vector N | hlt | kind NAME | assist | "
             "device NAME] "
             "[in|out] [if EXPR]",
     .summary = "stop on an event; alone: stop the guest that runs",
     .lesson =
         "Events are VM exits, interrupts given to the guest, and changes that no exit tells of: mode, CR0, "
         "CR3 "
         "and the delivery of exceptions are found by single-stepping. In the condition an event has fields: "
         "value, addr, port, size, kind, device, dir.",
     .example = "stop io 0x3f8 out if value == 0x0a  # at the end of a line",
     .complete = COMPLETE_WORDS,
     .choices = "io mmio msr mode cr0 cr3 vector hlt kind assist device",
     .run = run_stop_on},
    {.name = "stops",
     .alias = "bl",
     .args = "",
     .summary = "the table of breakpoints, watchpoints and stops (`info break`)",
     .lesson = "Number, what and where, condition, how often it was met, what is executed then.",
     .example = "stops  # what is set?",
     .complete = COMPLETE_NONE,
     .run = run_stops},
    {.name = "delete",
     .alias = "d del bc",
     .args = "[N...]",
     .summary = "delete stops by number, or all",
     .lesson = "A number is never given twice.",
     .example = "delete  # all of them",
     .complete = COMPLETE_NONE,
     .run = run_delete},
    {.name = "disable",
     .alias = "bpd",
     .args = "[N...]",
     .summary = "keep stops, but let the guest pass",
     .lesson = "Without a number: all.",
     .example = "disable  # all of them",
     .complete = COMPLETE_NONE,
     .run = run_disable},
    {.name = "enable",
     .alias = "bpe",
     .args = "[N...]",
     .summary = "the opposite of disable",
     .lesson = "Without a number: all.",
     .example = "enable  # all of them",
     .complete = COMPLETE_NONE,
     .run = run_enable},
    {.name = "condition",
     .alias = "cond",
     .args = "N [EXPR]",
     .summary = "change a stop's condition, or take it away",
     .lesson = "The expression is evaluated each time the stop is met; 0 lets the guest go on.",
     .example = "break 0x7c10; condition 1 cx > 3  # from now on only then",
     .complete = COMPLETE_EXPR,
     .run = run_condition},
    {.name = "ignore",
     .alias = "",
     .args = "N TIMES",
     .summary = "pass a stop so many times",
     .lesson = "Each time it is met with its condition true counts.",
     .example = "break 0x7c10; ignore 1 5  # the sixth time stops",
     .complete = COMPLETE_NONE,
     .run = run_ignore},
    {.name = "commands",
     .alias = "",
     .args = "N \"COMMAND; COMMAND\"",
     .summary = "what is executed when a stop is met; \"\" takes it away",
     .lesson = "The commands stand in quotes, since a ; outside of them ends this one. `continue` as the "
               "last of them "
               "lets the guest go on, so that a stop can print something in passing.",
     .example = "break 0x7c10; commands 1 \"print cx; continue\"  # shows CX each time",
     .complete = COMPLETE_NONE,
     .run = run_commands},
    {0},
};
