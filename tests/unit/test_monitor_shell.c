/*
 * The command language: finding commands, cutting lines, help, settings, files of commands. No guest runs
 * here: the debugger has none, and what needs one must say so.
 */
#include "unit.h"

#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/help.h"
#include "monitor/shell/line.h"
#include "monitor/shell/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct text out;
static struct err err;

/* Executes a line; the answer is in `out`, the error in `err`. */
static int does(struct debugger *d, const char *line)
{
    text_clear(&out);
    err = (struct err){0};
    return shell_execute(d, line, &out, &err);
}

static bool answers(struct debugger *d, const char *line, const char *answer)
{
    if (does(d, line) == 0 && strcmp(text_str(&out), answer) == 0)
        return true;
    printf("\n  %.60s: \"%.200s\" %s\n", line, text_str(&out), err.text);
    return false;
}

static bool fails(struct debugger *d, const char *line, const char *part)
{
    if (does(d, line) < 0 && strstr(err.text, part) && !strchr(err.text, '\n'))
        return true;
    printf("\n  %.60s: \"%.200s\" %s\n", line, text_str(&out), err.text);
    return false;
}

static const struct shell_command *find(const char *name)
{
    const struct shell_command *row = NULL;
    return shell_find(name, strlen(name), &row, &err) == 0 ? row : NULL;
}

/* ---- the tables ---- */

static void test_rows_are_complete(void)
{
    const struct shell_command *row;
    size_t n = 0;
    for (; (row = shell_row(n)); n++) {
        bool whole = *row->name && row->alias && row->args && *row->summary && *row->lesson &&
                     strstr(row->example, "  # ") && row->run &&
                     (row->complete != COMPLETE_WORDS || row->choices);
        if (!whole)
            printf("\n  %s is not complete\n", row->name);
        CU_ASSERT_TRUE(whole);
        CU_ASSERT_TRUE(strlen(row->summary) < 100 && !strchr(row->summary, '\n'));
        CU_ASSERT_TRUE(strlen(row->lesson) > strlen(row->summary) / 2);
    }
    CU_ASSERT_TRUE(n > 20);
}

/* Is this one of the commands in its example? */
static bool example_has(const struct shell_command *row)
{
    const char *line = row->example;
    while (*line) {
        const struct shell_command *found = NULL;
        while (line_is_blank(*line))
            line++;
        if (shell_find(line, line_name_len(line), &found, &err) == 0 && found == row)
            return true;
        line = line_next_command(line + line_command_len(line));
    }
    return false;
}

/* Every name and other name means one row, and finds it; an example shows its command. */
static void test_names_are_unique(void)
{
    const struct shell_command *row, *found;
    for (size_t i = 0; (row = shell_row(i)); i++) {
        CU_ASSERT_PTR_EQUAL(find(row->name), row);
        const char *p = row->alias, *word;
        for (size_t n; (word = line_word(&p, &n));) {
            found = NULL;
            int rc = shell_find(word, n, &found, &err);
            if (rc < 0 || found != row)
                printf("\n  %.*s should mean %s\n", (int)n, word, row->name);
            CU_ASSERT_TRUE(rc == 0 && found == row);
        }
        if (!example_has(row))
            printf("\n  the example of %s is one of another command\n", row->name);
        CU_ASSERT_TRUE(example_has(row));
    }
}

static void test_habits_of_other_debuggers(void)
{
    static const char *const habits[][2] = {{"?", "help"}, {"h", "help"}, {"q", "quit"},   {"exit", "quit"},
                                            {"i", "info"}, {"r", "regs"}, {"sreg", "seg"}, {"creg", "cr"}};
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        const struct shell_command *row = find(habits[i][0]);
        CU_ASSERT_TRUE(row && strcmp(row->name, habits[i][1]) == 0);
    }
}

static void test_find_beginnings(void)
{
    CU_ASSERT_TRUE(find("hel") && strcmp(find("hel")->name, "help") == 0);
    CU_ASSERT_PTR_NULL(find("s3"));
    CU_ASSERT_PTR_NULL(find("dev ices"));
    CU_ASSERT_PTR_NULL(find("hi st"));
    CU_ASSERT_PTR_NULL(find("de"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "may be"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "device"));
    CU_ASSERT_PTR_NULL(find("hepl"));
    CU_ASSERT_STRING_EQUAL(err.text, "unknown command \"hepl\": try help");
    CU_ASSERT_PTR_NULL(find("xyzzyplugh"));
    CU_ASSERT_STRING_EQUAL(err.text, "unknown command \"xyzzyplugh\": try help");
    CU_ASSERT_PTR_NULL(find(""));
}

