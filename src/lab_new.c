/*
 * Copying a lab into a student's folder: see lab_new.h.
 */
#include "lab_new.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LEN_MAX = 1 << 20 };

/* Creates a file that must not exist yet. Returns 1 when it does, 0 when it was made. */
static int write_new(const char *path, const char *bytes, size_t len, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno == EEXIST ? 1 : err_sys(e, errno, "%s", path);
    bool whole = true;
    for (size_t at = 0; whole && at < len;) {
        ssize_t n = write(fd, bytes + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        whole = n > 0;
        at += whole ? (size_t)n : 0;
    }
    int code = whole ? 0 : errno;
    if (close(fd) < 0 && whole)
        code = errno;
    if (code == 0)
        return 0;
    unlink(path); /* half a file would be kept as the student's own next time */
    return err_sys(e, code, "%s", path);
}

static int copy_new(const char *from, const char *to, struct err *e)
{
    char *bytes = malloc(FILE_LEN_MAX + 1);
    FILE *f = bytes ? fopen(from, "rbe") : NULL;
    size_t n = f ? fread(bytes, 1, FILE_LEN_MAX + 1, f) : 0;
    int rc = -1;
    if (!f || ferror(f))
        err_sys(e, bytes ? errno : ENOMEM, "%s", from);
    else if (n > FILE_LEN_MAX)
        err_set(e, "%s: larger than 1 MiB", from);
    else
        rc = write_new(to, bytes, n, e);
    if (f)
        fclose(f);
    free(bytes);
    return rc;
}

static void say(struct text *said, int rc, const char *name)
{
    if (rc >= 0)
        text_addf(said, "  %s  %s\n", rc ? "kept" : "made", name);
}

static int put_file(const struct lab *lab, const char *from, const char *dir, const char *name,
                    struct text *said, struct err *e)
{
    struct text source = {0}, target = {0};
    int rc = copy_new(lab_path(&source, lab->dir, from), lab_path(&target, dir, name), e);
    say(said, rc, name);
    text_fini(&source);
    text_fini(&target);
    return rc < 0 ? -1 : 0;
}

static int put_conf(const struct lab *lab, const char *dir, struct text *said, struct err *e)
{
    struct text path = {0}, conf = {0};
    text_addf(&conf, "# Tells `ringside lab check` which lab this folder is for.\nlab = %s\n", lab->name);
    int rc = write_new(lab_path(&path, dir, "lab.conf"), text_str(&conf), conf.len, e);
    say(said, rc, "lab.conf");
    text_fini(&path);
    text_fini(&conf);
    return rc < 0 ? -1 : 0;
}

/* A folder without a lab.conf is nobody's; one with another lab's stays that lab's. */
static int check_owner(const struct lab *lab, const char *dir, struct err *e)
{
    struct text path = {0}, name = {0};
    int rc = 0;
    if (access(lab_path(&path, dir, "lab.conf"), F_OK) == 0) {
        rc = lab_name_of(dir, &name, e);
        if (rc == 0 && strcmp(text_str(&name), lab->name) != 0)
            rc = err_set(e, "%s belongs to lab %s: nothing was changed", dir, text_str(&name));
    }
    text_fini(&path);
    text_fini(&name);
    return rc;
}

int lab_new(const struct lab *lab, const char *dir, struct text *said, struct err *e)
{
    struct text starter = {0};
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return err_sys(e, errno, "%s", dir);
    lab_variant(lab, "starter", &starter);
    int rc = check_owner(lab, dir, e);
    if (rc == 0)
        rc = put_file(lab, "README.md", dir, "README.md", said, e);
    if (rc == 0)
        rc = put_file(lab, text_str(&starter), dir, lab->source, said, e);
    for (size_t i = 0; rc == 0 && i < lab->with_count; i++)
        rc = put_file(lab, lab->with[i], dir, lab->with[i], said, e);
    if (rc == 0)
        rc = put_conf(lab, dir, said, e);
    text_fini(&starter);
    return rc;
}
