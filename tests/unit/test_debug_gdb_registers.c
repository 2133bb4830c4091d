/*
 * The registers as gdb sees them: one by one, all at once, and as the XML describes them; the memory map.
 */
#include "gdb_rig.h"

/* Fills every register's field with bits of its own that the register can hold. */
static void fill_registers(struct fake *f)
{
    __u64 *const general[] = {&f->regs.rax, &f->regs.rbx, &f->regs.rcx, &f->regs.rdx};
    for (size_t i = 0; i < 4; i++)
        *general[i] = 0x1111111111111111ull * (i + 1);
    f->regs.r15 = 0x8877665544332211ull;
    f->regs.rflags = 0x2 | RFLAGS_ZF | RFLAGS_IF;
    f->fpu.fsw = 3 << 11;
    f->fpu.ftwx = 0x18;
    memcpy(f->fpu.fpr[0], "\0\0\0\0\0\0\0\x80\xff\x3f", 10); /* 1.0 in R3 */
    f->fpu.last_ip = 0x0000123489abcdefull;
    f->fpu.last_opcode = 0x7ff;
    for (size_t i = 0; i < sizeof f->fpu.xmm; i++)
        ((uint8_t *)f->fpu.xmm)[i] = (uint8_t)(i ^ 0x5a);
    f->sregs.cr2 = 0xdeadbeef000;
    f->sregs.fs.base = 0x123456789abcull;
}

static void test_all_registers(void)
{
    struct rig r;
    uint8_t g[GDB_REGISTERS_BYTES_MAX];
    char packet[2 * GDB_REGISTERS_BYTES_MAX + 2];
    rig_open(&r, MODE_LONG, 0x7c00);
    fill_registers(&r.fake);
    const char *hex = ask(&r, "g");
    size_t len = gdb_registers_len();
    CU_ASSERT_EQUAL_FATAL(strlen(hex), 2 * len);
    struct gdb_cursor c = {hex, hex + strlen(hex)};
    CU_ASSERT_TRUE_FATAL(gdb_take_bytes(&c, g, len));
    CU_ASSERT_EQUAL(le64_load(g + place_of("rcx")), 0x3333333333333333ull);
    CU_ASSERT_EQUAL(le64_load(g + place_of("r15")), 0x8877665544332211ull);
    CU_ASSERT_EQUAL(le64_load(g + place_of("rip")), 0x7c00);
    CU_ASSERT_EQUAL(le32_load(g + place_of("eflags")), 0x242);
    CU_ASSERT_EQUAL(le32_load(g + place_of("cs")), 8);
    CU_ASSERT_EQUAL(memcmp(g + place_of("st0"), r.fake.fpu.fpr[0], 10), 0);
    CU_ASSERT_EQUAL(memcmp(g + place_of("xmm15"), r.fake.fpu.xmm[15], 16), 0);
    CU_ASSERT_EQUAL(le32_load(g + place_of("fiseg")), 0x1234);
    CU_ASSERT_EQUAL(le32_load(g + place_of("fioff")), 0x89abcdef);
    CU_ASSERT_EQUAL(le64_load(g + place_of("efer")), EFER_LME | EFER_LMA);
    CU_ASSERT_EQUAL(le64_load(g + place_of("fs_base")), 0x123456789abcull);

    /* What `g` gave, `G` takes, onto a machine where all is different, and `g` gives again. */
    snprintf(packet, sizeof packet, "G%s", hex);
    struct fake before = r.fake;
    memset(&r.fake.fpu, 0, sizeof r.fake.fpu);
    r.fake.regs = (struct kvm_regs){.rflags = 2, .rip = 1};
    r.fake.sregs.cr2 = r.fake.sregs.fs.base = 0;
    EXPECT(&r, packet, "OK");
    CU_ASSERT_EQUAL(memcmp(&r.fake.regs, &before.regs, sizeof before.regs), 0);
    CU_ASSERT_EQUAL(memcmp(&r.fake.sregs, &before.sregs, sizeof before.sregs), 0);
    CU_ASSERT_EQUAL(memcmp(&r.fake.fpu, &before.fpu, sizeof before.fpu), 0);
    EXPECT(&r, "g", packet + 1);
    rig_close(&r);
}

