/*
 * The bits of what a CPU reads from memory by itself: page-table entries, selectors, segment descriptors and
 * gates, and the error code that a page fault pushes (Intel SDM, "4-Level Paging and 5-Level Paging",
 * "Segment Selectors", "Segment Descriptors", "System Descriptor Types", "IDT Descriptors", "Interrupt and
 * Trap Gates").  The fields of a descriptor lie scattered, because the 386 had to understand the 286's tables
 * and put what was new where the 286 had wanted zeros.
 */
#include "debug/bits.h"

#define END                                                                                                  \
    {                                                                                                        \
        0, 0, NULL, NULL, NULL, NULL                                                                         \
    }

#define PAGE_TOP                                                                                             \
    {63, 1, "XD", "execute disable", "no code may run from here (with EFER.NXE)", "code may run from here"}, \
        {59, 4, "PKEY", "protection key", "which rights of PKRU or PKRS apply (CR4.PKE, PKS)", NULL},        \
    {                                                                                                        \
        52, 7, "SW2", "software's", "free for the operating system", NULL                                    \
    }
#define PAGE_RIGHTS                                                                                          \
    {4, 1, "PCD", "page-level cache disable", "accesses go past the caches", "may be cached"},               \
        {3, 1, "PWT", "page-level write-through", "cached write-through", "cached write-back"},              \
        {2, 1, "US", "user/supervisor", "ring 3 may come in", "for rings 0 to 2 only"},                      \
        {1, 1, "RW", "read/write", "writes are allowed", "read-only"},                                       \
    {                                                                                                        \
        0, 1, "P", "present", "the entry is valid", "not present: all other bits are software's"             \
    }

static const struct bit pte[] = {
    PAGE_TOP,
    {12, 40, "ADDR", "address", "physical address of the page, in 4 KiB pages", NULL},
    {9, 3, "SW", "software's", "free for the operating system", NULL},
    {8, 1, "G", "global", "survives a MOV to CR3 (with CR4.PGE)", "dropped by a MOV to CR3"},
    {7, 1, "PAT", "page-attribute table", "the upper half of the PAT says the memory type",
     "the lower half of the PAT says the memory type"},
    {6, 1, "D", "dirty", "the page was written to", "not written to since this was cleared"},
    {5, 1, "A", "accessed", "the page was used", "not used since this was cleared"},
    PAGE_RIGHTS,
    END,
};
const struct bits bits_pte = {.name = "PTE",
                              .aliases = "page-table-entry",
                              .title = "page-table entry: maps a 4 KiB page",
                              .section = "4-Level Paging and 5-Level Paging",
                              .bit = pte};

static const struct bit pde[] = {
    PAGE_TOP,
    {12, 40, "ADDR", "address", "physical address of the next table or the page, in 4 KiB pages", NULL},
    {12, 1, "PAT", "page-attribute table", "in a large page: the upper half of the PAT (no part of ADDR)",
     "in a large page: the lower half of the PAT"},
    {9, 3, "SW", "software's", "free for the operating system", NULL},
    {8, 1, "G", "global", "a large page survives a MOV to CR3 (with CR4.PGE)", "dropped by a MOV to CR3"},
    {7, 1, "PS", "page size",
     "a large page: 2 MiB from a PDE (4 MiB with 4-byte entries), 1 GiB from a PDPTE",
     "leads to the next table"},
    {6, 1, "D", "dirty", "the large page was written to", "not written to since this was cleared"},
    {5, 1, "A", "accessed", "the CPU went through here", "not used since this was cleared"},
    PAGE_RIGHTS,
    END,
};
const struct bits bits_pde = {.name = "PDE",
                              .aliases = "pdpte page-directory-entry",
                              .title =
                                  "page-directory entry (and PDPTE): leads to a table, or maps a large page",
                              .section = "4-Level Paging and 5-Level Paging",
                              .bit = pde};

static const struct bit pml4e[] = {
    PAGE_TOP,
    {12, 40, "ADDR", "address", "physical address of the next table, in 4 KiB pages", NULL},
    {8, 4, "SW", "software's", "free for the operating system", NULL},
    {7, 1, "PS", "page size", "reserved here: a page fault with the RSVD bit", "as it must be"},
    {5, 1, "A", "accessed", "the CPU went through here", "not used since this was cleared"},
    PAGE_RIGHTS,
    END,
};
const struct bits bits_pml4e = {.name = "PML4E",
                                .aliases = "pml5e",
                                .title = "top-level entry: leads to a table of 512 PDPTEs",
                                .section = "4-Level Paging and 5-Level Paging",
                                .bit = pml4e};

