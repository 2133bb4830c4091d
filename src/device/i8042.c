/*
 * The i8042 keyboard controller.  A small computer on the PC's board that talks to the one in the keyboard,
 * and that was given, because it had pins to spare, two jobs that have nothing to do with keys: the gate of
 * address line 20 and the CPU's reset line.
 *
 * Two ports.  Writing the second is a command to the controller, reading it is the status.  Writing the first
 * is the parameter of such a command, else a byte for the keyboard; reading it takes the output buffer. While
 * a byte is in the output buffer (OBF) and the command byte allows it, IRQ1 is up.  The command byte also has
 * it translate scan code set 2, which keyboards send, to set 1, which programs expect (kbd_codes.c).
 *
 * Called by the bus; the console calls i8042_type() when i8042_in_use() says that the guest looks at the
 * keyboard.
 *
 * Simplified: there is no firmware to set it up, so it starts as firmware leaves it: tested, keyboard on,
 * IRQ1 and translation on, line 20 open.  It is never busy (IBF is always 0), and the next byte fills the
 * output buffer as soon as one was taken.  No mouse: the second interface answers like a socket with nothing
 * in it.
 *
 * Manual: IBM PC/AT Technical Reference, section "Keyboard Controller"; IBM PS/2 Technical Reference, section
 * "Keyboard and Auxiliary Device Controller".
 */
#include "device/i8042.h"

#include "device/kbd_codes.h"
#include "device/types.h"

#include <stdlib.h>

enum { REG_DATA, REG_STATUS, REG_CMD, REG_COUNT };
static const char *const i8042_regs[REG_COUNT] = {"DATA", "STATUS", "CMD"};

enum {
    CCB_FIRMWARE = CCB_INT | CCB_SYS | CCB_DISABLE_AUX | CCB_XLAT,
    OUT_FIRMWARE = 0xcf, /* all pins high but the two that mirror the output buffer */
};

void i8042_want(struct i8042 *c)
{
    if (c->in_use)
        return;
    c->in_use = true;
    device_signal(&c->dev, SIGNAL_INPUT_WANTED, 1);
}

/* A guest that polls shows itself only by looking again and again where there is nothing. */
static void i8042_poll(struct i8042 *c)
{
    c->polls = (uint8_t)(c->full ? 0 : c->polls + 1);
    if (c->polls < I8042_POLLS_WANTING)
        return;
    c->polls = 0;
    i8042_want(c);
}

bool i8042_in_use(const struct device *d)
{
    return i8042_of_const(d)->in_use;
}

/* The output buffer. */

static void buffer_fill(struct i8042 *c, uint8_t byte, bool from_kbd)
{
    c->data = byte;
    c->full = true;
    c->from_kbd = from_kbd;
}

/* A byte from the keyboard. Under translation a break prefix fills nothing: it becomes the next byte's top
 * bit. */
static void buffer_fill_kbd(struct i8042 *c, uint8_t byte)
{
    if (!(c->ram[0] & CCB_XLAT)) {
        buffer_fill(c, byte, true);
    } else if (byte == KBD_BREAK) {
        c->broke = true;
    } else {
        buffer_fill(c, (uint8_t)(kbd_set1(byte) | (c->broke ? 0x80 : 0)), true);
        c->broke = false;
    }
}

/* Moves what waits into the output buffer, the controller's own answers first, and sets IRQ1. */
static void i8042_settle(struct i8042 *c)
{
    while (!c->full) {
        int answer = kbd_queue_take(&c->answers);
        int key = answer >= 0 || (c->ram[0] & CCB_DISABLE) ? -1 : kbd_take(&c->kbd);
        if (answer >= 0)
            buffer_fill(c, (uint8_t)answer, false);
        else if (key >= 0)
            buffer_fill_kbd(c, (uint8_t)key);
        else
            break;
    }
    device_irq(&c->dev, c->full && (c->ram[0] & CCB_INT));
}

