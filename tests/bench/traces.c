/*
 * What it costs to ask a trace of millions of exits: a trace is made up, and the program is run on it as a
 * user would run it.  CPU time is said beside the time on the wall, since a machine has other things to do;
 * memory is the most that the process held.  The sizes are one, three and ten million, so that it shows
 * whether time grows in line with size.
 */
#include "bench.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t sizes[] = {1000000, 3000000, 10000000};
enum { SIZES = sizeof sizes / sizeof sizes[0], WORDS_MAX = 8 };

/* Each runs as `ringside trace WORDS FILE`; OUTPUT among the words is a file that is removed afterwards. */
#define OUTPUT "OUTPUT"
static const struct question {
    const char *name;
    const char *words[WORDS_MAX];
} questions[] = {
    {"stat", {"stat"}},
    {"stat_by", {"stat", "--by", "device,reg,dir"}},
    {"stat_where", {"stat", "--where", "port == 0x3f8 && dir == out"}},
    {"graph", {"graph", "--kind", "exits"}},
    {"graph_svg", {"graph", "--kind", "exits", "-o", OUTPUT ".svg"}},
    {"check", {"check"}},
    {"show", {"show"}},
    {"jsonl", {"export", "--format", "jsonl"}},
    {"sqlite", {"export", "--format", "sqlite", "-o", OUTPUT ".sqlite"}},
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

struct answer {
    double wall_s[BENCH_ROUNDS_MAX], cpu_s[BENCH_ROUNDS_MAX];
    long rss_kib;
};

/* The words of the command line; true when one of them is a file to be written, its name in `output`. */
static bool ask_words(const char *ringside, const char *trace, const struct question *q, const char **argv,
                      char output[4200])
{
    bool writes = false;
    size_t n = 0;
    argv[n++] = ringside;
    argv[n++] = "trace";
    for (size_t i = 0; i < WORDS_MAX && q->words[i]; i++) {
        bool file = strncmp(q->words[i], OUTPUT, strlen(OUTPUT)) == 0;
        if (file)
            snprintf(output, 4200, "%s%s", trace, q->words[i] + strlen(OUTPUT));
        argv[n++] = file ? output : q->words[i];
        writes |= file;
    }
    argv[n++] = trace;
    argv[n] = NULL;
    return writes;
}

static int ask(const char *ringside, const char *trace, const struct question *q, unsigned rounds,
               struct answer *a, struct err *e)
{
    char output[4200];
    const char *argv[WORDS_MAX + 4];
    bool writes = ask_words(ringside, trace, q, argv, output);
    for (unsigned i = 0; i < rounds; i++) {
        double ns;
        struct rusage usage;
        int rc = bench_spawn((char *const *)argv, &ns, &usage, e);
        if (writes)
            unlink(output);
        if (rc < 0)
            return -1;
        a->wall_s[i] = ns / 1e9;
        a->cpu_s[i] = seconds(usage.ru_utime) + seconds(usage.ru_stime);
        a->rss_kib = usage.ru_maxrss > a->rss_kib ? usage.ru_maxrss : a->rss_kib;
    }
    return 0;
}

static void say(const struct question *q, uint64_t events, const struct answer *a, unsigned rounds, bool json,
                struct table *t, struct text *out)
{
    double wall = bench_median(a->wall_s, rounds), cpu = bench_median(a->cpu_s, rounds);
    if (json) {
        text_addf(out, "%s\"%s_%llu\":{\"wall_s\":%.3f,\"cpu_s\":%.3f,\"rss_kib\":%ld}",
                  text_str(out)[out->len - 1] == '{' ? "" : ",", q->name, (unsigned long long)events, wall,
                  cpu, a->rss_kib);
        return;
    }
    table_cell(t, "%s", q->name);
    table_cell(t, "%llu", (unsigned long long)events);
    table_cell(t, "%.2f", wall);
    table_cell(t, "%.2f", cpu);
    table_cell(t, "%.0f", cpu * 1e9 / (double)events);
    table_cell(t, "%.1f", (double)a->rss_kib / 1024);
}

struct options {
    const char *ringside, *only;
    char trace[64];
    uint64_t most;
    unsigned rounds;
    bool json;
};

static int ask_all(const struct options *o, uint64_t events, struct table *t, struct text *out, struct err *e)
{
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        struct answer a = {0};
        if (o->only && strcmp(o->only, questions[i].name) != 0)
            continue;
        if (ask(o->ringside, o->trace, &questions[i], o->rounds, &a, e) < 0)
            return -1;
        say(&questions[i], events, &a, o->rounds, o->json, t, out);
    }
    return 0;
}

static int ask_sizes(const struct options *o, struct text *out, struct err *e)
{
    static const char *const head[] = {"question", "exits", "wall s", "CPU s", "ns an exit", "peak MiB"};
    struct table t;
    int rc = 0;
    table_init(&t, "lrrrrr");
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        table_cell(&t, "%s", head[i]);
    if (o->json)
        text_addc(out, '{');
    for (size_t i = 0; rc == 0 && i < SIZES && sizes[i] <= o->most; i++) {
        rc = bench_make_trace(o->trace, sizes[i], e);
        if (rc == 0)
            rc = ask_all(o, sizes[i], &t, out, e);
    }
    struct text table = {0};
    table_finish(&t, &table, "", true);
    text_add(out, o->json ? "}\n" : text_str(&table));
    text_fini(&table);
    return rc;
}

static int parse(struct options *o, int argc, char **argv, const char **make)
{
    for (int i = 0; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
            continue;
        }
        if (value && strcmp(argv[i], "--rounds") == 0)
            o->rounds = (unsigned)atoi(value);
        else if (value && strcmp(argv[i], "--most") == 0)
            o->most = strtoull(value, NULL, 0);
        else if (value && strcmp(argv[i], "--only") == 0)
            o->only = value;
        else if (value && strcmp(argv[i], "--make") == 0)
            *make = value;
        else
            return -1;
        i++;
    }
    return o->rounds >= 1 && o->rounds <= BENCH_ROUNDS_MAX ? 0 : -1;
}

int bench_traces(const char *ringside, int argc, char **argv)
{
    struct options o = {.ringside = ringside, .most = 10000000, .rounds = 3};
    struct text out = {0};
    struct err e;
    const char *make = NULL;
    if (parse(&o, argc, argv, &make) < 0) {
        fputs("usage: ringside-bench --traces [--json] [--rounds N] [--most EVENTS] [--only QUESTION]\n"
              "       ringside-bench --traces --most EVENTS --make FILE.rst\n",
              stderr);
        return 126;
    }
    snprintf(o.trace, sizeof o.trace, "/tmp/ringside-bench-%d.rst", (int)getpid());
    int rc = make ? bench_make_trace(make, o.most, &e) : ask_sizes(&o, &out, &e);
    if (!make)
        unlink(o.trace);
    if (rc < 0)
        fprintf(stderr, "ringside-bench: %s\n", e.text);
    else
        fputs(text_str(&out), stdout);
    text_fini(&out);
    return rc < 0 ? 1 : 0;
}
