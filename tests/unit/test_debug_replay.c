/*
 * The replay: each instruction against the processor this test runs on, then whole stretches of code up to an
 * exception, and guest memory as it was before.
 */
#include "autopsy_bench.h"

#include "debug/replay.h"

#include <sys/mman.h>

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800 };
#define ALL (CF | PF | AF | ZF | SF | OF)

/* Instructions on registers, with the flags that they define. */
static const struct {
    const char *bytes;
    size_t len;
    unsigned flags;
} insns[] = {
#define I(text, flags)                                                                                       \
    {                                                                                                        \
        text, sizeof(text) - 1, flags                                                                        \
    }
    I("\x48\x01\xd8", ALL),                 /* add rax, rbx */
    I("\x01\xd8", ALL),                     /* add eax, ebx */
    I("\x66\x01\xd8", ALL),                 /* add ax, bx */
    I("\x00\xd8", ALL),                     /* add al, bl */
    I("\x00\xfc", ALL),                     /* add ah, bh */
    I("\x48\x11\xd8", ALL),                 /* adc rax, rbx */
    I("\x10\xd8", ALL),                     /* adc al, bl */
    I("\x48\x29\xd8", ALL),                 /* sub rax, rbx */
    I("\x28\xd8", ALL),                     /* sub al, bl */
    I("\x19\xd8", ALL),                     /* sbb eax, ebx */
    I("\x18\xd8", ALL),                     /* sbb al, bl */
    I("\x48\x39\xd8", ALL),                 /* cmp rax, rbx */
    I("\x3c\x80", ALL),                     /* cmp al, 0x80 */
    I("\x48\x83\xc0\xff", ALL),             /* add rax, -1 */
    I("\x66\x83\xe8\x80", ALL),             /* sub ax, -128 */
    I("\x48\x21\xd8", ALL & ~AF),           /* and rax, rbx */
    I("\x09\xd8", ALL & ~AF),               /* or eax, ebx */
    I("\x30\xd8", ALL & ~AF),               /* xor al, bl */
    I("\x85\xd8", ALL & ~AF),               /* test eax, ebx */
    I("\x48\xff\xc0", ALL),                 /* inc rax */
    I("\xfe\xc8", ALL),                     /* dec al */
    I("\x66\xff\xc8", ALL),                 /* dec ax */
    I("\xf7\xd8", ALL),                     /* neg eax */
    I("\x48\xf7\xd0", ALL),                 /* not rax */
    I("\x48\xd1\xe0", ALL & ~AF),           /* shl rax, 1 */
    I("\xd0\xe8", ALL & ~AF),               /* shr al, 1 */
    I("\xd1\xf8", ALL & ~AF),               /* sar eax, 1 */
    I("\x48\xc1\xe0\x0d", ALL & ~AF & ~OF), /* shl rax, 13 */
    I("\x48\xc1\xe8\x3f", ALL & ~AF & ~OF), /* shr rax, 63 */
    I("\x48\xc1\xf8\x21", ALL & ~AF & ~OF), /* sar rax, 33 */
    I("\x66\xc1\xf8\x05", ALL & ~AF & ~OF), /* sar ax, 5 */
    I("\xc1\xe0\x20", ALL),                 /* shl eax, 32: nothing */
    I("\x0f\xb6\xc3", ALL),                 /* movzx eax, bl */
    I("\x0f\xb7\xc3", ALL),                 /* movzx eax, bx */
    I("\x48\x0f\xbe\xc3", ALL),             /* movsx rax, bl */
    I("\x48\x63\xc3", ALL),                 /* movsxd rax, ebx */
    I("\x66\x0f\xbe\xc3", ALL),             /* movsx ax, bl */
    I("\x48\x89\xd8", ALL),                 /* mov rax, rbx */
    I("\x88\xdc", ALL),                     /* mov ah, bl */
    I("\x48\xc7\xc0\xfe\xff\xff\xff", ALL), /* mov rax, -2 */
    I("\xb8\xfe\xff\xff\xff", ALL),         /* mov eax, -2 */
    I("\x48\x8d\x44\x8b\xf9", ALL),         /* lea rax, [rbx+rcx*4-7] */
    I("\x67\x8d\x04\x0b", ALL),             /* lea eax, [ebx+ecx] */
    I("\x48\x87\xd8", ALL),                 /* xchg rax, rbx */
    I("\x0f\x9f\xc0", ALL),                 /* setnle al */
    I("\x0f\x92\xc4", ALL),                 /* setb ah */
    I("\x0f\x9a\xc0", ALL),                 /* setp al */
    I("\x48\x0f\x44\xc3", ALL),             /* cmovz rax, rbx */
    I("\x0f\x4c\xc3", ALL),                 /* cmovl eax, ebx */
    I("\xf9", ALL),                         /* stc */
    I("\x53\x58", ALL),                     /* push rbx; pop rax */
    I("\x6a\x80\x58", ALL),                 /* push -128; pop rax */
    I("\x72\x02\x31\xc0", ALL & ~AF),       /* jb +2; xor eax, eax */
    I("\x77\x02\x31\xc0", ALL & ~AF),       /* jnbe +2 */
    I("\x7e\x02\x31\xc0", ALL & ~AF),       /* jle +2 */
    I("\x79\x02\x31\xc0", ALL & ~AF),       /* jns +2 */
#undef I
};

