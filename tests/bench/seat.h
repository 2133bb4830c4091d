/*
 * A seat at a terminal: a program is started in a pseudo-terminal, the benchmark types and reads what it
 * writes.  Nothing emulates the terminal: what is waited for must be words that are written in one piece.
 */
#ifndef RINGSIDE_TESTS_BENCH_SEAT_H
#define RINGSIDE_TESTS_BENCH_SEAT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SEAT_TAIL = 1 << 16, SEAT_LIMIT_MS = 20000 };

struct seat {
    pid_t pid;
    int fd;
    char tail[SEAT_TAIL + 1]; /* the last of what was written, since seat_forget */
    size_t len;
    uint64_t bytes, bursts; /* all that was written; a burst follows 5 ms of silence */
    double last_ms;         /* when something was written last */
};

/* Starts argv[0] in a terminal of w by h: an xterm with 256 colours and UTF-8. */
NODISCARD int seat_open(struct seat *s, char *const argv[], int w, int h, struct err *e);
/* Ends it, by force if need be. */
void seat_close(struct seat *s);

NODISCARD int seat_type(struct seat *s, const char *keys, struct err *e);
/* What was written so far is no answer to what comes. */
void seat_forget(struct seat *s);
/* Reads until `word` has been written since seat_forget; when it was, in *ms (CLOCK_MONOTONIC). */
NODISCARD int seat_await(struct seat *s, const char *word, double *ms, struct err *e);
/* Reads until nothing has been written for quiet_ms, or for ms in all. */
void seat_listen(struct seat *s, double ms, double quiet_ms);
/* Reads to its end. */
NODISCARD int seat_finish(struct seat *s, struct err *e);

double seat_now_ms(void);
/* CPU time of all threads of the process so far, in milliseconds. */
NODISCARD int seat_cpu_ms(const struct seat *s, double *ms, struct err *e);

#endif
