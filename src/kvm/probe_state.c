/*
 * The state in which a probe's guest starts: descriptor tables, interrupt tables, a TSS, page tables of four
 * formats and the registers of the wanted mode.  Called by probe_guest.c.  One layout of memory
 * (probe_guest.h) serves all modes; each takes what it knows.
 *
 * A hypervisor's CPU checks more of this than a bare one does: VM entry wants a busy TSS in TR, SS with the
 * same privilege as CS, and CR0, CR4 and EFER that fit each other.  (Intel SDM, "Checks on the Guest State
 * Area"; AMD64 manual, "Canonicalization and Consistency Checks"; "Segment Descriptors", "64-Bit Mode Paging
 * Structures".)
 */
#include "base/bytes.h"
#include "kvm/probe_guest.h"

#include <string.h>

#define CR0_PE         (1u << 0)
#define CR0_ET         (1u << 4)
#define CR0_NE         (1u << 5)
#define CR0_PG         (1u << 31)
#define CR4_PAE        (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_LA57       (1u << 12)
#define EFER_SCE       (1u << 0)
#define EFER_LME       (1u << 8)
#define EFER_LMA       (1u << 10)

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_PS = 0x80, PTE_TABLE = PTE_P | PTE_W | PTE_U };
enum { VECTORS = 256, TYPE_DATA = 3, TYPE_CODE = 11, TYPE_TSS_BUSY = 11 };

/* The handler of each vector says its number and halts: mov $vector,%al; out %al,$PROBE_PORT_VECTOR; hlt.
 * These bytes mean the same in 16, 32 and 64 bits. */
static void state_vectors(uint8_t *ram)
{
    for (unsigned v = 0; v < VECTORS; v++) {
        const uint32_t stub = PROBE_STUBS + v * PROBE_STUB_LEN;
        const uint8_t code[] = {0xb0, (uint8_t)v, 0xe6, PROBE_PORT_VECTOR, 0xf4};
        memcpy(ram + stub, code, sizeof code);
        /* real mode: offset and segment; else an interrupt gate that CPL 3 may use (DPL 3) */
        le_store(ram + (size_t)v * 4, stub, 4);
        le_store(ram + PROBE_IDT32 + (size_t)v * 8, (uint64_t)0xee00 << 32 | PROBE_CS32 << 16 | stub, 8);
        le_store(ram + PROBE_IDT64 + (size_t)v * 16, (uint64_t)0xee00 << 32 | PROBE_CS64 << 16 | stub, 8);
    }
}

static void state_gdt(uint8_t *ram)
{
    /* Flat segments with the accessed bit set already, so that no one has to write into the table. */
    static const uint64_t gdt[] = {
        [PROBE_CS64 / 8] = 0x00af9b000000ffff,
        [PROBE_DS / 8] = 0x00cf93000000ffff,
        [PROBE_CS32 / 8] = 0x00cf9b000000ffff,
        [PROBE_CS64_USER / 8] = 0x00affb000000ffff,
        [PROBE_DS_USER / 8] = 0x00cff3000000ffff,
        [PROBE_CS32_USER / 8] = 0x00cffb000000ffff,
        [PROBE_TR / 8] = 0x0000890000000067 | (uint64_t)PROBE_TSS << 16,
        [PROBE_TR / 8 + 1] = 0,
    };
    for (size_t i = 0; i < sizeof gdt / sizeof gdt[0]; i++)
        le_store(ram + PROBE_GDT + i * 8, gdt[i], 8);
    le_store(ram + PROBE_GDT_POINTER, sizeof gdt - 1, 2);
    le_store(ram + PROBE_GDT_POINTER + 2, PROBE_GDT, 4);
    le_store(ram + PROBE_TSS + 4, PROBE_STACK_CPL0, 8); /* RSP0 */
    le_store(ram + PROBE_TSS + 102, 104, 2); /* the I/O bitmap lies behind the limit: there is none */
}

/* 4-level: PDPT[0] → PD: [0] a 2 MiB page one to one, [1] → PT, whose [0] is the alias. PAE paging shares the
 * PD. */
static void state_paging(uint8_t *ram)
{
    le_store(ram + PROBE_PML5, PROBE_PML4 | PTE_TABLE, 8);
    le_store(ram + PROBE_PML4, PROBE_PDPT | PTE_TABLE, 8);
    le_store(ram + PROBE_PDPT, PROBE_PD | PTE_TABLE, 8);
    le_store(ram + PROBE_PDPT_PAE, PROBE_PD | PTE_P, 8);
    le_store(ram + PROBE_PD, PTE_PS | PTE_TABLE, 8);
    le_store(ram + PROBE_PD + 8, PROBE_PT | PTE_TABLE, 8);
    le_store(ram + PROBE_PT, PROBE_DATA | PTE_TABLE, 8);
    le_store(ram + PROBE_PD32, PROBE_PT32 | PTE_TABLE, 4);
    const size_t alias = PROBE_ALIAS / 0x1000;
    for (size_t page = 0; page < alias; page++)
        le_store(ram + PROBE_PT32 + page * 4, page * 0x1000 | PTE_TABLE, 4);
    le_store(ram + PROBE_PT32 + alias * 4, PROBE_DATA | PTE_TABLE, 4);
}

