/*
 * The run loop: see run.h.  One turn is one entry into the guest: serve wishes, let devices act whose time
 * has come, hand over an interrupt, enter, dispatch.
 */
#include "run/run.h"

#include "run/inside.h"

#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *run_status_name(enum run_status s)
{
    static const char *const names[] = {
#define RUN_NAME(name, text) [RUN_##name] = text,
        RUN_STATUSES(RUN_NAME)
#undef RUN_NAME
    };
    return names[s];
}

/* What the guest may use is what this host's KVM can give. */
static int vcpu_set_cpuid(struct run *r, struct err *e)
{
    struct kvm_cpuid2 *c;
    if (kvm_supported_cpuid(&r->machine->system, &c, e) < 0)
        return -1;
    int rc = kvm_set_cpuid(&r->vcpu, c, e);
    free(c);
    return rc;
}

/* Optional functions that make more exits visible; a kernel without them just shows less. */
static void vm_enable_extras(const struct run *r)
{
    const struct kvm_vm *vm = &r->machine->vm;
    struct err ignored;
    if (kvm_vm_capability(vm, KVM_CAP_X86_USER_SPACE_MSR))
        (void)!kvm_vm_enable_cap(vm, KVM_CAP_X86_USER_SPACE_MSR, KVM_MSR_EXIT_REASON_UNKNOWN, &ignored);
    if (kvm_vm_capability(vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE))
        (void)!kvm_vm_enable_cap(vm, KVM_CAP_EXIT_ON_EMULATION_FAILURE, 1, &ignored);
}

static int vcpu_set_start(struct run *r, const struct cpu_start *start, struct err *e)
{
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    if (kvm_get_sregs(&r->vcpu, &sregs, e) < 0 || cpu_setup(start, &r->machine->memory, &regs, &sregs, e) < 0)
        return -1;
    *run_regs(r) = regs;
    *run_sregs(r) = sregs;
    if (vcpu_state_put_sregs(r, e) < 0 || kvm_set_regs(&r->vcpu, &regs, e) < 0)
        return -1;
    r->last_cpu = (struct run_cpu){.regs = regs, .sregs = sregs};
    return 0;
}

/* After a triple fault AMD's VMCB is undefined, so KVM resets the vCPU before it tells us (AMD APM, "Shutdown
 * Intercept"). */
static bool host_is_amd(void)
{
    unsigned a, b = 0, c = 0, d = 0;
    return __get_cpuid(0, &a, &b, &c, &d) && (b == signature_AMD_ebx || b == 0x6f677948 /* "Hygo" */);
}

static int run_init(struct run *r, const struct cpu_start *start, struct err *e)
{
    r->walks = calloc(1, sizeof *r->walks);
    if (!r->walks)
        return err_sys(e, ENOMEM, "run");
    if (ring_init(&r->last_events, sizeof(struct event), RUN_RING_EVENTS, e) < 0 || control_init(r, e) < 0)
        return -1;
    vm_enable_extras(r);
    if (kvm_vcpu_create(&r->vcpu, &r->machine->vm, 0, e) < 0 || vcpu_set_cpuid(r, e) < 0)
        return -1;
    unsigned have = (unsigned)kvm_vm_capability(&r->machine->vm, KVM_CAP_SYNC_REGS);
    r->sync_regs =
        (have & (KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS)) == (KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS);
    r->forgetful = host_is_amd();
    return vcpu_set_start(r, start, e);
}

struct run *run_create(struct machine *m, const struct run_options *o, const struct cpu_start *start,
                       struct err *e)
{
    struct run *r = calloc(1, sizeof *r);
    if (!r) {
        err_sys(e, ENOMEM, "run");
        return NULL;
    }
    r->machine = m;
    r->options = *o;
    r->vcpu.fd = r->wake_fd = -1;
    if (run_init(r, start, e) == 0)
        return r;
    run_destroy(r);
    return NULL;
}

void run_destroy(struct run *r)
{
    if (!r)
        return;
    kvm_vcpu_close(&r->vcpu);
    control_fini(r);
    ring_fini(&r->last_events);
    ring_fini(&r->last_steps);
    free(r->net);
    free(r->walks);
    free(r);
}

void run_add_sink(struct run *r, struct event_sink sink)
{
    if (r->sink_count < RUN_SINKS_MAX)
        r->sink[r->sink_count++] = sink;
}

void run_set_tick(struct run *r, void (*tick)(void *ctx, uint64_t time_ns), void *ctx)
{
    r->tick = tick;
    r->tick_ctx = ctx;
}

void run_set_describe(struct run *r, void (*describe)(unsigned bits, uint64_t rip, const uint8_t *code,
                                                      size_t n, struct text *out))
{
    r->describe = describe;
}

