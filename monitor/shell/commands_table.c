/*
 * Commands that look at the tables the CPU reads by itself: page tables, and descriptor tables.
 */
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

const struct shell_command shell_table_commands[] = {
    {.name = "page",
     .alias = "pt",
     .args = "[ADDR]",
     .summary = "how the CPU translates a linear address: each level of the page tables",
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
     .summary = "the whole linear address space as ranges of equal mapping and rights",
     .lesson =
         "What all page tables together say, in the order of linear addresses: from where to where, who "
         "may do what, which pages, and what is behind them. A word shows only lines that contain it.",
     .example = "mem  # everything that is mapped",
     .run = run_mem},
    {0},
};
