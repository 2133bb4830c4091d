/*
 * The machine's wires: what a device's pins are soldered to.  Private to the machine floor.
 */
#ifndef RINGSIDE_MACHINE_WIRES_H
#define RINGSIDE_MACHINE_WIRES_H

#include "machine/machine.h"

/* The wires for one part of the table. */
struct device_wires wires_for(struct machine *m, const struct machine_part *p);

/* Swallows output until somebody asks for it. */
void wires_no_output(void *ctx, uint8_t byte);

#endif
