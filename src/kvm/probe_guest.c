/*
 * The throw-away VM of one check, and the few ways in which its guest is entered.  Called by the tables of
 * checks (probe_modes.c and its neighbours).  The state a guest starts in is made in probe_state.c, the words
 * for an unexpected exit in probe_words.c.
 *
 * Simplified: a guest has one vCPU, and no check outlives its watchdog (probe_watch.c).
 */
#include "kvm/probe_guest.h"

#include "kvm/probe_words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { SLOT_RAM, SLOT_ROM, PAGE_LEN = 0x1000, GUEST_LEN = PROBE_RAM_LEN + PAGE_LEN };

static int guest_extras(struct probe_guest *g, unsigned with, struct err *e)
{
    if (with & PROBE_WITH_DIRTY_RING) {
        bool old_name = kvm_vm_capability(&g->vm, KVM_CAP_DIRTY_LOG_RING) > 0;
        uint32_t cap = old_name ? KVM_CAP_DIRTY_LOG_RING : KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
        if (kvm_vm_enable_cap(&g->vm, cap, PROBE_DIRTY_RING_LEN, e) < 0)
            return -1;
    }
    if (with & PROBE_WITH_MSR_EXITS &&
        kvm_vm_enable_cap(&g->vm, KVM_CAP_X86_USER_SPACE_MSR, KVM_MSR_EXIT_REASON_FILTER, e) < 0)
        return -1;
    if (with & PROBE_WITH_IRQCHIP && kvm_vm_create_irqchip(&g->vm, e) < 0)
        return -1;
    return with & PROBE_WITH_PIT ? kvm_vm_create_pit(&g->vm, true, e) : 0;
}

static int guest_memory(struct probe_guest *g, unsigned with, struct err *e)
{
    g->ram = mmap(NULL, GUEST_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->ram == MAP_FAILED) {
        g->ram = NULL;
        return err_sys(e, errno, "guest memory");
    }
    uint32_t log = with & (PROBE_WITH_DIRTY_LOG | PROBE_WITH_DIRTY_RING) ? KVM_MEM_LOG_DIRTY_PAGES : 0;
    if (kvm_vm_set_memory(&g->vm, SLOT_RAM, 0, PROBE_RAM_LEN, g->ram, log, e) < 0)
        return -1;
    return kvm_capability(&g->host->system, KVM_CAP_READONLY_MEM) == 0
               ? 0
               : kvm_vm_set_memory(&g->vm, SLOT_ROM, PROBE_ROM, PAGE_LEN, g->ram + PROBE_RAM_LEN,
                                   KVM_MEM_READONLY, e);
}

/* VT-x without "unrestricted guest" runs real mode as a virtual-8086 task and needs pages for its TSS and
 * tables, before the first vCPU; the others take the call and ignore it, so that its failure means nothing.
 */
static void guest_vtx_pages(struct probe_guest *g)
{
    const int identity = kvm_vm_set_identity_map(&g->vm, 0xfffbc000, NULL);
    const int tss = kvm_vm_set_tss_addr(&g->vm, 0xfffbd000, NULL);
    (void)identity;
    (void)tss;
}

static int guest_build(struct probe_guest *g, const struct probe_check *c, struct err *e)
{
    if (kvm_vm_create(&g->vm, &g->host->system, e) < 0)
        return -1;
    guest_vtx_pages(g);
    if (guest_extras(g, c->with, e) < 0 || guest_memory(g, c->with, e) < 0 ||
        kvm_vcpu_create(&g->vcpu, &g->vm, 0, e) < 0)
        return -1;
    g->run = g->vcpu.run;
    return kvm_set_cpuid(&g->vcpu, g->host->cpuid, e) < 0 ? -1 : probe_guest_setup(g, c, e);
}

int probe_guest_open(struct probe_guest *g, struct probe_host *host, const struct probe_check *c,
                     struct err *e)
{
    char *detail = g->detail;
    *g = (struct probe_guest){.host = host, .detail = detail, .vm.fd = -1, .vcpu.fd = -1};
    if (guest_build(g, c, e) == 0)
        return 0;
    probe_guest_close(g);
    return -1;
}

void probe_guest_close(struct probe_guest *g)
{
    kvm_vcpu_close(&g->vcpu);
    kvm_vm_close(&g->vm);
    if (g->ram)
        munmap(g->ram, GUEST_LEN);
    g->ram = NULL;
    g->run = NULL;
}

