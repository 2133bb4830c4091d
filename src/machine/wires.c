/*
 * What happens on the machine's wires while it runs: interrupt lines into the 8259As (or into KVM's, with an
 * in-kernel irqchip), the clock and its deadlines, signals such as power-off, and console bytes in both
 * directions.
 */
#include "machine/wires.h"

#include <stddef.h>

void wires_no_output(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)byte;
}

static void wire_output(void *ctx, uint8_t byte)
{
    struct machine *m = ctx;
    m->output(m->output_ctx, byte);
}

static uint64_t wire_now_ns(void *ctx)
{
    return machine_now_ns(ctx);
}

/* A line into KVM's own 8259As. A failed ioctl leaves the line as it was: nothing better can be done inside a
 * device's pin, and KVM refuses only lines that do not exist. */
static void wire_kernel_line(struct machine *m, unsigned line, bool level)
{
    struct err ignored;
    if (m->line_level[line] != level && kvm_vm_irq_line(&m->vm, line, level, &ignored) == 0)
        m->line_level[line] = level;
}

static bool line_requested(const struct machine *m, unsigned line)
{
    struct pic_lines lines;
    pic_lines_of(m->pic[0], m->pic[1], &lines);
    return lines.requested >> line & 1;
}

/* Remembers since when somebody waits: further edges before the interrupt is taken are the same wait. */
static void wire_user_line(struct machine *m, unsigned line, bool level)
{
    if (!m->pic[0] || !m->pic[1])
        return;
    bool waits = level && line_requested(m, line);
    pic_input(m->pic[line / 8], line % 8, level);
    if (level && !waits)
        m->line_up_ns[line] = line_requested(m, line) ? machine_now_ns(m) | 1 : 0;
}

static void wire_line(void *ctx, unsigned line, bool level)
{
    struct machine *m = ctx;
    if (line >= LINE_COUNT)
        return;
    if (m->options.irqchip == IRQCHIP_KERNEL)
        wire_kernel_line(m, line, level);
    else
        wire_user_line(m, line, level);
}

static void wire_nowhere(void *ctx, unsigned line, bool level)
{
    (void)ctx;
    (void)line;
    (void)level;
}

bool machine_a20(const struct machine *m)
{
    bool open = false;
    for (size_t i = 1; i < m->device_count; i++)
        open |= m->a20_wish[i];
    return open;
}

static void wire_signal(void *ctx, enum device_signal what, uint64_t arg)
{
    const struct machine_pin *pin = ctx;
    struct machine *m = pin->machine;
    switch (what) {
    case SIGNAL_POWEROFF:
        m->request.poweroff = true;
        break;
    case SIGNAL_RESET:
        m->request.reset = true;
        break;
    case SIGNAL_DEBUG_EXIT:
        m->request.debug_exit = true;
        m->request.exit_code = (uint32_t)arg;
        break;
    case SIGNAL_A20:
        m->a20_wish[pin->index] = arg != 0;
        m->request.a20_changed = machine_a20(m) != m->memory.a20;
        break;
    case SIGNAL_INPUT_WANTED:
        break; /* machine_input asks the keyboard itself */
    }
}

struct device_wires wires_for(struct machine *m, const struct machine_part *p)
{
    struct machine_pin *pin = &m->pin[m->device_count];
    *pin = (struct machine_pin){m, m->device_count};
    return (struct device_wires){
        /* INT of the master is read with pic_pending before each entry: that wire needs no current. */
        .irq = {p->line >= 0 ? wire_line : wire_nowhere, m, p->line >= 0 ? (unsigned)p->line : 0},
        .clock = {wire_now_ns, m},
        .signal = wire_signal,
        .signal_ctx = pin,
        .output = wire_output,
        .output_ctx = m,
        .wall_start_s = m->options.wall_start_s,
    };
}

