/*
 * What does the full screen cost?  The product itself, in a pseudo-terminal that somebody reads: a guest that
 * does nothing but leave (an OUT and a jump) runs with the monitor and without, in turns; and the times a
 * person would notice are taken from outside, from the key that is typed to the word that is written.
 */
#include "bench.h"
#include "seat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 60, PAUSES = 30, QUIET_MS = 300, LISTEN_MS = 2000, STEPS = 20 };

static const struct {
    int w, h;
} screens[BENCH_SCREENS] = {{80, 24}, {200, 60}};

struct figures {
    double elapsed_ns, cpu_ns; /* an exit */
};

struct scene {
    char ringside[4096], image[64], exits[24];
};

static int scene_open(struct scene *s, const char *ringside, unsigned units, struct err *e)
{
    snprintf(s->ringside, sizeof s->ringside, "%s", ringside);
    snprintf(s->image, sizeof s->image, "/tmp/ringside-bench-%d.bin", (int)getpid());
    snprintf(s->exits, sizeof s->exits, "%u", units * 50);
    FILE *f = fopen(s->image, "we");
    bool whole = f && fwrite(bench_pio.code, 1, bench_pio.code_len, f) == bench_pio.code_len;
    if (f)
        whole &= fclose(f) == 0;
    return whole ? 0 : err_set(e, "cannot write %s", s->image);
}

/* ---- the rate ---- */

static int json_number(const struct seat *s, const char *key, double *v, struct err *e)
{
    const char *at = strstr(s->tail, key);
    *v = at ? strtod(at + strlen(key), NULL) : 0;
    return *v > 0 ? 0 : err_set(e, "no %s in the summary", key);
}

static int take_figures(struct seat *s, struct figures *f, struct err *e)
{
    double exits;
    if (seat_finish(s, e) < 0 || json_number(s, "\"exits\":", &exits, e) < 0 ||
        json_number(s, "\"elapsed_ns\":", &f->elapsed_ns, e) < 0 ||
        json_number(s, "\"cpu_ns\":", &f->cpu_ns, e) < 0)
        return -1;
    f->elapsed_ns /= exits;
    f->cpu_ns /= exits;
    return 0;
}

static int run_plain(struct scene *scene, struct figures *f, struct err *e)
{
    char *argv[] = {scene->ringside, "run",  "--json", "--max-exits", scene->exits, "--mode",
                    "real",          "--at", "0x7c00", scene->image,  NULL};
    struct seat s;
    if (seat_open(&s, argv, 80, 24, e) < 0)
        return -1;
    int rc = take_figures(&s, f, e);
    seat_close(&s);
    return rc;
}

static int run_screen(struct scene *scene, size_t screen, struct figures *f, struct err *e)
{
    char *argv[] = {scene->ringside, "monitor", "--run", "--json", "--max-exits", scene->exits,
                    "--mode",        "real",    "--at",  "0x7c00", scene->image,  NULL};
    struct seat s;
    double ignored;
    if (seat_open(&s, argv, screens[screen].w, screens[screen].h, e) < 0)
        return -1;
    int rc = seat_await(&s, "ENDED", &ignored, e) < 0 || seat_type(&s, "q", e) < 0 ? -1 : 0;
    if (rc == 0)
        rc = take_figures(&s, f, e);
    seat_close(&s);
    return rc;
}

static int measure_rates(struct scene *scene, unsigned rounds, struct bench_monitor *m, struct err *e)
{
    double plain[BENCH_ROUNDS_MAX], rate[BENCH_SCREENS][BENCH_ROUNDS_MAX],
        cpu[BENCH_SCREENS][BENCH_ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++) {
        struct figures bare, with;
        if (run_plain(scene, &bare, e) < 0)
            return -1;
        plain[i] = bare.elapsed_ns;
        for (size_t k = 0; k < BENCH_SCREENS; k++) {
            if (run_screen(scene, k, &with, e) < 0)
                return -1;
            rate[k][i] = bare.elapsed_ns / with.elapsed_ns;
            cpu[k][i] = bare.cpu_ns / with.cpu_ns;
        }
    }
    m->plain_ns = bench_median(plain, rounds);
    for (size_t k = 0; k < BENCH_SCREENS; k++) {
        m->rate[k] = bench_median(rate[k], rounds);
        m->cpu[k] = bench_median(cpu[k], rounds);
    }
    return 0;
}

/* ---- what a person notices ---- */

static double worst(const double *v, unsigned n)
{
    double w = 0;
    for (unsigned i = 0; i < n; i++)
        w = v[i] > w ? v[i] : w;
    return w;
}

