/*
 * The monitor's config file: see monitor_config.h.
 */
#include "monitor_config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAX = 4096 };

/* False: there is no place for it. */
static bool config_place(char *path, size_t cap)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n = config && config[0] == '/' ? snprintf(path, cap, "%s/ringside/monitor", config)
            : home && home[0] == '/'   ? snprintf(path, cap, "%s/.config/ringside/monitor", home)
                                       : -1;
    return n > 0 && (size_t)n + 8 < cap;
}

void config_load(struct screen *s)
{
    char path[PATH_MAX], bytes[CONFIG_MAX + 1];
    FILE *f = config_place(path, sizeof path) ? fopen(path, "re") : NULL;
    if (!f)
        return;
    size_t n = fread(bytes, 1, CONFIG_MAX, f);
    bytes[n] = '\0';
    fclose(f);
    screen_restore(s, bytes);
}

static bool make_folders(char *path)
{
    for (char *p = path + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        int rc = mkdir(path, 0700);
        *p = '/';
        if (rc < 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* Written beside and renamed: two monitors that end at once leave one whole file. */
void config_save(const struct screen *s)
{
    char path[PATH_MAX], beside[PATH_MAX + 16];
    struct text state = {0};
    if (!config_place(path, sizeof path) || !make_folders(path))
        return;
    snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid());
    screen_save(s, &state);
    FILE *f = fopen(beside, "we");
    if (f) {
        bool whole = fwrite(text_str(&state), 1, state.len, f) == state.len;
        whole &= fclose(f) == 0;
        if (!whole || rename(beside, path) < 0)
            unlink(beside);
    }
    text_fini(&state);
}
