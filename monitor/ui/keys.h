/*
 * Keys, and what they stand for: one row a key, with the command of the prompt that it saves typing. The help
 * is made from these rows.
 */
#ifndef RINGSIDE_MONITOR_UI_KEYS_H
#define RINGSIDE_MONITOR_UI_KEYS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* A key is a character, a control character (Ctrl-A is 1), or one of these. */
enum ui_key {
    UI_NONE = 0,
    UI_CTRL_A = 1,
    UI_CTRL_C = 3,
    UI_TAB = 9,
    UI_ENTER = 13,
    UI_CTRL_L = 12,
    UI_ESC = 27,
    UI_BACKSPACE = 127,
    UI_SPECIAL = 0x110000, /* behind the last character */
    UI_UP,
    UI_DOWN,
    UI_LEFT,
    UI_RIGHT,
    UI_PAGE_UP,
    UI_PAGE_DOWN,
    UI_HOME,
    UI_END,
    UI_INSERT,
    UI_DELETE,
    UI_BACKTAB,
    UI_F0, /* UI_F0 + n is Fn, up to 24 (shift adds 12) */
    UI_F_LAST = UI_F0 + 24,
    UI_KEY_END
};
#define UI_F(n) (UI_F0 + (n))

struct key_row {
    int key;
    const char *command; /* "step", "view pages": of the prompt, the screen or the view */
    const char *help;    /* "" to leave it out of the help: another row says it */
};

/* A key and a word or two for it, for a title or the bottom row; a table ends with a row without a word. */
struct key_hint {
    int key;
    const char *word;
};

/* The row for a key, NULL when the table (ended by a row without a command; may be NULL) has none. */
const struct key_row *key_find(const struct key_row *table, int key);

/* The screen's own keys. */
extern const struct key_row screen_keys[];
/* Keys that move: the verbs every view gets. */
extern const struct key_row moving_keys[];

/* Appends the key's name: `s`, `Space`, `Ctrl-A`, `F10`, `PgUp`. */
void key_add_name(int key, struct text *out);
/* The bytes a terminal sends for it, for a guest or for readline; nothing for keys that have none. */
void key_add_bytes(int key, struct text *out);

#endif
