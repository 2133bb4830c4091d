/*
 * /dev/kvm itself: opening it, and saying what to do when that fails.  Most first encounters with a
 * hypervisor end here, so the message carries the mend.
 */
#include "kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_failed(const char *path, int code, struct err *e)
{
    const char *mend =
        code == ENOENT || code == ENXIO || code == ENODEV
            ? "load the module (modprobe kvm_intel or kvm_amd) and switch on virtualization in the BIOS, or "
              "nested virtualization in the VM you are in"
        : code == EACCES || code == EPERM
            ? "add yourself to the group kvm (sudo usermod -aG kvm $USER, then log in again)"
            : "see `ringside doctor`";
    err_sys(e, code, "%s", path);
    int kept = e ? e->code : 0;
    struct err why = e ? *e : (struct err){0};
    err_set(e, "%s; %s", why.text, mend);
    if (e)
        e->code = kept;
    return -1;
}

int kvm_open_path(struct kvm_system *s, const char *path, struct err *e)
{
    *s = (struct kvm_system){.fd = open(path, O_RDWR | O_CLOEXEC)};
    if (s->fd < 0)
        return open_failed(path, errno, e);
    int version = ioctl(s->fd, KVM_GET_API_VERSION, 0);
    int run_len = ioctl(s->fd, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (version == KVM_API_VERSION && run_len >= (int)sizeof(struct kvm_run)) {
        s->run_len = (size_t)run_len;
        return 0;
    }
    kvm_close(s);
    if (version < 0)
        return err_set(e, "%s: this is not KVM (KVM_GET_API_VERSION failed)", path);
    return err_set(e, "%s: KVM API version %d, Ringside speaks %d", path, version, KVM_API_VERSION);
}

int kvm_open(struct kvm_system *s, struct err *e)
{
    return kvm_open_path(s, "/dev/kvm", e);
}

void kvm_close(struct kvm_system *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

int kvm_capability(const struct kvm_system *s, int cap)
{
    int n = ioctl(s->fd, KVM_CHECK_EXTENSION, cap);
    return n < 0 ? 0 : n;
}

int kvm_supported_cpuid(const struct kvm_system *s, struct kvm_cpuid2 **out, struct err *e)
{
    /* The kernel says E2BIG when the array is too small, and never how many it wants. */
    for (uint32_t n = 128; n <= 4096; n *= 2) {
        struct kvm_cpuid2 *c = calloc(1, sizeof *c + n * sizeof c->entries[0]);
        if (!c)
            return err_sys(e, ENOMEM, "KVM_GET_SUPPORTED_CPUID");
        c->nent = n;
        if (ioctl(s->fd, KVM_GET_SUPPORTED_CPUID, c) == 0) {
            *out = c;
            return 0;
        }
        int code = errno;
        free(c);
        if (code != E2BIG)
            return err_sys(e, code, "KVM_GET_SUPPORTED_CPUID");
    }
    return err_set(e, "KVM_GET_SUPPORTED_CPUID: more than 4096 entries");
}
