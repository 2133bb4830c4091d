/*
 * The receiver and the interrupts of the UART against the PC16550D data sheet, sections "FIFO Control
 * Register" and "Interrupt Identification Register".
 */
#include "uart_rig.h"

static void test_receive_one(void)
{
    struct rig r;
    set_up(&r, 0, 0x01);
    CU_ASSERT_EQUAL(uart_room(r.device), 1);
    CU_ASSERT_EQUAL(receive(&r, "xy"), 1);
    CU_ASSERT_EQUAL(uart_room(r.device), 0);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x04);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(in(&r, RBR), 'x');
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x01);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(in(&r, RBR), 'x');
    rig_fini(&r);
}

static void test_fifo_order_and_size(void)
{
    struct rig r;
    set_up(&r, 0x01, 0);
    CU_ASSERT_EQUAL(uart_room(r.device), 16);
    CU_ASSERT_EQUAL(receive(&r, "0123456789"), 10);
    for (char c = '0'; c < '5'; c++)
        CU_ASSERT_EQUAL(in(&r, RBR), c);
    CU_ASSERT_EQUAL(receive(&r, "abcdefghijklmnop"), 11);
    CU_ASSERT_EQUAL(uart_room(r.device), 0);
    CU_ASSERT_EQUAL(receive(&r, "z"), 0);
    const char *expected = "56789abcdefghijk";
    for (size_t i = 0; i < 16; i++) {
        CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
        CU_ASSERT_EQUAL(in(&r, RBR), expected[i]);
    }
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    rig_fini(&r);
}

/* FCR bits 6 and 7; the interrupt stays until the FIFO is below the level. */
static void test_fifo_trigger(void)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    for (unsigned i = 0; i < 4; i++) {
        struct rig r;
        set_up(&r, (uint8_t)(0x01 | i << 6), 0x01);
        for (unsigned n = 1; n <= 16; n++) {
            CU_ASSERT_EQUAL(receive(&r, "c"), 1);
            CU_ASSERT_EQUAL(r.irq, n >= levels[i]);
            CU_ASSERT_EQUAL(in(&r, IIR), n >= levels[i] ? 0xc4 : 0xc1);
        }
        for (unsigned n = 15; n + 1 > 0; n--) {
            in(&r, RBR);
            CU_ASSERT_EQUAL(r.irq, n >= levels[i]);
        }
        rig_fini(&r);
    }
}

/* FCR: without bit 0 no other bit counts; bit 1 empties the receiver and clears itself; bit 0 changing
 * empties too. */
static void test_fifo_control(void)
{
    struct rig r;
    set_up(&r, 0x00, 0x01);
    CU_ASSERT_EQUAL(in(&r, IIR) & 0xc0, 0);
    receive(&r, "a");
    out(&r, FCR, 0xc6);
    CU_ASSERT_EQUAL(in(&r, IIR) & 0xc0, 0);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    out(&r, FCR, 0x81);
    CU_ASSERT_EQUAL(in(&r, IIR) & 0xc0, 0xc0);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    receive(&r, "12345678");
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc4);
    out(&r, FCR, 0x81);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    out(&r, FCR, 0x83);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc1);
    CU_ASSERT_EQUAL(uart_room(r.device), 16);
    receive(&r, "ab");
    out(&r, FCR, 0x00);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x01);
    CU_ASSERT_EQUAL(uart_room(r.device), 1);
    rig_fini(&r);
}

/* 8N1 at 115200 baud: a character is 10 bits of 8680.55 ns, four are 347222 ns. */
static void test_timeout(void)
{
    struct rig r;
    set_up(&r, 0x41, 0x01);
    CU_ASSERT_EQUAL(uart_ops.deadline_ns(r.device), DEVICE_NEVER_NS);
    receive(&r, "ab");
    rig_pass(&r, 347000);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc1);
    rig_pass(&r, 300);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xcc);
    CU_ASSERT_EQUAL(in(&r, RBR), 'a');
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc1);
    rig_pass(&r, 347000);
    CU_ASSERT_FALSE(r.irq);
    rig_pass(&r, 300);
    CU_ASSERT(r.irq);
    in(&r, RBR);
    rig_pass(&r, 1000000);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(uart_ops.deadline_ns(r.device), DEVICE_NEVER_NS);
    rig_fini(&r);
}

/* Each byte that comes starts the time anew; the level's own interrupt goes before it; slower lines wait
 * longer. */
static void test_timeout_restart(void)
{
    struct rig r;
    set_up(&r, 0x41, 0x01);
    receive(&r, "a");
    rig_pass(&r, 300000);
    receive(&r, "b");
    rig_pass(&r, 300000);
    CU_ASSERT_FALSE(r.irq);
    receive(&r, "cd");
    rig_pass(&r, 1000000);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc4);
    out(&r, FCR, 0x43);
    out(&r, LCR, 0x83);
    out(&r, DLL, 12);
    out(&r, LCR, 0x03);
    receive(&r, "a");
    rig_pass(&r, 4166000);
    CU_ASSERT_FALSE(r.irq);
    rig_pass(&r, 1000);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

