/*
 * Files that are there whole or not at all: see output.h.  POSIX promises that rename(2) is atomic, which is
 * all that is needed.  Signals that would end the program are blocked meanwhile and asked about
 * (sigpending(2)), which needs no handler and so no state outside this struct.
 *
 * Simplified: SIGKILL or a crash of the machine leaves the temporary file, whose name says whose it is.
 */
#include "traces/output.h"

#include "traces/format.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sigset_t ending_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

/* A symbolic link stays one: what it leads to is written. */
static void resolve(struct text *path, const char *given)
{
    char real[PATH_MAX];
    text_add(path, realpath(given, real) ? real : given);
}

static bool is_trace(const char *path)
{
    char magic[TRACE_MAGIC_LEN];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? 0 : read(fd, magic, sizeof magic);
    if (fd >= 0)
        close(fd);
    return got == (ssize_t)sizeof magic && memcmp(magic, TRACE_MAGIC, sizeof magic) == 0;
}

/* A name in the folder of `path` that nobody has. */
static int temp_create(struct output *o)
{
    const char *path = text_str(&o->path), *slash = strrchr(path, '/');
    int fd = -1;
    for (unsigned i = 0; i < 100 && fd < 0; i++) {
        text_clear(&o->temp);
        text_addn(&o->temp, path, slash ? (size_t)(slash - path) + 1 : 0);
        text_addf(&o->temp, ".ringside-%ld-%u.part", (long)getpid(), i);
        fd = open(text_str(&o->temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

static int open_temp(struct output *o, const struct stat *there, struct err *e)
{
    sigset_t ending = ending_signals();
    o->guarded = sigprocmask(SIG_BLOCK, &ending, &o->was) == 0;
    int fd = temp_create(o);
    if (fd < 0)
        return err_sys(e, errno, "write %s", text_str(&o->name));
    if (there)
        (void)!fchmod(fd, there->st_mode & 0777);
    o->file = fdopen(fd, "w");
    if (o->file)
        return 0;
    close(fd);
    unlink(text_str(&o->temp));
    return err_sys(e, ENOMEM, "write %s", text_str(&o->name));
}

static int open_file(struct output *o, const char *path, struct err *e)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (there && S_ISREG(st.st_mode) && is_trace(path))
        return err_set(e, "%s is a trace, which is never overwritten: give another name behind -o", path);
    o->ours = true;
    if (!there || S_ISREG(st.st_mode)) {
        resolve(&o->path, path);
        if (there && access(path, W_OK) != 0)
            return err_sys(e, errno, "write %s", path);
        return open_temp(o, there ? &st : NULL, e);
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    o->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (o->file)
        return 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return err_sys(e, why, "write %s", path);
}

static void output_free(struct output *o)
{
    if (o->guarded)
        sigprocmask(SIG_SETMASK, &o->was, NULL); /* what waited arrives here */
    text_fini(&o->name);
    text_fini(&o->path);
    text_fini(&o->temp);
    *o = (struct output){0};
}

int output_open(struct output *o, const char *path, FILE *standard, struct err *e)
{
    *o = (struct output){.file = standard};
    bool is_standard = !path || strcmp(path, "-") == 0;
    text_add(&o->name, is_standard ? "the output" : path);
    if (is_standard || open_file(o, path, e) == 0)
        return 0;
    output_free(o);
    return -1;
}

bool output_stopped(const struct output *o, struct err *e)
{
    sigset_t waiting;
    if (!o->guarded || sigpending(&waiting))
        return false;
    bool stopped =
        sigismember(&waiting, SIGINT) || sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP);
    if (stopped)
        err_set(e, "interrupted; %s was not written", text_str(&o->name));
    return stopped;
}

int output_write(struct output *o, const struct text *t, struct err *e)
{
    if (t->failed)
        return err_sys(e, ENOMEM, "write %s", text_str(&o->name));
    if (t->len == 0 || fwrite(t->buf, 1, t->len, o->file) == t->len)
        return 0;
    return err_sys(e, errno, "write %s", text_str(&o->name));
}

/* A stream that failed before says so here again, though its buffer is empty by now. */
static int output_flush(struct output *o, struct err *e)
{
    int why = fflush(o->file) ? errno : ferror(o->file) ? EIO : 0;
    return why ? err_sys(e, why, "write %s", text_str(&o->name)) : 0;
}

int output_close(struct output *o, int result, struct err *e)
{
    if (result == 0 && o->file)
        result = output_flush(o, e);
    if (o->ours && o->file && fclose(o->file) && result == 0)
        result = err_sys(e, errno, "write %s", text_str(&o->name));
    if (result == 0 && o->temp.len && rename(text_str(&o->temp), text_str(&o->path)))
        result = err_sys(e, errno, "write %s", text_str(&o->name));
    if (result && o->temp.len)
        unlink(text_str(&o->temp));
    output_free(o);
    return result;
}
