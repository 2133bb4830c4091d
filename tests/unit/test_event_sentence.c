/*
 * Sentences, word by word: people learn them by heart, labs quote them.
 */
#include "event/event.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const char *const uart_regs[] = {"RBR", "THR", "LSR"};
static const char *const vga_regs[] = {"CELL"};
static const struct event_device devices[] = {
    {"none", "", NULL, 0},          {"uart", "16550A", uart_regs, 3},          {"vga", "VGA", vga_regs, 1},
    {"post", "POST port", NULL, 0}, {"debugcon", "Bochs debug port", NULL, 0},
};
static const char *const marks[] = {"paging is on", "two\nlines\x1b[2J", "Ü"};
static const struct event_names names = {
    .devices = devices, .device_count = 5, .marks = marks, .mark_count = 3};

#define IO   .kind = EVENT_IO
#define OUT  .dir = DIR_OUT
#define IN   .dir = DIR_IN
#define BOTH .flags = EVENT_VALUE | EVENT_ADDR

static const struct {
    struct event ev;
    const char *sentence;
} cases[] = {
    {{IO, OUT, BOTH, .addr = 0x3f8, .value = 'H', .size = 1, .device = 1, .reg = 1},
     "out 0x3f8 ← 48 'H'  uart.THR"},
    {{IO, OUT, BOTH, .addr = 0x3f8, .value = '\n', .size = 1, .device = 1, .reg = 1},
     "out 0x3f8 ← 0a '\\n'  uart.THR"},
    {{IO, OUT, BOTH, .addr = 0x3f8, .value = 0x80, .size = 1, .device = 1, .reg = 1},
     "out 0x3f8 ← 80  uart.THR"},
    {{IO, IN, BOTH, .addr = 0x3fd, .value = 0x60, .size = 1, .device = 1, .reg = 2},
     "in 0x3fd → 60  uart.LSR"},
    {{IO, OUT, BOTH, .addr = 0x80, .value = 0x41, .size = 1, .device = 3}, "out 0x80 ← 41  post"},
    {{IO, OUT, BOTH, .addr = 0xe9, .value = 0x41, .size = 1, .device = 4}, "out 0xe9 ← 41 'A'  debugcon"},
    {{IO, IN, .addr = 0x2f8, .value = 0xffff, .size = 2, .flags = EVENT_VALUE | EVENT_ADDR | EVENT_UNCLAIMED},
     "in 0x2f8 → ffff  unclaimed"},
    {{IO, IN, .addr = 0x60, .size = 1, .flags = EVENT_ADDR}, "in 0x60 → ?"},
    {{IO, OUT, .addr = 0x3f8, .value = 'H', .size = 1, .count = 12, .device = 1, .reg = 1,
      .flags = EVENT_VALUE | EVENT_ADDR | EVENT_STRING},
     "outsb 0x3f8 ← 48 'H' … (12 items)  uart.THR"},
    {{IO, IN, .addr = 0x1f0, .value = 0x1234, .size = 2, .count = 1,
      .flags = EVENT_VALUE | EVENT_ADDR | EVENT_STRING},
     "insw 0x1f0 → 1234 (1 item)"},
    {{.kind = EVENT_MMIO, OUT, BOTH, .addr = 0xb8000, .value = 0x748, .size = 2, .device = 2},
     "mmio write 0xb8000 ← 0748  vga.CELL"},
    {{.kind = EVENT_MMIO,
      IN,
      .addr = 0xd0000000,
      .value = 0xffffffff,
      .size = 4,
      .flags = EVENT_VALUE | EVENT_ADDR | EVENT_UNCLAIMED},
     "mmio read 0xd0000000 → ffffffff  unclaimed"},
    {{.kind = EVENT_HLT}, "hlt: waits for an interrupt"},
    {{.kind = EVENT_HLT, .detail = 1}, "hlt: stops for good, interrupts are off"},
    {{.kind = EVENT_SHUTDOWN}, "shutdown: triple fault: the CPU shut down"},
    {{.kind = EVENT_INTR}, "intr: a signal called the VMM back"},
    {{.kind = EVENT_DEBUG, BOTH, .addr = 0x7c05, .value = 0xffff4ff0, .detail = 1},
     "debug: single step, stopped at 0x7c05"},
    {{.kind = EVENT_DEBUG, BOTH, .addr = 0x7c05, .value = 0x4ff2 | 0x4000, .detail = 1},
     "debug: DR1 hit, single step, stopped at 0x7c05"},
    {{.kind = EVENT_DEBUG, BOTH, .addr = 0x7c05, .detail = 3}, "debug: int3 breakpoint, stopped at 0x7c05"},
    {{.kind = EVENT_DEBUG, BOTH, .addr = 0x7c05, .detail = 1}, "debug: exception 1, stopped at 0x7c05"},
    {{.kind = EVENT_INTERNAL, .detail = 1, .count = 3},
     "internal error: KVM cannot emulate this instruction (suberror 1), 3 instruction bytes known"},
    {{.kind = EVENT_INTERNAL, .detail = 3, .value = 0x80000b0e, .flags = EVENT_VALUE},
     "internal error: an exit during the delivery of an event (suberror 3), data 0x80000b0e"},
    {{.kind = EVENT_INTERNAL, .detail = 99}, "internal error: no name is known (suberror 99)"},
    {{.kind = EVENT_FAIL_ENTRY, .value = 0x80000021},
     "entry refused: hardware reason 0x80000021 (VT-x: the guest state is not valid)"},
    {{.kind = EVENT_FAIL_ENTRY, .value = 7}, "entry refused: hardware reason 0x7"},
    {{.kind = EVENT_MSR_READ, BOTH, .addr = 0xc0000080, .value = 0xd01, .size = 8},
     "rdmsr 0xc0000080 → 0000000000000d01  EFER"},
    {{.kind = EVENT_MSR_READ, .flags = EVENT_ADDR, .addr = 0x1234, .detail = 1}, "rdmsr 0x1234 → #GP"},
    {{.kind = EVENT_MSR_WRITE, BOTH, .addr = 0x1b, .value = 0xfee00900, .detail = 1},
     "wrmsr 0x1b ← fee00900, refused with #GP  APIC_BASE"},
    {{.kind = EVENT_SYSTEM_EVENT, .addr = 2, .flags = EVENT_ADDR}, "system event 2: reset"},
    {{.kind = EVENT_HYPERCALL, BOTH, .addr = 12, .value = 0x1000}, "hypercall 12, first argument 0x1000"},
    {{.kind = EVENT_MEMORY_FAULT, BOTH, .addr = 0x1000, .value = 4096},
     "memory fault at gpa 0x1000, 4096 bytes"},
    {{.kind = EVENT_IRQ, .flags = EVENT_ADDR, .addr = 0x20, .detail = 0}, "interrupt line 0 → vector 0x20"},
    {{.kind = EVENT_IRQ, .flags = EVENT_ADDR, .addr = 0x8, .detail = 0xffff}, "interrupt → vector 0x08"},
    {{.kind = EVENT_ASSIST, .flags = EVENT_ADDR, .addr = 0xcc, .detail = ASSIST_INT3, .size = 1},
     "int3 completed by Ringside (cc)"},
    {{.kind = EVENT_ASSIST, BOTH, .addr = 0x80cd, .value = 0x80, .detail = ASSIST_INT, .size = 2},
     "int 0x80 completed by Ringside (cd 80)"},
    {{.kind = EVENT_ASSIST, .flags = EVENT_ADDR, .addr = 0xcb010f, .detail = ASSIST_STAC},
     "stac completed by Ringside (0f 01 cb)"},
    {{.kind = EVENT_ASSIST, .flags = EVENT_ADDR, .addr = UINT64_MAX, .detail = 999, .size = 8},
     "? completed by Ringside (ff ff ff ff ff ff ff ff)"},
    {{.kind = EVENT_ASSIST, .flags = EVENT_ADDR, .addr = 0x00ff0f, .detail = ASSIST_XSAVE, .size = 9},
     "xsave completed by Ringside (0f ff 00 00 00 00 00 00 …)"},
    {{.kind = EVENT_STEP}, "step: one instruction"},
    {{.kind = EVENT_STEP, .addr = 0x10b8, .size = 3, .flags = EVENT_ADDR}, "step: b8 10 00"},
    {{.kind = EVENT_STEP,
      .addr = 0x8877665544332211,
      .value = 0xaa99,
      .size = 10,
      .flags = EVENT_ADDR | EVENT_VALUE},
     "step: 11 22 33 44 55 66 77 88 99 aa"},
    {{.kind = EVENT_STEP, .addr = 1, .value = 2, .size = 255, .flags = EVENT_ADDR},
     "step: 01 00 00 00 00 00 00 00"},
    {{.kind = EVENT_MARK, .addr = 0}, "mark: paging is on"},
    {{.kind = EVENT_MARK, .addr = 1}, "mark: two?lines?[2J"},
    {{.kind = EVENT_MARK, .addr = 2}, "mark: Ü"},
    {{.kind = EVENT_MARK, .addr = 3}, "mark"},
    {{.kind = EVENT_NOTIFY, .value = 5, .flags = EVENT_VALUE},
     "notify: no interrupt could be delivered for too long, 0x5"},
    {{.kind = 150}, "exit 150: newer than this version of Ringside"},
};