void run_set_input(struct run *r, int (*take)(void *ctx, uint8_t *bytes, size_t n), void *ctx)
{
    r->take_input = take;
    r->input_ctx = ctx;
    r->input_over = false;
}

const struct run_result *run_result(const struct run *r)
{
    return &r->result;
}

const struct ring *run_last_events(const struct run *r)
{
    return &r->last_events;
}

const struct run_cpu *run_last_cpu(const struct run *r)
{
    return &r->last_cpu;
}

const struct kvm_sregs *run_event_sregs(const struct run *r)
{
    return run_sregs(r);
}

int run_counters(const struct run *r, struct kvm_stat **out, size_t *n, struct err *e)
{
    struct kvm_stat *vm = NULL, *vcpu = NULL, *both;
    size_t vm_n = 0, vcpu_n = 0;
    if (kvm_stats_read(r->machine->vm.fd, &vm, &vm_n, e) < 0)
        return -1;
    if (kvm_stats_read(r->vcpu.fd, &vcpu, &vcpu_n, e) < 0) {
        free(vm);
        return -1;
    }
    both = realloc(vm, (vm_n + vcpu_n + 1) * sizeof *vm);
    if (both)
        memcpy(both + vm_n, vcpu, vcpu_n * sizeof *vcpu);
    else
        free(vm);
    free(vcpu);
    *out = both;
    *n = vm_n + vcpu_n;
    return both ? 0 : err_sys(e, ENOMEM, "KVM statistics");
}

static void keep_state(struct run *r)
{
    r->last_cpu.regs = *run_regs(r);
    r->last_cpu.sregs = *run_sregs(r);
}

/* The clock is looked at only for somebody's sake. */
static uint64_t exit_time_ns(const struct run *r)
{
    return r->observed ? clock_host_ns() : 0;
}

/* Ends the run because KVM itself failed; *e says how. */
static enum verdict run_failed(struct run *r, const struct err *e, int *failed)
{
    *failed = -1;
    return run_end(r, RUN_ERROR, 125, "%s", e->text);
}

/* Everything that must happen before the guest may run on. */
static enum verdict before_entry(struct run *r, struct err *e, int *failed)
{
    struct machine *m = r->machine;
    enum verdict v = GO_ON;
    /* A debugger sees no access half done: first an entry that completes it and, with immediate_exit set, no
     * more. */
    if (((volatile struct kvm_run *)r->vcpu.run)->immediate_exit && !(r->in_hands && r->in_flight))
        v = control_serve(r);
    if (v != GO_ON)
        return v;
    if (r->input_waiting)
        control_input(r);
    if (m->next_deadline_ns != DEVICE_NEVER_NS && machine_now_ns(m) >= m->next_deadline_ns)
        machine_elapse(m);
    if (m->clock.kind == CLOCK_REAL)
        control_arm(r);
    v = step_choose(r, e);
    if (v == END || (v == GO_ON && m->pic[0] && !r->step_done && interrupts_inject(r, e) < 0))
        return run_failed(r, e, failed);
    vcpu_state_choose(r);
    return v;
}

/* KVM_RUN itself failed. */
static enum verdict entry_failed(struct run *r, int code, struct err *e, int *failed)
{
    if (code == -EFAULT && r->vcpu.run->exit_reason == EVENT_MEMORY_FAULT)
        return exit_dispatch(r, exit_time_ns(r), e);
    err_sys(e, -code, "KVM_RUN");
    return run_failed(r, e, failed);
}

/* KVM_RUN, with what must be in guest memory during it and never else. */
static int enter(struct run *r, bool settling, struct err *e)
{
    bool step = r->stepping && !settling;
    if (step && net_spread(r, e) < 0)
        return -ENOMEM;
    if (r->watching)
        breaks_patch(r);
    int rc = kvm_vcpu_run(&r->vcpu);
    if (r->watching)
        breaks_unpatch(r);
    if (step)
        net_gather(r);
    return rc;
}

/* The entry was cut short by a signal or by immediate_exit. */
static enum verdict entry_cut(struct run *r, bool settling, struct err *e, int *failed)
{
    r->step_again = true; /* whatever became of the trap flag in the meantime */
    if (vcpu_state_fetch(r, e) < 0)
        return run_failed(r, e, failed);
    if (settling && !r->fault_due) /* an OUT or a store, now complete: a step like others */
        return step_finished(r);
    r->fault_due = false;
    int caught = r->stepping ? net_caught(r, e)
                             : 0; /* with KVM's own controllers HLT, and so a trap, sleeps in there */
    if (caught != 0)
        return caught < 0 ? run_failed(r, e, failed) : step_finished(r);
    if (r->machine->pic[0] || (!r->stepping && net_halt_is_stale(r)))
        return GO_ON;
    return interrupts_asleep_in_kernel(r);
}

