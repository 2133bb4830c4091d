/*
 * The VM descriptor: memory slots, capabilities, the in-kernel interrupt controllers (KVM API documentation,
 * "VM ioctls").
 */
#include "kvm/kvm.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int vm_ioctl(const struct kvm_vm *vm, unsigned long request, void *arg, const char *name,
                    struct err *e)
{
    return ioctl(vm->fd, request, arg) < 0 ? err_sys(e, errno, "%s", name) : 0;
}

int kvm_vm_create(struct kvm_vm *vm, const struct kvm_system *s, struct err *e)
{
    *vm = (struct kvm_vm){.system = s, .fd = -1};
    do /* a signal may cut the creation short */
        vm->fd = ioctl(s->fd, KVM_CREATE_VM, 0);
    while (vm->fd < 0 && errno == EINTR);
    return vm->fd < 0 ? err_sys(e, errno, "KVM_CREATE_VM") : 0;
}

void kvm_vm_close(struct kvm_vm *vm)
{
    if (vm->fd >= 0)
        close(vm->fd);
    vm->fd = -1;
}

int kvm_vm_capability(const struct kvm_vm *vm, int cap)
{
    int n = ioctl(vm->fd, KVM_CHECK_EXTENSION, cap);
    return n < 0 ? 0 : n;
}

int kvm_vm_enable_cap(const struct kvm_vm *vm, uint32_t cap, uint64_t arg, struct err *e)
{
    struct kvm_enable_cap c = {.cap = cap, .args = {arg}};
    return vm_ioctl(vm, KVM_ENABLE_CAP, &c, "KVM_ENABLE_CAP", e);
}

int kvm_vm_set_memory(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t len, void *host,
                      uint32_t flags, struct err *e)
{
    struct kvm_userspace_memory_region r = {.slot = slot,
                                            .flags = flags,
                                            .guest_phys_addr = gpa,
                                            .memory_size = len,
                                            .userspace_addr = (uint64_t)(uintptr_t)host};
    return vm_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r, "KVM_SET_USER_MEMORY_REGION", e);
}

int kvm_vm_dirty_log(const struct kvm_vm *vm, uint32_t slot, void *bitmap, struct err *e)
{
    struct kvm_dirty_log d = {.slot = slot, .dirty_bitmap = bitmap};
    return vm_ioctl(vm, KVM_GET_DIRTY_LOG, &d, "KVM_GET_DIRTY_LOG", e);
}

int kvm_vm_set_tss_addr(const struct kvm_vm *vm, uint32_t gpa, struct err *e)
{
    return ioctl(vm->fd, KVM_SET_TSS_ADDR, (unsigned long)gpa) < 0 ? err_sys(e, errno, "KVM_SET_TSS_ADDR")
                                                                   : 0;
}

int kvm_vm_set_identity_map(const struct kvm_vm *vm, uint64_t gpa, struct err *e)
{
    return vm_ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &gpa, "KVM_SET_IDENTITY_MAP_ADDR", e);
}

int kvm_vm_create_irqchip(const struct kvm_vm *vm, struct err *e)
{
    return vm_ioctl(vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP", e);
}

int kvm_vm_create_pit(const struct kvm_vm *vm, bool speaker_dummy, struct err *e)
{
    struct kvm_pit_config c = {.flags = speaker_dummy ? KVM_PIT_SPEAKER_DUMMY : 0};
    return vm_ioctl(vm, KVM_CREATE_PIT2, &c, "KVM_CREATE_PIT2", e);
}

int kvm_vm_irq_line(const struct kvm_vm *vm, uint32_t line, bool level, struct err *e)
{
    struct kvm_irq_level l = {.irq = line, .level = level};
    return vm_ioctl(vm, KVM_IRQ_LINE, &l, "KVM_IRQ_LINE", e);
}

int kvm_vm_filter_msrs(const struct kvm_vm *vm, uint32_t base, uint32_t count, struct err *e)
{
    enum { MSRS_MAX = 2048 };
    uint8_t none_allowed[MSRS_MAX / 8] = {0};
    if (count == 0 || count > MSRS_MAX)
        return err_set(e, "KVM_X86_SET_MSR_FILTER: %u MSRs at once", count);
    struct kvm_msr_filter f = {.flags = KVM_MSR_FILTER_DEFAULT_ALLOW};
    f.ranges[0] = (struct kvm_msr_filter_range){.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE,
                                                .nmsrs = count,
                                                .base = base,
                                                .bitmap = none_allowed};
    return vm_ioctl(vm, KVM_X86_SET_MSR_FILTER, &f, "KVM_X86_SET_MSR_FILTER", e);
}
