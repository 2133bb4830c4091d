/*
 * `trace graph` of code: the pictures flow and calls, seen in their DOT. The programs are made up, an
 * instruction a line: what they do to the flow of control is all that counts.
 */
#include "graph_guest.h"

/* Instructions by their first bytes. */
enum {
    NOP = 0x90,
    CALL = 0xe8,
    RET = 0xc3,
    IRET = 0xcf,
    JMP = 0xeb,
    JZ = 0x74,
    INT_80 = 0x80cd,
    OUT = 0xee,
    CALL_FF = 0xd0ff
};

static const struct event_symbol symbols[] = {
    {0x1000, 0x100, "main"}, {0x1100, 0x100, "put"},      {0x1200, 0x100, "helper"},
    {0x1300, 0x100, "tick"}, {0x1400, 0x100, "sys_call"},
};

static struct guest program(bool named)
{
    struct guest g = guest_start_with("prog.elf", symbols, named ? 5 : 0);
    guest_mode(&g, MODE_LONG, 8, 0);
    return g;
}

/* main calls put three times, which writes to the serial port, and jumps to helper at its end. */
static void run_main(struct guest *g)
{
    guest_step(g, 0x1000, NOP);
    for (unsigned i = 0; i < 3; i++) {
        guest_step(g, 0x1001, CALL);
        guest_step(g, 0x1100, NOP);
        g->stepped = true;
        guest_access(g, EVENT_IO, 1, 1, DIR_OUT, 0x3f8, 'x');
        guest_step(g, 0x1101, OUT);
        guest_step(g, 0x1102, RET);
        guest_step(g, 0x1006, JZ);
    }
    guest_step(g, 0x1008, JMP);
    guest_step(g, 0x1200, NOP);
}

/* The line that describes an arrow between two nodes, by what is told of it. */
static bool told(const char *dot, const char *sentence)
{
    char quoted[200];
    snprintf(quoted, sizeof quoted, "tooltip=\"%s\"", sentence);
    return has(dot, quoted);
}

/* ---- flow ---------------------------------------------------------------------------------------- */

static void test_flow_steps(void)
{
    struct guest g = program(true);
    run_main(&g);
    guest_end(&g);
    char *dot = draw(&g, "flow");
    CU_ASSERT(has(dot, "prog.elf: which code runs"));
    CU_ASSERT(has(dot, "<B>main</B>") && has(dot, "<B>put</B>") && has(dot, "<B>helper</B>"));
    CU_ASSERT(told(dot, "main calls put: 3 times") && told(dot, "main goes on to helper: 1 time"));
    CU_ASSERT(has(dot, "9 instructions · 50 %") && has(dot, "3 exits"));
    CU_ASSERT(told(dot, "put and uart: out 3") && told(dot, "uart: out 3 times, in 0 times"));
    CU_ASSERT_PTR_NULL(strstr(dot, "main and uart"));
    CU_ASSERT_PTR_NULL(strstr(dot, "put goes on"));
    done(&g, dot);
}

/* Without names: a block ends at a branch, taken or not, and what comes behind a call hangs on the call. */
static void test_flow_blocks(void)
{
    struct guest g = program(false);
    run_main(&g);
    guest_end(&g);
    char *dot = draw(&g, "flow");
    CU_ASSERT(told(dot, "0x1000 calls 0x1100: 1 time") && told(dot, "0x1001 calls 0x1100: 2 times"));
    CU_ASSERT(told(dot, "0x1100 and uart: out 3") && told(dot, "0x1006 goes on to 0x1001: 2 times"));
    CU_ASSERT(has(dot, "<B>0x1006</B>") && has(dot, "else a basic block"));
    CU_ASSERT(told(dot, "0x1000 goes on, when what it called is done, with 0x1006: 1 time"));
    done(&g, dot);
}

static void test_flow_exits(void)
{
    struct guest g = program(true);
    for (unsigned i = 0; i < 4; i++) {
        guest_out(&g, 0x1010, 3, 0x80, i);
        guest_out(&g, 0x1110, 1, 0x3f8, i);
    }
    guest_out(&g, 0x1210, 0, 0x1234, 0);
    guest_end(&g);
    char *dot = draw(&g, "flow");
    CU_ASSERT(has(dot, "which code causes exits"));
    CU_ASSERT(told(dot, "main is followed by the exit of put: 4 times"));
    CU_ASSERT(told(dot, "main and post: out 4") && told(dot, "helper and no device: out 1"));
    CU_ASSERT(has(dot, "exits only"));
    done(&g, dot);
}

