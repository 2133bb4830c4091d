/*
 * Makes the guest of a case: see rig.h.  The guest's tables are written into its memory and its registers set
 * as a boot loader would have left them.  CPL 3 is entered by the guest itself, LTR and then IRET: some
 * hosts do not like a task register that was put there from outside, and so that way is stepped too.
 * (Intel SDM, "Segment Descriptors", "IDT Descriptors", "Paging", "Task-State Segment".)
 */
#include "rig.h"

#include "base/bytes.h"
#include "machine/machine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40 };
enum { PTE_PAGE = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, PTE_TABLE = PTE_P | PTE_W | PTE_U | PTE_A };
enum { AT_PDPT = AT_TABLES + 0x1000, AT_PD = AT_TABLES + 0x2000, AT_PT = AT_TABLES + 0x3000 };
enum { AT_PD32 = AT_TABLES + 0x4000, AT_PT32 = AT_TABLES + 0x5000, AT_PDPT_PAE = AT_TABLES + 0x6000 };
enum { TYPE_DATA = 3, TYPE_CODE = 11, TYPE_TSS_BUSY = 11, PAGES = 512, VECTORS = 256 };
enum { MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082, MSR_FMASK = 0xc0000084 };
enum { WATCHDOG_S = 60 };
enum { PORT_PIC = 0x20, PORT_PIC2 = 0xa0 };

/* What each mode is made of. */
static const struct mode {
    const char *name, *need;
    uint64_t cr0, cr3, cr4, efer;
    uint16_t cs, ss;
    uint8_t bits, cpl, handler_bits;
} modes[MODES] = {
    [MODE_REAL16] = {"real", "step_real", 0x10, 0, 0, 0, 0, 0, 16, 0, 16},
    [MODE_PROT32] = {"protected", "step_protected", 0x31, 0, 0x600, 0, SEL_CS32, SEL_DS, 32, 0, 32},
    [MODE_PAGING32] = {"paging32", "paging32", 0x80010031, AT_PD32, 0x600, 0, SEL_CS32, SEL_DS, 32, 0, 32},
    [MODE_PAE32] = {"pae", "pae", 0x80010031, AT_PDPT_PAE, 0x620, 0, SEL_CS32, SEL_DS, 32, 0, 32},
    [MODE_COMPAT32] = {"compat", "compat", CR0_LONG, AT_TABLES, 0x620, 0x501, SEL_CS32, SEL_DS, 32, 0, 64},
    [MODE_LONG64] = {"long", "step_long", CR0_LONG, AT_TABLES, 0x620, 0x501, SEL_CS64, SEL_DS, 64, 0, 64},
    [MODE_USER32] = {"user32", "cpl3_protected", 0x31, 0, 0x600, 0, SEL_CS32_U, SEL_DS_U, 32, 3, 32},
    [MODE_USER64] = {"user64", "cpl3_long", CR0_LONG, AT_TABLES, 0x620, 0x501, SEL_CS64_U, SEL_DS_U, 64, 3,
                     64},
};

const char *rig_mode_name(unsigned mode)
{
    return modes[mode].name;
}

const char *rig_mode_need(unsigned mode)
{
    return modes[mode].need;
}

void rig_program_init(struct rig_program *p, unsigned mode)
{
    *p = (struct rig_program){.mode = mode,
                              .init = {[R_RAX] = RAX0,
                                       [R_RBX] = RBX0,
                                       [R_RCX] = RCX0,
                                       [R_RDX] = RDX0,
                                       [R_RSI] = RSI0,
                                       [R_RDI] = RDI0,
                                       [R_RBP] = RBP0,
                                       [R_RSP] = AT_STACK,
                                       [R_FLAGS] = F_1}};
    if (modes[mode].bits == 64)
        for (unsigned r = R_R8; r <= R_R15; r++)
            p->init[r] = R8_0 + r;
}

