/*
 * A session: see session.h.
 */
#include "session.h"

#include "commands.h"
#include "session_symbols.h"
#include "summary.h"

#include "debug/disasm.h"
#include "debug/postmortem.h"
#include "debug/symbols.h"
#include "traces/trace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct session *session_create(int argc, char **argv)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    vm_settings_init(&s->settings);
    s->argc = argc;
    s->argv = argv;
    return s;
}

void session_destroy(struct session *s)
{
    if (!s)
        return;
    if (s->gdb)
        door_close(s->debugger->door); /* where the debugger's thread never started, nobody else did */
    gdb_listen_stop(s->gdb);
    if (!s->debugger)
        symbols_close(s->symbols);
    debugger_destroy(s->debugger);
    run_destroy(s->run);
    tables_tap_fini(&s->tap);
    trace_info_free(s->info);
    if (s->machine.device_count)
        machine_fini(&s->machine);
    free(s);
}

/* `--rom FILE@ADDR`. */
static int session_add_rom(struct session *s, const char *spec, struct err *e)
{
    char path[4096];
    const char *at = strrchr(spec, '@');
    uint64_t gpa;
    if (option_number(at + 1, 0, MEMORY_HIGH_GPA - 1, &gpa, e) < 0)
        return err_wrap(e, "--rom %s", spec);
    if ((size_t)snprintf(path, sizeof path, "%.*s", (int)(at - spec), spec) >= sizeof path)
        return err_set(e, "--rom: the file name is too long");
    enum { ROM_LEN_MAX = 16 << 20 };
    uint8_t *data = malloc(ROM_LEN_MAX + 1);
    FILE *f = data ? fopen(path, "rbe") : NULL;
    size_t n = f ? fread(data, 1, ROM_LEN_MAX + 1, f) : 0;
    int rc = -1;
    if (!f || ferror(f))
        err_sys(e, errno, "--rom %s", path);
    else if (n == 0 || n > ROM_LEN_MAX)
        err_set(e, "--rom %s: %s", path, n ? "larger than 16 MiB" : "the file is empty");
    else
        rc = machine_add_rom(&s->machine, gpa, data, n, e) < 0 ? err_wrap(e, "--rom %s", path) : 0;
    if (f)
        fclose(f);
    free(data);
    return rc;
}

static int session_load(struct session *s, struct err *e)
{
    for (size_t i = 0; i < s->settings.rom_count; i++)
        if (session_add_rom(s, s->settings.roms[i], e) < 0)
            return -1;
    return image_load(&s->settings.image, &s->machine.memory, &s->image, e);
}

/* A full disk stops the trace, not the guest; it is said when it happens, once. */
static void say_trace_lost(struct session *s, const struct err *e)
{
    if (!s->trace_lost)
        command_fail(0, e);
    s->trace_lost = true;
}

/* On the vCPU's thread, about ten times a second. */
static void tick(void *ctx, uint64_t time_ns)
{
    struct session *s = ctx;
    struct err e;
    console_flush(&s->console);
    if (!s->trace)
        return;
    trace_tick(s->trace, time_ns);
    if (trace_failed(s->trace, &e))
        say_trace_lost(s, &e);
}

/* Creating the file empties it, so this comes after everything that can refuse to start. */
static int session_open_trace(struct session *s, struct err *e)
{
    if (!s->settings.trace)
        return 0;
    struct stat image, trace;
    if (stat(s->settings.image.path, &image) == 0 && stat(s->settings.trace, &trace) == 0 &&
        image.st_dev == trace.st_dev && image.st_ino == trace.st_ino)
        return err_set(e, "--trace %s: this is the guest image", s->settings.trace);
    s->info = trace_info_make(&s->settings, &s->machine, &s->image, s->symbols, s->argc, s->argv, e);
    if (!s->info)
        return -1;
    s->trace = trace_create(s->settings.trace, trace_info_of(s->info), e);
    return s->trace ? 0 : -1;
}

/* The listener's threads begin with our signal mask, and signals are the keeper's alone. */
static int session_listen(struct session *s, struct err *e)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    s->gdb = gdb_listen_start(s->settings.gdb, s->debugger->door, e);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return s->gdb ? 0 : -1;
}

static int session_open_debugger(struct session *s, struct err *e)
{
    struct symbols *symbols = s->symbols;
    s->symbols = NULL; /* it is the debugger's to free, also when there will be none */
    s->debugger = debugger_create(s->run, &s->machine, &s->image, symbols, e);
    if (!s->debugger)
        return -1;
    s->symbols = symbols;
    s->debugger->counts = &s->counts;
    run_add_sink(s->run, (struct event_sink){.put = counts_put, .ctx = &s->counts});
    return s->settings.gdb ? session_listen(s, e) : 0;
}

/* Whoever waits for gdb, a person or a script, must learn the port. */
static void session_say_gdb(const struct session *s)
{
    if (s->gdb)
        fprintf(stderr, "ringside: for gdb: target remote %s\n", gdb_listen_place(s->gdb));
}

