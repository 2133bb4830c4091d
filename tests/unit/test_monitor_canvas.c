/*
 * The canvas, its pictures, themes and layouts: what is drawn stays inside, whatever is drawn.
 */
#include "unit.h"

#include "monitor/ui/canvas.h"
#include "monitor/ui/layout.h"
#include "monitor/ui/theme.h"

#include <stdlib.h>
#include <string.h>

static struct err err;

static struct text *dumped(const struct canvas *c, bool ascii, struct text *out)
{
    text_clear(out);
    canvas_dump(c, ascii, out);
    return out;
}

static void test_text_is_clipped(void)
{
    struct canvas c;
    struct text out = {0};
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 6, 2, &err), 0);
    CU_ASSERT_EQUAL(canvas_text(&c, 3, 0, ROLE_VALUE, "abcdef"), 9);
    CU_ASSERT_EQUAL(canvas_text(&c, -2, 1, ROLE_TEXT, "wxyz"), 2);
    canvas_text(&c, 0, 7, ROLE_TEXT, "nowhere");
    CU_ASSERT_STRING_EQUAL(text_str(dumped(&c, false, &out)), "   abc\nyz\n");
    CU_ASSERT_EQUAL(canvas_at(&c, 3, 0).role, ROLE_VALUE);
    text_fini(&out);
    canvas_fini(&c);
}

static void test_windows_nest(void)
{
    struct canvas c;
    struct text out = {0};
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 8, 3, &err), 0);
    struct rect outer = canvas_enter(&c, (struct rect){2, 1, 4, 1});
    struct rect inner = canvas_enter(&c, (struct rect){-1, 0, 3, 9});
    CU_ASSERT_EQUAL(c.window.w, 2);
    CU_ASSERT_EQUAL(c.window.h, 1);
    canvas_text(&c, 0, 0, ROLE_TEXT, "abcdef");
    canvas_leave(&c, inner);
    canvas_text(&c, 3, 0, ROLE_TEXT, "zz");
    canvas_leave(&c, outer);
    canvas_text(&c, 7, 2, ROLE_TEXT, "!!");
    CU_ASSERT_STRING_EQUAL(text_str(dumped(&c, false, &out)), "\n  ab z\n       !\n");
    text_fini(&out);
    canvas_fini(&c);
}

/* Escape sequences, broken UTF-8, characters of two cells and of none: each byte or character is one cell. */
static void test_hostile_text(void)
{
    struct canvas c;
    struct text out = {0};
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 20, 1, &err), 0);
    CU_ASSERT_EQUAL(canvas_text(&c, 0, 0, ROLE_TEXT, "\x1b[2J\xff\xc3|\xe6\xbc\xa2|e\xcc\x81|\xc2\x9b"), 13);
    CU_ASSERT_STRING_EQUAL(text_str(dumped(&c, false, &out)), "?[2J??|?|e?|?\n");
    text_fini(&out);
    canvas_fini(&c);
}

static void test_cutting(void)
{
    struct canvas c;
    struct text out = {0};
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 12, 1, &err), 0);
    CU_ASSERT_EQUAL(canvas_text_cut(&c, 0, 0, 5, ROLE_TEXT, "abcdefgh"), 5);
    CU_ASSERT_EQUAL(canvas_text_cut(&c, 6, 0, 5, ROLE_TEXT, "abcde"), 11);
    CU_ASSERT_EQUAL(canvas_text_cut(&c, 6, 0, -3, ROLE_TEXT, "x"), 6);
    CU_ASSERT_STRING_EQUAL(text_str(dumped(&c, false, &out)), "abcd… abcde\n");
    CU_ASSERT_STRING_EQUAL(text_str(dumped(&c, true, &out)), "abcd~ abcde\n");
    text_fini(&out);
    canvas_fini(&c);
}

static void test_find_marks(void)
{
    struct canvas c;
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 10, 1, &err), 0);
    canvas_text(&c, 0, 0, ROLE_TEXT, "UART uar u");
    canvas_find(&c, "uAR");
    struct text out = {0};
    canvas_dump_roles(&c, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "!!!. !!! .\n");
    text_fini(&out);
    canvas_fini(&c);
}

/* A picture has every character, escaped, and the colours of its roles. */
static void test_pictures(void)
{
    struct canvas c;
    struct text out = {0};
    CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 8, 1, &err), 0);
    canvas_text(&c, 0, 0, ROLE_ALARM, "<a&b>");
    theme_svg(theme_find("dark"), &c, "a \"title\" <", &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "&lt;a&amp;b&gt;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "<title>a &quot;title&quot; &lt;</title>"));
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "<a&b>"));
    text_clear(&out);
    theme_html(theme_find("light"), &c, "t", &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "<span class=\"alarm\""));
    text_fini(&out);
    canvas_fini(&c);
}

