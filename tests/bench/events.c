/*
 * What an event costs: the bundled guests run once, their events are kept and written again and again.
 */
#include "bench.h"

#include "machine/machine.h"
#include "run/run.h"
#include "traces/trace.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_MAX = 1 << 16, REPEAT_EVENTS = 1 << 20 };

struct kept {
    struct event *events;
    size_t n;
};

static void keep(void *ctx, const struct event *ev)
{
    struct kept *k = ctx;
    if (k->n < EVENTS_MAX)
        k->events[k->n++] = *ev;
}

static int run_guest(const char *path, struct kept *k, struct err *e)
{
    struct machine *m = malloc(sizeof *m);
    struct machine_options o = {.mem_len = 64 << 20, .clock = CLOCK_STEPS};
    struct image_request rq = {.path = path, .mode = IMAGE_NO_MODE, .at = IMAGE_NO_ADDR};
    struct run_options ro = {.max_exits = 100000};
    struct image image;
    struct run *r = NULL;
    int rc = m ? machine_init(m, &o, e) : err_set(e, "no memory");
    if (rc == 0) {
        rc = image_load(&rq, &m->memory, &image, e);
        if (rc == 0 && (r = run_create(m, &ro, &image.start, e))) {
            run_add_sink(r, (struct event_sink){.put = keep, .ctx = k});
            rc = run_loop(r, e);
            run_destroy(r);
        }
        machine_fini(m);
    }
    free(m);
    return rc;
}

static bool is_guest(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".bin") == 0 || (strcmp(dot, ".elf") == 0 && strncmp(name, "boot64", 6) &&
                                                strncmp(name, "hello16", 7) && strncmp(name, "halt", 4)));
}

static int run_guests(const char *folder, struct kept *k, struct err *e)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    char path[4096];
    int rc = d ? 0 : err_set(e, "%s: no such folder", folder);
    while (rc == 0 && (entry = readdir(d))) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (is_guest(entry->d_name))
            rc = run_guest(path, k, e);
    }
    if (d)
        closedir(d);
    return rc == 0 && k->n == 0 ? err_set(e, "%s: no guests", folder) : rc;
}

/* One pass over the kept events; time and sequence go on, as in a real run. */
static int write_events(const struct kept *k, size_t times, double *ns, double *bytes, struct err *e)
{
    struct trace_info info = {.program = "bench",
                              .host = "",
                              .backend = "",
                              .guest = "",
                              .guest_sha256 = "",
                              .command = "",
                              .clock = "steps",
                              .irqchip = "user"};
    struct trace_end end = {.status = "halted", .reason = ""};
    struct trace_writer *w = trace_create("/dev/null", &info, e);
    uint64_t coded = 0, events = 0, start_ns = clock_host_ns();
    if (!w)
        return -1;
    for (size_t i = 0; i < times; i++)
        for (size_t j = 0; j < k->n; j++)
            trace_put(w, &k->events[j]);
    *ns = (double)(clock_host_ns() - start_ns) / (double)(times * k->n);
    trace_flush(w);
    trace_size(w, &coded, &events);
    *bytes = events ? (double)coded / (double)events : 0;
    return trace_close(w, &end, e);
}

int bench_events(const char *folder, double *write_ns, double *bytes_per_event, struct err *e)
{
    struct kept k = {.events = malloc(EVENTS_MAX * sizeof(struct event))};
    double ignored;
    if (!k.events)
        return err_set(e, "no memory");
    int rc = run_guests(folder, &k, e);
    if (rc == 0)
        rc = write_events(&k, REPEAT_EVENTS / k.n + 1, write_ns, &ignored, e);
    if (rc == 0)
        rc = write_events(&k, 1, &ignored, bytes_per_event, e);
    free(k.events);
    return rc;
}
