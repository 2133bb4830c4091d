/*
 * Checks of the host probe: stepping and breakpoints.  KVM_SET_GUEST_DEBUG borrows the CPU's own debug
 * hardware (the trap flag, DR0-DR7, INT3) and promises that what they raise comes to us and not to the guest.
 * Whether it does depends on the back end, and differs between CPL 0 and CPL 3.  (KVM API documentation,
 * "KVM_SET_GUEST_DEBUG"; Intel SDM, "Debug Registers", "Debug Exceptions".)
 */
#include "kvm/probe_guest.h"
#include "kvm/probe_words.h"

enum { VECTOR_DB = 1, VECTOR_BP = 3 };

/* DR7: L0 and G0 enable breakpoint 0; R/W0 = 01 and LEN0 = 11 make it a write watchpoint of four bytes. */
enum { DR7_EXECUTE_0 = 0x603, DR7_WRITE4_0 = 0xd0603, DR6_B0 = 1 };

/* The guests first say that they are there; what follows is watched. The bytes of the first mean the same in
 * real mode. */
static const uint8_t code_step[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* nop */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_step_user[] = {
    0x89, 0x04, 0x25, 0x10, 0x00, 0x0d, 0x00, /* mov %eax,0xd0010 */
    0x90,                                     /* nop */
    0x90,                                     /* nop */
    0x90,                                     /* nop */
    0x89, 0x04, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %eax,0xd0000 */
};

static bool debug_set(struct probe_guest *g, uint32_t control, uint64_t dr0, uint64_t dr7)
{
    struct err e;
    struct kvm_guest_debug d = {.control = KVM_GUESTDBG_ENABLE | control,
                                .arch.debugreg = {[0] = dr0, [7] = dr7}};
    if (kvm_set_guest_debug(&g->vcpu, &d, &e) == 0)
        return true;
    probe_verdict(g, PROBE_BROKEN, "%s", e.text);
    return false;
}

/* Goes to the guest's mark; `*rip` is the instruction after it. */
static bool debug_arrive(struct probe_guest *g, uint64_t *rip)
{
    struct kvm_regs r;
    struct err e;
    if (!probe_mark(g))
        return false;
    if (kvm_get_regs(&g->vcpu, &r, &e) < 0) {
        probe_verdict(g, PROBE_BROKEN, "%s", e.text);
        return false;
    }
    *rip = r.rip;
    return true;
}

/* The next exit must be a debug exit of `vector` with `pc` as the next instruction. */
static bool debug_stops(struct probe_guest *g, unsigned vector, uint64_t pc)
{
    if (!probe_enter(g, KVM_EXIT_DEBUG))
        return false;
    const struct kvm_debug_exit_arch *a = &g->run->debug.arch;
    if (a->exception == vector && a->pc == pc)
        return true;
    if (a->pc / PROBE_STUB_LEN == PROBE_STUBS / PROBE_STUB_LEN + vector) {
        probe_verdict(g, PROBE_BROKEN, "%s goes to the guest's own handler", probe_words_exception(vector));
        return false;
    }
    probe_verdict(g, PROBE_BROKEN, "stopped at 0x%llx by vector %u, not at 0x%llx", a->pc, a->exception,
                  (unsigned long long)pc);
    return false;
}

static enum probe_result check_step(const struct probe_check *c, struct probe_guest *g)
{
    uint64_t rip;
    (void)c;
    if (!debug_arrive(g, &rip) || !debug_set(g, KVM_GUESTDBG_SINGLESTEP, 0, 0))
        return PROBE_BROKEN;
    for (unsigned i = 1; i <= 3; i++)
        if (!debug_stops(g, VECTOR_DB, rip + i))
            return PROBE_BROKEN;
    return PROBE_WORKS;
}

static enum probe_result check_breakpoint(const struct probe_check *c, struct probe_guest *g)
{
    uint64_t rip;
    (void)c;
    if (!debug_arrive(g, &rip) || !debug_set(g, KVM_GUESTDBG_USE_HW_BP, rip + 2, DR7_EXECUTE_0))
        return PROBE_BROKEN;
    if (!debug_stops(g, VECTOR_DB, rip + 2))
        return PROBE_BROKEN;
    return g->run->debug.arch.dr6 & DR6_B0
               ? PROBE_WORKS
               : probe_verdict(g, PROBE_BROKEN, "DR6 does not say which breakpoint");
}

static const uint8_t code_int3[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0xcc,       /* int3 */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_int3_user[] = {
    0x89, 0x04, 0x25, 0x10, 0x00, 0x0d, 0x00, /* mov %eax,0xd0010 */
    0xcc,                                     /* int3 */
    0x89, 0x04, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %eax,0xd0000 */
};

static enum probe_result check_int3(const struct probe_check *c, struct probe_guest *g)
{
    uint64_t rip;
    (void)c;
    if (!debug_arrive(g, &rip) || !debug_set(g, KVM_GUESTDBG_USE_SW_BP, 0, 0))
        return PROBE_BROKEN;
    return debug_stops(g, VECTOR_BP, rip) ? PROBE_WORKS : PROBE_BROKEN;
}

/* The store is seven bytes long; a data breakpoint is a trap, it stops after it. */
static const uint8_t code_watch[] = {
    0xe6, 0xe2,                               /* out %al,$0xe2 */
    0x89, 0x04, 0x25, 0x00, 0xa0, 0x00, 0x00, /* mov %eax,0xa000 */
    0x90,                                     /* nop */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

static const uint8_t code_watch_user[] = {
    0x89, 0x04, 0x25, 0x10, 0x00, 0x0d, 0x00, /* mov %eax,0xd0010 */
    0x89, 0x04, 0x25, 0x00, 0xa0, 0x00, 0x00, /* mov %eax,0xa000 */
    0x90,                                     /* nop */
    0x89, 0x04, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %eax,0xd0000 */
};

/* The same in 16 bits: the store is four bytes long, as the instruction is. */
static const uint8_t code_watch_real[] = {
    0xe6, 0xe2,             /* out %al,$0xe2 */
    0x66, 0xa3, 0x00, 0xa0, /* mov %eax,0xa000 */
    0x90,                   /* nop */
    0x90,                   /* nop */
    0xe7, 0xe0,             /* out %ax,$0xe0 */
};

static enum probe_result check_watchpoint(const struct probe_check *c, struct probe_guest *g)
{
    uint64_t rip;
    if (!debug_arrive(g, &rip) || !debug_set(g, KVM_GUESTDBG_USE_HW_BP, PROBE_DATA, DR7_WRITE4_0))
        return PROBE_BROKEN;
    const unsigned store_len = c->mode == PROBE_REAL ? 4 : 7;
    return debug_stops(g, VECTOR_DB, rip + store_len) ? PROBE_WORKS : PROBE_BROKEN;
}

static const struct probe_check checks[] = {
    {.id = "step_real",
     .title = "single-step, real mode",
     .run = check_step,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "boot sectors cannot be stepped"},
    {.id = "step_protected",
     .title = "single-step, protected mode",
     .run = check_step,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "32-bit kernels cannot be stepped"},
    {.id = "step_long",
     .title = "single-step, long mode, CPL 0",
     .run = check_step,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "64-bit kernels cannot be stepped"},
    {.id = "step_cpl3",
     .title = "single-step, long mode, CPL 3",
     .run = check_step,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_step_user),
     .mend = probe_mend_hardware,
     .matters = "user-mode code cannot be stepped: Ringside refuses rather than disturb the guest"},
    {.id = "hwbp_real",
     .title = "hardware breakpoint, real mode",
     .run = check_breakpoint,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "breakpoints in boot sectors are found by stepping to them, which is slow"},
    {.id = "hwbp_protected",
     .title = "hardware breakpoint, protected mode",
     .run = check_breakpoint,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "breakpoints in 32-bit kernels are found by stepping to them, which is slow"},
    {.id = "hwbp_cpl0",
     .title = "hardware breakpoint, CPL 0",
     .run = check_breakpoint,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_step),
     .mend = probe_mend_hardware,
     .matters = "breakpoints are found by stepping to them, which is slow"},
    {.id = "hwbp_cpl3",
     .title = "hardware breakpoint, CPL 3",
     .run = check_breakpoint,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_step_user),
     .mend = probe_mend_hardware,
     .matters = "no breakpoints in user-mode code"},
    {.id = "swbp_real",
     .title = "INT3 exits, real mode",
     .run = check_int3,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_int3),
     .mend = probe_mend_hardware,
     .matters = "more than four breakpoints at once in boot sectors need stepping"},
    {.id = "swbp_cpl0",
     .title = "INT3 exits, CPL 0",
     .run = check_int3,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_int3),
     .mend = probe_mend_hardware,
     .matters = "more than four breakpoints at once need stepping"},
    {.id = "swbp_cpl3",
     .title = "INT3 exits, CPL 3",
     .run = check_int3,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_int3_user),
     .mend = probe_mend_hardware,
     .matters = "more than four breakpoints in user-mode code do not work"},
    {.id = "watch_real",
     .title = "data watchpoint, real mode",
     .run = check_watchpoint,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_watch_real),
     .mend = probe_mend_hardware,
     .matters = "watchpoints in boot sectors are found by step and compare, which is slow"},
    {.id = "watch_cpl0",
     .title = "data watchpoint, CPL 0",
     .run = check_watchpoint,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_watch),
     .mend = probe_mend_hardware,
     .matters = "watchpoints are found by step and compare, which is slow"},
    {.id = "watch_cpl3",
     .title = "data watchpoint, CPL 3",
     .run = check_watchpoint,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_watch_user),
     .mend = probe_mend_hardware,
     .matters = "no watchpoints in user-mode code"},
};

const struct probe_list probe_debug = {checks, sizeof checks / sizeof checks[0], "Stepping and breakpoints"};
