/*
 * What a Multiboot kernel is told: the boot-information structure with the size and the map of memory, the
 * command line, the modules, and who loaded it (Multiboot Specification 0.6.96, "Boot information format").
 * Modules are page-aligned, whether the header asks for it (bit 0) or not, and lie behind the image where
 * there is room; the information is one block in conventional memory, below 640 KiB. A command line begins
 * with the name of the file, without its directories: the guest must not depend on where the host keeps it.
 */
#include "vm/image_load.h"

#include "base/bytes.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define BOOT_MAGIC  0x2badb002u
#define LOADER_NAME "Ringside"
#define PAGE_LEN    0x1000u
#define LOW_END     0xa0000u
#define UPPER_GPA   0x100000u

/* Offsets in the structure, and which flag says that a field is there. */
enum {
    INFO_FLAGS = 0,
    INFO_MEM_LOWER = 4,
    INFO_MEM_UPPER = 8,
    INFO_CMDLINE = 16,
    INFO_MODS_COUNT = 20,
    INFO_MODS_ADDR = 24,
    INFO_MMAP_LEN = 44,
    INFO_MMAP_ADDR = 48,
    INFO_LOADER_NAME = 64,
    INFO_LEN = 120,
    HAS_MEMORY = 1 << 0,
    HAS_CMDLINE = 1 << 2,
    HAS_MODS = 1 << 3,
    HAS_MMAP = 1 << 6,
    HAS_LOADER_NAME = 1 << 9
};

enum { MOD_LEN = 16, MMAP_ENTRY_LEN = 24, MMAP_USABLE = 1, MMAP_RESERVED = 2 };

/* A module that was placed, and its string in two parts: file name without directories, and arguments. */
struct module {
    uint64_t gpa, len;
    const char *name, *args;
    size_t name_len;
};

/* The block under construction: `used` bytes of `buf`, which will lie at `gpa`. */
struct block {
    uint8_t *buf;
    size_t used, cap;
    uint64_t gpa;
};

/* Room for `len` bytes at a multiple of 8; returns where the guest will see them. */
static uint32_t block_take(struct block *b, size_t len, uint8_t **p)
{
    size_t offset = (b->used + 7) & ~(size_t)7;
    b->used = offset + len;
    *p = b->buf + offset;
    return (uint32_t)(b->gpa + offset);
}

/* "NAME ARGS" and a NUL. */
static uint32_t block_add_text(struct block *b, const char *name, size_t name_len, const char *args)
{
    uint8_t *p;
    size_t args_len = strlen(args), blank = args_len > 0;
    uint32_t gpa = block_take(b, name_len + blank + args_len + 1, &p);
    memcpy(p, name, name_len);
    if (blank)
        p[name_len] = ' ';
    memcpy(p + name_len + blank, args, args_len + 1);
    return gpa;
}

/* Enough for all that block_fill will take, each piece with its padding. */
static size_t block_size(const struct image_loader *l, const struct module *module)
{
    const struct image_request *rq = l->rq;
    size_t n = INFO_LEN + (l->m->region_count + 1) * MMAP_ENTRY_LEN + sizeof LOADER_NAME + (size_t)4 * 8;
    n += strlen(image_base_name(rq->path)) + (rq->cmdline ? strlen(rq->cmdline) : 0) + 2 + 8;
    for (size_t i = 0; i < rq->module_count; i++)
        n += MOD_LEN + module[i].name_len + strlen(module[i].args) + 2 + 8;
    return n;
}

static void mmap_put(uint8_t *entry, uint64_t gpa, uint64_t len, uint32_t type)
{
    le_store(entry, MMAP_ENTRY_LEN - 4, 4); /* its own length, not counting this field */
    le_store(entry + 4, gpa, 8);
    le_store(entry + 12, len, 8);
    le_store(entry + 20, type, 4);
}

/* RAM and ROM as they are, but for 640 KiB..1 MiB: reserved, as every PC says of its adapter space. */
static void block_add_mmap(struct block *b, const struct guest_memory *m, uint8_t *info)
{
    uint8_t *p;
    size_t n = 0;
    bool hole = false;
    le_store(info + INFO_MMAP_ADDR, block_take(b, (m->region_count + 1) * MMAP_ENTRY_LEN, &p), 4);
    for (size_t i = 0; i < m->region_count; i++) {
        struct memory_region r = m->region[i];
        if (r.gpa >= LOW_END && !hole) {
            mmap_put(p + n++ * MMAP_ENTRY_LEN, LOW_END, UPPER_GPA - LOW_END, MMAP_RESERVED);
            hole = true;
        }
        if (r.gpa >= LOW_END && r.gpa < UPPER_GPA) {
            if (r.gpa + r.len <= UPPER_GPA)
                continue;
            r.len -= UPPER_GPA - r.gpa;
            r.gpa = UPPER_GPA;
        }
        mmap_put(p + n++ * MMAP_ENTRY_LEN, r.gpa, r.len, r.read_only ? MMAP_RESERVED : MMAP_USABLE);
    }
    le_store(info + INFO_MMAP_LEN, n * MMAP_ENTRY_LEN, 4);
}

