/*
 * Checks of the host probe: single-step, case by case.  Over plain instructions a step is simple; the ones
 * here tell how a back end does it.  A CPU steps by the trap flag, which an exception pushes with RFLAGS and
 * then clears, which MOV SS holds back for one instruction, and which an instruction that KVM carries out
 * itself never sees: KVM must then play the trap.  (Intel SDM, "Single-Step Exception Condition", "Masking
 * Exceptions and Interrupts When Switching Stacks"; KVM API documentation, "KVM_SET_GUEST_DEBUG".)
 *
 * A walk is a list of words, one for what each entry ended with: "+2" a debug exit two bytes behind the mark,
 * "#UD" one at the first instruction of that handler, "out", "in" and "mmio" an access, "end" the guest ran
 * to its end.  KVM_SET_GUEST_DEBUG is called once, before the first word.
 */
#include "base/bytes.h"
#include "kvm/probe_guest.h"
#include "kvm/probe_words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_TF = 1 << 8, WORD_LEN = 32, WALK_NEAR = 64 };

static bool step_on(struct probe_guest *g, bool on)
{
    struct err e;
    struct kvm_guest_debug d = {.control = on ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP : 0};
    if (kvm_set_guest_debug(&g->vcpu, &d, &e) == 0)
        return true;
    probe_failed(g, &e);
    return false;
}

static bool step_regs(struct probe_guest *g, struct kvm_regs *r)
{
    struct err e;
    if (kvm_get_regs(&g->vcpu, r, &e) == 0)
        return true;
    probe_failed(g, &e);
    return false;
}

/* Goes to the mark and switches stepping on; `*start` is the first instruction behind the mark. */
static bool step_begin(struct probe_guest *g, uint64_t *start)
{
    struct kvm_regs r;
    if (!probe_mark(g) || !step_regs(g, &r) || !step_on(g, true))
        return false;
    *start = r.rip;
    return true;
}

static void word_debug(const struct probe_guest *g, uint64_t start, char word[WORD_LEN])
{
    const uint64_t pc = g->run->debug.arch.pc, vector = (pc - PROBE_STUBS) / PROBE_STUB_LEN;
    const char *name = pc >= PROBE_STUBS && vector < 32 ? probe_words_exception((unsigned)vector) : NULL;
    if (name && pc % PROBE_STUB_LEN == 0)
        snprintf(word, WORD_LEN, "%s", name);
    else if (pc - start < WALK_NEAR)
        snprintf(word, WORD_LEN, "+%u", (unsigned)(pc - start));
    else
        snprintf(word, WORD_LEN, "0x%llx", (unsigned long long)pc);
}

static void word_io(const struct probe_guest *g, char word[WORD_LEN])
{
    const struct kvm_run *r = g->run;
    const uint8_t value = *((const uint8_t *)r + r->io.data_offset);
    const char *name = probe_words_exception(value);
    if (r->io.port == PROBE_PORT_VECTOR)
        snprintf(word, WORD_LEN, "%s-handler-ran", name ? name : "?");
    else if (r->io.port == PROBE_PORT_ANSWER)
        snprintf(word, WORD_LEN, "end");
    else
        snprintf(word, WORD_LEN, "%s", r->io.direction == KVM_EXIT_IO_OUT ? "out" : "in");
}

/* The word for the last exit. */
static void word_of(const struct probe_guest *g, uint64_t start, char word[WORD_LEN])
{
    const struct kvm_run *r = g->run;
    if (r->exit_reason == KVM_EXIT_DEBUG)
        word_debug(g, start, word);
    else if (r->exit_reason == KVM_EXIT_IO)
        word_io(g, word);
    else if (r->exit_reason == KVM_EXIT_MMIO)
        snprintf(word, WORD_LEN, "%s", r->mmio.phys_addr == PROBE_MMIO_ANSWER ? "end" : "mmio");
    else
        snprintf(word, WORD_LEN, r->exit_reason == KVM_EXIT_HLT ? "hlt" : "exit-%u", r->exit_reason);
}

