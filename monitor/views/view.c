/*
 * The table of views, and a view's life: see view.h.
 */
#include "monitor/views/view.h"

#include "monitor/views/views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct view_ops *const views[] = {
    &view_registers,
    &view_code,
    &view_exits,
    &view_pages,
    &view_memory,
    &view_stack,
    &view_tables,
    &view_devices,
    &view_console,
    &view_timeline,
    &view_breakpoints,
    &view_symbols,
};
enum { VIEW_COUNT = sizeof views / sizeof views[0] };

const struct view_ops *view_row(size_t i)
{
    return i < VIEW_COUNT ? views[i] : NULL;
}

const struct view_ops *view_find(const char *name)
{
    for (size_t i = 0; i < VIEW_COUNT; i++)
        if (strcmp(views[i]->name, name) == 0)
            return views[i];
    return NULL;
}

int view_init(struct view *v, const struct view_ops *ops, struct err *e)
{
    *v = (struct view){.ops = ops, .w = 1, .h = 1, .state = calloc(1, ops->state_len ? ops->state_len : 1)};
    return v->state ? 0 : err_sys(e, ENOMEM, "view %s", ops->name);
}

void view_fini(struct view *v)
{
    if (v->state && v->ops->fini)
        v->ops->fini(v);
    free(v->state);
    *v = (struct view){0};
}

void view_reply_fini(struct view_reply *r)
{
    text_fini(&r->command);
    text_fini(&r->prompt);
    text_fini(&r->message);
    text_fini(&r->show);
    r->reload = false;
}
