/*
 * The file that an image comes from, distrusted: it may be a directory or a FIFO, be cut while it is read, or
 * claim any length.  Every read says what it wants and either gets all of it or fails; nothing is mapped and
 * nothing is held in memory twice, since the loaders read straight into the guest's RAM.
 */
#include "vm/image_load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int kind_check(const struct stat *st, struct err *e)
{
    static const struct {
        mode_t type;
        const char *name;
    } kinds[] = {{S_IFDIR, "a directory"},
                 {S_IFIFO, "a FIFO"},
                 {S_IFCHR, "a character device"},
                 {S_IFBLK, "a block device"},
                 {S_IFSOCK, "a socket"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((st->st_mode & S_IFMT) == kinds[i].type)
            return err_set(e, "is %s, not an image file", kinds[i].name);
    return 0;
}

static int source_inspect(struct image_source *s, struct err *e)
{
    struct stat st;
    if (fstat(s->fd, &st) < 0)
        return err_sys(e, errno, "fstat");
    if (kind_check(&st, e) < 0)
        return -1;
    s->len = (uint64_t)st.st_size;
    if (s->len == 0)
        return err_set(e, "is empty");
    if (s->len > IMAGE_FILE_MAX)
        return err_set(e, "has %" PRIu64 " bytes: too large: at most %llu", s->len, IMAGE_FILE_MAX);
    s->head_len = s->len < IMAGE_HEAD_LEN ? (size_t)s->len : IMAGE_HEAD_LEN;
    return image_source_read(s, 0, s->head, s->head_len, e);
}

int image_source_open(struct image_source *s, const char *path, struct err *e)
{
    memset(s, 0, sizeof *s);
    /* O_NONBLOCK: opening a FIFO that nobody writes to must not wait. */
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0)
        return err_sys(e, errno, "open");
    if (source_inspect(s, e) < 0) {
        image_source_close(s);
        return -1;
    }
    return 0;
}

void image_source_close(struct image_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

int image_source_read(const struct image_source *s, uint64_t offset, void *buf, uint64_t n, struct err *e)
{
    if (offset > s->len || n > s->len - offset)
        return err_set(e,
                       "is cut: %#" PRIx64 " bytes at file offset %#" PRIx64 ", but the file has %#" PRIx64,
                       n, offset, s->len);
    for (uint64_t done = 0; done < n;) {
        ssize_t got = pread(s->fd, (uint8_t *)buf + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, errno, "read");
        if (got == 0)
            return err_set(e, "became shorter while it was read");
        done += (uint64_t)got;
    }
    return 0;
}

int image_source_sha256(const struct image_source *s, char hex[65], struct err *e)
{
    static const char digits[] = "0123456789abcdef";
    struct sha256_ctx sha;
    uint8_t buf[IMAGE_HEAD_LEN * 4], digest[SHA256_DIGEST_SIZE];
    sha256_init(&sha);
    for (uint64_t done = 0; done < s->len;) {
        size_t n = s->len - done < sizeof buf ? (size_t)(s->len - done) : sizeof buf;
        if (image_source_read(s, done, buf, n, e) < 0)
            return -1;
        sha256_update(&sha, n, buf);
        done += n;
    }
    sha256_digest(&sha, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = 0;
    return 0;
}
