/*
 * The machine: which devices make a PC, wired to each other, to guest memory and to KVM.  Reading the table
 * in pc.c shows the computer.  The run loop asks it four things: perform this access, what time is it, is
 * there an interrupt for the CPU, and has the guest asked for something (power-off, reset).
 */
#ifndef RINGSIDE_MACHINE_MACHINE_H
#define RINGSIDE_MACHINE_MACHINE_H

#include "device/bus.h"
#include "device/types.h"
#include "event/event.h"
#include "machine/clock.h"
#include "vm/memory.h"

enum irqchip_kind { IRQCHIP_USER, IRQCHIP_KERNEL };

/* Interrupt lines of a PC; where a part's pin goes when it is not one of the sixteen. */
enum { LINE_NONE = -1, LINE_CPU = -2, LINE_CASCADE = 2, LINE_COUNT = 16 };

enum { MACHINE_PARTS_MAX = 20, MACHINE_ROMS_MAX = 4 };

/* One row of the PC: a device, its instance name, its interrupt line and what it claims. */
struct machine_part {
    const char *name;
    const struct device_ops *ops;
    int line;
    struct device_range range[DEVICE_RANGES_MAX]; /* ends at len 0 */
    bool user_irqchip_only;                       /* left out when KVM has its own */
};

/* The table, ended by a row without ops. */
extern const struct machine_part machine_pc[];

struct machine_options {
    uint64_t mem_len;
    enum irqchip_kind irqchip;
    enum clock_kind clock;
    uint64_t wall_start_s; /* Unix time at power-on */
    const char *kvm_path;  /* NULL = /dev/kvm */
};

/* What the guest asked for, as seen after an exit. */
struct machine_request {
    bool poweroff, reset, debug_exit, a20_changed;
    uint32_t exit_code; /* what was written to the debug-exit port */
};

struct machine;

/* Whose signal it is. */
struct machine_pin {
    struct machine *machine;
    size_t index;
};

struct machine {
    struct machine_options options;
    struct kvm_system system;
    struct kvm_vm vm;
    struct guest_memory memory;
    struct bus *bus;
    struct machine_clock clock;
    struct machine_request request;

    /* Index 0 is "none", so that it can be an event's device number. */
    struct device *device[MACHINE_PARTS_MAX];
    const struct machine_part *part[MACHINE_PARTS_MAX];
    uint64_t deadline_ns[MACHINE_PARTS_MAX];
    uint64_t next_deadline_ns;
    struct event_device event_device[MACHINE_PARTS_MAX];
    size_t device_count;
    struct machine_pin pin[MACHINE_PARTS_MAX];
    bool a20_wish[MACHINE_PARTS_MAX];               /* the gate is open when any device holds it open */
    struct machine_part rom_part[MACHINE_ROMS_MAX]; /* rows that are not in the PC's table */
    size_t rom_count;

    struct device *pic[2]; /* NULL with KVM's own */
    struct device *uart, *keyboard, *vga, *rtc;
    void (*output)(void *ctx, uint8_t byte);
    void *output_ctx;
    bool line_level[LINE_COUNT];
    uint64_t line_up_ns[LINE_COUNT]; /* the machine's time at which it went up, and nobody took the interrupt
                                        yet; 0: none */
};

/* Opens KVM, makes the VM, its memory and its devices. `*m` is the caller's and must not move. */
NODISCARD int machine_init(struct machine *m, const struct machine_options *o, struct err *e);
void machine_fini(struct machine *m);

/* Puts `n` bytes of read-only memory at `gpa` (4 KiB aligned): the guest's reads see them, its writes become
 * events of a device named rom0, rom1 .... Before the guest runs. */
NODISCARD int machine_add_rom(struct machine *m, uint64_t gpa, const void *data, size_t n, struct err *e);

/* Where bytes from the serial port and the debug port go; before the guest runs. */
void machine_set_output(struct machine *m, void (*output)(void *ctx, uint8_t byte), void *ctx);

/* Performs one access of the guest. Never fails: unclaimed reads are all ones. */
void machine_access(struct machine *m, enum device_space space, uint64_t addr, unsigned size, bool write,
                    uint64_t *value, struct bus_hit *hit);

/* Lets devices act whose time has come. Call when machine_now_ns(m) >= m->next_deadline_ns. */
void machine_elapse(struct machine *m);

static inline uint64_t machine_now_ns(const struct machine *m)
{
    return clock_now_ns(&m->clock);
}

/* With user-space interrupt controllers: is INT up, and the INTA cycle (vector; *line gets 0-15). */
bool machine_interrupt_pending(const struct machine *m);
unsigned machine_interrupt_take(struct machine *m, unsigned *line);

/* With user-space interrupt controllers: the machine's time at which the line went up whose interrupt was
 * taken just now, and forgets it; 0 when that is not known. */
uint64_t machine_line_up_ns(struct machine *m, unsigned line);

/* The number of the device on an interrupt line, 0 when there is none. */
uint8_t machine_line_device(const struct machine *m, unsigned line);

/* The next deadline of a device whose interrupt could reach the CPU; DEVICE_NEVER_NS when there is none, and
 * a CPU asleep would sleep for ever. */
uint64_t machine_next_wake_ns(const struct machine *m);

/* True when a byte typed at the console could raise an interrupt. */
bool machine_input_can_wake(const struct machine *m);

/* Should line 20 pass? Differs from memory.a20 after request.a20_changed. */
bool machine_a20(const struct machine *m);

/* Offers console bytes to the device the guest listens on: the keyboard when it is in use or only its line is
 * open, else the UART once the guest reads there. Returns how many were taken (0: nobody listens yet, or
 * there is no room); characters that no key makes count as taken. */
size_t machine_input(struct machine *m, const uint8_t *bytes, size_t n);

/* The names its events use; valid as long as the machine. */
struct event_names machine_event_names(const struct machine *m);

#endif
