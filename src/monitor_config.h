/*
 * What the monitor keeps between sessions, in $XDG_CONFIG_HOME/ringside/monitor (XDG Base Directory
 * Specification).
 */
#ifndef RINGSIDE_MONITOR_CONFIG_H
#define RINGSIDE_MONITOR_CONFIG_H

#include "monitor/ui/screen.h"

/* None there, or none that can be written, is no failure. */
void config_load(struct screen *s);
void config_save(const struct screen *s);

#endif
