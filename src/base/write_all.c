/*
 * Writing all of it: see write_all.h.
 */
#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

void write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t wrote = write(fd, p, n);
        if (wrote < 0 && errno != EINTR)
            return;
        p += wrote > 0 ? wrote : 0;
        n -= wrote > 0 ? (size_t)wrote : 0;
    }
}
