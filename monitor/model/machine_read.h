/*
 * The machine out of a frame: its names, devices and where they answer. Part of snapshot_read.c, which reads
 * all else that changes from frame to frame; the machine is read once.
 */
#ifndef RINGSIDE_MONITOR_MODEL_MACHINE_READ_H
#define RINGSIDE_MONITOR_MODEL_MACHINE_READ_H

#include "monitor/model/snapshot.h"

enum { MACHINE_DEVICES_MAX = 64 };

/* FRAME_MACHINE; one that is known from an earlier frame stays. False: it is damaged, or there is no memory.
 */
bool machine_read(struct snapshot_machine *m, struct cursor *c);
/* FRAME_DEVICE, the next device; after machine_read. */
bool machine_read_device(struct snapshot_machine *m, struct cursor *c);

#endif
