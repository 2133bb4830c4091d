/*
 * The views of the IDT in both widths, of the real mode's vectors and of the TSS: sound ones to the letter,
 * and for each thing that can be wrong the sentence that says so.
 */
#include "look_rig.h"

#include "debug/descriptors.h"

enum { IDT = 0x2000, GDT = 0x3000, TSS = 0x4000, STACK = 0x9000 };

#define CODE64    0x00af9b000000ffffull
#define CODE32    0x00cf9b000000ffffull
#define DATA      0x00cf93000000ffffull
#define USER_CODE 0x00affb000000ffffull
#define GATE      0x00108e0000080000ull /* to 0x08:0x100000, an interrupt gate of ring 0 */

/* Long mode with a GDT (code 64-bit, data, code 32-bit, user code, code absent), a TSS at 0x40 and a GATE for
 * each exception; protected mode with the same GDT less what it lacks. */
static void gates_init(struct rig *r, enum cpu_mode mode)
{
    static const uint64_t gdt[10] = {
        0, CODE64, DATA, CODE32, 0, USER_CODE, CODE64 & ~(1ull << 47), 0, 0x00008b0040000067};
    bool wide = mode == MODE_LONG;
    rig_init(r, mode);
    for (size_t i = 0; i < 10; i++)
        rig_put64(r, GDT + i * 8, gdt[i]);
    if (!wide)
        rig_put64(r, GDT + 8, CODE32);
    r->t.sregs.gdt = (struct kvm_dtable){.base = GDT, .limit = 10 * 8 - 1};
    r->t.sregs.idt = (struct kvm_dtable){.base = IDT, .limit = wide ? 0xfff : 0x7ff};
    for (size_t i = 0; i < 32; i++)
        rig_put64(r, IDT + i * (wide ? 16 : 8), GATE);
    r->t.sregs.tr =
        (struct kvm_segment){.base = TSS, .limit = 0x67, .type = 11, .present = 1, .selector = 0x40};
    rig_put(r, TSS + 0x66, 0x68, 2);
    rig_put64(r, TSS + 4, wide ? STACK : STACK | (uint64_t)0x10 << 32);
}

