/*
 * From the instructions of a step trace to the flow of control.  An instruction's first bytes say whether it
 * may go somewhere else (Intel SDM, "Control Transfer Instructions"); where the next step is says whether it
 * did. A jump that no instruction asked for is an interrupt, when the trace has one at that place, or an
 * exception.
 *
 * Simplified: only opcodes are looked at, after the prefixes; lengths are not decoded, since an instruction
 * has at most 15 bytes and what goes on within 15 bytes is taken to be the next instruction. An exception
 * whose handler lies right behind the faulting instruction would be missed.
 */
#include "traces/graph_step.h"

#include "base/bytes.h"

static bool is_prefix(uint8_t byte, bool long_mode)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
    if (long_mode && (byte & 0xf0) == 0x40)
        return true;
    for (size_t i = 0; i < sizeof prefixes; i++)
        if (byte == prefixes[i])
            return true;
    return false;
}

/* Opcodes as they come out of masks; `reg` is the middle of the ModRM byte, -1: any. */
struct opcode_row {
    uint8_t mask, opcode;
    int8_t reg;
    enum step_way way;
};

static const struct opcode_row one_byte[] = {
    {0xf0, 0x70, -1, WAY_SKIP},                              /* Jcc rel8 */
    {0xfc, 0xe0, -1, WAY_SKIP},                              /* LOOPcc, JCXZ */
    {0xff, 0xe8, -1, WAY_CALL},                              /* CALL rel */
    {0xff, 0x9a, -1, WAY_CALL},                              /* CALL far */
    {0xff, 0xff, 2, WAY_CALL},                               /* CALL r/m */
    {0xff, 0xff, 3, WAY_CALL},                               /* CALL far [m] */
    {0xfd, 0xe9, -1, WAY_JUMP},                              /* JMP rel */
    {0xff, 0xea, -1, WAY_JUMP},                              /* JMP far */
    {0xff, 0xff, 4, WAY_JUMP},                               /* JMP r/m */
    {0xff, 0xff, 5, WAY_JUMP},                               /* JMP far [m] */
    {0xf6, 0xc2, -1, WAY_RETURN},                            /* RET, RET far, with and without a count */
    {0xff, 0xcf, -1, WAY_IRET},   {0xfe, 0xcc, -1, WAY_INT}, /* INT3, INT n */
    {0xff, 0xce, -1, WAY_INT},                               /* INTO */
    {0xff, 0xf1, -1, WAY_INT},                               /* INT1 */
};

/* Behind 0F. */
static const struct opcode_row two_bytes[] = {
    {0xf0, 0x80, -1, WAY_SKIP},   /* Jcc rel */
    {0xff, 0x05, -1, WAY_CALL},   /* SYSCALL */
    {0xff, 0x34, -1, WAY_CALL},   /* SYSENTER */
    {0xff, 0x07, -1, WAY_RETURN}, /* SYSRET */
    {0xff, 0x35, -1, WAY_RETURN}, /* SYSEXIT */
};

static enum step_way opcode_way(const struct opcode_row *rows, size_t count, const uint8_t *p,
                                const uint8_t *end)
{
    for (size_t i = 0; i < count; i++)
        if ((p[0] & rows[i].mask) == rows[i].opcode &&
            (rows[i].reg < 0 || (p + 1 < end && (p[1] >> 3 & 7) == rows[i].reg)))
            return rows[i].way;
    return WAY_NEXT;
}

/* The opcode of the step's instruction, behind its prefixes; at most *end, which is what the event holds. */
static const uint8_t *opcode_of(const struct event *step, uint8_t bytes[8], const uint8_t **end)
{
    le_store(bytes, step->addr, 8);
    *end = bytes + (step->size && step->size < 8 ? step->size : 8);
    const uint8_t *p = bytes;
    while (p < *end && is_prefix(*p, event_mode(step) == MODE_LONG))
        p++;
    return p;
}

enum step_way step_way_of(const struct event *step)
{
    uint8_t bytes[8];
    const uint8_t *end, *p = opcode_of(step, bytes, &end);
    if (!(step->flags & EVENT_ADDR) || p >= end)
        return WAY_NEXT;
    if (*p == 0x0f)
        return p + 1 < end ? opcode_way(two_bytes, sizeof two_bytes / sizeof two_bytes[0], p + 1, end)
                           : WAY_NEXT;
    return opcode_way(one_byte, sizeof one_byte / sizeof one_byte[0], p, end);
}

int step_int_vector(const struct event *step)
{
    uint8_t bytes[8];
    const uint8_t *end, *p = opcode_of(step, bytes, &end);
    if (p >= end)
        return -1;
    static const struct {
        uint8_t opcode, vector;
    } rows[] = {{0xcc, 3}, {0xce, 4}, {0xf1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (*p == rows[i].opcode)
            return rows[i].vector;
    return *p == 0xcd && p + 1 < end ? p[1] : -1;
}

/* The way from the step before to this one. */
static enum step_way way_between(const struct step_cpu *cpu, uint64_t linear)
{
    bool near = linear - cpu->linear <= STEP_LEN_MAX;
    enum step_way asked = step_way_of(&cpu->last);
    if (cpu->interrupted)
        return WAY_INTERRUPT;
    if (asked == WAY_SKIP)
        return near && linear != cpu->linear ? WAY_SKIP : WAY_JUMP;
    if (asked == WAY_NEXT || (asked == WAY_INT && near)) /* INTO may do nothing */
        return near ? WAY_NEXT : WAY_EXCEPTION;
    return asked;
}

/* An exit of a CPU that ran free: it may have been anywhere since the last step. Asleep in HLT it was not. */
static bool ran_free(const struct event *ev)
{
    return event_kind_is_exit(ev->kind) && ev->kind != EVENT_HLT && !(ev->flags & EVENT_STEPPED);
}

enum step_way step_walk_see(struct step_walk *walk, const struct event *ev, struct event *before)
{
    struct step_cpu *cpu = &walk->cpu[ev->vcpu];
    bool gap = walk->events && ev->kind != EVENT_MARK && ev->seq != walk->seq + 1;
    if (ev->kind != EVENT_MARK) {
        walk->seq = ev->seq;
        walk->events++;
    }
    if (gap) /* what is missing may have been of any vCPU */
        for (size_t v = 0; v < 256; v++)
            walk->cpu[v].open = false;
    if (ran_free(ev))
        cpu->open = false;
    if (ev->kind == EVENT_IRQ) {
        cpu->interrupted = true;
        cpu->irq = *ev;
    }
    if (ev->kind != EVENT_STEP)
        return WAY_NONE;
    uint64_t linear = event_linear(ev);
    enum step_way way = cpu->open ? way_between(cpu, linear) : cpu->interrupted ? WAY_INTERRUPT : WAY_START;
    *before = cpu->last;
    before->vcpu = ev->vcpu;
    cpu->last = *ev;
    cpu->linear = linear;
    cpu->open = true;
    cpu->interrupted = false;
    return way;
}

uint64_t step_left(const struct step_walk *walk, enum step_way way, const struct event *before)
{
    return event_linear(way == WAY_INTERRUPT ? &walk->cpu[before->vcpu].irq : before);
}
