/*
 * Which instructions cannot fault?  Most of plain code moves and computes in registers and jumps nearby; such
 * instructions are known by their opcode and need no net (step_net.c).  The table errs on one side only: what
 * is not in it is taken to be able to fault.  (Intel SDM, appendix "Opcode Map".)
 */
#include "run/inside.h"
#include "vm/insn.h"

/* What else must be so. */
enum condition {
    ALWAYS,
    REGISTER,      /* ModRM names a register, not memory */
    MEMORY,        /* the opposite: LEA */
    REGISTER_LOW,  /* a register, and the opcode's extension is below 6: F6 and F7 divide with 6 and 7 */
    REGISTER_ZERO, /* a register, and the extension is 0 */
    REGISTER_INC,  /* a register, and the extension is 0 or 1 */
    LEGACY,        /* not in 64-bit mode, where these bytes are prefixes */
    JUMP,          /* a near jump whose target cannot be outside of the code segment */
};

struct harmless {
    uint8_t opcode, mask;
    enum condition condition;
};

static const struct harmless one_byte[] = {
    {0x04, 0xc6, ALWAYS},        /* ALU AL/eAX, immediate */
    {0x00, 0xc4, REGISTER},      /* ALU r/m, r and r, r/m */
    {0x40, 0xf0, LEGACY},        /* INC, DEC */
    {0x70, 0xf0, JUMP},          /* Jcc */
    {0x80, 0xfc, REGISTER},      /* ALU r/m, immediate */
    {0x84, 0xfc, REGISTER},      /* TEST, XCHG */
    {0x88, 0xfc, REGISTER},      /* MOV */
    {0x8d, 0xff, MEMORY},        /* LEA */
    {0x90, 0xf8, ALWAYS},        /* NOP, XCHG */
    {0x98, 0xfe, ALWAYS},        /* CBW, CWD */
    {0x9e, 0xfe, LEGACY},        /* SAHF, LAHF: old 64-bit CPUs have none */
    {0xa8, 0xfe, ALWAYS},        /* TEST AL/eAX, immediate */
    {0xb0, 0xf0, ALWAYS},        /* MOV r, immediate */
    {0xc0, 0xfe, REGISTER},      /* shifts */
    {0xc6, 0xfe, REGISTER_ZERO}, /* MOV r/m, immediate; XABORT and XBEGIN have another extension */
    {0xd0, 0xfc, REGISTER},      /* shifts */
    {0xe0, 0xfc, JUMP},          /* LOOP, JCXZ */
    {0xe9, 0xfd, JUMP},          /* JMP */
    {0xf5, 0xff, ALWAYS},        /* CMC */
    {0xf6, 0xfe, REGISTER_LOW},  /* TEST, NOT, NEG, MUL */
    {0xf8, 0xfe, ALWAYS},        /* CLC, STC */
    {0xfc, 0xfe, ALWAYS},        /* CLD, STD */
    {0xfe, 0xfe, REGISTER_INC},  /* INC, DEC */
};

static const struct harmless two_bytes[] = {
    {0x80, 0xf0, JUMP},     /* Jcc */
    {0x90, 0xf0, REGISTER}, /* SETcc */
    {0xaf, 0xff, REGISTER}, /* IMUL */
    {0xb6, 0xfe, REGISTER}, /* MOVZX */
    {0xbe, 0xfe, REGISTER}, /* MOVSX */
    {0xc8, 0xf8, ALWAYS},   /* BSWAP */
};

static bool condition_holds(enum condition c, uint8_t modrm, unsigned bits, const struct kvm_sregs *s)
{
    bool reg = modrm >> 6 == 3;
    unsigned extension = modrm >> 3 & 7;
    switch (c) {
    case ALWAYS:
        return true;
    case REGISTER:
        return reg;
    case MEMORY:
        return !reg;
    case REGISTER_LOW:
        return reg && extension < 6;
    case REGISTER_ZERO:
        return reg && extension == 0;
    case REGISTER_INC:
        return reg && extension < 2;
    case LEGACY:
        return bits != 64;
    case JUMP:
        return bits == 64 || s->cs.limit >= (bits == 32 ? UINT32_MAX : 0xffffu);
    }
    return false;
}

static bool harmless(const struct harmless *rows, size_t n, const uint8_t *p, unsigned bits,
                     const struct kvm_sregs *s)
{
    for (size_t i = 0; i < n; i++)
        if ((p[0] & rows[i].mask) == rows[i].opcode && condition_holds(rows[i].condition, p[1], bits, s))
            return true;
    return false;
}

bool step_may_fault(const struct run_insn *insn, const struct kvm_sregs *s)
{
    const uint8_t *p = insn->code;
    size_t i = 0;
    if (insn->n < INSN_MAX) /* near the end of what can be fetched */
        return true;
    while (i < 8 && p[i] != 0xf0 && insn_is_prefix(p[i], insn->bits))
        i++;
    if (p[i] == 0x0f)
        return !harmless(two_bytes, sizeof two_bytes / sizeof two_bytes[0], p + i + 1, insn->bits, s);
    return !harmless(one_byte, sizeof one_byte / sizeof one_byte[0], p + i, insn->bits, s);
}
