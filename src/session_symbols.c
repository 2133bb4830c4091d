/*
 * Which symbols go with a guest: see session_symbols.h.
 */
#include "session_symbols.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Beside the image: its folder, a folder in between or none, its name without the part behind the dot. */
static struct symbols *symbols_beside(const char *image, const char *between, const struct guest_memory *m)
{
    char path[PATH_MAX];
    struct err e;
    const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image, *dot = strrchr(name, '.');
    size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    int n =
        snprintf(path, sizeof path, "%.*s%s%.*s.elf", (int)(name - image), image, between, (int)stem, name);
    if (n < 0 || (size_t)n >= sizeof path || strcmp(path, image) == 0)
        return NULL;
    struct symbols *s = symbols_open(path, &e);
    if (s && !symbols_match(s, m)) {
        symbols_close(s);
        s = NULL;
    }
    return s;
}

int session_symbols(const struct vm_settings *s, const struct image *image, const struct guest_memory *m,
                    struct symbols **out, struct err *e)
{
    static const char *const between[] = {"symbols/", ""};
    struct err ignored;
    *out = NULL;
    if (s->symbols) {
        *out = symbols_open(s->symbols, e);
        return *out ? 0 : err_wrap(e, "--symbols");
    }
    if (image->format != IMAGE_FLAT)
        *out = symbols_open(s->image.path, &ignored);
    for (size_t i = 0; !*out && i < sizeof between / sizeof between[0]; i++)
        *out = symbols_beside(s->image.path, between[i], m);
    return 0;
}
