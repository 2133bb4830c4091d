/*
 * Keys: see keys.h.
 */
#include "monitor/ui/keys.h"

#include "monitor/ui/canvas.h"

const struct key_row screen_keys[] = {
    {'s', "step", "one instruction"},
    {'n', "next", "one instruction, over calls"},
    {'f', "finish", "run to the caller"},
    {'c', "continue", "run"},
    {' ', "interrupt", "pause"},
    {'p', "interrupt", ""},
    {UI_CTRL_C, "interrupt", ""},
    {'b', "break", "breakpoint here, or take it away"},
    {'w', "why", "why it stopped, explained"},
    {'q', "quit", "leave"},
    {'?', "help", "this help"},
    {UI_TAB, "focus next", "next pane"},
    {UI_BACKTAB, "focus previous", "pane before"},
    {'z', "zoom", "one pane in full, and back"},
    {']', "swap next", "another view in this pane"},
    {'[', "swap previous", ""},
    {':', "prompt", "the prompt: every command"},
    {'/', "search", "search in this pane"},
    {'.', "again", "search on"},
    {',', "again-back", ""},
    {'T', "theme", "the next theme"},
    {'o', "output", "the last answers again"},
    {UI_CTRL_L, "redraw", "paint the screen anew"},
    {UI_F(1), "help", ""},
    {UI_F(5), "continue", "run"},
    {UI_F(6), "interrupt", "pause"},
    {UI_F(9), "break", "breakpoint"},
    {UI_F(10), "next", "over"},
    {UI_F(11), "step", "into"},
    {UI_F(12), "finish", "out"},
    {UI_F(23), "finish", ""},
    {0},
};

const struct key_row moving_keys[] = {
    {UI_UP, "up", "up and down"},
    {UI_DOWN, "down", ""},
    {'k', "up", ""},
    {'j', "down", ""},
    {UI_LEFT, "left", "out, or left"},
    {UI_RIGHT, "right", "into, or right"},
    {'h', "left", ""},
    {'l', "right", ""},
    {UI_PAGE_UP, "page-up", "a page up and down"},
    {UI_PAGE_DOWN, "page-down", ""},
    {UI_HOME, "top", "first and last"},
    {UI_END, "bottom", ""},
    {UI_ENTER, "open", "open what is selected"},
    {0},
};

const struct key_row *key_find(const struct key_row *table, int key)
{
    for (; table && table->command; table++)
        if (table->key == key)
            return table;
    return NULL;
}

static const struct {
    int key;
    const char *name, *bytes;
} named[] = {
    {UI_TAB, "Tab", "\t"},
    {UI_ENTER, "Enter", "\r"},
    {UI_ESC, "Esc", "\x1b"},
    {UI_BACKSPACE, "Bksp", "\x7f"},
    {' ', "Space", " "},
    {UI_UP, "Up", "\x1b[A"},
    {UI_DOWN, "Down", "\x1b[B"},
    {UI_RIGHT, "Right", "\x1b[C"},
    {UI_LEFT, "Left", "\x1b[D"},
    {UI_PAGE_UP, "PgUp", "\x1b[5~"},
    {UI_PAGE_DOWN, "PgDn", "\x1b[6~"},
    {UI_HOME, "Home", "\x1b[H"},
    {UI_END, "End", "\x1b[F"},
    {UI_INSERT, "Ins", "\x1b[2~"},
    {UI_DELETE, "Del", "\x1b[3~"},
    {UI_BACKTAB, "S-Tab", "\x1b[Z"},
};

void key_add_name(int key, struct text *out)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i].key == key) {
            text_add(out, named[i].name);
            return;
        }
    }
    if (key > UI_F0 && key <= UI_F_LAST)
        text_addf(out, key - UI_F0 > 12 ? "S-F%d" : "F%d", key - UI_F0 > 12 ? key - UI_F0 - 12 : key - UI_F0);
    else if (key > 0 && key < ' ')
        text_addf(out, "Ctrl-%c", key + '@');
    else if (key >= ' ' && key < UI_SPECIAL)
        canvas_add_utf8(out, (uint32_t)key);
}

void key_add_bytes(int key, struct text *out)
{
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i].key == key) {
            text_add(out, named[i].bytes);
            return;
        }
    }
    if (key >= 0 && key < UI_SPECIAL)
        canvas_add_utf8(out, (uint32_t)key);
}
