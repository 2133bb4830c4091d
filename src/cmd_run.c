/*
 * `ringside run`: a guest from image to verdict.  Builds the machine, loads the image, opens the trace, runs,
 * and says how it ended; the guest's console is on stdout, Ringside's own words on stderr.
 */
#include "commands.h"
#include "console.h"
#include "keeper.h"
#include "summary.h"
#include "trace_info.h"
#include "vm_options.h"

#include "debug/disasm.h"
#include "debug/postmortem.h"
#include "traces/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct session {
    struct vm_settings settings;
    int argc;
    char **argv;
    struct machine machine;
    struct image image;
    struct console console;
    struct run *run;
    struct trace_info_made *info;
    struct trace_writer *trace;
    bool trace_lost; /* it was said that the trace could not be written */
};

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
    s->info = trace_info_make(&s->settings, &s->machine, &s->image, s->argc, s->argv, e);
    if (!s->info)
        return -1;
    s->trace = trace_create(s->settings.trace, trace_info_of(s->info), e);
    return s->trace ? 0 : -1;
}

/* Returns 0, or the exit status with *e filled. */
static int session_open(struct session *s, struct err *e)
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
    return session_open_trace(s, e) < 0 ? STATUS_USAGE : 0;
}

static bool died(const struct run_result *r)
{
    return r->status == RUN_TRIPLE_FAULT || r->status == RUN_ERROR;
}

static void session_post_mortem(const struct session *s, struct text *out)
{
    const struct run_result *r = run_result(s->run);
    const struct run_cpu *cpu = run_last_cpu(s->run);
    struct event_names names = machine_event_names(&s->machine);
    struct postmortem p = {.reason = r->reason,
                           .regs = &cpu->regs,
                           .sregs = &cpu->sregs,
                           .from_last_exit = cpu->from_last_exit,
                           .last_events = run_last_events(s->run),
                           .names = &names,
                           .memory = &s->machine.memory};
    postmortem_write(&p, out);
}

/* Closes the trace with its footer. A lost part is said, and costs the run its success. */
static int session_close_trace(struct session *s, int status)
{
    struct err e;
    struct kvm_stat *stats = NULL;
    size_t n = 0;
    if (!s->trace)
        return status;
    if (run_counters(s->run, &stats, &n, &e) < 0)
        n = 0; /* an old kernel has no statistics: then there are none to show */
    int rc = trace_info_close(s->trace, run_result(s->run), stats, n, &e);
    s->trace = NULL;
    free(stats);
    if (rc == 0)
        return status;
    say_trace_lost(s, &e);
    return status == STATUS_OK ? STATUS_USAGE : status;
}

static int session_report(struct session *s)
{
    const struct run_result *r = run_result(s->run);
    int status = session_close_trace(s, r->exit_code);
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

static int session_run(struct session *s)
{
    struct err e;
    console_init(&s->console, STDIN_FILENO, s->settings.json ? STDERR_FILENO : STDOUT_FILENO);
    machine_set_output(&s->machine, console_output, &s->console);
    run_set_input(s->run, console_take, &s->console);
    run_set_tick(s->run, tick, s);
    run_set_describe(s->run, disasm_named);
    if (s->trace)
        run_add_sink(s->run, (struct event_sink){trace_put, s->trace});
    int rc = keeper_run(s->run, &s->console, s->settings.timeout_s, &e);
    console_fini(&s->console);
    if (rc < 0)
        command_fail(0, &e);
    return session_report(s);
}

static void session_close(struct session *s)
{
    run_destroy(s->run);
    trace_info_free(s->info);
    if (s->machine.device_count)
        machine_fini(&s->machine);
}

static int run_command(const struct command *self, int argc, char **argv)
{
    struct session *s = calloc(1, sizeof *s);
    struct positionals words;
    struct err e;
    bool done;
    if (!s) {
        err_sys(&e, ENOMEM, "run");
        return command_fail(STATUS_USAGE, &e);
    }
    vm_settings_init(&s->settings);
    s->argc = argc;
    s->argv = argv;
    int status = command_parse(self, "ringside run", argc, argv, &s->settings, &words, 1, 1, &done);
    if (!done) {
        s->settings.image.path = words.word[0];
        status = session_open(s, &e);
        status = status ? command_fail(status, &e) : session_run(s);
        session_close(s);
    }
    free(s);
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
    "126 usage or a bad image; 127 no usable KVM; 130 interrupted.",
    vm_option_rows,
    run_command};
