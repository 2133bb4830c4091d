/*
 * Commands that show memory: x and xp, u, telescope, bt. What changes or searches it is in commands_data.c.
 */
#include "debug/listing.h"
#include "debug/memview.h"
#include "debug/stops.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"
#include "monitor/shell/operand.h"

#include <string.h>

enum { U_COUNT = 10, TELESCOPE_COUNT = 8, BACKTRACE_COUNT = 32 };

/* ---- u ---- */

/* The offset in CS that a linear address has. */
static uint64_t code_offset(const struct target *t, uint64_t linear)
{
    return target_width(t) == 8 ? linear : linear - t->sregs.cs.base;
}

static bool has_break(void *ctx, uint64_t linear)
{
    const struct debugger *d = ctx;
    const struct stop *s;
    for (size_t i = 0; d->stops && (s = stops_row(d->stops, i)); i++)
        if (s->what.kind == STOPS_BREAK && !s->what.hidden && s->enabled && s->what.first == linear)
            return true;
    return false;
}

static bool is_rip(const char *args)
{
    static const char *const names[] = {"rip", "eip", "ip", "$rip", "$eip", "$ip", "$pc", "pc"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(args, names[i]) == 0)
            return true;
    return false;
}

/* From where on: an address, else behind the last listing, else the next instruction. */
static int code_place(const struct debugger *d, const char *args, uint64_t *rip, struct err *e)
{
    const struct debugger_place *place = &d->place;
    uint64_t linear;
    *rip = d->now.regs.rip;
    if (*args && !is_rip(args)) {
        if (operand_value(d, &args, "address", &linear, e) < 0 || operand_end(args, "u", e) < 0)
            return -1;
        *rip = code_offset(&d->now, linear);
    } else if (!*args && place->u_going && place->u_rip == d->now.regs.rip) {
        *rip = place->u_next;
    }
    return 0;
}

static int disassemble(struct debugger *d, const char *args, uint64_t count, struct text *out, struct err *e)
{
    struct disasm_style style = debugger_style(d);
    struct listing_marks marks = {has_break, d};
    uint64_t rip;
    if (code_place(d, args, &rip, e) < 0)
        return -1;
    d->place.u_next = listing_write(&d->now, &style, rip, (size_t)count, &marks, out);
    d->place.u_rip = d->now.regs.rip;
    d->place.u_going = true;
    return 0;
}

static int run_u(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    char digits[32];
    uint64_t count = U_COUNT;
    size_t n = strlen(slash);
    if (n && (slash[n - 1] == 'i' || slash[n - 1] == 'r'))
        n--; /* gdb's habits: disassemble/r, x/10i */
    if (n >= sizeof digits)
        return err_set(e, "u: /%.20s… is no count", slash);
    memcpy(digits, slash, n);
    digits[n] = '\0';
    if (n && line_number(digits, "u", 1, LISTING_COUNT_MAX, &count, e) < 0)
        return -1;
    return disassemble(d, args, count, out, e);
}

/* ---- x, xp ---- */

static int x_format(const struct debugger *d, const char *slash, struct memview_format *f, struct err *e)
{
    *f = (struct memview_format){.count = 1, .format = 'x'};
    if (d->place.x_format[0]) {
        f->format = d->place.x_format[0];
        f->unit = (unsigned char)d->place.x_format[1];
    }
    return *slash ? memview_parse_format(slash, f, NULL, e) : 0;
}

static int examine(struct debugger *d, enum space space, const char *slash, const char *args,
                   struct text *out, struct err *e)
{
    struct memview_format f;
    uint64_t addr = d->place.x_next;
    if (x_format(d, slash, &f, e) < 0)
        return err_wrap(e, "x/%.20s", slash);
    if (f.format == 'i' && space == SPACE_LINEAR)
        return disassemble(d, args, f.count, out, e);
    if (*args && (operand_value(d, &args, "address", &addr, e) < 0 || operand_end(args, "x", e) < 0))
        return -1;
    if (f.format == 'i')
        return err_set(e, "xp/i: instructions have linear addresses: use u");
    memview_dump(&d->now, space, addr, &f, &d->place.x_next, out);
    d->place.x_format[0] = f.format;
    d->place.x_format[1] = (char)f.unit;
    return 0;
}