/* Thousands of places: pieces of code, and no more boxes than asked for. */
static void test_flow_folds(void)
{
    struct guest g = program(false);
    for (uint64_t i = 0; i < 5000; i++)
        guest_out(&g, 0x10000 + i * 16, 3, 0x80, 0);
    guest_end(&g);
    char *dot = draw(&g, "flow");
    CU_ASSERT(has(dot, "a piece of code, of "));
    CU_ASSERT(times(dot, "style=\"rounded,filled\"") <= 41);
    free(dot);
    struct graph_choice few = {.max_nodes = 3};
    dot = draw_chosen(&g, NULL, "flow", &few);
    CU_ASSERT(times(dot, "style=\"rounded,filled\"") <= 4);
    done(&g, dot);
}

static void test_flow_folds_functions(void)
{
    struct guest g = program(true);
    run_main(&g);
    guest_end(&g);
    struct graph_choice one = {.max_nodes = 1};
    char *dot = draw_chosen(&g, NULL, "flow", &one);
    CU_ASSERT(has(dot, "other (2 places)"));
    CU_ASSERT(told(dot, "other calls put: 3 times"));
    done(&g, dot);
}

/* 200 devices and vectors are no more boxes than functions would be. */
static void test_folds_special(void)
{
    struct guest g = program(true);
    for (unsigned d = 1; d <= 200; d++)
        for (unsigned n = 0; n < d; n++)
            guest_out(&g, 0x1010, d, 0x1000 + d, n);
    guest_step(&g, 0x1000, NOP);
    for (unsigned vector = 0; vector < 200; vector++) {
        guest_irq(&g, 0x1001, vector, 0xffff, 0);
        guest_step(&g, 0x1300, IRET);
        guest_step(&g, 0x1001, NOP);
    }
    guest_end(&g);
    struct graph_choice five = {.max_nodes = 5};
    char *dot = draw_chosen(&g, NULL, "flow", &five);
    CU_ASSERT(has(dot, "195 other devices") && has(dot, "device 200") && has(dot, "device 196"));
    CU_ASSERT_PTR_NULL(strstr(dot, "device 195"));
    free(dot);
    dot = draw_chosen(&g, NULL, "calls", &five);
    CU_ASSERT(has(dot, "196 other vectors"));
    CU_ASSERT(times(dot, "shape=cds") <= 6);
    done(&g, dot);
}

/* ---- calls --------------------------------------------------------------------------------------- */

static void test_calls(void)
{
    struct guest g = program(true);
    run_main(&g);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "start enters main: 1 time") && told(dot, "main calls put: 3 times"));
    CU_ASSERT(told(dot, "main jumps to helper: 1 time"));
    CU_ASSERT(has(dot, "put at 0x1100: called 3 times; 9 instructions itself, 9 with what it called"));
    CU_ASSERT(has(dot, "main at 0x1000: called 1 times; 8 instructions itself, 17 with what it called"));
    done(&g, dot);
}

static void test_calls_unnamed(void)
{
    struct guest g = program(false);
    run_main(&g);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "start enters 0x1000: 1 time") && told(dot, "0x1000 calls 0x1100: 3 times"));
    CU_ASSERT_PTR_NULL(strstr(dot, "0x1006"));
    CU_ASSERT_PTR_NULL(strstr(dot, "0x1200"));
    done(&g, dot);
}

/* put calls itself `depth` times and comes back. */
static void recurse(struct guest *g, unsigned depth)
{
    guest_step(g, 0x1000, CALL);
    for (unsigned i = 0; i < depth; i++)
        guest_step(g, 0x1100, CALL);
    for (unsigned i = 0; i <= depth; i++)
        guest_step(g, i ? 0x1105 : 0x1100, RET);
    guest_step(g, 0x1005, NOP);
}

static void test_calls_recursion(void)
{
    struct guest g = program(true);
    recurse(&g, 5);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "put calls put: 5 times") && told(dot, "main calls put: 1 time"));
    CU_ASSERT(has(dot, "6 calls, up to 6 deep") &&
              has(dot, "11 instructions itself, 11 with what it called"));
    CU_ASSERT(has(dot, "main at 0x1000: called 1 times; 2 instructions itself, 13 with what it called"));
    done(&g, dot);
}

