/*
 * Guest memory: one anonymous mapping cut into regions, and the regions handed to KVM as slots.  A slot is
 * KVM's whole idea of RAM: guest-physical addresses that have one are served by the hardware's second page
 * walk without any exit, all others leave KVM_RUN as MMIO (KVM API documentation,
 * "KVM_SET_USER_MEMORY_REGION"; Intel SDM, "Extended Page-Table Mechanism").  That is how the VGA window
 * becomes a device: it simply has no slot.
 *
 * The regions are always worked out anew from three facts (how much RAM, which ROMs, is A20 open) and never
 * patched, so that no order of changes can leave a stale one behind.  Simplified: the A20 gate acts on the
 * second MiB only.
 */
#include "vm/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_LEN 0x1000u
#define MIB      0x100000u

struct layout {
    struct memory_region region[MEMORY_REGIONS_MAX];
    size_t count;
};

static uint64_t page_round_up(uint64_t n)
{
    return (n + PAGE_LEN - 1) & ~(uint64_t)(PAGE_LEN - 1);
}

static void layout_append(struct layout *l, uint64_t gpa, uint64_t len, uint8_t *host, bool read_only)
{
    assert(l->count < MEMORY_REGIONS_MAX);
    l->region[l->count++] = (struct memory_region){gpa, len, host, read_only};
}

/* Takes `len` bytes at `gpa` out of the layout; what lies on either side stays. */
static void layout_cut(struct layout *l, uint64_t gpa, uint64_t len)
{
    struct layout old = *l;
    uint64_t end = gpa + len;
    l->count = 0;
    for (size_t i = 0; i < old.count; i++) {
        const struct memory_region *r = &old.region[i];
        uint64_t r_end = r->gpa + r->len;
        if (r_end <= gpa || r->gpa >= end) {
            layout_append(l, r->gpa, r->len, r->host, r->read_only);
            continue;
        }
        if (r->gpa < gpa)
            layout_append(l, r->gpa, gpa - r->gpa, r->host, r->read_only);
        if (r_end > end)
            layout_append(l, end, r_end - end, r->host + (end - r->gpa), r->read_only);
    }
}

/* Puts a region in its sorted place, over whatever was there. */
static void layout_put(struct layout *l, const struct memory_region *r)
{
    layout_cut(l, r->gpa, r->len);
    assert(l->count < MEMORY_REGIONS_MAX);
    size_t i = l->count++;
    for (; i > 0 && l->region[i - 1].gpa > r->gpa; i--)
        l->region[i] = l->region[i - 1];
    l->region[i] = *r;
}

/* What an access to 1 MiB..2 MiB reaches when address line 20 is held low. */
static void layout_alias_second_mib(struct layout *l)
{
    layout_cut(l, MIB, MIB);
    struct layout first = *l;
    for (size_t i = 0; i < first.count && first.region[i].gpa < MIB; i++) {
        struct memory_region r = first.region[i];
        r.gpa += MIB;
        layout_put(l, &r);
    }
}

static void layout_make(const struct guest_memory *m, struct layout *l)
{
    uint64_t low = m->len < MEMORY_LOW_MAX ? m->len : MEMORY_LOW_MAX;
    l->count = 0;
    layout_append(l, 0, low, m->ram, false);
    if (m->len > low)
        layout_append(l, MEMORY_HIGH_GPA, m->len - low, m->ram + low, false);
    layout_cut(l, MEMORY_VGA_GPA, MEMORY_VGA_LEN);
    for (size_t i = 0; i < m->rom_count; i++)
        layout_put(l, &m->rom[i]);
    if (!m->a20)
        layout_alias_second_mib(l);
}

/* Gives KVM the regions as they are now. A slot's place cannot be changed, so the old ones go first. */
static int slots_replace(struct guest_memory *m, struct err *e)
{
    if (!m->vm)
        return 0;
    for (; m->slot_count > 0; m->slot_count--)
        if (kvm_vm_set_memory(m->vm, (uint32_t)(m->slot_count - 1), 0, 0, NULL, 0, e) < 0)
            return -1;
    for (; m->slot_count < m->region_count; m->slot_count++) {
        const struct memory_region *r = &m->region[m->slot_count];
        if (kvm_vm_set_memory(m->vm, (uint32_t)m->slot_count, r->gpa, r->len, r->host,
                              r->read_only ? KVM_MEM_READONLY : 0, e) < 0)
            return err_wrap(e, "memory slot %zu: %#" PRIx64 " bytes at %#" PRIx64, m->slot_count, r->len,
                            r->gpa);
    }
    return 0;
}

static int regions_rebuild(struct guest_memory *m, struct err *e)
{
    struct layout l;
    layout_make(m, &l);
    memcpy(m->region, l.region, l.count * sizeof l.region[0]);
    m->region_count = l.count;
    return slots_replace(m, e);
}

