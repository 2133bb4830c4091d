/*
 * `why`: what it says of events and of steps that ended in a handler, and that it keeps what is known from
 * what is inferred.
 */
#include "debug_symbols.h"
#include "debug_target.h"

#include "debug/why.h"

#define LINE_MAX_COLUMNS 100

static const struct symbol rows[] = {{"main", 0x1000, 0x100, true}};
static const struct symbols some_symbols = {rows, 1};

static const struct event_device devices[] = {
    {"none", "", NULL, 0},
    {"uart", "16550A serial port", (const char *const[]){"THR", "RBR"}, 2},
    {"rom0", "read-only memory", NULL, 0}};
static const struct event_names names = {.devices = devices, .device_count = 3};

struct bench {
    struct rig rig;
    struct text out;
};

static void bench_init(struct bench *b, enum cpu_mode mode)
{
    memset(b, 0, sizeof *b);
    rig_init(&b->rig, mode, 0x1000);
    b->rig.t.symbols = &some_symbols;
}

static void bench_fini(struct bench *b)
{
    text_fini(&b->out);
    rig_fini(&b->rig);
}

static void check_columns(const struct text *out)
{
    char line[1024];
    for (const char *p = text_str(out); *p;) {
        size_t n = strcspn(p, "\n");
        CU_ASSERT_FATAL(n < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)n, p);
        CU_ASSERT(text_width(line) <= LINE_MAX_COLUMNS);
        p += n + (p[n] == '\n');
    }
}

/* The paragraph under a head, on one line. */
static struct text part(const struct text *all, const char *head)
{
    struct text out = {0};
    const char *p = strstr(text_str(all), head);
    if (!p)
        return out;
    for (p += strlen(head); *p; p++) {
        if (*p == '\n' && p[1] != ' ')
            break;
        if (*p == '\n' || (*p == ' ' && out.len && out.buf[out.len - 1] == ' '))
            continue;
        text_addc(&out, *p);
        if (p[1] == '\n' && p[2] == ' ')
            text_addc(&out, ' ');
    }
    return out;
}

static void explain(struct bench *b, const struct event *ev)
{
    text_clear(&b->out);
    why_event(&b->rig.t, ev, &names, &b->out);
    check_columns(&b->out);
}

static void says(struct bench *b, const char *head, const char *want)
{
    struct text p = part(&b->out, head);
    ASSERT_HAS(&p, want);
    text_fini(&p);
}

static void test_out(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    rig_put(&b.rig, 0x1000, "\xee", 1); /* out dx, al */
    b.rig.t.regs.rdx = 0x3f8;
    b.rig.t.regs.rax = 0x48;
    b.rig.t.regs.rip = 0x1001;
    struct event ev = {.seq = 42,
                       .kind = EVENT_IO,
                       .dir = DIR_OUT,
                       .rip = 0x1000,
                       .cs = 8,
                       .addr = 0x3f8,
                       .value = 'H',
                       .size = 1,
                       .count = 1,
                       .device = 1,
                       .reg = 0,
                       .guest_ns = 12500,
                       .host_ns = 640,
                       .mode_cpl = event_mode_cpl(MODE_LONG, 0),
                       .flags = EVENT_ADDR | EVENT_VALUE};
    explain(&b, &ev);
    ASSERT_HAS(&b.out, "event 42: out 0x3f8 ← 48 'H'  uart.THR\n");
    says(&b, "known:", "The guest wrote to port 0x3f8, 1 byte: 0x48 ('H').");
    says(&b, "known:", "Device uart (16550A serial port) took it, register THR. Writing THR sends the byte");
    says(&b, "known:", "long mode at CPL 0, at 0x0008:0x1000");
    says(&b, "known:", "12.5 us inside KVM_RUN; Ringside took 640 ns");
    says(&b, "inferred:",
         "The instruction is out dx, al (ee) at 0x1000 <main>, by the bytes that are in memory now.");
    says(&b, "inferred:", "dx = 0x3f8, al = 0x48");
    says(&b, "inferred:", "unconditional I/O exiting");
    says(&b, "inferred:", "IOIO_PROT");
    says(&b, "manual:", "KVM_EXIT_IO");
    struct text known = part(&b.out, "known:");
    ASSERT_LACKS(&known, "out dx, al"); /* the bytes were not recorded with the event */
    text_fini(&known);

    b.rig.t.regs.rip = 0x2000; /* the guest has gone on: its registers are others now */
    explain(&b, &ev);
    ASSERT_LACKS(&b.out, "Operands");
    ev.flags |= EVENT_RIP_NEXT;
    explain(&b, &ev);
    says(&b, "inferred:", "was not found");
    ev.device = 0;
    ev.flags |= EVENT_UNCLAIMED;
    ev.dir = DIR_IN;
    explain(&b, &ev);
    says(&b, "known:", "No device claims that address: a read gives all ones.");
    bench_fini(&b);
}