static void test_idt(void)
{
    struct rig r;
    struct err e;
    gates_init(&r, MODE_LONG);
    rig_put64(&r, IDT + 8 * 16, GATE | 1ull << 32);
    rig_put64(&r, TSS + 0x24, STACK);
    rig_put64(&r, IDT + 3 * 16, GATE | 3ull << 45 | 1ull << 40);
    rig_put64(&r, IDT + 128 * 16, GATE & ~(1ull << 47));
    rig_put64(&r, IDT + 128 * 16 + 8, 0xffff8000);
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "IDT at 0x2000 (gpa 0x2000), limit 0xfff: 256 gates\n"
               "vec       target               dpl   gate\n"
               "  0  #DE  0008:0000000000100000  0  P  64-bit interrupt gate\n"
               "  1-2: 2 more like it\n"
               "  3  #BP  0008:0000000000100000  3  P  64-bit trap gate\n"
               "  4  #OF  0008:0000000000100000  0  P  64-bit interrupt gate\n"
               "  5-7: 3 more like it\n"
               "  8  #DF  0008:0000000000100000  0  P  64-bit interrupt gate, IST 1\n"
               "  9       0008:0000000000100000  0  P  64-bit interrupt gate\n"
               " 10-31: 22 more like it\n"
               " 32-127: 96 empty\n"
               "128       0008:ffff800000100000  0  -  64-bit interrupt gate\n"
               "129-255: 127 empty\n");
    CU_ASSERT_EQUAL(look_idt(&r.t, "8", &r.out, &e), 0);
    EXPECT(&r, "IDT[8], double fault, at 0x2080 (gpa 0x2080)\n"
               "  raw 00108e0100080000 and 0000000000000000\n"
               "  64-bit interrupt gate to 0x8:0x100000\n"
               "  63-48   OFFSET2   0x10        offset 31-16: second part of the address\n"
               "  47      P         1           present: can be used\n"
               "  46-45   DPL       0           descriptor privilege level: the outermost ring\n"
               "                                whose INT n or CALL may use it\n"
               "  44      s         0           kind: a system descriptor, as it must be\n"
               "  43-40   TYPE      0xe         type: e interrupt gate (clears IF), f trap gate\n"
               "  39-35   ZERO2     0           zero: reserved\n"
               "  34-32   IST       1           interrupt-stack table: 1 to 7: switch to that\n"
               "                                stack of the TSS; 0: none\n"
               "  31-16   SELECTOR  0x8         selector: the code segment of the target\n"
               "  15-0    OFFSET    0           offset 15-0: low part of the address\n");
    CU_ASSERT_EQUAL(look_idt(&r.t, "2-3", &r.out, &e), 0);
    EXPECT(&r, "vec       target               dpl   gate\n"
               "  2  NMI  0008:0000000000100000  0  P  64-bit interrupt gate\n"
               "  3  #BP  0008:0000000000100000  3  P  64-bit trap gate\n");
    CU_ASSERT_EQUAL(look_idt(&r.t, "256", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "idt: 256: past the limit: the last gate is 255");
    rig_fini(&r);
    gates_init(&r, MODE_PROTECTED);
    rig_put64(&r, IDT + 8 * 8, 0x0000850000400000);
    rig_put64(&r, IDT + 0x80 * 8, GATE | 3ull << 45 | 1ull << 40);
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "IDT at 0x2000, limit 0x7ff: 256 gates\n"
               "vec       target       dpl   gate\n"
               "  0  #DE  0008:00100000  0  P  32-bit interrupt gate\n"
               "  1-7: 7 more like it\n"
               "  8  #DF  0040:00000000  0  P  task gate\n"
               "  9       0008:00100000  0  P  32-bit interrupt gate\n"
               " 10-31: 22 more like it\n"
               " 32-127: 96 empty\n"
               "128       0008:00100000  3  P  32-bit trap gate\n"
               "129-255: 127 empty\n");
    CU_ASSERT_EQUAL(look_idt(&r.t, "14", &r.out, &e), 0);
    EXPECT(&r, "IDT[14], page fault, at 0x2070\n"
               "  raw 00108e0000080000\n"
               "  32-bit interrupt gate to 0x8:0x100000\n"
               "  63-48   OFFSET2   0x10    offset 31-16: upper part of the address\n"
               "  47      P         1       present: can be used\n"
               "  46-45   DPL       0       descriptor privilege level: the outermost ring whose\n"
               "                            INT n or CALL may use it\n"
               "  44      s         0       kind: a system descriptor, as it must be\n"
               "  43-40   TYPE      0xe     type: 5 task, e interrupt (clears IF), f trap; 6 7\n"
               "                            the 286's\n"
               "  39-32   ZERO      0       zero: not used by gates of the IDT\n"
               "  31-16   SELECTOR  0x8     selector: the code segment of the target\n"
               "  15-0    OFFSET    0       offset 15-0: low part of the address\n");
    rig_fini(&r);
}

/* The gate of vector 14, and what is said about it. */
struct gate_row {
    enum cpu_mode mode;
    uint64_t low, high;
    const char *sentence;
};
static const struct gate_row gate_rows[] = {
    {MODE_LONG, 0x0010850000400000, 0, "! task gate in a 64-bit IDT: using it raises #GP"},
    {MODE_LONG, 0x0010860000080000, 0, "! 16-bit gate type in a 64-bit IDT: using it raises #GP"},
    {MODE_LONG, 0x00108c0000080000, 0, "64-bit call gate ! type c is no gate of an IDT"},
    {MODE_LONG, 0x00109e0000080000, 0, "no gate (code or data, type e) ! type e is no gate of an IDT"},
    {MODE_LONG, GATE, GATE, "! 32-bit gate type in a 64-bit IDT: the upper half is another gate of 8 bytes"},
    {MODE_LONG, 0x00108e0000000000, 0, "! gate's selector 0 is null"},
    {MODE_LONG, 0x00108e0000680000, 0, "! gate's selector 0x68 is past the GDT's limit 0x4f"},
    {MODE_LONG, 0x00108e00000c0000, 0, "! gate's selector 0xc is in the LDT, and there is none"},
    {MODE_LONG, 0x00108e0000100000, 0, "! gate's target segment 0x10 is data, not code"},
    {MODE_LONG, 0x00108e0000200000, 0, "! gate's target segment 0x20 is empty, not code"},
    {MODE_LONG, 0x00108e0000400000, 0, "! gate's target segment 0x40 is a system descriptor, not code"},
    {MODE_LONG, 0x00108e0000180000, 0, "! gate's target segment 0x18 is not 64-bit code"},
    {MODE_LONG, 0x00108e0000300000, 0, "! gate's target segment 0x30 is not present"},
    {MODE_LONG, 0x00108e0000280000, 0, "! gate's target segment 0x28 has DPL 3: no way there from an inner"},
    {MODE_LONG, 0x00408e0000080000, 0, "! handler at 0x400000 is not mapped (PDE not present)"},
    {MODE_LONG, GATE, 1, "! handler at 0x100100000: no memory at gpa 0x100100000"},
    {MODE_LONG, GATE, 0x8000, "! handler's address 0x800000100000 is not canonical"},
    {MODE_LONG, 0x00608e0000080000, 0, "! handler's page at 0x600000 is not executable"},
    {MODE_LONG, 0x00808e0000080000, 0, "! handler at 0x800000 cannot run: the supervisor may not run a user"},
    {MODE_LONG, 0x00a08e0000080000, 0, "! handler at 0xa00000 cannot run: reserved bit set in the PDE"},
    {MODE_LONG, GATE | 2ull << 32, 0, "! IST 2 is used but is 0 in the TSS"},
    {MODE_LONG, GATE | 3ull << 32, 0, "! IST 3 is 0x800000000000, which is not canonical"},
    {MODE_LONG, GATE | 4ull << 32, 0, "! IST 4: the stack below 0x400010 cannot be written: PDE not present"},
    {MODE_LONG, GATE | 5ull << 32, 0, "! IST 5: the stack below 0xa0010 is no RAM"},
    {MODE_PROTECTED, 0x0010820000080000, 0, "! type 2 is no gate of an IDT: using it raises #GP"},
    {MODE_PROTECTED, 0x00108e0000100000, 0, "! gate's target segment 0x10 is data, not code"},
    {MODE_PROTECTED, 0x0010850000100000, 0, "! task gate's selector 0x10 is not a TSS"},
    {MODE_PROTECTED, 0x7fff8e0000080000, 0, "! handler at 0x7fff0000: no memory at gpa 0x7fff0000"},
    {MODE_PROTECTED, 0x00108e0000580000, 0, "! gate's selector 0x58 is past the GDT's limit 0x4f"},
};