static const struct bit page_fault[] = {
    {15, 1, "SGX", "SGX", "refused by the enclave's rules", "not about an enclave"},
    {6, 1, "SS", "shadow stack", "an access to a shadow stack", "an ordinary access"},
    {5, 1, "PK", "protection key", "refused by a protection key", "not refused by a protection key"},
    {4, 1, "ID", "instruction fetch", "code was to be read", "data (or fetches are not told apart)"},
    {3, 1, "RSVD", "reserved bit", "a reserved bit is set in an entry", "no reserved bit was in the way"},
    {2, 1, "US", "user", "the access came from ring 3", "the access came from ring 0, 1 or 2"},
    {1, 1, "WR", "write", "it was a write", "it was a read"},
    {0, 1, "P", "present", "the page is there and its rights forbid the access",
     "an entry on the way is not present"},
    END,
};
const struct bits bits_page_fault = {.name = "PFEC",
                                     .aliases = "page-fault-error-code #pf",
                                     .title =
                                         "the error code that a page fault pushes; the address is in CR2",
                                     .section = "Page-Fault Exception (#PF)",
                                     .bit = page_fault};

static const struct bit selector[] = {
    {3, 13, "INDEX", "index", "which descriptor of the table, from 0", NULL},
    {2, 1, "TI", "table indicator", "in the LDT", "in the GDT"},
    {0, 2, "RPL", "requested privilege level", "the ring it is used on behalf of; in CS it is the CPL", NULL},
    END,
};
const struct bits bits_selector = {.name = "SELECTOR",
                                   .aliases = "",
                                   .title = "what a segment register is loaded with",
                                   .section = "Segment Selectors",
                                   .bit = selector};

#define ACCESS_TOP                                                                                           \
    {47, 1, "P", "present", "can be loaded", "not present: loading it raises #NP (#SS for SS)"},             \
    {                                                                                                        \
        45, 2, "DPL", "descriptor privilege level", "the ring it belongs to", NULL                           \
    }

static const struct bit descriptor[] = {
    {56, 8, "BASE3", "base 31-24", "top byte of the base", NULL},
    {55, 1, "G", "granularity", "the limit counts 4 KiB units", "the limit counts bytes"},
    {54, 1, "DB", "default size", "32-bit operands, addresses and stack", "16-bit (or, with L, 64-bit)"},
    {53, 1, "L", "long", "64-bit code (in long mode; DB must be 0)", "not 64-bit code"},
    {52, 1, "AVL", "available", "free for the operating system, which set it",
     "free for the operating system"},
    {48, 4, "LIMIT1", "limit 19-16", "upper part of the limit", NULL},
    ACCESS_TOP,
    {44, 1, "S", "kind", "code or data", "a system descriptor"},
    {43, 1, "CODE", "code", "a code segment", "a data segment"},
    {42, 1, "CE", "conforming / expand-down",
     "code: may be called from outer rings as it is; data: offsets above the limit",
     "code: runs in its own ring; data: offsets up to the limit"},
    {41, 1, "RW", "readable / writable", "code: can be read; data: can be written",
     "code: execute-only; data: read-only"},
    {40, 1, "A", "accessed", "has been loaded", "not loaded yet: the first load sets this in memory"},
    {32, 8, "BASE2", "base 23-16", "third byte of the base", NULL},
    {16, 16, "BASE", "base 15-0", "low part of the base", NULL},
    {0, 16, "LIMIT", "limit 15-0", "low part of the limit", NULL},
    END,
};
const struct bits bits_descriptor = {.name = "DESCRIPTOR",
                                     .aliases = "segment-descriptor",
                                     .title = "a code or data segment in the GDT or an LDT",
                                     .section = "Segment Descriptors",
                                     .bit = descriptor};

