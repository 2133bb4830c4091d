/*
 * `ringside explain`: the offline book.  It is made of the tables the program runs on: the kinds of event,
 * the devices and their registers, the bits of the CPU's registers and tables, the MSRs.
 */
#include "commands.h"
#include "options.h"

#include "base/nearest.h"
#include "debug/bits.h"
#include "debug/msrs.h"
#include "event/kind.h"
#include "machine/machine.h"
#include "monitor/shell/help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct explain_settings {
    void (*document)(struct text *out); /* one that docs/ holds, instead of an answer */
};

static void explain_markdown(struct text *out);

static int set_markdown(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct explain_settings *)settings)->document = explain_markdown;
    return 0;
}

static int set_commands(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct explain_settings *)settings)->document = help_markdown;
    return 0;
}

static const struct option_row explain_rows[] = {
    {"--markdown", NULL, "the chapter on exits as Markdown: docs/exits.md is made so", set_markdown},
    {"--commands", NULL, "the debugger's commands as Markdown: docs/commands.md is made so", set_commands},
    {0}};

enum { WIDTH = 100 };

static void explain_kind(const struct event_kind_info *k, struct text *out)
{
    text_addf(out, "%s%s%s%s: %s\n\n", k->name, *k->constant ? " (" : "", k->constant,
              *k->constant ? ")" : "", k->meaning);
    text_add_wrapped(out, k->cause, 0, WIDTH);
    text_add(out, "\n\nSource: ");
    text_add_wrapped(out, k->source, 8, WIDTH);
    text_addc(out, '\n');
}

static void explain_ranges(const struct machine_part *p, struct text *out)
{
    for (unsigned i = 0; i < DEVICE_RANGES_MAX && p->range[i].len; i++)
        text_addf(out, "  %s 0x%llx-0x%llx\n", p->range[i].space == SPACE_PIO ? "ports" : "memory",
                  (unsigned long long)p->range[i].base,
                  (unsigned long long)(p->range[i].base + p->range[i].len - 1));
    if (p->line >= 0)
        text_addf(out, "  interrupt line %d\n", p->line);
}

static void explain_device(const struct machine_part *p, struct text *out)
{
    text_addf(out, "%s: %s\n\n", p->name, p->ops->summary);
    text_add_wrapped(out, p->ops->lesson, 0, WIDTH);
    text_add(out, "\n\n");
    explain_ranges(p, out);
    struct text regs = {0};
    for (size_t i = 0; i < p->ops->reg_count; i++)
        text_addf(&regs, " %s", p->ops->regs[i]);
    text_add(out, "  registers: ");
    text_add_wrapped(out, text_str(&regs) + (regs.len > 0), 13, WIDTH);
    text_addc(out, '\n');
    text_fini(&regs);
}

/* A port number such as 0x3f8 finds the device behind it. */
static const struct machine_part *part_at(const char *word)
{
    struct err ignored;
    uint64_t addr;
    if (option_number(word, 0, UINT64_MAX, &addr, &ignored) < 0)
        return NULL;
    for (const struct machine_part *p = machine_pc; p->ops; p++)
        for (unsigned i = 0; i < DEVICE_RANGES_MAX && p->range[i].len; i++)
            if (addr - p->range[i].base < p->range[i].len)
                return p;
    return NULL;
}

static bool explain_word(const char *word, struct text *out)
{
    size_t before = out->len;
    int kind = event_kind_find(word);
    if (kind >= 0)
        explain_kind(event_kind_info((unsigned)kind), out);
    const struct machine_part *at = part_at(word);
    if (at)
        explain_device(at, out);
    for (const struct machine_part *p = machine_pc; p->ops; p++) {
        if (strcasecmp(p->name, word) == 0)
            explain_device(p, out);
        for (size_t i = 0; i < p->ops->reg_count; i++)
            if (strcasecmp(p->ops->regs[i], word) == 0)
                text_addf(out, "%s is a register of %s (%s): ringside explain %s\n", p->ops->regs[i], p->name,
                          p->ops->summary, p->name);
    }
    bool bits = bits_explain(word, WIDTH, out); /* before MSRs: EFER is both */
    bool msr = !bits && msr_explain(word, WIDTH, out);
    return bits || msr || out->len > before;
}

static void contents_cpu(struct text *out)
{
    struct table t;
    text_add(out, "\nregisters, flags and table entries, bit by bit (cr0, cr0.wp):\n");
    table_init(&t, "ll");
    for (size_t i = 0; bits_row(i); i++) {
        table_cell(&t, "%s", bits_row(i)->name);
        table_cell(&t, "%s", bits_row(i)->title);
    }
    table_finish(&t, out, "  ", false);
    text_add(out, "\nmodel-specific registers:\n");
    table_init(&t, "lll");
    for (size_t i = 0; msr_row(i); i++) {
        table_cell(&t, "%s", msr_row(i)->name);
        table_cell(&t, "%#x", msr_row(i)->index);
        table_cell(&t, "%s", msr_row(i)->meaning);
    }
    table_finish(&t, out, "  ", false);
}