static struct kvm_segment segment_flat(uint16_t selector, uint8_t type, bool bits64)
{
    return (struct kvm_segment){.limit = 0xffffffff,
                                .selector = selector,
                                .type = type,
                                .present = 1,
                                .dpl = selector & 3,
                                .db = !bits64,
                                .s = 1,
                                .l = bits64,
                                .g = 1};
}

static void sregs_tables(struct kvm_sregs *s, const struct probe_check *c)
{
    bool bits64 = c->mode != PROBE_PROTECTED;
    s->gdt = (struct kvm_dtable){.base = PROBE_GDT, .limit = PROBE_TR + 15};
    s->idt = (struct kvm_dtable){.base = bits64 ? PROBE_IDT64 : PROBE_IDT32,
                                 .limit = (uint16_t)(VECTORS * (bits64 ? 16 : 8) - 1)};
    if (c->with & PROBE_NO_IDT)
        s->idt.limit = 0;
    s->tr = (struct kvm_segment){
        .base = PROBE_TSS, .limit = 0x67, .selector = PROBE_TR, .type = TYPE_TSS_BUSY, .present = 1};
}

static void sregs_mode(struct kvm_sregs *s, const struct probe_check *c)
{
    s->cr0 = CR0_ET | (c->mode == PROBE_REAL ? 0 : CR0_PE | CR0_NE);
    if (c->mode == PROBE_REAL) {
        s->cs.base = s->cs.selector = 0; /* the rest is as after a reset */
        return;
    }
    bool user = c->mode == PROBE_PROTECTED && c->cpl == 3;
    bool bits64 = c->mode == PROBE_LONG || c->mode == PROBE_LA57;
    s->cs = segment_flat(bits64 ? PROBE_CS64 : user ? PROBE_CS32_USER : PROBE_CS32, TYPE_CODE, bits64);
    s->ds = s->es = s->fs = s->gs = s->ss = segment_flat(user ? PROBE_DS_USER : PROBE_DS, TYPE_DATA, false);
    sregs_tables(s, c);
    s->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    if (c->mode == PROBE_PROTECTED)
        return;
    s->cr0 |= CR0_PG;
    s->cr3 = c->mode == PROBE_LA57 ? PROBE_PML5 : PROBE_PML4;
    s->cr4 |= CR4_PAE | (c->mode == PROBE_LA57 ? CR4_LA57 : 0);
    s->efer = EFER_LME | EFER_LMA | EFER_SCE;
}

/* To CPL 3 as a kernel goes there: load TR, then return to a frame that was never pushed by an interrupt.
 * IOPL is 3, which lets user code use ports. The frame's addresses are those of probe_guest.h. */
static const uint8_t code_prelude[] = {
    0x66, 0xb8, 0x38, 0x00,       /* mov $0x38,%ax */
    0x0f, 0x00, 0xd8,             /* ltr %ax */
    0x6a, 0x2b,                   /* pushq $0x2b */
    0x68, 0x00, 0xc0, 0x00, 0x00, /* pushq $0xc000 */
    0x68, 0x02, 0x30, 0x00, 0x00, /* pushq $0x3002 */
    0x6a, 0x23,                   /* pushq $0x23 */
    0x68, 0x00, 0x80, 0x00, 0x00, /* pushq $0x8000 */
    0x48, 0xcf,                   /* iretq */
};

void probe_guest_handler(struct probe_guest *g, unsigned vector, const uint8_t *code, size_t n)
{
    uint8_t *gate = g->ram + PROBE_IDT64 + (size_t)vector * 16;
    probe_guest_code(g, PROBE_CODE2, code, n);
    le_store(gate, PROBE_CODE2, 2); /* the low half of the offset; the rest of it is 0 in every gate here */
}

int probe_guest_setup(struct probe_guest *g, const struct probe_check *c, struct err *e)
{
    struct kvm_sregs s;
    struct kvm_regs r = {.rip = PROBE_CODE, .rsp = PROBE_STACK, .rflags = 2};
    state_vectors(g->ram);
    state_gdt(g->ram);
    state_paging(g->ram);
    le_store(g->ram + PROBE_DATA, PROBE_MAGIC, 4);
    le_store(g->ram + PROBE_RAM_LEN, PROBE_MAGIC, 4);
    probe_guest_code(g, PROBE_CODE, c->code, c->code_len);
    if (c->cpl == 3 && c->mode == PROBE_LONG) {
        probe_guest_code(g, PROBE_PRELUDE, code_prelude, sizeof code_prelude);
        r.rip = PROBE_PRELUDE;
    }
    if (kvm_get_sregs(&g->vcpu, &s, e) < 0)
        return -1;
    sregs_mode(&s, c);
    return kvm_set_sregs(&g->vcpu, &s, e) < 0 ? -1 : kvm_set_regs(&g->vcpu, &r, e);
}
