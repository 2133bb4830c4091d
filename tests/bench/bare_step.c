/*
 * The floor for stepping: long mode, KVM_GUESTDBG_SINGLESTEP, one KVM_RUN a step, the registers in the shared
 * page (KVM_CAP_SYNC_REGS).  Like bare.c with plain ioctls, so that not a line is shared with what is
 * measured; the tables map the first 2 MiB to themselves by one large page.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEM_LEN = 0x200000, PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, TABLE = 3, LARGE = 0x83 };

struct bare_stepper {
    int kvm, vm, vcpu;
    uint8_t *memory;
    struct kvm_run *run;
    size_t run_len;
};

static void memory_fill(const struct bare_stepper *b, const struct bench_guest *g)
{
    const struct {
        uint64_t at, entry;
    } tables[] = {{PML4, PDPT | TABLE}, {PDPT, PD | TABLE}, {PD, LARGE}};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        memcpy(b->memory + tables[i].at, &tables[i].entry, 8);
    memcpy(b->memory + BENCH_STEP_AT, g->code, g->code_len);
}

static bool vcpu_set(const struct bare_stepper *b)
{
    struct kvm_segment code = {
        .limit = UINT32_MAX, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1};
    struct kvm_segment data = {
        .limit = UINT32_MAX, .selector = 16, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1};
    struct kvm_regs regs = {.rip = BENCH_STEP_AT, .rsp = BENCH_STEP_AT, .rflags = 2};
    struct kvm_guest_debug debug = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP};
    struct kvm_sregs s;
    if (ioctl(b->vcpu, KVM_GET_SREGS, &s) < 0)
        return false;
    s.cs = code;
    s.ds = s.es = s.fs = s.gs = s.ss = data;
    s.cr0 = 0x80000011; /* PG ET PE */
    s.cr3 = PML4;
    s.cr4 = 0x20;   /* PAE */
    s.efer = 0x500; /* LMA LME */
    return ioctl(b->vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(b->vcpu, KVM_SET_REGS, &regs) == 0 &&
           ioctl(b->vcpu, KVM_SET_GUEST_DEBUG, &debug) == 0;
}

static bool stepper_open(struct bare_stepper *b, const struct bench_guest *g)
{
    *b = (struct bare_stepper){.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), .vm = -1, .vcpu = -1};
    b->vm = ioctl(b->kvm, KVM_CREATE_VM, 0);
    b->memory = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->vm < 0 || b->memory == MAP_FAILED)
        return false;
    memory_fill(b, g);
    struct kvm_userspace_memory_region r = {.memory_size = MEM_LEN, .userspace_addr = (uintptr_t)b->memory};
    ioctl(b->vm, KVM_SET_TSS_ADDR, 0xfffbd000ul);
    if (ioctl(b->vm, KVM_SET_USER_MEMORY_REGION, &r) < 0)
        return false;
    b->vcpu = ioctl(b->vm, KVM_CREATE_VCPU, 0);
    int len = ioctl(b->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (b->vcpu < 0 || len < 0)
        return false;
    b->run_len = (size_t)len;
    b->run = mmap(NULL, b->run_len, PROT_READ | PROT_WRITE, MAP_SHARED, b->vcpu, 0);
    if (b->run == MAP_FAILED)
        return false;
    b->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    return vcpu_set(b);
}

static bool stepper_steps(const struct bare_stepper *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (ioctl(b->vcpu, KVM_RUN, 0) < 0 || b->run->exit_reason != KVM_EXIT_DEBUG)
            return false;
    return true;
}

void bare_stepper_close(struct bare_stepper *b)
{
    if (!b)
        return;
    if (b->run && b->run != MAP_FAILED)
        munmap(b->run, b->run_len);
    if (b->memory && b->memory != MAP_FAILED)
        munmap(b->memory, MEM_LEN);
    close(b->vcpu);
    close(b->vm);
    close(b->kvm);
    free(b);
}

struct bare_stepper *bare_stepper_open(const struct bench_guest *g, struct err *e)
{
    struct bare_stepper *b = calloc(1, sizeof *b);
    if (!b || (stepper_open(b, g) && stepper_steps(b, BENCH_STEP_WARM)))
        return b ? b : (err_set(e, "no memory"), NULL);
    err_sys(e, errno, "bare %s", g->name);
    bare_stepper_close(b);
    return NULL;
}

int bare_stepper_run(struct bare_stepper *b, unsigned n, struct err *e)
{
    return stepper_steps(b, n) ? 0 : err_sys(e, errno, "bare stepping");
}
