/*
 * `ringside shell`: a guest in a debugger's hands, at a prompt or from a pipe.  It stands at its first
 * instruction until a command lets it go.
 */
#include "commands.h"
#include "front.h"
#include "session.h"
#include "version.h"

#include "debug/symbols.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* At a terminal, in the foreground: somebody will type. */
static bool shell_at_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void shell_greet(const struct session *s)
{
    struct text t = {0};
    text_addf(&t, "ringside " RINGSIDE_VERSION ": %s (%s, ", s->settings.image.path,
              image_format_name(s->image.format));
    text_add_size(&t, s->image.file_len);
    text_add(&t, ") stands at its first instruction");
    if (s->debugger->symbols)
        text_addf(&t, "; symbols from %s", symbols_path(s->debugger->symbols));
    text_add(&t, ".\nstep makes one step, continue lets it run, help says what else there is.\n");
    fputs(text_str(&t), stdout);
    text_fini(&t);
}

/* Without a terminal the guest has no keyboard but the command `type`: stdin holds commands. */
static int shell_session(struct session *s)
{
    bool terminal = shell_at_terminal();
    struct err e;
    int status = session_open(s, true, &e);
    if (status)
        return command_fail(status, &e);
    session_connect(s, terminal ? STDIN_FILENO : -1, s->settings.json ? STDERR_FILENO : STDOUT_FILENO);
    if (terminal)
        shell_greet(s);
    status = session_close_trace(s, front_shell(s, terminal));
    return s->settings.json ? session_report(s, status) : status;
}

static int shell_command(const struct command *self, int argc, char **argv)
{
    struct session *s = session_create(argc, argv);
    struct positionals words;
    struct err e;
    bool done;
    if (!s) {
        err_sys(&e, ENOMEM, "shell");
        return command_fail(STATUS_USAGE, &e);
    }
    int status = command_parse(self, "ringside shell", argc, argv, &s->settings, &words, 1, 1, &done);
    if (!done) {
        s->settings.image.path = words.word[0];
        status = shell_session(s);
    }
    session_destroy(s);
    return status;
}

const struct command command_shell = {
    "shell",
    "IMAGE",
    "a guest in the debugger, stopped at its first instruction, at a prompt",
    "Type help at the prompt, or say: printf 'step 3\\nregs\\n' | ringside shell IMAGE. While the guest "
    "runs\n"
    "Ctrl-C stops it; keys go to its console (Ctrl-A x quits, Ctrl-A c is a Ctrl-C for the guest). An empty\n"
    "line repeats a step, Tab completes, Ctrl-D quits; what was typed is kept in\n"
    "$XDG_STATE_HOME/ringside/history. Long answers go through $PAGER.\n\n"
    "First ~/.ringsiderc and ./.ringsiderc are done (the latter only when it is yours and nobody else may\n"
    "write it), then -x and --script in their order, then what is typed or piped in.\n\n"
    "Exit status: 0; 1 when a command fails under --strict; 126 usage or a bad image; 127 no usable KVM;\n"
    "130 and the like when a signal ended it.",
    vm_option_rows,
    shell_command};
