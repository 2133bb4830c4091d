/*
 * The first rows of the host probe: is there a KVM at all, may we use it, and what machine is around it.
 */
#ifndef RINGSIDE_KVM_PROBE_DEVICE_H
#define RINGSIDE_KVM_PROBE_DEVICE_H

#include "kvm/kvm.h"
#include "kvm/probe.h"

/* What /proc/cpuinfo and uname say. */
struct probe_machine {
    bool vmx, svm, hypervisor; /* CPU flags; the last: this machine is itself a VM */
    char kernel[72], cpu[72];
};

void probe_machine_read(struct probe_machine *m);

/* A device under examination. `system.fd` is -1 until it has been opened as KVM. */
struct probe_device {
    const char *path;
    struct probe_machine machine;
    struct kvm_system system;
    int api_version; /* 0 = could not be asked */
};

enum { PROBE_DEVICE_OPEN_ROWS = 3, PROBE_DEVICE_ROWS = 5 };

/* Fills the first `n` (up to PROBE_DEVICE_ROWS) rows; after one that fails the others are skipped. Returns
 * true when none failed and d->system is open; the caller closes it in either case (kvm_close). */
bool probe_device_rows(struct probe_device *d, const char *path, struct probe_row *rows, size_t n);

/* The index of a device row's id, or -1. */
int probe_device_find(const char *id);

#endif
