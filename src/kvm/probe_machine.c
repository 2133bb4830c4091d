/*
 * The machine under the host probe, as the kernel tells it: CPU model and flags, kernel release.  VT-x shows
 * as the CPU flag vmx, AMD-V as svm; a hypervisor says with CPUID.1:ECX.31 that the CPU is not a real one,
 * which Linux calls the flag "hypervisor".  (Intel SDM, "CPUID"; AMD64 manual, "SVM Feature Identification".)
 */
#include "kvm/probe_device.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static bool word_in(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ' || p[-1] == '\t') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
            return true;
    return false;
}

/* The text after the colon of a /proc/cpuinfo line "key\t: value", or NULL when it is another key. */
static const char *cpuinfo_value(const char *line, const char *key)
{
    const size_t n = strlen(key);
    if (strncmp(line, key, n) != 0 || (line[n] != '\t' && line[n] != ' ' && line[n] != ':'))
        return NULL;
    const char *colon = strchr(line + n, ':');
    return colon ? colon + 1 + strspn(colon + 1, " \t") : NULL;
}

/* The first processor stands for all. */
static void machine_cpu(struct probe_machine *m)
{
    char line[8192];
    const char *value;
    FILE *f = fopen("/proc/cpuinfo", "re");
    if (!f)
        return;
    while (fgets(line, sizeof line, f) && line[0] != '\n') {
        if ((value = cpuinfo_value(line, "model name")))
            snprintf(m->cpu, sizeof m->cpu, "%.*s", (int)strcspn(value, "\n"), value);
        if (!(value = cpuinfo_value(line, "flags")))
            continue;
        m->vmx = word_in(value, "vmx");
        m->svm = word_in(value, "svm");
        m->hypervisor = word_in(value, "hypervisor");
    }
    fclose(f);
}

void probe_machine_read(struct probe_machine *m)
{
    struct utsname u;
    *m = (struct probe_machine){.kernel = "unknown", .cpu = "unknown"};
    machine_cpu(m);
    if (uname(&u) == 0)
        snprintf(m->kernel, sizeof m->kernel, "%s", u.release);
}

const char *probe_backend_guess(void)
{
    struct probe_machine m;
    probe_machine_read(&m);
    return m.vmx ? "kvm-intel" : m.svm ? "kvm-amd" : "software-backed";
}
