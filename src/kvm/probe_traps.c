/*
 * Checks of the host probe: INT n and exceptions.  Both go through the interrupt vector table or the IDT;
 * each handler says its vector (probe_state.c).  From CPL 3 the CPU also changes the stack, to RSP0 of the
 * TSS that the guest has loaded.  (Intel SDM, "Interrupt and Exception Handling"; "INT n/INTO/INT3/INT1".)
 */
#include "kvm/probe_guest.h"

/* The same bytes in every mode. */
static const uint8_t code_int[] = {
    0xcd, 0x40, /* int $0x40 */
    0xe7, 0xe0, /* out %eax,$0xe0 */
};

static const uint8_t code_ud2[] = {
    0x0f, 0x0b, /* ud2 */
};

static const uint8_t code_divide[] = {
    0x31, 0xc9, /* xor %ecx,%ecx */
    0xf7, 0xf1, /* div %ecx */
};

static const uint8_t code_page_fault[] = {
    0x8b, 0x04, 0x25, 0x00, 0x00, 0x00, 0x40, /* mov 0x40000000,%eax */
};

static enum probe_result check_page_fault(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_sregs s;
    struct err e;
    if (!probe_vector(g, c->want))
        return PROBE_BROKEN;
    if (kvm_get_sregs(&g->vcpu, &s, &e) < 0)
        return probe_failed(g, &e);
    return s.cr2 == PROBE_UNMAPPED ? PROBE_WORKS : probe_verdict(g, PROBE_BROKEN, "CR2 is 0x%llx", s.cr2);
}

/* The handler in PROBE_CODE2 counts and returns; the guest goes on behind its UD2. */
static const uint8_t code_return[] = {
    0xb8, 0x41, 0x00, 0x00, 0x00, /* mov $0x41,%eax */
    0x0f, 0x0b,                   /* ud2 */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_handler[] = {
    0xff, 0xc0,                   /* inc %eax */
    0x48, 0x83, 0x04, 0x24, 0x02, /* addq $2,(%rsp) */
    0x48, 0xcf,                   /* iretq */
};

static enum probe_result check_return(const struct probe_check *c, struct probe_guest *g)
{
    const unsigned vector_ud = 6;
    probe_guest_handler(g, vector_ud, code_handler, sizeof code_handler);
    return probe_check_answer(c, g);
}

static const struct probe_check checks[] = {
    {.id = "int_real",
     .title = "INT n, real mode",
     .run = probe_check_vector,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_int),
     .want = 0x40,
     .mend = probe_mend_bug,
     .matters = "boot sectors cannot call BIOS services"},
    {.id = "int_protected",
     .title = "INT n, protected mode",
     .run = probe_check_vector,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_int),
     .want = 0x40,
     .mend = probe_mend_hardware,
     .matters = "Ringside completes INT n itself, which is slower and an event of its own"},
    {.id = "int_long",
     .title = "INT n, long mode, CPL 0",
     .run = probe_check_vector,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_int),
     .want = 0x40,
     .mend = probe_mend_hardware,
     .matters = "Ringside completes INT n itself, which is slower and an event of its own"},
    {.id = "int_cpl3",
     .title = "INT n, long mode, CPL 3",
     .run = probe_check_vector,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_int),
     .want = 0x40,
     .mend = probe_mend_hardware,
     .matters = "no system calls by INT n; user-mode labs enter the kernel by a fault"},
    {.id = "fault_ud",
     .title = "#UD through the IDT",
     .run = probe_check_vector,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_ud2),
     .want = 6,
     .mend = probe_mend_bug,
     .matters = "guests cannot handle exceptions"},
    {.id = "fault_de",
     .title = "#DE through the IDT",
     .run = probe_check_vector,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_divide),
     .want = 0,
     .mend = probe_mend_bug,
     .matters = "guests cannot handle exceptions"},
    {.id = "fault_pf",
     .title = "#PF through the IDT, with CR2",
     .run = check_page_fault,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_page_fault),
     .want = 14,
     .mend = probe_mend_bug,
     .matters = "guests cannot handle page faults: no lesson on paging"},
    {.id = "fault_return",
     .title = "a handler returns by IRETQ",
     .run = check_return,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_return),
     .want = 0x42,
     .mend = probe_mend_bug,
     .matters = "guests cannot go on after an exception"},
    {.id = "fault_cpl3",
     .title = "a fault at CPL 3 enters CPL 0",
     .run = probe_check_vector,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_ud2),
     .want = 6,
     .mend = probe_mend_hardware,
     .matters = "no guest kernel can serve its user mode"},
};

const struct probe_list probe_traps = {checks, sizeof checks / sizeof checks[0], "INT n and exceptions"};
