/*
 * Hostile images: every truncation of a good one, and thousands with flipped bytes and fields of boundary
 * values, the same ones in every run.  Whatever the file, a load ends in a guest whose bytes lie where it
 * says, or in one line; memory that the image has no claim to stays as it was.  (Crashes and undefined
 * behaviour are for the sanitized build to find.)
 */
#include "image_files.h"

#include <sys/mman.h>

#define MEM      0x40000u
#define ROUNDS   3000u
#define KERNEL   0x10000u
#define FILL     0xaa
#define LINE_MAX 511u

/* xorshift64: small, and the same everywhere. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

enum seed { SEED_ELF32, SEED_ELF64, SEED_MULTIBOOT_ELF, SEED_MULTIBOOT_ADDRESSES, SEED_FLAT, SEEDS };

static void seed_make(enum seed seed, struct file *file)
{
    static const struct segment s[] = {
        {.paddr = KERNEL, .vaddr = 0xc0010000, .memsz = 0x1800, .text = "text text text text", .filesz = 19},
        {.paddr = KERNEL + 0x2000, .vaddr = 0xc0012000, .memsz = 0x20, .text = "data", .filesz = 4},
    };
    static const uint32_t addresses[] = {KERNEL + 8, KERNEL, KERNEL + 60, KERNEL + 0x1000, KERNEL + 40};
    memset(file, 0, sizeof *file);
    switch (seed) {
    case SEED_ELF32:
        elf32_make(file, 0xc0010004, s, 2, 0);
        break;
    case SEED_ELF64:
        elf64_make(file, 0xc0010004, s, 2);
        break;
    case SEED_MULTIBOOT_ELF:
        multiboot_put(file, elf32_make(file, 0xc0010004, s, 2, 12), 3, NULL);
        break;
    case SEED_MULTIBOOT_ADDRESSES:
        file->len = 64;
        multiboot_put(file, 8, 1 << 16, addresses);
        break;
    default:
        file->len = 600;
        memset(file->bytes, 0x90, file->len);
        file->bytes[510] = 0x55;
        file->bytes[511] = 0xaa;
        break;
    }
}

static bool all_fill(const uint8_t *p, uint64_t n)
{
    return n == 0 || (p[0] == FILL && memcmp(p, p + 1, n - 1) == 0);
}

/* The image's bytes lie where it says, and none elsewhere; but for Multiboot, whose information lies apart.
 */
static void check_good(struct fixture *f)
{
    struct kvm_regs r;
    struct kvm_sregs s = {0};
    struct err e = {0};
    CU_ASSERT_TRUE(f->image.load_gpa < f->image.load_end_gpa && f->image.load_end_gpa <= MEM);
    CU_ASSERT_EQUAL(strlen(f->image.sha256), 64);
    if (f->image.format != IMAGE_MULTIBOOT) {
        CU_ASSERT_TRUE(all_fill(f->m.ram, f->image.load_gpa));
        CU_ASSERT_TRUE(all_fill(f->m.ram + f->image.load_end_gpa, MEM - f->image.load_end_gpa));
    }
    if (cpu_setup(&f->image.start, &f->m, &r, &s, &e) < 0)
        CU_ASSERT_TRUE(e.text[0] != 0);
}

static void check_load(struct fixture *f, int fd, const uint8_t *bytes, size_t n)
{
    if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n)
        abort();
    memset(f->m.ram, FILL, MEM);
    memset(&f->e, 0, sizeof f->e);
    if (image_load(&f->rq, &f->m, &f->image, &f->e) == 0) {
        check_good(f);
        return;
    }
    size_t len = strlen(f->e.text);
    CU_ASSERT_TRUE(len > strlen(f->rq.path) + 2 && len <= LINE_MAX);
    CU_ASSERT_EQUAL(strncmp(f->e.text, f->rq.path, strlen(f->rq.path)), 0);
    CU_ASSERT_PTR_NULL(strchr(f->e.text, '\n'));
}

/* A fixture whose file lives in memory, since it is written tens of thousands of times. */
static int hostile_init(struct fixture *f)
{
    fixture_init(f, MEM);
    unlink(f->path);
    int fd = memfd_create("image", 0);
    if (fd < 0)
        abort();
    snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", fd);
    return fd;
}

static void hostile_fini(struct fixture *f, int fd)
{
    close(fd);
    memory_fini(&f->m);
}