/* Types and waits for the word; milliseconds between the two. */
static int answer_ms(struct seat *s, const char *keys, const char *word, double *ms, struct err *e)
{
    double typed_ms;
    seat_listen(s, 7, 7); /* another moment between two frames each time */
    seat_forget(s);
    typed_ms = seat_now_ms();
    if (seat_type(s, keys, e) < 0 || seat_await(s, word, ms, e) < 0)
        return -1;
    *ms -= typed_ms;
    return 0;
}

/* '~' at the prompt: nothing else that is written has one. */
static int measure_keys(struct seat *s, struct bench_monitor *m, struct err *e)
{
    double ms[KEYS], ignored;
    if (answer_ms(s, ":", ":", &ignored, e) < 0)
        return -1;
    for (unsigned i = 0; i < KEYS; i++)
        if (answer_ms(s, "~", "~", &ms[i], e) < 0)
            return -1;
    m->key_ms = bench_median(ms, KEYS);
    m->key_worst_ms = worst(ms, KEYS);
    return seat_type(s, "\x15\x1b", e); /* Ctrl-U, Esc */
}

static int measure_pauses(struct seat *s, struct bench_monitor *m, struct err *e)
{
    double ms[PAUSES], ignored;
    for (unsigned i = 0; i < PAUSES; i++)
        if (answer_ms(s, " ", "PAUSED", &ms[i], e) < 0 || answer_ms(s, "c", "RUNNING", &ignored, e) < 0)
            return -1;
    m->pause_ms = bench_median(ms, PAUSES);
    m->pause_worst_ms = worst(ms, PAUSES);
    return 0;
}

static void measure_frames(struct seat *s, struct bench_monitor *m)
{
    uint64_t bytes = s->bytes, bursts = s->bursts;
    seat_listen(s, LISTEN_MS, LISTEN_MS);
    bursts = s->bursts - bursts;
    m->frames_per_s = (double)bursts * 1e3 / LISTEN_MS;
    m->frame_bytes = bursts ? (double)(s->bytes - bytes) / (double)bursts : 0;
}

static int measure_running(struct scene *scene, struct bench_monitor *m, struct err *e)
{
    char *argv[] = {scene->ringside, "monitor", "--run",      "--mode", "real",
                    "--at",          "0x7c00",  scene->image, NULL};
    struct seat s;
    double ignored;
    if (seat_open(&s, argv, screens[0].w, screens[0].h, e) < 0)
        return -1;
    int rc = seat_await(&s, "RUNNING", &ignored, e);
    seat_listen(&s, QUIET_MS, QUIET_MS);
    measure_frames(&s, m);
    if (rc == 0)
        rc = measure_keys(&s, m, e);
    seat_listen(&s, QUIET_MS, QUIET_MS);
    if (rc == 0)
        rc = measure_pauses(&s, m, e);
    seat_close(&s);
    return rc;
}

static int measure_idle(struct seat *s, struct bench_monitor *m, struct err *e)
{
    double before_ms, after_ms, start_ms = seat_now_ms();
    if (seat_cpu_ms(s, &before_ms, e) < 0)
        return -1;
    seat_listen(s, LISTEN_MS, LISTEN_MS);
    if (seat_cpu_ms(s, &after_ms, e) < 0)
        return -1;
    m->idle_percent = 100 * (after_ms - before_ms) / (seat_now_ms() - start_ms);
    return 0;
}

static int measure_standing(struct scene *scene, struct bench_monitor *m, struct err *e)
{
    char *argv[] = {scene->ringside, "monitor", "--mode", "real", "--at", "0x7c00", scene->image, NULL};
    double bytes[STEPS], ignored;
    struct seat s;
    if (seat_open(&s, argv, screens[1].w, screens[1].h, e) < 0)
        return -1;
    int rc = seat_await(&s, "PAUSED", &ignored, e);
    seat_listen(&s, LISTEN_MS, QUIET_MS);
    if (rc == 0)
        rc = measure_idle(&s, m, e);
    for (unsigned i = 0; rc == 0 && i < STEPS; i++) {
        uint64_t before = s.bytes;
        rc = seat_type(&s, "s", e);
        seat_listen(&s, LISTEN_MS, QUIET_MS);
        bytes[i] = (double)(s.bytes - before);
    }
    m->step_bytes = rc == 0 ? bench_median(bytes, STEPS) : 0;
    seat_close(&s);
    return rc;
}

int bench_monitor(const char *ringside, unsigned rounds, unsigned units, struct bench_monitor *m,
                  struct err *e)
{
    struct scene s;
    *m = (struct bench_monitor){0};
    if (scene_open(&s, ringside, units, e) < 0)
        return -1;
    int rc = measure_rates(&s, rounds, m, e);
    if (rc == 0)
        rc = measure_running(&s, m, e);
    if (rc == 0)
        rc = measure_standing(&s, m, e);
    unlink(s.image);
    return rc < 0 ? err_wrap(e, "monitor") : 0;
}
