/*
 * The UART against the tables of the PC16550D data sheet.
 */
#include "uart_rig.h"

/* Table "UART Reset Configuration". */
static void test_reset(void)
{
    struct rig r;
    static const struct {
        unsigned offset;
        uint8_t value;
    } table[] = {{IER, 0x00}, {IIR, 0x01}, {LCR, 0x00}, {MCR, 0x00}, {LSR, 0x60}};
    set_up(&r, 0xc7, 0x0f);
    out(&r, SCR, 0x5a);
    receive(&r, "left over");
    r.device->ops->reset(r.device);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        CU_ASSERT_EQUAL(in(&r, table[i].offset), table[i].value);
    CU_ASSERT_EQUAL(in(&r, MSR) & 0x0f, 0);
    CU_ASSERT_EQUAL(in(&r, SCR), 0x5a);
    CU_ASSERT_FALSE(r.irq);
    rig_fini(&r);
}

/* Which register an access hits, by offset, direction and DLAB. */
static void test_register_names(void)
{
    static const char *const reads[2][8] = {{"RBR", "IER", "IIR", "LCR", "MCR", "LSR", "MSR", "SCR"},
                                            {"DLL", "DLM", "IIR", "LCR", "MCR", "LSR", "MSR", "SCR"}};
    static const char *const writes[2][8] = {{"THR", "IER", "FCR", "LCR", "MCR", "LSR", "MSR", "SCR"},
                                             {"DLL", "DLM", "FCR", "LCR", "MCR", "LSR", "MSR", "SCR"}};
    struct rig r;
    rig_init(&r, &uart_ops);
    for (unsigned dlab = 0; dlab < 2; dlab++) {
        for (unsigned offset = 0; offset < 8; offset++) {
            out(&r, LCR, (uint8_t)(dlab << 7));
            in(&r, offset);
            CU_ASSERT(rig_hit(&r, reads[dlab][offset]));
            out(&r, offset, 0);
            CU_ASSERT(rig_hit(&r, writes[dlab][offset]));
        }
    }
    rig_fini(&r);
}

static void test_dlab_divisor(void)
{
    struct rig r;
    rig_init(&r, &uart_ops);
    out(&r, IER, 0x05);
    out(&r, LCR, 0x83);
    out(&r, DLL, 0x34);
    out(&r, DLM, 0x12);
    CU_ASSERT_EQUAL(in(&r, DLL), 0x34);
    CU_ASSERT_EQUAL(in(&r, DLM), 0x12);
    CU_ASSERT_EQUAL(r.sent.len, 0);
    out(&r, LCR, 0x03);
    CU_ASSERT_EQUAL(in(&r, IER), 0x05);
    CU_ASSERT_EQUAL(in(&r, LCR), 0x03);
    out(&r, THR, 'A');
    out(&r, LCR, 0x83);
    CU_ASSERT_EQUAL(in(&r, DLL), 0x34);
    CU_ASSERT_STRING_EQUAL(text_str(&r.sent), "A");
    rig_fini(&r);
}

/* The bits that are always 0, and the scratch register that has none. */
static void test_masks(void)
{
    struct rig r;
    rig_init(&r, &uart_ops);
    out(&r, IER, 0xff);
    CU_ASSERT_EQUAL(in(&r, IER), 0x0f);
    out(&r, MCR, 0xff);
    CU_ASSERT_EQUAL(in(&r, MCR), 0x1f);
    for (unsigned v = 0; v < 256; v++) {
        out(&r, SCR, (uint8_t)v);
        CU_ASSERT_EQUAL(in(&r, SCR), v);
    }
    rig_fini(&r);
}

static void test_send(void)
{
    struct rig r;
    set_up(&r, 0, 0);
    out(&r, THR, 'o');
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    out(&r, THR, 'k');
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_STRING_EQUAL(text_str(&r.sent), "ok");
    rig_fini(&r);
}

/* Writing the status registers changes nothing. */
static void test_status_is_read_only(void)
{
    struct rig r;
    set_up(&r, 0, 0);
    uint8_t msr = in(&r, MSR);
    out(&r, LSR, 0xff);
    out(&r, MSR, 0xff);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    CU_ASSERT_EQUAL(in(&r, MSR), msr);
    rig_fini(&r);
}

/* A terminal that is on: CTS, DSR and DCD. */
static void test_modem_cable(void)
{
    struct rig r;
    rig_init(&r, &uart_ops);
    CU_ASSERT_EQUAL(in(&r, MSR), 0xb0);
    out(&r, MCR, 0x0f);
    CU_ASSERT_EQUAL(in(&r, MSR), 0xb0);
    rig_fini(&r);
}

/* Loopback: RTS-CTS, DTR-DSR, OUT1-RI, OUT2-DCD, and the delta bits, where RI counts only when it ends. */
static void test_loopback_modem(void)
{
    static const struct {
        uint8_t mcr, msr, delta_on, delta_off;
    } table[] = {{0x02, 0x10, 0x01, 0x01},
                 {0x01, 0x20, 0x02, 0x02},
                 {0x04, 0x40, 0x00, 0x04},
                 {0x08, 0x80, 0x08, 0x08}};
    struct rig r;
    rig_init(&r, &uart_ops);
    out(&r, MCR, 0x10);
    CU_ASSERT_EQUAL(in(&r, MSR), 0x0b);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        out(&r, MCR, (uint8_t)(0x10 | table[i].mcr));
        CU_ASSERT_EQUAL(in(&r, MSR), table[i].msr | table[i].delta_on);
        CU_ASSERT_EQUAL(in(&r, MSR), table[i].msr);
        out(&r, MCR, 0x10);
        CU_ASSERT_EQUAL(in(&r, MSR), table[i].delta_off);
    }
    out(&r, MCR, 0x1a);
    in(&r, MSR);
    CU_ASSERT_EQUAL(in(&r, MSR), 0x90);
    rig_fini(&r);
}

