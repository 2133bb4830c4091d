/*
 * The functions behind the exit table's rows.  `decode` reads kvm_run into the event; `handle` acts and
 * completes it.
 */
#ifndef RINGSIDE_RUN_ROWS_H
#define RINGSIDE_RUN_ROWS_H

#include "run/inside.h"

struct exit_row {
    void (*decode)(struct run *r, struct event *ev);
    enum verdict (*handle)(struct run *r, struct event *ev, struct err *e);
};

/* rows_device.c: the guest talks to a device. */
void exit_decode_io(struct run *r, struct event *ev);
enum verdict exit_handle_io(struct run *r, struct event *ev, struct err *e);
void exit_decode_mmio(struct run *r, struct event *ev);
enum verdict exit_handle_mmio(struct run *r, struct event *ev, struct err *e);

/* rows_cpu.c: the CPU itself stops, fails or asks. */
void exit_decode_unknown(struct run *r, struct event *ev);
enum verdict exit_handle_unknown(struct run *r, struct event *ev, struct err *e);
void exit_decode_hypercall(struct run *r, struct event *ev);
enum verdict exit_handle_hypercall(struct run *r, struct event *ev, struct err *e);
void exit_decode_debug(struct run *r, struct event *ev);
enum verdict exit_handle_debug(struct run *r, struct event *ev, struct err *e);
void exit_decode_hlt(struct run *r, struct event *ev);
enum verdict exit_handle_hlt(struct run *r, struct event *ev, struct err *e);
enum verdict exit_handle_shutdown(struct run *r, struct event *ev, struct err *e);
void exit_decode_fail_entry(struct run *r, struct event *ev);
enum verdict exit_handle_fail_entry(struct run *r, struct event *ev, struct err *e);
void exit_decode_internal(struct run *r, struct event *ev);
enum verdict exit_handle_internal(struct run *r, struct event *ev, struct err *e);
void exit_decode_system_event(struct run *r, struct event *ev);
enum verdict exit_handle_system_event(struct run *r, struct event *ev, struct err *e);
void exit_decode_msr(struct run *r, struct event *ev);
enum verdict exit_handle_msr(struct run *r, struct event *ev, struct err *e);
void exit_decode_memory_fault(struct run *r, struct event *ev);
enum verdict exit_handle_memory_fault(struct run *r, struct event *ev, struct err *e);
enum verdict exit_handle_nothing(struct run *r, struct event *ev, struct err *e);

#endif
