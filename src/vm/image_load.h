/*
 * What the image loaders share, and nobody else needs: the open file, read with bounds, and the claims on
 * guest memory, which keep segments, modules and boot structures apart.
 */
#ifndef RINGSIDE_VM_IMAGE_LOAD_H
#define RINGSIDE_VM_IMAGE_LOAD_H

#include "vm/image.h"

#define IMAGE_FILE_MAX (1ull << 32)
enum { IMAGE_HEAD_LEN = 8192, IMAGE_CLAIMS_MAX = 64, IMAGE_WHAT_MAX = 80 };

/* An open file. `head` holds its first bytes, where formats are recognised. */
struct image_source {
    int fd;
    uint64_t len;
    uint8_t head[IMAGE_HEAD_LEN];
    size_t head_len;
};

/* Opens a regular, readable file of 1 byte to IMAGE_FILE_MAX. After a failure there is nothing to close. */
NODISCARD int image_source_open(struct image_source *s, const char *path, struct err *e);
void image_source_close(struct image_source *s);

/* Reads exactly `n` bytes at `offset`, or fails. Reads and never maps: a file that shrinks meanwhile is an
 * error here, not a SIGBUS. */
NODISCARD int image_source_read(const struct image_source *s, uint64_t offset, void *buf, uint64_t n,
                                struct err *e);

/* SHA-256 of the whole file as 64 hex digits and a NUL. */
NODISCARD int image_source_sha256(const struct image_source *s, char hex[65], struct err *e);

/* A stretch of guest memory that is taken. */
struct image_claim {
    uint64_t gpa, len;
    char what[IMAGE_WHAT_MAX];
};

/* A load under way. A loader sets start.mode first, since that says where the boot structures will lie. */
struct image_loader {
    const struct image_request *rq;
    struct image_source source;
    struct guest_memory *m;
    struct cpu_start start;
    struct image_claim claim[IMAGE_CLAIMS_MAX];
    size_t claim_count;
};

/* Takes `len` (more than 0) bytes at `gpa` for `what`. Refused: an end that wraps, the VGA window, the boot
 * structures, anything but RAM in one piece, and what is taken already. */
NODISCARD int image_claim(struct image_loader *l, const char *what, uint64_t gpa, uint64_t len,
                          struct err *e);

/* Claims `memory_len` bytes at `gpa`, reads the first `file_len` of them from `offset` in the file, zeroes
 * the rest. */
NODISCARD int image_place(struct image_loader *l, const struct image_source *s, const char *what,
                          uint64_t gpa, uint64_t memory_len, uint64_t offset, uint64_t file_len,
                          struct err *e);

/* A free place for `len` bytes at a multiple of `align` (a power of two), where image_claim will succeed and
 * which a PC would call usable RAM (not 0xa0000..0xfffff): the lowest at or above `from`, or the highest that
 * ends at or below `below`. MEMORY_NONE when there is none. */
uint64_t image_find_above(const struct image_loader *l, uint64_t from, uint64_t len, uint64_t align);
uint64_t image_find_below(const struct image_loader *l, uint64_t below, uint64_t len, uint64_t align);

/* The last part of a path: all a guest learns of where its files came from. */
const char *image_base_name(const char *path);

/* The loaders, and what recognises them. */
NODISCARD int image_flat_load(struct image_loader *l, struct err *e);
bool image_elf_recognise(const struct image_source *s);
NODISCARD int image_elf_load(struct image_loader *l, struct err *e);
bool image_multiboot_recognise(const struct image_source *s);
NODISCARD int image_multiboot_load(struct image_loader *l, struct err *e);

/* After image_multiboot_load: places the modules and the boot information, and sets EAX and EBX. */
NODISCARD int image_multiboot_info(struct image_loader *l, struct err *e);

#endif
