/*
 * How the guest came to stand, in words: `step: 1 instruction`, `breakpoint 2 at 0x100034 <main+4>`, `CR0.PE
 * set: real → protected`, `#PF page fault at …`; then the instruction it stands at.
 */
#include "monitor/drive_inside.h"

#include "monitor/shell/command.h"

#include "debug/exceptions.h"
#include "debug/listing.h"
#include "debug/place.h"
#include "debug/stops.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS_ROUNDS_MAX = 10000 };

/* The exception or interrupt whose handler the last step ended in. */
static void say_vector(const struct debugger *d, struct text *out)
{
    unsigned vector = (unsigned)d->pause.vector;
    text_add(out, d->pause.interrupt ? "interrupt: " : "");
    exception_name(vector, out);
    if (!d->pause.interrupt) {
        text_add(out, " at ");
        place_write(&d->now, cpu_rip_linear(&d->was.regs, &d->was.sregs), out);
        if (vector == VECTOR_PF)
            text_addf(out, ", CR2 0x%" PRIx64, (uint64_t)d->now.sregs.cr2);
    }
    text_add(out, ": in its handler");
}

static void say_steps(struct debugger *d, uint64_t steps, struct text *out)
{
    text_addf(out, "step: %" PRIu64 " instruction%s", steps, steps == 1 ? "" : "s");
    if (steps == 1 && d->pause.iterations != 1)
        text_addf(out, ", %" PRIu64 " iterations", d->pause.iterations);
    if (d->pause.vector != RUN_NO_VECTOR) {
        text_add(out, "; ");
        say_vector(d, out);
    }
    struct text changed = {0};
    if (stops_mode_sentence(&d->before.sregs, &d->now.sregs, &changed))
        text_addf(out, "; %s", text_str(&changed));
    text_fini(&changed);
}

static void say_ended(const struct debugger *d, struct text *out)
{
    const struct run_result *r = run_result(d->run);
    text_addf(out, "the guest has ended: %s", r->reason);
}

/* The sentences of the stops that were met, one a line; hidden ones have none. */
static void say_stops(const struct debugger *d, struct text *out)
{
    const char *end = text_str(&d->why) + d->why.len;
    while (end > text_str(&d->why) && end[-1] == '\n')
        end--;
    text_addn(out, text_str(&d->why), (size_t)(end - text_str(&d->why)));
}

void drive_sentence(struct debugger *d, enum drive_end end, uint64_t steps)
{
    struct text *out = &d->stop;
    text_clear(out);
    switch (end) {
    case DRIVE_STEPPED:
        say_steps(d, steps, out);
        break;
    case DRIVE_STOPPED:
        say_stops(d, out);
        break;
    case DRIVE_ASKED:
        text_add(out, "interrupted at ");
        place_write(&d->now, cpu_rip_linear(&d->now.regs, &d->now.sregs), out);
        break;
    case DRIVE_ENDED:
        say_ended(d, out);
        break;
    case DRIVE_REFUSED:
        text_add(out, d->pause.refusal);
        break;
    }
    if (d->pause.asleep && end != DRIVE_ENDED && end != DRIVE_REFUSED)
        text_add(out, "; the CPU sleeps in HLT until an interrupt wakes it");
}

static bool breakpoint_at(void *ctx, uint64_t linear)
{
    const struct debugger *d = ctx;
    const struct stop *x;
    for (size_t i = 0; (x = stops_row(d->stops, i)); i++)
        if (x->what.kind == STOPS_BREAK && x->what.first == linear && !x->what.hidden)
            return true;
    return false;
}

static void say_place(struct debugger *d, struct text *out)
{
    struct disasm_style style = debugger_style(d);
    struct listing_marks marks = {breakpoint_at, d};
    (void)listing_write(&d->now, &style, d->now.regs.rip, 1, &marks, out);
}

static void say_stand(struct debugger *d, struct text *out)
{
    if (d->stop.len)
        text_addf(out, "%s\n", text_str(&d->stop));
    if (d->end != DRIVE_ENDED)
        say_place(d, out);
}

/* The commands of all stops that are met now, as one text on the heap; NULL when there are none. */
static char *commands_due(const struct debugger *d)
{
    const struct stop *x;
    struct text all = {0};
    for (size_t i = 0; (x = stops_row(d->stops, i)); i++)
        if (x->met && x->commands)
            text_addf(&all, "%s\n", x->commands);
    return all.buf;
}

static int commands_execute(struct debugger *d, char *lines, struct text *out, struct err *e)
{
    int rc = 0;
    char *save = NULL;
    for (char *line = strtok_r(lines, "\n", &save); line && rc == 0; line = strtok_r(NULL, "\n", &save))
        rc = shell_execute(d, line, out, e);
    return rc;
}

/* A stop's command may let the guest run to the next stop, whose commands are executed here too and not from
 * within, so that a breakpoint with `continue` can be met as often as it likes. */
int drive_report(struct debugger *d, struct text *out, struct err *e)
{
    int rc = 0;
    say_stand(d, out);
    if (d->in_commands)
        return 0;
    d->in_commands = true;
    char *lines;
    for (unsigned round = 0; rc == 0 && d->end == DRIVE_STOPPED && (lines = commands_due(d)); round++) {
        stops_sweep(d->stops);
        if (round == COMMANDS_ROUNDS_MAX)
            rc = err_set(e, "the commands of stops have let the guest go on %d times: enough",
                         COMMANDS_ROUNDS_MAX);
        else
            rc = commands_execute(d, lines, out, e);
        free(lines);
    }
    d->in_commands = false;
    return rc;
}