static void test_loopback_data(void)
{
    struct rig r;
    set_up(&r, 0x07, 0);
    out(&r, MCR, 0x1e);
    out(&r, THR, 0xae);
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    CU_ASSERT_EQUAL(in(&r, RBR), 0xae);
    CU_ASSERT_EQUAL(r.sent.len, 0);
    out(&r, MCR, 0x0f);
    out(&r, THR, '!');
    CU_ASSERT_STRING_EQUAL(text_str(&r.sent), "!");
    CU_ASSERT_EQUAL(in(&r, LSR), 0x60);
    rig_fini(&r);
}

static void damage(struct rig *r)
{
    r->device->ops->reset(r->device);
    out(r, SCR, 0x11);
    out(r, FCR, 0x81);
    receive(r, "others");
}

static void test_round_trip(void)
{
    struct rig r;
    set_up(&r, 0x41, 0x0d);
    out(&r, SCR, 0xa5);
    receive(&r, "abc");
    in(&r, RBR);
    out(&r, MCR, 0x10);
    out(&r, MCR, 0x0b);
    rig_pass(&r, 1000);
    rig_round_trip(&r, damage);
    CU_ASSERT_EQUAL(in(&r, MSR), 0xbb);
    CU_ASSERT_EQUAL(in(&r, SCR), 0xa5);
    rig_pass(&r, 400000);
    CU_ASSERT_EQUAL(in(&r, IIR), 0xcc);
    CU_ASSERT_EQUAL(in(&r, RBR), 'b');
    CU_ASSERT_EQUAL(in(&r, RBR), 'c');
    receive(&r, "zz");
    rig_corrupt(&r);
    rig_fini(&r);
}

static uint64_t any_step(struct rig *r, uint32_t chance)
{
    unsigned offset = chance >> 4 & 7;
    uint8_t value = (uint8_t)(chance >> 8);
    switch (chance & 7) {
    case 0:
    case 1:
        /* DLAB stays off most of the time, so that the data registers are seen. */
        out(r, offset, offset == LCR && (value & 0x70) ? value & 0x7f : value);
        return 0;
    case 2:
        return uart_receive(r->device, &value, 1);
    case 3:
        rig_pass(r, chance >> 8);
        return r->irq;
    default:
        return in(r, offset);
    }
}

static void test_twins(void)
{
    rig_twins(&uart_ops, any_step, 200, 60);
}

/* What no series of accesses can lead to is not restored: FIFO settings without FIFO, more bytes than fit,
 * modem inputs that nobody drives, a time-out of nothing. */
static void test_impossible_states(void)
{
    enum { FCR_AT = 2 + 3, MSR_AT = 2 + 7, COUNT_AT = 2 + 11 + 16 + 1, TIMED_OUT_AT = COUNT_AT + 2 };
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {{FCR_AT, 0xc0}, {COUNT_AT, 2}, {COUNT_AT, 17}, {MSR_AT, 0x30}, {TIMED_OUT_AT, 1}};
    struct rig r;
    rig_init(&r, &uart_ops);
    struct rig_view v = rig_view(&r);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char kept = v.saved.buf[table[i].at];
        v.saved.buf[table[i].at] = (char)table[i].value;
        CU_ASSERT(rig_restore(&r, v.saved.buf, v.saved.len) == -1);
        v.saved.buf[table[i].at] = kept;
    }
    CU_ASSERT(rig_restore(&r, v.saved.buf, v.saved.len) == 0);
    rig_view_fini(&v);
    rig_fini(&r);
}

static void test_describe(void)
{
    struct rig r;
    set_up(&r, 0x41, 0x01);
    receive(&r, "hi");
    CU_ASSERT(rig_shows(&r, "RBR  68  2 of 16 bytes waiting\n"));
    CU_ASSERT(rig_shows(&r, "FIFO 68 69\n"));
    CU_ASSERT(rig_shows(&r, "IIR  c1  no interrupt\n"));
    CU_ASSERT(rig_shows(&r, "FCR  41  FIFOs on, trigger at 4\n"));
    CU_ASSERT(rig_shows(&r, "MCR  0b  OUT2 RTS DTR\n"));
    CU_ASSERT(rig_shows(&r, "MSR  b0  DCD DSR CTS\n"));
    CU_ASSERT(rig_shows(&r, "LSR  61  TEMT THRE DR\n"));
    CU_ASSERT(rig_shows(&r, "IER  01  ERBFI\n"));
    CU_ASSERT(rig_shows(&r, "LCR  03  8N1\n"));
    CU_ASSERT(rig_shows(&r, "115200 baud"));
    CU_ASSERT_EQUAL(in(&r, LSR), 0x61);
    rig_pass(&r, 1000000);
    CU_ASSERT(rig_shows(&r, "IIR  cc  received data waiting (time-out)\n"));
    out(&r, LCR, 0x9d);
    CU_ASSERT(rig_shows(&r, "LCR  9d  6E2 DLAB\n"));
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"reset values", test_reset},
    {"register by offset, direction and DLAB", test_register_names},
    {"DLAB and divisor", test_dlab_divisor},
    {"bits that are always zero", test_masks},
    {"sending", test_send},
    {"status registers are read-only", test_status_is_read_only},
    {"modem inputs", test_modem_cable},
    {"loopback of modem lines", test_loopback_modem},
    {"loopback of data", test_loopback_data},
    {"save and restore", test_round_trip},
    {"a restored twin behaves the same", test_twins},
    {"impossible states are refused", test_impossible_states},
    {"describe", test_describe},
};

UNIT_MAIN("device uart", tests)