static void test_gate_problems(void)
{
    struct err e;
    for (size_t i = 0; i < sizeof gate_rows / sizeof gate_rows[0]; i++) {
        const struct gate_row *row = &gate_rows[i];
        bool wide = row->mode == MODE_LONG;
        struct rig r;
        gates_init(&r, row->mode);
        if (wide) {
            rig_pde(&r, 0x400000, 0);
            rig_pde(&r, 0x600000, 0x600083 | 1ull << 63);
            rig_pde(&r, 0x800000, 0x800087); /* a user's, as the levels above then say too */
            rig_put64(&r, r.t.sregs.cr3, (r.t.sregs.cr3 + 0x1000) | 7);
            rig_put64(&r, r.t.sregs.cr3 + 0x1000, (r.t.sregs.cr3 + 0x2000) | 7);
            rig_pde(&r, 0xa00000, 0xa02083);
            rig_put64(&r, r.t.sregs.cr3 + 0x1000 + 4 * 8, 0x83 | 4ull << 30); /* the fifth GiB */
            r.t.sregs.cr4 |= CR4_SMEP;
            r.t.sregs.efer |= EFER_NXE;
            rig_put64(&r, TSS + 0x34, 0x800000000000);
            rig_put64(&r, TSS + 0x3c, 0x400018);
            rig_put64(&r, TSS + 0x44, 0xa0010);
        }
        uint64_t at = IDT + 14 * (wide ? 16 : 8);
        rig_put64(&r, at, row->low);
        if (wide)
            rig_put64(&r, at + 8, row->high);
        CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
        CU_ASSERT_TRUE(rig_is_narrow(&r.out));
        EXPECT_SENTENCE(&r, row->sentence);
        CU_ASSERT_EQUAL(look_idt(&r.t, "14", &r.out, &e), 0);
        CU_ASSERT_TRUE(rig_is_narrow(&r.out));
        EXPECT_SENTENCE(&r, strchr(row->sentence, '!'));
        rig_fini(&r);
    }
}

