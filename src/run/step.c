/*
 * Single-stepping for time's sake.  Under `--clock steps` a device's deadline is a number of instructions
 * away; the only way to stop a guest after exactly that many is to count them, so while a timer is armed
 * whose interrupt could reach the CPU the guest is stepped, and otherwise it runs free.  A budget of steps
 * does the same for a whole run.
 *
 * KVM steps by setting RFLAGS.TF (Intel SDM, "Single-Step Exception Condition").  A PUSHF would let the guest
 * see it: the pushed copy is mended after the step.
 */
#include "run/inside.h"

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

/* What the instruction about to be stepped needs. */
enum step_kind { STEP_PLAIN, STEP_HLT, STEP_PUSHF };

/* Looks at the instruction at RIP; for PUSHF *width is how many bytes it pushes. */
static enum step_kind step_look(const struct run *r, unsigned *width)
{
    uint8_t code[4];
    unsigned bits = cpu_code_bits(run_sregs(r));
    size_t n = run_read_code(r, run_regs(r)->rip, code, sizeof code), i = 0;
    bool operand_size = false;
    for (; i < n && (code[i] == 0x66 || (bits == 64 && (code[i] & 0xf0) == 0x40)); i++)
        operand_size |= code[i] == 0x66;
    /* STI casts a shadow over the next instruction, and some hosts run both in one step. */
    bool shadowed = n >= 2 && code[0] == 0xfb && code[1] == 0xf4;
    if (shadowed || (i < n && code[i] == 0xf4))
        return STEP_HLT;
    if (i >= n || code[i] != 0x9c)
        return STEP_PLAIN;
    *width = bits == 64 ? (operand_size ? 2 : 8) : (bits == 16) != operand_size ? 2 : 4;
    return STEP_PUSHF;
}

/* A HLT runs free: under the trap flag KVM reports the step and forgets the sleep. */
int step_choose(struct run *r, struct err *e)
{
    r->pushf_width = 0;
    bool wanted = step_wanted(r);
    if (r->in_flight) {
        /* The last access is completed first, by an entry that runs nothing: under the trap flag KVM would go
         * on to the next instruction, which has not been looked at. */
        if (wanted || r->stepping)
            ((volatile struct kvm_run *)r->vcpu.run)->immediate_exit = 1;
        return 0;
    }
    wanted = wanted && step_look(r, &r->pushf_width) != STEP_HLT;
    if (wanted == r->stepping)
        return 0;
    if (guest_debug(r, wanted ? KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP : 0, e) < 0)
        return -1;
    r->stepping = wanted;
    return 0;
}

void step_mend(struct run *r)
{
    if (!r->pushf_width)
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
