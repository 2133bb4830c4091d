/*
 * What an event is called when it is one of many: pictures and comparisons count events of a class together
 * (graph_class.c).
 */
#ifndef RINGSIDE_TRACES_CLASS_H
#define RINGSIDE_TRACES_CLASS_H

#include "event/event.h"

/* Events with the same key are drawn as one: same kind, device, register and direction; where no device
 * answered, the same port or page; for MSRs, vectors and the like the same number. */
uint64_t class_key(const struct event *ev);

/* Appends the class an event is in: `out uart.THR`, `mmio read 0xfee00000`, `irq 0x20`, `assist int3`. */
void class_name(const struct event *ev, const struct event_names *names, struct text *out);

/* Name of a device, never empty: `device 7` for one the header forgot. */
void class_device_name(const struct event_names *names, unsigned device, struct text *out);

#endif
