/*
 * gdb's packets against a made-up machine: what each is answered, and what it does to the machine.
 */
#include "gdb_rig.h"

static void test_memory(void)
{
    struct rig r;
    char packet[GDB_PACKET_MAX];
    rig_open(&r, MODE_REAL, 0x7c00);
    EXPECT(&r, "m7c00,4", "9048ffc0");
    EXPECT(&r, "M9000,3:a1b2c3", "OK");
    EXPECT(&r, "m8fff,5", "00a1b2c300");
    CU_ASSERT_STRING_EQUAL(ask_bytes(&r, "X9001,3:#\0$", 11), "OK"); /* as the framing gives it */
    EXPECT(&r, "m9000,5", "a123002400");
    EXPECT(&r, "X9000,0:", "OK");
    EXPECT(&r, "x0,0", "OK");
    ask(&r, "x9000,4");
    CU_ASSERT_EQUAL(r.payload.len, 4);
    CU_ASSERT_EQUAL(memcmp(r.payload.buf, "\xa1#\0$", 4), 0);
    EXPECT(&r, "m7c00,0", "");
    EXPECT(&r, "mffffe,4", "0000"); /* the last two bytes there are */
    EXPECT(&r, "m100000,4", "E03");
    EXPECT(&r, "mffffffffffffffff,4", "E03");
    EXPECT(&r, "M100000,1:00", "E03");
    EXPECT(&r, "Mfffff,2:0000", "E03");
    CU_ASSERT_EQUAL(strlen(ask(&r, "m0,ffffffffffffffff")), GDB_PACKET_MAX);
    static const char *const wrong[] = {"m",
                                        "m7c00",
                                        "m7c00,",
                                        "m,4",
                                        "m7c00,4x",
                                        "m7c00;4",
                                        "M9000,3:a1b2",
                                        "M9000,3",
                                        "M9000,1:g0",
                                        "M9000,1:a1b2",
                                        "X9000,2:a",
                                        "X9000,2:abc",
                                        "X9000,2",
                                        "x",
                                        "x0,",
                                        "M0,ffffffffffffffff:",
                                        "M0,8000000000000000:",
                                        "X0,ffffffffffffffff:a"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        EXPECT(&r, wrong[i], "E01");
    /* the longest write that a packet can hold */
    int head = snprintf(packet, sizeof packet, "M9000,1000:");
    memset(packet + head, '5', 0x2000);
    packet[head + 0x2000] = '\0';
    EXPECT(&r, packet, "OK");
    EXPECT(&r, "m9fff,2", "5500");
    rig_close(&r);
}

static void test_breakpoints(void)
{
    struct rig r;
    rig_open(&r, MODE_LONG, 0x7c00);
    EXPECT(&r, "qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=i386",
           "PacketSize=4000;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+;qXfer:features:read+;"
           "qXfer:memory-map:read+");
    EXPECT(&r, "Z0,7c04,1", "OK");
    EXPECT(&r, "Z0,7c04,1", "OK"); /* asked twice, set once */
    CU_ASSERT_EQUAL(r.fake.set_count, 1);
    CU_ASSERT_TRUE(begins(ask(&r, "vCont;c"), "T05swbreak:;thread:1;"));
    CU_ASSERT_EQUAL(r.fake.regs.rip, 0x7c04);
    EXPECT(&r, "z0,7c04,1", "OK");
    EXPECT(&r, "z0,7c04,1", "OK");
    CU_ASSERT_EQUAL(r.fake.set_count, 0);
    EXPECT(&r, "Z1,7c07,0", "OK");
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T05hwbreak:;thread:1;"));
    EXPECT(&r, "z1,7c07,0", "OK");
    EXPECT(&r, "Z2,9004,4", "OK");
    r.fake.regs.rax = 2;
    CU_ASSERT_TRUE(
        begins(ask(&r, "c"), "T05thread:1;")); /* an access beside what gdb watches is none of its */
    EXPECT(&r, "z2,9004,4", "OK");
    EXPECT(&r, "Z3,9000,8", "OK");
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T05rwatch:9000;thread:1;"));
    EXPECT(&r, "z3,9000,8", "OK");
    EXPECT(&r, "Z4,8fff,2", "OK");
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T05awatch:9000;thread:1;"));
    EXPECT(&r, "z4,8fff,2", "OK");
    EXPECT(&r, "Z2,9000,8", "OK");
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T05watch:9000;thread:1;"));

    /* A stop at somebody else's breakpoint: gdb must not hear "swbreak". */
    EXPECT(&r, "z2,9000,8", "OK");
    struct err e;
    CU_ASSERT_EQUAL(fake_insert(&r.fake, GDB_BREAK_SOFT, 0x7c01, 1, &e), 0);
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T05thread:1;"));
    CU_ASSERT_EQUAL(r.fake.regs.rip, 0x7c01);

    static const char *const wrong[] = {"Z",         "Z5,0,1",  "Z0,0",           "Z0,0,1;X1,00",
                                        "Z2,9000,0", "z9,1,1",  "Z2,9000,100000", "Z2,0,ffffffffffffffff",
                                        "Z,,",       "Z100,0,1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        EXPECT(&r, wrong[i], "E01");
    r.fake.refuse = true;
    EXPECT(&r, "Z0,7c04,1", "E04");
    rig_close(&r);
}

/* As many as one likes, up to a bound; all go with the client. */
static void test_many_breakpoints(void)
{
    struct rig r;
    char packet[32];
    unsigned set = 0;
    rig_open(&r, MODE_LONG, 0x7c00);
    for (unsigned i = 0; i < FAKE_BREAKS; i++) {
        snprintf(packet, sizeof packet, "Z0,%x,1", i);
        const char *answer = ask(&r, packet);
        set += strcmp(answer, "OK") == 0;
        CU_ASSERT_TRUE(strcmp(answer, "OK") == 0 || strcmp(answer, "E04") == 0);
    }
    CU_ASSERT_EQUAL(set, 256);
    CU_ASSERT_EQUAL(r.fake.set_count, set);
    EXPECT(&r, GDB_CLIENT_GONE, "");
    CU_ASSERT_EQUAL(r.reply.len, 0);
    CU_ASSERT_EQUAL(r.fake.set_count, 0);
    CU_ASSERT_FALSE(r.fake.detached || r.fake.killed);
    EXPECT(&r, GDB_CLIENT_CAME, "");
    EXPECT(&r, "Z0,7c04,1", "OK");
    EXPECT(&r, "D", "OK");
    CU_ASSERT_FALSE(r.on);
    CU_ASSERT_TRUE(r.fake.detached);
    CU_ASSERT_EQUAL(r.fake.set_count, 0);
    rig_close(&r);
}

/* What a step answers: all that gdb wants to know. */
static void test_step(void)
{
    struct rig r;
    rig_open(&r, MODE_LONG, 0x7c00);
    r.fake.regs.rbx = 0xbb;
    const char *stop = ask(&r, "vCont;s:1;c");
    CU_ASSERT_TRUE(begins(stop, "T05thread:1;0:0000000000000000;1:bb00000000000000;2:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stop, ";10:017c000000000000;11:02000000;12:08000000;13:10000000;"));
    CU_ASSERT_EQUAL(r.fake.steps, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "s"), ";10:047c000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "S05"), ";10:077c000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "s7c01"), "T05thread:1;0:0300000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "S05;7c01"), "T05thread:1;0:0400000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "vCont;S05"), "T05thread:1;0:0500000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ask(&r, "?"), "T05thread:1;0:0500000000000000;"));
    CU_ASSERT_EQUAL(r.fake.steps, 6);
    r.fake.steps_most = 10;
    CU_ASSERT_TRUE(begins(ask(&r, "c"), "T02thread:1;"));
    CU_ASSERT_TRUE(begins(ask(&r, "C05"), "T02thread:1;"));
    CU_ASSERT_TRUE(begins(ask(&r, "vCont;c:-1"), "T02thread:1;"));
    CU_ASSERT_TRUE(begins(ask(&r, "vCont;C02:1;c"), "T02thread:1;"));
    CU_ASSERT_EQUAL(r.fake.steps, 46);
    static const char *const wrong[] = {"vCont;",   "vCont;x",  "vCont;s:2",  "vCont;s:zz", "vCont;C",
                                        "vCont;Cg", "vCont;s;", "vCont;s,c",  "cxyz",       "S",
                                        "S5",       "C05x",     "vCont;s:1:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        EXPECT(&r, wrong[i], "E01");
    CU_ASSERT_EQUAL(r.fake.steps, 46);
    EXPECT(&r, "vCont?", "vCont;c;C;s;S");
    r.fake.refuse = true;
    stop = ask(&r, "vCont;s:1");
    CU_ASSERT_TRUE(begins(stop, "O7468697320686f73742063616e6e6f7420737465702068657265\nO0a\nT11thread:1;"));
    rig_close(&r);
}

static void test_end(void)
{
    struct rig r;
    struct err e;
    rig_open(&r, MODE_LONG, 0x7c00);
    CU_ASSERT_EQUAL(memory_write(&r.fake.memory, 0x7c01, "\xf4", 1, &e), 0);
    EXPECT(&r, "c", "W07");
    EXPECT(&r, "?", "W07");
    EXPECT(&r, "vCont;s:1", "W07");
    EXPECT(&r, "m7c01,1", "f4");
    EXPECT(&r, "k", "");
    CU_ASSERT_EQUAL(r.reply.len, 0);
    CU_ASSERT_TRUE(r.fake.killed);
    CU_ASSERT_FALSE(r.on);
    rig_close(&r);

    /* A guest that died can still be looked at, until it is asked to go on. */
    rig_open(&r, MODE_LONG, 0x7c00);
    CU_ASSERT_EQUAL(memory_write(&r.fake.memory, 0x7c01, "\x0f\x0b", 2, &e), 0);
    const char *stop = ask(&r, "c");
    CU_ASSERT_TRUE(begins(stop, "O747269706c65206661756c743a206d616465207570\nO0a\nT0bthread:1;"));
    uint64_t steps = r.fake.steps;
    CU_ASSERT_TRUE(begins(ask(&r, "?"), "T0bthread:1;"));
    EXPECT(&r, "vCont;C0b", "X0b");
    EXPECT(&r, "?", "X0b");
    EXPECT(&r, "s", "X0b");
    CU_ASSERT_EQUAL(r.fake.steps, steps);
    EXPECT(&r, GDB_CLIENT_CAME, "");
    CU_ASSERT_TRUE(begins(ask(&r, "?"), "T0bthread:1;"));
    EXPECT(&r, "vKill;1", "OK");
    CU_ASSERT_TRUE(r.fake.killed);
    CU_ASSERT_FALSE(r.on);
    rig_close(&r);
}

static void test_threads(void)
{
    struct rig r;
    rig_open_ops(&r, MODE_REAL, 0x7c00, &fake_ops, 2);
    EXPECT(&r, "qC", "QC1");
    EXPECT(&r, "qfThreadInfo", "m1,2");
    EXPECT(&r, "qsThreadInfo", "l");
    EXPECT(&r, "T1", "OK");
    EXPECT(&r, "T2", "OK");
    EXPECT(&r, "T3", "E02");
    EXPECT(&r, "T", "E02");
    EXPECT(&r, "Hg2", "OK");
    EXPECT(&r, "qC", "QC2");
    EXPECT(&r, "Hg3", "E02");
    EXPECT(&r, "Hc-1", "OK");
    EXPECT(&r, "Hg0", "OK");
    EXPECT(&r, "Hx1", "E01");
    EXPECT(&r, "Hg", "E02");
    EXPECT(&r, "Hg1x", "E02");
    CU_ASSERT_TRUE(begins(ask(&r, "vCont;s:2"), "T05thread:2;"));
    EXPECT(&r, "qC", "QC2");
    EXPECT(&r, "qThreadExtraInfo,1",
           "7643505520302c207265616c206d6f64652c2043504c20302c20303030303a3030303037633031");
    EXPECT(&r, "qThreadExtraInfo,9", "E02");
    rig_close(&r);
}

static void test_queries(void)
{
    struct rig r;
    rig_open(&r, MODE_LONG, 0x7c00);
    EXPECT(&r, "qAttached", "1");
    EXPECT(&r, "qAttached:1", "1");
    EXPECT(&r, "qOffsets", "Text=0;Data=0;Bss=0");
    EXPECT(&r, "QStartNoAckMode", "OK");
    EXPECT(&r, "qSymbol::", "OK");
    EXPECT(&r, "!", "OK");
    static const char *const unknown[] = {"",
                                          "vMustReplyEmpty",
                                          "qTStatus",
                                          "qCRC:0,1",
                                          "R00",
                                          "vAttach;1",
                                          "vRun",
                                          "QThreadSuffixSupported",
                                          "!x",
                                          "?x",
                                          "kx",
                                          "\x03",
                                          "qXfer:auxv:read::0,100",
                                          "A",
                                          "b",
                                          "\xff\xff"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        EXPECT(&r, unknown[i], "");
    CU_ASSERT_EQUAL(r.reply.len, strlen("$#00"));
    EXPECT(&r, "Dx", "E01");
    CU_ASSERT_FALSE(r.fake.killed || r.fake.detached);
    rig_close(&r);
}

static void test_monitor(void)
{
    struct rig r;
    struct text all = {0};
    rig_open(&r, MODE_LONG, 0x7c00);
    EXPECT(&r, "qRcmd,72656773",
           "O72617820307830202063732030303038"
           "0a\nOK");
    CU_ASSERT_STRING_EQUAL(r.fake.command, "regs");
    EXPECT(&r, "qRcmd,78", "O6e6f207375636820636f6d6d616e643a20780a\nOK"); /* why it failed */
    EXPECT(&r, "qRcmd,7", "E01");
    EXPECT(&r, "qRcmd,7g", "E01");
    EXPECT(&r, "qRcmd,780079", "E01");
    CU_ASSERT_STRING_EQUAL(r.fake.command, "x");
    /* Long output comes in several packets, none too long, and nothing is lost. */
    ask(&r, "qRcmd,6c6f6e67");
    unsigned packets = 0;
    char *line = r.payload.buf;
    for (char *end; (end = strchr(line, '\n')); line = end + 1, packets++) {
        CU_ASSERT_EQUAL(*line, 'O');
        CU_ASSERT_TRUE(end - line <= GDB_PACKET_MAX);
        struct gdb_cursor c = {line + 1, end};
        uint8_t bytes[GDB_PACKET_MAX / 2];
        size_t n = gdb_left(&c) / 2;
        CU_ASSERT_TRUE_FATAL(gdb_take_bytes(&c, bytes, n));
        text_addn(&all, (const char *)bytes, n);
    }
    CU_ASSERT_STRING_EQUAL(line, "OK");
    CU_ASSERT_EQUAL(packets, 4);
    CU_ASSERT_TRUE(begins(text_str(&all), "line 0\nline 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&all), "\nline 2998\nline 2999\n"));
    CU_ASSERT_EQUAL(all.len, 10 * 7 + 90 * 8 + 900 * 9 + 2000 * 10);
    text_fini(&all);
    rig_close(&r);
}

static void test_lets_run(void)
{
    static const char *const run[] = {"c", "s", "C05", "S05;1000", "vCont;c", "qRcmd,00"};
    static const char *const stand[] = {"", "g", "vCont?", "qC", "m0,4", "D", "k", "\001"};
    for (size_t i = 0; i < sizeof run / sizeof run[0]; i++)
        CU_ASSERT_TRUE(gdb_lets_run(run[i], strlen(run[i])));
    for (size_t i = 0; i < sizeof stand / sizeof stand[0]; i++)
        CU_ASSERT_FALSE(gdb_lets_run(stand[i], strlen(stand[i])));
}

static const struct unit_test tests[] = {
    {"memory", test_memory},   {"breakpoints", test_breakpoints}, {"many breakpoints", test_many_breakpoints},
    {"step", test_step},       {"the guest's end", test_end},     {"threads", test_threads},
    {"queries", test_queries}, {"monitor", test_monitor},         {"what lets run", test_lets_run},
};

UNIT_MAIN("gdb server", tests)
