/*
 * The machine: see machine.h.  This file builds it from the table and takes it down again; wires.c holds what
 * happens on its wires while it runs.
 */
#include "machine/machine.h"

#include "machine/wires.h"

#include <errno.h>
#include <stdlib.h>

/* Intel hosts without unrestricted guest mode need three pages and a page of KVM's own below 4 GiB; nobody's
 * RAM reaches there (KVM API documentation, KVM_SET_TSS_ADDR). */
#define KVM_TSS_GPA      0xfffbd000u
#define KVM_IDENTITY_GPA 0xfffbc000u

static int machine_open_kvm(struct machine *m, struct err *e)
{
    const char *path = m->options.kvm_path ? m->options.kvm_path : "/dev/kvm";
    if (kvm_open_path(&m->system, path, e) < 0)
        return -1;
    if (kvm_vm_create(&m->vm, &m->system, e) < 0)
        return -1;
    if (kvm_capability(&m->system, KVM_CAP_SET_TSS_ADDR) && kvm_vm_set_tss_addr(&m->vm, KVM_TSS_GPA, e) < 0)
        return -1;
    if (kvm_capability(&m->system, KVM_CAP_SET_IDENTITY_MAP_ADDR) &&
        kvm_vm_set_identity_map(&m->vm, KVM_IDENTITY_GPA, e) < 0)
        return -1;
    if (m->options.irqchip == IRQCHIP_KERNEL && kvm_vm_create_irqchip(&m->vm, e) < 0)
        return -1;
    return 0;
}

static int machine_add_part(struct machine *m, const struct machine_part *p, struct err *e)
{
    size_t i = m->device_count;
    struct device_wires wires = wires_for(m, p);
    struct device *d = p->ops->create(&wires, e);
    if (!d)
        return -1;
    m->device[i] = d;
    m->part[i] = p;
    m->deadline_ns[i] = DEVICE_NEVER_NS;
    m->event_device[i] = (struct event_device){p->name, p->ops->summary, p->ops->regs, p->ops->reg_count};
    m->device_count++;
    for (unsigned r = 0; r < DEVICE_RANGES_MAX && p->range[r].len; r++)
        if (bus_claim(m->bus, d, (uint8_t)i, r, &p->range[r], e) < 0)
            return -1;
    return 0;
}

/* The devices the machine itself talks to, by type. */
static void machine_find_parts(struct machine *m)
{
    for (size_t i = 1; i < m->device_count; i++) {
        const struct device_ops *ops = m->part[i]->ops;
        if (ops == &pic_ops)
            m->pic[m->part[i]->line == LINE_CPU ? 0 : 1] = m->device[i];
        else if (ops == &uart_ops)
            m->uart = m->device[i];
        else if (ops == &i8042_ops)
            m->keyboard = m->device[i];
        else if (ops == &vga_ops)
            m->vga = m->device[i];
        else if (ops == &rtc_ops)
            m->rtc = m->device[i];
    }
    for (size_t i = 1; i < m->device_count; i++)
        m->a20_wish[i] = m->device[i] == m->keyboard; /* firmware leaves the gate open there */
    if (m->pic[0] && m->pic[1])
        pic_cascade(m->pic[0], LINE_CASCADE, m->pic[1]);
}

/* A BIOS leaves the sizes of memory in CMOS; guests without a boot loader read them there. */
static void machine_set_cmos(struct machine *m)
{
    uint64_t low_end = memory_low_end(&m->memory),
             high = m->memory.len > MEMORY_LOW_MAX ? m->memory.len - MEMORY_LOW_MAX : 0;
    uint64_t ext_kib = low_end > 0x100000 ? (low_end - 0x100000) / 1024 : 0;
    uint64_t above_16m = low_end > 0x1000000 ? (low_end - 0x1000000) / 65536 : 0;
    uint64_t base_kib = low_end < 640 * 1024 ? low_end / 1024 : 640, above_4g = high / 65536;
    if (ext_kib > 0xffff)
        ext_kib = 0xffff;
    const struct {
        unsigned index;
        uint64_t value;
    } bytes[] = {
        {0x15, base_kib}, {0x16, base_kib >> 8}, {0x17, ext_kib},        {0x18, ext_kib >> 8},
        {0x30, ext_kib},  {0x31, ext_kib >> 8},  {0x34, above_16m},      {0x35, above_16m >> 8},
        {0x5b, above_4g}, {0x5c, above_4g >> 8}, {0x5d, above_4g >> 16},
    };
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        rtc_cmos_set(m->rtc, bytes[i].index, (uint8_t)bytes[i].value);
}

static int machine_build(struct machine *m, struct err *e)
{
    if (machine_open_kvm(m, e) < 0)
        return -1;
    if (memory_init(&m->memory, &m->vm, m->options.mem_len, e) < 0)
        return -1;
    m->bus = bus_create(e);
    if (!m->bus)
        return -1;
    m->event_device[0] = (struct event_device){"none", "no device", NULL, 0};
    m->device_count = 1;
    for (const struct machine_part *p = machine_pc; p->ops; p++)
        if (!(p->user_irqchip_only && m->options.irqchip == IRQCHIP_KERNEL) && machine_add_part(m, p, e) < 0)
            return -1;
    machine_find_parts(m);
    machine_set_cmos(m);
    return 0;
}

int machine_init(struct machine *m, const struct machine_options *o, struct err *e)
{
    *m = (struct machine){.options = *o,
                          .system.fd = -1,
                          .vm.fd = -1,
                          .next_deadline_ns = DEVICE_NEVER_NS,
                          .output = wires_no_output};
    clock_init(&m->clock, o->clock);
    if (machine_build(m, e) == 0)
        return 0;
    machine_fini(m);
    return -1;
}

void machine_fini(struct machine *m)
{
    for (size_t i = 1; i < m->device_count; i++)
        m->device[i]->ops->destroy(m->device[i]);
    m->device_count = 0;
    bus_destroy(m->bus);
    m->bus = NULL;
    kvm_vm_close(&m->vm);
    memory_fini(&m->memory);
    kvm_close(&m->system);
}

int machine_add_rom(struct machine *m, uint64_t gpa, const void *data, size_t n, struct err *e)
{
    static const char *const names[MACHINE_ROMS_MAX] = {"rom0", "rom1", "rom2", "rom3"};
    if (m->rom_count == MACHINE_ROMS_MAX || m->device_count == MACHINE_PARTS_MAX)
        return err_set(e, "at most %d ROMs", MACHINE_ROMS_MAX);
    if (memory_add_rom(&m->memory, gpa, data, n, e) < 0)
        return -1;
    struct machine_part *p = &m->rom_part[m->rom_count];
    *p = (struct machine_part){.name = names[m->rom_count], .ops = &rom_ops, .line = LINE_NONE};
    p->range[0] = (struct device_range){SPACE_MMIO, gpa, (n + 0xfff) & ~(uint64_t)0xfff, 8};
    m->rom_count++;
    return machine_add_part(m, p, e);
}

void machine_set_output(struct machine *m, void (*output)(void *ctx, uint8_t byte), void *ctx)
{
    m->output = output;
    m->output_ctx = ctx;
}

struct event_names machine_event_names(const struct machine *m)
{
    return (struct event_names){.devices = m->event_device, .device_count = m->device_count};
}
