/*
 * Commands that let the guest run: an instruction at a time, over a call, out of a function, to an address,
 * or until something stops it.
 */
#include "monitor/drive.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include "debug/stops.h"

#include "debug/expr.h"
#include "debug/instruction.h"
#include "debug/memview.h"
#include "vm/cpu.h"

#include <string.h>

static int run_began(const struct debugger *d, struct err *e)
{
    if (!run_has_ended(d->run))
        return 0;
    return err_set(e, "the guest has ended: %s", run_result(d->run)->reason);
}

/* A drive's outcome: shown, and an error when the host refused. */
static int run_show(struct debugger *d, struct text *out, struct err *e)
{
    if (d->end == DRIVE_REFUSED)
        return err_set(e, "%s", text_str(&d->stop));
    return drive_report(d, out, e);
}

/* The number of steps behind the command; *n stays when there is none. */
static int how_many(const struct debugger *d, const char *name, const char *args, uint64_t *n, struct err *e)
{
    if (!*args)
        return 0;
    if (expr_eval(args, &d->now, n, e) < 0)
        return -1;
    if (*n == 0)
        return err_set(e, "%s 0: there is nothing to do", name);
    return *n > INT64_MAX ? err_set(e, "%s %.40s: nobody goes back here", name, args) : 0;
}

static int run_step_command(struct debugger *d, const char *slash, const char *args, struct text *out,
                            struct err *e)
{
    uint64_t n = 1;
    (void)slash;
    if (run_began(d, e) < 0 || how_many(d, "step", args, &n, e) < 0)
        return -1;
    return drive_steps(d, n, e) < 0 ? -1 : run_show(d, out, e);
}

/* drive_to came where it was to come, and no stop of the user's lies there, which would have its say. */
static bool only_reached(const struct debugger *d)
{
    return d->end == DRIVE_STOPPED && d->reached && !d->stop.len;
}

/* What `next` goes around: the instruction behind which the guest is to be again. */
static bool goes_elsewhere(const struct instruction *x)
{
    bool rep = x->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    return x->ok && (x->insn.meta.category == ZYDIS_CATEGORY_CALL ||
                     x->insn.meta.category == ZYDIS_CATEGORY_INTERRUPT ||
                     (rep && (x->insn.meta.category == ZYDIS_CATEGORY_STRINGOP ||
                              x->insn.meta.category == ZYDIS_CATEGORY_IOSTRINGOP)));
}

/* Steps into it first, so that a fault of the instruction itself is not run past. */
static int next_over(struct debugger *d, const struct instruction *x, struct err *e)
{
    struct kvm_regs from = d->now.regs;
    struct kvm_sregs sfrom = d->now.sregs;
    uint64_t behind = x->linear + x->insn.length;
    if (drive_steps(d, 1, e) < 0)
        return -1;
    bool fault = d->pause.vector != RUN_NO_VECTOR && x->insn.meta.category != ZYDIS_CATEGORY_INTERRUPT;
    if (d->end != DRIVE_STEPPED || fault || cpu_rip_linear(&d->now.regs, &d->now.sregs) == behind)
        return 0;
    if (drive_to(d, &(struct drive_goal){behind, from.rsp, true}, e) < 0)
        return -1;
    d->before.regs = from;
    d->before.sregs = sfrom;
    if (only_reached(d)) {
        d->end = DRIVE_STEPPED;
        text_add(&d->stop, "next: over the call, interrupt or repetition");
    }
    return 0;
}

static int next_one(struct debugger *d, struct err *e)
{
    struct instruction x;
    instruction_at(&d->now, &x);
    return goes_elsewhere(&x) ? next_over(d, &x, e) : drive_steps(d, 1, e);
}

static int run_next(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    uint64_t n = 1;
    (void)slash;
    if (run_began(d, e) < 0 || how_many(d, "next", args, &n, e) < 0)
        return -1;
    for (uint64_t i = 0; i < n; i++) {
        if (next_one(d, e) < 0)
            return -1;
        if (d->end != DRIVE_STEPPED)
            break;
    }
    return run_show(d, out, e);
}

static int run_continue(struct debugger *d, const char *slash, const char *args, struct text *out,
                        struct err *e)
{
    (void)slash;
    if (line_no_args("continue", args, e) < 0 || run_began(d, e) < 0 || drive_continue(d, e) < 0)
        return -1;
    return run_show(d, out, e);
}

static int run_to(struct debugger *d, const struct drive_goal *goal, const char *done, struct text *out,
                  struct err *e)
{
    if (drive_to(d, goal, e) < 0)
        return -1;
    if (only_reached(d))
        text_add(&d->stop, done);
    return run_show(d, out, e);
}

