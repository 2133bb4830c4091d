/*
 * Images: how bytes in a file become a guest about to run its first instruction.  A format is one row of a
 * table (image.c): how to recognise it and how to load it; each loader has a file of its own.
 */
#ifndef RINGSIDE_VM_IMAGE_H
#define RINGSIDE_VM_IMAGE_H

#include "vm/cpu.h"
#include "vm/memory.h"

enum image_format { IMAGE_AUTO, IMAGE_FLAT, IMAGE_ELF, IMAGE_MULTIBOOT, IMAGE_FORMAT_COUNT };

/* The name as on the command line (`auto flat elf multiboot`), or the number of a name, -1 when unknown. */
const char *image_format_name(enum image_format f);
int image_format_find(const char *name);

#define IMAGE_NO_MODE (-1)
#define IMAGE_NO_ADDR UINT64_MAX
enum { IMAGE_MODULES_MAX = 16 };

/* What the user asked for. A flat image takes `mode` and `at`, a Multiboot image `cmdline` and `modules`;
 * each is refused where it means nothing. Without `mode` a flat image starts in real mode; without `at` it is
 * loaded and entered at 0x7c00, and in protected and long mode at 0x100000. A Multiboot guest sees as its
 * command line the image's file name (without directories), a blank and `cmdline`, as GRUB Legacy has it. */
struct image_request {
    const char *path;
    enum image_format format;
    int mode;                               /* enum cpu_mode, or IMAGE_NO_MODE */
    uint64_t at;                            /* gpa, or IMAGE_NO_ADDR */
    const char *cmdline;                    /* NULL = none */
    const char *modules[IMAGE_MODULES_MAX]; /* "FILE ARGS": the file name ends at the first blank */
    size_t module_count;
};

/* What came of it. */
struct image {
    enum image_format format; /* never IMAGE_AUTO */
    struct cpu_start start;
    char sha256[65]; /* of the file, hex */
    uint64_t file_len;
    uint64_t load_gpa, load_end_gpa; /* lowest and one past the highest byte of the image, without modules */
};

/* Opens the file, recognises the format and places the image in memory, which should be as memory_init left
 * it. With IMAGE_AUTO: an ELF file is Multiboot when it has a Multiboot header and ELF when not; any other
 * file is Multiboot when it has a Multiboot header with load addresses and flat when not. Every failure is
 * one clear line that names the file; memory may then hold parts of it. */
NODISCARD int image_load(const struct image_request *rq, struct guest_memory *m, struct image *out,
                         struct err *e);

#endif
