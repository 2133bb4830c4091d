/*
 * The command language: see command.h.  A line is cut into commands, a command into its name, the format
 * behind a slash and the rest; the name is looked up in the tables, the row's flags say whether this is the
 * time for it, and the row's function does the work.  Nothing here knows what any command does.
 */
#include "monitor/shell/command.h"

#include "base/nearest.h"
#include "monitor/debugger.h"
#include "monitor/shell/line.h"

#include <errno.h>
#include <string.h>

enum { NAME_MAX_LEN = 40, LISTED_MAX = 8 };

static const struct shell_group groups[] = {
    {"Running", shell_run_commands},
    {"Stops", shell_stop_commands},
    {"The CPU", shell_look_commands},
    {"The CPU's tables and pages", shell_table_commands},
    {"Memory and code", shell_memory_commands},
    {"Values, names and files", shell_data_commands},
    {"The machine and what it did", shell_machine_commands},
    {"Ringside", shell_own_commands},
};
enum { GROUP_COUNT = sizeof groups / sizeof groups[0] };

const struct shell_group *shell_group(size_t i)
{
    return i < GROUP_COUNT ? &groups[i] : NULL;
}

const struct shell_command *shell_row(size_t i)
{
    for (size_t g = 0; g < GROUP_COUNT; g++)
        for (const struct shell_command *row = groups[g].rows; row->name; row++)
            if (i-- == 0)
                return row;
    return NULL;
}

/* How well a word names a row. */
enum match { MATCH_NONE, MATCH_BEGINNING, MATCH_EXACT };

static enum match match_word(const char *word, size_t word_len, const char *name, size_t len)
{
    if (len > word_len || memcmp(word, name, len) != 0)
        return MATCH_NONE;
    return len == word_len ? MATCH_EXACT : MATCH_BEGINNING;
}

static enum match match_row(const struct shell_command *row, const char *name, size_t len)
{
    enum match best = match_word(row->name, strlen(row->name), name, len);
    const char *word;
    size_t n;
    for (const char *p = row->alias; (word = line_word(&p, &n));) {
        enum match m = match_word(word, n, name, len);
        best = m > best ? m : best;
    }
    return best;
}

static int find_unknown(const char *name, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; shell_row(i); i++)
        nearest_offer(name, shell_row(i)->name, &best, &distance);
    return err_set(e, "unknown command \"%s\": try %s", name, best ? best : "help");
}

static int find_ambiguous(const char *name, size_t len, struct err *e)
{
    struct text list = {0};
    size_t n = 0;
    for (size_t i = 0; shell_row(i); i++) {
        if (match_row(shell_row(i), name, len) == MATCH_NONE)
            continue;
        if (n++ < LISTED_MAX)
            text_addf(&list, "%s%s", n > 1 ? ", " : "", shell_row(i)->name);
    }
    err_set(e, "\"%s\" may be %s%s", name, text_str(&list), n > LISTED_MAX ? " …" : "");
    text_fini(&list);
    return -1;
}

/* The name as it may be shown: what was typed can be long, and hold anything. */
static void name_show(char shown[NAME_MAX_LEN + 1], const char *name, size_t len)
{
    size_t n = len < NAME_MAX_LEN ? len : NAME_MAX_LEN;
    for (size_t i = 0; i < n; i++)
        shown[i] = (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '?' : name[i];
    while (n > 0 && n < len && (name[n] & 0xc0) == 0x80)
        n--; /* never half of a character */
    shown[n] = '\0';
}

int shell_find(const char *name, size_t len, const struct shell_command **row, struct err *e)
{
    char shown[NAME_MAX_LEN + 1];
    const struct shell_command *r;
    size_t beginnings = 0;
    name_show(shown, name, len);
    if (len == 0)
        return err_set(e, "a command's name is missing: try help");
    for (size_t i = 0; (r = shell_row(i)); i++) {
        enum match m = match_row(r, name, len);
        if (m == MATCH_EXACT) {
            *row = r;
            return 0;
        }
        if (m == MATCH_BEGINNING && !(r->flags & COMMAND_HIDDEN)) {
            *row = r;
            beginnings++;
        }
    }
    if (beginnings == 1)
        return 0;
    return beginnings ? find_ambiguous(shown, strlen(shown), e) : find_unknown(shown, e);
}

bool shell_takes_slash(const struct shell_command *row)
{
    return row->args[0] == '/' || (row->args[0] == '[' && row->args[1] == '/');
}

/* Whether now is the time for this command. */
static int shell_allowed(const struct debugger *d, const struct shell_command *row, struct err *e)
{
    if (d->running && (row->flags & (COMMAND_RUNS | COMMAND_CHANGES)))
        return err_set(e, "%s: the guest is running: stop it first", row->name);
    if (!(row->flags & (COMMAND_RUNS | COMMAND_GUEST)))
        return 0;
    if (!d->run)
        return err_set(e, "%s: there is no guest", row->name);
    if (run_has_ended(d->run))
        return err_set(e, "%s: the guest has ended (%s); what is left of it can be looked at", row->name,
                       run_status_name(run_result(d->run)->status));
    return 0;
}

/* Ends the word at *p in place; the rest of the line. */
static char *end_word(char *p)
{
    while (*p && !line_is_blank(*p))
        p++;
    if (*p)
        *p++ = '\0';
    return line_trim(p);
}

/* One command, cut out of its line and writable. "x/8xb ADDR" may also be "x /8xb ADDR". */
static int shell_one(struct debugger *d, char *command, struct text *out, struct err *e)
{
    const struct shell_command *row;
    size_t len = line_name_len(command);
    if (shell_find(command, len, &row, e) < 0)
        return -1;
    char *args = line_trim(command + len), *slash = args + strlen(args);
    if (*args == '/' && (shell_takes_slash(row) || command[len] == '/')) {
        if (!shell_takes_slash(row))
            return err_set(e, "%s takes no /FORMAT: %s %s", row->name, row->name, row->args);
        slash = args + 1;
        args = end_word(args);
    }
    if (shell_allowed(d, row, e) < 0)
        return -1;
    return row->run(d, slash, args, out, e);
}

bool shell_repeats(const char *line)
{
    const struct shell_command *row;
    struct err e;
    size_t commands = 0;
    for (size_t n; *line; line = line_next_command(line + n)) {
        n = line_command_len(line);
        while (n && line_is_blank(*line)) {
            line++;
            n--;
        }
        if (n == 0)
            continue;
        size_t name = line_name_len(line);
        if (shell_find(line, name < n ? name : n, &row, &e) < 0 || !(row->flags & COMMAND_REPEATS))
            return false;
        commands++;
    }
    return commands > 0;
}

int shell_execute(struct debugger *d, const char *line, struct text *out, struct err *e)
{
    struct text copy = {0};
    int rc = 0;
    while (rc == 0 && *line && !d->quit) {
        size_t n = line_command_len(line);
        text_clear(&copy);
        text_addn(&copy, line, n);
        if (copy.failed) {
            rc = err_sys(e, ENOMEM, "command");
        } else if (copy.len) {
            char *command = line_trim(copy.buf);
            rc = *command ? shell_one(d, command, out, e) : 0;
        }
        line = line_next_command(line + n);
    }
    text_fini(&copy);
    return rc;
}
