/*
 * Reading x86 backwards.  Bytes in front of an instruction may look like prefixes of it (the 'f' of `mov al,
 * 'f'` is 0x66), so several instructions may seem to end at one place.  But x86 code synchronizes itself: a
 * disassembly started at a wrong byte falls into step with the right one after a few instructions.  So
 * disassemblies are started at many bytes before the place, and the way of reading the last instruction that
 * most of them arrive at is taken.
 */
#include "run/inside.h"
#include "vm/insn.h"

/* One disassembly from `at` on: the length of the instruction that ends exactly at `end`, or 0. */
static unsigned sweep(const ZydisDecoder *d, const uint8_t *code, size_t at, size_t end)
{
    while (at < end) {
        ZydisDecodedInstruction insn;
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(d, NULL, code + at, end - at, &insn))) {
            at++;
            continue;
        }
        at += insn.length;
        if (at == end)
            return insn.length;
    }
    return 0;
}

size_t locate_window(const struct run *r, uint8_t code[LOCATE_WINDOW])
{
    uint64_t rip = run_regs(r)->rip;
    size_t n = rip < LOCATE_WINDOW ? (size_t)rip : LOCATE_WINDOW;
    if (n && run_read_code(r, rip - n, code, n) == n)
        return n;
    /* The page before may not be there: what is left of this one will do. */
    n = rip & 0xfff;
    return n < LOCATE_WINDOW && n && run_read_code(r, rip - n, code, n) == n ? n : 0;
}

unsigned locate_vote(const struct run *r, const uint8_t *code, size_t n, unsigned candidates)
{
    unsigned votes[INSN_MAX + 1] = {0}, best = 0;
    if (!(candidates & (candidates - 1)))
        return candidates ? (unsigned)__builtin_ctz(candidates) : 0;
    ZydisDecoder d;
    insn_decoder(run_sregs(r), &d);
    for (size_t from = 0; from + INSN_MAX < n; from++) {
        unsigned len = sweep(&d, code, from, n);
        if (len && len <= INSN_MAX)
            votes[len]++;
    }
    for (unsigned len = 1; len <= INSN_MAX; len++)
        if ((candidates >> len & 1) && (!best || votes[len] > votes[best]))
            best = len;
    return best;
}
