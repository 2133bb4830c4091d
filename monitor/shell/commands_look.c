/*
 * Commands that look at the CPU: registers, flags, segments, control registers, MSRs; and `info`, which gdb's
 * users type in front of everything.
 */
#include "debug/expr.h"
#include "debug/look.h"
#include "debug/msrs.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <string.h>

/* `regs rax rip`: those by name. */
static int print_registers(struct debugger *d, const char *names, struct text *out, struct err *e)
{
    const char *word;
    size_t n;
    while ((word = line_word(&names, &n))) {
        char name[32];
        uint64_t value;
        if (n >= sizeof name)
            return err_set(e, "\"%.*s …\" is no register", (int)sizeof name - 1, word);
        memcpy(name, word, n);
        name[n] = '\0';
        if (expr_eval(name, &d->now, &value, e) < 0)
            return -1;
        text_addf(out, "%s", name);
        text_pad(out, 8);
        text_addf(out, " 0x%llx  %llu\n", (unsigned long long)value, (unsigned long long)value);
    }
    return 0;
}

static int run_regs(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    if (*args)
        return print_registers(d, args, out, e);
    look_regs(&d->now, &d->before, out);
    return 0;
}

static int run_flags(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_flags(&d->now, args, out, e);
}

static int run_seg(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_segments(&d->now, args, out, e);
}

static int run_cr(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_cr(&d->now, args, out, e);
}

static int run_efer(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_efer(&d->now, args, out, e);
}

static int run_msrs(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    return look_msrs(&d->now, args, out, e);
}

/* Words behind `info` that are no commands themselves, and what they mean. */
static const struct {
    const char *word, *command;
} info_words[] = {
    {"registers", "regs"},    {"all-registers", "regs"}, {"cpu", "regs"},     {"r", "regs"},
    {"eflags", "flags"},      {"sreg", "seg"},           {"segments", "seg"}, {"creg", "cr"},
    {"breakpoints", "stops"}, {"break", "stops"},        {"b", "stops"},      {"watchpoints", "stops"},
    {"variables", "symbols"}, {"functions", "symbols"},  {"frame", "bt"},     {"stack", "bt"},
    {"tab", "mem"},
};

/* The command's name for the word; the word itself when it is none of the list. A beginning is enough. */
static const char *info_command(const char *word, size_t len, size_t *command_len)
{
    for (size_t i = 0; i < sizeof info_words / sizeof info_words[0]; i++) {
        size_t whole = strlen(info_words[i].word);
        if (len != whole && (len < 3 || len > whole))
            continue;
        if (memcmp(info_words[i].word, word, len) == 0) {
            *command_len = strlen(info_words[i].command);
            return info_words[i].command;
        }
    }
    *command_len = len;
    return word;
}

static int run_info(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    const struct shell_command *row;
    const char *rest = args;
    size_t len, command_len;
    const char *word = line_word(&rest, &len);
    (void)slash;
    if (!word)
        return err_set(
            e, "info what? registers, sreg, creg, flags, break, gdt, idt, mem, devices, exits, symbols …");
    const char *command = info_command(word, len, &command_len);
    if (shell_find(command, command_len, &row, e) < 0)
        return err_wrap(e, "info");
    if (row->flags & (COMMAND_RUNS | COMMAND_CHANGES) || row->run == run_info)
        return err_set(e, "info: %s is no view: type it by itself", row->name);
    while (line_is_blank(*rest))
        rest++;
    return row->run(d, "", rest, out, e);
}

const struct shell_command shell_look_commands[] = {
    {.name = "regs",
     .alias = "r reg registers",
     .args = "[NAME...]",
     .summary = "general registers, RIP, RFLAGS; a * marks what changed",
     .lesson =
         "In real and protected mode the registers are shown with 32 bits, in long mode with 64. A name "
         "(rax, al, cs.base, cr0.pe) shows that one alone.",
     .example = "regs  # all of them",
     .complete = COMPLETE_REGISTER,
     .flags = COMMAND_REPEATS,
     .run = run_regs},
    {.name = "flags",
     .alias = "eflags",
     .args = "[NAME]",
     .summary = "RFLAGS, a line a flag",
     .lesson =
         "Arithmetic sets CF PF AF ZF SF OF, and conditional jumps test them; IF lets interrupts in, TF "
         "makes the CPU trap after each instruction, DF turns the string instructions around.",
     .example = "flags if  # are interrupts let in?",
     .complete = COMPLETE_WORDS,
     .choices = "cf pf af zf sf tf if df of iopl nt rf vm ac vif vip id",
     .run = run_flags},
    {.name = "seg",
     .alias = "sreg segments",
     .args = "[NAME]",
     .summary = "segment registers with their hidden parts, TR, LDTR, GDTR and IDTR",
     .lesson =
         "A segment register is a selector that the program sees, and base, limit and rights that the CPU "
         "read from the descriptor when it was loaded and keeps hidden. That is why changing the GDT "
         "changes nothing until a register is loaded again.",
     .example = "seg cs  # what the code segment is",
     .complete = COMPLETE_WORDS,
     .choices = "cs ss ds es fs gs tr ldt",
     .run = run_seg},
    {.name = "cr",
     .alias = "creg",
     .args = "[0|2|3|4]",
     .summary = "control registers, each bit named: set ones in upper case",
     .lesson =
         "CR0 switches protected mode and paging, CR2 holds the address of the last page fault, CR3 the "
         "root of the page tables, CR4 what later CPUs can do.",
     .example = "cr 0  # CR0, a line a bit",
     .complete = COMPLETE_WORDS,
     .choices = "cr0 cr2 cr3 cr4",
     .run = run_cr},
    {.name = "efer",
     .alias = "",
     .args = "[all]",
     .summary = "the extended feature register: long mode, SYSCALL, NX",
     .lesson =
         "LME asks for long mode, LMA says that it is on: the CPU sets it when paging is switched on with "
         "LME set. SCE allows SYSCALL, NXE gives page-table entries a no-execute bit.",
     .example = "efer  # is long mode on?",
     .complete = COMPLETE_WORDS,
     .choices = "all",
     .run = run_efer},
    {.name = "msrs",
     .alias = "msr",
     .args = "[NAME|NUMBER]",
     .summary = "model-specific registers that a system meets in its first steps",
     .lesson = "RDMSR and WRMSR reach registers by number that are not part of the instruction set: system "
               "calls, the local APIC, the time-stamp counter.",
     .example = "msrs efer  # one of them",
     .flags = COMMAND_GUEST,
     .run = run_msrs},
    {.name = "info",
     .alias = "i",
     .args = "WORD [ARGS]",
     .summary = "gdb's and Bochs' way to ask: info registers, info break, info gdt …",
     .lesson =
         "Every view is a command of its own here; info in front of it does no harm, and the words of gdb "
         "and Bochs are understood: registers (r), cpu, sreg, creg, break, all-registers, symbols, tab.",
     .example = "info registers  # the same as regs",
     .complete = COMPLETE_WORDS,
     .choices =
         "registers cpu flags sreg creg msrs break gdt idt ldt ivt tss mem symbols devices exits history",
     .run = run_info},
    {0},
};
