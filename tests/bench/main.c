/*
 * ringside-bench: how much slower than bare ioctls is Ringside?  Runs the floor and Ringside in turns, round
 * after round, and prints the medians and their ratio as a table or, with --json, as one object.  No test
 * asserts these figures: they depend on the host; the ratio is what travels.
 */
#include "bench.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct bench {
    unsigned rounds, units;
    bool json, prompt, monitor;
    char ringside[4096], guests[4096], trace[64], self[4096];
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_median(const double *v, unsigned n)
{
    double sorted[BENCH_ROUNDS_MAX];
    memcpy(sorted, v, n * sizeof *v);
    qsort(sorted, n, sizeof *sorted, by_value);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static int measure_guest(const struct bench *b, const struct bench_guest *g, struct bench_series *s,
                         struct err *e)
{
    double warm;
    if (bare_run(g, b->units / 10 + 1, &warm, e) < 0 || hosted_run(g, b->units / 10 + 1, NULL, &warm, e) < 0)
        return -1;
    for (s->rounds = 0; s->rounds < b->rounds; s->rounds++) {
        unsigned i = s->rounds;
        if (bare_run(g, b->units, &s->floor_ns[i], e) < 0 ||
            hosted_run(g, b->units, NULL, &s->ringside_ns[i], e) < 0 ||
            hosted_run(g, b->units, b->trace, &s->traced_ns[i], e) < 0)
            return -1;
    }
    return 0;
}

int bench_spawn(char *const argv[], double *ns, struct rusage *usage, struct err *e)
{
    struct timespec a, z;
    struct rusage own;
    int status;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t pid = vfork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, usage ? usage : &own) < 0)
        return err_set(e, "cannot run %s", argv[0]);
    clock_gettime(CLOCK_MONOTONIC, &z);
    *ns = (double)(z.tv_sec - a.tv_sec) * 1e9 + (double)(z.tv_nsec - a.tv_nsec);
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 124)
               ? 0
               : err_set(e, "%s ended with status %d", argv[0], status);
}

static int measure_startup(struct bench *b, struct bench_series *s, struct err *e)
{
    char image[4200], budget[] = "1";
    snprintf(image, sizeof image, "%s/hello16.bin", b->guests);
    char *bare[] = {b->self, "--first-exit", NULL};
    char *plain[] = {b->ringside, "run", "--max-exits", budget, image, NULL};
    char *traced[] = {b->ringside, "run", "--max-exits", budget, "--trace", b->trace, image, NULL};
    for (s->rounds = 0; s->rounds < b->rounds; s->rounds++) {
        unsigned i = s->rounds;
        if (bench_spawn(bare, &s->floor_ns[i], NULL, e) < 0 ||
            bench_spawn(plain, &s->ringside_ns[i], NULL, e) < 0 ||
            bench_spawn(traced, &s->traced_ns[i], NULL, e) < 0)
            return -1;
    }
    return 0;
}

static void print_series(const struct bench *b, const char *name, const struct bench_series *s,
                         struct table *t, struct text *json)
{
    double f = bench_median(s->floor_ns, s->rounds), r = bench_median(s->ringside_ns, s->rounds),
           x = bench_median(s->traced_ns, s->rounds);
    if (b->json) {
        text_addf(json, "%s\"%s\":{\"floor_ns\":%.0f,\"ringside_ns\":%.0f,\"ratio\":%.4f,\"traced_ns\":%.0f,",
                  json->len > 1 ? "," : "", name, f, r, r / f, x);
        text_addf(json, "\"traced_ratio\":%.4f,\"rounds\":%u}", x / f, s->rounds);
        return;
    }
    table_cell(t, "%s", name);
    table_cell(t, "%.0f", f);
    table_cell(t, "%.0f", r);
    table_cell(t, "%.3f", r / f);
    table_cell(t, "%.0f", x);
    table_cell(t, "%.3f", x / f);
}