struct cpu {
    uint64_t rax, rbx, rcx, flags;
};

/* On the processor. */
static void run_native(const void *code, struct cpu *c)
{
    uint64_t flags = c->flags;
    __asm__ volatile(
        "sub $128, %%rsp\n\tpush %[f]\n\tpopfq\n\tcall *%[code]\n\tpushfq\n\tpop %[f]\n\tadd $128, %%rsp"
        : "+a"(c->rax), "+b"(c->rbx), "+c"(c->rcx), [f] "+r"(flags)
        : [code] "r"(code)
        : "cc", "memory");
    c->flags = flags;
}

static const uint64_t values[] = {0,
                                  1,
                                  2,
                                  0x7f,
                                  0x80,
                                  0xff,
                                  0x7fff,
                                  0x8000,
                                  0xffff,
                                  0x7fffffff,
                                  0x80000000,
                                  0xffffffff,
                                  0x7fffffffffffffff,
                                  0x8000000000000000,
                                  0xffffffffffffffff,
                                  0x123456789abcdef0};
enum { VALUES = sizeof values / sizeof values[0] };

static void compare(struct bench *b, uint8_t *page, size_t k, const struct cpu *in)
{
    struct cpu native = *in;
    struct replay r;
    struct target *t = &b->rig.t;
    memcpy(page, insns[k].bytes, insns[k].len);
    page[insns[k].len] = 0xc3;
    run_native(page, &native);
    rig_put(&b->rig, CODE, insns[k].bytes, insns[k].len);
    rig_put(&b->rig, CODE + insns[k].len, "\x0f\x0b", 2);
    t->regs.rip = CODE;
    t->regs.rax = in->rax;
    t->regs.rbx = in->rbx;
    t->regs.rcx = in->rcx;
    t->regs.rflags = in->flags;
    replay_run(&r, t, NULL);
    bool same = r.found && t->regs.rip == CODE + insns[k].len && t->regs.rax == native.rax &&
                t->regs.rbx == native.rbx && !((t->regs.rflags ^ native.flags) & insns[k].flags);
    replay_undo(&r);
    CU_ASSERT_TRUE(same);
    if (!same)
        fprintf(stderr, "case %zu: %llx %llx flags %llx: want %llx %llx %llx, got %llx %llx %llx (%s)\n", k,
                (unsigned long long)in->rax, (unsigned long long)in->rbx, (unsigned long long)in->flags,
                (unsigned long long)native.rax, (unsigned long long)native.rbx,
                (unsigned long long)native.flags, (unsigned long long)t->regs.rax,
                (unsigned long long)t->regs.rbx, (unsigned long long)t->regs.rflags, r.why);
}

