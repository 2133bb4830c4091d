/*
 * The page walk against KVM's own.  KVM_TRANSLATE asks KVM what it makes of a linear address in the state a
 * vCPU is in, with KVM's software walk of the guest's tables; so a vCPU is put into a paging mode, over
 * tables made of seeded noise (present and absent entries, large pages, reserved bits, tables where no memory
 * is, loops), and both are asked about some thousands of addresses. No guest instruction runs. So is the walk
 * of a copy of the tables as a trace holds them, coded into bytes and read back.
 *
 *   translate_kvm 32bit|pae|4level|5level      0 agreed, 1 did not, 77 the host does not have that mode
 *
 * What KVM_TRANSLATE does, the same on the software-backed KVM and on kvm-amd in the box of tests/hwhost (the
 * line "KVM of the mapped" shows it):
 * - It stands for a read by the supervisor. `valid` and `physical_address` can be compared; `writeable` is
 *   always 1 and `usermode` always 0, whatever the tables say.
 * - It does not look whether an address is canonical: the bits above the width are ignored.
 * - It sets the accessed bits of the entries on its way, as a real access would.
 * - A 4-MiB page has 36 address bits (PSE-36) whatever the processor's width is.
 * The software-backed KVM clears CR0.PG without EFER.LME, so that 32-bit and PAE paging are seen in the box
 * only. Bit 8 of the entries stays clear: KVM reserves it in an AMD processor's PML4E, and the walk does not.
 */
#include "base/bytes.h"
#include "machine/machine.h"
#include "traces/tables.h"
#include "vm/gva.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RAM_LEN = 16 << 20, TABLES_GPA = 0x100000, TABLES = 24, ROUNDS = 24, ADDRESSES = 256, SKIP = 77 };

struct mode {
    const char *name;
    uint64_t cr4, efer;
    enum cpu_mode start;
    unsigned levels, entry_len, gva_bits;
};
static const struct mode modes[] = {
    {"32bit", CR4_PSE, 0, MODE_PROTECTED, 2, 4, 32},
    {"pae", CR4_PAE, EFER_NXE, MODE_PROTECTED, 3, 8, 32},
    {"4level", CR4_PAE, EFER_NXE | EFER_LME | EFER_LMA, MODE_LONG, 4, 8, 48},
    {"5level", CR4_PAE | CR4_LA57, EFER_NXE | EFER_LME | EFER_LMA, MODE_LONG, 5, 8, 57},
};

struct bench {
    const struct mode *mode;
    struct kvm_system system;
    struct kvm_vm vm;
    struct kvm_vcpu vcpu;
    struct guest_memory memory;
    struct kvm_sregs reset; /* as KVM made the vCPU */
    struct gva_context context;
    uint64_t seed;
    unsigned compared, mapped, large, absent, reserved, unbacked, beyond, differ;
    struct trace_tables taken, copy; /* the tables when the mode was entered, and read from a trace's bytes */
    struct tables_view view;         /* of the copy */
    unsigned writeable, usermode, accessed, beyond_valid; /* what KVM said or did, for people */
};

static uint64_t random_next(struct bench *b)
{
    b->seed ^= b->seed << 13;
    b->seed ^= b->seed >> 7;
    b->seed ^= b->seed << 17;
    return b->seed;
}

static int skip(const char *what, const char *why)
{
    printf("skipped: %s: %s\n", what, why);
    return SKIP;
}

static const struct kvm_cpuid_entry2 *leaf(const struct kvm_cpuid2 *c, uint32_t function)
{
    for (uint32_t i = 0; i < c->nent; i++)
        if (c->entries[i].function == function && c->entries[i].index == 0)
            return &c->entries[i];
    return NULL;
}

