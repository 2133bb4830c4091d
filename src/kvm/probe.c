/*
 * The host probe: all tables of checks, run one after the other, each on its own VM and under the watchdog.
 * Called by `ringside doctor`, by tests, and by main for the few rows a run needs.
 *
 * Simplified: a check that works once is taken to work always.
 */
#include "kvm/probe.h"

#include "kvm/probe_device.h"
#include "kvm/probe_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char probe_mend_hardware[] =
    "use a KVM with a real CPU's VT-x or AMD-V behind it (nested will do); software-backed and emulated "
    "ones lack this";
const char probe_mend_kernel[] = "use a newer kernel: Linux 6.1 has it";
const char probe_mend_cpu[] = "use a CPU and a KVM that have it";
const char probe_mend_bug[] =
    "every KVM should do this: look into the kernel log (dmesg), try another kernel";

static const struct probe_list *const lists[] = {&probe_modes,        &probe_exits,  &probe_debug,
                                                 &probe_steps,        &probe_traps,  &probe_interrupts,
                                                 &probe_instructions, &probe_insight};

enum { LISTS = sizeof lists / sizeof lists[0] };

static struct probe_row check_row(const struct probe_list *list, const struct probe_check *c)
{
    return (struct probe_row){.id = c->id,
                              .title = c->title,
                              .group = list->group,
                              .result = PROBE_SKIPPED,
                              .needed = c->needed,
                              .mend = c->mend,
                              .matters = c->matters};
}

/* True when the check names a CPUID bit that KVM does not have. Some back ends let guests see and use more
 * than KVM_GET_SUPPORTED_CPUID says, so the check is made all the same; but its failure is then no fault. */
static bool check_unnamed(struct probe_host *h, const struct probe_check *c)
{
    const struct kvm_cpuid_entry2 *leaf = probe_cpuid_leaf(h->cpuid, c->cpuid.leaf);
    if (!leaf)
        return c->cpuid.mask != 0;
    const uint32_t regs[] = {leaf->eax, leaf->ebx, leaf->ecx, leaf->edx};
    return c->cpuid.mask && !(regs[c->cpuid.reg] & c->cpuid.mask);
}

static enum probe_result check_try(struct probe_host *h, const struct probe_check *c, struct probe_guest *g)
{
    struct err e;
    if (probe_guest_open(g, h, c, &e) < 0)
        return probe_failed(g, &e);
    probe_watch_start(&h->watch, g->run);
    const enum probe_result r = c->run(c, g);
    probe_watch_stop(&h->watch);
    probe_guest_close(g);
    return r;
}

static void check_run(struct probe_host *h, const struct probe_check *c, struct probe_row *row)
{
    struct probe_guest g = {.detail = row->detail};
    if (c->cap && kvm_capability(&h->system, c->cap) <= 0) {
        snprintf(row->detail, sizeof row->detail, "no %s", c->cap_name);
        row->result = PROBE_ABSENT;
        return;
    }
    row->result = check_try(h, c, &g);
    if (row->result != PROBE_BROKEN || !check_unnamed(h, c))
        return;
    const size_t at = strlen(row->detail);
    snprintf(row->detail + at, sizeof row->detail - at, "; no %s in CPUID", c->cpuid.name);
    row->result = PROBE_ABSENT;
}

/* Gets ready for checks: what KVM supports, the watchdog, and a VM that does nothing. The kernel switches
 * virtualization on for all CPUs with its first VM and off with the last, which is dear: one that stays
 * spares the others that. `h` must not move until host_fini. */
static int host_init(struct probe_host *h, const struct kvm_system *s, struct err *e)
{
    *h = (struct probe_host){.system = *s, .idle.fd = -1};
    if (kvm_vm_create(&h->idle, &h->system, e) == 0 && kvm_supported_cpuid(s, &h->cpuid, e) == 0 &&
        probe_watch_init(&h->watch, e) == 0)
        return 0;
    free(h->cpuid);
    kvm_vm_close(&h->idle);
    return -1;
}

static void host_fini(struct probe_host *h)
{
    probe_watch_fini(&h->watch);
    free(h->cpuid);
    kvm_vm_close(&h->idle);
}

static const struct probe_row *report_find(const struct probe_report *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->rows[i].id, id) == 0)
            return &r->rows[i];
    return NULL;
}

