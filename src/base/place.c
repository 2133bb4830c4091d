/*
 * A user's own files: see place.h.
 */
#include "base/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

bool place_find(const struct place *place, char *path, size_t cap)
{
    const char *folder = absolute(place->variable), *home = absolute("HOME");
    int n = folder ? snprintf(path, cap, "%s/%s", folder, place->file)
            : home ? snprintf(path, cap, "%s/%s/%s", home, place->fallback, place->file)
                   : -1;
    if (n >= 0 && (size_t)n < cap)
        return true;
    *path = '\0';
    return false;
}

bool place_make(char *path)
{
    const char *home = absolute("HOME");
    size_t skip = home ? strlen(home) : 0;
    struct stat st;
    if (!skip || strncmp(path, home, skip) != 0 || path[skip] != '/')
        skip = 0;
    else if (stat(home, &st) < 0 || !S_ISDIR(st.st_mode))
        return false;
    for (char *p = path + skip + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        int rc = mkdir(path, 0700);
        *p = '/';
        if (rc < 0 && errno != EEXIST)
            return false;
    }
    return true;
}