static void test_against_the_processor(void)
{
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct bench b;
    if (page == MAP_FAILED) {
        printf("(this system allows no writable code: not compared) ");
        return;
    }
    bench_init(&b, MODE_LONG);
    for (size_t k = 0; k < sizeof insns / sizeof insns[0]; k++)
        for (unsigned i = 0; i < VALUES * VALUES; i++)
            for (unsigned f = 0; f < 4; f++)
                compare(&b, page, k,
                        &(struct cpu){values[i / VALUES], values[i % VALUES], values[(i * 7 + 3) % VALUES],
                                      2u | (f & 1 ? CF | SF : 0) | (f & 2 ? ZF | OF | PF : 0)});
    bench_fini(&b);
    munmap(page, 4096);
}

/* ---- whole stretches ---- */

extern const char climb[], climb_end[], calls[], calls_end[];
/* From real mode to long mode and its death, as a boot loader does it; at linear 0x1000. */
__asm__(".pushsection .rodata\n"
        "climb: .code16\n"
        "    cli\n"
        "    xor %ax, %ax\n"
        "    mov %ax, %ds\n"
        "    mov %ax, %es\n"
        "    mov %ax, %ss\n"
        "    mov $0x7000, %sp\n"
        "    lgdtl 1f - climb + 0x1000\n"
        "    mov %cr0, %eax\n"
        "    or $1, %al\n"
        "    mov %eax, %cr0\n"
        "    ljmpl $8, $(2f - climb + 0x1000)\n"
        "    .code32\n"
        "2:  mov $0x10, %eax\n"
        "    mov %eax, %ds\n"
        "    mov %eax, %es\n"
        "    mov %eax, %ss\n"
        "    mov $0x10000, %edi\n"
        "    xor %eax, %eax\n"
        "    mov $0xc00, %ecx\n"
        "    cld\n"
        "    rep stosl\n"
        "    movl $0x11003, 0x10000\n"
        "    movl $0x12003, 0x11000\n"
        "    movl $0x83, 0x12000\n"
        "    mov $0x10000, %eax\n"
        "    mov %eax, %cr3\n"
        "    mov %cr4, %eax\n"
        "    or $0x20, %eax\n"
        "    mov %eax, %cr4\n"
        "    mov $0xc0000080, %ecx\n"
        "    rdmsr\n"
        "    or $0x100, %eax\n"
        "    wrmsr\n"
        "    mov %cr0, %eax\n"
        "    or $0x80000000, %eax\n"
        "    mov %eax, %cr0\n"
        "    ljmp $0x18, $(3f - climb + 0x1000)\n"
        "    .code64\n"
        "3:  lidt 1f - climb + 0x1000\n"
        "    mov $0x12345678, %rax\n"
        "    mov 0x40000000, %rbx\n"
        "    ud2\n"
        "1:  .word 31\n"
        "    .long 0x5000, 0\n"
        "climb_end:\n"
        "calls: .code64\n"
        "    mov $5, %ecx\n"
        "    xor %eax, %eax\n"
        "1:  call 2f\n"
        "    loop 1b\n"
        "    push %rax\n"
        "    pop %rbx\n"
        "    lea 3f(%rip), %rsi\n"
        "    mov $0x9000, %edi\n"
        "    mov $4, %ecx\n"
        "    rep movsb\n"
        "    jmp *4f(%rip)\n"
        "2:  add %rcx, %rax\n"
        "    ret\n"
        "3:  .ascii \"abcd\"\n"
        "4:  .quad 0x7f0000000000\n"
        "calls_end: .popsection\n"
#ifdef __x86_64__
        ".code64\n"
#endif
);