/* Whether the exit just handled is the end of the instruction being stepped. */
static bool exit_ends_step(const struct run *r)
{
    switch (r->vcpu.run->exit_reason) {
    case KVM_EXIT_DEBUG:
    case KVM_EXIT_INTERNAL_ERROR: /* completed by hand */
        return r->stepping;
    case KVM_EXIT_HLT:
        return r->step_turn;
    default:
        return false;
    }
}

/* Under the trap flag a HLT is never the guest's own: those run free. Some hosts report one of the net's even
 * where they have completed the instruction in the end, or (an older one) where the instruction has raised an
 * exception that is yet to be delivered: then it stands where it stood, and goes on. */
static enum verdict step_saw_halt(struct run *r)
{
    const struct kvm_regs *g = run_regs(r);
    r->step_again = true;
    bool stands = g->rip == r->insn.rip && g->rsp == r->insn.rsp && g->rcx == r->insn.rcx;
    return stands && !r->insn.rep ? GO_ON : step_finished(r);
}

static enum verdict after_entry(struct run *r, struct err *e, int *failed)
{
    uint64_t now_ns = exit_time_ns(r);
    bool stepping = r->stepping;
    if (vcpu_state_fetch(r, e) < 0)
        return run_failed(r, e, failed);
    clock_work(&r->machine->clock, 1);
    int caught = stepping ? net_caught(r, e) : 0;
    if (caught != 0)
        return caught < 0 ? run_failed(r, e, failed) : step_finished(r);
    if (stepping && r->vcpu.run->exit_reason == KVM_EXIT_HLT && r->insn.kind != STEP_HLT)
        return step_saw_halt(r);
    if (stepping)
        step_mend(r);
    else if (r->vcpu.run->exit_reason == KVM_EXIT_HLT && net_halt_is_stale(r))
        return GO_ON;
    if (r->vcpu.run->exit_reason != KVM_EXIT_DEBUG) {
        r->step_again = true;
        net_invalidate(r);
    }
    enum verdict v = exit_dispatch(r, now_ns, e);
    if (v == GO_ON && r->forgetful)
        keep_state(r);
    return v == GO_ON && exit_ends_step(r) ? step_finished(r) : v;
}

enum verdict run_turn(struct run *r, struct err *e, int *failed)
{
    enum verdict v = before_entry(r, e, failed);
    if (v != GO_ON)
        return v;
    if (r->step_done || r->look_again) { /* done by hand: what comes next has not been looked at */
        clock_work(&r->machine->clock, r->step_done);
        return r->step_done ? step_finished(r) : GO_ON;
    }
    bool settling = r->in_flight && r->stepping;
    r->in_flight = false;
    int rc = enter(r, settling, e);
    if (rc == -EINTR || rc == -EAGAIN)
        return entry_cut(r, settling, e, failed);
    return rc < 0 ? entry_failed(r, rc, e, failed) : after_entry(r, e, failed);
}

/* The last access is completed and the registers are the guest's own, so that what is reported is what it
 * saw. */
static void run_settle(struct run *r)
{
    struct err ignored;
    if (r->result.status == RUN_TRIPLE_FAULT)
        return;
    if (r->in_flight) {
        r->vcpu.run->immediate_exit = 1;
        (void)kvm_vcpu_run(&r->vcpu);
        if (vcpu_state_fetch(r, &ignored) < 0)
            return;
    }
    if (vcpu_state_need_sregs(r, &ignored) == 0)
        keep_state(r);
}

int run_start(struct run *r, struct err *e)
{
    if (control_attach(r, e) < 0)
        return -1;
    r->observed = r->sink_count > 0 || r->in_hands;
    r->start_ns = r->left_ns = clock_host_ns();
    r->start_cpu_ns = clock_thread_ns();
    control_input(r); /* a file is there from the start: when its bytes come must not depend on the host */
    return 0;
}

void run_conclude(struct run *r)
{
    run_settle(r);
    if (r->result.status == RUN_TRIPLE_FAULT && !r->last_cpu.from_last_exit)
        keep_state(r);
    r->result.mode = cpu_mode(&r->last_cpu.sregs);
    r->result.rip = r->last_cpu.regs.rip;
}

int run_loop(struct run *r, struct err *e)
{
    int failed = 0;
    if (run_start(r, e) < 0)
        return -1;
    while (run_turn(r, e, &failed) == GO_ON)
        ;
    control_detach(r);
    run_conclude(r);
    return failed;
}
