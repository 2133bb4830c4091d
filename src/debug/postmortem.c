/*
 * The post-mortem: see postmortem.h.  Main prints it when a guest dies of a triple fault or KVM gives up on
 * it.
 */
#include "debug/postmortem.h"

#include "debug/autopsy.h"
#include "debug/disasm.h"
#include "vm/gva.h"

#include <stdlib.h>

enum { LAST_EVENTS = 8, INSTRUCTIONS = 4, CODE_LEN = 64 };

static void write_registers(const struct kvm_regs *r, struct text *out)
{
    text_addf(out, "  rax %016llx  rbx %016llx  rcx %016llx  rdx %016llx\n", r->rax, r->rbx, r->rcx, r->rdx);
    text_addf(out, "  rsi %016llx  rdi %016llx  rbp %016llx  rsp %016llx\n", r->rsi, r->rdi, r->rbp, r->rsp);
    text_addf(out, "  r8  %016llx  r9  %016llx  r10 %016llx  r11 %016llx\n", r->r8, r->r9, r->r10, r->r11);
    text_addf(out, "  r12 %016llx  r13 %016llx  r14 %016llx  r15 %016llx\n", r->r12, r->r13, r->r14, r->r15);
}

static void write_flags(uint64_t rflags, struct text *out)
{
    static const struct {
        unsigned bit;
        const char *name;
    } flags[] = {{0, "CF"}, {2, "PF"}, {4, "AF"},  {6, "ZF"}, {7, "SF"},
                 {8, "TF"}, {9, "IF"}, {10, "DF"}, {11, "OF"}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (rflags >> flags[i].bit & 1)
            text_addf(out, " %s", flags[i].name);
}

static void write_system(const struct kvm_regs *r, const struct kvm_sregs *s, struct text *out)
{
    text_addf(out, "  rip %016llx  rflags %llx", r->rip, r->rflags);
    write_flags(r->rflags, out);
    text_addf(out, "\n  cs %04x  ss %04x  ds %04x  es %04x  fs %04x  gs %04x  tr %04x\n", s->cs.selector,
              s->ss.selector, s->ds.selector, s->es.selector, s->fs.selector, s->gs.selector, s->tr.selector);
    text_addf(out, "  cr0 %llx  cr2 %llx  cr3 %llx  cr4 %llx  efer %llx\n", s->cr0, s->cr2, s->cr3, s->cr4,
              s->efer);
    text_addf(out, "  gdt %llx+%x  idt %llx+%x\n", s->gdt.base, s->gdt.limit, s->idt.base, s->idt.limit);
}

static void write_code(const struct postmortem *p, struct text *out)
{
    uint8_t code[CODE_LEN];
    struct gva_walk w = {0};
    struct gva_context c = gva_context_of(p->regs, p->sregs);
    uint64_t linear = cpu_rip_linear(p->regs, p->sregs), rip = p->regs->rip;
    size_t n = gva_read(p->memory, &c, linear, code, sizeof code, GVA_FETCH, &w), at = 0;
    if (n == 0) {
        text_addf(out, "  no code at rip: %s\n", w.why ? w.why : "not memory");
        return;
    }
    for (unsigned i = 0; i < INSTRUCTIONS && at < n; i++) {
        text_addf(out, "  %c %8llx  ", i ? ' ' : '>', (unsigned long long)(rip + at));
        struct text insn = {0};
        size_t len = disasm_one(cpu_code_bits(p->sregs), rip + at, code + at, n - at, &insn);
        size_t shown = len ? len : n - at < 8 ? n - at : 8;
        for (size_t k = 0; k < shown; k++)
            text_addf(out, "%02x ", code[at + k]);
        text_pad(out, 38);
        text_addf(out, " %s\n", text_str(&insn));
        text_fini(&insn);
        if (!len)
            break;
        at += len;
    }
}

static void write_events(const struct postmortem *p, struct text *out)
{
    size_t n = ring_count(p->last_events);
    for (size_t back = n < LAST_EVENTS ? n : LAST_EVENTS; back-- > 0;) {
        const struct event *ev = ring_back(p->last_events, back);
        text_addf(out, "  %6llu  ", (unsigned long long)ev->seq);
        event_sentence(ev, p->names, out);
        text_addc(out, '\n');
    }
}

/* The newest event before the shutdown. */
static const struct event *event_before_death(const struct postmortem *p)
{
    for (size_t back = 0; back < ring_count(p->last_events); back++) {
        const struct event *ev = ring_back(p->last_events, back);
        if (ev->kind != EVENT_SHUTDOWN)
            return ev;
    }
    return NULL;
}

static bool died_of_triple_fault(const struct postmortem *p)
{
    const struct event *ev = ring_back(p->last_events, 0);
    return ev && ev->kind == EVENT_SHUTDOWN;
}

void postmortem_autopsy(const struct postmortem *p, struct text *out)
{
    struct autopsy *a = malloc(sizeof *a);
    if (!a) {
        out->failed = true;
        return;
    }
    const struct autopsy_facts facts = {.regs = p->regs,
                                        .sregs = p->sregs,
                                        .memory = p->memory,
                                        .symbols = p->symbols,
                                        .from_last_exit = p->from_last_exit,
                                        .last_event = event_before_death(p)};
    autopsy_make(&facts, a);
    text_add(out, "what happened:\n");
    autopsy_write(a, out);
    free(a);
}

void postmortem_write(const struct postmortem *p, struct text *out)
{
    text_addf(out, "post-mortem: %s\n", p->reason);
    text_addf(out, "state%s: %s mode, CPL %u, %u-bit code\n",
              p->from_last_exit ? " at the last exit before the end" : "", cpu_mode_name(cpu_mode(p->sregs)),
              cpu_cpl(p->regs, p->sregs), cpu_code_bits(p->sregs));
    write_registers(p->regs, out);
    write_system(p->regs, p->sregs, out);
    text_add(out, "code:\n");
    write_code(p, out);
    text_add(out, "last events:\n");
    write_events(p, out);
    if (died_of_triple_fault(p))
        postmortem_autopsy(p, out);
}