/* Each register read by `p` is what `g` has of it, and takes another value by `P`, alone. */
static void test_each_register(void)
{
    static const char *const refused[] = {"cs", "ss", "ds", "es", "fs", "gs"}; /* selectors, in long mode */
    struct rig r;
    char all[2 * GDB_REGISTERS_BYTES_MAX + 2], packet[96], value[40];
    const struct gdb_register *reg;
    rig_open(&r, MODE_LONG, 0x7c00);
    fill_registers(&r.fake);
    snprintf(all, sizeof all, "%s", ask(&r, "g"));
    size_t at = 0;
    for (size_t i = 0; (reg = gdb_register(i)); at += gdb_register_len(reg), i++) {
        size_t digits = 2 * gdb_register_len(reg);
        snprintf(packet, sizeof packet, "p%zx", i);
        snprintf(value, sizeof value, "%.*s", (int)digits, all + 2 * at);
        EXPECT(&r, packet, value);
        struct fake before = r.fake;
        bool refuses = false;
        for (size_t k = 0; k < sizeof refused / sizeof refused[0]; k++)
            refuses |= strcmp(reg->name, refused[k]) == 0;
        memset(value, '0', digits);
        value[1] = value[1] == '4' ? '1' : '4'; /* the lowest byte: 04 suits all */
        snprintf(packet, sizeof packet, "P%zx=%s", i, value);
        if (refuses) {
            CU_ASSERT_TRUE(begins(ask(&r, packet), "E."));
            CU_ASSERT_EQUAL(memcmp(&r.fake, &before, sizeof before), 0);
            continue;
        }
        EXPECT(&r, packet, "OK");
        snprintf(packet, sizeof packet, "p%zx", i);
        if (strcmp(reg->name, "eflags") == 0) /* bit 1 is always set */
            value[1] = '6';
        if (strcmp(reg->name, "ftag") != 0)
            EXPECT(&r, packet, value);
        CU_ASSERT_NOT_EQUAL(memcmp(&r.fake, &before, sizeof before), 0);
        r.fake = before;
    }
    rig_close(&r);
}

static void test_register_errors(void)
{
    struct rig r;
    char packet[2 * GDB_REGISTERS_BYTES_MAX + 8];
    rig_open(&r, MODE_LONG, 0x7c00);
    EXPECT(&r, "p", "E01");
    EXPECT(&r, "pxyz", "E01");
    EXPECT(&r, "pffff", "E02");
    EXPECT(&r, "pffffffffffffffff", "E02");
    EXPECT(&r, "pfffffffffffffffff", "E01");
    EXPECT(&r, "P0", "E01");
    EXPECT(&r, "P0=", "E01");
    EXPECT(&r, "P0=11", "E01");
    EXPECT(&r, "P0=112233445566778899", "E01");
    EXPECT(&r, "P0=112233445566778g", "E01");
    EXPECT(&r, "Pffff=00", "E02");
    EXPECT(&r, "G", "E01");
    EXPECT(&r, "G00", "E01");
    snprintf(packet, sizeof packet, "G%s", ask(&r, "g"));
    packet[strlen(packet) - 1] = 'x';
    EXPECT(&r, packet, "E01");
    CU_ASSERT_STRING_EQUAL(register_write(&r, "fctrl", "7f030100"), "E.fctrl has only 16 bits");
    CU_ASSERT_STRING_EQUAL(register_write(&r, "mxcsr", "801f0100"), "E.MXCSR has no bits above 15");
    r.fake.refuse = true;
    CU_ASSERT_STRING_EQUAL(register_write(&r, "rax", "0100000000000000"), "E.the CPU does not take this");
    CU_ASSERT_STRING_EQUAL(register_write(&r, "rax", "0000000000000000"), "OK"); /* it is that already */
    rig_close(&r);
}

/* The tag word of the FPU, from a bit a register and what is in it. */
static void test_tags(void)
{
    struct rig r;
    rig_open(&r, MODE_LONG, 0x7c00);
    CU_ASSERT_STRING_EQUAL(register_read(&r, "ftag"), "ffff0000");
    fill_registers(&r.fake); /* TOP is 3: ST0 is R3 (1.0), ST1 is R4 (zero) */
    CU_ASSERT_STRING_EQUAL(register_read(&r, "ftag"), "3ffd0000");
    memcpy(r.fake.fpu.fpr[1] + 8, "\xff\x7f", 2); /* infinity and its like */
    CU_ASSERT_STRING_EQUAL(register_read(&r, "ftag"), "3ffe0000");
    CU_ASSERT_STRING_EQUAL(register_write(&r, "ftag", "fcff0000"), "OK");
    CU_ASSERT_EQUAL(r.fake.fpu.ftwx, 0x01);
    rig_close(&r);
}

