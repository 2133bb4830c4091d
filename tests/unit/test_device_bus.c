/*
 * The bus: claims, refusals, who answers where, and how an access is cut to fit.
 */
#include "device/bus.h"
#include "device/types.h"
#include "device_rig.h"

enum { CYCLES_MAX = 16 };

/* A device that writes down each cycle it sees and reads as 0x10, 0x11, 0x12 … a byte. */
struct probe {
    struct device dev;
    struct cycle {
        unsigned region;
        uint64_t offset, value;
        uint8_t size;
        bool write;
    } cycles[CYCLES_MAX];
    unsigned count;
};

static void probe_note(struct probe *p, struct access *a, bool write)
{
    if (p->count < CYCLES_MAX)
        p->cycles[p->count++] = (struct cycle){a->region, a->offset, a->value, a->size, write};
    a->reg = (uint8_t)(a->offset + 3);
}

static void probe_read(struct device *d, struct access *a)
{
    probe_note((struct probe *)d, a, false);
    a->value = 0;
    for (unsigned i = 0; i < a->size; i++)
        a->value |= (0x10 + a->offset + i) << i * 8;
    /* Rubbish above its size must not reach the guest. */
    if (a->size < 8)
        a->value |= UINT64_C(0xee) << a->size * 8;
}

static void probe_write(struct device *d, struct access *a)
{
    probe_note((struct probe *)d, a, true);
}

static const struct device_ops probe_ops = {.name = "probe", .read = probe_read, .write = probe_write};
static const struct device_ops other_ops = {.name = "other", .read = probe_read, .write = probe_write};

struct bench {
    struct bus *bus;
    struct probe probe, other;
    struct bus_hit hit;
};

static void bench_init(struct bench *b)
{
    *b = (struct bench){.probe.dev.ops = &probe_ops, .other.dev.ops = &other_ops};
    b->bus = bus_create(NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->bus);
}

static void claim(struct bench *b, struct probe *p, enum device_space space, uint64_t base, uint64_t len,
                  uint8_t width)
{
    struct device_range range = {space, base, len, width};
    unsigned index = p == &b->probe ? 1 : 2;
    CU_ASSERT_EQUAL(bus_claim(b->bus, &p->dev, index, 0, &range, NULL), 0);
}

static int refused(struct bench *b, enum device_space space, uint64_t base, uint64_t len, uint8_t width,
                   struct err *e)
{
    struct device_range range = {space, base, len, width};
    *e = (struct err){0};
    return bus_claim(b->bus, &b->other.dev, 2, 0, &range, e);
}

static uint64_t load(struct bench *b, enum device_space space, uint64_t addr, unsigned size)
{
    uint64_t v = 0x5555555555555555;
    bus_access(b->bus, space, addr, size, false, &v, &b->hit);
    return v;
}

static void store(struct bench *b, enum device_space space, uint64_t addr, unsigned size, uint64_t v)
{
    bus_access(b->bus, space, addr, size, true, &v, &b->hit);
}

static bool saw(const struct probe *p, unsigned i, uint64_t offset, uint8_t size, uint64_t value)
{
    return i < p->count && p->cycles[i].offset == offset && p->cycles[i].size == size &&
           p->cycles[i].value == value;
}

static void test_unclaimed(void)
{
    static const uint64_t addrs[] = {0, 0x3f8, 0xfffc, 0xffff};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
        CU_ASSERT_EQUAL(load(&b, SPACE_PIO, addrs[i], 1), 0xff);
        CU_ASSERT_EQUAL(load(&b, SPACE_PIO, addrs[i], 4), 0xffffffff);
        CU_ASSERT_EQUAL(b.hit.device_index, 0);
        CU_ASSERT_EQUAL(b.hit.reg, DEVICE_NO_REG);
        CU_ASSERT_FALSE(b.hit.claimed);
        store(&b, SPACE_PIO, addrs[i], 2, 0x1234);
    }
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, UINT64_MAX, 8), UINT64_MAX);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, 0xfee00000, 4), 0xffffffff);
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_PIO, 0x10000));
    bus_destroy(b.bus);
}

