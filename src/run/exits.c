/*
 * The exit table: every reason for which KVM_RUN can return, a row each, with how to read it out of kvm_run
 * and what to do about it (KVM API documentation, "The kvm_run structure").  Dispatch is an array index.  The
 * names, meanings and manual sections of the reasons are in event/kind.c; rows without functions belong to
 * other architectures or to functions that Ringside does not switch on: they end the run and say so.
 */
#include "run/inside.h"
#include "run/rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum verdict run_end(struct run *r, enum run_status status, int exit_code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->result.reason, sizeof r->result.reason, fmt, ap);
    va_end(ap);
    r->result.elapsed_ns = clock_host_ns() - r->start_ns;
    r->result.cpu_ns = clock_thread_ns() - r->start_cpu_ns;
    r->result.status = status;
    r->result.exit_code = exit_code;
    return END;
}

static const struct exit_row exit_table[] = {
    [KVM_EXIT_UNKNOWN] = {exit_decode_unknown, exit_handle_unknown},
    [KVM_EXIT_EXCEPTION] = {NULL, NULL},
    [KVM_EXIT_IO] = {exit_decode_io, exit_handle_io},
    [KVM_EXIT_HYPERCALL] = {exit_decode_hypercall, exit_handle_hypercall},
    [KVM_EXIT_DEBUG] = {exit_decode_debug, exit_handle_debug},
    [KVM_EXIT_HLT] = {exit_decode_hlt, exit_handle_hlt},
    [KVM_EXIT_MMIO] = {exit_decode_mmio, exit_handle_mmio},
    [KVM_EXIT_IRQ_WINDOW_OPEN] = {NULL, exit_handle_nothing},
    [KVM_EXIT_SHUTDOWN] = {NULL, exit_handle_shutdown},
    [KVM_EXIT_FAIL_ENTRY] = {exit_decode_fail_entry, exit_handle_fail_entry},
    [KVM_EXIT_INTR] = {NULL, exit_handle_nothing},
    [KVM_EXIT_SET_TPR] = {NULL, exit_handle_nothing},
    [KVM_EXIT_TPR_ACCESS] = {NULL, exit_handle_nothing},
    [KVM_EXIT_NMI] = {NULL, exit_handle_nothing},
    [KVM_EXIT_INTERNAL_ERROR] = {exit_decode_internal, exit_handle_internal},
    [KVM_EXIT_SYSTEM_EVENT] = {exit_decode_system_event, exit_handle_system_event},
    [KVM_EXIT_IOAPIC_EOI] = {NULL, exit_handle_nothing},
    [KVM_EXIT_X86_RDMSR] = {exit_decode_msr, exit_handle_msr},
    [KVM_EXIT_X86_WRMSR] = {exit_decode_msr, exit_handle_msr},
    [KVM_EXIT_DIRTY_RING_FULL] = {NULL, exit_handle_nothing},
    [KVM_EXIT_X86_BUS_LOCK] = {NULL, exit_handle_nothing},
    [EVENT_MEMORY_FAULT] = {exit_decode_memory_fault, exit_handle_memory_fault},
};

static const struct exit_row *exit_find(unsigned reason)
{
    return reason < sizeof exit_table / sizeof exit_table[0] && exit_table[reason].handle
               ? &exit_table[reason]
               : NULL;
}

bool run_handles_exit(unsigned reason)
{
    return exit_find(reason) != NULL;
}

static enum verdict exit_not_ours(struct run *r, unsigned reason)
{
    if (!event_kind_known(reason))
        return run_end(r, RUN_ERROR, 125, "KVM gave exit reason %u, which this version does not know",
                       reason);
    return run_end(r, RUN_ERROR, 125, "KVM gave exit reason %s (%s), which this machine never asks for",
                   event_kind_info(reason)->constant, event_kind_info(reason)->meaning);
}

/* A wish the guest wrote to a device takes effect once the access is complete. */
static enum verdict serve_request(struct run *r, enum verdict v)
{
    struct machine_request *q = &r->machine->request;
    if (q->debug_exit)
        return run_end(r, RUN_DEBUG_EXIT, (int)((q->exit_code << 1 | 1) & 0xff),
                       "the guest wrote %u to the debug-exit port", q->exit_code);
    if (q->poweroff)
        return run_end(r, RUN_POWEROFF, 0, "the guest powered the machine off");
    if (q->reset)
        return run_end(r, RUN_POWEROFF, 0, "the guest reset the machine");
    if (q->a20_changed) {
        struct err e;
        q->a20_changed = false;
        if (memory_set_a20(&r->machine->memory, machine_a20(r->machine), &e) < 0)
            return run_end(r, RUN_ERROR, 125, "address line 20: %.200s", e.text);
    }
    return v;
}

enum verdict exit_dispatch(struct run *r, uint64_t now_ns, struct err *e)
{
    unsigned reason = r->vcpu.run->exit_reason;
    const struct exit_row *row = exit_find(reason);
    struct event ev;
    event_begin(r, &ev, (enum event_kind)(reason < EVENT_OWN ? reason : EVENT_UNKNOWN), now_ns);
    if (row && row->decode)
        row->decode(r, &ev);
    enum verdict v = row ? row->handle(r, &ev, e) : exit_not_ours(r, reason);
    if (ev.kind == EVENT_DEBUG && v == GO_ON)
        return v; /* a step of our own: counted, not an event */
    if (v == PAUSE && ev.kind == EVENT_INTERNAL)
        ev.kind = EVENT_DEBUG; /* an INT3 of ours that this KVM does not know */
    event_end(r, &ev);
    struct machine_request *q = &r->machine->request;
    if (q->debug_exit | q->poweroff | q->reset | q->a20_changed)
        v = serve_request(r, v);
    if (v == GO_ON && r->options.max_exits && r->result.exits >= r->options.max_exits)
        v = run_end(r, RUN_BUDGET, 124, "the budget of %llu exits is spent",
                    (unsigned long long)r->options.max_exits);
    return v;
}