/* ---- lines ---- */

static void test_lines(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(answers(&d, "", ""));
    CU_ASSERT_TRUE(answers(&d, "   \t ", ""));
    CU_ASSERT_TRUE(answers(&d, ";;  ; ", ""));
    CU_ASSERT_TRUE(answers(&d, "# nothing; echo a", ""));
    CU_ASSERT_TRUE(answers(&d, "echo a", "a\n"));
    CU_ASSERT_TRUE(answers(&d, "  echo  a  ", "a\n"));
    CU_ASSERT_TRUE(answers(&d, "echo a;echo b ; echo c", "a\nb\nc\n"));
    CU_ASSERT_TRUE(answers(&d, "echo a # b; echo c", "a\n"));
    CU_ASSERT_TRUE(answers(&d, "echo a#b", "a#b\n"));
    CU_ASSERT_TRUE(answers(&d, "echo a;# b", "a\n"));
    CU_ASSERT_TRUE(answers(&d, "echo \"a;b # c\";echo d", "a;b # c\nd\n"));
    CU_ASSERT_TRUE(answers(&d, "echo 'a;b'", "a;b\n"));
    CU_ASSERT_TRUE(answers(&d, "echo \"a\\\";b\"", "a\";b\n"));
    CU_ASSERT_TRUE(answers(&d, "echo don't; echo worry", "don't\nworry\n"));
    CU_ASSERT_TRUE(answers(&d, "echo \"a\"; echo \"b\"", "a\nb\n"));
    CU_ASSERT_TRUE(answers(&d, "echo \\x41\\t\\\\", "A\t\\\n"));
    CU_ASSERT_TRUE(fails(&d, "echo \\q", "xNN"));
    CU_ASSERT_TRUE(fails(&d, "echo a\\", "xNN"));
    CU_ASSERT_TRUE(fails(&d, "echo \\x4", "xNN"));
}

/* The first failure ends the line; what came before stays. */
static void test_failure_ends_the_line(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(fails(&d, "echo a; nosuch; echo b", "nosuch"));
    CU_ASSERT_STRING_EQUAL(text_str(&out), "a\n");
}

static void test_quit_ends_the_line(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(answers(&d, "echo a; quit; echo b", "a\n"));
    CU_ASSERT_TRUE(d.quit);
}

static void test_slash(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(fails(&d, "echo/4 a", "takes no /FORMAT"));
    CU_ASSERT_TRUE(fails(&d, "/x", "missing"));
    CU_ASSERT_TRUE(answers(&d, "echo /4", "/4\n"));
}