static void test_find_ports(void)
{
    struct bench b;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0x60, 1, 1);
    claim(&b, &b.other, SPACE_PIO, 0x61, 3, 1);
    claim(&b, &b.probe, SPACE_PIO, 0xfff8, 8, 1);
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_PIO, 0x5f));
    CU_ASSERT_PTR_EQUAL(bus_find(b.bus, SPACE_PIO, 0x60)->device, &b.probe.dev);
    for (uint64_t port = 0x61; port <= 0x63; port++)
        CU_ASSERT_PTR_EQUAL(bus_find(b.bus, SPACE_PIO, port)->device, &b.other.dev);
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_PIO, 0x64));
    CU_ASSERT_PTR_EQUAL(bus_find(b.bus, SPACE_PIO, 0xffff)->device, &b.probe.dev);
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_MMIO, 0x60));
    bus_destroy(b.bus);
}

/* Claimed in an order that is not the addresses': neighbours, gaps and the very top. */
static void test_find_addresses(void)
{
    static const uint64_t bases[] = {0xfee00000, 0xb8000, 0xfffffffffffffff0, 0xa0000, 0xc0000, 0, 0xb0000};
    static const uint64_t lens[] = {0x1000, 0x8000, 0x10, 0x10000, 0x100, 0x10, 0x8000};
    enum { N = sizeof(bases) / sizeof(bases[0]) };
    struct bench b;
    bench_init(&b);
    for (unsigned i = 0; i < N; i++) {
        struct device_range range = {SPACE_MMIO, bases[i], lens[i], 8};
        CU_ASSERT_EQUAL(bus_claim(b.bus, &b.probe.dev, i + 1, i % DEVICE_RANGES_MAX, &range, NULL), 0);
    }
    for (unsigned i = 0; i < N; i++) {
        const struct bus_claim *first = bus_find(b.bus, SPACE_MMIO, bases[i]);
        const struct bus_claim *last = bus_find(b.bus, SPACE_MMIO, bases[i] + (lens[i] - 1));
        CU_ASSERT(first && first->device_index == i + 1);
        CU_ASSERT(last == first);
    }
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_MMIO, 0x10));
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_MMIO, 0x9ffff));
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_MMIO, 0xc0100));
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_MMIO, 0xffffffffffffffef));
    bus_destroy(b.bus);
}

static void test_overlaps(void)
{
    struct bench b;
    struct err e;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0x20, 2, 1);
    claim(&b, &b.probe, SPACE_MMIO, 0xb8000, 0x8000, 8);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x20, 2, 1, &e), -1);
    CU_ASSERT(strstr(e.text, "probe") && strstr(e.text, "other"));
    CU_ASSERT(strstr(e.text, "0x20-0x21") && strstr(e.text, "ports"));
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x21, 1, 1, &e), -1);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x1f, 2, 1, &e), -1);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x00, 0x100, 1, &e), -1);
    CU_ASSERT_EQUAL(refused(&b, SPACE_MMIO, 0xbffff, 1, 1, &e), -1);
    CU_ASSERT(strstr(e.text, "0xb8000-0xbffff") && strstr(e.text, "addresses"));
    CU_ASSERT_EQUAL(refused(&b, SPACE_MMIO, 0, UINT64_MAX, 1, &e), -1);
    /* What was refused claims nothing. */
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_PIO, 0x1f));
    CU_ASSERT_PTR_EQUAL(bus_find(b.bus, SPACE_PIO, 0x21)->device, &b.probe.dev);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x1f, 1, 1, &e), 0);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0x22, 1, 1, &e), 0);
    CU_ASSERT_EQUAL(refused(&b, SPACE_MMIO, 0x20, 2, 1, &e), 0);
    bus_destroy(b.bus);
}

