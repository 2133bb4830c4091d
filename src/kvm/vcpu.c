/*
 * The vCPU descriptor: one entry into the guest, and every register file there is to get and set (KVM API
 * documentation, "vcpu ioctls").  The page shared with the kernel carries why an entry ended.
 */
#include "kvm/kvm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int vcpu_ioctl(const struct kvm_vcpu *v, unsigned long request, void *arg, const char *name,
                      struct err *e)
{
    return ioctl(v->fd, request, arg) < 0 ? err_sys(e, errno, "%s", name) : 0;
}

/* The kernel's structures are inputs for SET calls and outputs for GET calls; C's const cannot say so in one
 * ioctl. */
static int vcpu_set(const struct kvm_vcpu *v, unsigned long request, const void *arg, const char *name,
                    struct err *e)
{
    return vcpu_ioctl(v, request, (void *)(uintptr_t)arg, name, e);
}

int kvm_vcpu_create(struct kvm_vcpu *v, const struct kvm_vm *vm, uint32_t id, struct err *e)
{
    *v = (struct kvm_vcpu){.fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)id),
                           .run_len = vm->system->run_len};
    if (v->fd < 0)
        return err_sys(e, errno, "KVM_CREATE_VCPU");
    void *run = mmap(NULL, v->run_len, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
    if (run == MAP_FAILED) {
        int code = errno;
        kvm_vcpu_close(v);
        return err_sys(e, code, "mapping kvm_run");
    }
    v->run = run;
    return 0;
}

void kvm_vcpu_close(struct kvm_vcpu *v)
{
    if (v->run)
        munmap(v->run, v->run_len);
    if (v->fd >= 0)
        close(v->fd);
    *v = (struct kvm_vcpu){.fd = -1};
}

int kvm_vcpu_run(const struct kvm_vcpu *v)
{
    return ioctl(v->fd, KVM_RUN, 0) < 0 ? -errno : 0;
}

int kvm_get_regs(const struct kvm_vcpu *v, struct kvm_regs *r, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_REGS, r, "KVM_GET_REGS", e);
}

int kvm_set_regs(const struct kvm_vcpu *v, const struct kvm_regs *r, struct err *e)
{
    return vcpu_set(v, KVM_SET_REGS, r, "KVM_SET_REGS", e);
}

int kvm_get_sregs(const struct kvm_vcpu *v, struct kvm_sregs *s, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_SREGS, s, "KVM_GET_SREGS", e);
}

int kvm_set_sregs(const struct kvm_vcpu *v, const struct kvm_sregs *s, struct err *e)
{
    return vcpu_set(v, KVM_SET_SREGS, s, "KVM_SET_SREGS", e);
}

int kvm_get_events(const struct kvm_vcpu *v, struct kvm_vcpu_events *ev, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_VCPU_EVENTS, ev, "KVM_GET_VCPU_EVENTS", e);
}

int kvm_set_events(const struct kvm_vcpu *v, const struct kvm_vcpu_events *ev, struct err *e)
{
    return vcpu_set(v, KVM_SET_VCPU_EVENTS, ev, "KVM_SET_VCPU_EVENTS", e);
}

int kvm_get_debugregs(const struct kvm_vcpu *v, struct kvm_debugregs *d, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_DEBUGREGS, d, "KVM_GET_DEBUGREGS", e);
}

int kvm_set_debugregs(const struct kvm_vcpu *v, const struct kvm_debugregs *d, struct err *e)
{
    return vcpu_set(v, KVM_SET_DEBUGREGS, d, "KVM_SET_DEBUGREGS", e);
}

int kvm_get_fpu(const struct kvm_vcpu *v, struct kvm_fpu *f, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_FPU, f, "KVM_GET_FPU", e);
}

int kvm_set_fpu(const struct kvm_vcpu *v, const struct kvm_fpu *f, struct err *e)
{
    return vcpu_set(v, KVM_SET_FPU, f, "KVM_SET_FPU", e);
}