static void test_long_and_wild_lines(void)
{
    enum { LONG = 200000 };
    struct debugger d = {0};
    char *line = malloc(LONG + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    for (int c = 1; c < 256; c++) {
        memset(line, c, LONG);
        line[LONG] = '\0';
        (void)!does(&d, line);
        CU_ASSERT_TRUE(strlen(err.text) < 200);
        memcpy(line, "echo ", 5);
        (void)!does(&d, line);
    }
    for (int i = 0; i < LONG; i++)
        line[i] = ";\"'#"[i % 3];
    (void)!does(&d, line);
    free(line);
}

/* What is typed is shown in the error, but never its control characters or half of a letter. */
static void test_errors_are_one_clean_line(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(fails(&d, "a\x1b[31mb", "a?[31mb"));
    CU_ASSERT_TRUE(fails(&d, "ääääääääääääääääääääääääääääää", "unknown command"));
    size_t n = strlen(err.text);
    uint32_t code;
    for (size_t at = 0, len; at < n; at += len) {
        len = utf8_decode(err.text + at, n - at, &code);
        CU_ASSERT_NOT_EQUAL_FATAL(len, 0);
    }
}

/* ---- what the flags say ---- */

static void test_no_guest(void)
{
    struct debugger d = {0};
    const struct shell_command *row;
    size_t refused = 0;
    for (size_t i = 0; (row = shell_row(i)); i++) {
        if (!(row->flags & (COMMAND_RUNS | COMMAND_GUEST)))
            continue;
        refused++;
        CU_ASSERT_TRUE(fails(&d, row->name, "there is no guest"));
    }
    CU_ASSERT_TRUE(refused > 2);
}

static void test_running_guest(void)
{
    struct debugger d = {.running = true};
    const struct shell_command *row;
    for (size_t i = 0; (row = shell_row(i)); i++)
        if (row->flags & (COMMAND_RUNS | COMMAND_CHANGES))
            CU_ASSERT_TRUE(fails(&d, row->name, "the guest is running: stop it first"));
    CU_ASSERT_TRUE(fails(&d, "set rax = 1", "the guest is running: stop it first"));
    CU_ASSERT_TRUE(answers(&d, "set syntax att", ""));
}

static void test_repeats(void)
{
    CU_ASSERT_TRUE(shell_repeats("step"));
    CU_ASSERT_TRUE(shell_repeats(" s 3 "));
    CU_ASSERT_TRUE(shell_repeats("s; regs # both"));
    CU_ASSERT_FALSE(shell_repeats("s; echo x"));
    CU_ASSERT_FALSE(shell_repeats("echo x"));
    CU_ASSERT_FALSE(shell_repeats("nosuch"));
    CU_ASSERT_FALSE(shell_repeats(""));
    CU_ASSERT_FALSE(shell_repeats("# step"));
}

/* ---- help ---- */

static void test_help_has_every_row(void)
{
    struct debugger d = {0};
    struct text list = {0};
    const struct shell_command *row;
    CU_ASSERT_EQUAL(does(&d, "help"), 0);
    help_list(&list);
    CU_ASSERT_STRING_EQUAL(text_str(&out), text_str(&list));
    for (size_t i = 0; (row = shell_row(i)); i++) {
        char line[64];
        snprintf(line, sizeof line, "\n  %s", row->name);
        const char *at = strstr(text_str(&list), line);
        CU_ASSERT_EQUAL(at != NULL, !(row->flags & COMMAND_HIDDEN));
        snprintf(line, sizeof line, "help %s", row->name);
        CU_ASSERT_EQUAL(does(&d, line), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), row->example));
        CU_ASSERT_TRUE(strncmp(text_str(&out), row->name, strlen(row->name)) == 0);
    }
    text_fini(&list);
    CU_ASSERT_TRUE(fails(&d, "help nosuch", "unknown command \"nosuch\""));
}

static void test_help_all(void)
{
    struct debugger d = {0};
    const struct shell_command *row;
    CU_ASSERT_EQUAL(does(&d, "help all"), 0);
    for (size_t i = 0; (row = shell_row(i)); i++)
        if (!(row->flags & COMMAND_HIDDEN))
            CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), row->example));
    const char *line = text_str(&out), *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        char one[512];
        snprintf(one, sizeof one, "%.*s", (int)(end - line), line);
        if (text_width(one) > 110)
            printf("\n  too wide: %s\n", one);
        CU_ASSERT_TRUE(text_width(one) <= 110);
    }
}

/* ---- settings ---- */

static void test_settings(void)
{
    struct debugger d = {0};
    CU_ASSERT_TRUE(answers(&d, "show syntax", "syntax intel\n"));
    CU_ASSERT_TRUE(answers(&d, "set syntax att; show syntax", "syntax att\n"));
    CU_ASSERT_EQUAL(d.settings.syntax, DISASM_ATT);
    CU_ASSERT_TRUE(answers(&d, "stepirq on; stepirq", "stepirq on\n"));
    CU_ASSERT_TRUE(d.settings.step_interrupts);
    CU_ASSERT_TRUE(answers(&d, "set stepirq of; show stepirq", "stepirq off\n"));
    CU_ASSERT_TRUE(answers(&d, "set pager off; show pager", "pager off\n"));
    CU_ASSERT_TRUE(answers(&d, "set ascii on", ""));
    CU_ASSERT_TRUE(d.settings.ascii);
    CU_ASSERT_TRUE(fails(&d, "set syntax nasm", "intel att"));
    CU_ASSERT_TRUE(fails(&d, "set syntax", "intel att"));
    CU_ASSERT_TRUE(fails(&d, "set stepirq o", "off on"));
    CU_ASSERT_TRUE(fails(&d, "set", "set what?"));
    CU_ASSERT_TRUE(fails(&d, "show nosuch", "no setting"));
    CU_ASSERT_EQUAL(does(&d, "show"), 0);
    for (size_t i = 0; setting_row(i); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), setting_row(i)->help));
}

/* ---- files ---- */

