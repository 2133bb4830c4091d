/*
 * The front end's own files: front.c asks and shows, front_source.c says where commands come from.
 */
#ifndef RINGSIDE_FRONT_INSIDE_H
#define RINGSIDE_FRONT_INSIDE_H

#include "front.h"
#include "keeper.h"

#include "monitor/shell/prompt.h"

#include <stdio.h>

struct front {
    struct session *session;
    struct keeper keeper;
    struct prompt *prompt; /* NULL: no terminal, or not yet */
    FILE *answers;
    bool paused, until_end; /* for debugger_main */
    int ask_fd;             /* readable when the command has been answered */
    bool asking;            /* a command is on its way */
    bool interrupted;       /* Ctrl-C since the last command began */
    bool over;              /* no more commands: quit, a signal, the guest's end */
    int signo;              /* the signal that ended it; 0: none */
    int status;             /* of a failed command under --strict, or output that cannot be written */
};

/* Starts the vCPU's thread with the debugger on it; waits for it and says what went wrong. -1: it could not
 * be started; that has been said. */
NODISCARD int front_open(struct front *f);
void front_close(struct front *f);

/* Asks for one line and waits for the answer. */
NODISCARD int front_ask(struct front *f, const char *line, struct text *out, struct err *e);
/* Asks and shows the answer; an error is the caller's to show. */
NODISCARD int front_line(struct front *f, const char *line, struct err *e);
/* Shows an error of a command. */
void front_failed(struct front *f, const struct err *e);

/* Where commands come from (front_source.c). */
void front_startup_files(struct front *f);
void front_options(struct front *f);
void front_piped(struct front *f);
void front_prompt(struct front *f);

#endif
