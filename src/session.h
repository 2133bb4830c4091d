/*
 * A session: everything between a command line and a running guest, as `run`, `shell` and whatever else
 * starts a guest share it.  The machine with its image and ROMs, the console, the run, the trace, and (when
 * asked for) the debugger with its symbols.
 *
 *   session_open → run → session_close_trace → session_report → session_close
 */
#ifndef RINGSIDE_SESSION_H
#define RINGSIDE_SESSION_H

#include "console.h"
#include "tables_tap.h"
#include "trace_info.h"
#include "vm_options.h"

#include "monitor/counts.h"
#include "monitor/debugger.h"
#include "monitor/gdb_listen.h"

struct session {
    struct vm_settings settings;
    int argc; /* the command line, for the trace's header */
    char **argv;
    struct machine machine;
    struct image image;
    struct console console;
    struct run *run;
    struct symbols *symbols;   /* NULL: none, or nobody asked yet; the debugger's when there is one */
    struct debugger *debugger; /* NULL: nobody wants one */
    struct gdb_listener *gdb;  /* NULL: nobody listens */
    struct counts counts;
    struct trace_info_made *info;
    struct trace_writer *trace;
    struct tables_tap tap;     /* the way into it */
    bool trace_lost; /* it was said that the trace could not be written */
};

/* A new one for the words of a command line, settings as when nothing is said. NULL: no memory. */
struct session *session_create(int argc, char **argv);
/* Lets go of everything; NULL is fine. */
void session_destroy(struct session *s);

/* Machine, image, run, debugger (with `debugged`) and trace as s->settings say. Returns 0, or the exit status
 * with *e filled. */
int session_open(struct session *s, bool debugged, struct err *e);

/* Connects the console: keys come from `in_fd` (-1: only what `type` types), the guest's words go to
 * `out_fd`. */
void session_connect(struct session *s, int in_fd, int out_fd);

/* Closes the trace with its footer. Returns `status`, or, when a part was lost and `status` was success,
 * STATUS_USAGE; the loss has been said. */
int session_close_trace(struct session *s, int status);

/* Says on stderr how the run ended, with a post-mortem when it died, and the summary on stdout with --json.
 * Returns the exit status, `status` if nothing else went wrong. */
int session_report(struct session *s, int status);

#endif