static void memory_gdt(uint8_t *ram)
{
    /* Flat, and accessed already: the CPU has nothing to write there. */
    static const uint64_t gdt[] = {
        [SEL_CS64 / 8] = 0x00af9b000000ffff,
        [SEL_DS / 8] = 0x00cf93000000ffff,
        [SEL_CS32 / 8] = 0x00cf9b000000ffff,
        [SEL_CS64_U / 8] = 0x00affb000000ffff,
        [SEL_DS_U / 8] = 0x00cff3000000ffff,
        [SEL_CS32_U / 8] = 0x00cffb000000ffff,
        [SEL_TR64 / 8] = 0x0000890000000067 | (uint64_t)AT_TSS64 << 16,
        [SEL_CS16 / 8] = 0x00009b000000ffff,
        [SEL_DS16 / 8] = 0x000093000000ffff,
        [SEL_ABSENT / 8] = 0x00cf73000000ffff,
        [SEL_SYSRET_SS / 8] = 0x00cff3000000ffff,
        [SEL_SYSRET_CS / 8] = 0x00affb000000ffff,
        [SEL_TR32 / 8] = 0x0000890000000067 | (uint64_t)AT_TSS32 << 16,
        [SEL_ABSENT0 / 8] = 0x00cf13000000ffff,
    };
    for (size_t i = 0; i < sizeof gdt / sizeof gdt[0]; i++)
        le_store(ram + AT_GDT + i * 8, gdt[i], 8);
    le_store(ram + AT_TSS64 + 4, AT_STACK0, 8);
    le_store(ram + AT_TSS32 + 4, AT_STACK0, 4);
    le_store(ram + AT_TSS32 + 8, SEL_DS, 4);
    le_store(ram + AT_TSS64 + 102, 104, 2); /* no I/O bitmap */
    le_store(ram + AT_TSS32 + 102, 104, 2);
}

static void memory_handlers(uint8_t *ram, const struct rig_program *p, unsigned bits)
{
    static const uint8_t halts[] = {0x90, 0x90, 0xf4}, returns[] = {0xcf}, returns64[] = {0x48, 0xcf};
    for (unsigned v = 0; v < VECTORS; v++) {
        uint8_t *at = ram + HANDLER(v);
        memcpy(at, halts, sizeof halts);
        if (v == VECTOR_RETURNS || v == VECTOR_IRQ1 || (p->handlers_return && v == 1))
            memcpy(at, bits == 64 ? returns64 : returns, bits == 64 ? sizeof returns64 : sizeof returns);
        le_store(ram + (size_t)v * 4, HANDLER(v), 4);
        le_store(ram + AT_IDT32 + (size_t)v * 8, (uint64_t)0xee00 << 32 | SEL_CS32 << 16 | HANDLER(v), 8);
        le_store(ram + AT_IDT64 + (size_t)v * 16, (uint64_t)0xee00 << 32 | SEL_CS64 << 16 | HANDLER(v), 8);
    }
    memcpy(ram + AT_SYSCALL, (const uint8_t[]){0x48, 0x0f, 0x07}, 3); /* sysretq */
}

/* Adds 2 to the return address: a UD2 is skipped. RF, which some CPUs set in the frame and some do not, is
 * cleared there. */
static void memory_skip_ud(uint8_t *ram, unsigned bits)
{
    /* addw $2,2(%bp); addl $2,(%esp) and andb $0xfe,10(%esp); addq $2,(%rsp) and andb $0xfe,18(%rsp) */
    static const uint8_t skip16[] = {0x55, 0x89, 0xe5, 0x83, 0x46, 0x02, 0x02, 0x5d, 0xcf},
                         skip32[] = {0x83, 0x04, 0x24, 0x02, 0x80, 0x64, 0x24, 0x0a, 0xfe, 0xcf},
                         skip64[] = {0x48, 0x83, 0x04, 0x24, 0x02, 0x80, 0x64, 0x24, 0x12, 0xfe, 0x48, 0xcf};
    const uint8_t *code = bits == 16 ? skip16 : bits == 32 ? skip32 : skip64;
    memcpy(ram + HANDLER(6), code, bits == 16 ? sizeof skip16 : bits == 32 ? sizeof skip32 : sizeof skip64);
}

