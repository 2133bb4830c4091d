/*
 * Multiboot 1: the agreement between GRUB and kernels.  A kernel carries a header in its first 8 KiB that
 * begins with a magic number and sums to zero; the boot loader places it, enters it in 32-bit protected mode
 * with a second magic number in EAX and the address of a boot-information structure in EBX (Multiboot
 * Specification 0.6.96, "OS image format", "Machine state").  Where the image goes is told by its ELF
 * headers, or by addresses in the header itself, which then count alone: the "a.out kludge" that lets any
 * format be a kernel.
 *
 * A wish for a video mode (bit 2) is passed over, as the specification allows: the machine has its text
 * screen. A 64-bit ELF file without load addresses is refused, since its segments hold 64-bit code and
 * Multiboot enters 32-bit code.
 */
#include "vm/image_load.h"

#include "base/bytes.h"

#include <elf.h>
#include <inttypes.h>

#define HEADER_MAGIC 0x1badb002u

enum {
    FLAG_PAGE_ALIGN = 1 << 0,
    FLAG_MEMORY = 1 << 1,
    FLAG_VIDEO = 1 << 2,
    FLAG_ADDRESSES = 1 << 16,
    FLAGS_MUST = 0xffff, /* what a loader that does not know it must refuse */
    HEADER_LEN = 12,
    HEADER_ADDRESSES_LEN = 32
};

struct header {
    uint32_t offset, flags;
    uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr; /* with FLAG_ADDRESSES */
};

static bool header_find(const struct image_source *s, struct header *h)
{
    for (uint32_t i = 0; i + HEADER_LEN <= s->head_len; i += 4) {
        const uint8_t *p = s->head + i;
        if (le32_load(p) != HEADER_MAGIC ||
            (uint32_t)(HEADER_MAGIC + le32_load(p + 4) + le32_load(p + 8)) != 0)
            continue;
        *h = (struct header){.offset = i, .flags = le32_load(p + 4)};
        if (!(h->flags & FLAG_ADDRESSES))
            return true;
        if (i + HEADER_ADDRESSES_LEN > s->head_len)
            continue;
        h->header_addr = le32_load(p + 12);
        h->load_addr = le32_load(p + 16);
        h->load_end_addr = le32_load(p + 20);
        h->bss_end_addr = le32_load(p + 24);
        h->entry_addr = le32_load(p + 28);
        return true;
    }
    return false;
}

bool image_multiboot_recognise(const struct image_source *s)
{
    struct header h = {0};
    return header_find(s, &h) && (image_elf_recognise(s) || (h.flags & FLAG_ADDRESSES));
}

/* How many bytes of the file, from `offset` on, belong to the image; and its whole length in memory. */
static int kludge_measure(const struct image_source *s, const struct header *h, uint64_t offset,
                          uint64_t *file_len, uint64_t *memory_len, struct err *e)
{
    if (h->load_end_addr != 0 && h->load_end_addr < h->load_addr)
        return err_set(e, "Multiboot header: load_end_addr %#x before load_addr %#x", h->load_end_addr,
                       h->load_addr);
    *file_len = h->load_end_addr ? h->load_end_addr - h->load_addr : s->len - offset;
    uint64_t load_end = h->load_addr + *file_len;
    if (h->bss_end_addr != 0 && h->bss_end_addr < load_end)
        return err_set(e, "Multiboot header: bss_end_addr %#x before the end of the data at %#" PRIx64,
                       h->bss_end_addr, load_end);
    *memory_len = (h->bss_end_addr ? h->bss_end_addr : load_end) - h->load_addr;
    if (*file_len > s->len - offset)
        return err_set(e,
                       "Multiboot image: cut: %#" PRIx64 " bytes for %#x at file offset %#" PRIx64
                       ", but the file has %#" PRIx64,
                       *file_len, h->load_addr, offset, s->len);
    if (*memory_len == 0)
        return err_set(e, "Multiboot header: nothing to load: load_addr = load_end_addr = %#x", h->load_addr);
    if (h->entry_addr < h->load_addr || h->entry_addr - h->load_addr >= *memory_len)
        return err_set(e, "Multiboot header: entry_addr %#x outside the image: %#" PRIx64 " bytes at %#x",
                       h->entry_addr, *memory_len, h->load_addr);
    return 0;
}

static int kludge_load(struct image_loader *l, const struct header *h, struct err *e)
{
    /* header_addr is where the header will lie, and so ties addresses to file offsets. */
    if (h->header_addr < h->load_addr || h->header_addr - h->load_addr > h->offset)
        return err_set(e, "Multiboot header: load_addr %#x does not fit header_addr %#x, at file offset %#x",
                       h->load_addr, h->header_addr, h->offset);
    uint64_t offset = h->offset - (h->header_addr - h->load_addr), file_len = 0, memory_len = 0;
    if (kludge_measure(&l->source, h, offset, &file_len, &memory_len, e) < 0)
        return -1;
    l->start.mode = MODE_PROTECTED;
    l->start.entry = h->entry_addr;
    return image_place(l, &l->source, "Multiboot image", h->load_addr, memory_len, offset, file_len, e);
}

int image_multiboot_load(struct image_loader *l, struct err *e)
{
    struct header h = {0};
    const struct image_source *s = &l->source;
    if (!header_find(s, &h))
        return err_set(e, "Multiboot: no header with a valid checksum in the first %d bytes", IMAGE_HEAD_LEN);
    uint32_t unknown = h.flags & FLAGS_MUST & ~(uint32_t)(FLAG_PAGE_ALIGN | FLAG_MEMORY | FLAG_VIDEO);
    if (unknown)
        return err_set(e, "Multiboot header: demands features that are not known here: flags %#x", unknown);
    if (h.flags & FLAG_ADDRESSES)
        return kludge_load(l, &h, e);
    if (!image_elf_recognise(s))
        return err_set(e, "Multiboot header: gives no load addresses (flag bit 16), and the file is not ELF");
    if (s->head_len > EI_CLASS && s->head[EI_CLASS] == ELFCLASS64)
        return err_set(e, "is a 64-bit ELF: Multiboot 1 enters 32-bit code; use --format elf");
    return image_elf_load(l, e);
}
