/*
 * gdb's registers: see gdb_target.h.  One table says where each is in KVM's structures; numbers, layout and
 * description follow from it.  The order within a feature is gdb's own, so that a client that reads no XML
 * finds the first registers where it expects them.  (Intel SDM, "x87 FPU Tag Word", "FXSAVE: Save x87 FPU,
 * MMX Technology, and SSE State", "Real-Address Mode", "EFLAGS Register".)
 */
#include "debug/gdb_target.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define FLAGS_WRITABLE 0x3f7fd5ull /* CF to ID, without the fixed bits 1, 3, 5 and 15 */
#define MXCSR_BITS     0xffffull

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY, ST_COUNT = 8 };

static uint64_t rip_get(const struct gdb_cpu *c)
{
    return cpu_rip_linear(&c->regs, &c->sregs);
}

int gdb_rip_set(struct gdb_cpu *c, uint64_t linear, struct err *e)
{
    if (cpu_mode(&c->sregs) == MODE_LONG) {
        c->regs.rip = linear;
        return 0;
    }
    uint32_t offset = (uint32_t)(linear - c->sregs.cs.base);
    if (linear > UINT32_MAX || offset > c->sregs.cs.limit)
        return err_set(e, "CS (base 0x%" PRIx64 ", limit 0x%" PRIx32 ") does not reach 0x%" PRIx64,
                       (uint64_t)c->sregs.cs.base, c->sregs.cs.limit, linear);
    c->regs.rip = offset;
    return 0;
}

static int rip_set(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e)
{
    (void)r;
    return gdb_rip_set(c, value, e);
}

static uint64_t flags_get(const struct gdb_cpu *c)
{
    return (uint32_t)c->regs.rflags;
}

/* Bits that cannot be set stay as the CPU has them, without a complaint: so does POPF. */
static int flags_set(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e)
{
    (void)r;
    (void)e;
    c->regs.rflags = (value & FLAGS_WRITABLE) | RFLAGS_FIXED;
    return 0;
}

/* Loading a selector loads the hidden part of the register too: in real and virtual-8086 mode that is its
 * base; elsewhere it is a descriptor, which only the guest's own instruction can fetch with all its checks.
 */
static int selector_set(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e)
{
    struct kvm_segment *s =
        (struct kvm_segment *)((uint8_t *)c + r->offset - offsetof(struct kvm_segment, selector));
    if ((c->sregs.cr0 & CR0_PE) && !(c->regs.rflags & RFLAGS_VM))
        return err_set(e, "a selector in protected mode would need its descriptor: set the base instead, or "
                          "let the guest load it");
    if (value > UINT16_MAX)
        return err_set(e, "a selector has 16 bits");
    s->selector = (uint16_t)value;
    s->base = value << 4;
    return 0;
}

/* FXSAVE keeps one bit a register (empty or not); the two bits of the tag word follow from the contents. */
static unsigned tag_of(const uint8_t *st)
{
    uint64_t significand = le64_load(st);
    unsigned exponent = le16_load(st + 8) & 0x7fffu;
    if (exponent == 0)
        return significand == 0 ? TAG_ZERO : TAG_SPECIAL;
    return exponent == 0x7fff || !(significand >> 63) ? TAG_SPECIAL : TAG_VALID;
}

static uint64_t tags_get(const struct gdb_cpu *c)
{
    unsigned top = c->fpu.fsw >> 11 & 7u;
    uint64_t tags = 0;
    for (unsigned i = 0; i < ST_COUNT; i++) {
        unsigned tag = c->fpu.ftwx >> i & 1 ? tag_of(c->fpu.fpr[(i - top) & 7u]) : TAG_EMPTY;
        tags |= (uint64_t)tag << 2 * i;
    }
    return tags;
}

static int tags_set(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e)
{
    (void)r;
    (void)e;
    uint8_t full = 0;
    for (unsigned i = 0; i < ST_COUNT; i++)
        full |= (uint8_t)(((value >> 2 * i & 3) != TAG_EMPTY) << i);
    c->fpu.ftwx = full;
    return 0;
}