static void test_climb(void)
{
    struct bench b;
    struct replay r;
    uint8_t before[0x3000], after[0x3000];
    struct err e;
    bench_init(&b, MODE_REAL);
    rig_put(&b.rig, CODE, climb, (size_t)(climb_end - climb));
    descriptor_put(&b, 1, 0x00cf9b000000ffffull);
    descriptor_put(&b, 2, 0x00cf93000000ffffull);
    descriptor_put(&b, 3, 0x00af9b000000ffffull);
    memset(before, 0x5a, sizeof before);
    rig_put(&b.rig, 0x10000, before, sizeof before);
    replay_run(&r, &b.rig.t, NULL);
    if (!r.found)
        fprintf(stderr, "stuck after %u: %s\n", r.count, r.why);
    CU_ASSERT_TRUE(r.found);
    CU_ASSERT_EQUAL(cpu_mode(&b.rig.t.sregs), MODE_LONG);
    CU_ASSERT_EQUAL(r.fault.vector, 14); /* the load from an address that is not mapped */
    CU_ASSERT_EQUAL(r.fault.cr2, 0x40000000);
    CU_ASSERT_EQUAL(b.rig.t.regs.rax, 0x12345678);
    CU_ASSERT_EQUAL(b.rig.t.sregs.idt.limit, 31);
    CU_ASSERT_EQUAL(b.rig.t.sregs.cs.selector, 0x18);
    CU_ASSERT_EQUAL(memory_read(&b.rig.memory, 0x10000, after, sizeof after, &e), 0);
    CU_ASSERT_EQUAL(le64_load(after), 0x11003);
    replay_undo(&r);
    CU_ASSERT_EQUAL(memory_read(&b.rig.memory, 0x10000, after, sizeof after, &e), 0);
    CU_ASSERT_EQUAL(memcmp(before, after, sizeof after), 0);
    bench_fini(&b);
}

static void test_calls(void)
{
    struct bench b;
    struct replay r;
    char copied[5] = {0};
    struct err e;
    bench_init(&b, MODE_LONG);
    rig_put(&b.rig, CODE, calls, (size_t)(calls_end - calls));
    replay_run(&r, &b.rig.t, NULL);
    CU_ASSERT_TRUE(r.found);
    CU_ASSERT_EQUAL(r.fault.vector, 14); /* the fetch after the jump */
    CU_ASSERT_EQUAL(b.rig.t.regs.rip, NOWHERE);
    CU_ASSERT_EQUAL(b.rig.t.regs.rbx, 15);
    CU_ASSERT_EQUAL(b.rig.t.regs.rsp, 0x7000);
    CU_ASSERT_EQUAL(memory_read(&b.rig.memory, 0x9000, copied, 4, &e), 0);
    CU_ASSERT_STRING_EQUAL(copied, "abcd");
    replay_undo(&r);
    bench_fini(&b);
}

/* The instruction that made the last exit has been done, and what it read is known from the event. */
static void test_last_exit(void)
{
    struct bench b;
    struct replay r;
    bench_init(&b, MODE_LONG);
    CODE_IS(&b, "\xec\x0f\x0b"); /* in al, dx; ud2 */
    struct event ev = {
        .kind = EVENT_IO, .dir = DIR_IN, .rip = CODE, .value = 0x5a, .size = 1, .flags = EVENT_VALUE};
    replay_run(&r, &b.rig.t, &ev);
    CU_ASSERT_TRUE(r.found && r.fault.vector == 6);
    CU_ASSERT_EQUAL(b.rig.t.regs.rax, 0x5a);
    replay_undo(&r);

    b.rig.t.regs.rip = CODE;
    replay_run(&r, &b.rig.t, NULL); /* without the event it cannot be told */
    CU_ASSERT_FALSE(r.found);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "in al, dx (ec) at 0x1000 cannot be replayed"));
    replay_undo(&r);

    CODE_IS(&b, "\x8b\x07\x0f\x0b"); /* mov eax, [rdi]; ud2 */
    b.rig.t.regs.rip = CODE;
    b.rig.t.regs.rdi = 0xb8000;
    ev = (struct event){
        .kind = EVENT_MMIO, .dir = DIR_IN, .rip = CODE, .value = 0x07200720, .size = 4, .flags = EVENT_VALUE};
    replay_run(&r, &b.rig.t, &ev);
    CU_ASSERT_TRUE(r.found && r.fault.vector == 6);
    CU_ASSERT_EQUAL(b.rig.t.regs.rax, 0x07200720);
    replay_undo(&r);

    CODE_IS(&b, "\xeb\xfe"); /* for ever */
    b.rig.t.regs.rip = CODE;
    replay_run(&r, &b.rig.t, NULL);
    CU_ASSERT_FALSE(r.found);
    CU_ASSERT_EQUAL(r.count, REPLAY_MAX);
    replay_undo(&r);
    bench_fini(&b);
}

