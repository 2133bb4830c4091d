/*
 * Themes: see theme.h.  One table a theme with a row a role.
 */
#include "monitor/ui/theme.h"

#include <stdlib.h>
#include <string.h>

#define D COLOUR_DEFAULT
#define B ATTR_BOLD
#define M ATTR_DIM
#define U ATTR_UNDERLINE
#define R ATTR_REVERSE

struct theme {
    const char *name, *summary;
    bool mono;
    uint32_t fg_rgb, bg_rgb; /* of pictures */
    struct style bar;        /* the selected row … */
    bool bar_keeps; /* … where there are 256 colours, with the letters of each role in its own colour */
    struct style role[ROLE_COUNT];
};

/* Sky blue 117/74, orange 214/208, bluish green 79/36, yellow 227, vermilion 209/202, purple 176/133. */
static const struct theme themes[] = {
    {"dark",
     "light on dark; colours that colour-blind people can tell apart",
     false,
     0xd0d0d0,
     0x16181d,
     {255, 239, 15, 4, 0},
     true,
     {[ROLE_TEXT] = {252, D, D, D, 0},       [ROLE_DIM] = {245, D, 8, D, 0},
      [ROLE_LABEL] = {110, D, 6, D, 0},      [ROLE_TITLE] = {252, D, 7, D, B},
      [ROLE_FOCUS] = {16, 214, 0, 3, B},     [ROLE_BORDER] = {239, D, 8, D, 0},
      [ROLE_BAR] = {252, 236, 7, D, 0},      [ROLE_BAR_KEY] = {214, 236, 3, D, B},
      [ROLE_BAR_NOTE] = {250, 236, 7, D, 0}, [ROLE_RUNNING] = {16, 79, 0, 6, B},
      [ROLE_PAUSED] = {16, 227, 0, 3, B},    [ROLE_ENDED] = {231, 131, 15, 1, B},
      [ROLE_ADDRESS] = {110, D, 6, D, 0},    [ROLE_VALUE] = {255, D, D, D, 0},
      [ROLE_CHANGED] = {214, D, 11, D, B},   [ROLE_SYMBOL] = {79, D, 2, D, 0},
      [ROLE_MNEMONIC] = {117, D, 14, D, 0},  [ROLE_BRANCH] = {176, D, 13, D, 0},
      [ROLE_HERE] = {16, 117, 0, 6, B},      [ROLE_BREAKPOINT] = {209, D, 9, D, B},
      [ROLE_GOOD] = {79, D, 2, D, 0},        [ROLE_NOTE] = {227, D, 11, D, 0},
      [ROLE_ALARM] = {209, D, 9, D, B},      [ROLE_SET] = {227, D, 11, D, B},
      [ROLE_CLEAR] = {242, D, 8, D, 0},      [ROLE_PRESENT] = {79, D, 2, D, 0},
      [ROLE_HUGE] = {117, D, 14, D, 0},      [ROLE_NX] = {176, D, 13, D, 0},
      [ROLE_USER] = {227, D, 11, D, 0},      [ROLE_DEVICE] = {117, D, 14, D, 0},
      [ROLE_CPU] = {79, D, 2, D, 0},         [ROLE_DEBUG] = {176, D, 13, D, 0},
      [ROLE_FATAL] = {209, D, 9, D, B},      [ROLE_OWN] = {246, D, 7, D, 0},
      [ROLE_GRAPH] = {74, D, 6, D, 0}}},
    {"light",
     "dark on light, for bright rooms and paper",
     false,
     0x262626,
     0xfdfdfb,
     {232, 189, 0, 6, 0},
     true,
     {[ROLE_TEXT] = {235, D, D, D, 0},       [ROLE_DIM] = {244, D, 8, D, 0},
      [ROLE_LABEL] = {24, D, 4, D, 0},       [ROLE_TITLE] = {235, D, D, D, B},
      [ROLE_FOCUS] = {231, 25, 15, 4, B},    [ROLE_BORDER] = {250, D, 7, D, 0},
      [ROLE_BAR] = {235, 254, 0, 7, 0},      [ROLE_BAR_KEY] = {25, 254, 4, 7, B},
      [ROLE_BAR_NOTE] = {240, 254, 0, 7, 0}, [ROLE_RUNNING] = {231, 29, 15, 2, B},
      [ROLE_PAUSED] = {16, 220, 0, 3, B},    [ROLE_ENDED] = {231, 130, 15, 1, B},
      [ROLE_ADDRESS] = {24, D, 4, D, 0},     [ROLE_VALUE] = {232, D, D, D, 0},
      [ROLE_CHANGED] = {130, D, 1, D, B},    [ROLE_SYMBOL] = {29, D, 2, D, 0},
      [ROLE_MNEMONIC] = {25, D, 4, D, B},    [ROLE_BRANCH] = {90, D, 5, D, B},
      [ROLE_HERE] = {231, 25, 15, 4, B},     [ROLE_BREAKPOINT] = {166, D, 1, D, B},
      [ROLE_GOOD] = {29, D, 2, D, 0},        [ROLE_NOTE] = {94, D, 3, D, B},
      [ROLE_ALARM] = {166, D, 1, D, B},      [ROLE_SET] = {232, D, D, D, B | U},
      [ROLE_CLEAR] = {247, D, 8, D, 0},      [ROLE_PRESENT] = {29, D, 2, D, 0},
      [ROLE_HUGE] = {25, D, 4, D, 0},        [ROLE_NX] = {90, D, 5, D, 0},
      [ROLE_USER] = {94, D, 3, D, 0},        [ROLE_DEVICE] = {25, D, 4, D, 0},
      [ROLE_CPU] = {29, D, 2, D, 0},         [ROLE_DEBUG] = {90, D, 5, D, 0},
      [ROLE_FATAL] = {166, D, 1, D, B},      [ROLE_OWN] = {241, D, D, D, 0},
      [ROLE_GRAPH] = {32, D, 4, D, 0}}},
    {"contrast",
     "few colours, all strong, on black: for projectors and weak eyes",
     false,
     0xffffff,
     0x000000,
     {16, 231, 0, 7, 0},
     false,
     {[ROLE_TEXT] = {231, 16, 15, 0, 0},     [ROLE_DIM] = {250, 16, 7, 0, 0},
      [ROLE_LABEL] = {159, 16, 14, 0, 0},    [ROLE_TITLE] = {231, 16, 15, 0, B | U},
      [ROLE_FOCUS] = {16, 226, 0, 11, B},    [ROLE_BORDER] = {231, 16, 15, 0, 0},
      [ROLE_BAR] = {16, 231, 0, 7, 0},       [ROLE_BAR_KEY] = {16, 231, 0, 7, B | U},
      [ROLE_BAR_NOTE] = {16, 231, 0, 7, 0},  [ROLE_RUNNING] = {16, 51, 0, 14, B},
      [ROLE_PAUSED] = {16, 226, 0, 11, B},   [ROLE_ENDED] = {231, 196, 15, 1, B},
      [ROLE_ADDRESS] = {159, 16, 14, 0, 0},  [ROLE_VALUE] = {231, 16, 15, 0, B},
      [ROLE_CHANGED] = {16, 226, 0, 11, B},  [ROLE_SYMBOL] = {51, 16, 14, 0, B},
      [ROLE_MNEMONIC] = {231, 16, 15, 0, B}, [ROLE_BRANCH] = {226, 16, 11, 0, B},
      [ROLE_HERE] = {16, 51, 0, 14, B},      [ROLE_BREAKPOINT] = {231, 196, 15, 1, B},
      [ROLE_GOOD] = {51, 16, 14, 0, B},      [ROLE_NOTE] = {226, 16, 11, 0, B},
      [ROLE_ALARM] = {231, 196, 15, 1, B},   [ROLE_SET] = {226, 16, 11, 0, B | U},
      [ROLE_CLEAR] = {250, 16, 7, 0, 0},     [ROLE_PRESENT] = {51, 16, 14, 0, B},
      [ROLE_HUGE] = {226, 16, 11, 0, B},     [ROLE_NX] = {231, 16, 15, 0, U},
      [ROLE_USER] = {226, 16, 11, 0, 0},     [ROLE_DEVICE] = {51, 16, 14, 0, 0},
      [ROLE_CPU] = {231, 16, 15, 0, 0},      [ROLE_DEBUG] = {226, 16, 11, 0, 0},
      [ROLE_FATAL] = {231, 196, 15, 1, B},   [ROLE_OWN] = {250, 16, 7, 0, 0},
      [ROLE_GRAPH] = {51, 16, 14, 0, 0}}},
    {"mono",
     "no colours: bold, underline and reverse",
     true,
     0xd0d0d0,
     0x000000,
     {D, D, D, D, R},
     false,
     {[ROLE_TEXT] = {D, D, D, D, 0},        [ROLE_DIM] = {D, D, D, D, M},
      [ROLE_LABEL] = {D, D, D, D, 0},       [ROLE_TITLE] = {D, D, D, D, B},
      [ROLE_FOCUS] = {D, D, D, D, R | B},   [ROLE_BORDER] = {D, D, D, D, M},
      [ROLE_BAR] = {D, D, D, D, R},         [ROLE_BAR_KEY] = {D, D, D, D, R | B},
      [ROLE_BAR_NOTE] = {D, D, D, D, R},    [ROLE_RUNNING] = {D, D, D, D, B},
      [ROLE_PAUSED] = {D, D, D, D, B},      [ROLE_ENDED] = {D, D, D, D, B | U},
      [ROLE_ADDRESS] = {D, D, D, D, 0},     [ROLE_VALUE] = {D, D, D, D, 0},
      [ROLE_CHANGED] = {D, D, D, D, B | U}, [ROLE_SYMBOL] = {D, D, D, D, 0},
      [ROLE_MNEMONIC] = {D, D, D, D, B},    [ROLE_BRANCH] = {D, D, D, D, B},
      [ROLE_HERE] = {D, D, D, D, R},        [ROLE_BREAKPOINT] = {D, D, D, D, B | U},
      [ROLE_GOOD] = {D, D, D, D, 0},        [ROLE_NOTE] = {D, D, D, D, B},
      [ROLE_ALARM] = {D, D, D, D, B | U},   [ROLE_SET] = {D, D, D, D, B},
      [ROLE_CLEAR] = {D, D, D, D, M},       [ROLE_PRESENT] = {D, D, D, D, 0},
      [ROLE_HUGE] = {D, D, D, D, B},        [ROLE_NX] = {D, D, D, D, U},
      [ROLE_USER] = {D, D, D, D, U},        [ROLE_DEVICE] = {D, D, D, D, 0},
      [ROLE_CPU] = {D, D, D, D, 0},         [ROLE_DEBUG] = {D, D, D, D, 0},
      [ROLE_FATAL] = {D, D, D, D, B | U},   [ROLE_OWN] = {D, D, D, D, M},
      [ROLE_GRAPH] = {D, D, D, D, 0}}},
};