/* In real mode rip is linear, a write comes back as an offset, and a selector moves its base. */
static void test_real_mode(void)
{
    struct rig r;
    char big[2 * GDB_REGISTERS_BYTES_MAX + 2];
    rig_open(&r, MODE_REAL, 0x7c00);
    r.fake.sregs.cs.selector = 0x07c0;
    r.fake.sregs.cs.base = 0x7c00;
    r.fake.regs.rip = 0x0001;
    CU_ASSERT_STRING_EQUAL(register_read(&r, "rip"), "017c000000000000");
    CU_ASSERT_STRING_EQUAL(register_read(&r, "rip_offset"), "0100000000000000");
    CU_ASSERT_STRING_EQUAL(register_write(&r, "rip", "0f7c000000000000"), "OK");
    CU_ASSERT_EQUAL(r.fake.regs.rip, 0x0f);
    CU_ASSERT_TRUE(begins(register_write(&r, "rip", "ff7b000000000000"), "E.CS (base 0x7c00"));
    CU_ASSERT_TRUE(begins(register_write(&r, "rip", "007c010000000000"), "E.CS (base 0x7c00"));
    CU_ASSERT_TRUE(begins(register_write(&r, "rip", "0f7c000001000000"), "E.CS (base 0x7c00"));
    CU_ASSERT_EQUAL(r.fake.regs.rip, 0x0f);
    CU_ASSERT_STRING_EQUAL(register_write(&r, "cs", "00070000"), "OK");
    CU_ASSERT_EQUAL(r.fake.sregs.cs.base, 0x7000);
    CU_ASSERT_EQUAL(r.fake.regs.rip, 0x0f);
    CU_ASSERT_STRING_EQUAL(register_write(&r, "cs", "00000100"), "E.a selector has 16 bits");

    /* The same through G: rip counts from the segment that comes behind it. */
    snprintf(big, sizeof big, "G%s", ask(&r, "g"));
    memcpy(big + 1 + 2 * place_of("rip"), "047c0000", 8);
    memcpy(big + 1 + 2 * place_of("cs"), "c0070000", 8);
    memcpy(big + 1 + 2 * place_of("rip_offset"), "99990000", 8);
    EXPECT(&r, big, "OK");
    CU_ASSERT_EQUAL(r.fake.sregs.cs.selector, 0x7c0);
    CU_ASSERT_EQUAL(r.fake.regs.rip, 4);

    /* A breakpoint is linear and is hit wherever CS starts; cs and rip go with the stop. */
    r.fake.regs.rip = 0;
    EXPECT(&r, "Z0,7c04,1", "OK");
    const char *stop = ask(&r, "c");
    CU_ASSERT_TRUE(begins(stop, "T05thread:1;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stop, ";10:047c000000000000;"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stop, ";12:c0070000;"));
    rig_close(&r);
}

/* A whole document, read `piece` bytes at a time. */
static void document(struct rig *r, const char *which, size_t piece, struct text *out)
{
    char packet[128];
    text_clear(out);
    for (const char *answer = "m"; *answer == 'm';) {
        snprintf(packet, sizeof packet, "%s:%zx,%zx", which, out->len, piece);
        answer = ask(r, packet);
        CU_ASSERT_TRUE_FATAL(*answer == 'm' || *answer == 'l');
        CU_ASSERT_FATAL(*answer == 'l' || strlen(answer) > 1);
        text_add(out, answer + 1);
    }
}

/* The XML names the registers in the order and with the widths that `g` has; brackets close. */
static void test_description(void)
{
    struct rig r;
    struct text xml = {0}, again = {0};
    const struct gdb_register *reg;
    rig_open(&r, MODE_REAL, 0x7c00);
    document(&r, "qXfer:features:read:target.xml", 0x3ff0, &xml);
    document(&r, "qXfer:features:read:target.xml", 77, &again);
    CU_ASSERT_STRING_EQUAL(text_str(&xml), text_str(&again));
    const char *at = text_str(&xml);
    CU_ASSERT_PTR_NOT_NULL(strstr(at, "<architecture>i386:x86-64</architecture>"));
    size_t bits = 0, i = 0;
    for (; (at = strstr(at, "<reg name=\"")); i++) {
        char name[32];
        unsigned wide;
        CU_ASSERT_EQUAL_FATAL(sscanf(at, "<reg name=\"%31[^\"]\" bitsize=\"%u\"", name, &wide), 2);
        reg = gdb_register(i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(reg);
        CU_ASSERT_STRING_EQUAL(name, reg->name);
        CU_ASSERT_EQUAL(wide, reg->bits);
        bits += wide;
        at++;
    }
    CU_ASSERT_PTR_NULL(gdb_register(i));
    CU_ASSERT_EQUAL(bits, 8 * gdb_registers_len());
    CU_ASSERT_EQUAL(strlen(ask(&r, "g")), bits / 4);
    /* gdb's own numbers for the first ones */
    CU_ASSERT_EQUAL(number_of("rsp"), 7);
    CU_ASSERT_EQUAL(number_of("rip"), 16);
    CU_ASSERT_EQUAL(number_of("gs"), 23);
    CU_ASSERT_EQUAL(number_of("fop"), 39);
    CU_ASSERT_EQUAL(number_of("mxcsr"), 56);
    EXPECT(&r, "qXfer:features:read:other.xml:0,100", "E02");
    EXPECT(&r, "qXfer:features:read:target.xml:fffff,100", "E01");
    EXPECT(&r, "qXfer:features:read:target.xml:0", "E01");
    text_fini(&xml);
    text_fini(&again);
    rig_close(&r);
}

/* Every element that is opened is closed, in order. */
static void check_xml(const char *at)
{
    char stack[16][32];
    size_t depth = 0;
    for (; (at = strchr(at, '<')); at++) {
        size_t len = strcspn(at, ">");
        CU_ASSERT_EQUAL_FATAL(at[len], '>');
        if (at[1] == '?' || at[1] == '!' || at[len - 1] == '/')
            continue;
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        int name_len = (int)strcspn(name, " >");
        if (!closes) {
            CU_ASSERT_FATAL(depth < 16);
            snprintf(stack[depth++], sizeof stack[0], "%.*s", name_len, name);
            continue;
        }
        CU_ASSERT_FATAL(depth > 0);
        depth--;
        CU_ASSERT_EQUAL(strlen(stack[depth]), (size_t)name_len);
        CU_ASSERT_EQUAL(strncmp(stack[depth], name, (size_t)name_len), 0);
    }
    CU_ASSERT_EQUAL(depth, 0);
}

static void test_xml(void)
{
    struct rig r;
    struct err e;
    struct text xml = {0};
    rig_open(&r, MODE_REAL, 0x7c00);
    document(&r, "qXfer:features:read:target.xml", 0x1000, &xml);
    check_xml(text_str(&xml));
    document(&r, "qXfer:memory-map:read:", 0x1000, &xml);
    check_xml(text_str(&xml));
    CU_ASSERT_PTR_NULL(strstr(text_str(&xml), "rom"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_str(&xml), "type=\"ram\" start=\"0x0\" length=\"0x8000000000000000\""));
    CU_ASSERT_EQUAL(memory_add_rom(&r.fake.memory, 0xf0000, "rom", 3, &e), 0);
    document(&r, "qXfer:memory-map:read:", 50, &xml);
    check_xml(text_str(&xml));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&xml), "type=\"ram\" start=\"0x0\" length=\"0xf0000\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&xml), "type=\"rom\" start=\"0xf0000\" length=\"0x1000\""));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_str(&xml), "type=\"ram\" start=\"0xf1000\" length=\"0xfffffffffff0f000\""));
    text_fini(&xml);
    rig_close(&r);
}

