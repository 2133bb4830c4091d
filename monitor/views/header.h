/*
 * The header: one or two rows that say where the guest stands.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_HEADER_H
#define RINGSIDE_MONITOR_VIEWS_HEADER_H

#include "monitor/model/snapshot.h"
#include "monitor/ui/canvas.h"

/* Draws into the window (1 or 2 rows high). `s` may be NULL. */
void header_draw(const struct snapshot *s, struct canvas *c);

#endif
