/*
 * The i8042 as seen from outside: its registers in words for the screen, and its state as bytes for
 * snapshots. Called through i8042_ops (i8042.c says what the chip does).
 */
#include "device/i8042.h"
#include "device/show.h"
#include "device/state.h"

enum { NAME_WIDTH = 6 };

static const char *const status_bits[8] = {"OBF",      "IBF",    "SYS",     "CMD",
                                           "UNLOCKED", "AUXOBF", "TIMEOUT", "PARITY"};
static const char *const ccb_bits[8] = {"INT", "INT2", "SYS", NULL, "DISABLE", "DISABLE2", "XLAT"};
static const char *const out_bits[8] = {"RESET#", "A20", NULL, NULL, "IRQ1", "IRQ12", "KBDCLK", "KBDDATA"};

void i8042_describe(const struct device *d, struct text *out)
{
    const struct i8042 *c = i8042_of_const(d);
    const char *source = c->from_kbd ? "from the keyboard" : "from the controller";
    show_note(out, NAME_WIDTH, "DATA", c->data, "%s", c->full ? source : "empty; the byte read last");
    show_reg(out, NAME_WIDTH, "STATUS", i8042_status(c), status_bits);
    show_note(out, NAME_WIDTH, "CMD", c->command, "%s", c->command ? "parameter due" : "none waits");
    show_reg(out, NAME_WIDTH, "CCB", c->ram[0], ccb_bits);
    show_reg(out, NAME_WIDTH, "OUT", i8042_out_port(c), out_bits);
    kbd_describe(&c->kbd, out);
    text_addf(out, "%-*s  console input %s\n", NAME_WIDTH, "", c->in_use ? "wanted" : "not wanted yet");
}

static void i8042_fields(struct state *s, struct i8042 *c)
{
    state_bytes(s, c->ram, I8042_RAM_LEN);
    state_mask(s, &c->out, (uint8_t)~OUT_OBF);
    state_u8(s, &c->data);
    state_u8(s, &c->command);
    state_max(s, &c->polls, I8042_POLLS_WANTING - 1);
    state_bool(s, &c->full);
    state_bool(s, &c->from_kbd);
    state_bool(s, &c->broke);
    state_bool(s, &c->wrote_command);
    state_bool(s, &c->in_use);
    kbd_queue_fields(s, &c->answers);
    kbd_fields(s, &c->kbd);
    state_require(s, (c->ram[0] & ~CCB_ALL) == 0);
    state_require(s, c->command == 0 || i8042_command_waits(c->command));
}

void i8042_save(const struct device *d, struct text *out)
{
    struct i8042 copy = *i8042_of_const(d);
    struct state s = state_saving(out, STATE_I8042, 1);
    i8042_fields(&s, &copy);
}

int i8042_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct i8042 copy = *i8042_of(d);
    struct state s = state_loading(p, len, STATE_I8042, 1);
    i8042_fields(&s, &copy);
    if (state_finish(&s, e))
        return -1;
    *i8042_of(d) = copy;
    return 0;
}
