/*
 * The views of registers, flags, segments and control registers on states made up here: what they say to the
 * letter, and each sentence that points something out.
 */
#include "look_rig.h"

#include "debug/look.h"

static void test_regs_long(void)
{
    struct rig r;
    rig_init(&r, MODE_LONG);
    struct target before = r.t;
    r.t.regs.rax = 0xfedcba9876543210;
    r.t.regs.r15 = 1;
    r.t.regs.rip += 3;
    r.t.regs.rflags = 0x3246;
    before.regs.rflags = 0x203;
    before.sregs.ds.selector = 0x33;
    look_regs(&r.t, &before, &r.out);
    EXPECT(&r, "rax*fedcba9876543210  rbx 0000000000000000  rcx 0000000000000000\n"
               "rdx 0000000000000000  rsi 0000000000000000  rdi 0000000000000000\n"
               "rbp 0000000000000000  rsp 0000000000ff9000  r8  0000000000000000\n"
               "r9  0000000000000000  r10 0000000000000000  r11 0000000000000000\n"
               "r12 0000000000000000  r13 0000000000000000  r14 0000000000000000\n"
               "r15*0000000000000001  rip*0000000000100003\n"
               "flags*00003246  *IOPL=3 IF *ZF *PF *cf\n"
               "cs 0008  ss 0010  ds*0010  es 0010  fs 0010  gs 0010  tr 0000\n"
               "long mode, 64-bit code, CPL 0\n");
    look_regs(&r.t, NULL, &r.out);
    CU_ASSERT_PTR_NULL(strchr(text_str(&r.out), '*'));
    CU_ASSERT_TRUE(rig_is_narrow(&r.out));
    text_clear(&r.out);
    r.t.sregs.cs.l = 0; /* compatibility mode: the registers stay whole */
    r.t.sregs.cs.base = 0x10000;
    look_regs(&r.t, NULL, &r.out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "rax fedcba9876543210"));
    EXPECT_SENTENCE(&r, "rip 0000000000100003 linear 0x110003 flags");
    rig_fini(&r);
}

static void test_regs_narrow(void)
{
    struct rig r;
    rig_init(&r, MODE_REAL);
    r.t.regs.rax = 0x1234567800001234;
    r.t.sregs.cs.selector = 0xf000;
    r.t.sregs.cs.base = 0xf0000;
    look_regs(&r.t, &r.t, &r.out);
    EXPECT(&r, "eax 00001234  ebx 00000000  ecx 00000000  edx 00000000\n"
               "esi 00000000  edi 00000000  ebp 00000000  esp 00007c00\n"
               "ip  00007c00  linear 0xf7c00\n"
               "flags 00000002\n"
               "cs f000  ss 0000  ds 0000  es 0000  fs 0000  gs 0000  tr 0000\n"
               "real mode, 16-bit code, CPL 0\n");
    rig_fini(&r);
    rig_init(&r, MODE_PROTECTED);
    r.t.regs.rsp = 0xfffc;
    r.t.regs.rflags |= RFLAGS_VM;
    look_regs(&r.t, NULL, &r.out);
    EXPECT(&r, "eax 00000000  ebx 00000000  ecx 00000000  edx 00000000\n"
               "esi 00000000  edi 00000000  ebp 00000000  esp 0000fffc\n"
               "eip 00100000\n"
               "flags 00020002  VM\n"
               "cs 0008  ss 0010  ds 0010  es 0010  fs 0010  gs 0010  tr 0000\n"
               "protected mode, 32-bit code, CPL 3\n");
    rig_fini(&r);
}

