/*
 * Single-stepping for time's sake.  Under `--clock steps` a device's deadline is a number of instructions
 * away; the only way to stop a guest after exactly that many is to count them, so while a timer is armed
 * whose interrupt could reach the CPU the guest is stepped, and otherwise it runs free.  A budget of steps
 * does the same for a whole run.
 *
 * KVM steps by setting RFLAGS.TF (Intel SDM, "Single-Step Exception Condition"), and the guest's own
 * instructions can see, save and lose that flag.  So each instruction is looked at before it runs:
 *
 * - PUSHF pushes the flag: the pushed copy is mended afterwards.
 * - POPF, IRET and SYSRET load RFLAGS without it: stepping is switched on again afterwards.
 * - INT n would push it into its frame: delivered by hand, as interrupts are while stepping.
 * - HLT runs free, since KVM reports the step and forgets the sleep.
 * - STI and MOV SS cast a shadow, and some hosts run the next instruction with them: both are looked at.
 *
 * What is not covered: an exception that an instruction raises pushes the flag where KVM itself does not hide
 * it (AMD and Intel hardware), and its handler runs as one step; likewise interrupts that KVM's own irqchip
 * injects.
 */
#include "run/inside.h"
#include "vm/insn.h"

enum step_kind { STEP_PLAIN, STEP_HLT, STEP_PUSHF, STEP_LOADS_FLAGS, STEP_INT, STEP_SHADOW };

/* An instruction as far as stepping cares. `width` is what a PUSHF pushes; `vector` is an INT's. */
struct step_insn {
    enum step_kind kind;
    unsigned len, width, vector;
};

static int guest_debug(struct run *r, uint32_t control, struct err *e)
{
    struct kvm_guest_debug d = {.control = control};
    return kvm_set_guest_debug(&r->vcpu, &d, e);
}

static bool step_wanted(const struct run *r)
{
    const struct machine *m = r->machine;
    if (r->options.max_steps)
        return true;
    return m->clock.kind == CLOCK_STEPS && m->next_deadline_ns != DEVICE_NEVER_NS &&
           machine_next_wake_ns(m) != DEVICE_NEVER_NS;
}

/* Opcodes of one byte that matter, with their length. */
static const struct {
    uint8_t opcode, len;
    enum step_kind kind;
} step_opcodes[] = {
    {0xf4, 1, STEP_HLT},         {0x9c, 1, STEP_PUSHF},  {0x9d, 1, STEP_LOADS_FLAGS},
    {0xcf, 1, STEP_LOADS_FLAGS}, {0xcd, 2, STEP_INT},    {0xcc, 1, STEP_INT},
    {0xce, 1, STEP_INT},         {0xfb, 1, STEP_SHADOW}, {0x17, 1, STEP_SHADOW},
};

static struct step_insn step_decode(const uint8_t *p, size_t n, unsigned bits)
{
    struct step_insn insn = {.kind = STEP_PLAIN};
    bool operand_size = false;
    size_t i = 0;
    for (; i < n && insn_is_prefix(p[i], bits); i++)
        operand_size |= p[i] == 0x66;
    if (i >= n)
        return insn;
    for (size_t k = 0; k < sizeof step_opcodes / sizeof step_opcodes[0]; k++)
        if (p[i] == step_opcodes[k].opcode)
            insn = (struct step_insn){step_opcodes[k].kind, (unsigned)i + step_opcodes[k].len, 0, 0};
    insn.width = bits == 64 ? (operand_size ? 2 : 8) : (bits == 16) != operand_size ? 2 : 4;
    if (p[i] == 0xcd && i + 1 < n)
        insn.vector = p[i + 1];
    else if (insn.kind == STEP_INT)
        insn.vector = p[i] == 0xcc ? 3 : 4;
    if (p[i] == 0x8e && i + 1 < n && (p[i + 1] & 0xf8) == 0xd0) /* MOV SS, register */
        insn = (struct step_insn){STEP_SHADOW, (unsigned)i + 2, 0, 0};
    if (p[i] == 0x0f && i + 1 < n && (p[i + 1] == 0x07 || p[i + 1] == 0x35)) /* SYSRET, SYSEXIT */
        insn.kind = STEP_LOADS_FLAGS;
    return insn;
}

