/*
 * The instructions of every program, for the replay: moves, arithmetic with its flags, jumps, the stack,
 * strings (Intel SDM, "Programming With General-Purpose Instructions", "EFLAGS Register").
 */
#include "debug/replay.h"

enum {
    FLAG_CF = 1,
    FLAG_PF = 4,
    FLAG_AF = 0x10,
    FLAG_ZF = 0x40,
    FLAG_SF = 0x80,
    FLAG_DF = 0x400,
    FLAG_OF = 0x800
};
#define FLAGS_ARITHMETIC (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static uint64_t size_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
    return bits >= 64 ? v : (v ^ 1ull << (bits - 1)) - (1ull << (bits - 1));
}

static void flags_set(struct replay *r, uint64_t result, unsigned bits, uint64_t keep, uint64_t more)
{
    uint64_t v = result & size_mask(bits), f = more;
    f |= v ? 0 : FLAG_ZF;
    f |= v >> (bits - 1) & 1 ? FLAG_SF : 0;
    f |= __builtin_parity((unsigned)(v & 0xff)) ? 0 : FLAG_PF;
    r->t->regs.rflags = (r->t->regs.rflags & (~(uint64_t)FLAGS_ARITHMETIC | keep)) | (f & ~keep);
}

/* ---- arithmetic ---- */

enum operation { OP_ADD, OP_ADC, OP_SUB, OP_SBB, OP_AND, OP_OR, OP_XOR };

static uint64_t compute(struct replay *r, enum operation op, uint64_t a, uint64_t b, unsigned bits,
                        uint64_t keep)
{
    uint64_t carry = (op == OP_ADC || op == OP_SBB) && (r->t->regs.rflags & FLAG_CF), mask = size_mask(bits),
             v = 0, f = 0;
    a &= mask;
    b &= mask;
    switch (op) {
    case OP_ADD:
    case OP_ADC:
        v = (a + b + carry) & mask;
        f |= v < a || (carry && v == a) ? FLAG_CF : 0;
        f |= ((a ^ v) & (b ^ v)) >> (bits - 1) & 1 ? FLAG_OF : 0;
        break;
    case OP_SUB:
    case OP_SBB:
        v = (a - b - carry) & mask;
        f |= a < b || (carry && a == b) ? FLAG_CF : 0;
        f |= ((a ^ b) & (a ^ v)) >> (bits - 1) & 1 ? FLAG_OF : 0;
        break;
    case OP_AND:
        v = a & b;
        break;
    case OP_OR:
        v = a | b;
        break;
    case OP_XOR:
        v = a ^ b;
        break;
    }
    if (op <= OP_SBB)
        f |= (a ^ b ^ v) & FLAG_AF;
    flags_set(r, v, bits, keep, f);
    return v;
}

static const struct {
    ZydisMnemonic mnemonic;
    enum operation op;
    bool store;
} binaries[] = {
    {ZYDIS_MNEMONIC_ADD, OP_ADD, true},   {ZYDIS_MNEMONIC_ADC, OP_ADC, true},
    {ZYDIS_MNEMONIC_SUB, OP_SUB, true},   {ZYDIS_MNEMONIC_SBB, OP_SBB, true},
    {ZYDIS_MNEMONIC_AND, OP_AND, true},   {ZYDIS_MNEMONIC_OR, OP_OR, true},
    {ZYDIS_MNEMONIC_XOR, OP_XOR, true},   {ZYDIS_MNEMONIC_CMP, OP_SUB, false},
    {ZYDIS_MNEMONIC_TEST, OP_AND, false},
};

static bool binary(struct replay *r, const struct instruction *x)
{
    uint64_t a, b;
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        if (binaries[i].mnemonic != x->insn.mnemonic)
            continue;
        if (!replay_load(r, x, 0, &a) || !replay_load(r, x, 1, &b))
            return false;
        uint64_t v = compute(r, binaries[i].op, a, b, x->op[0].size, 0);
        return !binaries[i].store || replay_store(r, x, 0, v);
    }
    return false;
}

