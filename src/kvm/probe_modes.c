/*
 * Checks of the host probe: the CPU modes.  Each guest proves the mode it is in by something that only that
 * mode does: a segment that adds sixteen times its number, a byte that is INC in 32-bit code and a prefix in
 * 64-bit code, a read through a mapping that exists only with paging on.  (Intel SDM, "Modes of Operation",
 * "Paging"; "Mode Switching".)
 */
#include "kvm/probe_guest.h"

static const uint8_t code_real[] = {
    0xb8, 0x00, 0x0a, /* mov $0xa00,%ax */
    0x8e, 0xd8,       /* mov %ax,%ds */
    0xa1, 0x00, 0x00, /* mov 0,%ax */
    0xe7, 0xe0,       /* out %ax,$0xe0 */
};

static const uint8_t code_protected[] = {
    0xa1, 0x00, 0xa0, 0x00, 0x00, /* mov 0xa000,%eax */
    0x40,                         /* inc %eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* CR3 = PROBE_PD32, then CR0.PG; the read goes through PROBE_ALIAS. */
static const uint8_t code_paging32[] = {
    0xb8, 0x00, 0x50, 0x01, 0x00, /* mov $0x15000,%eax */
    0x0f, 0x22, 0xd8,             /* mov %eax,%cr3 */
    0x0f, 0x20, 0xc0,             /* mov %cr0,%eax */
    0x0d, 0x00, 0x00, 0x00, 0x80, /* or $0x80000000,%eax */
    0x0f, 0x22, 0xc0,             /* mov %eax,%cr0 */
    0xa1, 0x00, 0x00, 0x20, 0x00, /* mov 0x200000,%eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* CR4.PAE, CR3 = PROBE_PDPT_PAE, then CR0.PG. */
static const uint8_t code_pae[] = {
    0x0f, 0x20, 0xe0,             /* mov %cr4,%eax */
    0x83, 0xc8, 0x20,             /* or $0x20,%eax */
    0x0f, 0x22, 0xe0,             /* mov %eax,%cr4 */
    0xb8, 0x00, 0x70, 0x01, 0x00, /* mov $0x17000,%eax */
    0x0f, 0x22, 0xd8,             /* mov %eax,%cr3 */
    0x0f, 0x20, 0xc0,             /* mov %cr0,%eax */
    0x0d, 0x00, 0x00, 0x00, 0x80, /* or $0x80000000,%eax */
    0x0f, 0x22, 0xc0,             /* mov %eax,%cr0 */
    0xa1, 0x00, 0x00, 0x20, 0x00, /* mov 0x200000,%eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_long[] = {
    0x8b, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00, /* mov 0x200000,%eax */
    0x48, 0xc1, 0xe0, 0x20,                   /* shl $32,%rax */
    0x48, 0xc1, 0xe8, 0x20,                   /* shr $32,%rax */
    0xe7, 0xe0,                               /* out %eax,$0xe0 */
};

static const uint8_t code_compat[] = {
    0xa1, 0x00, 0x00, 0x20, 0x00, /* mov 0x200000,%eax */
    0x40,                         /* inc %eax */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

/* Real, protected, compatibility, 64-bit mode, by the guest's own instructions: GDTR from PROBE_GDT_POINTER,
 * CR0.PE, far jump, CR4.PAE, CR3 = PROBE_PML4, EFER.LME, CR0.PG, far jump. */
static const uint8_t code_climb[] = {
    0x66, 0x0f, 0x01, 0x16, 0x00, 0x09,             /* lgdtl 0x900 */
    0x0f, 0x20, 0xc0,                               /* mov %cr0,%eax */
    0x0c, 0x01,                                     /* or $1,%al */
    0x0f, 0x22, 0xc0,                               /* mov %eax,%cr0 */
    0x66, 0xea, 0x16, 0x80, 0x00, 0x00, 0x18, 0x00, /* ljmpl $0x18,$(0x8000 + protected - start) */
    0xb8, 0x10, 0x00, 0x00, 0x00,                   /* protected: mov $0x10,%eax */
    0x8e, 0xd8,                                     /* mov %eax,%ds */
    0x8e, 0xd0,                                     /* mov %eax,%ss */
    0x0f, 0x20, 0xe0,                               /* mov %cr4,%eax */
    0x83, 0xc8, 0x20,                               /* or $0x20,%eax */
    0x0f, 0x22, 0xe0,                               /* mov %eax,%cr4 */
    0xb8, 0x00, 0x10, 0x01, 0x00,                   /* mov $0x11000,%eax */
    0x0f, 0x22, 0xd8,                               /* mov %eax,%cr3 */
    0xb9, 0x80, 0x00, 0x00, 0xc0,                   /* mov $0xc0000080,%ecx */
    0x0f, 0x32,                                     /* rdmsr */
    0x80, 0xcc, 0x01,                               /* or $1,%ah */
    0x0f, 0x30,                                     /* wrmsr */
    0x0f, 0x20, 0xc0,                               /* mov %cr0,%eax */
    0x0d, 0x00, 0x00, 0x00, 0x80,                   /* or $0x80000000,%eax */
    0x0f, 0x22, 0xc0,                               /* mov %eax,%cr0 */
    0xea, 0x4e, 0x80, 0x00, 0x00, 0x08, 0x00,       /* ljmp $0x08,$(0x8000 + long - start) */
    0x8b, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00,       /* long: mov 0x200000,%eax */
    0xe7, 0xe0,                                     /* out %eax,$0xe0 */
};

/* The low two bits of CS are the privilege level. */
static const uint8_t code_cpl3_long[] = {
    0x8c, 0xc9,                               /* mov %cs,%ecx */
    0x89, 0x0c, 0x25, 0x00, 0x00, 0x0d, 0x00, /* mov %ecx,0xd0000 */
};

static const uint8_t code_cpl3_protected[] = {
    0x8c, 0xc9,                         /* mov %cs,%ecx */
    0x89, 0x0d, 0x00, 0x00, 0x0d, 0x00, /* mov %ecx,0xd0000 */
};

/* A back end may run user code on selectors of its own: worth a word, and still CPL 3. */
static enum probe_result check_cpl3(const struct probe_check *c, struct probe_guest *g)
{
    uint32_t cs;
    if (!probe_answer(g, &cs))
        return PROBE_BROKEN;
    if ((cs & 3) != 3)
        return probe_verdict(g, PROBE_BROKEN, "runs at CPL %u", cs & 3);
    return cs == c->want ? PROBE_WORKS
                         : probe_verdict(g, PROBE_WORKS, "the guest reads CS 0x%x, not 0x%x", cs, c->want);
}

static const struct probe_check checks[] = {
    {.id = "real",
     .title = "real mode",
     .run = probe_check_answer,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_real),
     .want = PROBE_MAGIC & 0xffff,
     .needed = true,
     .mend = probe_mend_bug,
     .matters = "every PC starts in real mode: no boot sector runs"},
    {.id = "protected",
     .title = "protected mode, no paging",
     .run = probe_check_answer,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_protected),
     .want = PROBE_MAGIC + 1,
     .mend = probe_mend_bug,
     .matters = "Multiboot images and 32-bit guests cannot start"},
    {.id = "paging32",
     .title = "protected mode, 32-bit paging",
     .run = probe_check_answer,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_paging32),
     .want = PROBE_MAGIC,
     .mend = probe_mend_hardware,
     .matters = "32-bit kernels that use paging do not run; use long-mode paging in labs"},
    {.id = "pae",
     .title = "protected mode, PAE paging",
     .run = probe_check_answer,
     .mode = PROBE_PROTECTED,
     PROBE_BYTES(code_pae),
     .want = PROBE_MAGIC,
     .mend = probe_mend_hardware,
     .matters = "32-bit kernels with PAE do not run"},
    {.id = "long",
     .title = "long mode, 4-level paging",
     .run = probe_check_answer,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_long),
     .want = PROBE_MAGIC,
     .mend = probe_mend_bug,
     .matters = "64-bit guests do not run: most guests and labs here"},
    {.id = "compat",
     .title = "compatibility mode",
     .run = probe_check_answer,
     .mode = PROBE_COMPAT,
     PROBE_BYTES(code_compat),
     .want = PROBE_MAGIC + 1,
     .mend = probe_mend_hardware,
     .matters = "the step between protected and long mode cannot be watched"},
    {.id = "climb",
     .title = "real to protected to long, by the guest",
     .run = probe_check_answer,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_climb),
     .want = PROBE_MAGIC,
     .mend = probe_mend_bug,
     .matters = "guests that switch modes themselves, as the tour does, do not arrive"},
    {.id = "la57",
     .title = "long mode, 5-level paging",
     .run = probe_check_answer,
     .mode = PROBE_LA57,
     PROBE_BYTES(code_long),
     .want = PROBE_MAGIC,
     .cpuid = {7, PROBE_ECX, 1u << 16, "LA57"},
     .mend = probe_mend_cpu,
     .matters = "five-level page tables can be shown only on memory images"},
    {.id = "cpl3_long",
     .title = "CPL 3 in long mode",
     .run = check_cpl3,
     .mode = PROBE_LONG,
     .cpl = 3,
     PROBE_BYTES(code_cpl3_long),
     .want = PROBE_CS64_USER,
     .mend = probe_mend_hardware,
     .matters = "no user-mode code in 64-bit guests"},
    {.id = "cpl3_protected",
     .title = "CPL 3 in protected mode",
     .run = check_cpl3,
     .mode = PROBE_PROTECTED,
     .cpl = 3,
     .with = PROBE_NO_IDT,
     PROBE_BYTES(code_cpl3_protected),
     .want = PROBE_CS32_USER,
     .mend = probe_mend_hardware,
     .matters = "no user-mode code in 32-bit guests"},
};

const struct probe_list probe_modes = {checks, sizeof checks / sizeof checks[0], "CPU modes"};