static void block_add_modules(struct block *b, const struct module *module, size_t count, uint8_t *info)
{
    uint8_t *list;
    le_store(info + INFO_MODS_COUNT, count, 4);
    le_store(info + INFO_MODS_ADDR, block_take(b, count * MOD_LEN, &list), 4);
    for (size_t i = 0; i < count; i++, module++, list += MOD_LEN) {
        le_store(list, module->gpa, 4);
        le_store(list + 4, module->gpa + module->len, 4);
        le_store(list + 8, block_add_text(b, module->name, module->name_len, module->args), 4);
    }
}

static void block_fill(struct block *b, const struct image_loader *l, const struct module *module)
{
    const struct image_request *rq = l->rq;
    const char *name = image_base_name(rq->path);
    uint64_t low = memory_low_end(l->m);
    uint8_t *info;
    block_take(b, INFO_LEN, &info);
    le_store(info + INFO_FLAGS, HAS_MEMORY | HAS_CMDLINE | HAS_MODS | HAS_MMAP | HAS_LOADER_NAME, 4);
    le_store(info + INFO_MEM_LOWER, (low < LOW_END ? low : LOW_END) >> 10, 4);
    le_store(info + INFO_MEM_UPPER, low > UPPER_GPA ? (low - UPPER_GPA) >> 10 : 0, 4);
    le_store(info + INFO_CMDLINE, block_add_text(b, name, strlen(name), rq->cmdline ? rq->cmdline : ""), 4);
    le_store(info + INFO_LOADER_NAME, block_add_text(b, LOADER_NAME, strlen(LOADER_NAME), ""), 4);
    block_add_modules(b, module, rq->module_count, info);
    block_add_mmap(b, l->m, info);
}

/* Behind the image and above 1 MiB, where kernels look for modules and do not miss the room; failing that, in
 * any gap above 1 MiB; and in a machine without that, in any gap at all. */
static uint64_t module_find_place(const struct image_loader *l, uint64_t from, uint64_t len)
{
    const uint64_t from_gpa[] = {from > UPPER_GPA ? from : UPPER_GPA, UPPER_GPA, PAGE_LEN};
    uint64_t gpa = MEMORY_NONE;
    for (size_t i = 0; i < sizeof from_gpa / sizeof from_gpa[0] && gpa == MEMORY_NONE; i++)
        gpa = image_find_above(l, from_gpa[i], len, PAGE_LEN);
    return gpa;
}

static int module_place(struct image_loader *l, const struct image_source *s, uint64_t from,
                        struct module *out, struct err *e)
{
    out->len = s->len;
    out->gpa = module_find_place(l, from, s->len);
    if (out->gpa == MEMORY_NONE)
        return err_set(e, "%#" PRIx64 " bytes: no room for it in the guest's memory", s->len);
    return image_place(l, s, "module", out->gpa, s->len, 0, s->len, e);
}

static int module_load(struct image_loader *l, const char *text, uint64_t from, struct module *out,
                       struct err *e)
{
    struct image_source source;
    char path[PATH_MAX];
    size_t path_len = strcspn(text, " ");
    if (path_len >= sizeof path)
        return err_set(e, "module: file name too long");
    memcpy(path, text, path_len);
    path[path_len] = 0;
    out->name_len = strlen(image_base_name(path));
    out->name = text + path_len - out->name_len;
    out->args = text[path_len] ? text + path_len + 1 : "";
    if (image_source_open(&source, path, e) < 0)
        return err_wrap(e, "module %s", path);
    int rc = module_place(l, &source, from, out, e);
    image_source_close(&source);
    return rc < 0 ? err_wrap(e, "module %s", path) : 0;
}

static int info_write(struct image_loader *l, const struct module *module, struct err *e)
{
    uint64_t low = memory_low_end(l->m);
    struct block b = {.cap = block_size(l, module)};
    b.gpa = image_find_below(l, low < LOW_END ? low : LOW_END, b.cap, 16);
    if (b.gpa == MEMORY_NONE)
        return err_set(e, "no room below 640 KiB for %#zx bytes of Multiboot information", b.cap);
    b.buf = calloc(1, b.cap);
    if (!b.buf)
        return err_set(e, "no memory for %#zx bytes of Multiboot information", b.cap);
    block_fill(&b, l, module);
    assert(b.used <= b.cap);
    int rc = image_claim(l, "the Multiboot information", b.gpa, b.cap, e);
    if (rc == 0)
        rc = memory_write(l->m, b.gpa, b.buf, b.cap, e);
    free(b.buf);
    l->start.rax = BOOT_MAGIC;
    l->start.rbx = b.gpa;
    return rc;
}

int image_multiboot_info(struct image_loader *l, struct err *e)
{
    struct module module[IMAGE_MODULES_MAX] = {0};
    uint64_t end = 0;
    for (size_t i = 0; i < l->claim_count; i++)
        if (l->claim[i].gpa + l->claim[i].len > end)
            end = l->claim[i].gpa + l->claim[i].len;
    for (size_t i = 0; i < l->rq->module_count; i++) {
        if (module_load(l, l->rq->modules[i], end, &module[i], e) < 0)
            return -1;
        end = module[i].gpa + module[i].len;
    }
    return info_write(l, module, e);
}
