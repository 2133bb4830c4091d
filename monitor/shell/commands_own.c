/*
 * Commands about Ringside itself: help, settings, files of commands, and the way out.
 */
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/help.h"
#include "monitor/shell/line.h"
#include "monitor/shell/script.h"
#include "monitor/shell/settings.h"

#include "debug/expr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SOURCE_DEPTH_MAX = 8 };

static int run_help(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    const struct shell_command *row;
    (void)d;
    (void)slash;
    if (!*args)
        help_list(out);
    else if (strcmp(args, "all") == 0)
        help_all(out);
    else if (shell_find(args, line_name_len(args), &row, e) < 0)
        return -1;
    else
        help_command(row, out);
    return 0;
}

/* `set EXPR = EXPR`, where the first names a place. */
static int set_place(struct debugger *d, const char *args, struct text *out, struct err *e)
{
    size_t used = 0;
    uint64_t value;
    struct expr *place = expr_parse(args, &d->now, &used, e);
    if (!place)
        return -1;
    const char *equals = args + used;
    while (line_is_blank(*equals))
        equals++;
    int rc = -1;
    if (*equals != '=')
        err_set(e, "set PLACE = VALUE, or set NAME VALUE where NAME is a setting (show lists them)");
    else if (expr_eval(equals + 1, &d->now, &value, e) == 0 && expr_assign(place, &d->now, value, e) == 0)
        rc = d->run ? debugger_store(d, e) : 0; /* without a run (in a test) the copy is all there is */
    if (rc == 0 && expr_value(place, &d->now, &value, e) == 0) {
        while (used && line_is_blank(args[used - 1]))
            used--;
        text_addf(out, "%.*s = 0x%llx\n", (int)used, args, (unsigned long long)value);
    }
    expr_free(place);
    return rc;
}

/* Only the settings may be changed while the guest runs. */
static int set_guest(struct debugger *d, const char *args, struct text *out, struct err *e)
{
    static const char *const gdb_words[] = {"var", "variable"};
    const char *p = args;
    size_t len;
    const char *word = line_word(&p, &len);
    for (size_t i = 0; word && i < sizeof gdb_words / sizeof gdb_words[0]; i++)
        if (line_word_is(word, len, gdb_words[i]))
            args = p;
    while (line_is_blank(*args))
        args++;
    if (d->running)
        return err_set(e, "set: the guest is running: stop it first");
    return set_place(d, args, out, e);
}

static int run_set(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    const char *p = args;
    size_t len;
    const char *word = line_word(&p, &len);
    (void)slash;
    if (!word)
        return err_set(e, "set what? set PLACE = VALUE, or set NAME VALUE (show lists the settings)");
    while (line_is_blank(*p))
        p++;
    const struct setting *s = setting_find(word, len);
    return s && *p != '=' ? setting_set(d, s, p, e) : set_guest(d, args, out, e);
}

static int run_show(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    const struct setting *s = *args ? setting_find(args, strlen(args)) : NULL;
    struct table t;
    (void)slash;
    if (s) {
        setting_show(d, s, out);
        text_addc(out, '\n');
        return 0;
    }
    if (*args)
        return err_set(e, "there is no setting \"%.40s\": show lists them", args);
    table_init(&t, "lll");
    for (size_t i = 0; (s = setting_row(i)); i++) {
        struct text now = {0};
        setting_show(d, s, &now);
        table_cell(&t, "%s", text_str(&now));
        table_cell(&t, "(%s)", s->choices);
        table_cell(&t, "%s", s->help);
        text_fini(&now);
    }
    table_finish(&t, out, "", false);
    return 0;
}

static int run_stepirq(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    const struct setting *s = setting_find("stepirq", strlen("stepirq"));
    (void)slash;
    if (*args)
        return setting_set(d, s, args, e);
    setting_show(d, s, out);
    text_addc(out, '\n');
    return 0;
}

/* ---- source ---- */

struct source {
    struct debugger *d;
    struct text *out;
};

static int source_line(void *ctx, const char *line, struct err *e)
{
    struct source *s = ctx;
    if (s->d->quit)
        return 1;
    return shell_execute(s->d, line, s->out, e);
}

static void source_failed(void *ctx, const struct err *e)
{
    struct source *s = ctx;
    s->d->failures++;
    text_addf(s->out, "ringside: %s\n", e->text);
}

