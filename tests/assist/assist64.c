// The instructions that a software-backed KVM gives back to Ringside, in long mode at CPL 0, each with its result checked
// against what the manual says. On a CPU with VT-x or AMD-V they run natively: the output must be the same there, which
// is what proves the assist. Every line ends in "ok" or says what was wrong.
#include "console.h"
#include "trap.h"

#include <stdbool.h>
#include <stdint.h>

static volatile uint64_t seen_vector, seen_rip_low;

void trap_handle(struct trap_frame *frame)
{
    seen_vector = frame->vector;
    seen_rip_low = frame->rip;
    if (frame->vector == 13 && *(const uint16_t *)frame->rip == 0x300f) { // WRMSR: a KVM may lack the MSR
        frame->rip += 2;
        return;
    }
    if (frame->vector == 6 || frame->vector == 13) { // an instruction this CPU does not have: give up loudly
        console_text("UNEXPECTED vector ");
        console_hex(frame->vector, 2);
        console_text("\n");
        __asm__ volatile("cli; hlt");
    }
}

static void result(const char *name, bool ok)
{
    console_text(name);
    console_text(ok ? ": ok\n" : ": WRONG\n");
}

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}

static void test_int(void)
{
    __asm__ volatile("int3");
    result("int3", seen_vector == 3);
    __asm__ volatile("int $0x40");
    result("int 0x40", seen_vector == 0x40);
    seen_vector = 0;
    uint64_t before, after;
    __asm__ volatile("mov %%rsp, %0; int $0x3f; mov %%rsp, %1" : "=&r"(before), "=r"(after) : : "memory");
    result("int 0x3f keeps the stack", seen_vector == 0x3f && before == after);
}

static void test_popcnt(void)
{
    uint64_t r64, flags, m = 0x8000000000000001;
    uint32_t r32;
    uint16_t r16 = 0xffff;
    __asm__ volatile("popcnt %2, %0; pushf; pop %1" : "=r"(r64), "=r"(flags) : "r"(0xf0f0f0f0f0f0f0f0u) : "cc");
    bool ok = r64 == 32 && !(flags & 0x8d5);
    __asm__ volatile("popcnt %2, %0; pushf; pop %1" : "=r"(r64), "=r"(flags) : "r"(0ull) : "cc");
    ok = ok && r64 == 0 && (flags & 0x8d5) == 0x40;
    __asm__ volatile("popcnt %1, %0" : "=r"(r64) : "m"(m) : "cc");
    ok = ok && r64 == 2;
    __asm__ volatile("mov $-1, %%rax; popcnt %1, %%eax; mov %%rax, %0" : "=r"(r64) : "r"(0x101u) : "rax", "cc");
    ok = ok && r64 == 2; // a 32-bit result clears the upper half
    __asm__ volatile("popcnt %w1, %w0" : "+r"(r16) : "r"((uint16_t)0x8001) : "cc");
    __asm__ volatile("popcnt %1, %0" : "=r"(r32) : "r"(0xffffffffu) : "cc");
    result("popcnt", ok && r16 == 2 && r32 == 32);
}

static void test_crc32(void)
{
    uint64_t crc = 0xffffffff;
    const char *nine = "123456789";
    __asm__ volatile("crc32q %1, %0" : "+r"(crc) : "m"(*(const uint64_t *)nine));
    uint32_t low = (uint32_t)crc;
    __asm__ volatile("crc32b %1, %0" : "+r"(low) : "m"(nine[8]));
    result("crc32", ~low == 0xe3069283); // the check value of CRC-32C
}

static void test_cmpxchg16b(void)
{
    static struct {
        uint64_t low, high;
    } pair __attribute__((aligned(16))) = {1, 2};
    uint64_t low = 7, high = 8;
    bool equal;
    __asm__ volatile("lock cmpxchg16b %0; setz %1"
                     : "+m"(pair), "=q"(equal), "+a"(low), "+d"(high)
                     : "b"(3ull), "c"(4ull)
                     : "cc", "memory");
    bool ok = !equal && low == 1 && high == 2 && pair.low == 1 && pair.high == 2;
    __asm__ volatile("lock cmpxchg16b %0; setz %1"
                     : "+m"(pair), "=q"(equal), "+a"(low), "+d"(high)
                     : "b"(3ull), "c"(4ull)
                     : "cc", "memory");
    result("cmpxchg16b", ok && equal && pair.low == 3 && pair.high == 4);
}

static void test_rdtscp(void)
{
    uint32_t a1, d1, c1, a2, d2, c2;
    seen_vector = 0;
    __asm__ volatile("wrmsr" : : "c"(0xc0000103), "a"(0x1234), "d"(0));
    uint32_t aux = seen_vector == 13 ? 0 : 0x1234;
    __asm__ volatile("rdtscp" : "=a"(a1), "=d"(d1), "=c"(c1));
    __asm__ volatile("rdtscp" : "=a"(a2), "=d"(d2), "=c"(c2));
    uint64_t first = (uint64_t)d1 << 32 | a1, second = (uint64_t)d2 << 32 | a2;
    result("rdtscp", c1 == aux && c2 == aux && second > first);
}

