/*
 * Memory and start states on a real KVM: what was worked out on paper in the other tests is what a guest
 * meets. Skipped (status 77) where there is no usable /dev/kvm.
 */
#include "unit.h"
#include "vm/cpu.h"
#include "vm/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB 0x100000ull

/* A VM with one vCPU. */
struct box {
    struct kvm_system system;
    struct kvm_vm vm;
    struct kvm_vcpu vcpu;
    struct guest_memory m;
    struct err e;
};

static void must(const struct box *b, int rc)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s\n", b->e.text);
    abort();
}

static void box_init(struct box *b, uint64_t mem)
{
    struct kvm_cpuid2 *cpuid;
    must(b, kvm_open(&b->system, &b->e));
    must(b, kvm_vm_create(&b->vm, &b->system, &b->e));
    must(b, kvm_vm_set_tss_addr(&b->vm, 0xfffbd000, &b->e));
    must(b, memory_init(&b->m, &b->vm, mem, &b->e));
    must(b, kvm_vcpu_create(&b->vcpu, &b->vm, 0, &b->e));
    must(b, kvm_supported_cpuid(&b->system, &cpuid, &b->e));
    must(b, kvm_set_cpuid(&b->vcpu, cpuid, &b->e));
    free(cpuid);
}

static void box_fini(struct box *b)
{
    kvm_vcpu_close(&b->vcpu);
    kvm_vm_close(&b->vm);
    memory_fini(&b->m);
    kvm_close(&b->system);
}

static void box_start(struct box *b, enum cpu_mode mode, uint64_t entry, const void *code, size_t n)
{
    struct cpu_start start = {.mode = mode, .entry = entry};
    struct kvm_regs r;
    struct kvm_sregs s;
    must(b, memory_write(&b->m, entry, code, n, &b->e));
    must(b, kvm_get_sregs(&b->vcpu, &s, &b->e));
    must(b, cpu_setup(&start, &b->m, &r, &s, &b->e));
    must(b, kvm_set_sregs(&b->vcpu, &s, &b->e));
    must(b, kvm_set_regs(&b->vcpu, &r, &b->e));
}

static const struct kvm_run *box_run(struct box *b)
{
    CU_ASSERT_EQUAL(kvm_vcpu_run(&b->vcpu), 0);
    return b->vcpu.run;
}

/* The next exit must be a byte written to port 0x80; returns it. */
static unsigned box_out(struct box *b)
{
    const struct kvm_run *run = box_run(b);
    CU_ASSERT_EQUAL_FATAL(run->exit_reason, KVM_EXIT_IO);
    CU_ASSERT_EQUAL(run->io.port, 0x80);
    return *((const uint8_t *)run + run->io.data_offset);
}

/* The next exit must be a write to `gpa` as MMIO. */
static void box_mmio_write(struct box *b, uint64_t gpa)
{
    const struct kvm_run *run = box_run(b);
    CU_ASSERT_EQUAL_FATAL(run->exit_reason, KVM_EXIT_MMIO);
    CU_ASSERT_TRUE(run->mmio.is_write);
    CU_ASSERT_EQUAL(run->mmio.phys_addr, gpa);
}

static void test_modes(void)
{
    static const struct {
        enum cpu_mode mode;
        uint64_t mem, entry;
    } rows[] = {{MODE_REAL, 64 * 1024, 0x7c00},      {MODE_REAL, 2 * MIB, 0x20000},
                {MODE_PROTECTED, 64 * 1024, 0x1000}, {MODE_PROTECTED, 64 * MIB, MIB},
                {MODE_PROTECTED, 64 * MIB, 0xf0ff0}, {MODE_LONG, 64 * 1024, 0x1000},
                {MODE_LONG, 64 * MIB, MIB},          {MODE_LONG, 5 * 1024 * MIB, 0xb0000000}};
    /* mov $0x41,%al; out %al,$0x80; push and pop of AX to BX; hlt: the same bytes in every mode */
    static const uint8_t code[] = {0xb0, 0x41, 0xe6, 0x80, 0x50, 0x5b, 0xf4};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct box b;
        struct kvm_regs r;
        struct kvm_sregs s;
        box_init(&b, rows[i].mem);
        box_start(&b, rows[i].mode, rows[i].entry, code, sizeof code);
        CU_ASSERT_EQUAL(box_out(&b), 0x41);
        CU_ASSERT_EQUAL(box_run(&b)->exit_reason, KVM_EXIT_HLT);
        must(&b, kvm_get_regs(&b.vcpu, &r, &b.e));
        must(&b, kvm_get_sregs(&b.vcpu, &s, &b.e));
        CU_ASSERT_EQUAL(cpu_mode(&s), rows[i].mode);
        CU_ASSERT_EQUAL(cpu_rip_linear(&r, &s), rows[i].entry + sizeof code);
        CU_ASSERT_EQUAL(r.rbx & 0xff, 0x41);
        box_fini(&b);
    }
}