/* What the vCPU's CPUID says of paging. */
static void processor_read(struct bench *b, const struct kvm_cpuid2 *c, bool *la57)
{
    const struct kvm_cpuid_entry2 *sizes = leaf(c, 0x80000008), *extended = leaf(c, 0x80000001);
    const struct kvm_cpuid_entry2 *features = leaf(c, 7);
    b->context.maxphyaddr = sizes ? sizes->eax & 0xff : 36;
    b->context.no_1gib = !extended || !(extended->edx & 1u << 26);
    *la57 = features && (features->ecx & 1u << 16);
    if (b->mode->levels == 2)
        b->context.maxphyaddr = 36;
}

/* One entry of noise. Most lead to another of the tables, whatever its level; bit 8 stays clear. */
static uint64_t entry_random(struct bench *b)
{
    uint64_t r = random_next(b), kind = random_next(b) % 64;
    uint64_t table = TABLES_GPA + r % TABLES * 0x1000;
    uint64_t flags = (r >> 32 & 0x67) | 1;
    uint64_t high = r & 0x000000ffffe00000;
    if (kind < 6)
        return r & ~1ull & ~0x100ull; /* absent */
    if (kind < 14)
        return (high & ~0xc0000000ull) | flags | 0x80; /* a large page, or PS where it is reserved */
    if (kind < 16)
        return table | flags | 1ull << (12 + (r >> 40) % 51); /* some address bit or a reserved one */
    if (kind < 18)
        return 0x70000000 | flags; /* no memory there */
    return table | flags | (kind < 24 ? 1ull << 63 : 0);
}

static void tables_random(struct bench *b)
{
    for (uint64_t gpa = TABLES_GPA; gpa < TABLES_GPA + TABLES * 0x1000; gpa += b->mode->entry_len)
        le_store(memory_ptr(&b->memory, gpa, b->mode->entry_len, true), entry_random(b), b->mode->entry_len);
    /* A MOV to CR3 checks the four PDPTEs of PAE paging and keeps them: these are good ones or absent. */
    for (unsigned i = 0; b->mode->levels == 3 && i < 4; i++)
        le_store(memory_ptr(&b->memory, TABLES_GPA + i * 8, 8, true),
                 (TABLES_GPA + 0x1000 + random_next(b) % (TABLES - 1) * 0x1000) | (i != 2), 8);
}

/* Puts the vCPU into the mode, over the tables as they are. */
static int mode_enter(struct bench *b, struct err *e)
{
    const struct cpu_start start = {.mode = b->mode->start, .entry = 0x1000};
    struct kvm_regs r;
    struct kvm_sregs s = b->reset, got;
    if (cpu_setup(&start, &b->memory, &r, &s, e) < 0)
        return -1;
    s.cr0 |= CR0_PG;
    s.cr4 |= b->mode->cr4;
    s.efer |= b->mode->efer;
    s.cr3 = TABLES_GPA;
    if (kvm_set_regs(&b->vcpu, &r, e) < 0 || kvm_set_sregs(&b->vcpu, &s, e) < 0 ||
        kvm_get_sregs(&b->vcpu, &got, e) < 0)
        return -1;
    if (got.cr0 != s.cr0 || got.cr3 != s.cr3 || got.cr4 != s.cr4 || got.efer != s.efer)
        return err_set(e, "set CR0 %#llx CR3 %#llx CR4 %#llx EFER %#llx, and KVM has %#llx %#llx %#llx %#llx",
                       s.cr0, s.cr3, s.cr4, s.efer, got.cr0, got.cr3, got.cr4, got.efer);
    b->context.cr0 = s.cr0;
    b->context.cr3 = s.cr3;
    b->context.cr4 = s.cr4;
    b->context.efer = s.efer;
    return 0;
}