static void print_head(struct table *t)
{
    static const char *const head[] = {"measure", "floor ns",  "ringside ns",
                                       "ratio",   "traced ns", "traced ratio"};
    table_init(t, "lrrrrr");
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        table_cell(t, "%s", head[i]);
}

/* Everything that is a ratio to the floor. */
static int bench_ratios(struct bench *b, struct table *t, struct text *out, struct err *e)
{
    static const struct bench_guest *const guests[] = {&bench_pio, &bench_mmio, &bench_hlt};
    static const struct {
        const char *name;
        const struct bench_guest *guest;
        bool typed;
    } steps[] = {{"step", &bench_step, false},
                 {"step_memory", &bench_step_memory, false},
                 {"step_typed", &bench_step, true}};
    struct bench_series s;
    for (size_t i = 0; i < sizeof guests / sizeof guests[0]; i++) {
        if (measure_guest(b, guests[i], &s, e) < 0)
            return -1;
        print_series(b, guests[i]->name, &s, t, out);
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (bench_steps(steps[i].guest, steps[i].typed, b->rounds, b->units, b->trace, &s, e) < 0)
            return -1;
        print_series(b, steps[i].name, &s, t, out);
    }
    if (measure_startup(b, &s, e) < 0)
        return -1;
    print_series(b, "startup", &s, t, out);
    return 0;
}

/* The prompt's answers: every one with --prompt, else the slowest only. */
static void print_prompt(const struct bench *b, const double *ms, struct text *out)
{
    size_t slowest = 0;
    struct table t;
    table_init(&t, "lr");
    table_cell(&t, "asked at the prompt");
    table_cell(&t, "ms");
    for (size_t i = 0; bench_questions[i].line; i++) {
        table_cell(&t, "%s%s", bench_questions[i].line,
                   bench_questions[i].in_pieces ? " (all memory in pieces of 4 KiB)" : "");
        table_cell(&t, "%.3f", ms[i]);
        if (ms[i] > ms[slowest])
            slowest = i;
    }
    struct text table = {0};
    table_finish(&t, &table, "", true);
    if (b->json)
        text_addf(out, ",\"prompt_slowest_ms\":%.4f", ms[slowest]);
    else if (b->prompt)
        text_add(out, text_str(&table));
    else
        text_addf(out, "prompt_slowest_ms %.3f (%s)\n", ms[slowest], bench_questions[slowest].line);
    text_fini(&table);
}

static int bench_prompt_all(struct bench *b, struct text *out, struct err *e)
{
    double ms[BENCH_QUESTIONS_MAX];
    char image[4200];
    snprintf(image, sizeof image, "%s/paging.elf", b->guests);
    if (bench_prompt(image, b->rounds, ms, e) < 0)
        return -1;
    print_prompt(b, ms, out);
    return 0;
}

