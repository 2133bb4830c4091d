/*
 * Instruction assist, the floating-point state: FXSAVE, XSAVE and their kin move the register file between
 * the CPU and memory; KVM holds it as one XSAVE image in the standard form, so that the work is copying
 * components to where the instruction wants them (Intel SDM, "Managing State Using the XSAVE Feature Set").
 * Sizes and places of components come from CPUID leaf 0xD.
 *
 * Simplified: all instructions save every requested component (the init and modified optimizations are
 * permitted, not required, by the manual), and only the first 4 KiB of state exist here: no AMX tiles.
 */
#include "base/bytes.h"
#include "run/assist.h"

#include <cpuid.h>
#include <string.h>

enum {
    LEGACY_LEN = 512,
    HEADER_LEN = 64,
    IMAGE_LEN = sizeof(struct kvm_xsave),
    XSTATE_BV = 512,
    XCOMP_BV = 520,
    COMPONENTS = 63,
};
#define COMPACTED  (1ull << 63)
#define X87        (1ull << 0)
#define SSE        (1ull << 1)
#define AVX        (1ull << 2)
#define MXCSR_MASK 0xffffu

static bool xcr0_read(struct assist *a, uint64_t *value)
{
    struct kvm_xcrs x;
    *value = X87;
    if (kvm_get_xcrs(&a->run->vcpu, &x, a->e) < 0)
        return false;
    for (uint32_t i = 0; i < x.nr_xcrs && i < KVM_MAX_XCRS; i++)
        if (x.xcrs[i].xcr == 0)
            *value = x.xcrs[i].value;
    return true;
}

bool assist_xgetbv(struct assist *a)
{
    uint64_t value;
    if ((uint32_t)a->regs->rcx != 0 || !xcr0_read(a, &value))
        return false;
    a->operand = value;
    a->regs->rax = (uint32_t)value;
    a->regs->rdx = value >> 32;
    return true;
}

bool assist_xsetbv(struct assist *a)
{
    uint64_t value = (uint32_t)a->regs->rax | a->regs->rdx << 32;
    if ((uint32_t)a->regs->rcx != 0)
        return false;
    struct kvm_xcrs x = {.nr_xcrs = 1, .xcrs = {{.xcr = 0, .value = value}}};
    a->operand = value;
    return kvm_set_xcrs(&a->run->vcpu, &x, a->e) == 0;
}

/* The register file as KVM gives it. */
static bool image_get(struct assist *a, uint8_t image[IMAGE_LEN])
{
    struct kvm_xsave x;
    if (kvm_get_xsave(&a->run->vcpu, &x, a->e) < 0)
        return false;
    memcpy(image, x.region, IMAGE_LEN);
    return true;
}

static bool image_set(struct assist *a, const uint8_t image[IMAGE_LEN])
{
    struct kvm_xsave x;
    memset(&x, 0, sizeof x);
    memcpy(x.region, image, IMAGE_LEN);
    return kvm_set_xsave(&a->run->vcpu, &x, a->e) == 0;
}

bool assist_fxsave(struct assist *a)
{
    uint8_t image[IMAGE_LEN];
    uint64_t to = assist_linear(a, 0);
    a->operand = to;
    /* The last 96 bytes are the program's own: the CPU does not write them. */
    return !(to & 15) && image_get(a, image) && assist_write(a, to, image, 416);
}

bool assist_fxrstor(struct assist *a)
{
    uint8_t image[IMAGE_LEN];
    uint64_t from = assist_linear(a, 0);
    a->operand = from;
    if ((from & 15) || !image_get(a, image) || !assist_read(a, from, image, 416))
        return false;
    if (le32_load(image + 24) & ~MXCSR_MASK)
        return false;
    le_store(image + XSTATE_BV, le64_load(image + XSTATE_BV) | X87 | SSE, 8);
    return image_set(a, image);
}

bool assist_fninit(struct assist *a)
{
    uint8_t image[IMAGE_LEN];
    if (!image_get(a, image))
        return false;
    uint8_t mxcsr[8];
    memcpy(mxcsr, image + 24, 8);
    memset(image, 0, 24);
    memset(image + 32, 0, 128);
    memcpy(image + 24, mxcsr, 8);
    le_store(image, 0x37f, 2); /* all exceptions masked, 64-bit precision, round to nearest */
    le_store(image + XSTATE_BV, le64_load(image + XSTATE_BV) | X87, 8);
    return image_set(a, image);
}

bool assist_ldmxcsr(struct assist *a)
{
    uint8_t image[IMAGE_LEN];
    if (!assist_load(a, 0, &a->operand) || (a->operand & ~(uint64_t)MXCSR_MASK) || !image_get(a, image))
        return false;
    le_store(image + 24, a->operand, 4);
    le_store(image + XSTATE_BV, le64_load(image + XSTATE_BV) | SSE, 8);
    return image_set(a, image);
}

