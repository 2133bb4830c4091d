/*
 * Flat images: bytes without a header, as a BIOS takes a boot sector.  They are placed whole and entered at
 * their first byte.  By default that is the oldest of PC customs: real mode at 0x7c00, and when the first 512
 * bytes end in 55 AA, the mark of a boot sector, with the number of the first hard disk in DL.  Simplified: a
 * BIOS loads one sector and lets it fetch the rest; here the whole file comes at once.
 */
#include "vm/image_load.h"

#include <inttypes.h>

#define BOOT_SECTOR_GPA 0x7c00u
#define PROTECTED_GPA   0x100000u
#define REAL_END        0x100000u
#define FIRST_HARD_DISK 0x80u

enum { MARK_OFFSET = 510, MARK_LEN = 2 };

static bool has_boot_mark(const struct image_source *s)
{
    return s->head_len >= MARK_OFFSET + MARK_LEN && s->head[MARK_OFFSET] == 0x55 &&
           s->head[MARK_OFFSET + 1] == 0xaa;
}

int image_flat_load(struct image_loader *l, struct err *e)
{
    const struct image_request *rq = l->rq;
    int mode = rq->mode == IMAGE_NO_MODE ? MODE_REAL : rq->mode;
    if (mode != MODE_REAL && mode != MODE_PROTECTED && mode != MODE_LONG)
        return err_set(e, "flat image: cannot start in that mode: real, protected or long");
    l->start.mode = (enum cpu_mode)mode;
    uint64_t gpa = mode == MODE_REAL ? BOOT_SECTOR_GPA : PROTECTED_GPA;
    if (rq->at != IMAGE_NO_ADDR)
        gpa = rq->at;
    if (mode == MODE_REAL && (gpa >= REAL_END || l->source.len > REAL_END - gpa))
        return err_set(e,
                       "flat image: %#" PRIx64 " bytes at %#" PRIx64 ": real mode reaches the first MiB only",
                       l->source.len, gpa);
    if (mode == MODE_REAL && has_boot_mark(&l->source))
        l->start.rdx = FIRST_HARD_DISK;
    l->start.entry = gpa;
    return image_place(l, &l->source, "flat image", gpa, l->source.len, 0, l->source.len, e);
}
