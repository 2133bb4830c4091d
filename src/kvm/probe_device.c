/*
 * The first rows of the host probe: the device node, the permission to open it, the API version, a first VM
 * and the capabilities.  Called by probe.c before any guest is made.  Nearly everybody's first trouble with
 * KVM is one of these, so each failure looks for its cause (a container, a module, a group, firmware) and
 * names one mend. (KVM API documentation, "General description"; "KVM_GET_API_VERSION";
 * "KVM_CHECK_EXTENSION".)
 */
#include "kvm/probe_device.h"

#include "kvm/extra.h"
#include "kvm/probe_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usual_path[] = "/dev/kvm";
static const char mend_name[] = "name KVM's own device, normally /dev/kvm";
static const char mend_join[] =
    "add yourself to the group kvm: sudo usermod -aG kvm $USER, then log in again";
static const char no_guests[] = "without KVM no guest runs; traces can still be read";

static bool in_container(void)
{
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0;
}

/* Why there may be no (working) device node, the likeliest cause first. */
static const char *mend_missing(const struct probe_machine *m, const char *path)
{
    if (strcmp(path, usual_path) != 0 && access(usual_path, F_OK) == 0)
        return mend_name;
    if (in_container())
        return "start the container with --device /dev/kvm (and see that its host has that device)";
    if (m->vmx)
        return "load the module: sudo modprobe kvm_intel (if it refuses: switch on VT-x in the BIOS)";
    if (m->svm)
        return "load the module: sudo modprobe kvm_amd (if it refuses: switch on SVM in the BIOS)";
    if (m->hypervisor)
        return "switch on nested virtualization for this VM, in the settings of the host it runs on";
    return "switch on VT-x or AMD-V (also called SVM) in the BIOS, then: sudo modprobe kvm_intel or kvm_amd";
}

static const char *mend_forbidden(const struct stat *st)
{
    const mode_t both = S_IRGRP | S_IWGRP;
    if (in_container() && (geteuid() == 0 || (st->st_mode & both) == both))
        return "start the container with --device /dev/kvm, as a user in the group of that device";
    if ((st->st_mode & both) != both)
        return "let the group kvm use it: sudo chgrp kvm /dev/kvm; sudo chmod 660 /dev/kvm";
    return mend_join;
}

static bool row_fail(struct probe_row *row, enum probe_result r, const char *mend, const struct err *why)
{
    row->result = r;
    snprintf(row->detail, sizeof row->detail, "%.*s", (int)sizeof row->detail - 1, why->text);
    if (mend)
        row->mend = mend;
    return false;
}

static bool device_exists(struct probe_device *d, struct probe_row *row)
{
    struct stat st;
    struct err e = {0};
    if (stat(d->path, &st) < 0) {
        err_sys(&e, errno, "%s", d->path);
        return row_fail(row, PROBE_ABSENT, mend_missing(&d->machine, d->path), &e);
    }
    if (S_ISCHR(st.st_mode))
        return true;
    err_set(&e, "%s is not a device", d->path);
    return row_fail(row, PROBE_BROKEN, NULL, &e);
}

static void forbidden_detail(struct err *e, const struct stat *st)
{
    const struct group *group = getgrgid(st->st_gid);
    char number[16];
    snprintf(number, sizeof number, "%u", (unsigned)st->st_gid);
    err_set(e, "forbidden: group %s, mode %04o, and you are uid %u", group ? group->gr_name : number,
            (unsigned)(st->st_mode & 07777), (unsigned)geteuid());
}

