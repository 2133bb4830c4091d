/*
 * Waiting for a file to grow: see follow.h.  Linux tells of changes through inotify(7).  Not every file
 * system does (changes on a server are not heard of), so that once a second it is looked all the same.
 */
#include "follow.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_MS = 1000, LOOK_DEAF_MS = 200 };

int follow_init(struct follow *f, const char *path, struct err *e)
{
    struct stat st;
    *f = (struct follow){.path = path, .notify = -1};
    if (stat(path, &st) < 0)
        return err_sys(e, errno, "%s", path);
    f->device = st.st_dev;
    f->inode = st.st_ino;
    f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (f->notify >= 0 && inotify_add_watch(f->notify, path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF) < 0)
        follow_fini(f);
    return 0;
}

void follow_fini(struct follow *f)
{
    if (f->notify >= 0)
        close(f->notify);
    f->notify = -1;
}

int follow_wait(struct follow *f, struct err *e)
{
    char news[4096];
    struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = f->notify, .events = POLLIN}};
    if (poll(fds, 2, f->notify >= 0 ? LOOK_MS : LOOK_DEAF_MS) < 0 && errno != EINTR)
        return err_sys(e, errno, "poll");
    while (f->notify >= 0 && read(f->notify, news, sizeof news) > 0)
        continue;
    if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) {
        err_set(e, "%s", "");
        return -1;
    }
    return 0;
}

int follow_check(const struct follow *f, struct err *e)
{
    struct stat st;
    if (stat(f->path, &st) < 0)
        return errno == ENOENT ? err_set(e, "the file was removed") : err_sys(e, errno, "look at the file");
    if (st.st_dev != f->device || st.st_ino != f->inode)
        return err_set(e, "another file has taken its name");
    return 0;
}
