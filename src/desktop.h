/*
 * What a desktop offers a command-line program: a window that shows a file.
 */
#ifndef RINGSIDE_DESKTOP_H
#define RINGSIDE_DESKTOP_H

#include "base/err.h"
#include "base/text.h"

/* Has the desktop show the file, without waiting for it. -1 when there is no desktop (neither DISPLAY nor
 * WAYLAND_DISPLAY is set), or it has no xdg-open. */
NODISCARD int desktop_open(const char *path, struct err *e);

/* Makes an empty file `ringside-NAME-XXXXXX.svg` in the folder for temporary files (TMPDIR, or /tmp), and
 * appends its path. */
NODISCARD int desktop_temp(const char *name, struct text *path, struct err *e);

/* Appends the URL of the documents: those installed next to this program, or those of the tree it was built
 * in; nothing when neither is there. */
void desktop_docs(struct text *url);

#endif