static void test_seeds_are_good(void)
{
    static const enum image_format want[SEEDS] = {IMAGE_ELF, IMAGE_ELF, IMAGE_MULTIBOOT, IMAGE_MULTIBOOT,
                                                  IMAGE_FLAT};
    for (enum seed seed = 0; seed < SEEDS; seed++) {
        struct fixture f;
        struct file file;
        int fd = hostile_init(&f);
        seed_make(seed, &file);
        check_load(&f, fd, file.bytes, file.len);
        CU_ASSERT_STRING_EQUAL(f.e.text, "");
        CU_ASSERT_EQUAL(f.image.format, want[seed]);
        hostile_fini(&f, fd);
    }
}

static void test_truncations(void)
{
    for (enum seed seed = 0; seed < SEEDS; seed++)
        for (int format = IMAGE_AUTO; format < IMAGE_FORMAT_COUNT; format++) {
            struct fixture f;
            struct file file;
            int fd = hostile_init(&f);
            seed_make(seed, &file);
            f.rq.format = (enum image_format)format;
            for (size_t n = 0; n < file.len; n++) {
                check_load(&f, fd, file.bytes, n);
                /* cut anywhere, an image of a format with lengths is no image of that format */
                if (format == IMAGE_ELF || format == IMAGE_MULTIBOOT)
                    CU_ASSERT_TRUE(f.e.text[0] != 0 || (seed == SEED_MULTIBOOT_ADDRESSES && n >= 60));
            }
            hostile_fini(&f, fd);
        }
}

static void test_flipped_bytes(void)
{
    uint64_t state = 0x9e3779b97f4a7c15;
    for (enum seed seed = 0; seed < SEEDS; seed++) {
        struct fixture f;
        struct file good;
        int fd = hostile_init(&f);
        seed_make(seed, &good);
        for (unsigned i = 0; i < ROUNDS; i++) {
            struct file bad = good;
            for (uint64_t flips = 1 + random_next(&state) % 3; flips > 0; flips--)
                bad.bytes[random_next(&state) % good.len] = (uint8_t)random_next(&state);
            f.rq.format = (enum image_format)(random_next(&state) % IMAGE_FORMAT_COUNT);
            check_load(&f, fd, bad.bytes, bad.len);
        }
        hostile_fini(&f, fd);
    }
}

/* Fields set to the values where arithmetic goes wrong; Multiboot headers are summed again, or they would not
 * count. */
static void test_boundary_values(void)
{
    static const uint64_t values[] = {0,           1,          2,          0x7fff,         0x8000,
                                      0xffff,      0x9ffff,    0xa0000,    MEM - 1,        MEM,
                                      MEM + 1,     0x7fffffff, 0x80000000, 0xfffffffe,     0xffffffff,
                                      0x100000000, INT64_MAX,  1ull << 63, UINT64_MAX - 1, UINT64_MAX};
    enum { VALUES = sizeof values / sizeof values[0] };
    static const size_t header_at[SEEDS] = {0, 0, 52 + 64, 8, 0};
    uint64_t state = 0x2545f4914f6cdd1d;
    for (enum seed seed = 0; seed < SEED_FLAT; seed++) {
        struct fixture f;
        struct file good;
        int fd = hostile_init(&f);
        seed_make(seed, &good);
        for (unsigned i = 0; i < ROUNDS; i++) {
            struct file bad = good;
            for (uint64_t changes = 1 + random_next(&state) % 3; changes > 0; changes--) {
                size_t width = (size_t)2 << random_next(&state) % 3;
                size_t at = 16 + random_next(&state) % ((good.len - 16) / width) * width;
                le_store(bad.bytes + at, values[random_next(&state) % VALUES], width);
            }
            if (header_at[seed])
                multiboot_put(&bad, header_at[seed], le32_load(bad.bytes + header_at[seed] + 4), NULL);
            check_load(&f, fd, bad.bytes, bad.len);
        }
        hostile_fini(&f, fd);
    }
}

static const struct unit_test tests[] = {
    {"the images to start from are good", test_seeds_are_good},
    {"every truncation", test_truncations},
    {"flipped bytes", test_flipped_bytes},
    {"boundary values in fields", test_boundary_values},
};
UNIT_MAIN("vm/hostile images", tests)