static void explain_contents(struct text *out)
{
    struct table t;
    text_add(out, "exits and events:\n");
    table_init(&t, "ll");
    for (size_t i = 0; event_kind_row(i); i++) {
        if (event_kind_row(i)->class == CLASS_FOREIGN)
            continue;
        table_cell(&t, "%s", event_kind_row(i)->name);
        table_cell(&t, "%s", event_kind_row(i)->meaning);
    }
    table_finish(&t, out, "  ", false);
    text_add(out, "\ndevices:\n");
    table_init(&t, "ll");
    for (const struct machine_part *p = machine_pc; p->ops; p++) {
        table_cell(&t, "%s", p->name);
        table_cell(&t, "%s", p->ops->summary);
    }
    table_finish(&t, out, "  ", false);
    contents_cpu(out);
    text_add(out,
             "\nringside explain WORD takes any of these, a register's name, a port or an MSR's number.\n");
}

static void markdown_group(const char *title, bool foreign, bool own, struct text *out)
{
    text_addf(out, "\n## %s\n", title);
    for (size_t i = 0; event_kind_row(i); i++) {
        const struct event_kind_info *k = event_kind_row(i);
        if ((k->class == CLASS_FOREIGN) != foreign || (k->kind >= EVENT_OWN) != own)
            continue;
        text_addf(out, "\n### %s\n\n", k->name);
        if (*k->constant)
            text_addf(out, "`%s` (%u): ", k->constant, (unsigned)k->kind);
        text_addf(out, "%s.\n\n%s\n\nSource: %s\n", k->meaning, k->cause, k->source);
    }
}

static void explain_markdown(struct text *out)
{
    text_add(out, "# VM exits and events\n\n"
                  "This page is made by `ringside explain --markdown` from the table the program runs on "
                  "(src/event/kind.c).\n\n"
                  "An exit is the moment KVM gives control back to user space; kvm_run says why. Ringside "
                  "turns each into one "
                  "event. Most exits of a CPU never come this far: the kernel handles them itself (page "
                  "faults of the second "
                  "level, CPUID, most MSRs, interrupts of the host). Those appear only in KVM's own "
                  "counters, which `ringside "
                  "trace stat` lists apart.\n");
    markdown_group("Exits on x86", false, false, out);
    markdown_group("Ringside's own events", false, true, out);
    markdown_group("Exits of other architectures and of functions Ringside does not switch on", true, false,
                   out);
}

/* The names of registers are in capitals, as the manual has them. */
static void nearest_register(const char *word, const char **best, size_t *distance)
{
    char upper[64];
    size_t n = 0;
    for (; word[n] && n + 1 < sizeof upper; n++)
        upper[n] = (char)toupper((unsigned char)word[n]);
    upper[n] = '\0';
    for (size_t i = 0; bits_row(i); i++)
        nearest_offer(upper, bits_row(i)->name, best, distance);
    for (size_t i = 0; msr_row(i); i++)
        nearest_offer(upper, msr_row(i)->name, best, distance);
}

static int unknown_word(const char *word)
{
    const char *best = NULL;
    size_t distance = 0;
    struct err e;
    for (size_t i = 0; event_kind_row(i); i++)
        nearest_offer(word, event_kind_row(i)->name, &best, &distance);
    for (const struct machine_part *p = machine_pc; p->ops; p++)
        nearest_offer(word, p->name, &best, &distance);
    nearest_register(word, &best, &distance);
    err_set(&e, "explain: nothing about \"%s\": try ringside explain%s%s", word, best ? " " : "",
            best ? best : "");
    return command_fail(STATUS_USAGE, &e);
}

static int explain_command(const struct command *self, int argc, char **argv)
{
    struct explain_settings s = {0};
    struct positionals words;
    struct text t = {0};
    bool done;
    int status = command_parse(self, "ringside explain", argc, argv, &s, &words, 0, 1, &done);
    if (done)
        return status;
    if (s.document)
        s.document(&t);
    else if (words.n == 0)
        explain_contents(&t);
    else if (!explain_word(words.word[0], &t))
        status = unknown_word(words.word[0]);
    if (status == STATUS_OK)
        status = command_print(&t);
    text_fini(&t);
    return status;
}

const struct command command_explain = {"explain",
                                        "[WORD]",
                                        "the offline book: exits, devices, ports, registers, bits, MSRs",
                                        "Without a word: the table of contents.",
                                        explain_rows,
                                        explain_command};
