/*
 * The inside of the keyboard controller, for the files that are about it: i8042.c (ports and output buffer),
 * i8042_commands.c (its commands) and i8042_state.c (how it is shown, saved and restored).  Everybody else
 * uses device/types.h.
 */
#ifndef RINGSIDE_DEVICE_I8042_H
#define RINGSIDE_DEVICE_I8042_H

#include "device/device.h"
#include "device/kbd.h"

enum {
    STATUS_OBF = 0x01,
    STATUS_SYS = 0x04,
    STATUS_CMD = 0x08,
    STATUS_UNLOCKED = 0x10,
    CCB_INT = 0x01,
    CCB_SYS = 0x04,
    CCB_DISABLE = 0x10,
    CCB_DISABLE_AUX = 0x20,
    CCB_XLAT = 0x40,
    CCB_ALL = 0x7f,
    OUT_RESET = 0x01, /* active low */
    OUT_A20 = 0x02,
    OUT_OBF = 0x10,
    I8042_RAM_LEN = 32,
    I8042_POLLS_WANTING = 16,
};

/* ram[0] is the command byte. `out` is the output port without OUT_OBF. `data` is the output buffer, `full`
 * its OBF. `command` waits for its parameter, or is 0. `answers` are the controller's own bytes and go before
 * the keyboard's. `broke` remembers a break prefix under translation. `polls` counts looks at an empty output
 * buffer in a row. */
struct i8042 {
    struct device dev;
    uint8_t ram[I8042_RAM_LEN];
    uint8_t out, data, command, polls;
    bool full, from_kbd, broke, wrote_command, in_use;
    struct kbd_queue answers;
    struct kbd kbd;
};

static inline struct i8042 *i8042_of(struct device *d)
{
    return (struct i8042 *)d;
}

static inline const struct i8042 *i8042_of_const(const struct device *d)
{
    return (const struct i8042 *)d;
}

/* What the status port and the output port show. */
uint8_t i8042_status(const struct i8042 *c);
uint8_t i8042_out_port(const struct i8042 *c);

/* The guest has shown that it looks at the keyboard: from now on the console's input may go there. */
void i8042_want(struct i8042 *c);

/* A byte written to the command port. */
void i8042_command(struct i8042 *c, uint8_t code);
/* The parameter of c->command, which must wait for one. */
void i8042_parameter(struct i8042 *c, uint8_t value);
/* True when the command has a parameter. */
bool i8042_command_waits(uint8_t code);

/* The parts of i8042_ops that are in i8042_state.c. */
void i8042_describe(const struct device *d, struct text *out);
void i8042_save(const struct device *d, struct text *out);
NODISCARD int i8042_restore(struct device *d, const uint8_t *p, size_t len, struct err *e);

#endif