/* One entry; its word is appended to `seen`. */
static bool walk_on(struct probe_guest *g, uint64_t start, char *seen, size_t n)
{
    char word[WORD_LEN];
    int rc = kvm_vcpu_run(&g->vcpu);
    if (rc < 0)
        snprintf(word, sizeof word, "%s", rc == -EINTR ? "never-back" : "failed");
    else
        word_of(g, start, word);
    const size_t at = strlen(seen);
    snprintf(seen + at, n - at, "%s%s", at ? " " : "", word);
    return rc == 0 && g->run->exit_reason != KVM_EXIT_INTERNAL_ERROR &&
           g->run->exit_reason != KVM_EXIT_SHUTDOWN && !strstr(word, "end");
}

static enum probe_result walk_check(const struct probe_check *c, struct probe_guest *g, uint64_t start)
{
    char seen[sizeof((struct probe_row *)NULL)->detail - 16] = "";
    unsigned words = 1;
    for (const char *p = c->walk; *p; p++)
        words += *p == ' ';
    while (words-- && walk_on(g, start, seen, sizeof seen))
        ;
    return strcmp(seen, c->walk) == 0 ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "went %s", seen);
}

static enum probe_result check_walk(const struct probe_check *c, struct probe_guest *g)
{
    uint64_t start;
    return step_begin(g, &start) ? walk_check(c, g, start) : PROBE_BROKEN;
}

