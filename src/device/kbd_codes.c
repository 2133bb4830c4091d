/*
 * Scancodes: see kbd_codes.h.
 *
 * A keyboard does not know letters. Every key has a number, sent when it goes down and, marked as a break,
 * when it comes up.  There are three numberings. Set 1 is the first PC's, where a break is the make code with
 * the top bit set. Set 2 came with the AT, where a break is the code behind a byte 0xf0; all keyboards since
 * start with it.  So that old programs lived on, the AT's keyboard controller translates set 2 back into set
 * 1, and PC systems still leave that on: the guest reads set 1 of a keyboard that sends set 2.
 *
 * Simplified: only the keys that ASCII needs, on a US keyboard; so no arrows and no function keys.
 *
 * Manual: IBM PS/2 Keyboard Technical Reference, tables of scan code sets; IBM PC/AT Technical Reference,
 * "Keyboard Controller".
 */
#include "device/kbd_codes.h"

#include <stddef.h>

/* A key: its set-2 code, its character alone and with Shift. */
static const struct kbd_key {
    uint8_t code;
    char plain, shifted;
} kbd_keys[] = {
    {0x0e, '`', '~'}, {0x16, '1', '!'}, {0x1e, '2', '@'}, {0x26, '3', '#'},  {0x25, '4', '$'},
    {0x2e, '5', '%'}, {0x36, '6', '^'}, {0x3d, '7', '&'}, {0x3e, '8', '*'},  {0x46, '9', '('},
    {0x45, '0', ')'}, {0x4e, '-', '_'}, {0x55, '=', '+'}, {0x66, '\b', 0},   {0x66, 0x7f, 0},
    {0x0d, '\t', 0},  {0x15, 'q', 'Q'}, {0x1d, 'w', 'W'}, {0x24, 'e', 'E'},  {0x2d, 'r', 'R'},
    {0x2c, 't', 'T'}, {0x35, 'y', 'Y'}, {0x3c, 'u', 'U'}, {0x43, 'i', 'I'},  {0x44, 'o', 'O'},
    {0x4d, 'p', 'P'}, {0x54, '[', '{'}, {0x5b, ']', '}'}, {0x5d, '\\', '|'}, {0x1c, 'a', 'A'},
    {0x1b, 's', 'S'}, {0x23, 'd', 'D'}, {0x2b, 'f', 'F'}, {0x34, 'g', 'G'},  {0x33, 'h', 'H'},
    {0x3b, 'j', 'J'}, {0x42, 'k', 'K'}, {0x4b, 'l', 'L'}, {0x4c, ';', ':'},  {0x52, '\'', '"'},
    {0x5a, '\n', 0},  {0x5a, '\r', 0},  {0x1a, 'z', 'Z'}, {0x22, 'x', 'X'},  {0x21, 'c', 'C'},
    {0x2a, 'v', 'V'}, {0x32, 'b', 'B'}, {0x31, 'n', 'N'}, {0x3a, 'm', 'M'},  {0x41, ',', '<'},
    {0x49, '.', '>'}, {0x4a, '/', '?'}, {0x29, ' ', 0},   {0x76, 0x1b, 0},
};

/* The row whose plain or shifted character this is, or NULL. */
static const struct kbd_key *key_find(char c)
{
    for (size_t i = 0; c && i < sizeof(kbd_keys) / sizeof(kbd_keys[0]); i++)
        if (kbd_keys[i].plain == c || kbd_keys[i].shifted == c)
            return &kbd_keys[i];
    return NULL;
}

struct kbd_stroke kbd_stroke(uint8_t ascii)
{
    if (ascii > 0x7f)
        return (struct kbd_stroke){0};
    char c = (char)ascii;
    const struct kbd_key *key = key_find(c);
    if (key)
        return (struct kbd_stroke){key->code, key->shifted == c ? KBD_SHIFT : 0};
    key = ascii >= 1 && ascii <= 26 ? key_find((char)('a' + ascii - 1)) : NULL;
    return key ? (struct kbd_stroke){key->code, KBD_CTRL} : (struct kbd_stroke){0};
}

uint8_t kbd_set1(uint8_t set2)
{
    /* Above 0x7f only two codes change: F7 and Alt+SysRq were late to get theirs. */
    static const uint8_t low[128] = {
        0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58,
        0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, /* 00 */
        0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
        0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, /* 10 */
        0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c,
        0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, /* 20 */
        0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e,
        0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, /* 30 */
        0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
        0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, /* 40 */
        0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e,
        0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, /* 50 */
        0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b,
        0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, /* 60 */
        0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
        0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, /* 70 */
    };
    if (set2 < sizeof(low))
        return low[set2];
    return set2 == 0x83 ? 0x41 : set2 == 0x84 ? 0x54 : set2;
}