static int run_until(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    struct stops_spec spec;
    (void)slash;
    if (!*args)
        return err_set(e, "until: which address?");
    if (run_began(d, e) < 0 || stops_parse("tbreak", args, &d->now, &spec, e) < 0)
        return -1;
    uint64_t linear = spec.first;
    bool plain = spec.kind == STOPS_BREAK && !spec.condition;
    stops_spec_fini(&spec);
    if (!plain)
        return err_set(e, "until takes an address and nothing else: see tbreak");
    return run_to(d, &(struct drive_goal){.linear = linear}, "until: there", out, e);
}

static int run_finish_command(struct debugger *d, const char *slash, const char *args, struct text *out,
                              struct err *e)
{
    uint64_t at[2];
    bool guess;
    (void)slash;
    if (line_no_args("finish", args, e) < 0 || run_began(d, e) < 0)
        return -1;
    if (backtrace_frames(&d->now, at, 2, &guess) < 2)
        return err_set(e, "finish: no caller is to be found on the stack (bt says what there is)");
    text_addf(out, "running to the caller at 0x%llx%s\n", (unsigned long long)at[1],
              guess ? " (guessed: there is no frame pointer)" : "");
    return run_to(d, &(struct drive_goal){at[1], d->now.regs.rsp + 1, true}, "finish: back in the caller",
                  out, e);
}

static int run_stop_command(struct debugger *d, const char *slash, const char *args, struct text *out,
                            struct err *e)
{
    (void)slash;
    if (line_no_args("interrupt", args, e) < 0)
        return -1;
    if (!d->running) {
        text_add(out, "the guest stands already\n");
        return 0;
    }
    door_interrupt(d->door);
    return 0;
}

const struct shell_command shell_run_commands[] = {
    {.name = "step",
     .alias = "s si stepi",
     .args = "[N]",
     .summary = "execute one instruction, or exactly N",
     .lesson = "One step is one instruction, whatever it is: a port access, HLT, a mode switch. An exception "
               "ends it at its "
               "handler's first instruction. Of a REP string instruction a step is one iteration where the "
               "host allows it; "
               "else the answer says how many were done. Interrupts are held back (see stepirq). A CPU that "
               "sleeps in HLT "
               "is woken by the next step, which ends in the handler of the interrupt that comes.",
     .example = "step 3  # three instructions",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_RUNS | COMMAND_REPEATS,
     .run = run_step_command},
    {.name = "next",
     .alias = "n ni nexti",
     .args = "[N]",
     .summary = "the same, but over a CALL, an INT or a REP string instruction",
     .lesson = "The instruction itself is stepped, so that a fault of its own is seen; then the guest runs "
               "until it is "
               "back behind it with the stack as it was, or in the handler of an exception.",
     .example = "next  # not into the function",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_RUNS | COMMAND_REPEATS,
     .run = run_next},
    {.name = "continue",
     .alias = "c cont",
     .args = "",
     .summary = "let the guest run until something stops it",
     .lesson = "What can stop it: a breakpoint, a watchpoint, an event (see stop), Ctrl-C, its end. A "
               "breakpoint at "
               "the present instruction is passed.",
     .example = "continue  # to the end, when nothing is set",
     .complete = COMPLETE_NONE,
     .flags = COMMAND_RUNS | COMMAND_REPEATS,
     .run = run_continue},
    {.name = "until",
     .alias = "advance",
     .args = "ADDR | SYMBOL | FILE:LINE",
     .summary = "let it run to an address",
     .lesson = "A breakpoint for this one time. Other stops still stop it on the way.",
     .example = "until 0x7c10  # to this linear address",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_RUNS,
     .run = run_until},
    {.name = "finish",
     .alias = "fin out",
     .args = "",
     .summary = "run to the caller of the present function",
     .lesson = "The caller is what bt shows as number 1; where that is a guess, the answer says so.",
     .example = "finish  # out of the function",
     .complete = COMPLETE_NONE,
     .flags = COMMAND_RUNS,
     .run = run_finish_command},
    {.name = "interrupt",
     .alias = "pause",
     .args = "",
     .summary = "stop a guest that runs (Ctrl-C does the same)",
     .lesson = "From another front end while `continue` waits: the guest stands before its next instruction.",
     .example = "interrupt  # from gdb's `monitor` or the screen",
     .complete = COMPLETE_NONE,
     .run = run_stop_command},
    {0},
};
