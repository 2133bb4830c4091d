/*
 * What is behind a guest-physical address: see backing.h.  On a PC the address space is a map of several
 * things, and a page table may point anywhere in it.  Called by the page commands.
 *
 * Simplified: devices other than the VGA window are not told from holes, since this floor does not know the
 * machine; an address without memory is one whose access leaves the guest.
 */
#include "debug/backing.h"

/* Cuts [*first, *end) at `at` so that `gpa` stays inside. */
static void run_cut(uint64_t gpa, uint64_t at, uint64_t *first, uint64_t *end)
{
    if (at <= gpa && at > *first)
        *first = at;
    if (at > gpa && at < *end)
        *end = at;
}

struct backing_run backing_at(const struct guest_memory *m, uint64_t gpa)
{
    uint64_t first = 0, end = UINT64_MAX;
    for (size_t i = 0; i < m->region_count; i++) {
        const struct memory_region *r = &m->region[i];
        if (gpa - r->gpa < r->len)
            return (struct backing_run){r->read_only ? BACKING_ROM : BACKING_RAM, r->gpa, r->len};
        run_cut(gpa, r->gpa, &first, &end);
        run_cut(gpa, r->gpa + r->len, &first, &end);
    }
    run_cut(gpa, MEMORY_VGA_GPA, &first, &end);
    run_cut(gpa, MEMORY_VGA_GPA + MEMORY_VGA_LEN, &first, &end);
    enum backing what = first - MEMORY_VGA_GPA < MEMORY_VGA_LEN ? BACKING_VGA : BACKING_NOTHING;
    return (struct backing_run){what, first, end - first};
}

const char *backing_name(enum backing what)
{
    static const char *const names[] = {"nothing", "RAM", "ROM", "VGA window"};
    return names[what];
}
