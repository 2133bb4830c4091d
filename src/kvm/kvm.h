/*
 * /dev/kvm, one thin wrapper an ioctl.  KVM is three kinds of file descriptor: the system (/dev/kvm), a VM
 * and a vCPU (KVM API documentation, "General description").  Nothing here decides anything: each wrapper
 * makes one call and turns a failure into an error that says which call it was.  No other file of Ringside
 * calls ioctl on a KVM descriptor.
 */
#ifndef RINGSIDE_KVM_KVM_H
#define RINGSIDE_KVM_KVM_H

#include "base/err.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /dev/kvm, opened. `run_len` is the size of the page(s) shared with each vCPU. */
struct kvm_system {
    int fd;
    size_t run_len;
};

struct kvm_vm {
    const struct kvm_system *system;
    int fd;
};

/* `run` is the memory shared with the kernel (struct kvm_run), mapped until kvm_vcpu_close. */
struct kvm_vcpu {
    int fd;
    struct kvm_run *run;
    size_t run_len;
};

/* Opens /dev/kvm and checks that it speaks API version 12. The error names the mend: the module, the group,
 * the BIOS, nested virtualization. e->code tells ENOENT (none) from EACCES (forbidden). */
NODISCARD int kvm_open(struct kvm_system *s, struct err *e);
/* As kvm_open for another path than /dev/kvm. */
NODISCARD int kvm_open_path(struct kvm_system *s, const char *path, struct err *e);
void kvm_close(struct kvm_system *s);

/* KVM_CHECK_EXTENSION on the system: 0 = absent, else the capability's number. */
int kvm_capability(const struct kvm_system *s, int cap);
/* KVM_CHECK_EXTENSION on a VM, which may know more. */
int kvm_vm_capability(const struct kvm_vm *vm, int cap);

/* KVM_GET_SUPPORTED_CPUID into a new array of the caller's (free it). */
NODISCARD int kvm_supported_cpuid(const struct kvm_system *s, struct kvm_cpuid2 **out, struct err *e);

NODISCARD int kvm_vm_create(struct kvm_vm *vm, const struct kvm_system *s, struct err *e);
void kvm_vm_close(struct kvm_vm *vm);
NODISCARD int kvm_vm_enable_cap(const struct kvm_vm *vm, uint32_t cap, uint64_t arg, struct err *e);
/* KVM_SET_USER_MEMORY_REGION; len 0 deletes the slot. `flags`: KVM_MEM_READONLY, KVM_MEM_LOG_DIRTY_PAGES. */
NODISCARD int kvm_vm_set_memory(const struct kvm_vm *vm, uint32_t slot, uint64_t gpa, uint64_t len,
                                void *host, uint32_t flags, struct err *e);
/* KVM_GET_DIRTY_LOG: one bit a page into `bitmap`, cleared in the kernel. */
NODISCARD int kvm_vm_dirty_log(const struct kvm_vm *vm, uint32_t slot, void *bitmap, struct err *e);
/* Intel only and harmless elsewhere: where KVM may put three pages and one page of its own (KVM_SET_TSS_ADDR,
 * KVM_SET_IDENTITY_MAP_ADDR). Must come before the first vCPU. */
NODISCARD int kvm_vm_set_tss_addr(const struct kvm_vm *vm, uint32_t gpa, struct err *e);
NODISCARD int kvm_vm_set_identity_map(const struct kvm_vm *vm, uint64_t gpa, struct err *e);
/* The in-kernel 8259As, I/O APIC and local APICs; then the in-kernel PIT. */
NODISCARD int kvm_vm_create_irqchip(const struct kvm_vm *vm, struct err *e);
NODISCARD int kvm_vm_create_pit(const struct kvm_vm *vm, bool speaker_dummy, struct err *e);
/* Sets a line of the in-kernel interrupt controller (KVM_IRQ_LINE). */
NODISCARD int kvm_vm_irq_line(const struct kvm_vm *vm, uint32_t line, bool level, struct err *e);
/* Sends MSRs in `base`..`base`+`count` to user space (KVM_X86_SET_MSR_FILTER with nothing allowed there). */
NODISCARD int kvm_vm_filter_msrs(const struct kvm_vm *vm, uint32_t base, uint32_t count, struct err *e);

