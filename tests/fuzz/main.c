/*
 * A fuzz target without libFuzzer: `fuzz_NAME MUTATIONS FOLDER` runs each file of the folder, then so many
 * mutations of them. The mutations are drawn from a generator with a fixed start, so that a failure comes
 * back; the bytes that it died of are left in the file fuzz_NAME.last beside the program.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 8192, SEEDS_MAX = 512, EDITS_MAX = 6, HANG_SECONDS = 60 };

struct seed {
    uint8_t *bytes;
    size_t n;
};

/* xorshift64*, Marsaglia's. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static size_t below(uint64_t *state, size_t n)
{
    return n ? (size_t)(draw(state) % n) : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of the folder, sorted, so that every machine draws the same ones. */
static size_t seeds_read(const char *folder, struct seed *seeds)
{
    struct dirent **list;
    size_t n = 0;
    int found = scandir(folder, &list, NULL, by_name);
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        FILE *f = list[i]->d_name[0] != '.' && n < SEEDS_MAX ? fopen(path, "rb") : NULL;
        if (f) {
            seeds[n].bytes = malloc(INPUT_MAX);
            FUZZ_ASSERT(seeds[n].bytes);
            seeds[n].n = fread(seeds[n].bytes, 1, INPUT_MAX, f);
            fclose(f);
            n++;
        }
        free(list[i]);
    }
    if (found >= 0)
        free(list);
    return n;
}

/* Replaces `cut` bytes at `at` by `n` others, where there is room. */
static size_t piece_replace(uint8_t *buf, size_t len, size_t at, size_t cut, const uint8_t *bytes, size_t n)
{
    if (cut > len - at)
        cut = len - at;
    if (len - cut + n > INPUT_MAX)
        return len;
    memmove(buf + at + n, buf + at + cut, len - at - cut);
    memcpy(buf + at, bytes, n);
    return len - cut + n;
}

/* One edit: a piece out, a piece of another seed in, a byte changed, the end cut off. */
static size_t edit(uint8_t *buf, size_t len, const struct seed *other, uint64_t *state)
{
    size_t at = below(state, len + 1), from = below(state, other->n), cut = below(state, 8);
    size_t n = below(state, other->n - from + 1);
    uint8_t byte = (uint8_t)draw(state);
    switch (draw(state) % 6) {
    case 0:
        return piece_replace(buf, len, at, cut, other->bytes, 0);
    case 1:
        return piece_replace(buf, len, at, 0, other->bytes + from, n);
    case 2:
        return piece_replace(buf, len, at, cut, other->bytes + from, n < 16 ? n : 16);
    case 3:
        return piece_replace(buf, len, at, 1, &byte, 1);
    case 4:
        byte = (uint8_t) " ()[]+-*:'\"!~&|<>=0x9_.$@\\/%^"[byte % 30];
        return piece_replace(buf, len, at, 0, &byte, 1);
    default:
        return at;
    }
}

/* The input that is running, for the handler of what kills it. */
static struct {
    const uint8_t *bytes;
    size_t n;
    char path[4096];
} last;

static void dying(int signal_number)
{
    int fd = open(last.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0) {
        (void)!write(fd, last.bytes, last.n);
        close(fd);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void handlers_install(const char *program)
{
    static const int deadly[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
    snprintf(last.path, sizeof last.path, "%s.last", program);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        signal(deadly[i], dying);
}

static void run(const uint8_t *bytes, size_t n)
{
    last.bytes = bytes;
    last.n = n;
    alarm(HANG_SECONDS);
    LLVMFuzzerTestOneInput(bytes, n);
}

int main(int argc, char **argv)
{
    static struct seed seeds[SEEDS_MAX];
    static uint8_t buf[INPUT_MAX];
    uint64_t state = 0x52494e4753494445;
    if (argc != 3)
        return 2;
    size_t mutations = strtoul(argv[1], NULL, 10), n = seeds_read(argv[2], seeds);
    if (n == 0) {
        fprintf(stderr, "no files in %s\n", argv[2]);
        return 2;
    }
    handlers_install(argv[0]);
    for (size_t i = 0; i < n; i++)
        run(seeds[i].bytes, seeds[i].n);
    for (size_t i = 0; i < mutations; i++) {
        const struct seed *seed = &seeds[below(&state, n)];
        size_t len = seed->n;
        memcpy(buf, seed->bytes, len);
        for (size_t edits = 1 + below(&state, EDITS_MAX); edits; edits--)
            len = edit(buf, len, &seeds[below(&state, n)], &state);
        run(buf, len);
    }
    for (size_t i = 0; i < n; i++)
        free(seeds[i].bytes);
    printf("%zu files and %zu mutations\n", n, mutations);
    return 0;
}
