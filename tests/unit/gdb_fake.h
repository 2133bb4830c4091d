/*
 * A made-up machine for gdb: memory and registers without KVM, and a processor that knows six instructions
 * (nop, jmp rel8, inc rax, mov [abs32],rax, hlt, ud2), takes any other byte for a nop, and looks at
 * breakpoints itself.
 */
#ifndef RINGSIDE_TESTS_GDB_FAKE_H
#define RINGSIDE_TESTS_GDB_FAKE_H

#include "debug/gdb_server.h"
#include "vm/gva.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAKE_BREAKS = 300, FAKE_EXIT_CODE = 7, FAKE_MEMORY_LEN = 0x100000 };

struct fake {
    struct guest_memory memory;
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    struct kvm_fpu fpu;
    struct {
        enum gdb_break type;
        uint64_t addr, len;
    } set[FAKE_BREAKS];
    size_t set_count, set_most;
    uint64_t steps;      /* instructions executed */
    uint64_t steps_most; /* a `continue` ends here as if asked to; 0: never */
    bool refuse;         /* writes of registers, breakpoints and running are refused */
    bool detached, killed;
    bool (*asked)(void *ctx); /* has somebody pressed Ctrl-C? NULL: no */
    void *asked_ctx;
    unsigned lines;   /* that `monitor long` prints */
    char command[64]; /* the last `monitor` */
};

static inline struct gva_context fake_context(const struct fake *f)
{
    struct gva_context c = gva_context_of(&f->regs, &f->sregs);
    c.cpl = 0;
    c.ac = true;
    return c;
}

static int fake_read_cpu(void *ctx, unsigned vcpu, struct kvm_regs *regs, struct kvm_sregs *sregs,
                         struct err *e)
{
    struct fake *f = ctx;
    if (vcpu > 1)
        return err_set(e, "vCPU %u", vcpu);
    *regs = f->regs;
    *sregs = f->sregs;
    return 0;
}

static int fake_write_cpu(void *ctx, unsigned vcpu, const struct kvm_regs *regs,
                          const struct kvm_sregs *sregs, struct err *e)
{
    struct fake *f = ctx;
    if (f->refuse || vcpu > 1)
        return err_set(e, "the CPU does not take this");
    f->regs = *regs;
    if (sregs)
        f->sregs = *sregs;
    return 0;
}

static int fake_read_fpu(void *ctx, unsigned vcpu, struct kvm_fpu *fpu, struct err *e)
{
    (void)vcpu;
    (void)e;
    *fpu = ((struct fake *)ctx)->fpu;
    return 0;
}

static int fake_write_fpu(void *ctx, unsigned vcpu, const struct kvm_fpu *fpu, struct err *e)
{
    (void)vcpu;
    (void)e;
    ((struct fake *)ctx)->fpu = *fpu;
    return 0;
}

static size_t fake_read_memory(void *ctx, unsigned vcpu, uint64_t linear, void *buf, size_t n)
{
    struct fake *f = ctx;
    struct gva_context c = fake_context(f);
    (void)vcpu;
    return gva_read(&f->memory, &c, linear, buf, n, GVA_READ, NULL);
}

static int fake_write_memory(void *ctx, unsigned vcpu, uint64_t linear, const void *buf, size_t n,
                             struct err *e)
{
    struct fake *f = ctx;
    struct gva_context c = fake_context(f);
    struct gva_walk w;
    (void)vcpu;
    return gva_write(&f->memory, &c, linear, buf, n, &w) == n ? 0 : err_set(e, "%s", w.why);
}

static int fake_insert(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len, struct err *e)
{
    struct fake *f = ctx;
    if (f->refuse || f->set_count == FAKE_BREAKS)
        return err_set(e, "no more");
    f->set[f->set_count].type = type;
    f->set[f->set_count].addr = linear;
    f->set[f->set_count++].len = len;
    if (f->set_count > f->set_most)
        f->set_most = f->set_count;
    return 0;
}

static int fake_remove(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len, struct err *e)
{
    struct fake *f = ctx;
    for (size_t i = 0; i < f->set_count; i++)
        if (f->set[i].type == type && f->set[i].addr == linear && f->set[i].len == len) {
            f->set[i] = f->set[--f->set_count];
            return 0;
        }
    return err_set(e, "was not set");
}

static inline bool fake_is_set(const struct fake *f, enum gdb_break from, enum gdb_break to, uint64_t addr,
                               uint64_t len)
{
    for (size_t i = 0; i < f->set_count; i++)
        if (f->set[i].type >= from && f->set[i].type <= to && addr < f->set[i].addr + f->set[i].len &&
            f->set[i].addr < addr + len)
            return true;
    return false;
}