static bool unary(struct replay *r, const struct instruction *x)
{
    uint64_t a;
    unsigned bits = x->op[0].size;
    ZydisMnemonic m = x->insn.mnemonic;
    if (m != ZYDIS_MNEMONIC_INC && m != ZYDIS_MNEMONIC_DEC && m != ZYDIS_MNEMONIC_NEG &&
        m != ZYDIS_MNEMONIC_NOT)
        return false;
    if (!replay_load(r, x, 0, &a))
        return false;
    if (m == ZYDIS_MNEMONIC_NOT)
        a = ~a;
    else if (m == ZYDIS_MNEMONIC_NEG)
        a = compute(r, OP_SUB, 0, a, bits, 0);
    else
        a = compute(r, m == ZYDIS_MNEMONIC_INC ? OP_ADD : OP_SUB, a, 1, bits, FLAG_CF);
    return replay_store(r, x, 0, a);
}

static bool shift(struct replay *r, const struct instruction *x)
{
    uint64_t a, n;
    unsigned bits = x->op[0].size;
    ZydisMnemonic m = x->insn.mnemonic;
    if ((m != ZYDIS_MNEMONIC_SHL && m != ZYDIS_MNEMONIC_SHR && m != ZYDIS_MNEMONIC_SAR) ||
        !replay_load(r, x, 0, &a) || !replay_load(r, x, 1, &n))
        return false;
    n &= bits == 64 ? 63 : 31;
    if (n == 0)
        return replay_store(r, x, 0, a); /* no flags, but the upper half of a 32-bit register goes */
    if (n > bits)
        return false; /* rare, and its flags are not defined */
    uint64_t wide = m == ZYDIS_MNEMONIC_SAR ? sign_extend(a, bits) : a & size_mask(bits), v, out;
    if (m == ZYDIS_MNEMONIC_SHL) {
        v = n == 64 ? 0 : wide << n;
        out = wide >> (bits - n) & 1;
    } else {
        v = m == ZYDIS_MNEMONIC_SAR ? (uint64_t)((int64_t)wide >> (n > 63 ? 63 : n)) : wide >> n;
        out = wide >> (n - 1) & 1;
    }
    uint64_t top = v >> (bits - 1) & 1, overflow = m == ZYDIS_MNEMONIC_SHL   ? top ^ out
                                                   : m == ZYDIS_MNEMONIC_SHR ? wide >> (bits - 1) & 1
                                                                             : 0;
    flags_set(r, v, bits, 0, (out ? FLAG_CF : 0) | (overflow ? FLAG_OF : 0));
    return replay_store(r, x, 0, v);
}

/* ---- moves ---- */

static bool move(struct replay *r, const struct instruction *x)
{
    uint64_t a, b, linear;
    switch (x->insn.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
        return replay_load(r, x, 1, &a) && replay_store(r, x, 0, a);
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return replay_load(r, x, 1, &a) && replay_store(r, x, 0, sign_extend(a, x->op[1].size));
    case ZYDIS_MNEMONIC_LEA:
        linear = insn_operand_linear(&r->t->regs, &r->t->sregs, &x->insn, &x->op[1], x->rip + x->insn.length);
        return replay_store(r, x, 0, linear - insn_segment_base(&r->t->sregs, x->op[1].mem.segment));
    case ZYDIS_MNEMONIC_XCHG:
        return replay_load(r, x, 0, &a) && replay_load(r, x, 1, &b) && replay_store(r, x, 0, b) &&
               replay_store(r, x, 1, a);
    default:
        return false;
    }
}

/* ---- the stack ---- */

static uint64_t stack_mask(const struct target *t)
{
    return cpu_mode(&t->sregs) == MODE_LONG ? UINT64_MAX : t->sregs.ss.db ? UINT32_MAX : 0xffff;
}

static void stack_move(struct replay *r, uint64_t by)
{
    uint64_t mask = stack_mask(r->t);
    r->t->regs.rsp = (r->t->regs.rsp & ~mask) | ((r->t->regs.rsp + by) & mask);
}