/* INT n by hand: 1 done, 0 not (INTO without OF, or the CPU would fault), -1 KVM failed. */
static int step_interrupt(struct run *r, const struct step_insn *insn, struct err *e)
{
    const struct kvm_regs *regs = run_regs(r);
    if (insn->vector == 4 && insn->len == 1 && !(regs->rflags & RFLAGS_OF))
        return 0;
    if (cpu_cpl(regs, run_sregs(r)) != 0)
        return 0; /* then the gate's DPL decides, and KVM knows how to fault */
    return deliver_vector(r, insn->vector, regs->rip + insn->len, e);
}

/* Switches KVM's stepping on or off where that changes something. */
static int step_switch(struct run *r, bool wanted, struct err *e)
{
    if (wanted == r->stepping && !r->step_again)
        return 0;
    r->step_again = false;
    if (!wanted && !r->stepping)
        return 0;
    if (guest_debug(r, wanted ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP : 0, e) < 0)
        return -1;
    r->stepping = wanted;
    return 0;
}

/* Looks at the next instruction (behind a shadow, at the one after it too) and prepares for it. */
static int step_prepare(struct run *r, struct err *e)
{
    uint8_t code[2 * INSN_MAX];
    /* An exit nobody observes brings no special registers, and all below stands on them. */
    if (vcpu_state_need_sregs(r, e) < 0)
        return -1;
    unsigned bits = cpu_code_bits(run_sregs(r));
    uint64_t rip = run_regs(r)->rip;
    size_t n = run_read_code(r, rip, code, sizeof code);
    struct step_insn insn = step_decode(code, n, bits);
    bool shadowed = insn.kind == STEP_SHADOW;
    unsigned before = shadowed ? insn.len : 0;
    if (shadowed)
        insn = step_decode(code + before, n - before, bits);
    if (insn.kind == STEP_HLT)
        return step_switch(r, false, e);
    if (step_switch(r, true, e) < 0)
        return -1;
    if (insn.kind == STEP_PUSHF) {
        r->pushf_width = insn.width;
        r->pushf_next_rip = rip + before + insn.len;
    }
    r->step_again = insn.kind == STEP_LOADS_FLAGS;
    if (insn.kind != STEP_INT || shadowed)
        return 0;
    int done = step_interrupt(r, &insn, e);
    r->step_done = done > 0;
    return done < 0 ? -1 : 0;
}

int step_choose(struct run *r, struct err *e)
{
    bool wanted = step_wanted(r);
    r->pushf_width = 0;
    r->step_done = false;
    if (r->in_flight) {
        /* The last access is completed first, by an entry that runs nothing: under the trap flag KVM would go
         * on to the next instruction, which has not been looked at. */
        if (wanted || r->stepping)
            ((volatile struct kvm_run *)r->vcpu.run)->immediate_exit = 1;
        return 0;
    }
    return wanted ? step_prepare(r, e) : step_switch(r, false, e);
}

void step_mend(struct run *r)
{
    if (!r->pushf_width || run_regs(r)->rip != r->pushf_next_rip)
        return;
    const struct kvm_sregs *s = run_sregs(r);
    struct gva_context c = run_gva_context(r);
    uint64_t top = run_regs(r)->rsp + (cpu_mode(s) == MODE_LONG ? 0 : s->ss.base);
    uint8_t low[2];
    /* TF is bit 8: bit 0 of the second byte. */
    if (gva_read(&r->machine->memory, &c, top, low, 2, GVA_READ, NULL) == 2 && (low[1] & 1)) {
        low[1] &= 0xfe;
        (void)!gva_write(&r->machine->memory, &c, top, low, 2, NULL);
    }
}
