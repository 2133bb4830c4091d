/*
 * Which instruction made this exit?  KVM says what was accessed, not by whom: after an OUT or an MMIO write
 * RIP may already point past the instruction (kernels differ: some finish an OUT only on the next entry),
 * during an IN, an MMIO read or a REP string it still points at it.  x86 code cannot be read backwards in
 * general, but here a lot is known: direction, size, port or address.  So the bytes that end at RIP are tried
 * as the instruction that would have done exactly this access.  Where both readings fit (two equal OUTs in a
 * row) the one this host was seen to mean is taken.
 *
 * String and plain port instructions: Intel SDM, instruction reference, "IN", "OUT", "INS", "OUTS".
 */
#include "run/inside.h"
#include "vm/insn.h"

#include <string.h>

struct io_insn {
    size_t len;
    bool string, rep;
};

struct io_wanted {
    bool out;
    unsigned size, bits;
    uint16_t port, dx;
};

/* Does an instruction that makes the wanted access begin at p? */
static bool io_insn_match(const uint8_t *p, size_t n, const struct io_wanted *w, struct io_insn *found)
{
    bool operand_size = false, rep = false;
    size_t i = 0;
    for (; i < n && insn_is_prefix(p[i], w->bits); i++) {
        operand_size |= p[i] == 0x66;
        rep |= p[i] == 0xf2 || p[i] == 0xf3;
    }
    if (i >= n)
        return false;
    uint8_t op = p[i];
    bool imm = (op & 0xfc) == 0xe4, dx = (op & 0xfc) == 0xec, string = (op & 0xfc) == 0x6c;
    if (!imm && !dx && !string)
        return false;
    unsigned wide = (w->bits == 16) != operand_size ? 2 : 4;
    bool fits = ((op & 2) != 0) == w->out && ((op & 1) ? wide : 1) == w->size;
    if (imm && (i + 1 >= n || p[i + 1] != w->port))
        fits = false;
    if (!imm && w->dx != w->port)
        fits = false;
    *found = (struct io_insn){.len = i + (imm ? 2 : 1), .string = string, .rep = string && rep};
    return fits;
}

/* The instruction that ends at code + n, if there is one that fits. */
static bool io_insn_before(const struct run *r, const uint8_t *code, size_t n, const struct io_wanted *w,
                           struct io_insn *found)
{
    unsigned candidates = 0;
    for (unsigned len = 1; len <= INSN_MAX && len <= n; len++)
        if (io_insn_match(code + n - len, len, w, found) && found->len == len)
            candidates |= 1u << len;
    unsigned len = locate_vote(r, code, n, candidates);
    return len && io_insn_match(code + n - len, len, w, found);
}

/* The instruction at RIP and the one that ends there, if they fit; true when one was chosen into *rip and
 * *found. */
static bool io_insn_choose(struct run *r, const struct io_wanted *w, uint32_t count, uint64_t *rip,
                           struct io_insn *found)
{
    uint8_t before[LOCATE_WINDOW], after[INSN_MAX];
    uint64_t now = run_regs(r)->rip;
    struct io_insn at = {0}, past = {0};
    bool is_at = io_insn_match(after, run_read_code(r, now, after, sizeof after), w, &at);
    bool is_past = w->out && io_insn_before(r, before, locate_window(r, before), w, &past);
    if (is_at && is_past) {
        is_at = r->out_late > 0 || (at.rep && count > 1);
        is_past = !is_at;
    } else if (w->out && !at.rep && is_at != is_past) {
        /* What this host means when only one reading fits. */
        r->out_late += is_at ? r->out_late < 8 : -(r->out_late > -8);
    }
    *found = is_past ? past : at;
    *rip = now - (is_past ? past.len : 0);
    return is_at || is_past;
}

bool locate_io(struct run *r, bool out, unsigned size, uint16_t port, uint32_t count, uint64_t *rip,
               bool *string)
{
    const struct kvm_regs *regs = run_regs(r);
    struct io_insn found;
    uint64_t what =
        1 | (uint64_t)out << 1 | (uint64_t)(count > 1) << 2 | (uint64_t)size << 8 | (uint64_t)port << 16;
    const struct located *known = located_find(r, what);
    if (known) {
        *rip = regs->rip - known->back;
        *string = known->string;
        return true;
    }
    struct io_wanted w = {out, size, cpu_code_bits(run_sregs(r)), port, (uint16_t)regs->rdx};
    if (!io_insn_choose(r, &w, count, rip, &found))
        return false;
    *string = found.string;
    located_keep(r, what, (unsigned)(regs->rip - *rip), (unsigned)found.len, found.string);
    return true;
}
