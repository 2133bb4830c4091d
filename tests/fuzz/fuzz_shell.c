/*
 * Fuzzing the command line: the first byte chooses the target (mode, with or without symbols), the rest is
 * what somebody typed, a line a command line. The debugger has a made-up target and no run: what needs a
 * guest that runs is refused, everything else is done. Whatever it is: an answer or one line of error, and
 * the debugger stands as it stood.
 *
 * Commands that read or write files are left out: a fuzzer would find names that hurt.
 */
#include "fuzz.h"

#include "debug/stops.h"
#include "debug_rig.h"
#include "monitor/counts.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/complete.h"
#include "monitor/shell/line.h"
#include "vm/cpu_check.h"

#include <string.h>

enum { WITHOUT_SYMBOLS = 8, WITHOUT_OPS = 16, RUNNING = 32 };

static bool touches_files(const char *line)
{
    const struct shell_command *row;
    struct err e;
    while (*line) {
        while (line_is_blank(*line))
            line++;
        if (shell_find(line, line_name_len(line), &row, &e) == 0 && row->complete == COMPLETE_FILE)
            return true;
        line = line_next_command(line + line_command_len(line));
    }
    return false;
}

static void offered(void *ctx, const char *word)
{
    const char *prefix = ctx;
    FUZZ_ASSERT(strncmp(word, prefix, strlen(prefix)) == 0);
}

static void complete_check(const struct debugger *d, const char *line)
{
    struct complete_names names = {d->symbols, &d->names};
    size_t len = strlen(line), at = len;
    while (at > 0 && !line_is_blank(line[at - 1]))
        at--;
    char *prefix = strdup(line + at);
    FUZZ_ASSERT(prefix);
    complete_words(&names, line, at, prefix, offered, prefix);
    free(prefix);
}

static void line_check(struct debugger *d, const char *line)
{
    struct text out = {0};
    struct err e = {0};
    complete_check(d, line);
    (void)shell_repeats(line);
    if (!touches_files(line) && shell_execute(d, line, &out, &e) < 0)
        FUZZ_ASSERT(e.text[0] && !strchr(e.text, '\n') && !strchr(e.text, '\x1b'));
    FUZZ_ASSERT(d->source_depth == 0 && strlen(text_str(&out)) <= out.len);
    FUZZ_ASSERT(cpu_check(&d->now.regs, &d->now.sregs, &e) == 0);
    d->quit = false;
    text_fini(&out);
}

static void lines_check(struct debugger *d, char *text)
{
    enum { LINES_MAX = 20 };
    char *save = NULL;
    int n = 0;
    for (char *line = strtok_r(text, "\n", &save); line && n < LINES_MAX; n++) {
        line_check(d, line);
        line = strtok_r(NULL, "\n", &save);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG, MODE_LONG};
    static const struct counts counts;
    struct rig r;
    if (size == 0)
        return 0;
    char *text = calloc(1, size);
    FUZZ_ASSERT(text);
    memcpy(text, data + 1, size - 1);
    rig_init(&r, modes[data[0] & 3]);
    r.target.sregs.cs.l = r.target.sregs.cs.l && (data[0] & 3) != 3; /* 3: compatibility mode */
    rig_put(&r, 0x2000, data, size < 0x1000 ? size : 0x1000);
    r.target.symbols = data[0] & WITHOUT_SYMBOLS ? NULL : &r.symbols;
    r.target.ops = data[0] & WITHOUT_OPS ? NULL : &rig_ops;
    struct debugger d = {.now = r.target,
                         .before = r.target,
                         .names = rig_names,
                         .stops = stops_create(&r.e),
                         .door = door_create(&r.e),
                         .counts = &counts,
                         .running = data[0] & RUNNING};
    d.symbols = data[0] & WITHOUT_SYMBOLS ? NULL : &r.symbols;
    FUZZ_ASSERT(d.stops && d.door);
    lines_check(&d, text);
    door_destroy(d.door);
    stops_destroy(d.stops);
    rig_fini(&r);
    free(text);
    return 0;
}