static char file[] = "/tmp/ringside-shell-XXXXXX";

static void write_file(const char *bytes, size_t n)
{
    FILE *f = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void source(struct debugger *d, const char *option, const char *text, int want, const char *answer)
{
    char line[128];
    write_file(text, strlen(text));
    snprintf(line, sizeof line, "source %s%s", option, file);
    int rc = does(d, line);
    if (rc != want || !strstr(text_str(&out), answer))
        printf("\n  %s: %d \"%s\" %s\n", text, rc, text_str(&out), err.text);
    CU_ASSERT_EQUAL(rc, want);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), answer));
}

static void test_source(void)
{
    struct debugger d = {0};
    int fd = mkstemp(file);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    source(&d, "", "echo a\n# b\n\necho c", 0, "a\nc\n");
    CU_ASSERT_EQUAL(d.failures, 0);
    source(&d, "", "echo a\r\necho b\r\n", 0, "a\nb\n");
    source(&d, "", "echo a\nnosuch\necho c\n", 0, ":2: unknown command \"nosuch\": try help\nc\n");
    CU_ASSERT_EQUAL(d.failures, 1);
    source(&d, "--strict ", "echo a\nnosuch\necho c\n", -1, "a\n");
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "c\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ":2: unknown command"));
    d.strict = true;
    source(&d, "", "nosuch\necho c\n", -1, "");
    source(&d, "", "echo a\nquit\necho c\n", 0, "a\n");
    CU_ASSERT_TRUE(d.quit);
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "c\n"));
    unlink(file);
    d = (struct debugger){0};
    CU_ASSERT_TRUE(fails(&d, "source /nonexistent", "No such file"));
    CU_ASSERT_TRUE(fails(&d, "source /tmp", "not a file"));
    CU_ASSERT_TRUE(fails(&d, "source /dev/zero", "not a file"));
    CU_ASSERT_TRUE(fails(&d, "source", "which file?"));
}

/* A file that calls itself ends, and says why. */
static void test_source_depth(void)
{
    struct debugger d = {0};
    char line[64];
    int n = snprintf(line, sizeof line, "source %s\n", file);
    write_file(line, (size_t)n);
    CU_ASSERT_EQUAL(does(&d, line), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "more than 8 deep"));
    CU_ASSERT_EQUAL(d.failures, 1);
    CU_ASSERT_EQUAL(d.source_depth, 0);
    unlink(file);
}

static void test_source_bytes(void)
{
    enum { LONG = 150000 };
    struct debugger d = {0};
    char line[64], *bytes = malloc(LONG);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    snprintf(line, sizeof line, "source %s", file);
    write_file("echo a\0b\necho c\n", 16);
    CU_ASSERT_EQUAL(does(&d, line), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), ":1: a NUL byte"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "\nc\n"));
    memset(bytes, 'x', LONG);
    memcpy(bytes, "echo a\necho ", 12);
    memcpy(bytes + LONG - 8, "\necho z\n", 8);
    write_file(bytes, LONG);
    CU_ASSERT_EQUAL(does(&d, line), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), ":2: a line of more than"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "\nz\n"));
    memcpy(bytes + 10012, "\n", 1); /* a line of 10,000 characters is one like others */
    write_file(bytes, 10013);
    CU_ASSERT_EQUAL(does(&d, line), 0);
    CU_ASSERT_TRUE(out.len > 10000);
    free(bytes);
    unlink(file);
}

static const struct unit_test tests[] = {
    {"rows are complete", test_rows_are_complete},
    {"names are unique", test_names_are_unique},
    {"habits of other debuggers", test_habits_of_other_debuggers},
    {"beginnings of names, and what is unknown", test_find_beginnings},
    {"lines", test_lines},
    {"a failure ends the line", test_failure_ends_the_line},
    {"quit ends the line", test_quit_ends_the_line},
    {"a slash", test_slash},
    {"long and wild lines", test_long_and_wild_lines},
    {"errors are one clean line", test_errors_are_one_clean_line},
    {"without a guest", test_no_guest},
    {"while the guest runs", test_running_guest},
    {"what an empty line repeats", test_repeats},
    {"help has every row", test_help_has_every_row},
    {"help all", test_help_all},
    {"settings", test_settings},
    {"source", test_source},
    {"source calling itself", test_source_depth},
    {"source and its bytes", test_source_bytes},
};
UNIT_MAIN("monitor shell", tests)
