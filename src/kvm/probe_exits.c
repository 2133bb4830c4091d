/*
 * Checks of the host probe: the exits.  A guest leaves KVM_RUN when it touches a port, memory that is not
 * there, or halts; here each way out is taken once, in both directions, and what KVM says about it is
 * compared with what the guest did.  (KVM API documentation, "The kvm_run structure".)
 */
#include "kvm/probe_guest.h"

#include <string.h>

static const uint8_t code_hlt[] = {
    0xf4, /* hlt */
};

static enum probe_result check_hlt(const struct probe_check *c, struct probe_guest *g)
{
    (void)c;
    return probe_enter(g, KVM_EXIT_HLT) ? PROBE_WORKS : PROBE_BROKEN;
}

static const uint8_t code_pio_out[] = {
    0xb8, 0x34, 0x12, /* mov $0x1234,%ax */
    0xe7, 0xe0,       /* out %ax,$0xe0 */
};

static const uint8_t code_pio_in[] = {
    0xe5, 0xe4, /* in $0xe4,%ax */
    0xe7, 0xe0, /* out %ax,$0xe0 */
};

static enum probe_result check_pio_in(const struct probe_check *c, struct probe_guest *g)
{
    if (!probe_enter(g, KVM_EXIT_IO))
        return PROBE_BROKEN;
    if (g->run->io.direction != KVM_EXIT_IO_IN || g->run->io.port != PROBE_PORT_STRING ||
        g->run->io.size != 2)
        return probe_verdict(g, PROBE_BROKEN, "the exit does not say IN, 2 bytes, port 0x%x",
                             PROBE_PORT_STRING);
    memcpy((uint8_t *)g->run + g->run->io.data_offset, &c->want, 2);
    return probe_check_answer(c, g);
}

/* Four bytes from PROBE_DATA out, then four bytes in behind them, which the guest then reads. */
static const uint8_t code_pio_string[] = {
    0xfc,                                     /* cld */
    0xba, 0xe4, 0x00, 0x00, 0x00,             /* mov $0xe4,%edx */
    0xb9, 0x04, 0x00, 0x00, 0x00,             /* mov $4,%ecx */
    0xbe, 0x00, 0xa0, 0x00, 0x00,             /* mov $0xa000,%esi */
    0xf3, 0x6e,                               /* rep outsb */
    0xb9, 0x04, 0x00, 0x00, 0x00,             /* mov $4,%ecx */
    0xbf, 0x10, 0xa0, 0x00, 0x00,             /* mov $0xa010,%edi */
    0xf3, 0x6c,                               /* rep insb */
    0x8b, 0x04, 0x25, 0x10, 0xa0, 0x00, 0x00, /* mov 0xa010,%eax */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

/* Moves one byte after another between `p` and the guest: KVM may hand over a whole string in one exit, or
 * less. */
static bool string_exits(struct probe_guest *g, uint8_t direction, uint8_t *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        if (!probe_enter(g, KVM_EXIT_IO))
            return false;
        const struct kvm_run *r = g->run;
        if (r->io.direction != direction || r->io.port != PROBE_PORT_STRING || r->io.size != 1 ||
            r->io.count > n - done) {
            probe_verdict(g, PROBE_BROKEN, "%u x %u bytes at port 0x%x after %zu of %zu", r->io.count,
                          r->io.size, r->io.port, done, n);
            return false;
        }
        uint8_t *data = (uint8_t *)g->run + r->io.data_offset;
        memcpy(direction == KVM_EXIT_IO_OUT ? p + done : data, direction == KVM_EXIT_IO_OUT ? data : p + done,
               r->io.count);
        done += r->io.count;
    }
    return true;
}