/* Who offers little is asked for little. */
static void test_less(void)
{
    struct rig r;
    struct gdb_ops ops = fake_ops;
    ops.read_fpu = NULL;
    ops.write_fpu = NULL;
    ops.insert = NULL;
    ops.remove = NULL;
    ops.monitor = NULL;
    rig_open_ops(&r, MODE_LONG, 0x7c00, &ops, 1);
    const char *g = ask(&r, "g");
    CU_ASSERT_EQUAL(strlen(g), 2 * gdb_registers_len());
    CU_ASSERT_TRUE(begins(g + 2 * place_of("st0"), "xxxxxxxxxxxxxxxxxxxx"));
    CU_ASSERT_TRUE(begins(g + 2 * place_of("fs_base"), "0000000000000000"));
    CU_ASSERT_STRING_EQUAL(register_read(&r, "st0"), "E04");
    EXPECT(&r, "Z0,0,1", "");
    EXPECT(&r, "z0,0,1", "");
    EXPECT(&r, "qRcmd,78", "");
    EXPECT(&r, GDB_CLIENT_CAME, "");
    EXPECT(&r, GDB_CLIENT_GONE, "");
    rig_close(&r);
}

static const struct unit_test tests[] = {
    {"all registers", test_all_registers},
    {"each register", test_each_register},
    {"register errors", test_register_errors},
    {"tags", test_tags},
    {"real mode", test_real_mode},
    {"description", test_description},
    {"xml", test_xml},
    {"less", test_less},
};

UNIT_MAIN("gdb registers", tests)