static void memory_paging(uint8_t *ram)
{
    le_store(ram + AT_TABLES, AT_PDPT | PTE_TABLE, 8);
    le_store(ram + AT_PDPT, AT_PD | PTE_TABLE, 8);
    le_store(ram + AT_PDPT_PAE, AT_PD | PTE_P, 8);
    le_store(ram + AT_PD, AT_PT | PTE_TABLE, 8);
    le_store(ram + AT_PD32, AT_PT32 | PTE_TABLE, 4);
    for (unsigned page = 0; page < PAGES; page++) {
        uint32_t entry = page * 0x1000u | PTE_PAGE;
        if (page == AT_HOLE / 0x1000)
            entry = 0;
        if (page == AT_READ_ONLY / 0x1000)
            entry &= ~(uint32_t)PTE_W;
        if (page == AT_KERNEL / 0x1000)
            entry &= ~(uint32_t)PTE_U;
        le_store(ram + AT_PT + (size_t)page * 8, entry, 8);
        le_store(ram + AT_PT32 + (size_t)page * 4, entry, 4);
    }
}

/* push TR; ltr (SP); push SS, SP, FLAGS, CS, IP; iret. The same bytes but for the last in 32 and 64 bits. */
static void memory_prelude(uint8_t *ram, const struct rig_program *p)
{
    const struct mode *m = &modes[p->mode];
    const uint32_t frame[] = {m->ss, (uint32_t)p->init[R_RSP], (uint32_t)p->init[R_FLAGS], m->cs, AT_CODE};
    uint8_t *at = ram + AT_PRELUDE;
    *at++ = 0x68;
    le_store(at, m->bits == 64 ? SEL_TR64 : SEL_TR32, 4);
    memcpy(at + 4, (const uint8_t[]){0x0f, 0x00, 0x1c, 0x24}, 4);
    at += 8;
    for (size_t i = 0; i < 5; i++, at += 5) {
        *at = 0x68;
        le_store(at + 1, frame[i], 4);
    }
    if (m->bits == 64)
        *at++ = 0x48;
    *at = 0xcf;
}

static void memory_fill(uint8_t *ram, const struct rig_program *p)
{
    memory_handlers(ram, p, modes[p->mode].handler_bits);
    if (p->handlers_return)
        memory_skip_ud(ram, modes[p->mode].handler_bits);
    memory_gdt(ram);
    memory_paging(ram);
    for (unsigned i = 0; i < 16; i++)
        ram[AT_DATA + i] = (uint8_t)(0x80 + i);
    memcpy(ram + AT_CODE, p->code, p->len);
    if (modes[p->mode].cpl == 3)
        memory_prelude(ram, p);
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, uint8_t bits)
{
    return (struct kvm_segment){.limit = 0xffffffff,
                                .selector = selector,
                                .type = type,
                                .present = 1,
                                .dpl = selector & 3,
                                .db = bits != 64,
                                .s = 1,
                                .l = bits == 64,
                                .g = 1};
}