static uint64_t mxcsr_get(const struct gdb_cpu *c)
{
    return c->fpu.mxcsr;
}

static int mxcsr_set(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e)
{
    (void)r;
    if (value & ~MXCSR_BITS)
        return err_set(e, "MXCSR has no bits above 15");
    c->fpu.mxcsr = (uint32_t)value;
    return 0;
}

#define FEATURE_CORE     "org.gnu.gdb.i386.core"
#define FEATURE_SSE      "org.gnu.gdb.i386.sse"
#define FEATURE_SEGMENTS "org.gnu.gdb.i386.segments"
#define FEATURE_SYSTEM   "org.ringside.system"

#define FIELD(member) offsetof(struct gdb_cpu, member), sizeof(((struct gdb_cpu *)0)->member)
#define GENERAL(name, type)                                                                                  \
    {                                                                                                        \
#name, 64, type, "general", FEATURE_CORE, FIELD(regs.name), NULL, NULL, true                         \
    }
#define SELECTOR(name, quick)                                                                                \
    {                                                                                                        \
#name, 32, "int32", "general", FEATURE_CORE, FIELD(sregs.name.selector), NULL, selector_set, quick   \
    }
#define ST(i)                                                                                                \
    {                                                                                                        \
        "st" #i, 80, "i387_ext", "float", FEATURE_CORE, offsetof(struct gdb_cpu, fpu.fpr[i]), 10, NULL,      \
            NULL, false                                                                                      \
    }
#define X87(name, offset, len, get, set)                                                                     \
    {                                                                                                        \
        name, 32, "int", "float", FEATURE_CORE, offset, len, get, set, false                                 \
    }
#define XMM(i)                                                                                               \
    {                                                                                                        \
        "xmm" #i, 128, "vec128", "vector", FEATURE_SSE, FIELD(fpu.xmm[i]), NULL, NULL, false                 \
    }
#define SYSTEM(name, bits, type, feature, member)                                                            \
    {                                                                                                        \
        name, bits, type, "system", feature, FIELD(member), NULL, NULL, false                                \
    }