/* The whole autopsy from an old state. */
static void test_autopsy(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CODE_IS(&b, "\xee\x31\xc0\x31\xc9\xf7\xf1"); /* out dx, al; xor eax, eax; xor ecx, ecx; div ecx */
    no_idt(&b);
    b.from_last_exit = true;
    b.has_last = true;
    b.last = (struct event){.kind = EVENT_IO, .dir = DIR_OUT, .rip = CODE, .cs = 8, .size = 1};
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_SHUTDOWN);
    CU_ASSERT_EQUAL(b.a->replayed, 3);
    CU_ASSERT_EQUAL(b.a->step[0].what.vector, 0);
    ASSERT_HAS(&b.out, "resets the CPU at a shutdown");
    ASSERT_HAS(&b.out, "inferred  From there 3 instructions were done again in software.");
    ASSERT_HAS(&b.out, "inferred  CS:RIP 0x0008:0x1005, linear 0x1005, is div ecx (f7 f1).");
    ASSERT_HAS(&b.out, "First came #DE divide error: a division by zero.");
    check_columns(&b.out);

    b.last = (struct event){.kind = EVENT_MSR_WRITE, .rip = CODE, .cs = 8, .addr = 0x1234, .detail = 1};
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->step[0].what.vector, 13);
    struct text words = unwrapped(&b.out);
    ASSERT_HAS(&words,
               "known     First came #GP general protection: KVM does not know MSR 0x1234, and WRMSR was");
    text_fini(&words);
    bench_fini(&b);
}

/* Random bytes as code: no crash, an end, and memory as before. */
static void test_hostile(void)
{
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG};
    uint64_t seed = 0x9e3779b97f4a7c15ull;
    for (unsigned round = 0; round < 600; round++) {
        struct bench b;
        struct replay r;
        bench_init(&b, modes[round % 3]);
        uint8_t code_bytes[0x800];
        for (size_t i = 0; i < sizeof code_bytes; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            code_bytes[i] = (uint8_t)(seed >> 24);
        }
        rig_put(&b.rig, CODE, code_bytes, sizeof code_bytes);
        uint32_t crc = crc32c(0, b.rig.memory.ram, (size_t)b.rig.memory.len);
        replay_run(&r, &b.rig.t, NULL);
        CU_ASSERT_TRUE(r.found || r.why[0]);
        replay_undo(&r);
        CU_ASSERT_EQUAL(crc32c(0, b.rig.memory.ram, (size_t)b.rig.memory.len), crc);
        bench_fini(&b);
    }
}

static const struct unit_test tests[] = {
    {"against the processor", test_against_the_processor},
    {"from real mode to long mode", test_climb},
    {"calls, loops and strings", test_calls},
    {"what the last exit did", test_last_exit},
    {"the autopsy from an old state", test_autopsy},
    {"hostile code", test_hostile},
};

UNIT_MAIN("replay", tests)
