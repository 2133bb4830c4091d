/*
 * Are the names in a query those of the trace?  A question about a device, a register or a symbol that is not
 * there would be answered "no" for every event, so it is refused, with the nearest name that is there.
 */
#include "traces/query.h"

#include "traces/query_tree.h"

#include "base/nearest.h"

#include <string.h>

/* A device by its name; NULL, with a message, when the machine has none of this name. */
static const struct event_device *find_device(const struct query_node *n, const char *device,
                                              const struct event_names *names, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 1; i < names->device_count; i++) {
        const char *known = names->devices[i].name;
        if (known && !strcmp(known, device))
            return &names->devices[i];
        if (known)
            nearest_offer(device, known, &best, &distance);
    }
    query_fail(e, n->at, "no device of this machine is called \"%.40s\"%s%s%s", device,
               best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
    return NULL;
}

static bool has_reg(const struct event_device *d, const char *name, const char **best, size_t *distance)
{
    for (size_t k = 0; k < d->reg_count; k++) {
        if (d->regs[k] && !strcmp(d->regs[k], name))
            return true;
        if (d->regs[k])
            nearest_offer(name, d->regs[k], best, distance);
    }
    return false;
}

/* A register must be that of its device, or without one of any device. */
static int check_reg(const struct query_node *n, const struct event_names *names, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    const struct event_device *device = NULL;
    if (n->device && !(device = find_device(n, n->device, names, e)))
        return -1;
    for (size_t i = 1; i < names->device_count; i++)
        if ((!device || device == &names->devices[i]) &&
            has_reg(&names->devices[i], n->name, &best, &distance))
            return 0;
    return query_fail(e, n->at, "%s has no register called \"%.40s\"%s%s%s",
                      n->device ? n->device : "this machine", n->name, best ? "; did you mean " : "",
                      best ? best : "", best ? "?" : "");
}

/* A name as the trace's symbols have it; without any, the question can only be a misunderstanding. */
static int check_symbol(const struct query_node *n, const struct event_names *names, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    if (names->symbol_count == 0)
        return query_fail(e, n->at, "this trace has no symbols: the guest brought no ELF file");
    for (size_t i = 0; i < names->symbol_count; i++) {
        if (!strcmp(names->symbols[i].name, n->name))
            return 0;
        nearest_offer(n->name, names->symbols[i].name, &best, &distance);
    }
    return query_fail(e, n->at, "no symbol of this trace is called \"%.40s\"%s%s%s", n->name,
                      best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

int query_check_names(const struct query *q, const struct event_names *names, struct err *e)
{
    for (size_t i = 0; i < q->count; i++) {
        const struct query_node *n = &q->node[i];
        if (n->op != TOKEN_STRING)
            continue;
        if (query_field_is_device(n->field) && !find_device(n, n->name, names, e))
            return -1;
        if (query_field_is_reg(n->field) && check_reg(n, names, e))
            return -1;
        if (query_field_is_symbol(n->field) && check_symbol(n, names, e))
            return -1;
    }
    return 0;
}
