/*
 * docs/monitor.md keeps its word: the keys, views, layouts, themes and commands in it are those of the
 * tables, and every view has its section and its picture. RINGSIDE_GOLDEN=write writes the blocks anew, and a
 * section for a view that has none.
 */
#include "unit.h"
#include "view_rig.h"

#include "monitor/ui/layout.h"
#include "monitor/ui/screen_inside.h"
#include "monitor/ui/theme.h"

#define PAGE SCREEN_TESTS "/../../docs/monitor.md"

static void add_keys(const struct key_row *rows, struct text *out)
{
    text_add(out, "| key | does | at the prompt |\n| --- | --- | --- |\n");
    for (; rows && rows->command; rows++) {
        if (!*rows->help)
            continue;
        text_add(out, "| `");
        key_add_name(rows->key, out);
        text_addf(out, "` | %s | `%s` |\n", rows->help, rows->command);
    }
}

static void add_screen_keys(struct text *out)
{
    add_keys(screen_keys, out);
}

static void add_moving_keys(struct text *out)
{
    add_keys(moving_keys, out);
}

static void add_views(struct text *out)
{
    static const char keys[] = "1234567890-=";
    text_add(out, "| key | view | shows |\n| --- | --- | --- |\n");
    for (size_t i = 0; view_row(i); i++) {
        char key[2] = {i < sizeof keys - 1 ? keys[i] : '\0', '\0'};
        text_addf(out, "| `%s` | [%s](#%s) | %s |\n", key, view_row(i)->name, view_row(i)->name,
                  view_row(i)->summary);
    }
}

static void add_panes(int w, int h, enum layout_kind kind, struct text *out)
{
    struct layout l;
    layout_make(&l, w, h, kind);
    text_addf(out, "%zu: ", l.pane_count);
    for (size_t k = 0; k < l.pane_count; k++)
        text_addf(out, "%s%s", k ? ", " : "", l.views[k]);
    text_add(out, " | ");
}

static void add_layouts(struct text *out)
{
    static const struct {
        int w, h;
    } sizes[] = {{200, 60}, {120, 40}, {80, 24}, {40, 10}};
    text_add(out, "| screen | panes for a guest | for a trace |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        text_addf(out, "| %dx%d | ", sizes[i].w, sizes[i].h);
        add_panes(sizes[i].w, sizes[i].h, LAYOUT_GUEST, out);
        add_panes(sizes[i].w, sizes[i].h, LAYOUT_TRACE, out);
        out->buf[--out->len] = '\0';
        text_addc(out, '\n');
    }
    text_addf(out, "\nThe smallest screen is %dx%d.\n", LAYOUT_MIN_W, LAYOUT_MIN_H);
}

static void add_themes(struct text *out)
{
    text_add(out, "| theme | looks |\n| --- | --- |\n");
    for (size_t i = 0; theme_row(i); i++)
        text_addf(out, "| `%s` | %s |\n", theme_name(theme_row(i)), theme_summary(theme_row(i)));
}

static void add_commands(const struct screen_command *(*row)(size_t i), struct text *out)
{
    text_add(out, "| command | does |\n| --- | --- |\n");
    for (size_t i = 0; row(i); i++) {
        text_addf(out, "| `%s%s", row(i)->name, *row(i)->args ? " " : "");
        for (const char *p = row(i)->args; *p; p++)
            text_addf(out, *p == '|' ? "\\|" : "%c", *p);
        text_addf(out, "` | %s |\n", row(i)->summary);
    }
}

static void add_screen_commands(struct text *out)
{
    add_commands(screen_command_row, out);
}

static void add_replay_commands(struct text *out)
{
    add_commands(replay_command_row, out);
}

/* Puts `now` between the marks of a block; false: the page has no such block, or it is another (in `page`
 * then). */
static bool block_is(struct text *page, const char *name, const char *now)
{
    struct text mark = {0}, fresh = {0};
    text_addf(&mark, "<!-- made: %s -->\n", name);
    const char *old = text_str(page), *at = strstr(old, text_str(&mark));
    const char *end = at ? strstr(at, "<!-- end -->") : NULL;
    bool same = false;
    if (end) {
        at += mark.len;
        same = strlen(now) == (size_t)(end - at) && strncmp(at, now, (size_t)(end - at)) == 0;
        text_addn(&fresh, old, (size_t)(at - old));
        text_add(&fresh, now);
        text_add(&fresh, end);
        text_fini(page);
        *page = fresh;
    }
    if (!same)
        printf("\ndocs/monitor.md: the block \"%s\" is not what the tables say\n", name);
    text_fini(&mark);
    return same;
}

static void add_section(const struct view_ops *ops, struct text *page)
{
    text_addf(page, "\n### %s\n\n%c%s.\n\n![The view %s](pictures/monitor-%s.svg)\n\n", ops->name,
              (char)(ops->summary[0] - (ops->summary[0] >= 'a' && ops->summary[0] <= 'z' ? 32 : 0)),
              ops->summary + 1, ops->name, ops->name);
    text_addf(page, "<!-- made: keys of %s -->\n<!-- end -->\n", ops->name);
}

static bool view_is(struct text *page, const struct view_ops *ops)
{
    struct text words = {0}, keys = {0};
    text_addf(&words, "\n### %s\n", ops->name);
    bool there = strstr(text_str(page), text_str(&words));
    if (!there) {
        printf("\ndocs/monitor.md has no section \"### %s\"\n", ops->name);
        add_section(ops, page);
    }
    text_clear(&words);
    text_addf(&words, "keys of %s", ops->name);
    if (ops->keys)
        add_keys(ops->keys, &keys);
    else
        text_add(&keys, "It has no keys of its own.\n");
    bool same = block_is(page, text_str(&words), text_str(&keys));
    text_clear(&words);
    text_addf(&words, "](pictures/monitor-%s.svg)", ops->name);
    bool picture = strstr(text_str(page), text_str(&words));
    text_fini(&words);
    text_fini(&keys);
    return there && same && picture;
}

static bool page_is(struct text *page)
{
    static const struct {
        const char *name;
        void (*add)(struct text *out);
    } blocks[] = {{"keys of the screen", add_screen_keys},
                  {"keys that move", add_moving_keys},
                  {"views", add_views},
                  {"layouts", add_layouts},
                  {"themes", add_themes},
                  {"commands of the screen", add_screen_commands},
                  {"commands of a replay", add_replay_commands}};
    bool same = true;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct text now = {0};
        blocks[i].add(&now);
        same &= block_is(page, blocks[i].name, text_str(&now));
        text_fini(&now);
    }
    for (size_t i = 0; view_row(i); i++)
        same &= view_is(page, view_row(i));
    return same;
}

static void test_page(void)
{
    size_t n = 0;
    struct text page = {0};
    char *bytes = rig_file(PAGE, &n);
    const char *write = getenv("RINGSIDE_GOLDEN");
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    text_addn(&page, bytes, n);
    free(bytes);
    bool same = page_is(&page);
    if (write && strcmp(write, "write") == 0) {
        FILE *f = fopen(PAGE, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fwrite(text_str(&page), 1, page.len, f);
        fclose(f);
        same = page_is(&page);
    }
    CU_ASSERT_TRUE(same);
    text_fini(&page);
}

static const struct unit_test tests[] = {{"docs/monitor.md is what the tables say", test_page}};

UNIT_MAIN("the monitor's page", tests)
