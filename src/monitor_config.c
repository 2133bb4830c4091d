/*
 * The monitor's config file: see monitor_config.h.
 */
#include "monitor_config.h"

#include "base/place.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { CONFIG_MAX = 4096 };

static const struct place config = {"XDG_CONFIG_HOME", ".config", "ringside/monitor"};

void config_load(struct screen *s)
{
    char path[PATH_MAX], bytes[CONFIG_MAX + 1];
    FILE *f = place_find(&config, path, sizeof path) ? fopen(path, "re") : NULL;
    if (!f)
        return;
    size_t n = fread(bytes, 1, CONFIG_MAX, f);
    bytes[n] = '\0';
    fclose(f);
    screen_restore(s, bytes);
}

/* Written beside and renamed: two monitors that end at once leave one whole file. */
void config_save(const struct screen *s)
{
    char path[PATH_MAX], beside[PATH_MAX + 16];
    struct text state = {0};
    if (!place_find(&config, path, sizeof path) || !place_make(path))
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
