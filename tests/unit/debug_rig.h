/*
 * A target for the tests of the debug floor: 4 MiB of memory in a mode of choice, some symbols, two devices,
 * MSRs and debug registers of its own, and no KVM.
 */
#ifndef RINGSIDE_TESTS_DEBUG_RIG_H
#define RINGSIDE_TESTS_DEBUG_RIG_H

#include "debug/target.h"
#include "debug_symbols.h"

#include <stdlib.h>

#define RIG_MEM_LEN 0x400000ull

struct rig {
    struct guest_memory memory;
    struct target target;
    struct symbols symbols;
    uint64_t msr_10; /* MSR 0x10; every other is refused */
    struct err e;
};

/* `count` is a field's name too, `rax` a register's. */
static const struct symbol rig_symbols[] = {
    {"start", 0x7c00, 0x100, true},
    {"main", 0x100000, 0x40, true},
    {"helper.constprop.0", 0x100040, 0x20, true},
    {"count", 0x101000, 8, false},
    {"rax", 0x101008, 8, false},
    {"big$table@2", 0x101010, 16, false},
};
static const char *const rig_uart_regs[] = {"THR", "IER", NULL, "LCR"};
static const char *const rig_pic_regs[] = {"ICW1", "IMR"};
static const struct event_device rig_devices[] = {
    {"none", "", NULL, 0}, {"uart", "a serial port", rig_uart_regs, 4}, {"pic0", "a PIC", rig_pic_regs, 2}};
static const struct event_names rig_names = {.devices = rig_devices, .device_count = 3};

static int rig_msr_read(void *ctx, uint32_t index, uint64_t *value, struct err *e)
{
    const struct rig *r = ctx;
    if (index != 0x10)
        return err_set(e, "no MSR %#x", index);
    *value = r->msr_10;
    return 0;
}

static int rig_msr_write(void *ctx, uint32_t index, uint64_t value, struct err *e)
{
    struct rig *r = ctx;
    if (index != 0x10)
        return err_set(e, "no MSR %#x", index);
    r->msr_10 = value;
    return 0;
}

static int rig_debugregs(void *ctx, struct kvm_debugregs *d, struct err *e)
{
    (void)ctx, (void)e;
    *d = (struct kvm_debugregs){.db = {0x1111, 0x2222, 0, 0x4444}, .dr6 = 0xffff4ff1, .dr7 = 0x402};
    return 0;
}

static const struct target_ops rig_ops = {rig_msr_read, rig_msr_write, rig_debugregs};

static inline void rig_init(struct rig *r, enum cpu_mode mode)
{
    struct cpu_start start = {.mode = mode, .entry = mode == MODE_REAL ? 0x7c00 : 0x100000};
    memset(r, 0, sizeof *r);
    if (memory_init(&r->memory, NULL, RIG_MEM_LEN, &r->e) < 0 ||
        cpu_setup(&start, &r->memory, &r->target.regs, &r->target.sregs, &r->e) < 0)
        abort();
    r->symbols = (struct symbols){rig_symbols, sizeof rig_symbols / sizeof rig_symbols[0]};
    r->target.memory = &r->memory;
    r->target.symbols = &r->symbols;
    r->target.names = &rig_names;
    r->target.ops = &rig_ops;
    r->target.ctx = r;
}

static inline void rig_fini(struct rig *r)
{
    memory_fini(&r->memory);
}

/* Puts bytes at a physical address. */
static inline void rig_put(struct rig *r, uint64_t gpa, const void *bytes, size_t n)
{
    if (memory_write(&r->memory, gpa, bytes, n, &r->e) < 0)
        abort();
}

static inline void rig_put_number(struct rig *r, uint64_t gpa, uint64_t value, size_t width)
{
    rig_put(r, gpa, &value, width);
}

#endif