/* What a trace would hold of the tables. */
static int copy_take(struct bench *b, struct err *e)
{
    const struct tables_place place = {.cr0 = b->context.cr0,
                                       .cr3 = b->context.cr3,
                                       .cr4 = b->context.cr4,
                                       .efer = b->context.efer,
                                       .maxphyaddr = b->context.maxphyaddr,
                                       .no_1gib = b->context.no_1gib};
    struct text bytes = {0};
    int rc = tables_take(&b->taken, &place, &b->memory, e);
    if (rc == 0)
        rc = tables_put(&b->taken, &bytes, e);
    if (rc == 0)
        rc = tables_get(&b->copy, (struct cursor){(const uint8_t *)text_str(&bytes), bytes.len, false}, e);
    text_fini(&bytes);
    tables_view_init(&b->view, &b->copy);
    if (rc == 0 && b->copy.truncated)
        return err_set(e, "the tables are too many for a copy");
    return rc == 0 ? 0 : -1;
}

static void count(struct bench *b, const struct gva_walk *w)
{
    b->compared++;
    b->mapped += w->ok;
    if (w->ok)
        b->large += w->page_len > 0x1000;
    else if (w->error_code & PF_RESERVED)
        b->reserved++;
    else if (strncmp(w->why, "no memory", 9) == 0)
        b->unbacked++;
    else
        b->absent++;
}

/* What else KVM says, and does to the last entry. */
static void observe(struct bench *b, const struct gva_walk *w, const struct kvm_translation *k)
{
    const struct gva_step *last = &w->step[w->steps - 1];
    const uint8_t *entry = memory_ptr(&b->memory, last->entry_gpa, 1, false);
    b->writeable += k->writeable != 0;
    b->usermode += k->usermode != 0;
    b->accessed += !(last->entry & PAGING_A) && (*entry & PAGING_A);
}

/* The copy against KVM. */
static void copy_compare(struct bench *b, uint64_t gva, const struct kvm_translation *k)
{
    struct gva_walk w;
    const struct gva_context context = tables_context(&b->copy.place);
    gva_translate(&b->view.memory, &context, gva, GVA_READ, &w);
    if (w.ok == k->valid && (!w.ok || w.gpa == k->physical_address))
        return;
    if (b->differ++ < 10)
        printf("%s 0x%" PRIx64 ": KVM says %s 0x%" PRIx64 ", the walk of the copy %s 0x%" PRIx64 " (%s)\n",
               b->mode->name, gva, k->valid ? "valid" : "none,", (uint64_t)k->physical_address,
               w.ok ? "valid" : "none,", w.gpa, w.ok ? "ok" : w.why);
}

static int address_compare(struct bench *b, uint64_t gva, struct err *e)
{
    struct gva_walk w;
    struct kvm_translation k;
    gva_translate(&b->memory, &b->context, gva, GVA_READ, &w);
    if (kvm_translate(&b->vcpu, gva, &k, e) < 0)
        return -1;
    count(b, &w);
    if (w.ok)
        observe(b, &w, &k);
    copy_compare(b, gva, &k);
    if (w.ok == k.valid && (!w.ok || w.gpa == k.physical_address))
        return 0;
    if (b->differ++ < 10)
        printf("%s 0x%" PRIx64 ": KVM says %s 0x%" PRIx64 ", the walk %s 0x%" PRIx64 " (%s)\n", b->mode->name,
               gva, k.valid ? "valid" : "none,", (uint64_t)k.physical_address, w.ok ? "valid" : "none,",
               w.gpa, w.ok ? "ok" : w.why);
    return 0;
}

/* An address that is not canonical: the walk refuses it, and KVM answers as for the one below it that is. */
static int beyond_compare(struct bench *b, uint64_t gva, struct err *e)
{
    uint64_t wrong = gva ^ 1ull << (b->mode->gva_bits + random_next(b) % (64 - b->mode->gva_bits));
    struct gva_walk w;
    struct kvm_translation k, at;
    gva_translate(&b->memory, &b->context, wrong, GVA_READ, &w);
    if (kvm_translate(&b->vcpu, wrong, &k, e) < 0 || kvm_translate(&b->vcpu, gva, &at, e) < 0)
        return -1;
    b->beyond++;
    b->beyond_valid += k.valid != 0;
    bool as_below = k.valid == at.valid && k.physical_address == at.physical_address;
    if (w.ok || w.steps > 0 || (k.valid && !as_below)) {
        printf("0x%" PRIx64 " is not canonical\n", wrong);
        b->differ++;
    }
    return 0;
}