static void test_segment_limit(void)
{
    struct rig r;
    struct err e;
    gates_init(&r, MODE_PROTECTED);
    rig_put64(&r, GDT + 8, 0x00409b0100000fff); /* base 0x10000, 4 KiB */
    CU_ASSERT_EQUAL(look_idt(&r.t, "14", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! handler's offset 0x100000 is past its segment's limit 0xfff");
    rig_fini(&r);
}

static void test_idt_places(void)
{
    struct rig r;
    struct err e;
    gates_init(&r, MODE_LONG);
    r.t.sregs.idt.limit = 14 * 16 + 3;
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    CU_ASSERT_TRUE(rig_holds(&r, "! limit is not a multiple of 16 minus 1: the last gate is cut off"));
    EXPECT_SENTENCE(&r, "! exceptions from 14 on are past the limit: #GP, or a double fault");
    r.t.sregs.idt.limit = 0;
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! no gates at all: any exception or interrupt is a triple fault");
    r.t.sregs.idt.limit = 0xfff;
    rig_put64(&r, IDT + 8 * 16, 0);
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! no gate for #DF (8): a fault on the way to a handler is a triple fault");
    rig_pde(&r, 0x400000, 0);
    r.t.sregs.idt.base = 0x400000 - 0x100;
    CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "IDT at 0x3fff00 (gpa 0x3fff00), limit 0xfff: 256 gates\n"
               "vec       target               dpl   gate\n"
               "  0-15: 16 empty\n"
               " 16-255: 240 not readable: PDE not present\n"
               "     ! the table runs past mapped memory\n"
               "  ! no gate for #DF (8): a fault on the way to a handler is a triple fault\n");
    r.t.sregs.tr.limit = 0x2b;
    rig_put64(&r, IDT + 14 * 16, GATE | 2ull << 32);
    r.t.sregs.idt.base = IDT;
    CU_ASSERT_EQUAL(look_idt(&r.t, "14", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! IST 2 is used but cannot be read: it is past the TSS's limit");
    r.t.sregs.tr.unusable = 1;
    CU_ASSERT_EQUAL(look_idt(&r.t, "14", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! IST 2 is used but cannot be read: there is no TSS");
    rig_fini(&r);
}

static void test_ivt(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_REAL);
    for (uint64_t i = 0; i < 256; i++)
        rig_put(&r, i * 4, 0xf000ff53, 4);
    rig_put(&r, 0x08 * 4, 0xf000fea5, 4);
    rig_put(&r, 0x10 * 4, 0xc0000152, 4);
    rig_put(&r, 0x20 * 4, 0x00001234, 4);
    rig_put(&r, 0x21 * 4, 0x00001234, 4);
    rig_put(&r, 0x22 * 4, 0x00001234, 4);
    rig_put(&r, 0x40 * 4, 0, 4);
    rig_put(&r, 0x50 * 4, 0x00100020, 4);
    CU_ASSERT_EQUAL(look_ivt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "IVT at 0, limit 0x3ff: 256 vectors\n"
               "  249 of them hold f000:ff53 and are left out\n"
               "0x08  f000:fea5  linear 0xffea5  timer, IRQ 0\n"
               "0x10  c000:0152  linear 0xc0152  video services (BIOS)\n"
               "0x20  0000:1234  linear 0x01234\n"
               "0x21-0x22: 2 more like it\n"
               "0x40  0000:0000  linear 0x00000\n"
               "      ! empty: the vector table itself would run as code\n"
               "0x50  0010:0020  linear 0x00120\n"
               "      ! handler at 0x120 lies inside the vector table\n");
    CU_ASSERT_EQUAL(look_idt(&r.t, "0x21", &r.out, &e), 0); /* in real mode the same table */
    EXPECT(&r, "0x21  0000:1234  linear 0x01234\n");
    r.t.sregs.idt = (struct kvm_dtable){.base = 0xa0000 - 8, .limit = 15};
    CU_ASSERT_EQUAL(look_ivt(&r.t, "", &r.out, &e), 0);
    CU_ASSERT_TRUE(
        rig_holds(&r, "! vectors from 0x4 on are past the limit: a double fault, then a shutdown"));
    EXPECT_SENTENCE(&r, "0x02-0x03: 2 not readable: no memory under the page ! the table runs past mapped");
    rig_fini(&r);
    rig_init(&r, MODE_PROTECTED);
    CU_ASSERT_EQUAL(look_ivt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "not used now: the CPU is not in real mode and goes through the IDT");
    rig_fini(&r);
}

static void test_tss(void)
{
    struct rig r;
    struct err e;
    gates_init(&r, MODE_LONG);
    rig_put64(&r, TSS + 0x24, STACK + 0x1000);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "TSS, 64-bit, selector 0x40 (GDT[8]), at 0x4000 (gpa 0x4000), limit 0x67\n"
               "  RSP0 0000000000009000    RSP1 0000000000000000    RSP2 0000000000000000\n"
               "  IST1 000000000000a000    IST2 0000000000000000    IST3 0000000000000000\n"
               "  IST4 0000000000000000    IST5 0000000000000000    IST6 0000000000000000\n"
               "  IST7 0000000000000000\n"
               "  no I/O map (its offset 0x68 is past the limit): IOPL alone decides\n");
    r.t.sregs.tr.limit = 0x2067; /* with an I/O map: ports 0x60, 0x64 and 0x3f8 to 0x3ff */
    for (uint64_t at = 0; at < 0x2000; at += 8)
        rig_put64(&r, TSS + 0x68 + at, UINT64_MAX);
    rig_put(&r, TSS + 0x68 + 0x60 / 8, 0xee, 1);
    rig_put(&r, TSS + 0x68 + 0x3f8 / 8, 0, 1);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "I/O map at offset 0x68: ring 3 may use ports 0x60, 0x64, 0x3f8-0x3ff ");
    rig_put64(&r, TSS + 0x68 + 0x1ff8, 0); /* the last byte needs one behind it that is within the limit */
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "0x3f8-0x3ff, 0xffc0-0xfff7 ");
    rig_put(&r, TSS + 0x66, 0x10, 2);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the I/O map's offset 0x10 lies inside the TSS's own fields");
    rig_put64(&r, TSS + 4, 0);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! RSP0 is 0 while user segments exist");
    rig_put64(&r, GDT + 0x28, 0);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    CU_ASSERT_FALSE(rig_holds(&r, "RSP0 is 0 while"));
    text_clear(&r.out);
    rig_put64(&r, TSS + 4, 0x800000000000);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! RSP0 is 0x800000000000, which is not canonical");
    r.t.sregs.tr.limit = 0x66;
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! TSS limit below 0x67");
    r.t.sregs.tr.base = 0x800000000000;
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! base is not canonical");
    r.t.sregs.tr.selector = 0;
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "TR holds a null selector: LTR was not executed");
    CU_ASSERT_EQUAL(look_tss(&r.t, "1", &r.out, &e), -1);
    r.t.sregs.cr0 = 0;
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "no TSS: real mode has one ring and one stack\n");
    rig_fini(&r);
}