static void test_bad_ranges(void)
{
    static const struct device_range bad[] = {
        {SPACE_PIO, 0x80, 0, 1},
        {SPACE_PIO, 0x10000, 1, 1},
        {SPACE_PIO, 0xffff, 2, 1},
        {SPACE_PIO, 1, UINT64_MAX, 1},
        {SPACE_PIO, 0x80, 1, 0},
        {SPACE_PIO, 0x80, 8, 3},
        {SPACE_MMIO, 0x80, 0, 1},
        {SPACE_MMIO, 2, UINT64_MAX, 1},
        {SPACE_MMIO, UINT64_MAX, 2, 1},
        {SPACE_MMIO, 0x80, 0x100, 16},
        {(enum device_space)2, 0x80, 1, 1},
    };
    struct bench b;
    struct err e;
    bench_init(&b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT_EQUAL(refused(&b, bad[i].space, bad[i].base, bad[i].len, bad[i].width, &e), -1);
        CU_ASSERT(strstr(e.text, "other") != NULL);
    }
    struct device_range good = {SPACE_PIO, 0x80, 1, 1};
    CU_ASSERT_EQUAL(bus_claim(b.bus, &b.probe.dev, 0, 0, &good, &e), -1);
    CU_ASSERT_EQUAL(bus_claim(b.bus, &b.probe.dev, BUS_DEVICES_MAX + 1, 0, &good, &e), -1);
    CU_ASSERT_EQUAL(bus_claim(b.bus, &b.probe.dev, 1, DEVICE_RANGES_MAX, &good, &e), -1);
    CU_ASSERT_PTR_NULL(bus_find(b.bus, SPACE_PIO, 0x80));
    bus_destroy(b.bus);
}

static void test_full(void)
{
    struct bench b;
    struct err e;
    bench_init(&b);
    for (unsigned i = 0; i < BUS_CLAIMS_MAX; i++)
        claim(&b, &b.probe, i % 2 ? SPACE_PIO : SPACE_MMIO, i * 16, 16, 1);
    CU_ASSERT_EQUAL(refused(&b, SPACE_PIO, 0xf000, 1, 1, &e), -1);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, (BUS_CLAIMS_MAX - 1) * 16, 1), 0x10);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, (BUS_CLAIMS_MAX - 2) * 16 + 15, 1), 0x1f);
    bus_destroy(b.bus);
}

/* An access the device can take goes to it whole, with its region, offset and register. */
static void test_whole(void)
{
    struct bench b;
    bench_init(&b);
    struct device_range range = {SPACE_MMIO, 0x1000, 0x100, 8};
    CU_ASSERT_EQUAL(bus_claim(b.bus, &b.probe.dev, 7, 3, &range, NULL), 0);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, 0x1020, 8), 0x3736353433323130);
    CU_ASSERT(saw(&b.probe, 0, 0x20, 8, 0));
    CU_ASSERT_EQUAL(b.probe.cycles[0].region, 3);
    CU_ASSERT_EQUAL(b.hit.device_index, 7);
    CU_ASSERT_EQUAL(b.hit.reg, 0x23);
    CU_ASSERT(b.hit.claimed);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, 0x1021, 2), 0x3231);
    CU_ASSERT(saw(&b.probe, 1, 0x21, 2, 0));
    store(&b, SPACE_MMIO, 0x10ff, 1, 0xffffffffffffff42);
    CU_ASSERT(saw(&b.probe, 2, 0xff, 1, 0x42));
    CU_ASSERT(b.probe.cycles[2].write);
    bus_destroy(b.bus);
}

/* Wider than the device: consecutive parts, the lowest address first. */
static void test_split(void)
{
    struct bench b;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0x3f8, 8, 1);
    claim(&b, &b.other, SPACE_MMIO, 0x1000, 8, 2);
    store(&b, SPACE_PIO, 0x3f8, 4, 0x44332211);
    CU_ASSERT_EQUAL(b.probe.count, 4);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT(saw(&b.probe, i, i, 1, 0x11 * (i + 1)));
    CU_ASSERT_EQUAL(b.hit.reg, 3);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0x3fa, 2), 0x1312);
    CU_ASSERT_EQUAL(b.hit.reg, 5);
    store(&b, SPACE_MMIO, 0x1000, 8, 0x8877665544332211);
    CU_ASSERT_EQUAL(b.other.count, 4);
    CU_ASSERT(saw(&b.other, 0, 0, 2, 0x2211));
    CU_ASSERT(saw(&b.other, 3, 6, 2, 0x8877));
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, 0x1000, 8), 0x1716151413121110);
    bus_destroy(b.bus);
}

