/*
 * Themes: which role looks how.  Colours are numbers of xterm's palette of 256, with a second choice for
 * terminals of 8 or 16; pictures take the same numbers. The default palettes stay apart for people who see
 * red and green alike (after Okabe and Ito), and nothing is said by colour alone. Mono uses no colour at all.
 */
#ifndef RINGSIDE_MONITOR_UI_THEME_H
#define RINGSIDE_MONITOR_UI_THEME_H

#include "monitor/ui/canvas.h"

enum theme_attr { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_UNDERLINE = 4, ATTR_REVERSE = 8 };

enum { COLOUR_DEFAULT = -1 };

/* `fg`, `bg`: of 256. `fg16`, `bg16`: of 16, where 8 to 15 are bright. COLOUR_DEFAULT: the terminal's own. */
struct style {
    int16_t fg, bg, fg16, bg16;
    uint16_t attrs;
};

struct theme;

/* The i-th theme, NULL past the end: the first is the default. By name: NULL when there is none. */
const struct theme *theme_row(size_t i);
const struct theme *theme_find(const char *name);
const char *theme_name(const struct theme *t);
const char *theme_summary(const struct theme *t);
/* What a user wants who has said nothing: mono with $NO_COLOR (not empty), else the first. */
const struct theme *theme_default(void);
bool theme_is_mono(const struct theme *t);

/* How a cell looks, its look on top of its role. */
struct style theme_style(const struct theme *t, unsigned role, unsigned look);

/* The colour as 0xRRGGBB, as a picture has it; `background`: what COLOUR_DEFAULT stands for. */
uint32_t theme_rgb(const struct theme *t, int colour, bool background);

/* The canvas as a picture of its own, or a page. `title` is its name for those who cannot see it. */
void theme_svg(const struct theme *t, const struct canvas *c, const char *title, struct text *out);
void theme_html(const struct theme *t, const struct canvas *c, const char *title, struct text *out);

#endif