static enum probe_result check_pio_string(const struct probe_check *c, struct probe_guest *g)
{
    uint32_t out = 0, in = c->want;
    if (!string_exits(g, KVM_EXIT_IO_OUT, (uint8_t *)&out, sizeof out))
        return PROBE_BROKEN;
    if (out != PROBE_MAGIC)
        return probe_verdict(g, PROBE_BROKEN, "OUTS gave 0x%x, not 0x%x", out, PROBE_MAGIC);
    return string_exits(g, KVM_EXIT_IO_IN, (uint8_t *)&in, sizeof in) ? probe_check_answer(c, g)
                                                                      : PROBE_BROKEN;
}

static const uint8_t code_mmio_write[] = {
    0xb8, 0x00, 0xd0,                                     /* mov $0xd000,%ax */
    0x8e, 0xd8,                                           /* mov %ax,%ds */
    0x66, 0xc7, 0x06, 0x00, 0x00, 0x0d, 0x60, 0x0d, 0x60, /* movl $0x600d600d,0 */
};

static const uint8_t code_mmio_read[] = {
    0xb8, 0x00, 0xd0, /* mov $0xd000,%ax */
    0x8e, 0xd8,       /* mov %ax,%ds */
    0xa1, 0x10, 0x00, /* mov 0x10,%ax */
    0xe7, 0xe0,       /* out %ax,$0xe0 */
};

/* One exit that reads or writes `len` bytes at `gpa`. */
static bool mmio_exit(struct probe_guest *g, bool is_write, uint64_t gpa, uint32_t len)
{
    if (!probe_enter(g, KVM_EXIT_MMIO))
        return false;
    const struct kvm_run *r = g->run;
    if (r->mmio.is_write == is_write && r->mmio.phys_addr == gpa && r->mmio.len == len)
        return true;
    probe_verdict(g, PROBE_BROKEN, "%s of %u bytes at 0x%llx", r->mmio.is_write ? "write" : "read",
                  r->mmio.len, (unsigned long long)r->mmio.phys_addr);
    return false;
}

static enum probe_result check_mmio_read(const struct probe_check *c, struct probe_guest *g)
{
    if (!mmio_exit(g, false, PROBE_MMIO_MARK, 2))
        return PROBE_BROKEN;
    memcpy(g->run->mmio.data, &c->want, 2);
    return probe_check_answer(c, g);
}

/* One instruction that reads and writes: two exits. */
static const uint8_t code_mmio_rmw[] = {
    0xff, 0x04, 0x25, 0x10, 0x00, 0x0d, 0x00, /* incl 0xd0010 */
};

static enum probe_result check_mmio_rmw(const struct probe_check *c, struct probe_guest *g)
{
    uint32_t value = c->want - 1;
    if (!mmio_exit(g, false, PROBE_MMIO_MARK, 4))
        return PROBE_BROKEN;
    memcpy(g->run->mmio.data, &value, sizeof value);
    if (!mmio_exit(g, true, PROBE_MMIO_MARK, 4))
        return PROBE_BROKEN;
    memcpy(&value, g->run->mmio.data, sizeof value);
    return value == c->want ? PROBE_WORKS
                            : probe_verdict(g, PROBE_BROKEN, "wrote 0x%x, not 0x%x", value, c->want);
}

/* A store to PROBE_ROM must come to us, a load must see the page. */
static const uint8_t code_rom[] = {
    0xc7, 0x04, 0x25, 0x00, 0x00, 0x0e, 0x00, 0x78, 0x56, 0x34, 0x12, /* movl $0x12345678,0xe0000 */
    0x8b, 0x04, 0x25, 0x00, 0x00, 0x0e, 0x00,                         /* mov 0xe0000,%eax */
    0xe7, 0xe0,                                                       /* out %eax,$0xe0 */
};

static enum probe_result check_rom(const struct probe_check *c, struct probe_guest *g)
{
    return mmio_exit(g, true, PROBE_ROM, 4) ? probe_check_answer(c, g) : PROBE_BROKEN;
}

/* KVM stores what an IN read only on the next entry; immediate_exit makes that entry end before another
 * instruction. */