/* Over the end of a range: byte by byte, into the neighbour or into nothing. */
static void test_straddle(void)
{
    struct bench b;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0x100, 4, 4);
    claim(&b, &b.other, SPACE_PIO, 0x104, 2, 2);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0x102, 4), 0x11101312);
    CU_ASSERT_EQUAL(b.probe.count, 2);
    CU_ASSERT_EQUAL(b.other.count, 2);
    CU_ASSERT(saw(&b.probe, 0, 2, 1, 0) && saw(&b.probe, 1, 3, 1, 0));
    CU_ASSERT(saw(&b.other, 0, 0, 1, 0) && saw(&b.other, 1, 1, 1, 0));
    CU_ASSERT_EQUAL(b.hit.device_index, 1);
    CU_ASSERT_EQUAL(b.hit.reg, 5);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0x105, 4), 0xffffff11);
    CU_ASSERT_EQUAL(b.hit.device_index, 2);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0xfe, 4), 0x1110ffff);
    CU_ASSERT_EQUAL(b.hit.device_index, 0);
    CU_ASSERT_FALSE(b.hit.claimed);
    CU_ASSERT_EQUAL(b.hit.reg, DEVICE_NO_REG);
    b.probe.count = 0;
    store(&b, SPACE_PIO, 0xff, 2, 0xbbaa);
    CU_ASSERT_EQUAL(b.probe.count, 1);
    CU_ASSERT(saw(&b.probe, 0, 0, 1, 0xbb));
    bus_destroy(b.bus);
}

/* The last port and the last byte of memory can be claimed alone. */
static void test_last_ones(void)
{
    struct bench b;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0xffff, 1, 1);
    claim(&b, &b.other, SPACE_MMIO, UINT64_MAX, 1, 1);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0xffff, 1), 0x10);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, UINT64_MAX, 1), 0x10);
    CU_ASSERT_EQUAL(b.hit.device_index, 2);
    bus_destroy(b.bus);
}

/* At the end of each space nothing wraps round to its start. */
static void test_ends(void)
{
    struct bench b;
    bench_init(&b);
    claim(&b, &b.probe, SPACE_PIO, 0xfffe, 2, 2);
    claim(&b, &b.probe, SPACE_MMIO, UINT64_MAX - 1, 2, 2);
    claim(&b, &b.other, SPACE_PIO, 0, 4, 4);
    claim(&b, &b.other, SPACE_MMIO, 0, 4, 4);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0xfffe, 2), 0x1110);
    CU_ASSERT_EQUAL(load(&b, SPACE_PIO, 0xffff, 4), 0xffffff11);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, UINT64_MAX - 1, 2), 0x1110);
    CU_ASSERT_EQUAL(load(&b, SPACE_MMIO, UINT64_MAX, 4), 0xffffff11);
    CU_ASSERT_EQUAL(b.other.count, 0);
    bus_destroy(b.bus);
}

/* A real device on it: a 16-bit OUT to 0x3f8 is THR and then IER. */
static void test_real_device(void)
{
    struct rig r;
    struct bus_hit hit;
    rig_init(&r, &uart_ops);
    struct bus *bus = bus_create(NULL);
    struct device_range range = {SPACE_PIO, 0x3f8, 8, 1};
    CU_ASSERT_PTR_NOT_NULL_FATAL(bus);
    CU_ASSERT_EQUAL(bus_claim(bus, r.device, 4, 0, &range, NULL), 0);
    uint64_t v = 0x0548;
    bus_access(bus, SPACE_PIO, 0x3f8, 2, true, &v, &hit);
    CU_ASSERT_STRING_EQUAL(text_str(&r.sent), "H");
    CU_ASSERT_STRING_EQUAL(uart_ops.regs[hit.reg], "THR");
    bus_access(bus, SPACE_PIO, 0x3f9, 1, false, &v, &hit);
    CU_ASSERT_EQUAL(v, 0x05);
    CU_ASSERT_STRING_EQUAL(uart_ops.regs[hit.reg], "IER");
    bus_destroy(bus);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"nobody there reads as all ones", test_unclaimed},
    {"ports are found", test_find_ports},
    {"addresses are found", test_find_addresses},
    {"overlaps are refused", test_overlaps},
    {"bad ranges are refused", test_bad_ranges},
    {"a full bus", test_full},
    {"accesses that fit", test_whole},
    {"accesses wider than the device", test_split},
    {"accesses over the end of a range", test_straddle},
    {"the last port and the last address", test_last_ones},
    {"ends of the spaces", test_ends},
    {"a UART on the bus", test_real_device},
};

UNIT_MAIN("device bus", tests)