/* An IN has overwritten AL: it is no operand of before. */
static void test_in(void)
{
    struct bench b;
    bench_init(&b, MODE_REAL);
    rig_put(&b.rig, 0x1000, "\xec", 1); /* in al, dx */
    b.rig.t.regs.rdx = 0x3f8;
    b.rig.t.regs.rax = 0x41;
    b.rig.t.regs.rip = 0x1001;
    struct event ev = {.kind = EVENT_IO,
                       .dir = DIR_IN,
                       .rip = 0x1000,
                       .addr = 0x3f8,
                       .value = 0x41,
                       .size = 1,
                       .count = 1,
                       .device = 1,
                       .reg = 1,
                       .flags = EVENT_ADDR | EVENT_VALUE};
    explain(&b, &ev);
    says(&b, "known:", "read port 0x3f8, 1 byte, and got 0x41 ('A')");
    says(&b, "known:", "Reading RBR takes the byte out");
    says(&b, "inferred:", "dx = 0x3f8");
    ASSERT_LACKS(&b.out, "al = ");
    bench_fini(&b);
}

static void test_mmio(void)
{
    struct bench b;
    struct err e;
    bench_init(&b, MODE_PROTECTED);
    rig_put(&b.rig, 0x1000, "\x89\x07", 2); /* mov [edi], eax */
    b.rig.t.regs.rdi = 0xb8000;
    b.rig.t.regs.rip = 0x1002;
    struct event ev = {.kind = EVENT_MMIO,
                       .dir = DIR_OUT,
                       .rip = 0x1000,
                       .cs = 8,
                       .addr = 0xb8000,
                       .value = 0x741,
                       .size = 4,
                       .mode_cpl = event_mode_cpl(MODE_PROTECTED, 0),
                       .reg = EVENT_NO_REG,
                       .flags = EVENT_ADDR | EVENT_VALUE};
    explain(&b, &ev);
    says(&b, "known:", "No memory slot covers that address.");
    says(&b, "inferred:", "its memory operand is 4 bytes at linear 0xb8000");
    says(&b, "inferred:", "EPT violation");
    CU_ASSERT_EQUAL(memory_add_rom(&b.rig.memory, 0xf0000, "rom", 3, &e), 0);
    ev.addr = 0xf0000;
    explain(&b, &ev);
    says(&b, "known:", "read-only (ROM)");
    bench_fini(&b);
}

/* The mode has changed since: code of real mode can still be found, code behind page tables of then cannot.
 */
static void test_mode_left(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    rig_put(&b.rig, 0x7c10, "\xe4\x92", 2); /* in al, 0x92 */
    struct event ev = {.kind = EVENT_IO,
                       .dir = DIR_IN,
                       .rip = 0x10,
                       .cs = 0x7c0,
                       .addr = 0x92,
                       .size = 1,
                       .mode_cpl = event_mode_cpl(MODE_REAL, 0),
                       .reg = EVENT_NO_REG};
    explain(&b, &ev);
    says(&b, "inferred:", "in al, 0x92 (e4 92) at 0x7c10");
    ev.mode_cpl = event_mode_cpl(MODE_COMPAT, 0);
    explain(&b, &ev);
    says(&b, "inferred:", "the guest has left that mode");
    bench_fini(&b);
}

static void test_no_code(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    struct event ev = {
        .kind = EVENT_SHUTDOWN, .rip = 0x200000000000, .cs = 8, .mode_cpl = event_mode_cpl(MODE_LONG, 0)};
    explain(&b, &ev);
    says(&b, "inferred:", "no code to be read at 0x200000000000");
    says(&b, "inferred:", "PML4E not present");
    ev.flags = EVENT_NO_CPU;
    explain(&b, &ev);
    says(&b, "known:", "is lost with its registers");
    ASSERT_LACKS(&b.out, "0x200000000000");
    bench_fini(&b);
}

