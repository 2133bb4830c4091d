/*
 * The commands that mean something else while a trace is replayed: the same words and keys, on events in
 * place of instructions.
 */
#include "monitor/ui/screen_inside.h"

#include <stdlib.h>
#include <string.h>

static void seek(struct screen *s, uint64_t to)
{
    struct err e;
    replay_play(model_replay(s->model), false);
    if (replay_seek(model_replay(s->model), to, &e) < 0)
        screen_complain(s, &e);
}

static uint64_t number(const char *args, uint64_t otherwise)
{
    return *args ? strtoull(args, NULL, 0) : otherwise;
}

static void run_forward(struct screen *s, const char *args)
{
    seek(s, replay_position(model_replay(s->model)) + number(args, 1));
}

static void run_back(struct screen *s, const char *args)
{
    uint64_t at = replay_position(model_replay(s->model)), n = number(args, 1);
    seek(s, n < at ? at - n : 0);
}

static void run_play(struct screen *s, const char *args)
{
    (void)args;
    replay_play(model_replay(s->model), true);
}

static void run_pause(struct screen *s, const char *args)
{
    struct replay *r = model_replay(s->model);
    (void)args;
    replay_play(r, !replay_playing(r));
}

static void run_jump(struct screen *s, const char *args)
{
    seek(s, strcmp(args, "end") == 0 ? UINT64_MAX : number(args, 0));
}

static void run_speed(struct screen *s, const char *args)
{
    struct text said = {0};
    struct replay *r = model_replay(s->model);
    if (*args)
        replay_set_speed(r, strtod(args, NULL));
    text_addf(&said, "speed %g: %s", replay_speed(r),
              replay_speed(r) < 1 ? "slower than it was" : "times as fast as it was");
    screen_say(s, text_str(&said));
    text_fini(&said);
}

static const struct screen_command commands[] = {
    {"step", "[N]", "an event forward", run_forward},
    {"next", "[N]", "an event forward, too", run_forward},
    {"back", "[N]", "an event back", run_back},
    {"finish", "[N]", "an event back, too", run_back},
    {"continue", "", "play", run_play},
    {"interrupt", "", "pause, or play on", run_pause},
    {"jump", "N|end", "to event N", run_jump},
    {"speed", "[FACTOR]", "how fast it is played: 1 is as fast as it was", run_speed},
};

const struct screen_command *replay_command_row(size_t i)
{
    return i < sizeof commands / sizeof commands[0] ? &commands[i] : NULL;
}

bool replay_command_run(struct screen *s, const char *line)
{
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strlen(commands[i].name) != n || strncmp(commands[i].name, line, n) != 0)
            continue;
        commands[i].run(s, line + n + strspn(line + n, " "));
        return true;
    }
    return false;
}