static enum probe_result check_settle(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_regs r;
    struct err e;
    if (!probe_enter(g, KVM_EXIT_IO))
        return PROBE_BROKEN;
    memcpy((uint8_t *)g->run + g->run->io.data_offset, &c->want, 2);
    if (!probe_settle(g))
        return PROBE_BROKEN;
    if (kvm_get_regs(&g->vcpu, &r, &e) < 0)
        return probe_failed(g, &e);
    if ((r.rax & 0xffff) != c->want || r.rip != PROBE_CODE + 2)
        return probe_verdict(g, PROBE_BROKEN, "rax 0x%llx, rip 0x%llx after it", r.rax, r.rip);
    return probe_check_answer(c, g);
}

static enum probe_result check_immediate_exit(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_regs r;
    struct err e;
    if (!probe_settle(g))
        return PROBE_BROKEN;
    if (kvm_get_regs(&g->vcpu, &r, &e) < 0)
        return probe_failed(g, &e);
    if (r.rip != PROBE_CODE)
        return probe_verdict(g, PROBE_BROKEN, "the guest ran on to 0x%llx", r.rip);
    return probe_check_answer(c, g);
}

/* An exception without an IDT, twice more: the CPU shuts down. */
static const uint8_t code_ud2[] = {
    0x0f, 0x0b, /* ud2 */
};

static enum probe_result check_triple_fault(const struct probe_check *c, struct probe_guest *g)
{
    (void)c;
    return probe_enter(g, KVM_EXIT_SHUTDOWN) ? PROBE_WORKS : PROBE_BROKEN;
}

/* A load that leaves as MMIO, by an instruction which no KVM emulates: 80 bits of decimal digits into the x87
 * stack. At CPL 3 KVM would give the guest a #UD, unless it has been told to ask us. */
static const uint8_t code_emulation[] = {
    0xdf, 0x24, 0x25, 0x10, 0x00, 0x0d, 0x00, /* fbld 0xd0010 */
};

static enum probe_result check_emulation(const struct probe_check *c, struct probe_guest *g)
{
    struct err e;
    if (kvm_vm_enable_cap(&g->vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1, &e) < 0)
        return probe_failed(g, &e);
    if (!probe_enter(g, KVM_EXIT_INTERNAL_ERROR))
        return PROBE_BROKEN;
    const struct kvm_run *r = g->run;
    if (r->internal.suberror != KVM_INTERNAL_ERROR_EMULATION)
        return probe_verdict(g, PROBE_BROKEN, "suberror %u", r->internal.suberror);
    if (!(r->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) ||
        r->emulation_failure.insn_size < c->code_len ||
        memcmp(r->emulation_failure.insn_bytes, c->code, c->code_len) != 0)
        return probe_verdict(g, PROBE_BROKEN, "the exit does not carry the instruction's bytes");
    return PROBE_WORKS;
}

