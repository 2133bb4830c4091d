/*
 * The host probe: what can this machine's /dev/kvm do?  KVM has many back ends (VT-x, AMD-V, either of them
 * nested, or software alone) and each kernel knows other capabilities, so nothing is concluded from a name:
 * every function Ringside stands on is tried with a guest of a few bytes on a throw-away VM, and the answer
 * is what came back.
 *
 * `ringside doctor` shows all rows; a test asks for one row to know whether it can run here; `ringside run`
 * asks for the few it needs.
 */
#ifndef RINGSIDE_KVM_PROBE_H
#define RINGSIDE_KVM_PROBE_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* WORKS: tried, and it did what the manual says. ABSENT: KVM or the CPU says that it has no such thing.
 * BROKEN: tried, and something else happened. SKIPPED: not tried, since something it stands on is missing. */
enum probe_result { PROBE_WORKS, PROBE_ABSENT, PROBE_BROKEN, PROBE_SKIPPED };

/* One checked function. The strings are constants, `detail` is what was seen (may be empty when it works). */
struct probe_row {
    const char *id; /* stable, for --json and for tests: "pio_out", "step_cpl3" … */
    const char *title;
    const char *group;
    enum probe_result result;
    bool needed; /* Ringside runs nothing at all without it */
    char detail[160];
    const char *mend;    /* how to get it */
    const char *matters; /* what a user loses without it */
};

enum { PROBE_ROWS_MAX = 128 };

struct probe_report {
    bool usable;         /* every needed row works */
    bool nested;         /* the host says that it is itself a VM (CPUID.1:ECX.31) */
    int api_version;     /* 0 = could not be asked */
    const char *backend; /* "kvm-intel", "kvm-amd", "software-backed", or "none" when not usable at all */
    uint64_t elapsed_ns;
    char device[160], kernel[72], cpu[72];
    size_t n;
    struct probe_row rows[PROBE_ROWS_MAX];
};

/* Tries everything behind `device_path` (normally "/dev/kvm"). A host without KVM is a result, not an error:
 * then 0 is returned with usable = false and rows that say why. -1 only when this process cannot probe at all
 * (no timers). Uses one real-time signal while it runs and puts its old handler back; one thread at a time.
 */
NODISCARD int probe_run(struct probe_report *out, const char *device_path, struct err *e);

/* Tries the one row `id` on /dev/kvm, in milliseconds. False when there is no such row. */
bool probe_one(const char *id, struct probe_row *row);

/* "works", "absent", "broken", "skipped". */
const char *probe_result_name(enum probe_result r);

/* The back end by /proc/cpuinfo alone, for a trace header: no VM is made. The words of probe_report.backend.
 */
const char *probe_backend_guess(void);

/* The report for a person, at most 100 columns wide: the verdict (first the mend where nothing runs), the
 * table by group, and how to mend what is missing. */
void probe_text(const struct probe_report *r, struct text *out);

/* The report as one JSON object and a newline: usable, backend, nested, api_version, kernel, cpu, device,
 * elapsed_ns, checks[] of id, title, group, result, needed, detail, mend, matters. Keys are added, never
 * changed. */
void probe_json(const struct probe_report *r, struct text *out);

/* The whole of `ringside doctor`: probes `device_path` and writes the report. Returns the exit status: 0
 * usable, 127 not. */
int doctor_main(bool json, const char *device_path, struct text *out);

#endif