static void test_flags(void)
{
    struct rig r = {0};
    struct err e;
    r.t.regs.rflags = 0x3203;
    CU_ASSERT_EQUAL(look_flags(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "RFLAGS  0x3203  id vip vif ac vm rf nt of df IF tf sf zf af pf CF\n"
               "  21      id    0  identification: that a program can set it says that CPUID\n"
               "                   exists\n"
               "  20      vip   0  virtual interrupt pending: no virtual interrupt waits\n"
               "  19      vif   0  virtual interrupt flag: a V86 or PVI task holds interrupts\n"
               "                   off\n"
               "  18      ac    0  alignment check: alignment is not checked; SMAP, if on, works\n"
               "  17      vm    0  virtual-8086 mode: not in virtual-8086 mode\n"
               "  16      rf    0  resume: instruction breakpoints work\n"
               "  14      nt    0  nested task: IRET pops a return address\n"
               "  13-12   IOPL  3  I/O privilege level: the outermost ring that may use IN, OUT,\n"
               "                   CLI and STI\n"
               "  11      of    0  overflow: the last signed result fitted\n"
               "  10      df    0  direction: string instructions count addresses up\n"
               "  9       IF    1  interrupt enable: interrupts are taken\n"
               "  8       tf    0  trap: no single-stepping\n"
               "  7       sf    0  sign: the last result was not negative\n"
               "  6       zf    0  zero: the last result was not zero\n"
               "  4       af    0  auxiliary carry: no carry out of bit 3\n"
               "  2       pf    0  parity: the last result's low byte has an odd number of ones\n"
               "  0       CF    1  carry: there was a carry or borrow out of the top bit\n");
    CU_ASSERT_EQUAL(look_flags(&r.t, "if", &r.out, &e), 0);
    EXPECT(&r, "  9       IF    1  interrupt enable: interrupts are taken\n");
    r.t.regs.rflags = 1 << 15;
    CU_ASSERT_EQUAL(look_flags(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "reserved bits set: 15; must be 1: 1");
    CU_ASSERT_EQUAL(look_flags(&r.t, "xf", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "flags: xf: no such flag");
    text_fini(&r.out);
}

static void test_segments(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    CU_ASSERT_EQUAL(look_segments(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "cs  0x0008  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[1], RPL 0: 64-bit code, readable, accessed\n"
               "ss  0x0010  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[2], RPL 0: 32-bit data, writable, accessed\n"
               "ds  0x0010  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[2], RPL 0: 32-bit data, writable, accessed\n"
               "es  0x0010  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[2], RPL 0: 32-bit data, writable, accessed\n"
               "fs  0x0010  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[2], RPL 0: 32-bit data, writable, accessed\n"
               "gs  0x0010  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[2], RPL 0: 32-bit data, writable, accessed\n"
               "tr  0x0000  base 0000000000000000  limit 00000067 (bytes)  DPL 0\n"
               "            null selector: 64-bit TSS, in use, LTR was not executed\n"
               "ldt 0x0000  base 0000000000000000  limit 0000ffff (bytes)  DPL 0\n"
               "            null selector: unusable, there is no LDT\n"
               "gdtr        base 0000000000fff000  limit 00000017\n"
               "idtr        base 0000000000000000  limit 00000000\n"
               "64-bit mode: only the bases of fs and gs count, no other base and no limit\n");
    CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
    EXPECT(&r, "cs  0x0008  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            GDT[1], RPL 0: 64-bit code, readable, accessed\n");
    r.t.sregs.gs.unusable = 1;
    r.t.sregs.gs.selector = 3;
    CU_ASSERT_EQUAL(look_segments(&r.t, "GS", &r.out, &e), 0);
    EXPECT(&r, "gs  0x0003  base 0000000000000000  limit ffffffff (4 KiB units)  DPL 0\n"
               "            null selector: unusable (64-bit mode does not mind)\n");
    r.t.sregs.cs.l = 0;
    CU_ASSERT_EQUAL(look_segments(&r.t, "GS", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "null selector: unusable (an access raises #GP, on the stack #SS)");
    CU_ASSERT_EQUAL(look_segments(&r.t, "hs", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "seg: hs: one of cs, ss, ds, es, fs, gs, tr, ldt");
    rig_fini(&r);
    rig_init(&r, MODE_REAL);
    CU_ASSERT_EQUAL(look_segments(&r.t, "ds", &r.out, &e), 0);
    EXPECT(&r, "ds  0x0000  base 0000000000000000  limit 0000ffff (bytes)  DPL 0\n"
               "            selector * 16: 16-bit data, writable, accessed\n");
    r.t.sregs.ds.limit = 0xffffffff;
    CU_ASSERT_EQUAL(look_segments(&r.t, "ds", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the limit is not 0xffff: unreal mode");
    r.t.sregs.cs.base = 0xffff0000;
    r.t.sregs.cs.selector = 0xf000;
    CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the base is not the selector times 16 (0xf0000): the hidden part is from before");
    rig_fini(&r);
}

/* The hidden part and the descriptor in memory: `change` is put into the GDT's entry of CS. */
static void test_hidden(void)
{
    static const struct {
        enum cpu_mode mode;
        uint64_t memory;
        const char *sentence; /* NULL: nothing to point out */
    } rows[] = {
        {MODE_LONG, 0x00af9b000000ffff, NULL},
        {MODE_LONG, 0x00af9a000000ffff, NULL}, /* accessed is the CPU's */
        {MODE_LONG, 0x12af9b345678ffff, NULL}, /* no base and no limit in 64-bit mode */
        {MODE_LONG, 0x00bf9b000000ffff, NULL}, /* AVL is the software's */
        {MODE_LONG, 0x00cf9b000000ffff,
         "! GDT[1] in memory now says: D 0x1 (the CPU uses 0), L 0 (the CPU "
         "uses 0x1)"},
        {MODE_LONG, 0x00affb000000ffff, "! GDT[1] in memory now says: DPL 0x3 (the CPU uses 0)"},
        {MODE_LONG, 0, "type 0 (the CPU uses 0x1b), P 0 (the CPU uses 0x1), L 0 (the CPU uses 0x1)"},
        {MODE_PROTECTED, 0x00cf9b000000ffff, NULL},
        {MODE_PROTECTED, 0x00cf9b000010ffff, "! GDT[1] in memory now says: base 0x10 (the CPU uses 0)"},
        {MODE_PROTECTED, 0x004f9b000000ffff, "limit 0xfffff (the CPU uses 0xffffffff)"},
        {MODE_PROTECTED, 0x00cf1b000000ffff, "P 0 (the CPU uses 0x1)"},
    };
    struct err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        rig_init(&r, rows[i].mode);
        rig_put64(&r, r.t.sregs.gdt.base + 8, rows[i].memory);
        CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
        CU_ASSERT_TRUE(rig_is_narrow(&r.out));
        if (!rows[i].sentence)
            CU_ASSERT_PTR_NULL(strchr(text_str(&r.out), '!'));
        if (rows[i].sentence)
            EXPECT_SENTENCE(&r, rows[i].sentence);
        rig_fini(&r);
    }
}

static void test_hidden_lost(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    r.t.sregs.gdt.limit = 0xe;
    CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the selector is past the GDT's limit 0xe: it could not be loaded again");
    r.t.sregs.gdt.limit = 0xffff;
    r.t.sregs.gdt.base = 0x800000000000;
    CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the selector is in a part of the GDT that is not mapped");
    r.t.sregs.cs.selector = 0xf;
    CU_ASSERT_EQUAL(look_segments(&r.t, "cs", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! the selector is in the LDT, and there is none");
    r.t.sregs.gdt.base = 0x3000;
    rig_put64(&r, 0x3040, 0x00008b0050000067);
    rig_put64(&r, 0x3048, 0xffff8000);
    r.t.sregs.tr = (struct kvm_segment){
        .base = 0xffff800000005000, .limit = 0x67, .type = 11, .present = 1, .selector = 0x40};
    CU_ASSERT_EQUAL(look_segments(&r.t, "tr", &r.out, &e), 0);
    EXPECT(&r, "tr  0x0040  base ffff800000005000  limit 00000067 (bytes)  DPL 0\n"
               "            GDT[8], RPL 0: 64-bit TSS, in use\n");
    r.t.sregs.tr.base = 0x5000;
    CU_ASSERT_EQUAL(look_segments(&r.t, "tr", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "base 0xffff800000005000 (the CPU uses 0x5000)");
    r.t.sregs.fs.selector = 0x10; /* in long mode WRMSR sets its base, whatever the descriptor says */
    r.t.sregs.fs.base = 0x1234000;
    rig_put64(&r, 0x3010, 0x00cf93000000ffff);
    CU_ASSERT_EQUAL(look_segments(&r.t, "fs", &r.out, &e), 0);
    CU_ASSERT_PTR_NULL(strchr(text_str(&r.out), '!'));
    rig_fini(&r);
}

static void test_controls(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    CU_ASSERT_EQUAL(look_cr(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "CR0  0x80000011\n"
               "     PG cd nw am wp ne ET ts em mp PE\n"
               "     long mode, 4-level paging, write protection off, caches on\n"
               "CR2  0\n"
               "     the linear address of the last page fault\n"
               "CR3  0xff9000\n"
               "     lam_u48 lam_u57 pcd pwt\n"
               "     the PML4 is at gpa 0xff9000\n"
               "CR4  0x20\n"
               "     fred lam_sup uintr pks cet pke smap smep kl osxsave pcide fsgsbase smxe\n"
               "     vmxe la57 umip osxmmexcpt osfxsr pce pge mce PAE pse de tsd pvi vme\n"
               "     page-table entries of 8 bytes, SSE raises #UD, AVX state off\n");
    CU_ASSERT_EQUAL(look_cr(&r.t, "CR0", &r.out, &e), 0);
    EXPECT(&r, "CR0  0x80000011\n"
               "  31      PG  1  paging: addresses go through the page tables that CR3 names\n"
               "  30      cd  0  cache disable: the caches are used\n"
               "  29      nw  0  not write-through: the caches are kept coherent\n"
               "  18      am  0  alignment mask: alignment is never checked\n"
               "  16      wp  0  write protect: rings 0 to 2 may write to read-only pages\n"
               "  5       ne  0  numeric error: an x87 error is an interrupt (IRQ 13)\n"
               "  4       ET  1  extension type: always 1 since the 486\n"
               "  3       ts  0  task switched: x87 and SSE instructions need no look first\n"
               "  2       em  0  emulation: x87 instructions are executed\n"
               "  1       mp  0  monitor coprocessor: WAIT does not look at TS\n"
               "  0       PE  1  protection enable: protected mode: selectors name descriptors\n"
               "     long mode, 4-level paging, write protection off, caches on\n");
    CU_ASSERT_EQUAL(look_efer(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "EFER 0x500\n"
               "     aibrse tce ffxsr lmsle svme nxe LMA LME sce\n"
               "     long mode active, no-execute pages off, SYSCALL off\n");
    CU_ASSERT_EQUAL(look_efer(&r.t, "all", &r.out, &e), 0);
    CU_ASSERT_TRUE(rig_holds(&r, "10 LMA 1 long mode active: long mode"));
    text_clear(&r.out);
    CU_ASSERT_EQUAL(look_cr(&r.t, "2", &r.out, &e), 0);
    EXPECT(&r, "CR2  0\n     the linear address of the last page fault\n");
    CU_ASSERT_EQUAL(look_cr(&r.t, "cr1", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "cr: cr1: one of cr0, cr2, cr3, cr4");
    CU_ASSERT_EQUAL(look_efer(&r.t, "x", &r.out, &e), -1);
    EXPECT(&r, "");
    rig_fini(&r);
}

static void test_control_sentences(void)
{
    static const struct {
        uint64_t cr0, cr3, cr4, efer;
        const char *which, *sentence;
    } rows[] = {
        {0x11, 0, 0, 0, "0", "protected mode, paging off, caches on"},
        {0x80010011, 0x1000, 0, 0, "0", "protected mode, 32-bit paging, write protection on, caches on"},
        {0xe0010011, 0x1000, 0x20, 0, "0", "protected mode, PAE paging, write protection on, caches off"},
        {0x80000011, 0x1000, 0x1020, 0x500, "0", "long mode, 5-level paging"},
        {0x19, 0, 0, 0, "0", "caches on, x87 and SSE raise #NM"},
        {0x80000010, 0, 0, 0, "0", "! PG without PE: no CPU can be in this state"},
        {0x20000011, 0, 0, 0, "0", "! NW without CD: no CPU can be in this state"},
        {0x51, 0, 0, 0, "0", "! reserved bits set: 6"},
        {0x80000011, 0x1018, 0, 0, "3", "PCD PWT the page directory is at gpa 0x1000"},
        {0x80000011, 0x1020, 0x20, 0, "3", "the PDPT is at gpa 0x1020"},
        {0x80000011, 0x1005, 0x20020, 0x500, "3", "the PML4 is at gpa 0x1000, PCID 5"},
        {0x80000011, 0x7ffff000, 0x1020, 0x500, "3",
         "the PML5 is at gpa 0x7ffff000, where no memory is: every access is a page fault"},
        {0x80000011, 0x1000, 0x300620, 0x500, "4",
         "page-table entries of 8 bytes, SSE allowed, AVX state off, the kernel is kept from running and "
         "touching user pages"},
        {0x80000011, 0x1000, 0x100020, 0x500, "4", "the kernel is kept from running user pages"},
        {0x80000011, 0x1000, 0x200020, 0x500, "4", "the kernel is kept from touching user pages"},
        {0x80000011, 0x1000, 0, 0x500, "4", "! paging with EFER.LME needs PAE"},
        {0x11, 0, 0x20000, 0, "4", "! PCIDE outside of long mode"},
    };
    struct rig r;
    struct err e;
    rig_init(&r, MODE_PROTECTED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.t.sregs.cr0 = rows[i].cr0;
        r.t.sregs.cr3 = rows[i].cr3;
        r.t.sregs.cr4 = rows[i].cr4;
        r.t.sregs.efer = rows[i].efer;
        r.t.sregs.cs.l = rows[i].efer != 0;
        CU_ASSERT_EQUAL(look_cr(&r.t, rows[i].which, &r.out, &e), 0);
        if (rows[i].which[0] != '3' && rows[i].which[0] != '4')
            CU_ASSERT_TRUE(rig_is_narrow(&r.out));
        if (strstr(rows[i].sentence, "PCD") == rows[i].sentence) {
            text_clear(&r.out);
            CU_ASSERT_EQUAL(look_cr(&r.t, "", &r.out, &e), 0);
        }
        EXPECT_SENTENCE(&r, rows[i].sentence);
    }
    r.t.sregs.cr0 = 0x11;
    r.t.sregs.efer = 0x100;
    CU_ASSERT_EQUAL(look_efer(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "long mode wanted: it begins when paging comes on");
    r.t.sregs.efer = 0x400;
    CU_ASSERT_EQUAL(look_efer(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! LMA must be 1 exactly when LME and CR0.PG are");
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"registers in long mode, changes marked", test_regs_long},
    {"registers in real, protected and virtual-8086 mode", test_regs_narrow},
    {"flags", test_flags},
    {"segments", test_segments},
    {"a hidden part that is not what memory says", test_hidden},
    {"a hidden part whose descriptor is lost", test_hidden_lost},
    {"control registers and EFER", test_controls},
    {"what control registers add up to, and what cannot be", test_control_sentences},
};
UNIT_MAIN("debug/look", tests)