bool assist_stmxcsr(struct assist *a)
{
    uint8_t image[IMAGE_LEN];
    if (!image_get(a, image))
        return false;
    a->operand = le32_load(image + 24);
    return assist_store(a, 0, a->operand);
}

/* Where extended component `i` lies in the standard form, and its length; 0 when this CPU has none. */
static uint32_t component_place(unsigned i, uint32_t *at)
{
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid_count(0xd, i, &eax, &ebx, &ecx, &edx) || eax == 0 || ebx > IMAGE_LEN ||
        eax > IMAGE_LEN - ebx)
        return 0;
    *at = ebx;
    return eax;
}

/* The place in the compacted form of component `i`, given which components the form holds. */
static uint32_t compact_place(uint64_t held, unsigned i)
{
    uint32_t at = LEGACY_LEN + HEADER_LEN, eax, ebx, ecx, edx;
    for (unsigned k = 2; k <= i; k++) {
        if (!(held >> k & 1) || !__get_cpuid_count(0xd, k, &eax, &ebx, &ecx, &edx))
            continue;
        if (ecx & 2) /* this one starts on a 64-byte boundary */
            at = (at + 63) & ~63u;
        if (k < i)
            at += eax;
    }
    return at;
}

static bool is_compacting(ZydisMnemonic m)
{
    return m == ZYDIS_MNEMONIC_XSAVEC || m == ZYDIS_MNEMONIC_XSAVEC64 || m == ZYDIS_MNEMONIC_XSAVES ||
           m == ZYDIS_MNEMONIC_XSAVES64;
}

static bool requested(struct assist *a, uint64_t *mask)
{
    uint64_t xcr0;
    if (!xcr0_read(a, &xcr0))
        return false;
    *mask = xcr0 & ((uint32_t)a->regs->rax | a->regs->rdx << 32);
    return true;
}

/* Copies the legacy parts that `mask` names between two images: x87, MXCSR, XMM. */
static void legacy_copy(uint8_t *to, const uint8_t *from, uint64_t mask)
{
    if (mask & X87) {
        memcpy(to, from, 24);
        memcpy(to + 32, from + 32, 128);
    }
    if (mask & (SSE | AVX))
        memcpy(to + 24, from + 24, 8);
    if (mask & SSE)
        memcpy(to + 160, from + 160, 256);
}

bool assist_xsave(struct assist *a)
{
    uint8_t image[IMAGE_LEN], head[LEGACY_LEN + HEADER_LEN];
    uint64_t to = assist_linear(a, 0), mask;
    bool compact = is_compacting(a->insn.mnemonic);
    a->operand = to;
    if ((to & 63) || !requested(a, &mask) || !image_get(a, image) || !assist_read(a, to, head, sizeof head))
        return false;
    uint64_t in_use = le64_load(image + XSTATE_BV) & mask, was = le64_load(head + XSTATE_BV);
    legacy_copy(head, image, mask);
    le_store(head + XSTATE_BV, compact ? in_use : (was & ~mask) | in_use, 8);
    if (compact)
        le_store(head + XCOMP_BV, mask | COMPACTED, 8);
    for (unsigned i = 2; i < COMPONENTS; i++) {
        uint32_t at = 0, len = mask >> i & 1 ? component_place(i, &at) : 0;
        uint64_t place = to + (compact ? compact_place(mask, i) : at);
        if (len && !assist_write(a, place, image + at, len))
            return false;
    }
    return assist_write(a, to, head, sizeof head);
}

bool assist_xrstor(struct assist *a)
{
    static const uint8_t fresh[LEGACY_LEN] = {[0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f};
    uint8_t image[IMAGE_LEN], head[LEGACY_LEN + HEADER_LEN];
    uint64_t from = assist_linear(a, 0), mask;
    a->operand = from;
    if ((from & 63) || !requested(a, &mask) || !image_get(a, image) ||
        !assist_read(a, from, head, sizeof head))
        return false;
    uint64_t stored = le64_load(head + XSTATE_BV), form = le64_load(head + XCOMP_BV);
    bool compact = form & COMPACTED;
    /* Requested and stored: loaded. Requested and not stored: back to its initial state. */
    legacy_copy(image, head, mask & stored);
    legacy_copy(image, fresh, mask & ~stored & (X87 | SSE));
    if (mask & (SSE | AVX))
        memcpy(image + 24, head + 24, 4);
    for (unsigned i = 2; i < COMPONENTS; i++) {
        uint32_t at = 0, len = mask >> i & 1 ? component_place(i, &at) : 0;
        if (!len)
            continue;
        memset(image + at, 0, len);
        uint64_t place = from + (compact ? compact_place(form & ~COMPACTED, i) : at);
        if ((stored >> i & 1) && !assist_read(a, place, image + at, len))
            return false;
    }
    uint64_t in_use = le64_load(image + XSTATE_BV);
    le_store(image + XSTATE_BV, (in_use & ~mask) | (stored & mask) | X87 | SSE, 8);
    return image_set(a, image);
}