static void *pages_map(uint64_t len)
{
    return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int memory_check_len(uint64_t len, struct err *e)
{
    if (len < MEMORY_LEN_MIN)
        return err_set(e, "memory of %" PRIu64 " bytes: too small: at least 64K", len);
    if (len > MEMORY_LEN_MAX)
        return err_set(e, "memory of %" PRIu64 " bytes: too large: at most 1T", len);
    if (len % PAGE_LEN)
        return err_set(e, "memory of %" PRIu64 " bytes: not a whole number of 4 KiB pages", len);
    return 0;
}

int memory_init(struct guest_memory *m, const struct kvm_vm *vm, uint64_t len, struct err *e)
{
    memset(m, 0, sizeof *m);
    if (memory_check_len(len, e) < 0)
        return -1;
    void *ram = pages_map(len);
    if (ram == MAP_FAILED)
        return err_sys(e, errno, "memory of %" PRIu64 " bytes: mmap", len);
    /* Huge pages would make one touched byte cost 2 MiB. Where the kernel has none the call fails, rightly.
     */
    (void)madvise(ram, len, MADV_NOHUGEPAGE);
    m->vm = vm;
    m->len = len;
    m->ram = ram;
    m->a20 = true;
    if (regions_rebuild(m, e) < 0) {
        memory_fini(m);
        return -1;
    }
    return 0;
}

void memory_fini(struct guest_memory *m)
{
    for (size_t i = 0; i < m->rom_count; i++)
        munmap(m->rom[i].host, m->rom[i].len);
    if (m->ram)
        munmap(m->ram, m->len);
    memset(m, 0, sizeof *m);
}

static bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
    return a < b + b_len && b < a + a_len;
}

static int rom_check(const struct guest_memory *m, uint64_t gpa, size_t n, struct err *e)
{
    if (n == 0)
        return err_set(e, "ROM at %#" PRIx64 ": empty", gpa);
    if (gpa % PAGE_LEN)
        return err_set(e, "ROM at %#" PRIx64 ": not at a multiple of 4 KiB", gpa);
    if (gpa >= MEMORY_HIGH_GPA || n > MEMORY_HIGH_GPA - gpa)
        return err_set(e, "ROM of %zu bytes at %#" PRIx64 ": ends above 4 GiB", n, gpa);
    uint64_t len = page_round_up(n);
    if (ranges_overlap(gpa, len, MEMORY_VGA_GPA, MEMORY_VGA_LEN))
        return err_set(e, "ROM of %zu bytes at %#" PRIx64 ": lies over the VGA window at 0xa0000..0xbffff", n,
                       gpa);
    for (size_t i = 0; i < m->rom_count; i++)
        if (ranges_overlap(gpa, len, m->rom[i].gpa, m->rom[i].len))
            return err_set(e, "ROM of %zu bytes at %#" PRIx64 ": lies over the ROM at %#" PRIx64, n, gpa,
                           m->rom[i].gpa);
    if (m->rom_count == MEMORY_ROMS_MAX)
        return err_set(e, "ROM at %#" PRIx64 ": there are %d already, no more fit", gpa, MEMORY_ROMS_MAX);
    return 0;
}

int memory_add_rom(struct guest_memory *m, uint64_t gpa, const void *data, size_t n, struct err *e)
{
    if (rom_check(m, gpa, n, e) < 0)
        return -1;
    uint64_t len = page_round_up(n);
    uint8_t *host = pages_map(len);
    if (host == MAP_FAILED)
        return err_sys(e, errno, "ROM of %zu bytes: mmap", n);
    memcpy(host, data, n);
    memset(host + n, 0xff, len - n);
    m->rom[m->rom_count++] = (struct memory_region){gpa, len, host, true};
    return regions_rebuild(m, e);
}

int memory_set_a20(struct guest_memory *m, bool on, struct err *e)
{
    if (m->a20 == on)
        return 0;
    m->a20 = on;
    return regions_rebuild(m, e);
}

static const struct memory_region *region_at(const struct guest_memory *m, uint64_t gpa)
{
    for (size_t i = 0; i < m->region_count; i++)
        if (gpa >= m->region[i].gpa && gpa - m->region[i].gpa < m->region[i].len)
            return &m->region[i];
    return NULL;
}

/* Of a copy. The caller does not write there: it did not say `write`. */
static void *page_ptr(const struct guest_memory *m, uint64_t gpa, uint64_t len, bool write)
{
    uint64_t in_page = gpa % PAGE_LEN;
    const uint8_t *page =
        write || len > PAGE_LEN - in_page ? NULL : m->pages.page(m->pages.ctx, gpa - in_page);
    return page ? (void *)(uintptr_t)(page + in_page) : NULL;
}

void *memory_ptr(const struct guest_memory *m, uint64_t gpa, uint64_t len, bool write)
{
    const struct memory_region *r = region_at(m, gpa);
    if (!r || len > r->len - (gpa - r->gpa) || (write && r->read_only))
        return NULL;
    return r->host ? r->host + (gpa - r->gpa) : page_ptr(m, gpa, len, write);
}