static void deadline_update(struct machine *m, size_t i)
{
    const struct device *d = m->device[i];
    uint64_t was = m->deadline_ns[i], is = d->ops->deadline_ns ? d->ops->deadline_ns(d) : DEVICE_NEVER_NS;
    m->deadline_ns[i] = is;
    if (is == was)
        return;
    if (is < m->next_deadline_ns) {
        m->next_deadline_ns = is;
        return;
    }
    m->next_deadline_ns = DEVICE_NEVER_NS;
    for (size_t k = 1; k < m->device_count; k++)
        if (m->deadline_ns[k] < m->next_deadline_ns)
            m->next_deadline_ns = m->deadline_ns[k];
}

void machine_access(struct machine *m, enum device_space space, uint64_t addr, unsigned size, bool write,
                    uint64_t *value, struct bus_hit *hit)
{
    bus_access(m->bus, space, addr, size, write, value, hit);
    if (hit->device_index)
        deadline_update(m, hit->device_index);
}

void machine_elapse(struct machine *m)
{
    uint64_t now_ns = machine_now_ns(m);
    for (size_t i = 1; i < m->device_count; i++) {
        if (m->deadline_ns[i] > now_ns || !m->device[i]->ops->elapse)
            continue;
        m->device[i]->ops->elapse(m->device[i], now_ns);
        deadline_update(m, i);
    }
}

bool machine_interrupt_pending(const struct machine *m)
{
    return m->pic[0] && pic_pending(m->pic[0]);
}

unsigned machine_interrupt_take(struct machine *m, unsigned *line)
{
    return pic_acknowledge(m->pic[0], line);
}

uint64_t machine_line_up_ns(struct machine *m, unsigned line)
{
    uint64_t up_ns = line < LINE_COUNT ? m->line_up_ns[line] : 0;
    if (up_ns)
        m->line_up_ns[line] = 0;
    return up_ns; /* odd, so that it is not 0: a nanosecond too late at most */
}

uint8_t machine_line_device(const struct machine *m, unsigned line)
{
    for (size_t i = 1; i < m->device_count; i++)
        if (m->part[i]->line == (int)line && line != LINE_CASCADE)
            return (uint8_t)i;
    return 0;
}

/* Could this line, raised, reach the CPU? With KVM's own controllers only KVM knows: assume so. */
static bool line_open(const struct machine *m, int line)
{
    if (line < 0)
        return false;
    if (!m->pic[0])
        return true;
    if (line < 8)
        return !pic_masked(m->pic[0], (unsigned)line);
    return !pic_masked(m->pic[0], LINE_CASCADE) && !pic_masked(m->pic[1], (unsigned)line - 8);
}

uint64_t machine_next_wake_ns(const struct machine *m)
{
    uint64_t next = DEVICE_NEVER_NS;
    for (size_t i = 1; i < m->device_count; i++)
        if (m->deadline_ns[i] < next && line_open(m, m->part[i]->line))
            next = m->deadline_ns[i];
    return next;
}

bool machine_input_can_wake(const struct machine *m)
{
    return line_open(m, 4) || line_open(m, 1);
}

/* A guest that uses the keyboard without having touched its controller has opened its interrupt line, and not
 * the serial port's. */
static bool keyboard_listens(const struct machine *m)
{
    return i8042_in_use(m->keyboard) || (m->pic[0] && line_open(m, 1) && !line_open(m, 4));
}

size_t machine_input(struct machine *m, const uint8_t *bytes, size_t n)
{
    size_t taken = 0;
    if (keyboard_listens(m)) {
        for (; taken < n && i8042_ready(m->keyboard); taken++)
            (void)i8042_type(m->keyboard, bytes[taken]);
    } else if (uart_listens(m->uart)) {
        taken = uart_receive(m->uart, bytes, n);
    }
    for (size_t i = 1; i < m->device_count; i++)
        if (m->device[i] == m->uart || m->device[i] == m->keyboard)
            deadline_update(m, i);
    return taken;
}
