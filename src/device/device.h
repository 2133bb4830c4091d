/*
 * What a device is.  A device answers reads and writes at offsets, raises interrupt lines and asks a clock
 * for the time; it does not know at which port it lives, which CPU talks to it or that KVM exists.  So each
 * can be tested alone against its data sheet, and two machines can live in one process.
 *
 * A device type is a const table of functions (struct device_ops); a device is one heap object that starts
 * with struct device.  The machine's table says which ranges it claims.
 */
#ifndef RINGSIDE_DEVICE_DEVICE_H
#define RINGSIDE_DEVICE_DEVICE_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_NO_REG   0xff
#define DEVICE_NEVER_NS UINT64_MAX

/* One read or write. The device fills `value` on a read and, always, `reg`: the index of the register it took
 * this for (a UART's offset 0 is RBR, THR or DLL), or DEVICE_NO_REG. `region` is the index of the claimed
 * range, `offset` counts from its base. `size` is 1, 2, 4 or 8 and never more than the range's `width`. */
struct access {
    unsigned region;
    uint64_t offset;
    uint64_t value;
    uint8_t size;
    uint8_t reg;
};

/* An output pin towards an interrupt controller. `set` may be called with the level it already has. */
struct irq_line {
    void (*set)(void *ctx, unsigned line, bool level);
    void *ctx;
    unsigned line;
};

/* The time a device lives in: nanoseconds since power-on. Never goes back; stands still while the VM is
 * paused. */
struct device_clock {
    uint64_t (*now_ns)(void *ctx);
    void *ctx;
};

/* What a device can ask of the machine. */
enum device_signal {
    SIGNAL_POWEROFF,     /* the guest switched the machine off */
    SIGNAL_RESET,        /* the guest pulled the reset line */
    SIGNAL_DEBUG_EXIT,   /* arg = code written to the debug-exit port */
    SIGNAL_A20,          /* arg = 1: address line 20 passes, 0: it is forced to zero */
    SIGNAL_INPUT_WANTED, /* arg = 1 when the guest uses this device's input (keyboard enabled): input may be
                            routed */
};

/* Everything that connects a device to the outside. All members are filled by the machine (or a test); a pin
 * that goes nowhere has a function that does nothing. */
struct device_wires {
    struct irq_line irq;
    struct device_clock clock;
    void (*signal)(void *ctx, enum device_signal what, uint64_t arg);
    void *signal_ctx;
    void (*output)(void *ctx, uint8_t byte); /* a byte for the console (UART, debug port) */
    void *output_ctx;
    uint64_t wall_start_s; /* Unix time at power-on, for the RTC */
};

struct device;

enum { DEVICE_RANGES_MAX = 6 };
enum device_space { SPACE_PIO, SPACE_MMIO };

/* A range of ports or guest-physical addresses. Wider accesses than `width` bytes are split by the bus into
 * consecutive ones, as the ISA bus does. */
struct device_range {
    enum device_space space;
    uint64_t base, len;
    uint8_t width;
};

struct device_ops {
    const char *name;    /* type name: `uart` */
    const char *summary; /* `16550A serial port` */
    const char *lesson;  /* two or three sentences for `explain`, with the data sheet's name */
    const char *const *regs;
    size_t reg_count;

    /* Makes a device in its power-on state; it keeps a copy of `wires`. NULL on lack of memory. */
    struct device *(*create)(const struct device_wires *wires, struct err *e);
    void (*destroy)(struct device *d);
    void (*reset)(struct device *d);
    void (*read)(struct device *d, struct access *a);
    void (*write)(struct device *d, struct access *a);

    /* Appends each register by name with its value and meaning, one a line: `LSR  60  THRE TEMT`. */
    void (*describe)(const struct device *d, struct text *out);

    /* Appends the whole state as bytes in a fixed little-endian order; restore returns -1 for a state that is
     * not of this device or has impossible values, and leaves the device as it was. */
    void (*save)(const struct device *d, struct text *out);
    int (*restore)(struct device *d, const uint8_t *p, size_t len, struct err *e) NODISCARD;

    /* Optional: when it next wants elapse() called, in clock time; DEVICE_NEVER_NS for not at all. */
    uint64_t (*deadline_ns)(const struct device *d);
    /* Optional: the clock has reached `now_ns`; raise what is due. May be called early, late or twice. */
    void (*elapse)(struct device *d, uint64_t now_ns);
};

/* The head of every device object. */
struct device {
    const struct device_ops *ops;
    struct device_wires wires;
};

static inline uint64_t device_now_ns(const struct device *d)
{
    return d->wires.clock.now_ns(d->wires.clock.ctx);
}

static inline void device_irq(const struct device *d, bool level)
{
    d->wires.irq.set(d->wires.irq.ctx, d->wires.irq.line, level);
}

static inline void device_signal(const struct device *d, enum device_signal what, uint64_t arg)
{
    d->wires.signal(d->wires.signal_ctx, what, arg);
}

static inline void device_output(const struct device *d, uint8_t byte)
{
    d->wires.output(d->wires.output_ctx, byte);
}

#endif