/* Data sheet, "THRE": raised by enabling it while THR is empty and by THR becoming empty; taken back by
 * reading IIR when that is what IIR says, and by writing THR. */
static void test_thre(void)
{
    struct rig r;
    set_up(&r, 0, 0);
    CU_ASSERT_FALSE(r.irq);
    out(&r, IER, 0x02);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x02);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x01);
    out(&r, IER, 0x02);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x01);
    out(&r, IER, 0x00);
    out(&r, IER, 0x02);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x02);
    out(&r, THR, 'a');
    CU_ASSERT(r.irq);
    unsigned rises = r.irq_rises;
    out(&r, THR, 'b');
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(r.irq_rises, rises + 1);
    /* A higher source hides it, and reading IIR then takes nothing away. */
    out(&r, IER, 0x03);
    receive(&r, "x");
    CU_ASSERT_EQUAL(in(&r, IIR), 0x04);
    in(&r, RBR);
    CU_ASSERT_EQUAL(in(&r, IIR), 0x02);
    rig_fini(&r);
}

/* Table "Interrupt Control Functions": all five at once, taken away from the first to the last. */
static void test_priorities(void)
{
    struct rig r;
    set_up(&r, 0x01, 0x0f);
    in(&r, IIR);
    out(&r, MCR, 0x1f);
    in(&r, MSR);
    for (unsigned i = 0; i < 17; i++)
        out(&r, THR, (uint8_t)i);
    out(&r, MCR, 0x0b);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc6);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x63);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc4);
    for (unsigned i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(in(&r, RBR), i);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc2);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc0);
    CU_ASSERT(r.irq);
    in(&r, MSR);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xc1);
    CU_ASSERT_FALSE(r.irq);
    rig_fini(&r);
}

/* Each source is silent without its bit in IER. */
static void test_enables(void)
{
    static const uint8_t ids[4] = {0x04, 0x02, 0x06, 0x00};
    for (unsigned bit = 0; bit < 4; bit++) {
        struct rig r;
        set_up(&r, 0, 0);
        out(&r, MCR, 0x1f);
        out(&r, THR, 'a');
        out(&r, THR, 'b');
        out(&r, MCR, 0x0b);
        CU_ASSERT_EQUAL(in(&r, IIR), 0x01);
        CU_ASSERT_FALSE(r.irq);
        out(&r, IER, (uint8_t)(1 << bit));
        CU_ASSERT_EQUAL(in(&r, IIR), ids[bit]);
        rig_fini(&r);
    }
}

/* One register: the newer byte wins. A FIFO: the older ones stay. LSR is cleared by reading it. */
static void test_overrun(void)
{
    struct rig r;
    set_up(&r, 0, 0);
    out(&r, MCR, 0x10);
    out(&r, THR, '1');
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    out(&r, THR, '2');
    CU_ASSERT_EQUAL(in(&r, LSR), 0x63);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    CU_ASSERT_EQUAL(in(&r, RBR), '2');
    out(&r, FCR, 0x01);
    for (unsigned i = 0; i < 18; i++)
        out(&r, THR, (uint8_t)('a' + i));
    CU_ASSERT_EQUAL(in(&r, LSR), 0x63);
    for (unsigned i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(in(&r, RBR), 'a' + i);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_EQUAL(r.sent.len, 0);
    rig_fini(&r);
}

/* On a PC the pin goes through OUT2, which loopback holds inactive. IIR does not care. */
static void test_out2_gate(void)
{
    struct rig r;
    set_up(&r, 0, 0x01);
    out(&r, MCR, 0x03);
    receive(&r, "a");
    CU_ASSERT_EQUAL(in(&r, IIR), 0x04);
    CU_ASSERT_FALSE(r.irq);
    out(&r, MCR, 0x0b);
    CU_ASSERT(r.irq);
    out(&r, MCR, 0x1b);
    CU_ASSERT_FALSE(r.irq);
    out(&r, MCR, 0x0b);
    CU_ASSERT(r.irq);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"receiving without FIFO", test_receive_one}, {"FIFO order and size", test_fifo_order_and_size},
    {"FIFO trigger levels", test_fifo_trigger},   {"FIFO control register", test_fifo_control},
    {"character time-out", test_timeout},         {"character time-out starts anew", test_timeout_restart},
    {"transmitter empty interrupt", test_thre},   {"interrupt priorities", test_priorities},
    {"interrupt enables", test_enables},          {"overrun", test_overrun},
    {"OUT2 gates the interrupt", test_out2_gate},
};

UNIT_MAIN("device uart interrupts", tests)
