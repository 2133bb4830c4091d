/*
 * KVM's own counters.  The kernel handles most exits without telling user space; how many, it says only in
 * its statistics, a file of its own per VM and vCPU: a header, an array of descriptors (name, where the value
 * lies) and the values (KVM API documentation, "KVM_GET_STATS_FD").
 */
#include "kvm/kvm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STATS_MAX = 1024, STAT_NAME_MAX = 256 };

static int stats_pread(int fd, void *buf, size_t n, uint64_t at, struct err *e)
{
    ssize_t got = pread(fd, buf, n, (off_t)at);
    return got == (ssize_t)n ? 0 : err_set(e, "KVM statistics: short read");
}

static int stats_read_one(int fd, const struct kvm_stats_header *h, uint32_t i, struct kvm_stat *out,
                          struct err *e)
{
    union {
        struct kvm_stats_desc d;
        char bytes[sizeof(struct kvm_stats_desc) + STAT_NAME_MAX];
    } desc = {0};
    size_t len = sizeof desc.d + h->name_size;
    if (stats_pread(fd, desc.bytes, len, h->desc_offset + (uint64_t)i * len, e) < 0)
        return -1;
    const char *name = desc.bytes + sizeof desc.d;
    snprintf(out->name, sizeof out->name, "%.*s", (int)h->name_size, name);
    out->value = 0;
    return stats_pread(fd, &out->value, sizeof out->value, (uint64_t)h->data_offset + desc.d.offset, e);
}

int kvm_stats_read(int fd, struct kvm_stat **out, size_t *n, struct err *e)
{
    struct kvm_stats_header h;
    int stats = ioctl(fd, KVM_GET_STATS_FD, NULL);
    if (stats < 0)
        return err_sys(e, errno, "KVM_GET_STATS_FD");
    struct kvm_stat *list = NULL;
    int rc = stats_pread(stats, &h, sizeof h, 0, e);
    if (rc == 0 && (h.num_desc > STATS_MAX || h.name_size > STAT_NAME_MAX))
        rc = err_set(e, "KVM statistics: a layout this program does not know");
    if (rc == 0 && !(list = calloc(h.num_desc + 1u, sizeof *list)))
        rc = err_sys(e, ENOMEM, "KVM statistics");
    for (uint32_t i = 0; rc == 0 && i < h.num_desc; i++)
        rc = stats_read_one(stats, &h, i, &list[i], e);
    close(stats);
    if (rc < 0) {
        free(list);
        return -1;
    }
    *out = list;
    *n = h.num_desc;
    return 0;
}
