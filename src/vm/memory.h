/*
 * Guest memory: what the guest takes for its RAM is one anonymous mapping of ours, handed to KVM in slots.
 * The PC's layout (see docs/machine.txt): RAM from 0, a hole for the VGA window, RAM up to at most 3 GiB, the
 * rest above 4 GiB. Pages that the guest never touches cost nothing.
 *
 * Every access by Ringside goes through a bounds check here: a guest-physical address is the guest's word,
 * never ours.
 */
#ifndef RINGSIDE_VM_MEMORY_H
#define RINGSIDE_VM_MEMORY_H

#include "base/err.h"
#include "kvm/kvm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_VGA_GPA  0xa0000u /* the VGA window: MMIO, never RAM */
#define MEMORY_VGA_LEN  0x20000u
#define MEMORY_LOW_MAX  0xc0000000u  /* RAM below 4 GiB ends here at most: above are devices */
#define MEMORY_HIGH_GPA 0x100000000u /* the rest of RAM starts here */
#define MEMORY_LEN_MIN  0x10000u     /* 64 KiB */
#define MEMORY_LEN_MAX  (1ull << 40) /* 1 TiB */

/* Three pieces of RAM, cut by at most four ROMs, and all that lies in the first MiB once more while A20 is
 * off: 23 regions at the very most. */
enum { MEMORY_REGIONS_MAX = 32, MEMORY_ROMS_MAX = 4 };

/* A stretch of guest-physical memory that is backed. Sorted by gpa, never overlapping. */
struct memory_region {
    uint64_t gpa, len;
    uint8_t *host;
    bool read_only;
};

/* Where a region without a `host` has its bytes: a copy of some guest's memory, page by page, as the monitor has
 * it. `page` gives the 4096 bytes at a gpa that lies in such a region. They are for reading only. */
struct memory_pages {
    const uint8_t *(*page)(void *ctx, uint64_t gpa);
    void *ctx;
};

struct guest_memory {
    const struct kvm_vm *vm; /* NULL in tests: memory without a VM */
    struct memory_pages pages;
    uint64_t len;            /* RAM in bytes */
    uint8_t *ram;            /* the mapping: low RAM, then high RAM */
    struct memory_region region[MEMORY_REGIONS_MAX];
    size_t region_count;
    struct memory_region rom[MEMORY_ROMS_MAX]; /* what memory_add_rom put in; host is a mapping of its own */
    size_t rom_count;
    size_t slot_count; /* KVM slots in use: slot i holds region i */
    bool a20;          /* false: address line 20 is forced to zero for the second MiB */
};

/* Maps `len` bytes (a multiple of 4 KiB, MEMORY_LEN_MIN to MEMORY_LEN_MAX) of zeroed RAM and, with a VM,
 * gives it to KVM. After a failure there is nothing to release. memory_fini unmaps only; the slots go with
 * the VM, so that no KVM_RUN may come after it. */
NODISCARD int memory_init(struct guest_memory *m, const struct kvm_vm *vm, uint64_t len, struct err *e);
void memory_fini(struct guest_memory *m);

/* Puts `n` bytes (rounded up to 4 KiB with 0xff) at `gpa` (4 KiB aligned) as memory that the guest can read
 * but not write (KVM_MEM_READONLY: a write is an MMIO exit). It may lie over RAM, which it hides; over
 * another ROM, over the VGA window or above 4 GiB is refused. At most MEMORY_ROMS_MAX. No vCPU may be inside
 * KVM_RUN. */
NODISCARD int memory_add_rom(struct guest_memory *m, uint64_t gpa, const void *data, size_t n, struct err *e);

/* Address line 20. Switching it off makes 1 MiB..2 MiB an alias of 0..1 MiB, as the gate in a PC does for
 * every odd MiB (simplified to the first; the alias of the VGA window is not backed). Setting what is already
 * set costs nothing. No vCPU may be inside KVM_RUN: all slots are taken away and given anew. A failure (KVM's
 * only) leaves the guest without part of its memory: stop it. */
NODISCARD int memory_set_a20(struct guest_memory *m, bool on, struct err *e);

/* Host address of `len` bytes at `gpa` when they lie in one region, else NULL. With `write`, NULL for ROM. A
 * pointer is good until the next memory_add_rom or memory_set_a20. In a copy: when they lie in one page. */
void *memory_ptr(const struct guest_memory *m, uint64_t gpa, uint64_t len, bool write);

/* Copies out of or into guest memory, across regions. -1 (nothing copied, *e filled) when any byte is not
 * backed or, for a write, is ROM. */
NODISCARD int memory_read(const struct guest_memory *m, uint64_t gpa, void *buf, size_t n, struct err *e);
NODISCARD int memory_write(const struct guest_memory *m, uint64_t gpa, const void *buf, size_t n,
                           struct err *e);

/* Makes `len` bytes at `gpa` zero; whole pages are given back to the host, so that they cost nothing until
 * the guest touches them. -1 (nothing changed) unless they are RAM in one region. */
NODISCARD int memory_zero(struct guest_memory *m, uint64_t gpa, uint64_t len, struct err *e);

/* First address past low RAM (at most MEMORY_LOW_MAX): where boot structures find the top. */
uint64_t memory_low_end(const struct guest_memory *m);

/* The highest gpa below 4 GiB where `len` bytes (rounded up to 4 KiB) of RAM lie in one piece, or
 * MEMORY_NONE. */
#define MEMORY_NONE UINT64_MAX
uint64_t memory_top_gpa(const struct guest_memory *m, uint64_t len);

/* Is this a length memory_init would take? The error says what it must be. */
NODISCARD int memory_check_len(uint64_t len, struct err *e);

/* Parses "64M", "1G", "512K", "4096" (bytes; K M G T in either case) into a length. Refuses trailing text,
 * overflow and 0. */
NODISCARD int memory_parse_size(const char *s, uint64_t *len, struct err *e);

#endif
