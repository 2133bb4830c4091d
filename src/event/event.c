/*
 * The names behind an event's numbers: see event.h.  Every lookup is bounded, because the numbers may come
 * out of a trace file that somebody damaged or made up; a number without a name gives an empty string, never
 * a crash.
 */
#include "event/event.h"

const char *cpu_mode_name(enum cpu_mode mode)
{
    static const char *const names[CPU_MODES] = {"real", "protected", "compat", "long"};
    return (unsigned)mode < CPU_MODES ? names[mode] : "?";
}

/* The device an event names, or NULL: index 0 stands for "none". */
static const struct event_device *event_device_row(const struct event_names *names, const struct event *ev)
{
    if (!names || ev->device == 0 || ev->device >= names->device_count)
        return NULL;
    return &names->devices[ev->device];
}

const char *event_device_name(const struct event_names *names, const struct event *ev)
{
    const struct event_device *d = event_device_row(names, ev);
    return d && d->name ? d->name : "";
}

const char *event_reg_name(const struct event_names *names, const struct event *ev)
{
    const struct event_device *d = event_device_row(names, ev);
    if (!d || ev->reg == EVENT_NO_REG || ev->reg >= d->reg_count || !d->regs[ev->reg])
        return "";
    return d->regs[ev->reg];
}

const char *event_assist_name(unsigned detail)
{
    static const char *const names[ASSIST_KIND_COUNT] = {
#define ASSIST_NAME(name, text) [ASSIST_##name] = (text),
        ASSIST_KINDS(ASSIST_NAME)
#undef ASSIST_NAME
    };
    return detail < ASSIST_KIND_COUNT ? names[detail] : "?";
}