int session_open(struct session *s, bool debugged, struct err *e)
{
    s->settings.machine.wall_start_s = s->settings.machine.clock == CLOCK_STEPS ? 946684800 /* 2000-01-01 */
                                                                                : (uint64_t)time(NULL);
    if (access(s->settings.image.path, R_OK) < 0) {
        err_sys(e, errno, "%s", s->settings.image.path);
        return STATUS_USAGE;
    }
    if (machine_init(&s->machine, &s->settings.machine, e) < 0)
        return e->code == ENOMEM || e->code == EINVAL ? STATUS_USAGE : STATUS_NO_KVM;
    if (session_load(s, e) < 0)
        return STATUS_USAGE;
    s->run = run_create(&s->machine, &s->settings.run, &s->image.start, e);
    if (!s->run)
        return STATUS_NO_KVM;
    bool named = debugged || s->settings.trace || s->settings.symbols;
    if (named && session_symbols(&s->settings, &s->image, &s->machine.memory, &s->symbols, e) < 0)
        return STATUS_USAGE;
    if (debugged && session_open_debugger(s, e) < 0)
        return STATUS_USAGE;
    if (session_open_trace(s, e) < 0)
        return STATUS_USAGE;
    session_say_gdb(s);
    return 0;
}

/* What the command `type` types. Input that was over has begun again. */
static size_t type(void *ctx, const char *bytes, size_t n)
{
    struct session *s = ctx;
    size_t took = console_type(&s->console, bytes, n);
    run_set_input(s->run, console_take, &s->console);
    return took;
}

/* The debugger has the guest stand. */
static void stood(void *ctx, const struct target *now)
{
    struct session *s = ctx;
    tables_tap_stands(&s->tap, &now->sregs);
}

void session_connect(struct session *s, int in_fd, int out_fd)
{
    console_init(&s->console, in_fd, out_fd);
    machine_set_output(&s->machine, console_output, &s->console);
    run_set_input(s->run, console_take, &s->console);
    run_set_tick(s->run, tick, s);
    run_set_describe(s->run, disasm_named);
    if (s->trace) {
        tables_tap_init(&s->tap, s->trace, s->run, &s->machine);
        run_add_sink(s->run, (struct event_sink){tables_tap_put, &s->tap, tables_tap_step});
    }
    if (s->debugger) {
        s->debugger->type = type;
        s->debugger->type_ctx = s;
    }
    if (s->debugger && s->trace) {
        s->debugger->stood = stood;
        s->debugger->stood_ctx = s;
    }
}

static bool died(const struct run_result *r)
{
    return r->status == RUN_TRIPLE_FAULT || r->status == RUN_ERROR;
}

/* A run without a debugger looks for names only when it has something to say. */
static void session_post_mortem(struct session *s, struct text *out)
{
    struct err ignored;
    if (!s->symbols &&
        session_symbols(&s->settings, &s->image, &s->machine.memory, &s->symbols, &ignored) < 0)
        s->symbols = NULL;
    const struct run_result *r = run_result(s->run);
    const struct run_cpu *cpu = run_last_cpu(s->run);
    struct event_names names = machine_event_names(&s->machine);
    struct postmortem p = {.reason = r->reason,
                           .regs = &cpu->regs,
                           .sregs = &cpu->sregs,
                           .from_last_exit = cpu->from_last_exit,
                           .last_events = run_last_events(s->run),
                           .names = &names,
                           .memory = &s->machine.memory,
                           .symbols = s->symbols};
    postmortem_write(&p, out);
}

int session_close_trace(struct session *s, int status)
{
    struct err e;
    struct kvm_stat *stats = NULL;
    size_t n = 0;
    if (!s->trace)
        return status;
    if (run_counters(s->run, &stats, &n, &e) < 0)
        n = 0; /* an old kernel has no statistics: then there are none to show */
    tables_tap_end(&s->tap);
    int rc = trace_info_close(s->trace, run_result(s->run), stats, n, &e);
    s->trace = NULL;
    free(stats);
    if (rc == 0)
        return status;
    say_trace_lost(s, &e);
    return status == STATUS_OK ? STATUS_USAGE : status;
}

int session_report(struct session *s, int status)
{
    const struct run_result *r = run_result(s->run);
    struct text words = {0}, json = {0};
    text_add(&words, "ringside: ");
    summary_line(r, &words);
    if (s->settings.trace)
        text_addf(&words, "; trace in %s", s->settings.trace);
    text_addc(&words, '\n');
    if (died(r))
        session_post_mortem(s, &words);
    fwrite(text_str(&words), 1, words.len, stderr);
    if (s->console.out_code) {
        struct err e;
        err_sys(&e, s->console.out_code, "writing the guest's console");
        command_fail(0, &e);
        status = status == STATUS_OK ? STATUS_USAGE : status;
    }
    if (s->settings.json) {
        summary_json(r, s->settings.trace, &json);
        if (command_print(&json) != STATUS_OK && status == STATUS_OK)
            status = STATUS_USAGE;
    }
    text_fini(&words);
    text_fini(&json);
    return status;
}
