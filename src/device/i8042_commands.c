/*
 * The commands of the i8042: bytes written to port 0x64, and for some a parameter written to port 0x60.  Most
 * of them set or clear a bit of the command byte or have a fixed answer, so each is a row of a table.  Called
 * by i8042.c.
 *
 * Simplified: a command that is not in the table is ignored; the pulse of an output pin other than reset is
 * too short to be felt; the commands of the mouse's interface find nobody there.
 *
 * Manual: IBM PS/2 Technical Reference, section "Keyboard and Auxiliary Device Controller", controller
 * commands.
 */
#include "device/i8042.h"

#include <stddef.h>

enum {
    INPUT_PORT = 0xb0, /* keyboard unlocked, colour screen, no manufacturing jumper, all RAM there */
    NO_ANSWER = -1,
    SELF_TEST_OK = 0x55,
    LINES_OK = 0x00,
    CLOCK_STUCK_HIGH = 0x02, /* a socket with nothing in it: nobody pulls the line low */
    AUX_RESEND = 0xfe,
};

static void i8042_answer(struct i8042 *c, uint8_t byte)
{
    (void)kbd_queue_put(&c->answers, byte);
}

static void out_write(struct i8042 *c, uint8_t value)
{
    c->out = value & (uint8_t)~OUT_OBF;
    device_signal(&c->dev, SIGNAL_A20, (value & OUT_A20) != 0);
    if (!(value & OUT_RESET))
        device_signal(&c->dev, SIGNAL_RESET, 0);
}

static void run_read_ram(struct i8042 *c, uint8_t code)
{
    i8042_answer(c, c->ram[code % I8042_RAM_LEN]);
}

static void run_read_output(struct i8042 *c, uint8_t code)
{
    (void)code;
    i8042_answer(c, i8042_out_port(c));
}

/* 0xdd and 0xdf differ in the very bit that is line 20's in the output port. */
static void run_a20(struct i8042 *c, uint8_t code)
{
    out_write(c, (uint8_t)((c->out & ~OUT_A20) | (code & OUT_A20)));
}

/* Pulls each of the low four output pins whose bit is 0 low for some microseconds. */
static void run_pulse(struct i8042 *c, uint8_t code)
{
    if (!(code & OUT_RESET))
        device_signal(&c->dev, SIGNAL_RESET, 0);
}

static void take_ram(struct i8042 *c, uint8_t code, uint8_t value)
{
    c->ram[code % I8042_RAM_LEN] = value;
    if (code % I8042_RAM_LEN)
        return;
    c->ram[0] = value & CCB_ALL;
    if ((value & (CCB_INT | CCB_DISABLE)) == CCB_INT)
        i8042_want(c);
}

static void take_output(struct i8042 *c, uint8_t code, uint8_t value)
{
    (void)code;
    out_write(c, value);
}

/* The byte goes into the output buffer as if the keyboard had sent it. There is no mouse to pretend for, so
 * 0xd3 does the same: a driver that looks for one sees the byte on the wrong side. */
static void take_loop(struct i8042 *c, uint8_t code, uint8_t value)
{
    (void)code;
    i8042_answer(c, value);
}

static void take_aux(struct i8042 *c, uint8_t code, uint8_t value)
{
    (void)code;
    (void)value;
    i8042_answer(c, AUX_RESEND);
}

/* Commands `first` to `last`: bits of the command byte to set and clear, a fixed answer, what else to do, and
 * what to do with the parameter. */
static const struct i8042_row {
    uint8_t first, last, set, clear;
    int16_t answer;
    void (*run)(struct i8042 *c, uint8_t code);
    void (*take)(struct i8042 *c, uint8_t code, uint8_t value);
} i8042_rows[] = {
    {0x20, 0x3f, 0, 0, NO_ANSWER, run_read_ram, NULL},
    {0x60, 0x7f, 0, 0, NO_ANSWER, NULL, take_ram},
    {0xa7, 0xa7, CCB_DISABLE_AUX, 0, NO_ANSWER, NULL, NULL},
    {0xa8, 0xa8, 0, CCB_DISABLE_AUX, NO_ANSWER, NULL, NULL},
    {0xa9, 0xa9, 0, 0, CLOCK_STUCK_HIGH, NULL, NULL},
    {0xaa, 0xaa, CCB_SYS, 0, SELF_TEST_OK, NULL, NULL},
    {0xab, 0xab, 0, 0, LINES_OK, NULL, NULL},
    {0xad, 0xad, CCB_DISABLE, 0, NO_ANSWER, NULL, NULL},
    {0xae, 0xae, 0, CCB_DISABLE, NO_ANSWER, NULL, NULL},
    {0xc0, 0xc0, 0, 0, INPUT_PORT, NULL, NULL},
    {0xd0, 0xd0, 0, 0, NO_ANSWER, run_read_output, NULL},
    {0xd1, 0xd1, 0, 0, NO_ANSWER, NULL, take_output},
    {0xd2, 0xd3, 0, 0, NO_ANSWER, NULL, take_loop},
    {0xd4, 0xd4, 0, 0, NO_ANSWER, NULL, take_aux},
    {0xdd, 0xdd, 0, 0, NO_ANSWER, run_a20, NULL},
    {0xdf, 0xdf, 0, 0, NO_ANSWER, run_a20, NULL},
    {0xf0, 0xff, 0, 0, NO_ANSWER, run_pulse, NULL},
};

static const struct i8042_row *row_find(uint8_t code)
{
    for (size_t i = 0; i < sizeof(i8042_rows) / sizeof(i8042_rows[0]); i++)
        if (code >= i8042_rows[i].first && code <= i8042_rows[i].last)
            return &i8042_rows[i];
    return NULL;
}

bool i8042_command_waits(uint8_t code)
{
    const struct i8042_row *row = row_find(code);
    return row && row->take;
}

void i8042_command(struct i8042 *c, uint8_t code)
{
    const struct i8042_row *row = row_find(code);
    c->command = i8042_command_waits(code) ? code : 0;
    if (!row)
        return;
    c->ram[0] = (uint8_t)((c->ram[0] | row->set) & ~row->clear);
    if (row->answer != NO_ANSWER)
        i8042_answer(c, (uint8_t)row->answer);
    if (row->run)
        row->run(c, code);
}

void i8042_parameter(struct i8042 *c, uint8_t value)
{
    uint8_t code = c->command;
    c->command = 0;
    row_find(code)->take(c, code, value);
}
