/*
 * Image files for the loader tests: made byte by byte in memory, written to a temporary file, loaded.
 */
#ifndef RINGSIDE_TESTS_IMAGE_FILES_H
#define RINGSIDE_TESTS_IMAGE_FILES_H

#include "base/bytes.h"
#include "unit.h"
#include "vm/image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB 0x100000ull

/* A file under construction. */
struct file {
    uint8_t bytes[16384];
    size_t len;
};

/* What a test loads and what it got. fixture_fini after each load. */
struct fixture {
    struct guest_memory m;
    struct image_request rq;
    struct image image;
    struct err e;
    char path[64];
};

struct segment {
    uint64_t paddr, vaddr, memsz;
    const char *text; /* the bytes in the file, filesz of them */
    uint64_t filesz;
};

static inline void file_write(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static inline void fixture_init(struct fixture *f, uint64_t mem)
{
    memset(f, 0, sizeof *f);
    strcpy(f->path, "/tmp/ringside-image-XXXXXX");
    int fd = mkstemp(f->path);
    if (fd < 0 || close(fd) < 0 || memory_init(&f->m, NULL, mem, &f->e) < 0)
        abort();
    f->rq = (struct image_request){.path = f->path, .mode = IMAGE_NO_MODE, .at = IMAGE_NO_ADDR};
}

static inline void fixture_fini(struct fixture *f)
{
    unlink(f->path);
    memory_fini(&f->m);
}

static inline int load(struct fixture *f, const void *bytes, size_t n)
{
    file_write(f->path, bytes, n);
    return image_load(&f->rq, &f->m, &f->image, &f->e);
}

/* The load must fail with a line that names the file and holds `why`. */
static inline void check_refused(struct fixture *f, const void *bytes, size_t n, const char *why)
{
    int rc = load(f, bytes, n);
    CU_ASSERT_EQUAL(rc, -1);
    if (rc == 0 || !strstr(f->e.text, why))
        fprintf(stderr, "got: %s\nwanted: %s\n", rc == 0 ? "a good load" : f->e.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(f->e.text, why));
    CU_ASSERT_EQUAL(strncmp(f->e.text, f->path, strlen(f->path)), 0);
}

/* Guest memory at `gpa` holds these bytes. */
static inline bool guest_holds(const struct fixture *f, uint64_t gpa, const void *bytes, size_t n)
{
    const void *p = memory_ptr(&f->m, gpa, n, false);
    return p && memcmp(p, bytes, n) == 0;
}

static inline uint32_t guest_le32(const struct fixture *f, uint64_t gpa)
{
    const void *p = memory_ptr(&f->m, gpa, 4, false);
    return p ? le32_load(p) : 0xdeadbeef;
}

static inline void elf64_make(struct file *f, uint64_t entry, const struct segment *s, size_t n)
{
    Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_entry = entry,
                    .e_phoff = sizeof h,
                    .e_ehsize = sizeof h,
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = (uint16_t)n};
    memset(f, 0, sizeof *f);
    memcpy(f->bytes, &h, sizeof h);
    f->len = sizeof h + n * sizeof(Elf64_Phdr);
    for (size_t i = 0; i < n; i++) {
        Elf64_Phdr p = {.p_type = PT_LOAD,
                        .p_offset = f->len,
                        .p_vaddr = s[i].vaddr,
                        .p_paddr = s[i].paddr,
                        .p_filesz = s[i].filesz,
                        .p_memsz = s[i].memsz};
        memcpy(f->bytes + sizeof h + i * sizeof p, &p, sizeof p);
        if (s[i].filesz)
            memcpy(f->bytes + f->len, s[i].text, s[i].filesz);
        f->len += s[i].filesz;
    }
}

/* `room` bytes are left free behind the headers, for a Multiboot header; its file offset is returned. */
static inline size_t elf32_make(struct file *f, uint32_t entry, const struct segment *s, size_t n,
                                size_t room)
{
    Elf32_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_machine = EM_386,
                    .e_version = EV_CURRENT,
                    .e_entry = entry,
                    .e_phoff = sizeof h,
                    .e_ehsize = sizeof h,
                    .e_phentsize = sizeof(Elf32_Phdr),
                    .e_phnum = (uint16_t)n};
    memset(f, 0, sizeof *f);
    memcpy(f->bytes, &h, sizeof h);
    size_t free_at = sizeof h + n * sizeof(Elf32_Phdr);
    f->len = free_at + room;
    for (size_t i = 0; i < n; i++) {
        Elf32_Phdr p = {.p_type = PT_LOAD,
                        .p_offset = (uint32_t)f->len,
                        .p_vaddr = (uint32_t)s[i].vaddr,
                        .p_paddr = (uint32_t)s[i].paddr,
                        .p_filesz = (uint32_t)s[i].filesz,
                        .p_memsz = (uint32_t)s[i].memsz};
        memcpy(f->bytes + sizeof h + i * sizeof p, &p, sizeof p);
        if (s[i].filesz)
            memcpy(f->bytes + f->len, s[i].text, s[i].filesz);
        f->len += s[i].filesz;
    }
    return free_at;
}

/* A Multiboot header at `offset`, with the address fields when `addresses` (header, load, load end, bss end,
 * entry). */
static inline void multiboot_put(struct file *f, size_t offset, uint32_t flags, const uint32_t *addresses)
{
    le_store(f->bytes + offset, 0x1badb002, 4);
    le_store(f->bytes + offset + 4, flags, 4);
    le_store(f->bytes + offset + 8, 0u - 0x1badb002u - flags, 4);
    for (size_t i = 0; addresses && i < 5; i++)
        le_store(f->bytes + offset + 12 + i * 4, addresses[i], 4);
    size_t end = offset + (addresses ? 32 : 12);
    if (f->len < end)
        f->len = end;
}

#endif
