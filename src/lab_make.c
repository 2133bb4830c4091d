/*
 * Building and running a lab: see lab_make.h.  The compiler's flags are those of guests/: a bare machine, no
 * SSE, no red zone, no C library.
 */
#include "lab_make.h"

#include "lab_spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Exit statuses of `ringside run` that mean there was no run. */
enum { NO_RUN_USAGE = 126, NO_RUN_KVM = 127 };
enum { CONSOLE_MAX = 65536, WORDS_MAX = 64 };

/* A command line under construction. Words are borrowed. */
struct words {
    const char *word[WORDS_MAX + 1];
    size_t n;
};

static void add(struct words *w, const char *word)
{
    if (w->n < WORDS_MAX)
        w->word[w->n++] = word;
}

static void add_all(struct words *w, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(w, list[i]);
}

static int run_words(const struct words *w, struct spawn *s, const struct lab_listener *l, int *status,
                     struct err *e)
{
    struct text line = {0};
    for (size_t i = 0; i < w->n; i++)
        text_addf(&line, "%s%s", i ? " " : "", w->word[i]);
    l->command(l->ctx, text_str(&line));
    text_fini(&line);
    s->argv =
        (char *const *)w->word; /* posix_spawn does not write to them: its prototype is older than const */
    return spawn_run(s, status, e);
}

/* Runs a tool of the compiler's. It has said itself what is wrong with the source. */
static int run_tool(const struct words *w, const struct lab *lab, const char *dir,
                    const struct lab_listener *l, struct err *e)
{
    struct spawn s = {.dir = dir, .limited = true};
    int status;
    if (run_words(w, &s, l, &status, e) < 0)
        return e->code == ENOENT
                   ? err_set(e, "%s is not installed: labs are built with gcc and GNU binutils", w->word[0])
                   : -1;
    if (status != 0)
        return err_set(e, "%s/%s does not build: %s ended with status %d", dir, lab->source, w->word[0],
                       status);
    return 0;
}

const char *lab_make_image(const struct lab *lab)
{
    return lab->build == LAB_FLAT ? "lab.bin" : "lab.elf";
}

static int run_gcc(const struct lab *lab, const char *dir, const struct lab_listener *l, struct err *e)
{
    static const char *const flags[] = {"gcc",
                                        "-m64",
                                        "-std=c17",
                                        "-O1",
                                        "-g",
                                        "-Wall",
                                        "-Wextra",
                                        "-ffreestanding",
                                        "-mgeneral-regs-only",
                                        "-mno-red-zone",
                                        "-fno-pic",
                                        "-fno-stack-protector",
                                        "-fcf-protection=none",
                                        "-fno-asynchronous-unwind-tables",
                                        "-nostdlib",
                                        "-static",
                                        "-no-pie",
                                        "-Wl,--build-id=none,-z,noexecstack,-z,noseparate-code",
                                        "-o",
                                        "lab.elf"};
    struct words w = {0};
    struct text at = {0}, script = {0};
    add_all(&w, flags, sizeof flags / sizeof flags[0]);
    if (lab->script) {
        add(&w, "-T");
        add(&w, lab_path(&script, lab->dir, lab->script));
    } else if (lab->build == LAB_FLAT) {
        text_addf(&at, "-Wl,-Ttext=0x%llx", (unsigned long long)lab->at);
        add(&w, text_str(&at));
    }
    add(&w, lab->source);
    add_all(&w, lab->with, lab->with_count);
    int rc = run_tool(&w, lab, dir, l, e);
    text_fini(&at);
    text_fini(&script);
    return rc;
}

/* Only the bytes of the program: a flat image has no headers and no notes. */
static int run_objcopy(const struct lab *lab, const char *dir, const struct lab_listener *l, struct err *e)
{
    static const char *const words[] = {"objcopy",  "-O", "binary", "-j",      ".text",  "-j",
                                        ".rodata*", "-j", ".data",  "lab.elf", "lab.bin"};
    struct words w = {0};
    add_all(&w, words, sizeof words / sizeof words[0]);
    return run_tool(&w, lab, dir, l, e);
}

/* What an earlier check has left must not be taken for this one's. */
static int remove_old(const char *dir, const char *name, struct err *e)
{
    struct text path = {0};
    int rc = 0;
    if (unlink(lab_path(&path, dir, name)) < 0 && errno != ENOENT)
        rc = err_sys(e, errno, "%s", text_str(&path));
    text_fini(&path);
    return rc;
}

static bool exists(const char *dir, const char *name)
{
    struct text path = {0};
    bool is = access(lab_path(&path, dir, name), F_OK) == 0;
    text_fini(&path);
    return is;
}

int lab_make_build(const struct lab *lab, const char *dir, const struct lab_listener *l, struct err *e)
{
    if (!exists(dir, lab->source))
        return err_sys(e, errno, "%s/%s", dir, lab->source);
    if (remove_old(dir, "lab.elf", e) < 0 || remove_old(dir, "lab.bin", e) < 0)
        return -1;
    if (run_gcc(lab, dir, l, e) < 0)
        return -1;
    return lab->build == LAB_FLAT ? run_objcopy(lab, dir, l, e) : 0;
}

int lab_make_run(const struct lab *lab, const char *dir, const struct lab_listener *l, struct lab_run *out,
                 struct err *e)
{
    static const char *const first[] = {"ringside", "run",         "--clock", "steps",     "--trace",
                                        LAB_TRACE,  "--max-exits", "100000",  "--timeout", "10"};
    struct words w = {0};
    struct spawn s = {.program = "/proc/self/exe",
                      .dir = dir,
                      .out = &out->console,
                      .out_max = CONSOLE_MAX,
                      .errors_too = out->quiet};
    add_all(&w, first, sizeof first / sizeof first[0]);
    add_all(&w, lab->run, lab->run_count);
    add(&w, lab_make_image(lab));
    out->status = NO_RUN_USAGE;
    if (remove_old(dir, LAB_TRACE, e) < 0 || run_words(&w, &s, l, &out->status, e) < 0)
        return -1;
    if (exists(dir, LAB_TRACE))
        return 0;
    /* A guest may end with any odd status, 127 too: only without a trace it means that nothing ran. */
    if (out->status != NO_RUN_KVM)
        out->status = NO_RUN_USAGE;
    return err_set(e, "there was no run, so there is nothing to check");
}