static void test_tss_legacy(void)
{
    struct rig r;
    struct err e;
    gates_init(&r, MODE_PROTECTED);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "TSS, 32-bit, selector 0x40 (GDT[8]), at 0x4000, limit 0x67\n"
               "  ESP0   00009000    SS0    0010        ESP1   00000000    SS1    0000\n"
               "  ESP2   00000000    SS2    0000        link   0000        CR3    00000000\n"
               "  EIP    00000000    EFLAGS 00000000    EAX    00000000    ECX    00000000\n"
               "  EDX    00000000    EBX    00000000    ESP    00000000    EBP    00000000\n"
               "  ESI    00000000    EDI    00000000    ES     0000        CS     0000\n"
               "  SS     0000        DS     0000        FS     0000        GS     0000\n"
               "  LDT    0000        T      0000\n"
               "  no I/O map (its offset 0x68 is past the limit): IOPL alone decides\n");
    rig_put(&r, TSS + 8, 0x08, 2);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r,
                    "! SS0 0x8 is not a writable data segment of ring 0: an interrupt in ring 3 raises #TS");
    rig_put(&r, TSS + 8, 0, 2);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! SS0 0 is null: an interrupt in ring 3 raises #TS");
    rig_put64(&r, TSS + 4, 0x1000000000);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! ESP0 is 0 while user segments exist");
    rig_put64(&r, TSS + 4, 0x00000010000a0004);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! ESP0: the stack below 0xa0004 is no RAM");
    r.t.sregs.tr.type = 3;
    r.t.sregs.tr.limit = 0x2b;
    rig_put64(&r, TSS, 0x0000001080000000);
    CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "TSS, 16-bit, selector 0x40 (GDT[8]), at 0x4000, limit 0x2b\n"
               "  SP0  8000    SS0  0010    SP1  0000    SS1  0010    SP2  0000    SS2  0000\n"
               "  link 0000    IP   0000    FLAGS 0000   AX   0000    CX   0000    DX   0000\n"
               "  BX   0000    SP   0000    BP   0000    SI   0000    DI   0000    ES   0000\n"
               "  CS   0000    SS   0000    DS   0000    LDT  0000\n");
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"IDTs of both widths", test_idt},
    {"gates with something wrong", test_gate_problems},
    {"a handler past its segment's limit", test_segment_limit},
    {"IDTs in wrong places", test_idt_places},
    {"the interrupt vectors of real mode", test_ivt},
    {"a 64-bit TSS", test_tss},
    {"TSSs of 32 and 16 bits", test_tss_legacy},
};
UNIT_MAIN("debug/gates", tests)