/* ROM reads without an exit; writes to it, and all accesses to the VGA window, leave as MMIO. */
static void test_rom_and_vga(void)
{
    static const uint8_t rom[] = {0x5a};
    static const uint8_t code[] = {0xb8, 0x00, 0xf0, 0x8e, 0xd8, /* mov $0xf000,%ax; mov %ax,%ds */
                                   0xa0, 0x00, 0x00, 0xe6, 0x80, /* mov 0,%al; out %al,$0x80 */
                                   0xa2, 0x00, 0x00,             /* mov %al,0 */
                                   0xa0, 0x00, 0x00, 0xe6, 0x80, /* mov 0,%al; out %al,$0x80 */
                                   0xb8, 0x00, 0xb8, 0x8e, 0xd8, /* mov $0xb800,%ax; mov %ax,%ds */
                                   0xa2, 0x00, 0x00, 0xf4};      /* mov %al,0; hlt */
    struct box b;
    box_init(&b, 2 * MIB);
    must(&b, memory_add_rom(&b.m, 0xf0000, rom, sizeof rom, &b.e));
    box_start(&b, MODE_REAL, 0x7c00, code, sizeof code);
    CU_ASSERT_EQUAL(box_out(&b), 0x5a);
    box_mmio_write(&b, 0xf0000);
    CU_ASSERT_EQUAL(box_out(&b), 0x5a);
    box_mmio_write(&b, 0xb8000);
    CU_ASSERT_EQUAL(box_run(&b)->exit_reason, KVM_EXIT_HLT);
    box_fini(&b);
}

/* FFFF:0510 is 0x100500: the second MiB, or with the gate shut 0x500. The gate moves under a running guest.
 */
static void test_a20(void)
{
    static const uint8_t code[] = {0xb8, 0xff, 0xff, 0x8e, 0xd8, /* mov $0xffff,%ax; mov %ax,%ds */
                                   0xa0, 0x10, 0x05, 0xe6, 0x80,
                                   0xeb, 0xf9}; /* again: mov 0x510,%al; out; jmp */
    struct box b;
    box_init(&b, 2 * MIB);
    must(&b, memory_write(&b.m, 0x500, "L", 1, &b.e));
    must(&b, memory_write(&b.m, 0x100500, "H", 1, &b.e));
    box_start(&b, MODE_REAL, 0x7c00, code, sizeof code);
    CU_ASSERT_EQUAL(box_out(&b), 'H');
    must(&b, memory_set_a20(&b.m, false, &b.e));
    CU_ASSERT_EQUAL(box_out(&b), 'L');
    must(&b, memory_set_a20(&b.m, true, &b.e));
    CU_ASSERT_EQUAL(box_out(&b), 'H');
    box_fini(&b);
}

/* An exception with no IDT is the end, as cpu.h says of protected and long mode. */
static void test_no_idt(void)
{
    static const uint8_t code[] = {0x0f, 0x0b}; /* ud2 */
    static const enum cpu_mode modes[] = {MODE_PROTECTED, MODE_LONG};
    for (size_t i = 0; i < 2; i++) {
        struct box b;
        box_init(&b, 2 * MIB);
        box_start(&b, modes[i], MIB, code, sizeof code);
        CU_ASSERT_EQUAL(box_run(&b)->exit_reason, KVM_EXIT_SHUTDOWN);
        box_fini(&b);
    }
}

static const struct unit_test tests[] = {
    {"a guest in each mode", test_modes},
    {"ROM and the VGA window", test_rom_and_vga},
    {"the A20 gate", test_a20},
    {"no IDT: triple fault", test_no_idt},
};

int main(void)
{
    struct kvm_system s;
    struct err e;
    if (kvm_open(&s, &e) < 0) {
        fprintf(stderr, "skipped: %s\n", e.text);
        return 77;
    }
    kvm_close(&s);
    alarm(60); /* a guest that never comes back must not hold up the others */
    return unit_main("vm on KVM", tests, sizeof tests / sizeof tests[0]);
}
