/*
 * Long answers on a terminal: shown a screen at a time by the user's pager.
 */
#ifndef RINGSIDE_PAGER_H
#define RINGSIDE_PAGER_H

#include "base/text.h"

/* True when the text has at least `rows` lines, the height of the terminal on stdout. */
bool pager_wanted(const struct text *t, unsigned rows);

/* Gives it to $PAGER (`less -FRX` when that is not set) and waits until it has been read. -1 with *e when
 * none could be started; then nothing was shown. */
NODISCARD int pager_show(const struct text *t, struct err *e);

#endif
