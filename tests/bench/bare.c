/*
 * The floor: KVM with nothing around it.  Written with plain ioctls on purpose, so that what is compared
 * against does not share a line with what is measured.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MEM_LEN = 0xa0000, START = 0x7c00 };

struct bare {
    int kvm, vm, vcpu;
    uint8_t *memory;
    struct kvm_run *run;
    size_t run_len;
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool bare_open(struct bare *b, const uint8_t *code, size_t n)
{
    *b = (struct bare){.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), .vm = -1, .vcpu = -1};
    b->vm = ioctl(b->kvm, KVM_CREATE_VM, 0);
    b->memory = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->vm < 0 || b->memory == MAP_FAILED)
        return false;
    memcpy(b->memory + START, code, n);
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
    struct kvm_sregs s;
    struct kvm_regs regs = {.rip = START, .rsp = START, .rflags = 2};
    if (b->run == MAP_FAILED || ioctl(b->vcpu, KVM_GET_SREGS, &s) < 0)
        return false;
    s.cs.base = s.cs.selector = 0;
    return ioctl(b->vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(b->vcpu, KVM_SET_REGS, &regs) == 0;
}

static void bare_close(struct bare *b)
{
    if (b->run && b->run != MAP_FAILED)
        munmap(b->run, b->run_len);
    if (b->memory && b->memory != MAP_FAILED)
        munmap(b->memory, MEM_LEN);
    close(b->vcpu);
    close(b->vm);
    close(b->kvm);
}

/* Exactly what a loop must do and no more: enter, and wake a sleeper. */
static bool bare_exits(struct bare *b, unsigned n, uint8_t wake_vector)
{
    for (unsigned i = 0; i < n; i++) {
        if (ioctl(b->vcpu, KVM_RUN, 0) < 0)
            return false;
        if (b->run->exit_reason == KVM_EXIT_HLT) {
            struct kvm_interrupt v = {.irq = wake_vector};
            if (ioctl(b->vcpu, KVM_INTERRUPT, &v) < 0)
                return false;
        }
    }
    return true;
}

int bare_run(const struct bench_guest *g, unsigned units, double *ns, struct err *e)
{
    struct bare b;
    bool ok = bare_open(&b, g->code, g->code_len) && bare_exits(&b, g->exits_before, g->wake_vector);
    double start_ns = now_ns();
    ok = ok && bare_exits(&b, units * g->exits_per_unit, g->wake_vector);
    *ns = (now_ns() - start_ns) / units;
    int code = errno;
    bare_close(&b);
    return ok ? 0 : err_sys(e, code, "bare %s", g->name);
}

int bare_first_exit(void)
{
    struct bare b;
    bool ok = bare_open(&b, bench_pio.code, bench_pio.code_len) && bare_exits(&b, 1, 0);
    return ok ? 0 : 1;
}