/* The bytes of each mean the same in every mode. */
static const uint8_t code_ud[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x0f, 0x0b, /* ud2 */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_de[] = {
    0x31, 0xc9, /* xor %ecx,%ecx */
    0xe6, 0xe2, /* out %al,$0xe2 */
    0xf7, 0xf1, /* div %ecx */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

/* The pushed RFLAGS: below them CS and RIP, each of the mode's width. */
static bool frame_has_tf(const struct probe_guest *g, const struct probe_check *c, uint64_t rsp)
{
    static const uint8_t width[] = {[PROBE_REAL] = 2, [PROBE_PROTECTED] = 4, [PROBE_LONG] = 8};
    const uint64_t at = rsp + 2u * width[c->mode];
    return at < PROBE_RAM_LEN - 2 && le16_load(g->ram + at) & FLAG_TF;
}

static enum probe_result check_fault(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_regs r;
    enum probe_result result = check_walk(c, g);
    if (!step_regs(g, &r))
        return PROBE_BROKEN;
    if (!frame_has_tf(g, c, r.rsp))
        return result;
    const size_t at = strlen(g->detail);
    snprintf(g->detail + at, sizeof((struct probe_row *)NULL)->detail - at, "%sTF in the pushed frame",
             at ? "; " : "");
    return PROBE_BROKEN;
}

/* Every handler begins with HLT: does a step that faults end right behind it? That the halt is reported as a
 * debug exit is no fault here: RIP tells. */
static enum probe_result check_catch(const struct probe_check *c, struct probe_guest *g)
{
    const uint64_t handler = PROBE_STUBS + c->want * PROBE_STUB_LEN;
    uint64_t start;
    struct kvm_regs r;
    char seen[WORD_LEN * 2] = "";
    g->ram[handler] = 0xf4;
    if (!step_begin(g, &start))
        return PROBE_BROKEN;
    walk_on(g, start, seen, sizeof seen);
    if (!step_regs(g, &r))
        return PROBE_BROKEN;
    return r.rip == handler + 1 ? PROBE_WORKS
                                : probe_verdict(g, PROBE_BROKEN, "went %s, RIP 0x%llx", seen, r.rip);
}

static const uint8_t code_movss[] = {
    0x8c, 0xd0, /* mov %ss,%eax */
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x8e, 0xd0, /* mov %eax,%ss */
    0x90,       /* nop */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_sti[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0xfb,       /* sti */
    0x90,       /* nop */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

/* The prelude of a guest at CPL 3 ends with IRETQ; behind it user code looks at its flags. */
static const uint8_t code_flags_user[] = {
    0x9c,                                     /* pushfq */
    0x58,                                     /* pop %rax */
    0x89, 0x04, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %eax,0xd0000 */
};

static enum probe_result check_iretq(const struct probe_check *c, struct probe_guest *g)
{
    uint32_t flags;
    if (!step_on(g, true))
        return PROBE_BROKEN;
    if (walk_check(c, g, PROBE_PRELUDE) != PROBE_WORKS) {
        if (g->run->exit_reason == KVM_EXIT_MMIO && g->run->mmio.data[1] & FLAG_TF >> 8)
            snprintf(g->detail + strlen(g->detail), 30, "; user code sees TF");
        return PROBE_BROKEN;
    }
    if (!step_on(g, false) || !probe_answer(g, &flags))
        return PROBE_BROKEN;
    return flags & FLAG_TF ? probe_verdict(g, PROBE_BROKEN, "user code sees TF") : PROBE_WORKS;
}

static const uint8_t code_rep[] = {
    0xbe, 0x00, 0xa0, 0x00, 0x00, /* mov $0xa000,%esi */
    0xbf, 0x00, 0xa1, 0x00, 0x00, /* mov $0xa100,%edi */
    0xb9, 0x04, 0x00, 0x00, 0x00, /* mov $4,%ecx */
    0xe6, 0xe2,                   /* out %al,$0xe2 */
    0xf3, 0xa4,                   /* rep movsb */
    0x90,                         /* nop */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static enum probe_result check_rep(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_regs r;
    uint64_t start;
    char seen[64] = "";
    if (!step_begin(g, &start))
        return PROBE_BROKEN;
    do {
        if (!probe_enter(g, KVM_EXIT_DEBUG) || !step_regs(g, &r))
            return PROBE_BROKEN;
        const size_t at = strlen(seen);
        snprintf(seen + at, sizeof seen - at, "%s+%u:%llu", at ? " " : "", (unsigned)(r.rip - start), r.rcx);
    } while (r.rip == start && strlen(seen) < 40);
    return strcmp(seen, c->walk) == 0 ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "RIP:RCX went %s", seen);
}

static const uint8_t code_out[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* nop */
    0xe6, 0xe4, /* out %al,$0xe4 */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_in[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* nop */
    0xe4, 0xe4, /* in $0xe4,%al */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_outs[] = {
    0xbe, 0x00, 0xa0, 0x00, 0x00, /* mov $0xa000,%esi */
    0x66, 0xba, 0xe4, 0x00,       /* mov $0xe4,%dx */
    0xe6, 0xe2,                   /* out %al,$0xe2 */
    0x90,                         /* nop */
    0x6e,                         /* outsb */
    0x90,                         /* nop */
    0x90,                         /* nop */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_store[] = {
    0xe6, 0xe2,                               /* out %al,$0xe2 */
    0x90,                                     /* nop */
    0x89, 0x04, 0x25, 0x20, 0x00, 0x0d, 0x00, /* mov %eax,0xd0020 */
    0x90,                                     /* nop */
    0x90,                                     /* nop */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

static const uint8_t code_load[] = {
    0xe6, 0xe2,                               /* out %al,$0xe2 */
    0x90,                                     /* nop */
    0x8b, 0x04, 0x25, 0x20, 0x00, 0x0d, 0x00, /* mov 0xd0020,%eax */
    0x90,                                     /* nop */
    0x90,                                     /* nop */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

static const uint8_t code_cr0[] = {
    0x0f, 0x20, 0xc0, /* mov %cr0,%rax */
    0xe6, 0xe2,       /* out %al,$0xe2 */
    0x90,             /* nop */
    0x0f, 0x22, 0xc0, /* mov %rax,%cr0 */
    0x90,             /* nop */
    0x90,             /* nop */
    0xe7, 0xe0,       /* out %eax,$0xe0 */
};

static const uint8_t code_cpuid[] = {
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* nop */
    0x0f, 0xa2, /* cpuid */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_popf[] = {
    0x9c,       /* pushfq */
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* nop */
    0x9d,       /* popfq */
    0x90,       /* nop */
    0x90,       /* nop */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const char step_by_hand[] = "Ringside's own stepping makes up for it",
                  step_late[] = "a step is settled by an entry that runs nothing";

/* All but the title, the code and the walk is alike in most rows. */
#define WALK(name, words, in_mode, bytes, expected, loss)                                                    \
    {                                                                                                        \
        .id = name, .title = words, .run = check_walk, .mode = in_mode, PROBE_BYTES(bytes),                  \
        .walk = expected, .mend = probe_mend_hardware, .matters = loss                                       \
    }
#define FAULT(name, words, in_mode, bytes, expected)                                                         \
    {                                                                                                        \
        .id = name, .title = words, .run = check_fault, .mode = in_mode, PROBE_BYTES(bytes),                 \
        .walk = expected, .mend = probe_mend_hardware, .matters = step_by_hand                               \
    }

static const struct probe_check checks[] = {
    FAULT("step_fault", "a step over #UD, long mode", PROBE_LONG, code_ud, "#UD"),
    FAULT("step_fault_de", "a step over #DE, long mode", PROBE_LONG, code_de, "#DE"),
    FAULT("step_fault_protected", "a step over #DE, protected mode", PROBE_PROTECTED, code_de, "#DE"),
    FAULT("step_fault_real", "a step over #DE, real mode", PROBE_REAL, code_de, "#DE"),
    {.id = "step_catch",
     .title = "a fault stops at a HLT in its handler",
     .run = check_catch,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_de),
     .want = 0,
     .mend = probe_mend_bug,
     .matters = "a step over an instruction that faults runs into its handler"},
    {.id = "step_catch_real",
     .title = "a fault stops at a HLT, real mode",
     .run = check_catch,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_ud),
     .want = 6,
     .mend = probe_mend_bug,
     .matters = "a step over an instruction that faults runs into its handler"},
    WALK("step_movss", "a step over MOV SS, long mode", PROBE_LONG, code_movss, "+2 +3 +4", step_by_hand),
    WALK("step_movss_real", "a step over MOV SS, real mode", PROBE_REAL, code_movss, "+2 +3 +4",
         step_by_hand),
    WALK("step_sti", "a step over STI, long mode", PROBE_LONG, code_sti, "+1 +2 +3", step_by_hand),
    WALK("step_sti_real", "a step over STI, real mode", PROBE_REAL, code_sti, "+1 +2 +3", step_by_hand),
    {.id = "step_iretq_user",
     .title = "a step over IRETQ to CPL 3",
     .run = check_iretq,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_flags_user),
     .walk = "+4 +7 +9 +14 +19 +21 +26 0x8000",
     .mend = probe_mend_hardware,
     .matters = "the way to user mode cannot be stepped"},
    {.id = "step_rep",
     .title = "REP MOVSB: one iteration a step",
     .run = check_rep,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_rep),
     .walk = "+0:3 +0:2 +0:1 +2:0",
     .mend = probe_mend_hardware,
     .matters = "a step may do many iterations: it says how many"},
    WALK("step_out", "steps over OUT", PROBE_LONG, code_out, "+1 out +3 +4", step_late),
    WALK("step_in", "steps over IN", PROBE_LONG, code_in, "+1 in +3 +4", step_late),
    WALK("step_outs", "steps over OUTSB", PROBE_LONG, code_outs, "+1 out +2 +3", step_late),
    WALK("step_store", "steps over an MMIO store", PROBE_LONG, code_store, "+1 mmio +8 +9", step_late),
    WALK("step_load", "steps over an MMIO load", PROBE_LONG, code_load, "+1 mmio +8 +9", step_late),
    WALK("step_emulated", "steps over MOV CR0", PROBE_LONG, code_cr0, "+1 +4 +5 +6", step_by_hand),
    WALK("step_cpuid", "steps over CPUID", PROBE_LONG, code_cpuid, "+1 +3 +4 +5", step_by_hand),
    WALK("step_popf", "steps over POPF", PROBE_LONG, code_popf, "+1 +2 +3 +4", step_by_hand),
};

const struct probe_list probe_steps = {checks, sizeof checks / sizeof checks[0], "Single-step, case by case"};
