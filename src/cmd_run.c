/*
 * `ringside run`: a guest from image to verdict.  The guest's console is on stdout, Ringside's own words on
 * stderr.
 */
#include "commands.h"
#include "front.h"
#include "keeper.h"
#include "session.h"

#include <errno.h>
#include <unistd.h>

/* Does anything ask for a debugger? */
static bool run_debugged(const struct vm_settings *s)
{
    return s->paused || s->gdb || s->command_count;
}

static int run_plain(struct session *s)
{
    struct err e;
    console_take_terminal(&s->console);
    int rc = keeper_run(s->run, &s->console, s->settings.timeout_s, &e);
    console_fini(&s->console);
    if (rc < 0)
        command_fail(0, &e);
    return run_result(s->run)->exit_code;
}

static int run_session(struct session *s)
{
    bool debugged = run_debugged(&s->settings);
    struct err e;
    if (s->settings.paused && !s->settings.gdb) {
        err_set(&e, "run --paused: nobody could let the guest go on: add --gdb PORT, or use ringside shell");
        return command_fail(STATUS_USAGE, &e);
    }
    int status = session_open(s, debugged, &e);
    if (status)
        return command_fail(status, &e);
    session_connect(s, STDIN_FILENO, s->settings.json ? STDERR_FILENO : STDOUT_FILENO);
    status = debugged ? front_run(s) : run_plain(s);
    return session_report(s, session_close_trace(s, status));
}

static int run_command(const struct command *self, int argc, char **argv)
{
    struct session *s = session_create(argc, argv);
    struct positionals words;
    struct err e;
    bool done;
    if (!s) {
        err_sys(&e, ENOMEM, "run");
        return command_fail(STATUS_USAGE, &e);
    }
    int status = command_parse(self, "ringside run", argc, argv, &s->settings, &words, 1, 1, &done);
    if (!done) {
        s->settings.image.path = words.word[0];
        status = run_session(s);
    }
    session_destroy(s);
    return status;
}

const struct command command_run = {
    "run",
    "IMAGE",
    "runs a guest; its console is on stdout, Ringside's own words on stderr",
    "IMAGE is a boot sector or another flat image, an ELF file (32 or 64 bits) or a Multiboot kernel.\n"
    "Keys go to the guest's serial port, or to its keyboard once it uses that. On a terminal Ctrl-A x\n"
    "quits and Ctrl-A h helps.\n\n"
    "Exit status: 0 halted for good or powered off; (code<<1)|1 when the guest wrote code to the\n"
    "debug-exit port 0xf4; 124 a budget ran out; 125 a triple fault or another guest death;\n"
    "126 usage or a bad image; 127 no usable KVM; 130 interrupted.\n\n"
    "With -x or --script the debugger's commands are done before the first instruction, their answers on\n"
    "stderr; then the guest runs on, whatever stops it. 1 is the status when one fails under --strict.",
    vm_option_rows,
    run_command};