/* Deeper than any stack that is kept: the counts are still right, and it is said. */
static void test_calls_too_deep(void)
{
    struct guest g = program(true);
    recurse(&g, 6000);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "put calls put: 6,000 times"));
    CU_ASSERT(has(dot, "deep, counted but not nested"));
    done(&g, dot);
}

/* main calls helper calls put, which jumps back into main. Afterwards main is the caller again. */
static void test_calls_longjmp(void)
{
    struct guest g = program(true);
    guest_step(&g, 0x1000, CALL);
    guest_step(&g, 0x1200, CALL);
    guest_step(&g, 0x1100, JMP);
    guest_step(&g, 0x1010, CALL);
    guest_step(&g, 0x1300, RET);
    guest_step(&g, 0x1015, NOP);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "main calls tick: 1 time"));
    CU_ASSERT_PTR_NULL(strstr(dot, "put jumps to main"));
    CU_ASSERT_PTR_NULL(strstr(dot, "put calls tick"));
    done(&g, dot);
}

/* A RET to an address that somebody pushed is a jump. */
static void test_calls_pushed_return(void)
{
    struct guest g = program(true);
    guest_step(&g, 0x1000, CALL);
    guest_step(&g, 0x1100, RET);
    guest_step(&g, 0x1200, CALL_FF);
    guest_step(&g, 0x1300, RET);
    guest_step(&g, 0x1202, RET);
    guest_step(&g, 0x1005, NOP);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "put jumps to helper: 1 time") && told(dot, "helper calls tick: 1 time"));
    CU_ASSERT_PTR_NULL(strstr(dot, "tick jumps"));
    done(&g, dot);
}

static void test_calls_interrupts(void)
{
    struct guest g = program(true);
    guest_step(&g, 0x1000, CALL);
    guest_step(&g, 0x1100, NOP);
    guest_irq(&g, 0x1101, 0x24, 4, 0);
    guest_step(&g, 0x1300, CALL);
    guest_step(&g, 0x1200, RET);
    guest_step(&g, 0x1305, IRET);
    guest_step(&g, 0x1101, RET);
    guest_step(&g, 0x1005, INT_80);
    guest_step(&g, 0x1400, IRET);
    guest_step(&g, 0x1007, NOP); /* a fault */
    guest_step(&g, 0x1310, IRET);
    guest_step(&g, 0x1007, NOP);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(told(dot, "interrupt 0x24 enters tick: 1 time") &&
              told(dot, "INT 0x80 enters sys_call: 1 time"));
    CU_ASSERT(told(dot, "exception enters tick: 1 time") && told(dot, "tick calls helper: 1 time"));
    CU_ASSERT_PTR_NULL(strstr(dot, "put calls tick"));
    CU_ASSERT_PTR_NULL(strstr(dot, "jumps to"));
    done(&g, dot);
}

/* Events that a filter took out break the chain: nothing is made up. */
static void test_calls_gap(void)
{
    struct guest g = program(true);
    guest_step(&g, 0x1000, CALL);
    g.now.seq += 10;
    guest_step(&g, 0x1300, NOP);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT_PTR_NULL(strstr(dot, "main calls"));
    CU_ASSERT(told(dot, "start enters tick: 1 time"));
    done(&g, dot);
}

static void test_calls_needs_steps(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    char *dot = draw(&g, "calls");
    CU_ASSERT(has(dot, "needs a trace made with run --trace-steps"));
    done(&g, dot);
}

static const struct unit_test tests[] = {
    {"flow: functions, calls, devices", test_flow_steps},
    {"flow: basic blocks where there are no names", test_flow_blocks},
    {"flow: a trace of exits", test_flow_exits},
    {"flow: many places", test_flow_folds},
    {"flow: many functions", test_flow_folds_functions},
    {"many devices, many vectors", test_folds_special},
    {"calls: who calls whom", test_calls},
    {"calls: without names", test_calls_unnamed},
    {"calls: recursion", test_calls_recursion},
    {"calls: very deep", test_calls_too_deep},
    {"calls: a longjmp", test_calls_longjmp},
    {"calls: a return that is a jump", test_calls_pushed_return},
    {"calls: interrupts are roots", test_calls_interrupts},
    {"calls: gaps", test_calls_gap},
    {"calls: a trace without steps says so", test_calls_needs_steps},
};

UNIT_MAIN("traces graph code", tests)