static void test_wording(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text said = {0};
        event_sentence(&cases[i].ev, &names, &said);
        if (strcmp(text_str(&said), cases[i].sentence) != 0)
            fprintf(stderr, "said `%s`, should say `%s`\n", text_str(&said), cases[i].sentence);
        CU_ASSERT_STRING_EQUAL(text_str(&said), cases[i].sentence);
        text_fini(&said);
    }
}

/* Indices that a damaged trace may hold: no name, no crash, still a line. */
static void test_every_kind_says_a_line(void)
{
    static const struct event_names *const with[] = {&names, NULL};
    for (unsigned kind = 0; kind < EVENT_KIND_MAX; kind++) {
        for (size_t n = 0; n < 2; n++) {
            struct event ev;
            memset(&ev, 0xff, sizeof ev);
            ev.kind = (uint8_t)kind;
            struct text said = {0};
            event_sentence(&ev, with[n], &said);
            CU_ASSERT(said.len > 0);
            CU_ASSERT_PTR_NULL(strchr(text_str(&said), '\n'));
            text_fini(&said);
            CU_ASSERT_STRING_EQUAL(event_device_name(with[n], &ev), "");
            CU_ASSERT_STRING_EQUAL(event_reg_name(with[n], &ev), "");
        }
    }
}