static void test_assist_and_irq(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    rig_put(&b.rig, 0x1000, "\x90\x90\x90\x90", 4); /* overwritten since */
    struct event ev = {.kind = EVENT_ASSIST,
                       .detail = ASSIST_POPCNT,
                       .rip = 0x1000,
                       .cs = 8,
                       .size = 4,
                       .addr = 0xc3b80ff3,
                       .value = 0xff,
                       .mode_cpl = event_mode_cpl(MODE_LONG, 0),
                       .flags = EVENT_ADDR | EVENT_VALUE};
    explain(&b, &ev);
    says(&b, "inferred:", "popcnt eax, ebx (f3 0f b8 c3) at 0x1000 <main>, by the bytes that were recorded.");
    says(&b, "known:", "It worked on 0xff.");
    b.rig.t.sregs.idt.base = 0x4000;
    b.rig.t.sregs.idt.limit = 0xfff;
    rig_store(&b.rig, 0x4000 + 0x20 * 16, 0x00108e000008abcdull, 8);
    ev = (struct event){.kind = EVENT_IRQ,
                        .addr = 0x20,
                        .detail = 0,
                        .rip = 0x1000,
                        .cs = 8,
                        .mode_cpl = event_mode_cpl(MODE_LONG, 0),
                        .flags = EVENT_ADDR,
                        .reg = EVENT_NO_REG};
    explain(&b, &ev);
    says(&b, "known:", "Line 0 of the interrupt controllers was the highest");
    says(&b, "known:", "0x0008:0x10abcd interrupt gate, DPL 0, present");
    says(&b, "inferred:", "about to execute nop");
    bench_fini(&b);
}

/* Every kind there is has something known; every kind that x86 has names a control; and whatever numbers a
 * damaged trace holds, the text stays within its columns. */
static void test_all_kinds(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    uint64_t seed = 88172645463325252ull;
    for (unsigned kind = 0; kind < 256; kind++)
        for (unsigned round = 0; round < 20; round++) {
            struct event ev;
            for (size_t i = 0; i < sizeof ev; i++) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                ((uint8_t *)&ev)[i] = (uint8_t)(seed >> 32);
            }
            ev.kind = (uint8_t)kind;
            explain(&b, &ev);
            struct text known = part(&b.out, "known:");
            CU_ASSERT(known.len > 20);
            text_fini(&known);
        }
    for (size_t i = 0; event_kind_row(i); i++) {
        const struct event_kind_info *k = event_kind_row(i);
        bool foreign = k->class == CLASS_FOREIGN || k->kind == EVENT_MARK;
        CU_ASSERT_EQUAL(why_control(k->kind)[0] == '\0', foreign);
    }
    bench_fini(&b);
}

/* ---- stops ---- */

/* A page fault as the CPU leaves it: mov [rdi], eax at 0x1000 with RDI in nowhere. */
static void test_page_fault(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    struct target *now = &b.rig.t;
    rig_put(&b.rig, 0x1000, "\x89\x47\x08", 3); /* mov [rdi+8], eax */
    now->regs.rdi = 0x7f00000000;
    now->sregs.idt.base = 0x4000;
    now->sregs.idt.limit = 0xfff;
    rig_store(&b.rig, 0x4000 + 14 * 16, 0x00008e0000082000ull, 8);
    struct target before = *now;
    static const uint64_t frame[] = {0x2, 0x1000, 8, 0x2, 0x7000, 0x10};
    for (size_t i = 0; i < 6; i++)
        rig_store(&b.rig, 0x6fd0 + i * 8, frame[i], 8);
    now->regs.rsp = 0x6fd0;
    now->regs.rip = 0x2000;
    now->sregs.cr2 = 0x7f00000008;
    struct why_stop w = {.vector = 14, .before = &before, .now = now};
    why_stop(&w, &b.out);
    check_columns(&b.out);
    ASSERT_HAS(&b.out, "exception 0x0e: #PF page fault\n");
    says(&b, "known:", "error code 0x2: P=0 the page is not present, W=1 a write, U=0 by the supervisor");
    says(&b, "known:", "CR2, the linear address, is 0x7f00000008");
    says(&b, "known:", "PDPTE not present");
    says(&b, "known:", "0x0008:0x2000 interrupt gate, DPL 0, present, and it is where the CPU stands");
    says(&b, "inferred:", "mov [rdi+0x8], eax (89 47 08) at 0x1000 <main>, where the step began");
    says(&b, "inferred:", "eax = 0x0");
    says(&b, "inferred:", "CR2 lies in its memory operand, 4 bytes at linear 0x7f00000008");
    says(&b, "manual:", "Interrupt 14");

    text_clear(&b.out);
    w.before = NULL; /* the frame of a fault still names the instruction */
    why_stop(&w, &b.out);
    says(&b, "inferred:", "at 0x1000 <main>, where the frame points to");
    bench_fini(&b);
}

