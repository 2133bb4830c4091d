/*
 * The bus: which device answers at which port or guest-physical address.  The machine claims ranges for its
 * devices once, when it is built; after that every port and MMIO exit is one call of bus_access().
 *
 * It does what the ISA bus does to an access wider than a device: the bus controller breaks it into
 * consecutive narrower cycles, each decoded on its own, so that a 16-bit OUT to 0x3f8 writes THR and then
 * IER.  Where no device drives the data lines, pull-up resistors do: such bytes read as 0xff, and writes to
 * them go nowhere.
 *
 * Simplified: decoding is exact, whereas real ISA cards often decode ten address lines only and so appear
 * again every 1024 ports; and the order of the parts is always from the lowest address up.
 */
#ifndef RINGSIDE_DEVICE_BUS_H
#define RINGSIDE_DEVICE_BUS_H

#include "device/device.h"

#define BUS_PORTS       0x10000
#define BUS_CLAIMS_MAX  128
#define BUS_DEVICES_MAX 255

/* One claimed range. `device` is borrowed. `device_index` is the machine's number for it, never 0. */
struct bus_claim {
    struct device *device;
    unsigned device_index;
    unsigned region;
    struct device_range range;
};

/* `ports` has a byte a port: 0 for nobody, else 1 + the index of the claim. `mmio` has the indexes of the
 * claims in guest-physical space, by rising base. All zeros is an empty bus. */
struct bus {
    struct bus_claim claims[BUS_CLAIMS_MAX];
    size_t claim_count;
    uint8_t ports[BUS_PORTS];
    uint8_t mmio[BUS_CLAIMS_MAX];
    size_t mmio_count;
};

/* Who answered the first part of an access. */
struct bus_hit {
    unsigned device_index; /* 0: nobody */
    uint8_t reg;           /* as struct access has it; DEVICE_NO_REG when nobody */
    bool claimed;
};

/* Makes an empty bus on the heap (it is some 70 KiB); NULL on lack of memory. Devices on it are not its own.
 */
struct bus *bus_create(struct err *e);
void bus_destroy(struct bus *b);

/* Gives `range` to `device` as its region `region`. `device_index` is 1 to BUS_DEVICES_MAX. Refused, naming
 * both devices and the ranges, when any of it is taken; refused too when the range is empty, wraps, leaves
 * the 65536 ports or has a width other than 1, 2, 4 or 8. */
NODISCARD int bus_claim(struct bus *b, struct device *device, unsigned device_index, unsigned region,
                        const struct device_range *range, struct err *e);

/* The claim that covers `addr`, or NULL. Constant time for ports, binary search for guest-physical addresses.
 */
const struct bus_claim *bus_find(const struct bus *b, enum device_space space, uint64_t addr);

/* One guest access of `size` (1, 2, 4 or 8) bytes at `addr`. A write takes the low `size` bytes of `*value`;
 * a read replaces all of `*value`. An access inside one range goes to its device in parts of at most the
 * range's width; one that is not wholly inside a range (it crosses an end of one, or of the port space) goes
 * byte by byte. */
void bus_access(struct bus *b, enum device_space space, uint64_t addr, unsigned size, bool write,
                uint64_t *value, struct bus_hit *hit);

#endif