static bool report_works(const struct probe_report *r, const char *id)
{
    const struct probe_row *row = report_find(r, id);
    return row && row->result == PROBE_WORKS;
}

/* Only a CPU runs legacy paging and floating point at CPL 0: that is what tells hardware, whatever the module
 * is called. The flags then say whose. */
static const char *report_backend(const struct probe_report *r, const struct probe_machine *m)
{
    if (!r->usable)
        return "none";
    if (!report_works(r, "paging32") && !report_works(r, "x87"))
        return "software-backed";
    return m->svm || (!m->vmx && strstr(m->cpu, "AMD")) ? "kvm-amd" : "kvm-intel";
}

static void report_conclude(struct probe_report *r, const struct probe_device *d)
{
    r->usable = true;
    for (size_t i = 0; i < r->n; i++)
        r->usable &= !r->rows[i].needed || r->rows[i].result == PROBE_WORKS;
    r->backend = report_backend(r, &d->machine);
    r->api_version = d->api_version;
    r->nested = d->machine.hypervisor;
    memcpy(r->kernel, d->machine.kernel, sizeof r->kernel);
    memcpy(r->cpu, d->machine.cpu, sizeof r->cpu);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* All checks, or with no host all of them skipped. */
static void report_checks(struct probe_report *r, struct probe_host *h)
{
    for (size_t l = 0; l < LISTS; l++)
        for (size_t i = 0; i < lists[l]->n && r->n < PROBE_ROWS_MAX; i++) {
            struct probe_row *row = &r->rows[r->n++];
            *row = check_row(lists[l], &lists[l]->checks[i]);
            if (h)
                check_run(h, &lists[l]->checks[i], row);
        }
}

int probe_run(struct probe_report *out, const char *device_path, struct err *e)
{
    const uint64_t start_ns = now_ns();
    struct probe_device d;
    struct probe_host h;
    int rc = 0;
    *out = (struct probe_report){.n = PROBE_DEVICE_ROWS};
    snprintf(out->device, sizeof out->device, "%s", device_path);
    const bool open = probe_device_rows(&d, device_path, out->rows, PROBE_DEVICE_ROWS);
    if (open && (rc = host_init(&h, &d.system, e)) == 0) {
        report_checks(out, &h);
        host_fini(&h);
    } else {
        report_checks(out, NULL);
    }
    report_conclude(out, &d);
    kvm_close(&d.system);
    out->elapsed_ns = now_ns() - start_ns;
    return rc;
}

static const struct probe_check *check_find(const char *id, const struct probe_list **list)
{
    for (size_t l = 0; l < LISTS; l++)
        for (size_t i = 0; i < lists[l]->n; i++)
            if (strcmp(lists[l]->checks[i].id, id) == 0) {
                *list = lists[l];
                return &lists[l]->checks[i];
            }
    return NULL;
}

/* One check behind a device that is open, or why there is none. */
static void one_check(const struct probe_device *d, bool open, const struct probe_check *c,
                      struct probe_row *row)
{
    struct probe_host h;
    struct err e;
    if (!open) {
        snprintf(row->detail, sizeof row->detail, "no usable /dev/kvm");
    } else if (host_init(&h, &d->system, &e) < 0) {
        snprintf(row->detail, sizeof row->detail, "%.*s", (int)sizeof row->detail - 1, e.text);
    } else {
        check_run(&h, c, row);
        host_fini(&h);
    }
}

bool probe_one(const char *id, struct probe_row *row)
{
    struct probe_row rows[PROBE_DEVICE_ROWS];
    struct probe_device d;
    const struct probe_list *list;
    const int in_device = probe_device_find(id);
    const struct probe_check *c = in_device < 0 ? check_find(id, &list) : NULL;
    if (in_device < 0 && !c)
        return false;
    const size_t n = in_device < 0 ? PROBE_DEVICE_OPEN_ROWS : (size_t)in_device + 1;
    const bool open = probe_device_rows(&d, "/dev/kvm", rows, n);
    *row = c ? check_row(list, c) : rows[in_device];
    if (c)
        one_check(&d, open, c, row);
    kvm_close(&d.system);
    return true;
}

const char *probe_result_name(enum probe_result r)
{
    static const char *const name[] = {"works", "absent", "broken", "skipped"};
    return name[r];
}
