/*
 * The small terminal: see console.h.  It knows line ends, backspace, tabs, colours (ECMA-48 SGR) and erasing
 * to the end of a line, and passes over all other sequences, as a serial printer would: a guest cannot move
 * about on the screen, change its size or its title, or make it answer.
 */
#include "monitor/views/console.h"

#include "base/text.h"

#include <string.h>

enum { ATTRIBUTE_PLAIN = 0x07, PARAM_MAX = 9999 };

static struct tty_cell *current(struct tty *t)
{
    return t->line[(t->count - 1) % TTY_LINES];
}

static void line_new(struct tty *t)
{
    t->count++;
    t->column = 0;
    memset(current(t), 0, sizeof t->line[0]);
}

static void put_code(struct tty *t, uint32_t code)
{
    if (t->column >= TTY_COLUMNS)
        line_new(t);
    current(t)[t->column].code = code & 0xffffff;
    current(t)[t->column++].attribute = t->attribute;
}

/* Terminals have red and blue the other way round than the VGA. */
static uint8_t vga_of(unsigned ansi)
{
    return (uint8_t)((ansi & 1) << 2 | (ansi & 2) | (ansi & 4) >> 2);
}

static void set_graphics(struct tty *t, unsigned p)
{
    if (p == 0)
        t->attribute = ATTRIBUTE_PLAIN;
    else if (p == 1)
        t->attribute |= 8;
    else if (p == 7)
        t->attribute = (uint8_t)((t->attribute & 7) << 4 | t->attribute >> 4);
    else if (p >= 30 && p <= 37)
        t->attribute = (uint8_t)((t->attribute & 0xf8) | vga_of(p - 30));
    else if (p >= 40 && p <= 47)
        t->attribute = (uint8_t)((t->attribute & 0x8f) | vga_of(p - 40) << 4);
    else if (p >= 90 && p <= 97)
        t->attribute = (uint8_t)((t->attribute & 0xf0) | 8 | vga_of(p - 90));
    else if (p == 39)
        t->attribute = (uint8_t)((t->attribute & 0xf0) | ATTRIBUTE_PLAIN);
    else if (p == 49)
        t->attribute &= 0x8f;
}

static void sequence_end(struct tty *t, uint8_t final)
{
    t->state = TTY_PLAIN;
    if (final == 'm') {
        for (size_t i = 0; i <= t->params && i < TTY_PARAMS; i++)
            set_graphics(t, t->param[i]);
    } else if (final == 'K' && t->param[0] == 0 && t->column < TTY_COLUMNS) {
        memset(current(t) + t->column, 0, (TTY_COLUMNS - t->column) * sizeof t->line[0][0]);
    } else if (final == 'J' && t->param[0] == 2) {
        line_new(t); /* what was there is kept above */
    }
}

static void sequence_byte(struct tty *t, uint8_t byte)
{
    size_t i = t->params < TTY_PARAMS ? t->params : TTY_PARAMS - 1;
    if (byte >= '0' && byte <= '9')
        t->param[i] =
            t->param[i] * 10 + (byte - '0') < PARAM_MAX ? t->param[i] * 10 + (byte - '0') : PARAM_MAX;
    else if (byte == ';')
        t->params++;
    else if (byte >= 0x40 && byte < 0x7f)
        sequence_end(t, byte);
    else if (byte < 0x20 || byte >= 0x7f)
        t->state = TTY_PLAIN;
}

/* The byte after ESC. */
static void escape_byte(struct tty *t, uint8_t byte)
{
    memset(t->param, 0, sizeof t->param);
    t->params = 0;
    t->state = byte == '['                                                ? TTY_SEQUENCE
               : byte == ']' || byte == 'P' || byte == '^' || byte == '_' ? TTY_STRING
               : byte >= 0x20 && byte < 0x30                              ? TTY_ESCAPE
                                                                          : TTY_PLAIN;
}

static void control(struct tty *t, uint8_t byte)
{
    switch (byte) {
    case '\n':
        line_new(t);
        break;
    case '\r':
        t->column = 0;
        break;
    case '\b':
        t->column -= t->column > 0;
        break;
    case '\t':
        t->column = (t->column / 8 + 1) * 8 < TTY_COLUMNS ? (t->column / 8 + 1) * 8 : TTY_COLUMNS - 1;
        break;
    case 0x1b:
        t->state = TTY_ESCAPE;
        break;
    default:
        break;
    }
}

/* Bytes of a character are kept until it is whole; what cannot become one is shown as U+FFFD. */
static void printable(struct tty *t, uint8_t byte)
{
    uint32_t code;
    size_t need;
    t->utf8[t->utf8_len++] = (char)byte;
    uint8_t first = (uint8_t)t->utf8[0];
    need = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    bool broken = t->utf8_len > 1 && (byte & 0xc0) != 0x80;
    if (!broken && first >= 0xc2 && t->utf8_len < need)
        return;
    size_t len = broken ? 0 : utf8_decode(t->utf8, t->utf8_len, &code);
    t->utf8_len = 0;
    put_code(t, len ? code : 0xfffd);
    if (broken && byte < 0x80)
        put_code(t, byte);
}

void tty_put(struct tty *t, uint8_t byte)
{
    if (t->count == 0) {
        t->attribute = ATTRIBUTE_PLAIN;
        line_new(t);
    }
    if (t->state == TTY_STRING) { /* up to BEL, or the ESC of a string terminator */
        t->state = byte == 7 || byte == '\n' ? TTY_PLAIN : byte == 0x1b ? TTY_ESCAPE : TTY_STRING;
    } else if (t->state == TTY_SEQUENCE) {
        sequence_byte(t, byte);
    } else if (t->state == TTY_ESCAPE) {
        escape_byte(t, byte);
    } else if (byte < 0x20 || byte == 0x7f) {
        t->utf8_len = 0;
        control(t, byte);
    } else {
        printable(t, byte);
    }
}

size_t tty_lines(const struct tty *t)
{
    return t->count < TTY_LINES ? t->count : TTY_LINES;
}

const struct tty_cell *tty_line(const struct tty *t, size_t i)
{
    return t->line[(t->count - tty_lines(t) + i) % TTY_LINES];
}
