/*
 * The user's end of the guest's console: bytes out to a file descriptor, keys in from a terminal, a pipe or a
 * file.  With a debugger's prompt at the same terminal the console has it only while the guest runs.
 */
#ifndef RINGSIDE_CONSOLE_H
#define RINGSIDE_CONSOLE_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

enum { CONSOLE_OUT_MAX = 4096, CONSOLE_IN_MAX = 4096 };

/* What a key sequence asked of Ringside itself. */
enum console_wish { CONSOLE_NONE, CONSOLE_QUIT, CONSOLE_HELP };

struct console {
    int out_fd, in_fd;
    bool terminal;      /* in_fd is one that may be taken */
    bool raw;           /* the terminal's modes were changed */
    bool escaped;       /* Ctrl-A was typed */
    bool in_over;       /* end of input */
    bool in_file;       /* a file: read when the guest wants it, so that runs can be repeated exactly */
    int out_code;       /* errno of the first failed write */
    atomic_bool hurry;  /* the run is to end: do not wait for a reader that does not read */
    struct termios was; /* modes to restore */
    pthread_mutex_t out_lock;
    uint8_t out[CONSOLE_OUT_MAX];
    size_t out_len;
    bool inside_line;     /* the last byte was no line end */
    pthread_mutex_t lock; /* guards in[] */
    uint8_t in[CONSOLE_IN_MAX];
    size_t in_head, in_count;
};

/* Gets to know both ends; a terminal is left as it is until console_take_terminal. in_fd -1: no input. */
void console_init(struct console *c, int in_fd, int out_fd);
/* Takes a terminal into raw mode (signals stay); gives it back. Nothing happens with what is no terminal. */
void console_take_terminal(struct console *c);
void console_give_terminal(struct console *c);
/* Writes what is left and gives the terminal back; may be called twice. */
void console_fini(struct console *c);
/* Puts the terminal back into raw mode, after SIGCONT. */
void console_resume(struct console *c);

/* From the vCPU's thread: a byte of the guest's; ctx is the console. */
void console_output(void *console, uint8_t byte);
/* From any thread: writes what is held back. */
void console_flush(struct console *c);
/* The same, and ends a line that the guest has begun, since somebody else is about to speak. */
void console_end_line(struct console *c);
/* From any thread: output that nobody takes is given up from now on. */
void console_hurry(struct console *c);
/* Takes input bytes for the guest: how many, or -1 when none will ever come. ctx is the console. */
int console_take(void *console, uint8_t *bytes, size_t n);

/* From any thread: input as if it had been typed. Returns how many bytes there was room for. */
size_t console_type(struct console *c, const char *bytes, size_t n);

/* From the thread that polls in_fd: reads what is there. */
enum console_wish console_read(struct console *c);
/* True when there is input to wait for and room to keep it. */
bool console_wants_input(struct console *c);

#endif