static void sregs_fill(struct kvm_sregs *s, unsigned mode)
{
    const struct mode *m = &modes[mode];
    if (mode == MODE_REAL16) {
        s->fs.selector = AT_VGA >> 4;
        s->fs.base = AT_VGA;
        s->gs.selector = AT_NOTHING >> 4;
        s->gs.base = AT_NOTHING;
        return;
    }
    const uint16_t cs = m->bits == 64 ? SEL_CS64 : SEL_CS32; /* CPL 3 comes later */
    s->cs = segment(cs, TYPE_CODE, m->bits);
    s->ss = segment(SEL_DS, TYPE_DATA, 32);
    s->ds = s->es = s->fs = s->gs = segment(m->cpl == 3 ? SEL_DS_U : SEL_DS, TYPE_DATA, 32);
    s->gdt = (struct kvm_dtable){.base = AT_GDT, .limit = SEL_ABSENT0 + 7};
    const bool idt64 = m->handler_bits == 64;
    s->idt = (struct kvm_dtable){.base = idt64 ? AT_IDT64 : AT_IDT32,
                                 .limit = (uint16_t)(VECTORS * (idt64 ? 16 : 8) - 1)};
    s->tr = (struct kvm_segment){
        .base = AT_TSS64, .limit = 0x67, .selector = SEL_TR64, .type = TYPE_TSS_BUSY, .present = 1};
    s->cr0 = m->cr0;
    s->cr3 = m->cr3;
    s->cr4 = m->cr4;
    s->efer = m->efer;
}

static void port_write(struct machine *m, uint16_t port, uint8_t byte)
{
    uint64_t value = byte;
    struct bus_hit hit;
    machine_access(m, SPACE_PIO, port, 1, true, &value, &hit);
}