void probe_guest_code(struct probe_guest *g, uint32_t gpa, const uint8_t *code, size_t n)
{
    memcpy(g->ram + gpa, code, n);
}

enum probe_result probe_verdict(struct probe_guest *g, enum probe_result r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(g->detail, sizeof((struct probe_row *)NULL)->detail, fmt, ap);
    va_end(ap);
    return r;
}

enum probe_result probe_failed(struct probe_guest *g, const struct err *e)
{
    return probe_verdict(g, PROBE_BROKEN, "%s", e->text);
}

static bool guest_enter(struct probe_guest *g)
{
    for (;;) {
        int rc = kvm_vcpu_run(&g->vcpu);
        if (rc == 0)
            return true;
        if (rc != -EINTR && rc != -EAGAIN) {
            probe_verdict(g, PROBE_BROKEN, "KVM_RUN: %s", strerror(-rc));
            return false;
        }
        if (probe_watch_ended(&g->host->watch)) {
            probe_verdict(g, PROBE_BROKEN, "never comes back from KVM_RUN");
            return false;
        }
        g->run->immediate_exit = 0;
    }
}

bool probe_enter(struct probe_guest *g, uint32_t reason)
{
    if (!guest_enter(g))
        return false;
    if (g->run->exit_reason != reason)
        probe_words_surprise(g);
    return g->run->exit_reason == reason;
}

/* True when the last exit is an OUT to `port` or a store to `gpa` (0 = no such place); its value goes to
 * `*value`. */
static bool guest_says(const struct probe_guest *g, uint16_t port, uint64_t gpa, uint32_t *value)
{
    const struct kvm_run *r = g->run;
    *value = 0;
    if (r->exit_reason == KVM_EXIT_IO && r->io.direction == KVM_EXIT_IO_OUT && r->io.port == port) {
        memcpy(value, (const uint8_t *)r + r->io.data_offset, r->io.size);
        return true;
    }
    if (gpa && r->exit_reason == KVM_EXIT_MMIO && r->mmio.is_write && r->mmio.phys_addr == gpa) {
        memcpy(value, r->mmio.data, sizeof *value);
        return true;
    }
    return false;
}

static bool guest_waits(struct probe_guest *g, uint16_t port, uint64_t gpa, uint32_t *value)
{
    if (!guest_enter(g))
        return false;
    if (guest_says(g, port, gpa, value))
        return true;
    probe_words_surprise(g);
    return false;
}

bool probe_answer(struct probe_guest *g, uint32_t *value)
{
    return guest_waits(g, PROBE_PORT_ANSWER, PROBE_MMIO_ANSWER, value);
}

bool probe_mark(struct probe_guest *g)
{
    uint32_t ignored;
    return guest_waits(g, PROBE_PORT_MARK, PROBE_MMIO_MARK, &ignored) && probe_settle(g);
}

bool probe_vector(struct probe_guest *g, unsigned vector)
{
    uint32_t got;
    if (!guest_waits(g, PROBE_PORT_VECTOR, 0, &got))
        return false;
    if (got != vector)
        probe_words_surprise(g);
    return got == vector;
}

bool probe_settle(struct probe_guest *g)
{
    g->run->immediate_exit = 1;
    int rc = kvm_vcpu_run(&g->vcpu);
    g->run->immediate_exit = 0;
    if (rc != -EINTR)
        probe_verdict(g, PROBE_BROKEN, "immediate_exit does not end KVM_RUN");
    return rc == -EINTR;
}

enum probe_result probe_check_answer(const struct probe_check *c, struct probe_guest *g)
{
    uint32_t got;
    if (!probe_answer(g, &got))
        return PROBE_BROKEN;
    return got == c->want ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "gave 0x%x, not 0x%x", got, c->want);
}

enum probe_result probe_check_vector(const struct probe_check *c, struct probe_guest *g)
{
    return probe_vector(g, c->want) ? PROBE_WORKS : PROBE_BROKEN;
}

struct kvm_cpuid_entry2 *probe_cpuid_leaf(struct kvm_cpuid2 *cpuid, uint32_t leaf)
{
    for (uint32_t i = 0; i < cpuid->nent; i++)
        if (cpuid->entries[i].function == leaf && cpuid->entries[i].index == 0)
            return &cpuid->entries[i];
    return NULL;
}