/* One instruction. True when the guest can go on. */
static bool fake_step(struct fake *f, struct gdb_stop *stop)
{
    static const uint8_t inc_rax[] = {0x48, 0xff, 0xc0}, mov_rax[] = {0x48, 0x89, 0x04, 0x25};
    uint8_t code[8] = {0};
    uint64_t linear = cpu_rip_linear(&f->regs, &f->sregs);
    size_t n = fake_read_memory(f, 0, linear, code, sizeof code), len = 1;
    f->steps++;
    if (n == 0 || (code[0] == 0x0f && code[1] == 0x0b)) {
        stop->why = GDB_STOP_DIED;
        strcpy(stop->say, "triple fault: made up");
        return false;
    }
    if (code[0] == 0xf4) {
        stop->why = GDB_STOP_EXITED;
        stop->code = FAKE_EXIT_CODE;
        return false;
    }
    if (code[0] == 0xeb)
        len = (size_t)(int64_t)(int8_t)code[1] + 2;
    else if (memcmp(code, inc_rax, sizeof inc_rax) == 0) {
        f->regs.rax++;
        len = sizeof inc_rax;
    } else if (memcmp(code, mov_rax, sizeof mov_rax) == 0) {
        uint64_t addr = (uint64_t)code[4] | (uint64_t)code[5] << 8 | (uint64_t)code[6] << 16;
        struct err e;
        int failed = fake_write_memory(f, 0, addr, &f->regs.rax, 8, &e);
        len = 8;
        if (!failed && fake_is_set(f, GDB_WATCH_WRITE, GDB_WATCH_ACCESS, addr, 8)) {
            stop->why = GDB_STOP_WATCH;
            stop->addr = addr;
        }
    }
    f->regs.rip += len;
    return stop->why == GDB_STOP_STOOD;
}

static int fake_resume(void *ctx, const struct gdb_resume *how, struct gdb_stop *stop, struct err *e)
{
    struct fake *f = ctx;
    (void)e;
    if (f->refuse) {
        stop->why = GDB_STOP_REFUSED;
        strcpy(stop->say, "this host cannot step here");
        return 0;
    }
    if (how->step) {
        fake_step(f, stop);
        return 0;
    }
    for (uint64_t n = 0; stop->why == GDB_STOP_STOOD; n++) {
        uint64_t linear = cpu_rip_linear(&f->regs, &f->sregs);
        if (fake_is_set(f, GDB_BREAK_SOFT, GDB_BREAK_HARD, linear, 1)) {
            stop->why = GDB_STOP_BREAK;
            stop->addr = linear;
        } else if ((f->steps_most && n >= f->steps_most) || (f->asked && f->asked(f->asked_ctx)))
            stop->why = GDB_STOP_ASKED;
        else
            fake_step(f, stop);
    }
    return 0;
}

static int fake_monitor(void *ctx, const char *command, struct text *out, struct err *e)
{
    struct fake *f = ctx;
    snprintf(f->command, sizeof f->command, "%.*s", (int)sizeof f->command - 1, command);
    if (strcmp(command, "regs") == 0)
        text_addf(out, "rax 0x%llx  cs %04x\n", f->regs.rax, f->sregs.cs.selector);
    else if (strcmp(command, "long") == 0)
        for (unsigned i = 0; i < f->lines; i++)
            text_addf(out, "line %u\n", i);
    else
        return err_set(e, "no such command: %.40s", command);
    return 0;
}

static void fake_detach(void *ctx)
{
    ((struct fake *)ctx)->detached = true;
}

static void fake_kill(void *ctx)
{
    ((struct fake *)ctx)->killed = true;
}

static const struct gdb_ops fake_ops = {
    .read_cpu = fake_read_cpu,
    .write_cpu = fake_write_cpu,
    .read_fpu = fake_read_fpu,
    .write_fpu = fake_write_fpu,
    .read_memory = fake_read_memory,
    .write_memory = fake_write_memory,
    .insert = fake_insert,
    .remove = fake_remove,
    .resume = fake_resume,
    .monitor = fake_monitor,
    .detach = fake_detach,
    .kill = fake_kill,
};

static const uint8_t fake_program[] = {
    0x90,                                           /* 00 nop */
    0x48, 0xff, 0xc0,                               /* 01 inc rax */
    0x48, 0xff, 0xc0,                               /* 04 inc rax */
    0x48, 0x89, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00, /* 07 mov [0x9000], rax */
    0x90,                                           /* 0f nop */
    0xeb, 0xee,                                     /* 10 jmp 00 */
};

/* A machine of 1 MiB in long or real mode with the little program at its first instruction. 0, or -1. */
static inline int fake_init(struct fake *f, enum cpu_mode mode, uint64_t entry)
{
    struct err e;
    struct cpu_start start = {.mode = mode, .entry = entry};
    memset(f, 0, sizeof *f);
    f->lines = 3000;
    f->fpu.fcw = 0x37f;
    f->fpu.mxcsr = 0x1f80;
    if (memory_init(&f->memory, NULL, FAKE_MEMORY_LEN, &e) < 0)
        return -1;
    if (cpu_setup(&start, &f->memory, &f->regs, &f->sregs, &e) < 0)
        return -1;
    return memory_write(&f->memory, entry, fake_program, sizeof fake_program, &e);
}

static inline void fake_fini(struct fake *f)
{
    memory_fini(&f->memory);
}

#endif