static int run_x(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    return examine(d, SPACE_LINEAR, slash, args, out, e);
}

static int run_xp(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    return examine(d, SPACE_PHYSICAL, slash, args, out, e);
}

/* ---- the stack ---- */

static int run_telescope(struct debugger *d, const char *slash, const char *args, struct text *out,
                         struct err *e)
{
    uint64_t addr = target_stack_linear(&d->now), count = TELESCOPE_COUNT;
    if (*slash && line_number(slash, "telescope", 1, TELESCOPE_WORDS_MAX, &count, e) < 0)
        return -1;
    if (*args && operand_value(d, &args, "address", &addr, e) < 0)
        return -1;
    if (*args && line_number(args, "telescope", 1, TELESCOPE_WORDS_MAX, &count, e) < 0)
        return -1;
    telescope_write(&d->now, addr, (unsigned)count, out);
    return 0;
}

static int run_bt(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    uint64_t most = BACKTRACE_COUNT;
    (void)slash;
    if (*args && line_number(args, "bt", 1, BACKTRACE_FRAMES_MAX, &most, e) < 0)
        return -1;
    backtrace_write(&d->now, (unsigned)most, out);
    return 0;
}

const struct shell_command shell_memory_commands[] = {
    {.name = "u",
     .alias = "disassemble disas",
     .args = "[/N] [ADDR]",
     .summary = "N (10) instructions from ADDR, or from the next one",
     .lesson =
         "The same bytes mean other instructions in 16-, 32- and 64-bit code: the width is the code "
         "segment's. > is the next instruction, * one with a breakpoint; at > it says whether a jump will "
         "be taken and what lies in memory operands. Again without an address it goes on behind; u rip "
         "is the next instruction again.",
     .example = "u/3 protected_mode  # the first instructions with 32 bits, once CS says so",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_REPEATS,
     .run = run_u},
    {.name = "x",
     .alias = "",
     .args = "[/NFU] [ADDR]",
     .summary = "memory at a linear address",
     .lesson = "N is how many, F the format (x hex, d signed, u unsigned, o octal, t binary, a addresses, c "
               "characters, s strings, i instructions), U the unit (b 1, h 2, w 4, g 8 bytes). A linear "
               "address goes through the page tables when paging is on. Without an address "
               "it goes on behind the last one.",
     .example = "x/16xb 0x7c00  # the first bytes of the boot sector",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_REPEATS,
     .run = run_x},
    {.name = "xp",
     .alias = "",
     .args = "[/NFU] [ADDR]",
     .summary = "memory at a guest-physical address",
     .lesson = "As x, but past the page tables: what lies in the machine's memory itself.",
     .example = "xp/2xb 0x7dfe  # 55 aa: the mark of a boot sector",
     .complete = COMPLETE_EXPR,
     .flags = COMMAND_REPEATS,
     .run = run_xp},
    {.name = "telescope",
     .alias = "tel stack",
     .args = "[/N] [ADDR [N]]",
     .summary = "words on the stack, or from ADDR, each followed to where it points",
     .lesson = "A word that is an address is followed, and what lies there again, as long as it leads to "
               "memory: return addresses, pointers and strings show themselves.",
     .example = "telescope/4  # the top of the stack",
     .complete = COMPLETE_EXPR,
     .run = run_telescope},
    {.name = "bt",
     .alias = "backtrace where",
     .args = "[N]",
     .summary = "who called whom: the frames on the stack, innermost first",
     .lesson = "With frame pointers (RBP) the chain is exact; without them it looks for words on the stack "
               "that point behind a CALL, and says that it guesses.",
     .example = "bt  # how we got into this function",
     .run = run_bt},
    {0},
};