/* The PICs as a PC's firmware leaves them, vectors from 0x20, only line 1 open; then a key. */
static void irq_raise(struct machine *m)
{
    static const struct {
        uint16_t port;
        uint8_t byte;
    } writes[] = {{PORT_PIC, 0x11},     {PORT_PIC + 1, 0x20},  {PORT_PIC + 1, 4},  {PORT_PIC + 1, 1},
                  {PORT_PIC2, 0x11},    {PORT_PIC2 + 1, 0x28}, {PORT_PIC2 + 1, 2}, {PORT_PIC2 + 1, 1},
                  {PORT_PIC + 1, 0xfd}, {PORT_PIC2 + 1, 0xff}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        port_write(m, writes[i].port, writes[i].byte);
    (void)machine_input(m, (const uint8_t *)"a", 1);
}

static int registers_set(struct rig *g, const struct rig_program *p, struct err *e)
{
    struct kvm_regs r;
    struct kvm_sregs s;
    const bool user = modes[p->mode].cpl == 3;
    if (run_read_cpu(g->run, &r, &s, e) < 0)
        return -1;
    const uint64_t *v = p->init;
    r = (struct kvm_regs){.rax = v[R_RAX],
                          .rbx = v[R_RBX],
                          .rcx = v[R_RCX],
                          .rdx = v[R_RDX],
                          .rsi = v[R_RSI],
                          .rdi = v[R_RDI],
                          .rbp = v[R_RBP],
                          .rsp = user ? AT_STACK0 : v[R_RSP],
                          .rip = user ? AT_PRELUDE : AT_CODE,
                          .rflags = user ? F_1 : v[R_FLAGS]};
    memcpy(&r.r8, v + R_R8, 8 * sizeof r.r8);
    sregs_fill(&s, p->mode);
    if (run_write_cpu(g->run, &r, &s, e) < 0)
        return -1;
    if (!(s.efer & 1))
        return 0;
    const struct kvm_vcpu *vcpu = run_vcpu(g->run);
    return kvm_set_msr(vcpu, MSR_STAR, (uint64_t)(SEL_ABSENT | 3) << 48 | (uint64_t)SEL_CS64 << 32, e) < 0 ||
                   kvm_set_msr(vcpu, MSR_LSTAR, AT_SYSCALL, e) < 0 ||
                   kvm_set_msr(vcpu, MSR_FMASK, 0x47fd5, e) < 0
               ? -1
               : 0;
}

/* Steps from the prelude to AT_CODE. */
static int prelude_walk(struct rig *g, struct err *e)
{
    struct kvm_regs r;
    struct run_pause pause;
    for (unsigned step = 0; step < 8; step++) {
        if (run_step(g->run, &pause, e) < 0)
            return -1;
        if (pause.why == PAUSED_REFUSED) {
            err_set(e, "%s", pause.refusal);
            return 1;
        }
    }
    if (run_read_cpu(g->run, &r, NULL, e) < 0)
        return -1;
    return r.rip == AT_CODE ? 0 : err_set(e, "the way to CPL 3 ended at 0x%llx", r.rip);
}

static void rig_too_long(union sigval v)
{
    run_stop(v.sival_ptr, STOP_TIMEOUT);
}

/* A guest or a step that never ends is a failure of its case, not a test that hangs. */
static int watchdog_start(struct rig *g, struct err *e)
{
    struct sigevent when = {
        .sigev_notify = SIGEV_THREAD, .sigev_notify_function = rig_too_long, .sigev_value.sival_ptr = g->run};
    const struct itimerspec after = {.it_value.tv_sec = WATCHDOG_S};
    if (timer_create(CLOCK_MONOTONIC, &when, &g->watchdog) < 0)
        return err_sys(e, errno, "timer");
    g->watched = true;
    timer_settime(g->watchdog, 0, &after, NULL);
    return 0;
}

int rig_open(struct rig *g, const struct rig_program *p, struct err *e)
{
    const struct machine_options mo = {.mem_len = RAM_LEN, .irqchip = IRQCHIP_USER, .clock = CLOCK_STEPS};
    const struct run_options ro = {.trace_steps = p->sink != NULL};
    const struct cpu_start start = {.mode = MODE_REAL, .entry = AT_CODE, .rsp = AT_STACK};
    g->run = NULL;
    g->watched = false;
    if (machine_init(&g->machine, &mo, e) < 0)
        return -1;
    memory_fill(g->machine.memory.ram, p);
    g->run = run_create(&g->machine, &ro, &start, e);
    if (g->run && p->sink)
        run_add_sink(g->run, *p->sink);
    if (!g->run || watchdog_start(g, e) < 0 || run_begin(g->run, e) < 0 || registers_set(g, p, e) < 0) {
        rig_close(g);
        return -1;
    }
    if (p->irq)
        irq_raise(&g->machine);
    run_hold_interrupts(g->run, !p->let_in);
    const int rc = modes[p->mode].cpl == 3 ? prelude_walk(g, e) : 0;
    if (rc != 0)
        rig_close(g);
    return rc;
}

void rig_close(struct rig *g)
{
    if (g->watched)
        timer_delete(g->watchdog);
    if (g->run)
        run_finish(g->run);
    run_destroy(g->run);
    machine_fini(&g->machine);
}

int rig_state_read(const struct rig *g, struct rig_state *state, struct err *e)
{
    struct kvm_regs r;
    struct kvm_sregs s;
    if (run_read_cpu(g->run, &r, &s, e) < 0)
        return -1;
    memcpy(state->reg, &r, 18 * sizeof state->reg[0]); /* RAX to RFLAGS, in R_*'s order */
    const uint64_t more[] = {s.cs.selector, s.ss.selector, s.ds.selector, s.es.selector,
                             s.cr0,         s.cr2,         s.cr3,         s.cr4,
                             s.efer,        s.gdt.base,    s.idt.base,    s.tr.selector};
    _Static_assert(R_CS + sizeof more / sizeof more[0] == REGS, "registers");
    memcpy(state->reg + R_CS, more, sizeof more);
    memcpy(state->ram, g->machine.memory.ram, RAM_LEN);
    memset(state->ram + AT_TABLES, 0, AT_TABLES_END - AT_TABLES);
    return 0;
}

const char *rig_reg_name(unsigned reg)
{
    static const char *const names[REGS] = {
        "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp",  "rbp",    "r8",   "r9",
        "r10", "r11", "r12", "r13", "r14", "r15", "rip",  "rflags", "cs",   "ss",
        "ds",  "es",  "cr0", "cr2", "cr3", "cr4", "efer", "gdtr",   "idtr", "tr",
    };
    return names[reg];
}