enum { THEME_COUNT = sizeof themes / sizeof themes[0] };

const struct theme *theme_row(size_t i)
{
    return i < THEME_COUNT ? &themes[i] : NULL;
}

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; i < THEME_COUNT; i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}

const char *theme_name(const struct theme *t)
{
    return t->name;
}

const char *theme_summary(const struct theme *t)
{
    return t->summary;
}

bool theme_is_mono(const struct theme *t)
{
    return t->mono;
}

const struct theme *theme_default(void)
{
    const char *no = getenv("NO_COLOR");
    return no && *no ? theme_find("mono") : &themes[0];
}

/* VGA attributes have red and blue the other way round than terminals. */
static int16_t vga_colour(unsigned vga)
{
    return (int16_t)((vga & 8) | (vga & 1) << 2 | (vga & 2) | (vga & 4) >> 2);
}

static struct style vga_style(const struct theme *t, unsigned attribute)
{
    int16_t fg = vga_colour(attribute & 15), bg = vga_colour(attribute >> 4 & 7);
    if (!t->mono)
        return (struct style){fg, bg, fg, bg, 0};
    /* What stands out on a colour screen must do so without colours. */
    return (struct style){D, D, D, D, (uint16_t)((attribute & 8 ? B : 0) | (bg > fg ? R : 0))};
}

