/*
 * Checks of the host probe: what else KVM lets one see and set.  CPUID tables, MSR accesses as exits,
 * register files in the shared page, page walks, dirty pages and KVM's own counters.  (KVM API documentation,
 * "KVM_SET_CPUID2", "KVM_X86_SET_MSR_FILTER", "KVM_CAP_SYNC_REGS", "KVM_TRANSLATE", "KVM_GET_DIRTY_LOG",
 * "KVM_CAP_DIRTY_LOG_RING", "KVM_GET_STATS_FD".)
 */
#include "base/bytes.h"
#include "kvm/extra.h"
#include "kvm/probe_guest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BRAND_LEAF = 0x80000002u, MSR_FILTERED = 0x1a0, PAGE_LEN = 0x1000 };

/* The first four letters of the brand string. */
static const uint8_t code_cpuid[] = {
    0xb8, 0x02, 0x00, 0x00, 0x80, /* mov $0x80000002,%eax */
    0x0f, 0xa2,                   /* cpuid */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static enum probe_result check_cpuid(const struct probe_check *c, struct probe_guest *g)
{
    struct err e;
    struct kvm_cpuid_entry2 *brand = probe_cpuid_leaf(g->host->cpuid, BRAND_LEAF);
    uint32_t got;
    if (!brand)
        return probe_verdict(g, PROBE_ABSENT, "KVM has no leaf 0x%x", BRAND_LEAF);
    const uint32_t kept = brand->eax;
    brand->eax = c->want;
    const int rc = kvm_set_cpuid(&g->vcpu, g->host->cpuid, &e);
    brand->eax = kept;
    if (rc < 0)
        return probe_failed(g, &e);
    if (!probe_answer(g, &got))
        return PROBE_BROKEN;
    return got == c->want ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "the guest sees the host's leaves");
}