static const struct gdb_register registers[] = {
    GENERAL(rax, "int64"),
    GENERAL(rbx, "int64"),
    GENERAL(rcx, "int64"),
    GENERAL(rdx, "int64"),
    GENERAL(rsi, "int64"),
    GENERAL(rdi, "int64"),
    GENERAL(rbp, "data_ptr"),
    GENERAL(rsp, "data_ptr"),
    GENERAL(r8, "int64"),
    GENERAL(r9, "int64"),
    GENERAL(r10, "int64"),
    GENERAL(r11, "int64"),
    GENERAL(r12, "int64"),
    GENERAL(r13, "int64"),
    GENERAL(r14, "int64"),
    GENERAL(r15, "int64"),
    {"rip", 64, "code_ptr", "general", FEATURE_CORE, FIELD(regs.rip), rip_get, rip_set, true},
    {"eflags", 32, "i386_eflags", "general", FEATURE_CORE, FIELD(regs.rflags), flags_get, flags_set, true},
    SELECTOR(cs, true),
    SELECTOR(ss, true),
    SELECTOR(ds, false),
    SELECTOR(es, false),
    SELECTOR(fs, false),
    SELECTOR(gs, false),
    ST(0),
    ST(1),
    ST(2),
    ST(3),
    ST(4),
    ST(5),
    ST(6),
    ST(7),
    X87("fctrl", offsetof(struct gdb_cpu, fpu.fcw), 2, NULL, NULL),
    X87("fstat", offsetof(struct gdb_cpu, fpu.fsw), 2, NULL, NULL),
    X87("ftag", offsetof(struct gdb_cpu, fpu.ftwx), 1, tags_get, tags_set),
    X87("fiseg", offsetof(struct gdb_cpu, fpu.last_ip) + 4, 2, NULL, NULL),
    X87("fioff", offsetof(struct gdb_cpu, fpu.last_ip), 4, NULL, NULL),
    X87("foseg", offsetof(struct gdb_cpu, fpu.last_dp) + 4, 2, NULL, NULL),
    X87("fooff", offsetof(struct gdb_cpu, fpu.last_dp), 4, NULL, NULL),
    X87("fop", offsetof(struct gdb_cpu, fpu.last_opcode), 2, NULL, NULL),
    XMM(0),
    XMM(1),
    XMM(2),
    XMM(3),
    XMM(4),
    XMM(5),
    XMM(6),
    XMM(7),
    XMM(8),
    XMM(9),
    XMM(10),
    XMM(11),
    XMM(12),
    XMM(13),
    XMM(14),
    XMM(15),
    {"mxcsr", 32, "i386_mxcsr", "vector", FEATURE_SSE, FIELD(fpu.mxcsr), mxcsr_get, mxcsr_set, false},
    SYSTEM("fs_base", 64, "int64", FEATURE_SEGMENTS, sregs.fs.base),
    SYSTEM("gs_base", 64, "int64", FEATURE_SEGMENTS, sregs.gs.base),
    SYSTEM("rip_offset", 64, "uint64", FEATURE_SYSTEM, regs.rip),
    SYSTEM("cr0", 64, "x86_cr0", FEATURE_SYSTEM, sregs.cr0),
    SYSTEM("cr2", 64, "data_ptr", FEATURE_SYSTEM, sregs.cr2),
    SYSTEM("cr3", 64, "uint64", FEATURE_SYSTEM, sregs.cr3),
    SYSTEM("cr4", 64, "x86_cr4", FEATURE_SYSTEM, sregs.cr4),
    SYSTEM("cr8", 64, "uint64", FEATURE_SYSTEM, sregs.cr8),
    SYSTEM("efer", 64, "x86_efer", FEATURE_SYSTEM, sregs.efer),
    SYSTEM("cs_base", 64, "uint64", FEATURE_SYSTEM, sregs.cs.base),
    SYSTEM("ss_base", 64, "uint64", FEATURE_SYSTEM, sregs.ss.base),
    SYSTEM("ds_base", 64, "uint64", FEATURE_SYSTEM, sregs.ds.base),
    SYSTEM("es_base", 64, "uint64", FEATURE_SYSTEM, sregs.es.base),
    SYSTEM("cs_limit", 32, "uint32", FEATURE_SYSTEM, sregs.cs.limit),
    SYSTEM("ss_limit", 32, "uint32", FEATURE_SYSTEM, sregs.ss.limit),
    SYSTEM("ds_limit", 32, "uint32", FEATURE_SYSTEM, sregs.ds.limit),
    SYSTEM("es_limit", 32, "uint32", FEATURE_SYSTEM, sregs.es.limit),
    SYSTEM("fs_limit", 32, "uint32", FEATURE_SYSTEM, sregs.fs.limit),
    SYSTEM("gs_limit", 32, "uint32", FEATURE_SYSTEM, sregs.gs.limit),
    SYSTEM("tr", 32, "uint32", FEATURE_SYSTEM, sregs.tr.selector),
    SYSTEM("tr_base", 64, "uint64", FEATURE_SYSTEM, sregs.tr.base),
    SYSTEM("tr_limit", 32, "uint32", FEATURE_SYSTEM, sregs.tr.limit),
    SYSTEM("ldtr", 32, "uint32", FEATURE_SYSTEM, sregs.ldt.selector),
    SYSTEM("ldtr_base", 64, "uint64", FEATURE_SYSTEM, sregs.ldt.base),
    SYSTEM("ldtr_limit", 32, "uint32", FEATURE_SYSTEM, sregs.ldt.limit),
    SYSTEM("gdtr_base", 64, "uint64", FEATURE_SYSTEM, sregs.gdt.base),
    SYSTEM("gdtr_limit", 32, "uint32", FEATURE_SYSTEM, sregs.gdt.limit),
    SYSTEM("idtr_base", 64, "uint64", FEATURE_SYSTEM, sregs.idt.base),
    SYSTEM("idtr_limit", 32, "uint32", FEATURE_SYSTEM, sregs.idt.limit),
};