static void test_ac(void)
{
    uint64_t flags;
    uint32_t r[4];
    cpuid(7, 0, r);
    if (!(r[1] >> 20 & 1)) {
        result("stac, clac", true); // no SMAP: #UD is right there
        return;
    }
    __asm__ volatile("stac; pushf; pop %0" : "=r"(flags) : : "cc");
    bool ok = flags >> 18 & 1;
    __asm__ volatile("clac; pushf; pop %0" : "=r"(flags) : : "cc");
    result("stac, clac", ok && !(flags >> 18 & 1));
}

static void test_descriptors(void)
{
    uint64_t rights = 0, limit = 0;
    bool code, bad, read, write;
    __asm__ volatile("lar %3, %0; setz %1; lsl %3, %2" : "+r"(rights), "=&q"(code), "+r"(limit) : "r"(8ull) : "cc");
    bool ok = code && (rights & 0x00a0fe00) == 0x00a09a00 && limit == 0xffffffff;
    __asm__ volatile("lar %1, %%rax; setz %0" : "=q"(bad) : "r"(0x100ull) : "rax", "cc");
    __asm__ volatile("verr %w1; setz %0" : "=q"(read) : "r"(0x10) : "cc");
    __asm__ volatile("verw %w1; setz %0" : "=q"(write) : "r"(8) : "cc");
    result("lar, lsl, verr, verw", ok && !bad && read && !write);
}

static uint8_t area[4096] __attribute__((aligned(64)));

static void clear(void)
{
    for (unsigned i = 0; i < sizeof area; i++)
        area[i] = 0;
}

static void test_fxsave(void)
{
    uint32_t mxcsr = 0x1f80, back = 0;
    __asm__ volatile("mov %%cr4, %%rax; or $0x600, %%rax; mov %%rax, %%cr4" : : : "rax");
    __asm__ volatile("fninit");
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    clear();
    __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
    bool ok = area[0] == 0x7f && area[1] == 0x03 && area[24] == 0x80 && area[25] == 0x1f;
    area[160] = 0x77; // xmm0
    area[24] = 0x00;  // MXCSR 0x1f00
    __asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
    __asm__ volatile("stmxcsr %0" : "=m"(back));
    ok = ok && back == 0x1f00;
    clear();
    __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
    result("fxsave, fxrstor, mxcsr", ok && area[160] == 0x77 && area[24] == 0x00 && area[25] == 0x1f);
}

static void test_xsave(void)
{
    uint32_t r[4], low, high;
    cpuid(1, 0, r);
    if (!(r[2] >> 26 & 1)) {
        result("xgetbv, xsave, xrstor", true); // a CPU without XSAVE
        return;
    }
    __asm__ volatile("mov %%cr4, %%rax; or $0x40000, %%rax; mov %%rax, %%cr4" : : : "rax");
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    bool ok = (low & 1) && high == 0;
    __asm__ volatile("xsetbv" : : "c"(0), "a"(3), "d"(0)); // x87 and SSE
    // QEMU's emulated SVM hides XSETBV from KVM, which puts XCR0 back at its next exit (stepped, that is now): without
    // SSE in XCR0 the XRSTOR below would be #GP.
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    if (!(low & 2)) {
        result("xgetbv, xsave, xrstor", ok);
        return;
    }
    clear();
    area[24] = 0x80, area[25] = 0x1f;
    area[160] = 0x11, area[512] = 3; // xmm0, and XSTATE_BV says both are there
    area[0] = 0x7f, area[1] = 0x03;
    __asm__ volatile("xrstor (%0)" : : "r"(area), "a"(3), "d"(0) : "memory");
    clear();
    area[520 - 1] = 0; // the header must be clean
    __asm__ volatile("xsave (%0)" : : "r"(area), "a"(3), "d"(0) : "memory");
    // … or between any two of these instructions: then nothing can be said.
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    bool lost = !(low & 2) || !(area[512] & 2);
    if (lost && (area[512] & 1)) {
        result("xgetbv, xsave, xrstor", ok);
        return;
    }
    ok = ok && area[160] == 0x11 && (area[512] & 2);
    clear();
    area[24] = 0x80, area[25] = 0x1f; // XSTATE_BV 0: both go to their initial state
    __asm__ volatile("xrstor (%0)" : : "r"(area), "a"(3), "d"(0) : "memory");
    clear();
    __asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
    result("xgetbv, xsave, xrstor", ok && area[160] == 0 && area[0] == 0x7f && area[1] == 0x03);
}

void guest_main(void)
{
    console_init();
    trap_init();
    test_int();
    test_popcnt();
    test_crc32();
    test_cmpxchg16b();
    test_rdtscp();
    test_ac();
    test_descriptors();
    test_fxsave();
    test_xsave();
    console_text("end\n");
}