static int round_run(struct bench *b, struct err *e)
{
    tables_random(b);
    if (mode_enter(b, e) < 0 || copy_take(b, e) < 0)
        return -1;
    for (unsigned i = 0; i < ADDRESSES; i++) {
        unsigned spare = 64 - b->mode->gva_bits;
        uint64_t gva = random_next(b) << spare;
        gva = b->mode->gva_bits > 32 ? (uint64_t)((int64_t)gva >> spare) : gva >> spare;
        if (address_compare(b, gva, e) < 0)
            return -1;
        if (b->mode->gva_bits > 32 && i % 8 == 0 && beyond_compare(b, gva, e) < 0)
            return -1;
    }
    return 0;
}

/* 0, or the status of a skip. */
static int bench_open(struct bench *b)
{
    struct err e;
    struct kvm_cpuid2 *cpuid = NULL;
    bool la57 = false;
    if (kvm_open(&b->system, &e) < 0)
        return skip("no KVM", e.text);
    if (kvm_vm_create(&b->vm, &b->system, &e) < 0 || memory_init(&b->memory, &b->vm, RAM_LEN, &e) < 0 ||
        kvm_vcpu_create(&b->vcpu, &b->vm, 0, &e) < 0 || kvm_supported_cpuid(&b->system, &cpuid, &e) < 0 ||
        kvm_set_cpuid(&b->vcpu, cpuid, &e) < 0 || kvm_get_sregs(&b->vcpu, &b->reset, &e) < 0) {
        free(cpuid);
        return skip("no VM", e.text);
    }
    processor_read(b, cpuid, &la57);
    free(cpuid);
    if (b->mode->levels == 5 && !la57)
        return skip("5-level paging", "CPUID has no LA57");
    tables_random(b);
    return mode_enter(b, &e) < 0 ? skip("KVM refuses this paging mode", e.text) : 0;
}

static void bench_close(struct bench *b)
{
    tables_fini(&b->taken);
    tables_fini(&b->copy);
    kvm_vcpu_close(&b->vcpu);
    kvm_vm_close(&b->vm);
    memory_fini(&b->memory);
    kvm_close(&b->system);
}

/* Agreement says something only if all cases came up. */
static int bench_verdict(const struct bench *b)
{
    printf("%s: %u compared: %u mapped (%u by large pages), %u absent, %u with reserved bits, %u without "
           "memory; "
           "%u not canonical; %u differ\n",
           b->mode->name, b->compared, b->mapped, b->large, b->absent, b->reserved, b->unbacked, b->beyond,
           b->differ);
    printf("KVM of the mapped: writeable %u, usermode %u, accessed bit newly set %u; not canonical and valid "
           "%u\n",
           b->writeable, b->usermode, b->accessed, b->beyond_valid);
    if (b->mapped < 100 || b->large < 100 || b->mapped - b->large < 100 || b->absent < 100 ||
        b->unbacked < 20 || b->reserved < 20) {
        printf("too few of some kind\n");
        return 1;
    }
    return b->differ > 0;
}

int main(int argc, char **argv)
{
    struct bench b = {.vm.fd = -1, .vcpu.fd = -1, .system.fd = -1, .context.ac = true, .seed = 0x7ab1e5};
    struct err e;
    for (size_t i = 0; argc == 2 && i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(argv[1], modes[i].name) == 0)
            b.mode = &modes[i];
    if (!b.mode) {
        fprintf(stderr, "usage: translate_kvm 32bit|pae|4level|5level\n");
        return 2;
    }
    int status = bench_open(&b);
    for (unsigned i = 0; status == 0 && i < ROUNDS; i++)
        if (round_run(&b, &e) < 0) {
            printf("%s: %s\n", b.mode->name, e.text);
            status = 1;
        }
    if (status == 0)
        status = bench_verdict(&b);
    bench_close(&b);
    return status;
}
