/*
 * KVM calls that only the host probe needs; see extra.h.
 */
#include "kvm/extra.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int kvm_fd_api_version(int fd)
{
    return ioctl(fd, KVM_GET_API_VERSION, 0);
}

struct kvm_dirty_gfn *kvm_vcpu_map_dirty_ring(const struct kvm_vcpu *v, size_t len, struct err *e)
{
    off_t at = (off_t)KVM_DIRTY_LOG_PAGE_OFFSET * sysconf(_SC_PAGESIZE);
    void *ring = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, at);
    if (ring == MAP_FAILED) {
        err_sys(e, errno, "mapping the dirty ring");
        return NULL;
    }
    return ring;
}
