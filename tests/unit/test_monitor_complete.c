/*
 * Completion: what is offered where, from tables and made-up names alone.
 */
#include "unit.h"

#include "monitor/shell/complete.h"

#include <stdio.h>
#include <string.h>

static const struct event_device devices[] = {
    {"none", "", NULL, 0}, {"uart", "a serial port", NULL, 0}, {"pic0", "a PIC", NULL, 0}};
static const struct event_names events = {.devices = devices, .device_count = 3};
static const struct complete_names names = {.events = &events};

struct offered {
    char words[65536];
    size_t n;
};

static void take(void *ctx, const char *word)
{
    struct offered *o = ctx;
    size_t len = strlen(o->words);
    snprintf(o->words + len, sizeof o->words - len, " %s ", word);
    o->n++;
}

/* What a Tab at the end of the line offers; the word begins behind the last blank or ';'. */
static const struct offered *offers(const char *line)
{
    static struct offered o;
    size_t at = strlen(line);
    while (at > 0 && !strchr(" ;", line[at - 1]))
        at--;
    o = (struct offered){.n = 0};
    complete_words(&names, line, at, line + at, take, &o);
    return &o;
}

static bool offers_one(const char *line, const char *word)
{
    char padded[64];
    snprintf(padded, sizeof padded, " %s ", word);
    return strstr(offers(line)->words, padded) != NULL;
}

static enum complete_kind kind(const char *line)
{
    const struct shell_command *row;
    return complete_kind_at(line, strlen(line), &row);
}

static void test_commands(void)
{
    const struct shell_command *row;
    size_t n = offers("")->n, rows = 0;
    for (size_t i = 0; (row = shell_row(i)); i++) {
        if (row->flags & COMMAND_HIDDEN)
            continue;
        rows++;
        CU_ASSERT_TRUE(offers_one("", row->name));
    }
    CU_ASSERT_EQUAL(n, rows);
    CU_ASSERT_TRUE(offers_one("hel", "help"));
    CU_ASSERT_TRUE(offers_one("  hel", "help"));
    CU_ASSERT_TRUE(offers_one("regs;hel", "help"));
    CU_ASSERT_TRUE(offers_one("regs ; hel", "help"));
    CU_ASSERT_TRUE(offers_one("back", "backtrace"));
    CU_ASSERT_TRUE(offers_one("help devi", "device"));
    CU_ASSERT_EQUAL(offers("xyzzy")->n, 0);
    CU_ASSERT_FALSE(offers_one("hel", "regs"));
}

static void test_operands(void)
{
    CU_ASSERT_TRUE(offers_one("device u", "uart"));
    CU_ASSERT_FALSE(offers_one("device n", "none"));
    CU_ASSERT_TRUE(offers_one("regs ra", "rax"));
    CU_ASSERT_TRUE(offers_one("print ra", "rax"));
    CU_ASSERT_TRUE(offers_one("p ra", "rax"));
    CU_ASSERT_TRUE(offers_one("echo a;print ra", "rax"));
    CU_ASSERT_TRUE(offers_one("set synt", "syntax"));
    CU_ASSERT_TRUE(offers_one("show synt", "syntax"));
    CU_ASSERT_TRUE(offers_one("stepirq o", "off"));
    CU_ASSERT_TRUE(offers_one("info reg", "registers"));
    CU_ASSERT_EQUAL(offers("quit x")->n, 0);
    CU_ASSERT_EQUAL(offers("nosuch ra")->n, 0);
    CU_ASSERT_EQUAL(offers("set syntax rax")->n, 0);
}

static void test_kinds(void)
{
    CU_ASSERT_EQUAL(kind(""), COMPLETE_COMMAND);
    CU_ASSERT_EQUAL(kind("source "), COMPLETE_FILE);
    CU_ASSERT_EQUAL(kind("source a"), COMPLETE_FILE);
    CU_ASSERT_EQUAL(kind("source a; "), COMPLETE_COMMAND);
    CU_ASSERT_EQUAL(kind("echo \"a; "), COMPLETE_COMMAND); /* a quote that is not closed is none */
    CU_ASSERT_EQUAL(kind("echo \"a; b\" "), COMPLETE_NONE);
    CU_ASSERT_EQUAL(kind("x/4xb "), COMPLETE_EXPR);
}

/* Whatever is on the line, at whatever place. */
static void test_wild_lines(void)
{
    static const char *const lines[] = {";;;", "\"", "#", "set set set", "x/", "/", "; ; # regs ", "set"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t at = 0; at <= strlen(lines[i]); at++) {
            struct offered o = {.n = 0};
            complete_words(&names, lines[i], at, "", take, &o);
        }
    const struct complete_names none = {NULL, NULL};
    struct offered o = {.n = 0};
    complete_words(&none, "device ", 7, "", take, &o);
    CU_ASSERT_EQUAL(o.n, 0);
}

static const struct unit_test tests[] = {
    {"commands", test_commands},
    {"operands", test_operands},
    {"kinds", test_kinds},
    {"wild lines", test_wild_lines},
};
UNIT_MAIN("monitor completion", tests)