bool i8042_ready(const struct device *d)
{
    return kbd_ready(&i8042_of_const(d)->kbd);
}

bool i8042_type(struct device *d, uint8_t ascii)
{
    struct i8042 *c = i8042_of(d);
    bool typed = kbd_type(&c->kbd, ascii);
    i8042_settle(c);
    return typed;
}

/* The ports. */

uint8_t i8042_status(const struct i8042 *c)
{
    return (uint8_t)(STATUS_UNLOCKED | (c->full ? STATUS_OBF : 0) | (c->ram[0] & CCB_SYS ? STATUS_SYS : 0) |
                     (c->wrote_command ? STATUS_CMD : 0));
}

uint8_t i8042_out_port(const struct i8042 *c)
{
    return (uint8_t)(c->out | (c->full ? OUT_OBF : 0));
}

/* IRQ1 falls before the next byte raises it again: an edge for the interrupt controller. */
static uint8_t data_read(struct i8042 *c)
{
    uint8_t data = c->data;
    i8042_poll(c);
    if (c->full && c->from_kbd)
        i8042_want(c);
    c->full = false;
    device_irq(&c->dev, false);
    i8042_settle(c);
    return data;
}

/* A byte for the keyboard also switches its interface on. */
static void data_write(struct i8042 *c, uint8_t value)
{
    if (c->command) {
        i8042_parameter(c, value);
        return;
    }
    c->ram[0] &= (uint8_t)~CCB_DISABLE;
    kbd_command(&c->kbd, value);
    i8042_want(c);
}

static void i8042_read(struct device *d, struct access *a)
{
    struct i8042 *c = i8042_of(d);
    if (a->region == 0) {
        a->reg = REG_DATA;
        a->value = data_read(c);
        return;
    }
    a->reg = REG_STATUS;
    a->value = i8042_status(c);
    i8042_poll(c);
}

static void i8042_write(struct device *d, struct access *a)
{
    struct i8042 *c = i8042_of(d);
    c->polls = 0;
    c->wrote_command = a->region != 0;
    a->reg = a->region == 0 ? REG_DATA : REG_CMD;
    if (a->region == 0)
        data_write(c, (uint8_t)a->value);
    else
        i8042_command(c, (uint8_t)a->value);
    i8042_settle(c);
}

/* Life. */

static void i8042_reset(struct device *d)
{
    struct i8042 *c = i8042_of(d);
    bool was_in_use = c->in_use;
    *c = (struct i8042){.dev = c->dev, .ram = {CCB_FIRMWARE}, .out = OUT_FIRMWARE};
    kbd_init(&c->kbd);
    i8042_settle(c);
    if (was_in_use)
        device_signal(d, SIGNAL_INPUT_WANTED, 0);
}

static struct device *i8042_create(const struct device_wires *wires, struct err *e)
{
    struct i8042 *c = calloc(1, sizeof(*c));
    if (!c) {
        err_set(e, "i8042: out of memory");
        return NULL;
    }
    c->dev = (struct device){&i8042_ops, *wires};
    i8042_reset(&c->dev);
    return &c->dev;
}

static void i8042_destroy(struct device *d)
{
    free(d);
}

const struct device_ops i8042_ops = {
    .name = "i8042",
    .summary = "keyboard controller",
    .lesson =
        "A second small computer that talks to the keyboard's. Port 0x60 gives one scancode for a key going "
        "down and one for it coming up; the status at 0x64 says in bit 0 (OBF) whether one waits, and IRQ1 "
        "rises with it. It also opens the gate of address line 20 (command 0xd1 or 0xdf) and resets the CPU "
        "(0xfe). Manual: IBM PC/AT Technical Reference.",
    .regs = i8042_regs,
    .reg_count = REG_COUNT,
    .create = i8042_create,
    .destroy = i8042_destroy,
    .reset = i8042_reset,
    .read = i8042_read,
    .write = i8042_write,
    .describe = i8042_describe,
    .save = i8042_save,
    .restore = i8042_restore,
};