int kvm_get_xsave(const struct kvm_vcpu *v, struct kvm_xsave *x, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_XSAVE, x, "KVM_GET_XSAVE", e);
}

int kvm_set_xsave(const struct kvm_vcpu *v, const struct kvm_xsave *x, struct err *e)
{
    return vcpu_set(v, KVM_SET_XSAVE, x, "KVM_SET_XSAVE", e);
}

int kvm_get_xcrs(const struct kvm_vcpu *v, struct kvm_xcrs *x, struct err *e)
{
    return vcpu_ioctl(v, KVM_GET_XCRS, x, "KVM_GET_XCRS", e);
}

int kvm_set_xcrs(const struct kvm_vcpu *v, const struct kvm_xcrs *x, struct err *e)
{
    return vcpu_set(v, KVM_SET_XCRS, x, "KVM_SET_XCRS", e);
}

int kvm_get_mp_state(const struct kvm_vcpu *v, uint32_t *state, struct err *e)
{
    struct kvm_mp_state m = {0};
    int rc = vcpu_ioctl(v, KVM_GET_MP_STATE, &m, "KVM_GET_MP_STATE", e);
    *state = m.mp_state;
    return rc;
}

int kvm_set_mp_state(const struct kvm_vcpu *v, uint32_t state, struct err *e)
{
    struct kvm_mp_state m = {.mp_state = state};
    return vcpu_set(v, KVM_SET_MP_STATE, &m, "KVM_SET_MP_STATE", e);
}

/* struct kvm_msrs ends in a flexible array; this is one with room for a single entry. */
struct one_msr {
    _Alignas(struct kvm_msrs) uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

static int msr_call(const struct kvm_vcpu *v, unsigned long request, uint32_t index, uint64_t *value,
                    const char *name, struct err *e)
{
    struct one_msr one = {{0}};
    struct kvm_msrs head = {.nmsrs = 1};
    struct kvm_msr_entry entry = {.index = index, .data = *value};
    memcpy(one.bytes, &head, sizeof head);
    memcpy(one.bytes + sizeof head, &entry, sizeof entry);
    int n = ioctl(v->fd, request, one.bytes);
    if (n < 0)
        return err_sys(e, errno, "%s", name);
    if (n != 1)
        return err_set(e, "%s: KVM refuses MSR 0x%x", name, index);
    memcpy(&entry, one.bytes + sizeof head, sizeof entry);
    *value = entry.data;
    return 0;
}

int kvm_get_msr(const struct kvm_vcpu *v, uint32_t index, uint64_t *value, struct err *e)
{
    *value = 0;
    return msr_call(v, KVM_GET_MSRS, index, value, "KVM_GET_MSRS", e);
}

int kvm_set_msr(const struct kvm_vcpu *v, uint32_t index, uint64_t value, struct err *e)
{
    return msr_call(v, KVM_SET_MSRS, index, &value, "KVM_SET_MSRS", e);
}

int kvm_set_cpuid(const struct kvm_vcpu *v, const struct kvm_cpuid2 *c, struct err *e)
{
    return vcpu_set(v, KVM_SET_CPUID2, c, "KVM_SET_CPUID2", e);
}

int kvm_set_guest_debug(const struct kvm_vcpu *v, const struct kvm_guest_debug *d, struct err *e)
{
    return vcpu_set(v, KVM_SET_GUEST_DEBUG, d, "KVM_SET_GUEST_DEBUG", e);
}

int kvm_interrupt(const struct kvm_vcpu *v, uint32_t vector, struct err *e)
{
    struct kvm_interrupt i = {.irq = vector};
    return vcpu_ioctl(v, KVM_INTERRUPT, &i, "KVM_INTERRUPT", e);
}

int kvm_translate(const struct kvm_vcpu *v, uint64_t gva, struct kvm_translation *t, struct err *e)
{
    *t = (struct kvm_translation){.linear_address = gva};
    return vcpu_ioctl(v, KVM_TRANSLATE, t, "KVM_TRANSLATE", e);
}