/* The hypercall of the other vendor is patched by KVM in guest memory, so the right one is asked for. */
static const uint8_t code_vmcall[] = {
    0xb8, 0xe8, 0x03, 0x00, 0x00, /* mov $0x3e8,%eax */
    0x0f, 0x01, 0xc1,             /* vmcall */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_vmmcall[] = {
    0xb8, 0xe8, 0x03, 0x00, 0x00, /* mov $0x3e8,%eax */
    0x0f, 0x01, 0xd9,             /* vmmcall */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static enum probe_result check_hypercall(const struct probe_check *c, struct probe_guest *g)
{
    const struct kvm_cpuid_entry2 *vendor = probe_cpuid_leaf(g->host->cpuid, 0);
    const uint32_t intel = 0x756e6547; /* "Genu" in EBX */
    if (vendor && vendor->ebx != intel)
        probe_guest_code(g, PROBE_CODE, code_vmmcall, sizeof code_vmmcall);
    return probe_check_answer(c, g);
}

static const struct probe_check checks[] = {
    {.id = "hlt",
     .title = "HLT exit",
     .run = check_hlt,
     PROBE_BYTES(code_hlt),
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "the end of a guest would go unseen"},
    {.id = "pio_out",
     .title = "OUT exit",
     .run = probe_check_answer,
     PROBE_BYTES(code_pio_out),
     .want = 0x1234,
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "no device can be written: no console"},
    {.id = "pio_in",
     .title = "IN exit",
     .run = check_pio_in,
     PROBE_BYTES(code_pio_in),
     .want = 0xbeef,
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "no device can be read"},
    {.id = "pio_string",
     .title = "REP OUTS and REP INS exits",
     .run = check_pio_string,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_pio_string),
     .want = 0x0defaced,
     .mend = probe_mend_bug,
     .matters = "guests that move strings through ports fail"},
    {.id = "mmio_write",
     .title = "MMIO write exit",
     .run = probe_check_answer,
     PROBE_BYTES(code_mmio_write),
     .want = 0x600d600d,
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "no device in memory: no text screen"},
    {.id = "mmio_read",
     .title = "MMIO read exit",
     .run = check_mmio_read,
     PROBE_BYTES(code_mmio_read),
     .want = 0x7ead,
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "no device in memory can be read"},
    {.id = "mmio_rmw",
     .title = "MMIO read-modify-write",
     .run = check_mmio_rmw,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_mmio_rmw),
     .want = 0x1000,
     .mend = probe_mend_bug,
     .matters = "instructions that read and write a device register in one go fail"},
    {.id = "rom_write",
     .title = "read-only slot: a write exits",
     .run = check_rom,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_rom),
     .want = PROBE_MAGIC,
     .cap = KVM_CAP_READONLY_MEM,
     .cap_name = "KVM_CAP_READONLY_MEM",
     .mend = probe_mend_kernel,
     .matters = "writes to ROM are not events, and change it"},
    {.id = "immediate_exit",
     .title = "immediate_exit runs nothing",
     .run = check_immediate_exit,
     PROBE_BYTES(code_pio_out),
     .want = 0x1234,
     .needed = true,
     .cap = KVM_CAP_IMMEDIATE_EXIT,
     .cap_name = "KVM_CAP_IMMEDIATE_EXIT",
     .mend = probe_mend_kernel,
     .matters = "a running guest could not be stopped without a race"},
    {.id = "settle",
     .title = "immediate_exit completes an IN",
     .run = check_settle,
     PROBE_BYTES(code_pio_in),
     .want = 0xbeef,
     .cap = KVM_CAP_IMMEDIATE_EXIT,
     .cap_name = "KVM_CAP_IMMEDIATE_EXIT",
     .mend = probe_mend_kernel,
     .matters = "a pause in the middle of an access shows registers from before it"},
    {.id = "triple_fault",
     .title = "triple fault: shutdown exit",
     .run = check_triple_fault,
     .mode = PROBE_LONG,
     .with = PROBE_NO_IDT,
     PROBE_BYTES(code_ud2),
     .mend = probe_mend_bug,
     .matters = "a guest's death would go unseen"},
    {.id = "emulation_failure",
     .title = "exit on emulation failure, with the bytes",
     .run = check_emulation,
     .mode = PROBE_LONG,
     .cpl = 3,
     .with = PROBE_NO_IDT,
     PROBE_BYTES(code_emulation),
     .cap = KVM_CAP_EXIT_ON_EMULATION_FAILURE,
     .cap_name = "KVM_CAP_EXIT_ON_EMULATION_FAILURE",
     .mend = probe_mend_kernel,
     .matters = "an instruction that KVM cannot emulate is not named"},
    {.id = "hypercall",
     .title = "hypercall (VMCALL, VMMCALL)",
     .run = check_hypercall,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_vmcall),
     .want = (uint32_t)-1000, /* -KVM_ENOSYS: no such hypercall */
     .mend = probe_mend_hardware,
     .matters = "a guest that makes a hypercall hangs until --timeout; lessons use a port instead"},
};

const struct probe_list probe_exits = {checks, sizeof checks / sizeof checks[0], "Exits"};