static bool is_faint(unsigned role)
{
    return role == ROLE_DIM || role == ROLE_CLEAR || role == ROLE_BORDER || role == ROLE_OWN;
}

/* A selected row is one bar: whatever stands in it gets the bar's background. Letters that had a background
 * of their own take its colour, faint ones become plain. */
static struct style on_the_bar(const struct theme *t, unsigned role, struct style s)
{
    struct style bar = t->bar;
    bar.attrs |= s.attrs & (B | U);
    if (t->bar_keeps && !is_faint(role) && s.fg != D)
        bar.fg = s.bg != D ? s.bg : s.fg;
    return bar;
}

struct style theme_style(const struct theme *t, unsigned role, unsigned look)
{
    struct style s = role < ROLE_COUNT ? t->role[role] : vga_style(t, role - ROLE_VGA(0));
    if (look & LOOK_SELECTED)
        s = on_the_bar(t, role, s);
    if (look & LOOK_CURSOR)
        s.attrs ^= R;
    if (look & LOOK_MATCH)
        s.attrs |= U | B;
    return s;
}

uint32_t theme_rgb(const struct theme *t, int colour, bool background)
{
    static const uint32_t first[16] = {0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc,
                                       0x11a8cd, 0xcccccc, 0x666666, 0xf14c4c, 0x23d18b, 0xf5f543,
                                       0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff};
    if (colour < 0)
        return background ? t->bg_rgb : t->fg_rgb;
    if (colour < 16)
        return first[colour];
    if (colour >= 232)
        return (uint32_t)(8 + 10 * (colour - 232)) * 0x010101u;
    uint32_t rgb = 0;
    for (int i = colour - 16, n = 0; n < 3; n++, i /= 6)
        rgb |= (uint32_t)(i % 6 ? 55 + 40 * (i % 6) : 0) << (8 * n);
    return rgb;
}