/* How many of `n` bytes at `gpa` lie in the region there: 0 when there is none, or it is ROM and `write`. */
static size_t run_len(const struct guest_memory *m, uint64_t gpa, size_t n, bool write)
{
    const struct memory_region *r = region_at(m, gpa);
    if (!r || (write && (r->read_only || !r->host)))
        return 0;
    uint64_t left = r->host ? r->len - (gpa - r->gpa) : PAGE_LEN - gpa % PAGE_LEN;
    return n < left ? n : (size_t)left;
}

/* A span cannot wrap past the last address: nothing is backed up there. */
static int span_check(const struct guest_memory *m, uint64_t gpa, size_t n, bool write, struct err *e)
{
    for (size_t done = 0, run; done < n; done += run) {
        run = run_len(m, gpa + done, n - done, write);
        if (run == 0)
            return err_set(e, "%s of %zu bytes at %#" PRIx64 ": %s at %#" PRIx64, write ? "write" : "read", n,
                           gpa, region_at(m, gpa + done) ? "ROM" : "no memory", gpa + done);
    }
    return 0;
}

int memory_read(const struct guest_memory *m, uint64_t gpa, void *buf, size_t n, struct err *e)
{
    if (span_check(m, gpa, n, false, e) < 0)
        return -1;
    for (size_t done = 0, run; done < n; done += run) {
        run = run_len(m, gpa + done, n - done, false);
        memcpy((uint8_t *)buf + done, memory_ptr(m, gpa + done, run, false), run);
    }
    return 0;
}

int memory_write(const struct guest_memory *m, uint64_t gpa, const void *buf, size_t n, struct err *e)
{
    if (span_check(m, gpa, n, true, e) < 0)
        return -1;
    for (size_t done = 0, run; done < n; done += run) {
        run = run_len(m, gpa + done, n - done, true);
        memcpy(memory_ptr(m, gpa + done, run, true), (const uint8_t *)buf + done, run);
    }
    return 0;
}

int memory_zero(struct guest_memory *m, uint64_t gpa, uint64_t len, struct err *e)
{
    uint8_t *p = memory_ptr(m, gpa, len, true);
    if (!p)
        return err_set(e, "zeroing %#" PRIx64 " bytes at %#" PRIx64 ": not all of it is RAM", len, gpa);
    uint64_t head = (PAGE_LEN - gpa % PAGE_LEN) % PAGE_LEN;
    uint64_t pages_len = len < head ? 0 : (len - head) & ~(uint64_t)(PAGE_LEN - 1);
    if (pages_len == 0 || madvise(p + head, pages_len, MADV_DONTNEED) < 0) {
        memset(p, 0, len);
        return 0;
    }
    memset(p, 0, head);
    memset(p + head + pages_len, 0, len - head - pages_len);
    return 0;
}

uint64_t memory_low_end(const struct guest_memory *m)
{
    if (m->len > MEMORY_VGA_GPA && m->len <= MEMORY_VGA_GPA + MEMORY_VGA_LEN)
        return MEMORY_VGA_GPA;
    return m->len < MEMORY_LOW_MAX ? m->len : MEMORY_LOW_MAX;
}

uint64_t memory_top_gpa(const struct guest_memory *m, uint64_t len)
{
    len = page_round_up(len);
    for (size_t i = m->region_count; i-- > 0;) {
        const struct memory_region *r = &m->region[i];
        if (r->gpa < MEMORY_HIGH_GPA && !r->read_only && r->len >= len)
            return r->gpa + r->len - len;
    }
    return MEMORY_NONE;
}

static unsigned size_suffix_shift(char c)
{
    static const struct {
        char name[3];
        unsigned shift;
    } suffixes[] = {{"Kk", 10}, {"Mm", 20}, {"Gg", 30}, {"Tt", 40}};
    for (size_t i = 0; c && i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strchr(suffixes[i].name, c))
            return suffixes[i].shift;
    return 0;
}

int memory_parse_size(const char *s, uint64_t *len, struct err *e)
{
    uint64_t v = 0;
    const char *p = s;
    bool fits = true;
    for (; *p >= '0' && *p <= '9'; p++)
        fits = fits && !__builtin_mul_overflow(v, 10u, &v) &&
               !__builtin_add_overflow(v, (uint64_t)(*p - '0'), &v);
    bool digits = p > s;
    unsigned shift = size_suffix_shift(*p);
    if (shift)
        p++;
    if (!digits || *p)
        return err_set(e, "size '%s': not a size: a number of bytes, or one with K, M, G or T behind it", s);
    if (!fits || v > UINT64_MAX >> shift)
        return err_set(e, "size '%s': too large", s);
    if (v == 0)
        return err_set(e, "size '%s': must be more than 0", s);
    *len = v << shift;
    return 0;
}