/* The feature bits of leaf 1. */
static const uint8_t code_feature[] = {
    0xb8, 0x01, 0x00, 0x00, 0x00, /* mov $1,%eax */
    0x0f, 0xa2,                   /* cpuid */
    0x89, 0xc8,                   /* mov %ecx,%eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* All features of CPUID.1:ECX hidden; MONITOR and OSXSAVE follow other registers. */
static enum probe_result check_feature(const struct probe_check *c, struct probe_guest *g)
{
    const uint32_t follows = 1u << 3 | 1u << 27;
    struct err e;
    struct kvm_cpuid_entry2 *features = probe_cpuid_leaf(g->host->cpuid, 1);
    uint32_t got;
    (void)c;
    if (!features)
        return probe_verdict(g, PROBE_ABSENT, "KVM has no leaf 1");
    const uint32_t kept = features->ecx;
    features->ecx = 0;
    const int rc = kvm_set_cpuid(&g->vcpu, g->host->cpuid, &e);
    features->ecx = kept;
    if (rc < 0)
        return probe_failed(g, &e);
    if (!probe_answer(g, &got))
        return PROBE_BROKEN;
    got &= ~follows;
    return got == 0 ? PROBE_WORKS
                    : probe_verdict(g, PROBE_BROKEN, "the guest still sees 0x%x in leaf 1's ECX", got);
}

static const uint8_t code_rdmsr[] = {
    0xb9, 0xa0, 0x01, 0x00, 0x00, /* mov $0x1a0,%ecx */
    0x0f, 0x32,                   /* rdmsr */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_wrmsr[] = {
    0xb9, 0xa0, 0x01, 0x00, 0x00, /* mov $0x1a0,%ecx */
    0xba, 0x88, 0x77, 0x66, 0x55, /* mov $0x55667788,%edx */
    0xb8, 0x44, 0x33, 0x22, 0x11, /* mov $0x11223344,%eax */
    0x0f, 0x30,                   /* wrmsr */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static bool msr_exit(struct probe_guest *g, uint32_t reason)
{
    struct err e;
    if (kvm_vm_filter_msrs(&g->vm, MSR_FILTERED, 1, &e) < 0) {
        probe_verdict(g, PROBE_BROKEN, "%s", e.text);
        return false;
    }
    if (!probe_enter(g, reason))
        return false;
    g->run->msr.error = 0;
    if (g->run->msr.index == MSR_FILTERED)
        return true;
    probe_verdict(g, PROBE_BROKEN, "the exit names MSR 0x%x, not 0x%x", g->run->msr.index, MSR_FILTERED);
    return false;
}

static enum probe_result check_msr_read(const struct probe_check *c, struct probe_guest *g)
{
    if (!msr_exit(g, KVM_EXIT_X86_RDMSR))
        return PROBE_BROKEN;
    g->run->msr.data = c->want;
    return probe_check_answer(c, g);
}

static enum probe_result check_msr_write(const struct probe_check *c, struct probe_guest *g)
{
    if (!msr_exit(g, KVM_EXIT_X86_WRMSR))
        return PROBE_BROKEN;
    if (g->run->msr.data != 0x5566778811223344)
        return probe_verdict(g, PROBE_BROKEN, "the exit carries 0x%llx", g->run->msr.data);
    return probe_check_answer(c, g);
}

static const uint8_t code_sync[] = {
    0xb8, 0x34, 0x12, 0x00, 0x00, /* mov $0x1234,%eax */
    0xe6, 0xe2,                   /* out %al,$0xe2 */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static enum probe_result check_sync_get(const struct probe_check *c, struct probe_guest *g)
{
    g->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS | KVM_SYNC_X86_EVENTS;
    if (!probe_enter(g, KVM_EXIT_IO))
        return PROBE_BROKEN;
    const struct kvm_sync_regs *s = &g->run->s.regs;
    if (s->regs.rax != c->want || s->sregs.cs.selector != PROBE_CS64)
        return probe_verdict(g, PROBE_BROKEN, "rax 0x%llx, cs 0x%x in the page", s->regs.rax,
                             s->sregs.cs.selector);
    return PROBE_WORKS;
}

static enum probe_result check_sync_set(const struct probe_check *c, struct probe_guest *g)
{
    g->run->kvm_valid_regs = KVM_SYNC_X86_REGS;
    if (!probe_mark(g))
        return PROBE_BROKEN;
    g->run->s.regs.regs.rax = c->want;
    g->run->kvm_dirty_regs = KVM_SYNC_X86_REGS;
    return probe_check_answer(c, g);
}

/* Runs the guest once so that there is something to count and to walk. */
static const uint8_t code_store[] = {
    0x89, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00, /* mov %eax,0x9000 */
    0xe6, 0xe2,                               /* out %al,$0xe2 */
};

static enum probe_result check_translate(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_translation t;
    struct err e;
    const uint32_t offset = 0x123;
    (void)c;
    if (!probe_mark(g))
        return PROBE_BROKEN;
    if (kvm_translate(&g->vcpu, PROBE_ALIAS + offset, &t, &e) < 0)
        return probe_failed(g, &e);
    if (!t.valid || t.physical_address != PROBE_DATA + offset)
        return probe_verdict(g, PROBE_BROKEN, "0x%x becomes 0x%llx", PROBE_ALIAS + offset,
                             t.physical_address);
    if (kvm_translate(&g->vcpu, PROBE_UNMAPPED, &t, &e) < 0)
        return probe_failed(g, &e);
    return t.valid ? probe_verdict(g, PROBE_BROKEN, "an unmapped address is called valid") : PROBE_WORKS;
}

static enum probe_result check_dirty_log(const struct probe_check *c, struct probe_guest *g)
{
    uint8_t bitmap[8] = {0};
    struct err e;
    (void)c;
    _Static_assert(PROBE_RAM_LEN / PAGE_LEN <= sizeof bitmap * 8, "a bit a page");
    if (!probe_mark(g))
        return PROBE_BROKEN;
    if (kvm_vm_dirty_log(&g->vm, 0, bitmap, &e) < 0)
        return probe_failed(g, &e);
    const uint64_t dirty = le64_load(bitmap);
    const uint64_t page = PROBE_CODE2 / PAGE_LEN, untouched = PROBE_RAM_LEN / PAGE_LEN - 1;
    if (!(dirty >> page & 1) || dirty >> untouched & 1)
        return probe_verdict(g, PROBE_BROKEN, "bitmap 0x%llx", (unsigned long long)dirty);
    return PROBE_WORKS;
}

static enum probe_result check_dirty_ring(const struct probe_check *c, struct probe_guest *g)
{
    struct err e;
    (void)c;
    if (!probe_mark(g))
        return PROBE_BROKEN;
    struct kvm_dirty_gfn *ring = kvm_vcpu_map_dirty_ring(&g->vcpu, PROBE_DIRTY_RING_LEN, &e);
    if (!ring)
        return probe_failed(g, &e);
    bool seen = false;
    for (size_t i = 0; i < PROBE_DIRTY_RING_LEN / sizeof *ring && ring[i].flags & KVM_DIRTY_GFN_F_DIRTY; i++)
        seen |= ring[i].slot == 0 && ring[i].offset == PROBE_CODE2 / PAGE_LEN;
    munmap(ring, PROBE_DIRTY_RING_LEN);
    return seen ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "the written page is not in the ring");
}

static enum probe_result check_stats(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_stat *stats;
    struct err e;
    size_t n;
    uint64_t exits = 0;
    (void)c;
    if (!probe_mark(g))
        return PROBE_BROKEN;
    if (kvm_stats_read(g->vcpu.fd, &stats, &n, &e) < 0)
        return probe_failed(g, &e);
    for (size_t i = 0; i < n; i++)
        if (strcmp(stats[i].name, "exits") == 0)
            exits = stats[i].value;
    free(stats);
    return exits ? probe_verdict(g, PROBE_WORKS, "%zu counters", n)
                 : probe_verdict(g, PROBE_BROKEN, "%zu counters, none of them counts exits", n);
}

static const struct probe_check checks[] = {
    {.id = "cpuid_leaf",
     .title = "CPUID table: a changed name arrives",
     .run = check_cpuid,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_cpuid),
     .want = PROBE_MAGIC,
     .mend = probe_mend_hardware,
     .matters = "guests see the host's CPUID: do not build a lesson on changed leaves"},
    {.id = "cpuid_features",
     .title = "CPUID table: features can be hidden",
     .run = check_feature,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_feature),
     .mend = probe_mend_hardware,
     .matters = "guests see the host's feature bits: do not build a lesson on changed ones"},
    {.id = "msr_read",
     .title = "RDMSR as an exit",
     .run = check_msr_read,
     .mode = PROBE_LONG,
     .with = PROBE_WITH_MSR_EXITS,
     PROBE_BYTES(code_rdmsr),
     .want = 0x0badcafe,
     .cap = KVM_CAP_X86_MSR_FILTER,
     .cap_name = "KVM_CAP_X86_MSR_FILTER",
     .mend = probe_mend_kernel,
     .matters = "RDMSR is not an event"},
    {.id = "msr_write",
     .title = "WRMSR as an exit",
     .run = check_msr_write,
     .mode = PROBE_LONG,
     .with = PROBE_WITH_MSR_EXITS,
     PROBE_BYTES(code_wrmsr),
     .want = 0x11223344,
     .cap = KVM_CAP_X86_MSR_FILTER,
     .cap_name = "KVM_CAP_X86_MSR_FILTER",
     .mend = probe_mend_kernel,
     .matters = "WRMSR is not an event"},
    {.id = "sync_get",
     .title = "sync regs: registers in the shared page",
     .run = check_sync_get,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_sync),
     .want = 0x1234,
     .cap = KVM_CAP_SYNC_REGS,
     .cap_name = "KVM_CAP_SYNC_REGS",
     .mend = probe_mend_kernel,
     .matters = "every step costs more system calls"},
    {.id = "sync_set",
     .title = "sync regs: changed registers go back",
     .run = check_sync_set,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_sync),
     .want = 0x4321,
     .cap = KVM_CAP_SYNC_REGS,
     .cap_name = "KVM_CAP_SYNC_REGS",
     .mend = probe_mend_kernel,
     .matters = "every step costs more system calls"},
    {.id = "translate",
     .title = "KVM_TRANSLATE walks the page tables",
     .run = check_translate,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_store),
     .mend = probe_mend_bug,
     .matters = "Ringside's own page walker has nothing to be compared with"},
    {.id = "dirty_log",
     .title = "dirty log",
     .run = check_dirty_log,
     .mode = PROBE_LONG,
     .with = PROBE_WITH_DIRTY_LOG,
     PROBE_BYTES(code_store),
     .mend = probe_mend_bug,
     .matters = "which pages a guest wrote cannot be shown"},
    {.id = "dirty_ring",
     .title = "dirty ring",
     .run = check_dirty_ring,
     .mode = PROBE_LONG,
     .with = PROBE_WITH_DIRTY_RING,
     PROBE_BYTES(code_store),
     .cap = KVM_CAP_DIRTY_LOG_RING,
     .cap_name = "KVM_CAP_DIRTY_LOG_RING",
     .mend = probe_mend_kernel,
     .matters = "the order in which pages were written cannot be shown"},
    {.id = "stats",
     .title = "binary statistics",
     .run = check_stats,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_store),
     .cap = KVM_CAP_BINARY_STATS_FD,
     .cap_name = "KVM_CAP_BINARY_STATS_FD",
     .mend = probe_mend_kernel,
     .matters = "exits that the kernel handled alone are not counted"},
};

const struct probe_list probe_insight = {checks, sizeof checks / sizeof checks[0], "Seeing and setting"};
