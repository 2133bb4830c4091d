/*
 * Which symbols go with a guest.
 */
#ifndef RINGSIDE_SESSION_SYMBOLS_H
#define RINGSIDE_SESSION_SYMBOLS_H

#include "vm_options.h"

#include "debug/symbols.h"

/* Those of --symbols FILE (-1 with *e when it is bad), else those in the image itself, else those of a file
 * of the image's name beside it (boot64.bin: symbols/boot64.elf or boot64.elf) whose code is what lies in
 * guest memory; *out is NULL when there are none. The caller closes them. */
NODISCARD int session_symbols(const struct vm_settings *s, const struct image *image,
                              const struct guest_memory *m, struct symbols **out, struct err *e);

#endif
