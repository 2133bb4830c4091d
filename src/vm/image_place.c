/*
 * Who gets which guest memory.  An image file is free to ask for any address; here it meets the machine: RAM
 * that ends, the VGA window in the middle, the tables that cpu_setup will write, and whatever was placed
 * before.  The loaders claim first and copy afterwards, so that a refusal is about addresses and says them.
 */
#include "vm/image_load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define USABLE_HOLE_GPA 0xa0000u /* VGA window and, in a PC, ROMs: no loader puts data of its own there */
#define USABLE_HOLE_LEN 0x60000u
#define LOWEST_GPA      0x1000u /* below it are real mode's interrupt vectors, and null pointers point there */

static bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a_len && b_len && a < b + b_len && b < a + a_len;
}

/* Range number `i` that is taken: the boot structures, then the claims. False when there are no more. */
static bool taken_range(const struct image_loader *l, size_t i, struct image_claim *out)
{
    if (i > l->claim_count)
        return false;
    if (i > 0) {
        *out = l->claim[i - 1];
        return true;
    }
    uint64_t len = cpu_boot_structures_len(l->start.mode), gpa = cpu_boot_structures_gpa(l->m, l->start.mode);
    *out =
        (struct image_claim){.gpa = gpa, .len = gpa == MEMORY_NONE ? 0 : len, .what = "the boot structures"};
    return true;
}

static int range_refuse(const char *what, uint64_t gpa, uint64_t len, const struct image_claim *with,
                        struct err *e)
{
    return err_set(e, "%s: %#" PRIx64 " bytes at %#" PRIx64 ": overlaps %s: %#" PRIx64 " bytes at %#" PRIx64,
                   what, len, gpa, with->what, with->len, with->gpa);
}

static int ram_check(const struct image_loader *l, const char *what, uint64_t gpa, uint64_t len,
                     struct err *e)
{
    if (memory_ptr(l->m, gpa, len, true))
        return 0;
    uint64_t end =
        l->m->len > MEMORY_LOW_MAX ? MEMORY_HIGH_GPA + (l->m->len - MEMORY_LOW_MAX) : memory_low_end(l->m);
    return err_set(e, "%s: %#" PRIx64 " bytes at %#" PRIx64 ": not all in RAM, which ends at %#" PRIx64, what,
                   len, gpa, end);
}

int image_claim(struct image_loader *l, const char *what, uint64_t gpa, uint64_t len, struct err *e)
{
    static const struct image_claim vga = {MEMORY_VGA_GPA, MEMORY_VGA_LEN, "the VGA window"};
    struct image_claim taken;
    if (len > l->m->len)
        return err_set(
            e, "%s: %#" PRIx64 " bytes at %#" PRIx64 ": larger than the guest's memory of %#" PRIx64 " bytes",
            what, len, gpa, l->m->len);
    if (gpa > UINT64_MAX - len)
        return err_set(e, "%s: %#" PRIx64 " bytes at %#" PRIx64 ": wraps past the last address", what, len,
                       gpa);
    if (ranges_overlap(gpa, len, vga.gpa, vga.len))
        return range_refuse(what, gpa, len, &vga, e);
    for (size_t i = 0; taken_range(l, i, &taken); i++)
        if (ranges_overlap(gpa, len, taken.gpa, taken.len))
            return range_refuse(what, gpa, len, &taken, e);
    if (ram_check(l, what, gpa, len, e) < 0)
        return -1;
    if (l->claim_count == IMAGE_CLAIMS_MAX)
        return err_set(e, "%s: more than %d pieces to place", what, IMAGE_CLAIMS_MAX);
    struct image_claim *c = &l->claim[l->claim_count++];
    *c = (struct image_claim){.gpa = gpa, .len = len};
    snprintf(c->what, sizeof c->what, "%s", what);
    return 0;
}

int image_place(struct image_loader *l, const struct image_source *s, const char *what, uint64_t gpa,
                uint64_t memory_len, uint64_t offset, uint64_t file_len, struct err *e)
{
    if (file_len > memory_len)
        return err_set(e, "%s: %#" PRIx64 " bytes in the file, but only %#" PRIx64 " in memory", what,
                       file_len, memory_len);
    if (image_claim(l, what, gpa, memory_len, e) < 0)
        return -1;
    if (file_len > 0 && image_source_read(s, offset, memory_ptr(l->m, gpa, file_len, true), file_len, e) < 0)
        return err_wrap(e, "%s", what);
    return memory_len > file_len ? memory_zero(l->m, gpa + file_len, memory_len - file_len, e) : 0;
}

/* Something that `len` bytes at `gpa` must not lie over; false when there is nothing. */
static bool blocker_find(const struct image_loader *l, uint64_t gpa, uint64_t len, struct image_claim *out)
{
    *out = (struct image_claim){.gpa = USABLE_HOLE_GPA, .len = USABLE_HOLE_LEN};
    if (ranges_overlap(gpa, len, out->gpa, out->len))
        return true;
    for (size_t i = 0; i < l->m->rom_count; i++) {
        *out = (struct image_claim){.gpa = l->m->rom[i].gpa, .len = l->m->rom[i].len};
        if (ranges_overlap(gpa, len, out->gpa, out->len))
            return true;
    }
    for (size_t i = 0; taken_range(l, i, out); i++)
        if (ranges_overlap(gpa, len, out->gpa, out->len))
            return true;
    return false;
}

uint64_t image_find_above(const struct image_loader *l, uint64_t from, uint64_t len, uint64_t align)
{
    struct image_claim blocker;
    uint64_t top = memory_low_end(l->m);
    if (len > top || from > top)
        return MEMORY_NONE;
    uint64_t gpa = (from + align - 1) & ~(align - 1);
    while (blocker_find(l, gpa, len, &blocker))
        gpa = (blocker.gpa + blocker.len + align - 1) & ~(align - 1);
    return memory_ptr(l->m, gpa, len, true) && gpa < MEMORY_HIGH_GPA ? gpa : MEMORY_NONE;
}

uint64_t image_find_below(const struct image_loader *l, uint64_t below, uint64_t len, uint64_t align)
{
    struct image_claim blocker = {.gpa = below};
    uint64_t gpa;
    do {
        if (blocker.gpa < len + LOWEST_GPA)
            return MEMORY_NONE;
        gpa = (blocker.gpa - len) & ~(align - 1);
    } while (blocker_find(l, gpa, len, &blocker));
    return memory_ptr(l->m, gpa, len, true) ? gpa : MEMORY_NONE;
}

const char *image_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