static void test_names(void)
{
    CU_ASSERT_STRING_EQUAL(cpu_mode_name(MODE_REAL), "real");
    CU_ASSERT_STRING_EQUAL(cpu_mode_name(MODE_PROTECTED), "protected");
    CU_ASSERT_STRING_EQUAL(cpu_mode_name(MODE_COMPAT), "compat");
    CU_ASSERT_STRING_EQUAL(cpu_mode_name(MODE_LONG), "long");
    for (unsigned i = 0; i < ASSIST_KIND_COUNT; i++)
        CU_ASSERT_STRING_NOT_EQUAL(event_assist_name(i), "?");
    CU_ASSERT_STRING_EQUAL(event_assist_name(ASSIST_KIND_COUNT), "?");
    const struct event none = {.device = 0, .reg = 0};
    CU_ASSERT_STRING_EQUAL(event_device_name(&names, &none), "");
    const struct event no_reg = {.device = 1, .reg = 3};
    CU_ASSERT_STRING_EQUAL(event_device_name(&names, &no_reg), "uart");
    CU_ASSERT_STRING_EQUAL(event_reg_name(&names, &no_reg), "");
}

static const struct unit_test tests[] = {
    {"wording", test_wording},
    {"every kind says a line", test_every_kind_says_a_line},
    {"names of modes, assists, devices", test_names},
};
UNIT_MAIN("event sentences", tests)