static void test_general_protection(void)
{
    struct bench b;
    bench_init(&b, MODE_PROTECTED);
    struct target *now = &b.rig.t;
    rig_put(&b.rig, 0x1000, "\x8e\xd8", 2); /* mov ds, ax */
    now->regs.rax = 0x50;
    now->sregs.idt.base = 0x4000;
    now->sregs.idt.limit = 0x7ff;
    rig_store(&b.rig, 0x4000 + 13 * 8, 0x00008e0000082000ull, 8);
    struct target before = *now;
    static const uint32_t frame[] = {0x50, 0x1000, 8, 0x46};
    for (size_t i = 0; i < 4; i++)
        rig_store(&b.rig, 0x6ff0 + i * 4, frame[i], 4);
    now->regs.rsp = 0x6ff0;
    now->regs.rip = 0x2000;
    struct why_stop w = {.vector = 13, .before = &before, .now = now};
    why_stop(&w, &b.out);
    check_columns(&b.out);
    says(&b, "known:",
         "error code 0x50: IDT=0 TI=0 entry 10 of the GDT (selector 0x0050), EXT=0 by the program itself");
    says(&b, "inferred:", "mov ds, ax (8e d8)");
    says(&b, "inferred:", "ax = 0x50");
    bench_fini(&b);
}

static void test_interrupt_in_real_mode(void)
{
    struct bench b;
    bench_init(&b, MODE_REAL);
    struct target *now = &b.rig.t;
    rig_put(&b.rig, 0x1000, "\x90", 1);
    rig_store(&b.rig, 8 * 4, 0x00002000, 4);
    struct target before = *now;
    rig_store(&b.rig, 0x6ffa, 0x0202000000001000ull, 6);
    now->regs.rsp = 0x6ffa;
    now->regs.rip = 0x2000;
    struct why_stop w = {.vector = 8, .interrupt = true, .before = &before, .now = now};
    why_stop(&w, &b.out);
    check_columns(&b.out);
    ASSERT_HAS(&b.out, "interrupt 0x08\n");
    says(&b, "known:", "an interrupt from a device");
    says(&b, "known:", "CS:RIP 0x0000:0x1000");
    ASSERT_LACKS(&b.out, "double fault");
    says(&b, "inferred:", "The interrupted instruction is nop (90) at 0x1000");
    bench_fini(&b);
}

/* Nothing is there: it says so, and reads nothing out of bounds. */
static void test_stop_without_anything(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    struct target *now = &b.rig.t;
    now->sregs.cr3 = 0x123456000;
    now->sregs.idt.base = UINT64_MAX;
    now->regs.rsp = UINT64_MAX - 3;
    for (unsigned v = 0; v < 256; v++) {
        struct why_stop w = {.vector = v, .now = now};
        text_clear(&b.out);
        why_stop(&w, &b.out);
        check_columns(&b.out);
        says(&b, "known:", "The handler's stack cannot be read.");
        says(&b, "known:", "The gate cannot be read any more.");
        says(&b, "inferred:", "is not known");
    }
    bench_fini(&b);
}

static const struct unit_test tests[] = {
    {"a port write", test_out},
    {"a port read", test_in},
    {"memory-mapped", test_mmio},
    {"the mode has been left", test_mode_left},
    {"no code, no CPU", test_no_code},
    {"assist and interrupt", test_assist_and_irq},
    {"every kind", test_all_kinds},
    {"a page fault", test_page_fault},
    {"general protection", test_general_protection},
    {"an interrupt in real mode", test_interrupt_in_real_mode},
    {"a stop without anything", test_stop_without_anything},
};

UNIT_MAIN("why", tests)
