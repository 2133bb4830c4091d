/*
 * docs/traces.md keeps its word: the tables in it are those that the program asks and counts by.
 * RINGSIDE_GOLDEN=write writes the blocks anew.
 */
#include "trace_make.h"

#include "traces/query.h"

#define PAGE DOCS_FOLDER "/traces.md"

static void add_fields(struct text *out)
{
    const char *name, *summary;
    text_add(out, "| field | is |\n| --- | --- |\n");
    for (size_t i = 0; query_field_help(i, &name, &summary); i++)
        text_addf(out, "| `%s` | %s |\n", name, summary);
}

static const struct {
    const char *name;
    void (*add)(struct text *out);
} blocks[] = {{"fields", add_fields}};

/* Puts `now` between the marks of a block; false: the page has no such block, or it was another. */
static bool block_is(struct text *page, const char *name, const struct text *now)
{
    struct text mark = {0}, fresh = {0};
    text_addf(&mark, "<!-- made: %s -->\n", name);
    const char *at = strstr(text_str(page), text_str(&mark));
    const char *end = at ? strstr(at, "<!-- end -->") : NULL;
    bool same = false;
    if (end) {
        at += mark.len;
        same = now->len == (size_t)(end - at) && memcmp(text_str(now), at, now->len) == 0;
        text_addn(&fresh, text_str(page), (size_t)(at - text_str(page)));
        text_add(&fresh, text_str(now));
        text_add(&fresh, end);
        text_fini(page);
        *page = fresh;
    }
    if (!same)
        printf("\ndocs/traces.md: the block \"%s\" is not what the tables say\n", name);
    text_fini(&mark);
    return same;
}

static bool page_is(struct text *page)
{
    bool same = true;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct text now = {0};
        blocks[i].add(&now);
        same &= block_is(page, blocks[i].name, &now);
        text_fini(&now);
    }
    return same;
}

static void test_page(void)
{
    char bytes[4096];
    size_t n;
    struct text page = {0};
    const char *write = getenv("RINGSIDE_GOLDEN");
    FILE *f = fopen(PAGE, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
        text_addn(&page, bytes, n);
    fclose(f);
    bool same = page_is(&page);
    if (write && strcmp(write, "write") == 0 && (f = fopen(PAGE, "wb"))) {
        CU_ASSERT_EQUAL(fwrite(text_str(&page), 1, page.len, f), page.len);
        fclose(f);
        same = page_is(&page);
    }
    CU_ASSERT_TRUE(same);
    text_fini(&page);
}

static const struct unit_test tests[] = {{"docs/traces.md is what the tables say", test_page}};

UNIT_MAIN("traces: the page on asking them", tests)