/* A selected row is one bar, whatever stands in it, and what it says can be read. */
static void test_selected_row(void)
{
    const struct theme *t;
    for (size_t i = 0; (t = theme_row(i)); i++) {
        struct style first = theme_style(t, ROLE_TEXT, LOOK_SELECTED), plain = theme_style(t, ROLE_TEXT, 0);
        CU_ASSERT_NOT_EQUAL(memcmp(&first, &plain, sizeof first), 0);
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            struct style s = theme_style(t, role, LOOK_SELECTED);
            CU_ASSERT_EQUAL(s.bg, first.bg);
            CU_ASSERT_EQUAL(s.bg16, first.bg16);
            CU_ASSERT_EQUAL(s.attrs & ATTR_REVERSE, first.attrs & ATTR_REVERSE);
            CU_ASSERT_FALSE(s.attrs & ATTR_DIM);
            CU_ASSERT_TRUE(s.bg == COLOUR_DEFAULT || s.fg != s.bg);
        }
    }
}

/* Mono says everything without colours; no theme shows a set flag as a clear one. */
static void test_themes(void)
{
    const struct theme *t;
    for (size_t i = 0; (t = theme_row(i)); i++) {
        CU_ASSERT_PTR_EQUAL(theme_find(theme_name(t)), t);
        for (unsigned role = 0; role < ROLE_COUNT; role++) {
            struct style s = theme_style(t, role, 0);
            CU_ASSERT_TRUE(!theme_is_mono(t) || (s.fg == COLOUR_DEFAULT && s.fg16 == COLOUR_DEFAULT));
            struct style cursor = theme_style(t, role, LOOK_CURSOR);
            CU_ASSERT_NOT_EQUAL(s.attrs, cursor.attrs);
        }
        struct style set = theme_style(t, ROLE_SET, 0), clear = theme_style(t, ROLE_CLEAR, 0);
        CU_ASSERT_NOT_EQUAL(memcmp(&set, &clear, sizeof set), 0);
    }
    setenv("NO_COLOR", "1", 1);
    CU_ASSERT_TRUE(theme_is_mono(theme_default()));
    setenv("NO_COLOR", "", 1);
    CU_ASSERT_FALSE(theme_is_mono(theme_default()));
    CU_ASSERT_EQUAL(theme_rgb(theme_find("dark"), 196, false), 0xff0000);
    CU_ASSERT_EQUAL(theme_rgb(theme_find("dark"), 21, false), 0x0000ff);
    CU_ASSERT_EQUAL(theme_rgb(theme_find("dark"), 232, false), 0x080808);
}

/* At every size: panes inside of the screen, none over another, and together they fill the body. */
static void fill_the_screen(enum layout_kind kind)
{
    for (int w = 1; w < 240; w += 3) {
        for (int h = 1; h < 80; h += 2) {
            struct layout l;
            int cells = 0;
            layout_make(&l, w, h, kind);
            CU_ASSERT_EQUAL(l.fits, w >= LAYOUT_MIN_W && h >= LAYOUT_MIN_H);
            for (size_t i = 0; l.fits && i < l.pane_count; i++) {
                struct rect r = l.pane[i];
                cells += r.w * r.h;
                CU_ASSERT_TRUE(r.x >= 0 && r.y > l.strip.y && r.x + r.w <= w && r.y + r.h <= l.bottom.y);
                CU_ASSERT_TRUE(layout_inside(&l, i).w > 10 && layout_inside(&l, i).h > 2);
            }
            CU_ASSERT_EQUAL(cells, l.fits ? w * (l.bottom.y - l.strip.y - 1) : 0);
        }
    }
}

static void test_layouts_fill_the_screen(void)
{
    fill_the_screen(LAYOUT_GUEST);
    fill_the_screen(LAYOUT_TRACE);
    fill_the_screen(LAYOUT_SINGLE);
}

static size_t panes_at(int w, int h, enum layout_kind kind)
{
    struct layout l;
    layout_make(&l, w, h, kind);
    return l.fits ? l.pane_count : 0;
}

static void test_layouts_by_size(void)
{
    CU_ASSERT_EQUAL(panes_at(200, 60, LAYOUT_GUEST), 6);
    CU_ASSERT_EQUAL(panes_at(80, 24, LAYOUT_GUEST), 3);
    CU_ASSERT_EQUAL(panes_at(40, 10, LAYOUT_GUEST), 1);
    CU_ASSERT_EQUAL(panes_at(30, 10, LAYOUT_GUEST), 0);
    CU_ASSERT_EQUAL(panes_at(80, 24, LAYOUT_TRACE), 3);
    CU_ASSERT_EQUAL(panes_at(200, 60, LAYOUT_SINGLE), 1);
}

static const struct unit_test tests[] = {
    {"text is clipped", test_text_is_clipped},
    {"windows nest", test_windows_nest},
    {"hostile text takes a cell a character", test_hostile_text},
    {"text is cut", test_cutting},
    {"search marks cells", test_find_marks},
    {"pictures", test_pictures},
    {"themes", test_themes},
    {"a selected row", test_selected_row},
    {"layouts fill the screen", test_layouts_fill_the_screen},
    {"layouts by size", test_layouts_by_size},
};

UNIT_MAIN("canvas", tests)
