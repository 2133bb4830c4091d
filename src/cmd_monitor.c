/*
 * `ringside monitor`: a guest, or a trace, on a full screen.  The main thread has the terminal, the vCPU's
 * thread the guest, and the door is between them (monitor_loop.c).
 */
#include "commands.h"
#include "monitor_loop.h"
#include "session.h"

#include "base/err.h"
#include "monitor/model/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The guest's words go to the screen and nowhere else. */
static int monitor_guest(struct session *s)
{
    struct feed feed;
    struct err e;
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || feed_init(&feed, &e) < 0) {
        err_sys(&e, errno, "monitor");
        return command_fail(STATUS_USAGE, &e);
    }
    int status = session_open(s, true, &e);
    if (status) {
        command_fail(status, &e);
    } else {
        session_connect(s, -1, nowhere);
        machine_set_output(&s->machine, feed_output, &feed);
        run_add_sink(s->run, (struct event_sink){.put = feed_put, .ctx = &feed});
        s->debugger->feed = &feed;
        s->debugger->tracing = s->trace != NULL;
        s->debugger->image_path = s->settings.image.path;
        status = session_close_trace(s, monitor_live(s));
        if (s->settings.json)
            status = session_report(s, status);
    }
    /* Nobody runs any more who could feed it. */
    if (s->debugger)
        s->debugger->feed = NULL;
    feed_fini(&feed);
    close(nowhere);
    return status;
}

static bool is_trace(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".rst") == 0;
}

static int monitor_path(struct session *s, const char *path)
{
    struct err e;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        err_set(&e, "monitor: needs a terminal; without one there is `ringside %s %s`",
                is_trace(path) ? "trace show" : "shell", path);
        return command_fail(STATUS_USAGE, &e);
    }
    if (is_trace(path))
        return monitor_trace(path);
    s->settings.image.path = path;
    return monitor_guest(s);
}

static int monitor_command(const struct command *self, int argc, char **argv)
{
    struct session *s = session_create(argc, argv);
    struct positionals words;
    struct err e;
    bool done;
    if (!s) {
        err_sys(&e, ENOMEM, "monitor");
        return command_fail(STATUS_USAGE, &e);
    }
    int status = command_parse(self, "ringside monitor", argc, argv, &s->settings, &words, 1, 1, &done);
    if (!done)
        status = monitor_path(s, words.word[0]);
    session_destroy(s);
    return status;
}

const struct command command_monitor = {
    "monitor",
    "IMAGE | FILE.rst",
    "a guest on a full screen, stopped at its first instruction; or a trace, replayed",
    "s steps, c lets it run, Space pauses, ? is the help, q leaves; : opens the prompt, where every command "
    "of\n"
    "`ringside shell` works. With a trace (.rst) the same keys go through its events, and no KVM is "
    "needed.\n\n"
    "Themes: dark, light, contrast and mono (T goes through them; NO_COLOR is mono). What was chosen is kept "
    "in\n"
    "$XDG_CONFIG_HOME/ringside/monitor.\n\n"
    "~/.ringsiderc and ./.ringsiderc are read first, as by `ringside shell`, then -x and --script; commands "
    "of the\n"
    "screen work there too. The terminal is given back however this ends.\n\n"
    "Exit status: 0; 1 when a command fails under --strict; 126 usage or a bad image; 127 no usable KVM;\n"
    "130 and the like when a signal ended it.",
    vm_option_rows,
    monitor_command};