NODISCARD int kvm_vcpu_create(struct kvm_vcpu *v, const struct kvm_vm *vm, uint32_t id, struct err *e);
void kvm_vcpu_close(struct kvm_vcpu *v);

/* One entry. 0 = an exit is in v->run; -EINTR, -EAGAIN and other negative errnos as they come: the loop must
 * look. */
int kvm_vcpu_run(const struct kvm_vcpu *v);

NODISCARD int kvm_get_regs(const struct kvm_vcpu *v, struct kvm_regs *r, struct err *e);
NODISCARD int kvm_set_regs(const struct kvm_vcpu *v, const struct kvm_regs *r, struct err *e);
NODISCARD int kvm_get_sregs(const struct kvm_vcpu *v, struct kvm_sregs *s, struct err *e);
NODISCARD int kvm_set_sregs(const struct kvm_vcpu *v, const struct kvm_sregs *s, struct err *e);
NODISCARD int kvm_get_events(const struct kvm_vcpu *v, struct kvm_vcpu_events *ev, struct err *e);
NODISCARD int kvm_set_events(const struct kvm_vcpu *v, const struct kvm_vcpu_events *ev, struct err *e);
NODISCARD int kvm_get_debugregs(const struct kvm_vcpu *v, struct kvm_debugregs *d, struct err *e);
NODISCARD int kvm_set_debugregs(const struct kvm_vcpu *v, const struct kvm_debugregs *d, struct err *e);
NODISCARD int kvm_get_fpu(const struct kvm_vcpu *v, struct kvm_fpu *f, struct err *e);
NODISCARD int kvm_set_fpu(const struct kvm_vcpu *v, const struct kvm_fpu *f, struct err *e);
/* The first 4 KiB of the XSAVE image, in the standard (not compacted) form. */
NODISCARD int kvm_get_xsave(const struct kvm_vcpu *v, struct kvm_xsave *x, struct err *e);
NODISCARD int kvm_set_xsave(const struct kvm_vcpu *v, const struct kvm_xsave *x, struct err *e);
NODISCARD int kvm_get_xcrs(const struct kvm_vcpu *v, struct kvm_xcrs *x, struct err *e);
NODISCARD int kvm_set_xcrs(const struct kvm_vcpu *v, const struct kvm_xcrs *x, struct err *e);
/* KVM_MP_STATE_RUNNABLE, _HALTED ...; with an in-kernel irqchip a HLT waits inside KVM and only this tells.
 */
NODISCARD int kvm_get_mp_state(const struct kvm_vcpu *v, uint32_t *state, struct err *e);
NODISCARD int kvm_set_mp_state(const struct kvm_vcpu *v, uint32_t state, struct err *e);
/* One MSR. -1 also when KVM does not know it. */
NODISCARD int kvm_get_msr(const struct kvm_vcpu *v, uint32_t index, uint64_t *value, struct err *e);
NODISCARD int kvm_set_msr(const struct kvm_vcpu *v, uint32_t index, uint64_t value, struct err *e);
NODISCARD int kvm_set_cpuid(const struct kvm_vcpu *v, const struct kvm_cpuid2 *c, struct err *e);
NODISCARD int kvm_set_guest_debug(const struct kvm_vcpu *v, const struct kvm_guest_debug *d, struct err *e);
/* Queues an external interrupt (KVM_INTERRUPT); only without an in-kernel irqchip and when KVM said it is
 * ready. */
NODISCARD int kvm_interrupt(const struct kvm_vcpu *v, uint32_t vector, struct err *e);
/* KVM_TRANSLATE: what KVM itself makes of a linear address. */
NODISCARD int kvm_translate(const struct kvm_vcpu *v, uint64_t gva, struct kvm_translation *t, struct err *e);

/* KVM's binary statistics (KVM_CAP_BINARY_STATS_FD): a snapshot of all counters of a VM or vCPU. */
struct kvm_stat {
    char name[64];
    uint64_t value;
};
/* Reads them into a new array (free it) of `*n`. The descriptor is vm->fd or vcpu->fd. */
NODISCARD int kvm_stats_read(int fd, struct kvm_stat **out, size_t *n, struct err *e);

#endif
