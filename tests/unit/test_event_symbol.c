/*
 * From an instruction to the name of its function: symbols with and without a length, gaps, and real mode's
 * segments.
 */
#include "unit.h"

#include "event/event.h"

static const struct event_symbol symbols[] = {
    {0x1000, 0x10, "start"}, {0x1010, 0, "open_end"}, {0x2000, 1, "one"}, {0xfffffffffffffff0, 0x10, "top"}};
static const struct event_names names = {.symbols = symbols, .symbol_count = 4};

static const char *found(uint64_t addr, uint64_t offset)
{
    uint64_t got = ~0ull;
    const struct event_symbol *s = event_symbol_at(&names, addr, &got);
    if (s)
        CU_ASSERT_EQUAL(got, offset);
    return s ? s->name : "";
}

static void test_places(void)
{
    CU_ASSERT_STRING_EQUAL(found(0, 0), "");
    CU_ASSERT_STRING_EQUAL(found(0xfff, 0), "");
    CU_ASSERT_STRING_EQUAL(found(0x1000, 0), "start");
    CU_ASSERT_STRING_EQUAL(found(0x100f, 15), "start");
    CU_ASSERT_STRING_EQUAL(found(0x1010, 0), "open_end");
    CU_ASSERT_STRING_EQUAL(found(0x1fff, 0xfef), "open_end");
    CU_ASSERT_STRING_EQUAL(found(0x2000, 0), "one");
    CU_ASSERT_STRING_EQUAL(found(0x2001, 0), "");
    CU_ASSERT_STRING_EQUAL(found(UINT64_MAX, 15), "top");
    uint64_t offset;
    CU_ASSERT_PTR_NULL(event_symbol_at(&(struct event_names){0}, 0x1000, &offset));
}

static void test_events(void)
{
    struct event ev = {.rip = 0x10, .cs = 0x100, .mode_cpl = event_mode_cpl(MODE_REAL, 0)};
    CU_ASSERT_EQUAL(event_linear(&ev), 0x1010);
    CU_ASSERT_STRING_EQUAL(event_symbol_name(&names, &ev), "open_end");
    ev.mode_cpl = event_mode_cpl(MODE_PROTECTED, 0);
    CU_ASSERT_STRING_EQUAL(event_symbol_name(&names, &ev), "");
    ev.rip = 0x1004;
    CU_ASSERT_STRING_EQUAL(event_symbol_name(&names, &ev), "start");
    ev.flags = EVENT_NO_CPU;
    CU_ASSERT_STRING_EQUAL(event_symbol_name(&names, &ev), "");
}

static const struct unit_test tests[] = {{"places", test_places}, {"events", test_events}};
UNIT_MAIN("event symbols", tests)