static bool device_opens(struct probe_device *d, struct probe_row *row)
{
    struct stat st = {0};
    struct err e = {0};
    const int fd = open(d->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    err_sys(&e, errno, "%s", d->path);
    if (e.code != EACCES && e.code != EPERM)
        return row_fail(row, PROBE_BROKEN, mend_missing(&d->machine, d->path), &e);
    if (stat(d->path, &st) == 0)
        forbidden_detail(&e, &st);
    return row_fail(row, PROBE_BROKEN, mend_forbidden(&st), &e);
}

static bool device_speaks(struct probe_device *d, struct probe_row *row)
{
    struct err e = {0};
    const int fd = open(d->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const int version = fd < 0 ? -1 : kvm_fd_api_version(fd);
    if (fd >= 0)
        close(fd);
    if (version < 0) {
        err_set(&e, "%s is not KVM: it does not know KVM_GET_API_VERSION", d->path);
        return row_fail(row, PROBE_BROKEN, mend_name, &e);
    }
    d->api_version = version;
    if (version != KVM_API_VERSION) {
        err_set(&e, "version %d", version);
        return row_fail(row, PROBE_BROKEN, "use a kernel from 2.6.22 on: all of them speak version 12", &e);
    }
    if (kvm_open_path(&d->system, d->path, &e) < 0)
        return row_fail(row, PROBE_BROKEN, NULL, &e);
    snprintf(row->detail, sizeof row->detail, "version %d", version);
    return true;
}

static bool device_makes_vm(struct probe_device *d, struct probe_row *row)
{
    struct kvm_vm vm = {.fd = -1};
    struct kvm_vcpu vcpu = {.fd = -1};
    struct kvm_cpuid2 *cpuid = NULL;
    struct err e = {0};
    const bool made = kvm_vm_create(&vm, &d->system, &e) == 0 && kvm_vcpu_create(&vcpu, &vm, 0, &e) == 0 &&
                      kvm_supported_cpuid(&d->system, &cpuid, &e) == 0;
    free(cpuid);
    kvm_vcpu_close(&vcpu);
    kvm_vm_close(&vm);
    const char *mend = e.code == EBUSY
                           ? "stop the other hypervisor (VirtualBox, VMware …) that holds the CPU's "
                             "virtualization"
                           : NULL;
    return made || row_fail(row, PROBE_BROKEN, mend, &e);
}

/* Never a failure: each of them has its own check further down. */
static bool device_capabilities(struct probe_device *d, struct probe_row *row)
{
    static const struct {
        int cap;
        const char *name;
    } used[] = {
        {KVM_CAP_USER_MEMORY, "USER_MEMORY"},
        {KVM_CAP_READONLY_MEM, "READONLY_MEM"},
        {KVM_CAP_IMMEDIATE_EXIT, "IMMEDIATE_EXIT"},
        {KVM_CAP_SYNC_REGS, "SYNC_REGS"},
        {KVM_CAP_SET_GUEST_DEBUG, "SET_GUEST_DEBUG"},
        {KVM_CAP_SET_GUEST_DEBUG2, "SET_GUEST_DEBUG2"},
        {KVM_CAP_DEBUGREGS, "DEBUGREGS"},
        {KVM_CAP_VCPU_EVENTS, "VCPU_EVENTS"},
        {KVM_CAP_XSAVE, "XSAVE"},
        {KVM_CAP_XCRS, "XCRS"},
        {KVM_CAP_EXT_CPUID, "EXT_CPUID"},
        {KVM_CAP_X86_USER_SPACE_MSR, "X86_USER_SPACE_MSR"},
        {KVM_CAP_X86_MSR_FILTER, "X86_MSR_FILTER"},
        {KVM_CAP_EXIT_ON_EMULATION_FAILURE, "EXIT_ON_EMULATION_FAILURE"},
        {KVM_CAP_BINARY_STATS_FD, "BINARY_STATS_FD"},
        {KVM_CAP_DIRTY_LOG_RING, "DIRTY_LOG_RING"},
        {KVM_CAP_PIT2, "PIT2"},
    };
    const size_t n = sizeof used / sizeof used[0];
    size_t missing = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        if (kvm_capability(&d->system, used[i].cap) > 0)
            continue;
        const char *before = missing++ ? ", " : "missing: ";
        const int len = snprintf(row->detail + at, sizeof row->detail - at, "%s%s", before, used[i].name);
        at = len < 0 || at + (size_t)len >= sizeof row->detail ? sizeof row->detail - 1 : at + (size_t)len;
    }
    row->result = missing ? PROBE_ABSENT : PROBE_WORKS;
    if (!missing)
        snprintf(row->detail, sizeof row->detail, "all %zu", n);
    return true;
}

static const struct {
    const char *id, *title;
    bool (*run)(struct probe_device *d, struct probe_row *row);
    bool needed;
    const char *mend, *matters;
} device_checks[PROBE_DEVICE_ROWS] = {
    {"device", "the device node", device_exists, true, mend_name, no_guests},
    {"access", "permission to open it", device_opens, true, mend_join, no_guests},
    {"api", "KVM API version 12", device_speaks, true, "use a kernel from 2.6.22 on", no_guests},
    {"vm", "a VM with a vCPU", device_makes_vm, true, "see the kernel log (dmesg) for KVM's reason",
     no_guests},
    {"capabilities", "capabilities that Ringside uses", device_capabilities, false,
     "use a newer kernel: Linux 6.1 has all of them", "each has its own check below"},
};

static const char device_group[] = "Device";

bool probe_device_rows(struct probe_device *d, const char *path, struct probe_row *rows, size_t n)
{
    bool good = true;
    *d = (struct probe_device){.path = path, .system.fd = -1};
    probe_machine_read(&d->machine);
    for (size_t i = 0; i < n && i < PROBE_DEVICE_ROWS; i++) {
        rows[i] = (struct probe_row){.id = device_checks[i].id,
                                     .title = device_checks[i].title,
                                     .group = device_group,
                                     .needed = device_checks[i].needed,
                                     .mend = device_checks[i].mend,
                                     .matters = device_checks[i].matters};
        if (good)
            good = device_checks[i].run(d, &rows[i]);
        else
            rows[i].result = PROBE_SKIPPED;
    }
    return good;
}

int probe_device_find(const char *id)
{
    for (int i = 0; i < PROBE_DEVICE_ROWS; i++)
        if (strcmp(device_checks[i].id, id) == 0)
            return i;
    return -1;
}