static const struct bit system_descriptor[] = {
    {96, 32, "ZERO", "zero", "long mode: reserved, bits 12 to 8 of it must be 0", NULL},
    {64, 32, "BASE4", "base 63-32", "long mode: upper half of the base", NULL},
    {56, 8, "BASE3", "base 31-24", "top byte of the low half of the base", NULL},
    {55, 1, "G", "granularity", "the limit counts 4 KiB units", "the limit counts bytes"},
    {52, 1, "AVL", "available", "free for the operating system, which set it",
     "free for the operating system"},
    {48, 4, "LIMIT1", "limit 19-16", "upper part of the limit", NULL},
    ACCESS_TOP,
    {44, 1, "S", "kind", "code or data", "a system descriptor"},
    {40, 4, "TYPE", "type", "2 LDT, 9 TSS, b TSS in use, c call gate; 1 3 4 for the 286's", NULL},
    {32, 8, "BASE2", "base 23-16", "third byte of the base", NULL},
    {16, 16, "BASE", "base 15-0", "low part of the base", NULL},
    {0, 16, "LIMIT", "limit 15-0", "low part of the limit", NULL},
    END,
};
const struct bits bits_system_descriptor = {.name = "SYSTEM-DESCRIPTOR",
                                            .aliases = "tss-descriptor ldt-descriptor",
                                            .title =
                                                "where a TSS or an LDT is; 16 bytes in long mode, else 8",
                                            .section = "System Descriptor Types",
                                            .bit = system_descriptor,
                                            .wide = true};

#define GATE_OFFSETS                                                                                         \
    {96, 32, "ZERO", "zero", "reserved; in a call gate bits 12 to 8 of it must be 0", NULL},                 \
        {64, 32, "OFFSET3", "offset 63-32", "upper half of the address", NULL},                              \
    {                                                                                                        \
        48, 16, "OFFSET2", "offset 31-16", "second part of the address", NULL                                \
    }
#define GATE_TARGET                                                                                          \
    {16, 16, "SELECTOR", "selector", "the code segment of the target", NULL},                                \
    {                                                                                                        \
        0, 16, "OFFSET", "offset 15-0", "low part of the address", NULL                                      \
    }
#define GATE_ACCESS                                                                                          \
    {47, 1, "P", "present", "can be used", "not present: using it raises #NP"},                              \
    {                                                                                                        \
        45, 2, "DPL", "descriptor privilege level", "the outermost ring whose INT n or CALL may use it",     \
            NULL                                                                                             \
    }

static const struct bit gate64[] = {
    GATE_OFFSETS,
    GATE_ACCESS,
    {44, 1, "S", "kind", "code or data: no gate", "a system descriptor, as it must be"},
    {40, 4, "TYPE", "type", "e interrupt gate (clears IF), f trap gate", NULL},
    {35, 5, "ZERO2", "zero", "reserved", NULL},
    {32, 3, "IST", "interrupt-stack table", "1 to 7: switch to that stack of the TSS; 0: none", NULL},
    GATE_TARGET,
    END,
};
const struct bits bits_gate64 = {.name = "GATE64",
                                 .aliases = "gate idt-entry",
                                 .title = "an entry of the IDT in long mode: 16 bytes",
                                 .section = "64-Bit Mode IDT",
                                 .bit = gate64,
                                 .wide = true};

static const struct bit gate32[] = {
    {48, 16, "OFFSET2", "offset 31-16", "upper part of the address", NULL},
    GATE_ACCESS,
    {44, 1, "S", "kind", "code or data: no gate", "a system descriptor, as it must be"},
    {40, 4, "TYPE", "type", "5 task, e interrupt (clears IF), f trap; 6 7 the 286's", NULL},
    {32, 8, "ZERO", "zero", "not used by gates of the IDT", NULL},
    GATE_TARGET,
    END,
};
const struct bits bits_gate32 = {.name = "GATE32",
                                 .aliases = "",
                                 .title = "an entry of the IDT in protected mode: 8 bytes",
                                 .section = "IDT Descriptors",
                                 .bit = gate32};

static const struct bit call_gate[] = {
    GATE_OFFSETS,
    GATE_ACCESS,
    {44, 1, "S", "kind", "code or data: no gate", "a system descriptor, as it must be"},
    {40, 4, "TYPE", "type", "c call gate; 4 the 286's, 5 task gate", NULL},
    {32, 5, "COUNT", "parameter count", "words copied to the new stack; none in long mode", NULL},
    GATE_TARGET,
    END,
};
const struct bits bits_call_gate = {.name = "CALL-GATE",
                                    .aliases = "callgate",
                                    .title = "an entrance to inner rings in the GDT or an LDT",
                                    .section = "Call Gates",
                                    .bit = call_gate,
                                    .wide = true};
