/*
 * Words for what came instead of what a check of the host probe waited for: which exception the guest took,
 * which instruction KVM could not emulate, why the entry was refused.  These end up in the doctor's detail
 * column, so they are short.  (KVM API documentation, "The kvm_run structure"; Intel SDM, "Exception and
 * Interrupt Reference".)
 */
#include "kvm/probe_words.h"

#include <string.h>

const char *probe_words_exception(unsigned vector)
{
    static const char *const name[] = {
        [0] = "#DE",  [1] = "#DB",  [2] = "NMI",  [3] = "#BP",  [4] = "#OF",  [5] = "#BR",  [6] = "#UD",
        [7] = "#NM",  [8] = "#DF",  [10] = "#TS", [11] = "#NP", [12] = "#SS", [13] = "#GP", [14] = "#PF",
        [16] = "#MF", [17] = "#AC", [18] = "#MC", [19] = "#XM", [20] = "#VE", [21] = "#CP",
    };
    return vector < sizeof name / sizeof name[0] ? name[vector] : NULL;
}

static void words_io(struct probe_guest *g)
{
    const struct kvm_run *r = g->run;
    uint32_t value = 0;
    memcpy(&value, (const uint8_t *)r + r->io.data_offset,
           r->io.size <= sizeof value ? r->io.size : sizeof value);
    if (r->io.port == PROBE_PORT_VECTOR) {
        const char *name = probe_words_exception(value);
        probe_verdict(g, PROBE_BROKEN, "%s (vector %u) in the guest", name ? name : "an interrupt", value);
    } else if (r->io.port == PROBE_PORT_ANSWER) {
        probe_verdict(g, PROBE_BROKEN, "nothing happened, the guest ran on");
    } else {
        probe_verdict(g, PROBE_BROKEN, "port exit, 0x%x", r->io.port);
    }
}

static void words_mmio(struct probe_guest *g)
{
    const struct kvm_run *r = g->run;
    if (r->mmio.phys_addr == PROBE_MMIO_ANSWER)
        probe_verdict(g, PROBE_BROKEN, "nothing happened, the guest ran on");
    else
        probe_verdict(g, PROBE_BROKEN, "MMIO exit, 0x%llx", (unsigned long long)r->mmio.phys_addr);
}

static void words_debug(struct probe_guest *g)
{
    const struct kvm_debug_exit_arch *a = &g->run->debug.arch;
    probe_verdict(g, PROBE_BROKEN, "debug exit at 0x%llx, vector %u", (unsigned long long)a->pc,
                  a->exception);
}

static void words_shutdown(struct probe_guest *g)
{
    probe_verdict(g, PROBE_BROKEN, "triple fault in the guest");
}

static void words_fail_entry(struct probe_guest *g)
{
    probe_verdict(g, PROBE_BROKEN, "the CPU refuses to enter the guest, reason 0x%llx",
                  (unsigned long long)g->run->fail_entry.hardware_entry_failure_reason);
}

static void words_internal(struct probe_guest *g)
{
    if (g->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION)
        probe_verdict(g, PROBE_BROKEN, "KVM cannot emulate the instruction");
    else
        probe_verdict(g, PROBE_BROKEN, "KVM internal error, suberror %u", g->run->internal.suberror);
}

static void words_hlt(struct probe_guest *g)
{
    probe_verdict(g, PROBE_BROKEN, "the guest halted");
}

void probe_words_surprise(struct probe_guest *g)
{
    static const struct {
        uint32_t reason;
        void (*say)(struct probe_guest *g);
    } words[] = {
        {KVM_EXIT_IO, words_io},
        {KVM_EXIT_MMIO, words_mmio},
        {KVM_EXIT_DEBUG, words_debug},
        {KVM_EXIT_SHUTDOWN, words_shutdown},
        {KVM_EXIT_FAIL_ENTRY, words_fail_entry},
        {KVM_EXIT_INTERNAL_ERROR, words_internal},
        {KVM_EXIT_HLT, words_hlt},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].reason == g->run->exit_reason) {
            words[i].say(g);
            return;
        }
    probe_verdict(g, PROBE_BROKEN, "KVM exit reason %u", g->run->exit_reason);
}
