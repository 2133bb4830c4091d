/*
 * `trace graph`: what the three pictures tell about a trace, seen in their DOT.  The guests are made up:
 * events as a boot, a poll loop or a scan of ports would leave them.
 */
#include "graph_guest.h"

static void test_kinds(void)
{
    CU_ASSERT_EQUAL(graph_kind_find("exits"), GRAPH_EXITS);
    CU_ASSERT_EQUAL(graph_kind_find("boot"), GRAPH_BOOT);
    CU_ASSERT_EQUAL(graph_kind_find("machine"), GRAPH_MACHINE);
    CU_ASSERT_EQUAL(graph_kind_find("exit"), -1);
}

static void test_exits_poll_loop(void)
{
    struct guest g = guest_start();
    guest_print(&g, "0123456789");
    guest_put(&g, EVENT_ASSIST, 0xcc, ASSIST_INT3);
    guest_access(&g, EVENT_IO, 0, EVENT_NO_REG, DIR_IN, 0x1f7, 0xff);
    guest_access(&g, EVENT_MMIO, 2, 0, DIR_OUT, 0xb8000, 0x41);
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "boot64.bin: which exit follows which"));
    CU_ASSERT(has(dot, "23 events · halted: the guest halted with interrupts off"));
    CU_ASSERT(has(dot, "in uart.LSR") && has(dot, "out uart.THR") && has(dot, "assist int3") &&
              has(dot, "in 0x1f7"));
    CU_ASSERT(has(dot, "mmio write vga.CELL"));
    CU_ASSERT(has(dot, "10 × · 43 % · host 640 ns"));
    /* LSR comes first and so is n0; THR follows it each time, and it follows THR but for the last time. */
    CU_ASSERT(has(dot, "n0 -> n1 [") && has(dot, "n1 -> n0 ["));
    CU_ASSERT(has(dot, "label=\" 10 \"") && has(dot, "label=\" 9 \""));
    CU_ASSERT_EQUAL(times(dot, "label=\"start\""), 1);
    done(&g, dot);
}

static void test_exits_fold(void)
{
    struct guest g = guest_start();
    for (unsigned port = 0; port < 60; port++)
        for (unsigned n = 0; n <= port; n++)
            guest_access(&g, EVENT_IO, 0, EVENT_NO_REG, DIR_OUT, 0x100 + port, 0);
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "other (46 classes)"));
    CU_ASSERT(has(dot, "out 0x13b") && has(dot, "out 0x12e"));
    CU_ASSERT_PTR_NULL(strstr(dot, "out 0x12d"));
    CU_ASSERT(times(dot, "label=<<TABLE") <= 17);
    done(&g, dot);
}

/* Two vCPUs take turns; each follows only itself. */
static void test_exits_by_vcpu(void)
{
    struct guest g = guest_start();
    for (unsigned i = 0; i < 20; i++) {
        g.now.vcpu = i % 2;
        guest_put(&g, i % 2 ? EVENT_HLT : EVENT_INTR, 0, 0);
    }
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "n0 -> n0 [") && has(dot, "n1 -> n1 ["));
    CU_ASSERT_PTR_NULL(strstr(dot, "n0 -> n1 ["));
    done(&g, dot);
}

static void test_boot_path(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    char *dot = draw(&g, "boot");
    long real = place(dot, "1 · real mode"), protected = place(dot, "2 · protected mode");
    CU_ASSERT(real > 0 && real < protected && protected < place(dot, "3 · long mode"));
    CU_ASSERT(has(dot, "51 exits") && has(dot, "1 interrupt<"));
    CU_ASSERT(has(dot, ">one<") && has(dot, ">three<") && has(dot, "…\u00a01\u00a0more\u00a0line<") &&
              has(dot, ">five<"));
    CU_ASSERT_PTR_NULL(strstr(dot, ">four<"));
    CU_ASSERT(has(dot, ">11<") && has(dot, ">22<"));
    CU_ASSERT(has(dot, "#51") && has(dot, "out 0x80 ← 22") && has(dot, "cs:eip 0008:00007e00"));
    CU_ASSERT(has(dot, "the guest halted with interrupts off") &&
              has(dot, "long mode at 0xffffffff81000000"));
    done(&g, dot);
}

static void test_boot_back_and_forth(void)
{
    struct guest g = guest_start();
    for (unsigned i = 0; i < 1000; i++) {
        guest_mode(&g, MODE_REAL, 0, 0x7c00);
        guest_post(&g, 1);
        guest_mode(&g, MODE_PROTECTED, 8, 0x7e00);
        guest_post(&g, 2);
    }
    guest_end(&g);
    char *dot = draw(&g, "boot");
    CU_ASSERT_EQUAL(times(dot, "real mode</B>"), 1);
    CU_ASSERT_EQUAL(times(dot, "protected mode</B>"), 1);
    CU_ASSERT(has(dot, "1,000 stays") && has(dot, "\"  1,000 ×  \"") && has(dot, "\"  999 ×  \""));
    CU_ASSERT(strlen(dot) < 20000);
    done(&g, dot);
}

static void test_machine(void)
{
    struct guest g = guest_start();
    guest_print(&g, "abc");
    guest_access(&g, EVENT_MMIO, 0, EVENT_NO_REG, DIR_IN, 0xfee00020, 0);
    guest_put(&g, EVENT_IRQ, 0x24, 4);
    guest_end(&g);
    char *dot = draw(&g, "machine");
    CU_ASSERT(has(dot, "16550A serial port") && has(dot, "ports 3f8–3ff") && has(dot, "memory b8000–bffff"));
    CU_ASSERT(has(dot, "bus0:d1:e -> d1:w [dir=both") && has(dot, "bus1:d2:e -> d2:w [dir=none"));
    CU_ASSERT_EQUAL(times(dot, ">idle<"), 2);
    CU_ASSERT(has(dot, "mmio read 0xfee00000") && has(dot, "no device"));
    CU_ASSERT(has(dot, "vector 0x24 · line 4 (COM1)"));
    CU_ASSERT(has(dot, "inside the kernel") && has(dot, "123,456,789,012,345"));
    CU_ASSERT_PTR_NULL(strstr(dot, "tlb_flush"));
    done(&g, dot);
}

static void test_filter(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct err e = {0};
    struct trace_filter f = {0};
    CU_ASSERT_EQUAL(trace_filter_kind(&f, "hlt", &e), 0);
    char *dot = draw_filtered(&g, &f, "exits");
    CU_ASSERT(has(dot, "54 events, 1 of them drawn (filter) · halted"));
    CU_ASSERT(has(dot, ">hlt</B>"));
    CU_ASSERT_PTR_NULL(strstr(dot, "uart"));
    free(dot);
    f = (struct trace_filter){.limit = 3};
    dot = draw_filtered(&g, &f, "exits");
    CU_ASSERT(has(dot, "54 events, 3 of them drawn (filter) · halted"));
    done(&g, dot);
}

static const struct unit_test tests[] = {
    {"a picture has a name", test_kinds},
    {"exits: a poll loop", test_exits_poll_loop},
    {"exits: rare ones are folded", test_exits_fold},
    {"exits: each vCPU follows itself", test_exits_by_vcpu},
    {"boot: the path through the modes", test_boot_path},
    {"boot: many changes are merged", test_boot_back_and_forth},
    {"machine: devices, traffic, kernel", test_machine},
    {"a filter is obeyed and told", test_filter},
};

UNIT_MAIN("traces graph", tests)