enum { REGISTER_COUNT = sizeof registers / sizeof registers[0] };

const struct gdb_register *gdb_register(size_t number)
{
    return number < REGISTER_COUNT ? &registers[number] : NULL;
}

/* The part a register's field lies in. */
static unsigned part_of(const struct gdb_register *r)
{
    if (r->offset < offsetof(struct gdb_cpu, sregs))
        return GDB_REGS;
    return r->offset < offsetof(struct gdb_cpu, fpu) ? GDB_SREGS : GDB_FPU;
}

unsigned gdb_register_parts(const struct gdb_register *r)
{
    return part_of(r) | (r->get == rip_get ? GDB_SREGS : 0u);
}

void gdb_register_get(const struct gdb_register *r, const struct gdb_cpu *c, uint8_t *bytes)
{
    size_t len = gdb_register_len(r);
    memset(bytes, 0, len);
    if (r->get)
        le_store(bytes, r->get(c), len);
    else
        memcpy(bytes, (const uint8_t *)c + r->offset, r->len);
}

/* Stores the register as its field is; what the field has no room for must be zero. */
static int field_set(const struct gdb_register *r, struct gdb_cpu *c, const uint8_t *bytes, struct err *e)
{
    for (size_t i = r->len; i < gdb_register_len(r); i++)
        if (bytes[i])
            return err_set(e, "%s has only %zu bits", r->name, 8 * r->len);
    memcpy((uint8_t *)c + r->offset, bytes, r->len);
    return 0;
}

static bool register_is(const struct gdb_register *r, const struct gdb_cpu *c, const uint8_t *bytes)
{
    uint8_t now[GDB_REGISTER_BYTES_MAX];
    gdb_register_get(r, c, now);
    return memcmp(now, bytes, gdb_register_len(r)) == 0;
}

static int register_store(const struct gdb_register *r, struct gdb_cpu *c, const uint8_t *bytes,
                          unsigned *changed, struct err *e)
{
    *changed |= part_of(r);
    return r->set ? r->set(c, r, le_load(bytes, gdb_register_len(r)), e) : field_set(r, c, bytes, e);
}

int gdb_register_set(const struct gdb_register *r, struct gdb_cpu *c, const uint8_t *bytes, unsigned *changed,
                     struct err *e)
{
    return register_is(r, c, bytes) ? 0 : register_store(r, c, bytes, changed, e);
}

size_t gdb_registers_len(void)
{
    size_t len = 0;
    for (size_t i = 0; i < REGISTER_COUNT; i++)
        len += gdb_register_len(&registers[i]);
    return len;
}

/* Only what differs from before is written: a selector moves its base, and the base that stands further on
 * in the same packet must not move it back. */
int gdb_registers_set(struct gdb_cpu *c, const uint8_t *bytes, unsigned *changed, struct err *e)
{
    struct gdb_cpu after = *c;
    unsigned parts = 0;
    const uint8_t *rip_bytes = NULL;
    for (const struct gdb_register *r = registers; r < registers + REGISTER_COUNT; r++) {
        bool same = register_is(r, c, bytes);
        if (!same && r->set == rip_set)
            rip_bytes = bytes;
        else if (!same && register_store(r, &after, bytes, &parts, e) < 0)
            return -1;
        bytes += gdb_register_len(r);
    }
    if (rip_bytes) {
        parts |= GDB_REGS;
        if (gdb_rip_set(&after, le64_load(rip_bytes), e) < 0)
            return -1;
    }
    *c = after;
    *changed |= parts;
    return 0;
}