static void print_monitor(const struct bench *b, const struct bench_monitor *m, struct text *out)
{
    const struct {
        const char *name;
        double v;
    } rows[] = {
        {"monitor_plain_ns", m->plain_ns},
        {"monitor_rate_80x24", m->rate[0]},
        {"monitor_rate_200x60", m->rate[1]},
        {"monitor_cpu_80x24", m->cpu[0]},
        {"monitor_cpu_200x60", m->cpu[1]},
        {"monitor_key_ms", m->key_ms},
        {"monitor_key_worst_ms", m->key_worst_ms},
        {"monitor_pause_ms", m->pause_ms},
        {"monitor_pause_worst_ms", m->pause_worst_ms},
        {"monitor_idle_percent", m->idle_percent},
        {"monitor_frames_per_s", m->frames_per_s},
        {"monitor_frame_bytes", m->frame_bytes},
        {"monitor_step_bytes", m->step_bytes},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        text_addf(out, b->json ? ",\"%s\":%.3f" : "%s %.3f\n", rows[i].name, rows[i].v);
}

static int bench_monitor_all(const struct bench *b, struct text *out, struct err *e)
{
    struct bench_monitor m;
    if (bench_monitor(b->ringside, b->rounds, b->units, &m, e) < 0)
        return -1;
    print_monitor(b, &m, out);
    return 0;
}

static int bench_all(struct bench *b, struct text *out, struct err *e)
{
    struct table t;
    double write_ns = 0, bytes = 0, ignored;
    struct rusage usage = {0};
    char image[4200];
    print_head(&t);
    if (b->json)
        text_addc(out, '{');
    snprintf(image, sizeof image, "%s/boot64.bin", b->guests);
    char *const boot[] = {b->ringside, "run", "--trace", b->trace, image, NULL};
    int rc = bench_ratios(b, &t, out, e);
    struct text table = {0};
    table_finish(&t, &table, "", true);
    if (rc == 0)
        text_add(out, b->json ? "" : text_str(&table));
    text_fini(&table);
    if (rc < 0 || bench_events(b->guests, &write_ns, &bytes, e) < 0 ||
        bench_spawn(boot, &ignored, &usage, e) < 0)
        return -1;
    text_addf(out,
              b->json ? ",\"event_write_ns\":%.1f,\"bytes_per_event\":%.2f,\"rss_kib\":%ld"
                      : "event_write_ns %.1f  bytes_per_event %.2f  rss_kib %ld\n",
              write_ns, bytes, usage.ru_maxrss);
    rc = bench_prompt_all(b, out, e) < 0 || bench_monitor_all(b, out, e) < 0 ? -1 : 0;
    if (b->json)
        text_add(out, "}\n");
    return rc;
}

/* The program and the guests lie beside this one in the build folder. */
static void bench_places(struct bench *b)
{
    ssize_t n = readlink("/proc/self/exe", b->self, sizeof b->self - 1);
    b->self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(b->self, '/');
    int len = slash ? (int)(slash - b->self) : 0;
    snprintf(b->ringside, sizeof b->ringside, "%.*s/ringside", len > 4000 ? 4000 : len, b->self);
    snprintf(b->guests, sizeof b->guests, "%.*s/guests", len > 4000 ? 4000 : len, b->self);
    snprintf(b->trace, sizeof b->trace, "/tmp/ringside-bench-%d.rst", (int)getpid());
}

int main(int argc, char **argv)
{
    struct bench b = {.rounds = 9, .units = 4000};
    struct err e;
    if (argc == 2 && strcmp(argv[1], "--first-exit") == 0)
        return bare_first_exit();
    bench_places(&b);
    if (argc >= 2 && strcmp(argv[1], "--traces") == 0)
        return bench_traces(b.ringside, argc - 2, argv + 2);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            b.json = true;
        } else if (strcmp(argv[i], "--prompt") == 0) {
            b.prompt = true;
        } else if (strcmp(argv[i], "--monitor") == 0) {
            b.monitor = true;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            b.rounds = (unsigned)atoi(argv[++i]);
        } else if (strcmp(argv[i], "--units") == 0 && i + 1 < argc) {
            b.units = (unsigned)atoi(argv[++i]);
        } else {
            fputs("usage: ringside-bench [--json | --prompt | --monitor] [--rounds N] [--units N]\n"
                  "       ringside-bench --traces ...\n",
                  stderr);
            return strcmp(argv[i], "--help") == 0 ? 0 : 126;
        }
    }
    if (b.rounds < 1 || b.rounds > BENCH_ROUNDS_MAX || b.units < 1 || b.units > 10000000) {
        fputs("ringside-bench: rounds are 1 to 101, units 1 to 10000000\n", stderr);
        return 126;
    }
    struct text out = {0};
    int rc = b.prompt    ? bench_prompt_all(&b, &out, &e)
             : b.monitor ? bench_monitor_all(&b, &out, &e)
                         : bench_all(&b, &out, &e);
    unlink(b.trace);
    if (rc < 0)
        fprintf(stderr, "ringside-bench: %s\n", e.text);
    else
        fputs(text_str(&out), stdout);
    text_fini(&out);
    return rc < 0 ? 1 : 0;
}
