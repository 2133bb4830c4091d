/*
 * Checks of the host probe: instructions.  Where a CPU runs the guest all of them simply work.  A
 * software-backed KVM runs CPL 0 in KVM's instruction emulator, which was written for what drivers do to
 * devices, and lacks many.  One instruction stands for each family.  (Intel SDM, "Instruction Set Reference";
 * kernel documentation of KVM.)
 */
#include "base/bytes.h"
#include "kvm/probe_guest.h"

#include <string.h>

static const uint8_t code_popcnt[] = {
    0xb9, 0xff, 0x00, 0xff, 0x00, /* mov $0xff00ff,%ecx */
    0xf3, 0x0f, 0xb8, 0xc1,       /* popcnt %ecx,%eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* 1.0 + 1.0 as an integer. */
static const uint8_t code_x87[] = {
    0xdb, 0xe3,                               /* fninit */
    0xd9, 0xe8,                               /* fld1 */
    0xd9, 0xe8,                               /* fld1 */
    0xde, 0xc1,                               /* faddp */
    0xdb, 0x1c, 0x25, 0x10, 0xa0, 0x00, 0x00, /* fistpl 0xa010 */
    0x8b, 0x04, 0x25, 0x10, 0xa0, 0x00, 0x00, /* mov 0xa010,%eax */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

/* The four floats behind PROBE_DATA, doubled. */
static const uint8_t code_sse[] = {
    0x0f, 0x10, 0x04, 0x25, 0x10, 0xa0, 0x00, 0x00, /* movups 0xa010,%xmm0 */
    0x0f, 0x58, 0xc0,                               /* addps %xmm0,%xmm0 */
    0x0f, 0x11, 0x04, 0x25, 0x10, 0xa0, 0x00, 0x00, /* movups %xmm0,0xa010 */
    0x8b, 0x04, 0x25, 0x10, 0xa0, 0x00, 0x00,       /* mov 0xa010,%eax */
    0xe7, 0xe0,                                     /* out %eax,$0xe0 */
};

static enum probe_result check_sse(const struct probe_check *c, struct probe_guest *g)
{
    const uint32_t one = 0x3f800000; /* 1.0f */
    le_store(g->ram + PROBE_DATA + 0x10, one, 4);
    return probe_check_answer(c, g);
}

/* CR4.OSXSAVE, then XMM0 = what is behind PROBE_DATA; its image goes to PROBE_DATA + 0x100. */
static const uint8_t code_xsave[] = {
    0x0f, 0x20, 0xe0,                               /* mov %cr4,%rax */
    0x0d, 0x00, 0x00, 0x04, 0x00,                   /* or $0x40000,%eax */
    0x0f, 0x22, 0xe0,                               /* mov %rax,%cr4 */
    0x0f, 0x10, 0x04, 0x25, 0x00, 0xa0, 0x00, 0x00, /* movups 0xa000,%xmm0 */
    0x31, 0xd2,                                     /* xor %edx,%edx */
    0xb8, 0x03, 0x00, 0x00, 0x00,                   /* mov $3,%eax */
    0x0f, 0xae, 0x24, 0x25, 0x00, 0xa1, 0x00, 0x00, /* xsave 0xa100 */
    0xe7, 0xe0,                                     /* out %eax,$0xe0 */
};

enum { XCR0_X87_SSE = 3 };

/* The header's XSTATE_BV says which components are there (bit 1: SSE); XMM0 lies 160 bytes into the image. */
static enum probe_result check_xsave(const struct probe_check *c, struct probe_guest *g)
{
    const struct kvm_xcrs x = {.nr_xcrs = 1, .xcrs[0].value = XCR0_X87_SSE};
    const uint8_t *image = g->ram + PROBE_DATA + 0x100;
    struct err e;
    if (kvm_set_xcrs(&g->vcpu, &x, &e) < 0)
        return probe_failed(g, &e);
    const enum probe_result r = probe_check_answer(c, g);
    if (r != PROBE_WORKS)
        return r;
    const uint64_t xstate_bv = le64_load(image + 512);
    const uint32_t xmm0 = le32_load(image + 160);
    if (!(xstate_bv & 2) || xmm0 != PROBE_MAGIC)
        return probe_verdict(g, PROBE_BROKEN, "saved XSTATE_BV 0x%llx, XMM0 0x%x",
                             (unsigned long long)xstate_bv, xmm0);
    return PROBE_WORKS;
}

/* CR4.OSXSAVE, then XCR0 = x87 and SSE. */
static const uint8_t code_xsetbv[] = {
    0x0f, 0x20, 0xe0,             /* mov %cr4,%rax */
    0x0d, 0x00, 0x00, 0x04, 0x00, /* or $0x40000,%eax */
    0x0f, 0x22, 0xe0,             /* mov %rax,%cr4 */
    0x31, 0xc9,                   /* xor %ecx,%ecx */
    0x31, 0xd2,                   /* xor %edx,%edx */
    0xb8, 0x03, 0x00, 0x00, 0x00, /* mov $3,%eax */
    0x0f, 0x01, 0xd1,             /* xsetbv */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* KVM must notice, since it swaps XCR0 at every entry: a value it does not know is soon lost. */
static enum probe_result check_xsetbv(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_xcrs x;
    struct err e;
    const enum probe_result r = probe_check_answer(c, g);
    if (r != PROBE_WORKS)
        return r;
    if (kvm_get_xcrs(&g->vcpu, &x, &e) < 0)
        return probe_failed(g, &e);
    if (x.nr_xcrs == 0 || x.xcrs[0].value != XCR0_X87_SSE)
        return probe_verdict(g, PROBE_BROKEN, "KVM did not notice: XCR0 is 0x%llx", x.xcrs[0].value);
    return PROBE_WORKS;
}

/* From CPL 3 to PROBE_CODE2, which says the CS it finds itself in. */
static const uint8_t code_syscall[] = {
    0x0f, 0x05, /* syscall */
};

static const uint8_t code_syscall_entry[] = {
    0x8c, 0xc8,                               /* mov %cs,%eax */
    0x89, 0x04, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %eax,0xd0000 */
};

static enum probe_result check_syscall(const struct probe_check *c, struct probe_guest *g)
{
    enum { MSR_STAR_INDEX = 0xc0000081u, MSR_LSTAR_INDEX, MSR_SFMASK_INDEX = 0xc0000084u };
    struct err e;
    uint32_t cs;
    probe_guest_code(g, PROBE_CODE2, code_syscall_entry, sizeof code_syscall_entry);
    if (kvm_set_msr(&g->vcpu, MSR_STAR_INDEX, (uint64_t)PROBE_CS64 << 32, &e) < 0 ||
        kvm_set_msr(&g->vcpu, MSR_LSTAR_INDEX, PROBE_CODE2, &e) < 0 ||
        kvm_set_msr(&g->vcpu, MSR_SFMASK_INDEX, 0, &e) < 0)
        return probe_failed(g, &e);
    if (!probe_answer(g, &cs))
        return PROBE_BROKEN;
    return cs == c->want
               ? PROBE_WORKS
               : probe_verdict(g, PROBE_BROKEN, "arrives at LSTAR still at CPL %u (CS 0x%x)", cs & 3, cs);
}

/* RFLAGS.IOPL is 3 there. */
static const uint8_t code_pio_cpl3[] = {
    0xb8, 0x2a, 0x00, 0x00, 0x00, /* mov $0x2a,%eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const struct probe_check checks[] = {
    {.id = "popcnt",
     .title = "POPCNT at CPL 0",
     .run = probe_check_answer,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_popcnt),
     .want = 16,
     .cpuid = {1, PROBE_ECX, 1u << 23, "POPCNT"},
     .mend = probe_mend_hardware,
     .matters = "Ringside completes it and its kin (CRC32, CMPXCHG16B …) itself, as events"},
    {.id = "x87",
     .title = "x87 arithmetic at CPL 0",
     .run = probe_check_answer,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_x87),
     .want = 2,
     .mend = probe_mend_hardware,
     .matters = "build guest kernels with -mgeneral-regs-only"},
    {.id = "sse",
     .title = "SSE arithmetic at CPL 0",
     .run = check_sse,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_sse),
     .want = 0x40000000, /* 2.0f */
     .mend = probe_mend_hardware,
     .matters = "build guest kernels with -mgeneral-regs-only"},
    {.id = "xsave",
     .title = "XSAVE at CPL 0",
     .run = check_xsave,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_xsave),
     .want = XCR0_X87_SSE,
     .cpuid = {1, PROBE_ECX, 1u << 26, "XSAVE"},
     .mend = probe_mend_hardware,
     .matters = "Ringside completes it itself, as an event"},
    {.id = "xsetbv",
     .title = "XSETBV at CPL 0",
     .run = check_xsetbv,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_xsetbv),
     .want = XCR0_X87_SSE,
     .cpuid = {1, PROBE_ECX, 1u << 26, "XSAVE"},
     .mend = probe_mend_hardware,
     .matters = "a guest that turns on AVX may lose that again, and vector registers with it"},
    {.id = "syscall",
     .title = "SYSCALL from CPL 3",
     .run = check_syscall,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_syscall),
     .want = PROBE_CS64,
     .mend = probe_mend_hardware,
     .matters = "no system calls by SYSCALL; user-mode labs enter the kernel by a fault"},
    {.id = "pio_cpl3",
     .title = "OUT at CPL 3 with IOPL 3",
     .run = probe_check_answer,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_pio_cpl3),
     .want = 0x2a,
     .mend = probe_mend_hardware,
     .matters = "user-mode drivers need MMIO there"},
};

const struct probe_list probe_instructions = {checks, sizeof checks / sizeof checks[0], "Instructions"};
