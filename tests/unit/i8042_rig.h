/*
 * A keyboard controller on the bench, for its tests and those of the keyboard behind it.
 */
#ifndef RINGSIDE_TESTS_I8042_RIG_H
#define RINGSIDE_TESTS_I8042_RIG_H

#include "device/types.h"
#include "device_rig.h"

enum { DATA = 0, STATUS = 1, CMD = 1 };

static inline uint8_t status(struct rig *r)
{
    return rig_read(r, STATUS, 0);
}

static inline uint8_t data(struct rig *r)
{
    return rig_read(r, DATA, 0);
}

static inline void command(struct rig *r, uint8_t code)
{
    rig_write(r, CMD, 0, code);
}

static inline void send(struct rig *r, uint8_t byte)
{
    rig_write(r, DATA, 0, byte);
}

/* The answer of a controller command; fails the test when there is none. */
static inline uint8_t answer(struct rig *r, uint8_t code)
{
    command(r, code);
    CU_ASSERT(status(r) & 0x01);
    return data(r);
}

/* Reads while something is there and compares with these bytes. */
static inline bool gives(struct rig *r, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(status(r) & 0x01) || data(r) != bytes[i])
            return false;
    return !(status(r) & 0x01);
}

#define GIVES(r, ...) gives(r, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void set_ccb(struct rig *r, uint8_t value)
{
    command(r, 0x60);
    send(r, value);
}

#endif
