/*
 * A standing guest for tests of the debug floor: 4 MiB of memory and the registers a loader leaves.
 */
#ifndef RINGSIDE_TESTS_DEBUG_TARGET_H
#define RINGSIDE_TESTS_DEBUG_TARGET_H

#include "base/bytes.h"
#include "debug/target.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct rig {
    struct guest_memory memory;
    struct target t;
};

static inline void rig_init(struct rig *r, enum cpu_mode mode, uint64_t entry)
{
    struct err e;
    struct cpu_start start = {.mode = mode, .entry = entry, .rsp = 0x7000};
    memset(r, 0, sizeof *r);
    if (memory_init(&r->memory, NULL, 4u << 20, &e) < 0 ||
        cpu_setup(&start, &r->memory, &r->t.regs, &r->t.sregs, &e) < 0)
        abort();
    r->t.memory = &r->memory;
}

static inline void rig_fini(struct rig *r)
{
    memory_fini(&r->memory);
}

static inline void rig_put(struct rig *r, uint64_t gpa, const void *p, size_t n)
{
    struct err e;
    if (memory_write(&r->memory, gpa, p, n, &e) < 0)
        abort();
}

static inline void rig_store(struct rig *r, uint64_t gpa, uint64_t value, size_t n)
{
    uint8_t bytes[8];
    le_store(bytes, value, 8);
    rig_put(r, gpa, bytes, n);
}

/* Does the text hold this? Says what it was when not. */
#define ASSERT_HAS(out, want)                                                                                \
    do {                                                                                                     \
        if (!strstr(text_str(out), want))                                                                    \
            fprintf(stderr, "\nwanted: %s\ngot: %s\n", want, text_str(out));                                 \
        CU_ASSERT_PTR_NOT_NULL(strstr(text_str(out), want));                                                 \
    } while (0)
#define ASSERT_LACKS(out, unwanted)                                                                          \
    do {                                                                                                     \
        if (strstr(text_str(out), unwanted))                                                                 \
            fprintf(stderr, "\nnot wanted: %s\ngot: %s\n", unwanted, text_str(out));                         \
        CU_ASSERT_PTR_NULL(strstr(text_str(out), unwanted));                                                 \
    } while (0)
#define ASSERT_IS(out, want)                                                                                 \
    do {                                                                                                     \
        if (strcmp(text_str(out), want) != 0)                                                                \
            fprintf(stderr, "\nwanted: %s\ngot: %s\n", want, text_str(out));                                 \
        CU_ASSERT_STRING_EQUAL(text_str(out), want);                                                         \
    } while (0)

#endif
