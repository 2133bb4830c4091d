/*
 * The first state of a CPU, and what a state means.  A PC wakes in real mode and its boot code climbs from
 * there; a guest that wants to begin higher up finds here what that code would have left behind: the control
 * registers, the descriptor tables, the page tables, and in each segment register the hidden part
 * ("descriptor cache") that the CPU really uses (Intel SDM, "Segment Registers", "Segment Descriptors",
 * "Initializing IA-32e Mode").  The machine calls cpu_setup once for each vCPU; everybody calls the small
 * questions at the end.
 *
 * KVM loads the hidden parts as given and the hardware checks them at every VM entry (Intel SDM, "Checks on
 * Guest Segment Registers"), so that each field below is one that a MOV to the register could have produced.
 */
#include "vm/cpu.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_LEN      0x1000ull
#define LARGE_PAGE    0x200000u
#define DIRECTORIES   4u /* a page directory maps 1 GiB */
#define TABLE_ENTRIES 512u
#define REAL_STACK    0x7c00u

enum { PTE_P = 1 << 0, PTE_RW = 1 << 1, PTE_PS = 1 << 7 };
enum { GDT_CODE = 0x08, GDT_DATA = 0x10, GDT_LEN = 0x18 };

/* Descriptor types (Intel SDM, "Code- and Data-Segment Descriptor Types", "System Descriptor Types"). The
 * accessed bit is set as the CPU itself would set it on the first load. */
enum { TYPE_DATA_RW = 0x3, TYPE_CODE_RX = 0xb, TYPE_LDT = 0x2, TYPE_TSS_BUSY = 0xb };

uint64_t cpu_boot_structures_len(enum cpu_mode mode)
{
    static const uint64_t pages[CPU_MODES] = {
        [MODE_PROTECTED] = 1, [MODE_COMPAT] = 3 + DIRECTORIES, [MODE_LONG] = 3 + DIRECTORIES};
    return pages[mode] * PAGE_LEN;
}

uint64_t cpu_boot_structures_gpa(const struct guest_memory *m, enum cpu_mode mode)
{
    return memory_top_gpa(m, cpu_boot_structures_len(mode));
}

static struct kvm_segment segment_real(uint16_t selector, uint8_t type)
{
    return (struct kvm_segment){.selector = selector,
                                .base = (uint64_t)selector << 4,
                                .limit = 0xffff,
                                .type = type,
                                .s = 1,
                                .present = 1};
}

static struct kvm_segment segment_flat(uint16_t selector, uint8_t type)
{
    return (struct kvm_segment){
        .selector = selector, .limit = 0xffffffff, .type = type, .s = 1, .present = 1, .db = 1, .g = 1};
}

/* The eight bytes in the GDT that a load of this segment would be made of. */
static uint64_t segment_descriptor(const struct kvm_segment *s)
{
    uint64_t limit = s->g ? s->limit >> 12 : s->limit;
    uint64_t access =
        (uint64_t)s->type | (uint64_t)s->s << 4 | (uint64_t)s->dpl << 5 | (uint64_t)s->present << 7;
    uint64_t flags = (uint64_t)s->avl | (uint64_t)s->l << 1 | (uint64_t)s->db << 2 | (uint64_t)s->g << 3;
    return (limit & 0xffff) | (s->base & 0xffffff) << 16 | access << 40 | (limit >> 16 & 0xf) << 48 |
           flags << 52 | (s->base >> 24 & 0xff) << 56;
}

static void sregs_set_data(struct kvm_sregs *s, struct kvm_segment data)
{
    s->ds = s->es = s->fs = s->gs = s->ss = data;
}

/* What every mode has in common. Of the reset state in *s only what belongs to the local APIC is kept. */
static void sregs_begin(struct kvm_sregs *s)
{
    uint64_t apic_base = s->apic_base;
    memset(s, 0, sizeof *s);
    s->apic_base = apic_base;
    s->cr0 = CR0_ET;
    s->tr = (struct kvm_segment){.limit = 0x67, .type = TYPE_TSS_BUSY, .present = 1};
    s->ldt = (struct kvm_segment){.limit = 0xffff, .type = TYPE_LDT, .unusable = 1};
    s->gdt.limit = 0xffff;
}

static void sregs_real(const struct cpu_start *start, struct kvm_sregs *s)
{
    s->idt.limit = 0x3ff;
    s->cs = segment_real(start->entry > 0xffff ? (uint16_t)(start->entry >> 4) : 0, TYPE_CODE_RX);
    sregs_set_data(s, segment_real(0, TYPE_DATA_RW));
}

/* Protected mode, and what long mode shares with it: flat segments, whose descriptors are in the GDT at
 * `gdt_gpa`. */
static int sregs_protected(bool long_mode, uint64_t gdt_gpa, struct guest_memory *m, struct kvm_sregs *s,
                           struct err *e)
{
    s->cr0 |= CR0_PE;
    s->cs = segment_flat(GDT_CODE, TYPE_CODE_RX);
    if (long_mode) {
        s->cs.l = 1;
        s->cs.db = 0;
    }
    sregs_set_data(s, segment_flat(GDT_DATA, TYPE_DATA_RW));
    s->gdt.base = gdt_gpa;
    s->gdt.limit = GDT_LEN - 1;
    uint8_t gdt[GDT_LEN] = {0};
    le_store(gdt + GDT_CODE, segment_descriptor(&s->cs), 8);
    le_store(gdt + GDT_DATA, segment_descriptor(&s->ds), 8);
    return memory_write(m, gdt_gpa, gdt, sizeof gdt, e);
}

