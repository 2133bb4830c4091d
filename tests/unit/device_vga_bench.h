/*
 * The VGA on its bench: what its tests have in common.
 */
#ifndef RINGSIDE_TESTS_DEVICE_VGA_BENCH_H
#define RINGSIDE_TESTS_DEVICE_VGA_BENCH_H

#include "device/types.h"
#include "device_rig.h"

enum { TEXT = 0, CRTC = 1, STATUS = 2, BLOCK = 3 };

enum { CELLS = VGA_ROWS * VGA_COLUMNS, BLANK = 0x0720, TEXT_LEN = 0x8000 };

static inline void crtc(struct rig *r, uint8_t index, uint8_t value)
{
    rig_write(r, CRTC, 0, index);
    rig_write(r, CRTC, 1, value);
}

#endif
