/*
 * `trace graph --kind irq`: from the raise of a line to the EOI, seen in the picture's DOT.
 */
#include "graph_guest.h"

enum { NOP = 0x90, IRET = 0xcf };

static const struct event_symbol symbols[] = {
    {0x1000, 0x100, "idle"}, {0x1300, 0x100, "tick"}, {0x1400, 0x100, "key"}};

static struct guest machine(void)
{
    struct guest g = guest_start_with("irq.elf", symbols, 3);
    guest_mode(&g, MODE_LONG, 8, 0);
    return g;
}

static void test_exits_only(void)
{
    struct guest g = machine();
    for (unsigned i = 0; i < 5; i++) {
        guest_irq(&g, 0x1010, 0x20, 0, 3000);
        guest_out(&g, 0x1310, 3, 0x80, i);
        guest_out(&g, 0x1320, 0, 0x20, 0x20);
        guest_out(&g, 0x1020, 1, 0x3f8, 'x'); /* not the handler's any more */
    }
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, "<B>vector 0x20</B>") && has(dot, ">line 0<") && has(dot, "<B>tick</B>"));
    CU_ASSERT(has(dot, "from the rise of the line to the injection: 5 measured; median 3.0 us"));
    CU_ASSERT(has(dot, "out post") && has(dot, "interrupted idle") && has(dot, "first exit in"));
    CU_ASSERT(has(dot, "<B>EOI</B>"));
    CU_ASSERT_PTR_NULL(strstr(dot, "uart.THR"));
    CU_ASSERT_PTR_NULL(strstr(dot, "without EOI"));
    done(&g, dot);
}

static void test_steps(void)
{
    struct guest g = machine();
    guest_step(&g, 0x1010, NOP);
    guest_irq(&g, 0x1011, 0x21, 1, 0);
    guest_step(&g, 0x1400, NOP);
    guest_out(&g, 0x1401, 0, 0x20, 0x61);
    guest_step(&g, 0x1402, IRET);
    guest_step(&g, 0x1011, NOP);
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, "raise not recorded") && has(dot, "<B>key</B>") && has(dot, "then IRET"));
    CU_ASSERT(has(dot, "from the injection to the handler's first instruction: 1 measured; 1.0 us"));
    done(&g, dot);
}

/* A timer inside the keyboard's handler; a specific EOI each. The keyboard's is longer. */
static void test_nested(void)
{
    struct guest g = machine();
    guest_irq(&g, 0x1010, 0x21, 1, 0);
    guest_out(&g, 0x1400, 3, 0x80, 1);
    guest_irq(&g, 0x1402, 0x20, 0, 0);
    guest_out(&g, 0x1300, 0, 0x20, 0x60);
    guest_out(&g, 0x1404, 0, 0x20, 0x61);
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, "while another was handled") && has(dot, "interrupted key"));
    CU_ASSERT_EQUAL(times(dot, "<B>EOI</B>"), 2);
    done(&g, dot);
}

/* A line of the slave takes an EOI for each chip; the master's must not end the timer that was interrupted.
 */
static void test_slave(void)
{
    struct guest g = machine();
    guest_irq(&g, 0x1010, 0x28, 8, 0);
    guest_out(&g, 0x1300, 0, 0xa0, 0x20);
    guest_out(&g, 0x1302, 0, 0x20, 0x20);
    guest_out(&g, 0x1304, 0, 0x20, 0x20); /* one too many */
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, ">line 8<") && has(dot, "<B>EOI</B>") &&
              has(dot, "EOIs with no interrupt to end: 1."));
    done(&g, dot);
}

static void test_no_eoi(void)
{
    struct guest g = machine();
    for (unsigned i = 0; i < 40; i++)
        guest_irq(&g, 0x1010, 0x20, 0, 0);
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, "no EOI seen") && has(dot, ">40 ×<"));
    done(&g, dot);
}

static void test_many(void)
{
    struct guest g = machine();
    for (unsigned vector = 0; vector < 256; vector++)
        for (unsigned n = 0; n <= vector; n++)
            guest_irq(&g, 0x1010, vector, vector % 16, 0);
    guest_end(&g);
    struct graph_choice four = {.max_nodes = 4};
    char *dot = draw_chosen(&g, NULL, "irq", &four);
    CU_ASSERT_EQUAL(times(dot, ">injected<"), 4);
    CU_ASSERT(has(dot, "Other lines and vectors, not drawn"));
    CU_ASSERT(place(dot, "raise0 [") >= 0);
    done(&g, dot);
}

static void test_none(void)
{
    struct guest g = machine();
    guest_end(&g);
    char *dot = draw(&g, "irq");
    CU_ASSERT(has(dot, "no interrupts in this trace"));
    done(&g, dot);
}

static const struct unit_test tests[] = {
    {"a trace of exits", test_exits_only}, {"a step trace", test_steps}, {"one inside another", test_nested},
    {"through the slave", test_slave},     {"no EOI", test_no_eoi},      {"many vectors", test_many},
    {"no interrupts", test_none},
};

UNIT_MAIN("traces graph irq", tests)
