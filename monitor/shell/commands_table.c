/*
 * Commands that look at the tables the CPU reads by itself: page tables, and descriptor tables.
 */
#include "debug/descriptors.h"
#include "debug/expr.h"
#include "debug/pages.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"

static int run_page(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    uint64_t gva = d->now.sregs.cs.base + d->now.regs.rip;
    (void)slash;
    if (*args && expr_eval(args, &d->now, &gva, e) < 0)
        return -1;
    pages_walk_write(&d->now, gva, out);
    return 0;
}

static int run_mem(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    struct pages_filter filter;
    (void)slash;
    if (pages_filter_parse(args, &filter, e) < 0)
        return err_wrap(e, "mem");
    pages_map_write(&d->now, &filter, out);
    return 0;
}

static int run_gdt(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_gdt(&d->now, args, out, e);
}

static int run_ldt(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_ldt(&d->now, args, out, e);
}

static int run_idt(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_idt(&d->now, args, out, e);
}

static int run_ivt(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_ivt(&d->now, args, out, e);
}

static int run_tss(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_tss(&d->now, args, out, e);
}

const struct shell_command shell_table_commands[] = {
    {.name = "gdt",
     .alias = "",
     .args = "[INDEX|FIRST-LAST]",
     .summary = "the global descriptor table, with what is wrong pointed out",
     .lesson = "A selector is an index into this table (times 8) with two bits for the ring. The CPU reads a "
               "descriptor when a segment register is loaded, and faults when its type, ring or present bit "
               "does not fit; ! tells where that will happen. An index shows one entry bit by bit.",
     .example = "gdt  # what LGDT pointed the CPU to",
     .run = run_gdt},
    {.name = "ldt",
     .alias = "",
     .args = "[INDEX|FIRST-LAST]",
     .summary = "the local descriptor table",
     .lesson =
         "A second table of segments, one a task, reached by selectors with bit 2 set; LLDT loads it from "
         "a descriptor in the GDT. Systems of today leave it empty.",
     .example = "ldt  # the tour guest has none",
     .run = run_ldt},
    {.name = "idt",
     .alias = "",
     .args = "[VECTOR|FIRST-LAST]",
     .summary = "the interrupt descriptor table: where each vector goes",
     .lesson =
         "For exceptions, interrupts and INT n the CPU takes a gate from here: where the handler is, with "
         "which code segment, whether interrupts stay on, who may call it. A gate that cannot be used "
         "ends in a double fault, and without one for that the CPU shuts down.",
     .example = "idt 14  # who handles page faults",
     .run = run_idt},
    {.name = "ivt",
     .alias = "",
     .args = "[VECTOR|FIRST-LAST]",
     .summary = "the interrupt vectors of real mode: 256 far pointers",
     .lesson = "In real mode the table at IDTR's base (0 after reset) has four bytes a vector: offset, then "
               "segment. BIOS and DOS put their services there.",
     .example = "ivt 0x10  # where INT 10h would go",
     .run = run_ivt},
    {.name = "tss",
     .alias = "",
     .args = "",
     .summary = "the task-state segment that TR points to",
     .lesson = "In long mode it holds the stacks that the CPU changes to when an interrupt raises the "
               "privilege (RSP0) or its gate asks for one (IST), and which ports a program may use.",
     .example = "tss  # the stacks for interrupts",
     .run = run_tss},
    {.name = "page",
     .alias = "pt",
     .args = "[ADDR]",
     .summary = "how a linear address is translated, level by level",
     .lesson =
         "Each entry with its address, its bits and where it points, then what reading, writing and "
         "executing there gives the supervisor and a user. Where the walk fails it says at which level, "
         "and with which error code the CPU would raise #PF. Without an address it is the one of the "
         "next instruction.",
     .example = "page 0x7c00  # where the boot sector really lies",
     .complete = COMPLETE_EXPR,
     .run = run_page},
    {.name = "mem",
     .alias = "vmmap tab",
     .args = "[ADDR|FIRST-END|FIRST+LENGTH|WORD]",
     .summary = "all that is mapped, as ranges of equal rights",
     .lesson =
         "What all page tables together say, in the order of linear addresses: from where to where, who "
         "may do what, which pages, and what is behind them. A word shows only lines that contain it.",
     .example = "mem  # everything that is mapped",
     .run = run_mem},
    {0},
};