static int run_source(struct debugger *d, const char *slash, const char *args, struct text *out,
                      struct err *e)
{
    static const char option[] = "--strict";
    struct source s = {d, out};
    struct script_user user = {source_line, source_failed, NULL, &s};
    const char *p = args;
    size_t len;
    const char *word = line_word(&p, &len);
    (void)slash;
    bool strict = word && line_word_is(word, len, option);
    const char *path = strict ? p : args;
    while (line_is_blank(*path))
        path++;
    if (!*path)
        return err_set(e, "source: which file?");
    if (d->source_depth == SOURCE_DEPTH_MAX)
        return err_set(e, "source %.80s: files call each other more than %d deep", path, SOURCE_DEPTH_MAX);
    int fd = script_open(path, e);
    if (fd < 0)
        return err_wrap(e, "source");
    d->source_depth++;
    int rc = script_run(fd, path, strict || d->strict, &user, e);
    d->source_depth--;
    close(fd);
    return rc;
}

static int run_echo(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)d;
    (void)slash;
    if (line_unescape(args, out, e) < 0)
        return err_wrap(e, "echo");
    text_addc(out, '\n');
    return 0;
}

static int run_quit(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    (void)out;
    if (line_no_args("quit", args, e) < 0)
        return -1;
    d->quit = true;
    return 0;
}

const struct shell_command shell_own_commands[] = {
    {.name = "help",
     .alias = "h ?",
     .args = "[COMMAND|all]",
     .summary = "says what there is, or all about one command",
     .lesson =
         "Everything that help says comes from the same table that finds the command, so that it cannot "
         "lie. Other names of a command, as users of gdb and Bochs know them, stand in brackets.",
     .example = "help step  # what a step is",
     .complete = COMPLETE_COMMAND,
     .run = run_help},
    {.name = "set",
     .alias = "",
     .args = "PLACE = VALUE | NAME VALUE",
     .summary = "changes a register, memory or a setting",
     .lesson =
         "A place is a register (rax, al, cs.base, cr0.pe, eflags.zf), memory ([rsp], byte [0x7c00], "
         "phys dword [0x1000]) or an MSR (msr[0xc0000080]); the value is an expression. A state that the "
         "CPU would not accept is refused. Without '=' it is a setting: show lists them.",
     .example = "set rax = rax + 1  # one more in RAX",
     .complete = COMPLETE_EXPR,
     .run = run_set},
    {.name = "show",
     .alias = "",
     .args = "[NAME]",
     .summary = "the settings, or one of them",
     .lesson = "A setting changes how Ringside answers, never what the guest does; only stepirq decides "
               "whether a step lets interrupts in.",
     .example = "show syntax  # Intel's or AT&T's",
     .complete = COMPLETE_WORDS,
     .choices = "syntax stepirq ascii pager",
     .run = run_show},
    {.name = "stepirq",
     .alias = "",
     .args = "[on|off]",
     .summary = "lets interrupts in while stepping, or holds them back",
     .lesson =
         "An interrupt is delivered between two instructions: with stepirq on a step can end in a timer's "
         "handler, far from what was being read. Off (as it is at first), interrupts wait until the guest "
         "runs on; exceptions of the stepped code itself are always delivered.",
     .example = "stepirq off  # interrupts wait until the guest runs on",
     .complete = COMPLETE_WORDS,
     .choices = "on off",
     .run = run_stepirq},
    {.name = "source",
     .alias = ".",
     .args = "[--strict] FILE",
     .summary = "does the commands of a file",
     .lesson =
         "A file holds a command line a line; '#' begins a comment. A command that fails is said with its "
         "line, and the next one is done; with --strict the first failure ends the file. Files may call "
         "files, eight deep.",
     .example = "source boot.cmds  # the commands of a file",
     .complete = COMPLETE_FILE,
     .run = run_source},
    {.name = "echo",
     .alias = "",
     .args = "[TEXT]",
     .summary = "says the text: for files of commands",
     .lesson = "Quotes keep ';' and '#' inside the text; \\n, \\t, \\x1b and the like stand for characters.",
     .example = "echo \"-- now in long mode --\"  # a headline between answers",
     .run = run_echo},
    {.name = "quit",
     .alias = "q exit",
     .args = "",
     .summary = "ends the session, and the guest with it",
     .lesson =
         "The machine is gone then; a trace that was asked for is closed with its footer. Ctrl-D at the "
         "prompt is the same.",
     .example = "quit  # until next time",
     .run = run_quit},
    {0},
};
