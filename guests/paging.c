// paging: a guest plays with its own page tables: maps, watches, remaps, and mends what faults.
//
// What it shows
//   In long mode every address a program uses is looked up in a tree of tables, four levels deep; nine bits
//   of the address choose the entry at each level, the last twelve are the offset in the page. CR3 holds the
//   root. Each entry says where the next table (or the page) is and what may be done with it: bit 0 P,
//   present; bit 1 R/W, writable; and the CPU itself writes into it: bit 5 A, accessed, and bit 6 D, dirty.
//   An operating system lives on this: it finds out what a program used, brings memory in when it is touched,
//   copies it when it is written.
//
//   The guest opens a window, one page at virtual address 0x8000000000 (512 GiB: the second entry of the
//   PML4, so it meets nothing that is there already), and moves it over two pages, the first and the second.
//
// Predict before you run it
//   1. A freshly mapped page is read, then written. What are A and D before, between and after?
//   2. The handler for the page fault sets the P bit and returns. Which instruction runs next?
//   3. The error code of a page fault has bit 0 = the page was present, bit 1 = it was a write. What will it
//      be for the read of the page that is not there? For the write to the page that is read-only?
//   4. CR0.WP decides whether the kernel (CPL 0) must respect R/W. What would happen without it?
//
// Exits you will see
//   out, in    the serial port
//   hlt        the end (status 0)
//   None for the page faults, none for MOV to CR3, none for INVLPG: with two-dimensional paging the guest's
//   tables are the guest's own affair. (A KVM without it, or without hardware, does work for them: see its
//   own statistics.)
//
// Try   leave out the window_flush after the remapping. Now the second read may return either page: the TLB
//       may or may not hold the old entry. On which of your hosts does it?
// Manual: Intel SDM volume 3, "4-Level Paging and 5-Level Paging", "Accessed and Dirty Flags",
// "Page-Fault Exceptions".
#include "lib/console.h"
#include "lib/trap.h"

enum {
    PAGE_LEN = 4096,
    PTE_P = 1 << 0,
    PTE_W = 1 << 1,
    PTE_A = 1 << 5,
    PTE_D = 1 << 6,
    CR0_WP = 1 << 16,
    WINDOW_PML4_INDEX = 1,
    VECTOR_PAGE_FAULT = 14,
};

#define PAGE_ALIGNED __attribute__((aligned(PAGE_LEN)))

// One table for each level. They are in the guest's image, which is mapped to itself: so their address here
// is also their physical address, the only kind of address that page tables and CR3 know.
static volatile uint64_t pml4[512] PAGE_ALIGNED;
static volatile uint64_t pointers[512] PAGE_ALIGNED;
static volatile uint64_t directory[512] PAGE_ALIGNED;
static volatile uint64_t table[512] PAGE_ALIGNED;

static volatile uint64_t first[512] PAGE_ALIGNED;
static volatile uint64_t second[512] PAGE_ALIGNED;

static volatile uint64_t *const window = (volatile uint64_t *)((uint64_t)WINDOW_PML4_INDEX << 39);

// The CPU remembers translations in its TLB, and does not notice when a table changes. INVLPG makes it forget
// one.
static void window_flush(void)
{
    __asm__ volatile("invlpg %0" : : "m"(*window) : "memory");
}

static void window_map(volatile uint64_t *page, uint64_t flags)
{
    table[0] = (uint64_t)page | flags;
    window_flush();
}

static void window_print(const char *when)
{
    uint64_t entry = table[0];

    console_text("  ");
    console_text(when);
    console_text(entry & PTE_P ? ": P=1" : ": P=0");
    console_text(entry & PTE_W ? " W=1" : " W=0");
    console_text(entry & PTE_A ? " A=1" : " A=0");
    console_text(entry & PTE_D ? " D=1\n" : " D=0\n");
}

static void value_print(const char *what, uint64_t value)
{
    console_text("  ");
    console_text(what);
    console_text(" ");
    console_hex(value, 4);
    console_text("\n");
}

// The page-fault handler. It looks at the cause, mends the entry, and returns to the same instruction, which
// then succeeds and never knows. This is how swapping, copy-on-write and mapped files work.
void trap_handle(struct trap_frame *frame)
{
    uint64_t cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));

    if (frame->vector != VECTOR_PAGE_FAULT || cr2 != (uint64_t)window) {
        value_print("UNEXPECTED vector", frame->vector);
        __asm__ volatile("cli; hlt");
    }
    console_text("  page fault: cr2 ");
    console_hex(cr2, 10);
    console_text(", error code ");
    console_hex(frame->error_code, 4);
    if (frame->error_code & PTE_P) {
        console_text(": mend it, set W\n");
        table[0] |= PTE_W;
    } else {
        console_text(": mend it, set P\n");
        table[0] |= PTE_P;
    }
    window_flush();
}

// Takes over from the loader's tables: a new root, whose first entry is copied from the old one, so that
// everything that was mapped still is, and whose second entry leads to the window.
static void tables_install(void)
{
    uint64_t cr3, cr0;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    pml4[0] = *(volatile uint64_t *)(cr3 & ~(uint64_t)(PAGE_LEN - 1));
    pml4[WINDOW_PML4_INDEX] = (uint64_t)pointers | PTE_P | PTE_W;
    pointers[0] = (uint64_t)directory | PTE_P | PTE_W;
    directory[0] = (uint64_t)table | PTE_P | PTE_W;
    __asm__ volatile("mov %0, %%cr3" : : "r"(pml4) : "memory");

    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_WP) : "memory");
}

void guest_main(void);

void guest_main(void)
{
    console_init();
    trap_init();
    tables_install();
    first[0] = 0x1111;
    second[0] = 0x2222;

    console_text("paging: the window is mapped to the first page\n");
    window_map(first, PTE_P | PTE_W);
    window_print("untouched");
    value_print("read", window[0]);
    window_print("after a read");
    window[0] = 0x3333;
    window_print("after a write");
    value_print("the first page itself now holds", first[0]);

    console_text("remapped to the second page, and INVLPG\n");
    window_map(second, PTE_P | PTE_W);
    value_print("read", window[0]);

    console_text("not present\n");
    window_map(second, PTE_W);
    value_print("read", window[0]);
    window_print("afterwards");

    console_text("read-only\n");
    window_map(second, PTE_P);
    window[0] = 0x4444;
    window_print("afterwards");
    value_print("the second page itself now holds", second[0]);
}