/* The hidden operand that is the stack. */
static bool stack_operand(const struct instruction *x, size_t *i)
{
    for (*i = 0; *i < x->insn.operand_count; (*i)++)
        if (x->op[*i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            x->op[*i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            return true;
    return false;
}

static bool push(struct replay *r, const struct instruction *x, uint64_t v)
{
    size_t i;
    if (!stack_operand(x, &i) || !replay_store(r, x, i, v))
        return false;
    stack_move(r, 0 - (uint64_t)(x->op[i].size / 8u));
    return true;
}

static bool pop(struct replay *r, const struct instruction *x, uint64_t *v)
{
    size_t i;
    if (!stack_operand(x, &i) || !replay_load(r, x, i, v))
        return false;
    stack_move(r, x->op[i].size / 8u);
    return true;
}

static bool stack(struct replay *r, const struct instruction *x)
{
    uint64_t v;
    bool far = x->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    switch (far ? ZYDIS_MNEMONIC_INVALID : x->insn.mnemonic) {
    case ZYDIS_MNEMONIC_PUSH:
        return replay_load(r, x, 0, &v) && push(r, x, v);
    case ZYDIS_MNEMONIC_POP:
        return ZydisRegisterGetClass(x->op[0].reg.value) != ZYDIS_REGCLASS_SEGMENT && pop(r, x, &v) &&
               replay_store(r, x, 0, v);
    case ZYDIS_MNEMONIC_PUSHFQ:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_PUSHF:
        return push(r, x, r->t->regs.rflags & ~(RFLAGS_RF | RFLAGS_VM));
    case ZYDIS_MNEMONIC_CALL:
        if (x->op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
            v = (x->rip + x->insn.length + x->op[0].imm.value.u) & size_mask(x->insn.operand_width);
        else if (!replay_load(r, x, 0, &v))
            return false;
        if (!push(r, x, r->t->regs.rip))
            return false;
        r->t->regs.rip = v;
        return true;
    case ZYDIS_MNEMONIC_RET:
        if (!pop(r, x, &v))
            return false;
        if (x->op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
            stack_move(r, x->op[0].imm.value.u);
        r->t->regs.rip = v;
        return true;
    default:
        return false;
    }
}

/* ---- jumps ---- */

/* The sixteen conditions, in the order of their encoding; the odd ones are the even ones' opposites. */
static const struct {
    ZydisMnemonic jump, set, move;
} conditions[] = {
    {ZYDIS_MNEMONIC_JO, ZYDIS_MNEMONIC_SETO, ZYDIS_MNEMONIC_CMOVO},
    {ZYDIS_MNEMONIC_JNO, ZYDIS_MNEMONIC_SETNO, ZYDIS_MNEMONIC_CMOVNO},
    {ZYDIS_MNEMONIC_JB, ZYDIS_MNEMONIC_SETB, ZYDIS_MNEMONIC_CMOVB},
    {ZYDIS_MNEMONIC_JNB, ZYDIS_MNEMONIC_SETNB, ZYDIS_MNEMONIC_CMOVNB},
    {ZYDIS_MNEMONIC_JZ, ZYDIS_MNEMONIC_SETZ, ZYDIS_MNEMONIC_CMOVZ},
    {ZYDIS_MNEMONIC_JNZ, ZYDIS_MNEMONIC_SETNZ, ZYDIS_MNEMONIC_CMOVNZ},
    {ZYDIS_MNEMONIC_JBE, ZYDIS_MNEMONIC_SETBE, ZYDIS_MNEMONIC_CMOVBE},
    {ZYDIS_MNEMONIC_JNBE, ZYDIS_MNEMONIC_SETNBE, ZYDIS_MNEMONIC_CMOVNBE},
    {ZYDIS_MNEMONIC_JS, ZYDIS_MNEMONIC_SETS, ZYDIS_MNEMONIC_CMOVS},
    {ZYDIS_MNEMONIC_JNS, ZYDIS_MNEMONIC_SETNS, ZYDIS_MNEMONIC_CMOVNS},
    {ZYDIS_MNEMONIC_JP, ZYDIS_MNEMONIC_SETP, ZYDIS_MNEMONIC_CMOVP},
    {ZYDIS_MNEMONIC_JNP, ZYDIS_MNEMONIC_SETNP, ZYDIS_MNEMONIC_CMOVNP},
    {ZYDIS_MNEMONIC_JL, ZYDIS_MNEMONIC_SETL, ZYDIS_MNEMONIC_CMOVL},
    {ZYDIS_MNEMONIC_JNL, ZYDIS_MNEMONIC_SETNL, ZYDIS_MNEMONIC_CMOVNL},
    {ZYDIS_MNEMONIC_JLE, ZYDIS_MNEMONIC_SETLE, ZYDIS_MNEMONIC_CMOVLE},
    {ZYDIS_MNEMONIC_JNLE, ZYDIS_MNEMONIC_SETNLE, ZYDIS_MNEMONIC_CMOVNLE},
};

static bool condition_holds(uint64_t f, size_t i)
{
    bool sign = !(f & FLAG_SF) != !(f & FLAG_OF);
    const bool even[8] = {f & FLAG_OF, f & FLAG_CF, f & FLAG_ZF, f & (FLAG_CF | FLAG_ZF),
                          f & FLAG_SF, f & FLAG_PF, sign,        sign || (f & FLAG_ZF)};
    return even[i / 2] != (i & 1);
}

static void jump_relative(struct replay *r, const struct instruction *x)
{
    r->t->regs.rip = (x->rip + x->insn.length + x->op[0].imm.value.u) & size_mask(x->insn.operand_width);
}

static bool conditional(struct replay *r, const struct instruction *x)
{
    uint64_t v;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        bool holds = condition_holds(r->t->regs.rflags, i);
        if (x->insn.mnemonic == conditions[i].set)
            return replay_store(r, x, 0, holds);
        if (x->insn.mnemonic == conditions[i].move)
            return replay_load(r, x, holds ? 1 : 0, &v) && replay_store(r, x, 0, v);
        if (x->insn.mnemonic != conditions[i].jump)
            continue;
        if (holds)
            jump_relative(r, x);
        return true;
    }
    return false;
}

static bool jump(struct replay *r, const struct instruction *x)
{
    uint64_t v, mask = size_mask(x->insn.address_width);
    if (x->insn.mnemonic == ZYDIS_MNEMONIC_LOOP) {
        uint64_t count = (r->t->regs.rcx - 1) & mask;
        r->t->regs.rcx = (r->t->regs.rcx & ~mask) | count;
        if (count)
            jump_relative(r, x);
        return true;
    }
    if (x->insn.mnemonic != ZYDIS_MNEMONIC_JMP || x->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        return false;
    if (x->op[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        jump_relative(r, x);
        return true;
    }
    if (!replay_load(r, x, 0, &v))
        return false;
    r->t->regs.rip = v;
    return true;
}

/* ---- strings: one item at a time, as the CPU does ---- */

static void index_move(const struct replay *r, const struct instruction *x, __u64 *reg, unsigned by)
{
    uint64_t mask = size_mask(x->insn.address_width);
    uint64_t to = r->t->regs.rflags & FLAG_DF ? *reg - by : *reg + by;
    *reg = (*reg & ~mask) | (to & mask);
}

static bool string(struct replay *r, const struct instruction *x)
{
    static const struct {
        ZydisMnemonic mnemonic;
        bool source, destination;
    } strings[] = {{ZYDIS_MNEMONIC_MOVSB, true, true},  {ZYDIS_MNEMONIC_MOVSW, true, true},
                   {ZYDIS_MNEMONIC_MOVSD, true, true},  {ZYDIS_MNEMONIC_MOVSQ, true, true},
                   {ZYDIS_MNEMONIC_STOSB, false, true}, {ZYDIS_MNEMONIC_STOSW, false, true},
                   {ZYDIS_MNEMONIC_STOSD, false, true}, {ZYDIS_MNEMONIC_STOSQ, false, true},
                   {ZYDIS_MNEMONIC_LODSB, true, false}, {ZYDIS_MNEMONIC_LODSW, true, false},
                   {ZYDIS_MNEMONIC_LODSD, true, false}, {ZYDIS_MNEMONIC_LODSQ, true, false}};
    uint64_t v, mask = size_mask(x->insn.address_width);
    bool rep = x->insn.attributes & ZYDIS_ATTRIB_HAS_REP;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (strings[i].mnemonic != x->insn.mnemonic ||
            x->insn.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || x->op[0].size > 64 ||
            ZydisRegisterGetClass(x->op[0].reg.value) == ZYDIS_REGCLASS_XMM)
            continue;
        if (rep && !(r->t->regs.rcx & mask))
            return true;
        if (!replay_load(r, x, 1, &v) || !replay_store(r, x, 0, v))
            return false;
        if (strings[i].source)
            index_move(r, x, &r->t->regs.rsi, x->op[0].size / 8u);
        if (strings[i].destination)
            index_move(r, x, &r->t->regs.rdi, x->op[0].size / 8u);
        if (!rep)
            return true;
        uint64_t count = (r->t->regs.rcx - 1) & mask;
        r->t->regs.rcx = (r->t->regs.rcx & ~mask) | count;
        if (count)
            r->t->regs.rip = x->rip;
        return true;
    }
    return false;
}

bool replay_plain(struct replay *r, const struct instruction *x)
{
    static bool (*const groups[])(struct replay *, const struct instruction *) = {
        move, binary, unary, shift, stack, conditional, jump, string};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (groups[i](r, x))
            return true;
    return false;
}