static int table_write(struct guest_memory *m, uint64_t gpa, uint64_t first, uint64_t step, unsigned count,
                       struct err *e)
{
    uint8_t table[PAGE_LEN] = {0};
    for (unsigned i = 0; i < count; i++)
        le_store(table + (size_t)i * 8, first + i * step, 8);
    return memory_write(m, gpa, table, sizeof table, e);
}

/* The identity map of the first 4 GiB: a PML4, a PDPT and four directories of 2 MiB pages, one page each. */
static int page_tables_write(struct guest_memory *m, uint64_t pml4_gpa, struct err *e)
{
    uint64_t pdpt_gpa = pml4_gpa + PAGE_LEN, pd_gpa = pdpt_gpa + PAGE_LEN;
    if (table_write(m, pml4_gpa, pdpt_gpa | PTE_P | PTE_RW, 0, 1, e) < 0 ||
        table_write(m, pdpt_gpa, pd_gpa | PTE_P | PTE_RW, PAGE_LEN, DIRECTORIES, e) < 0)
        return -1;
    for (unsigned i = 0; i < DIRECTORIES; i++)
        if (table_write(m, pd_gpa + (uint64_t)i * PAGE_LEN,
                        ((uint64_t)i * TABLE_ENTRIES * LARGE_PAGE) | PTE_P | PTE_RW | PTE_PS, LARGE_PAGE,
                        TABLE_ENTRIES, e) < 0)
            return -1;
    return 0;
}

static int sregs_long(uint64_t boot_gpa, struct guest_memory *m, struct kvm_sregs *s, struct err *e)
{
    if (page_tables_write(m, boot_gpa, e) < 0 ||
        sregs_protected(true, boot_gpa + (2 + DIRECTORIES) * PAGE_LEN, m, s, e) < 0)
        return -1;
    s->cr0 |= CR0_PG;
    s->cr4 |= CR4_PAE;
    s->cr3 = boot_gpa;
    s->efer |= EFER_LME | EFER_LMA;
    return 0;
}

static int start_check(const struct cpu_start *start, const struct guest_memory *m, uint64_t boot_gpa,
                       struct err *e)
{
    uint64_t boot_end = boot_gpa + cpu_boot_structures_len(start->mode);
    const char *name = cpu_mode_name(start->mode);
    if (start->mode == MODE_COMPAT)
        return err_set(e, "start in compat mode: not possible: real, protected or long");
    if (boot_gpa == MEMORY_NONE)
        return err_set(e, "start in %s mode: no room in low memory for the boot structures", name);
    if (start->mode == MODE_REAL && start->entry > 0xfffff)
        return err_set(e, "entry at %#" PRIx64 ": real mode reaches the first MiB only", start->entry);
    if (start->mode == MODE_REAL && start->rsp > 0xffff)
        return err_set(e, "stack at %#" PRIx64 ": real mode's SP has 16 bits", start->rsp);
    if (start->entry >= MEMORY_HIGH_GPA)
        return err_set(e, "entry at %#" PRIx64 ": above 4 GiB, which %s mode cannot reach at its start",
                       start->entry, name);
    if (!memory_ptr(m, start->entry, 1, false))
        return err_set(e, "entry at %#" PRIx64 ": no memory there", start->entry);
    if (start->entry >= boot_gpa && start->entry < boot_end)
        return err_set(e, "entry at %#" PRIx64 ": in the boot structures at %#" PRIx64, start->entry,
                       boot_gpa);
    if (start->rsp > boot_gpa && start->rsp <= boot_end)
        return err_set(e, "stack at %#" PRIx64 ": in the boot structures at %#" PRIx64, start->rsp, boot_gpa);
    return 0;
}

int cpu_setup(const struct cpu_start *start, struct guest_memory *m, struct kvm_regs *regs,
              struct kvm_sregs *sregs, struct err *e)
{
    if (memory_set_a20(m, true, e) < 0)
        return -1;
    uint64_t boot_gpa = cpu_boot_structures_gpa(m, start->mode);
    if (start_check(start, m, boot_gpa, e) < 0)
        return -1;
    *regs = (struct kvm_regs){.rax = start->rax,
                              .rbx = start->rbx,
                              .rdx = start->rdx,
                              .rsi = start->rsi,
                              .rdi = start->rdi,
                              .rflags = RFLAGS_FIXED};
    sregs_begin(sregs);
    if (start->mode == MODE_REAL) {
        sregs_real(start, sregs);
        regs->rip = start->entry - sregs->cs.base;
        regs->rsp = start->rsp ? start->rsp : REAL_STACK;
        return 0;
    }
    regs->rip = start->entry;
    regs->rsp = start->rsp ? start->rsp : boot_gpa;
    return start->mode == MODE_LONG ? sregs_long(boot_gpa, m, sregs, e)
                                    : sregs_protected(false, boot_gpa, m, sregs, e);
}

enum cpu_mode cpu_mode(const struct kvm_sregs *s)
{
    if (!(s->cr0 & CR0_PE))
        return MODE_REAL;
    if (!(s->efer & EFER_LMA))
        return MODE_PROTECTED;
    return s->cs.l ? MODE_LONG : MODE_COMPAT;
}

unsigned cpu_cpl(const struct kvm_regs *r, const struct kvm_sregs *s)
{
    if (!(s->cr0 & CR0_PE))
        return 0;
    if (r->rflags & RFLAGS_VM)
        return 3;
    return s->ss.dpl & 3;
}

unsigned cpu_code_bits(const struct kvm_sregs *s)
{
    if (cpu_mode(s) == MODE_LONG)
        return 64;
    return s->cs.db ? 32 : 16;
}

uint64_t cpu_rip_linear(const struct kvm_regs *r, const struct kvm_sregs *s)
{
    if (cpu_mode(s) == MODE_LONG)
        return r->rip;
    return (uint32_t)(s->cs.base + r->rip);
}
