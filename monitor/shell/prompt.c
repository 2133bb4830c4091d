/*
 * The prompt: see prompt.h.  This is the one file that knows readline, whose callbacks have no argument for
 * our own data: `the` prompt is the one exception to "no file-level state".
 */
#include "monitor/shell/prompt.h"

#include "monitor/shell/line.h"

#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h> /* before readline */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

enum { HISTORY_MAX = 2000 };

struct prompt {
    const struct complete_names *names;
    const char *text;
    bool shown, have_line;
    char *line;
    char **words; /* of a completion in progress */
    size_t word_count, word_cap, word_next;
    char history[PATH_MAX]; /* "" when there is no place for it */
    int typed;              /* lines of this session */
    /* Inside of a screen: */
    const char *bytes; /* what readline is being fed */
    size_t byte_count;
    struct text choices, view;
    FILE *nowhere, *silent;
    int silent_fd;
};

static struct prompt *the;

/* ---- history ---- */

static const struct place history = {"XDG_STATE_HOME", ".local/state", "ringside/history"};

static void history_load(struct prompt *p)
{
    using_history();
    stifle_history(HISTORY_MAX);
    place_find(&history, p->history, sizeof p->history);
    if (*p->history)
        read_history(p->history); /* none there is no failure */
}

/* Appends what this session typed: another one may have written in between. */
static void history_keep(struct prompt *p)
{
    if (!*p->history || p->typed == 0 || !place_make(p->history))
        return;
    int fd = open(p->history, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    close(fd);
    int n = p->typed < HISTORY_MAX ? p->typed : HISTORY_MAX;
    if (append_history(n, p->history) == 0)
        history_truncate_file(p->history, HISTORY_MAX);
}

/* A line that repeats the one before, or begins with a blank, is not kept. */
static void history_add(struct prompt *p, const char *line)
{
    HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
    if (!*line || line_is_blank(*line) || (last && strcmp(last->line, line) == 0))
        return;
    add_history(line);
    p->typed++;
}

/* ---- completion ---- */

static void keep_word(void *ctx, const char *word)
{
    struct prompt *p = ctx;
    if (p->word_count == p->word_cap) {
        size_t cap = p->word_cap ? p->word_cap * 2 : 64;
        char **grown = realloc(p->words, cap * sizeof *grown);
        if (!grown)
            return;
        p->words = grown;
        p->word_cap = cap;
    }
    char *copy = strdup(word);
    if (copy)
        p->words[p->word_count++] = copy;
}

/* readline asks again and again; each word becomes its own to free. */
static char *next_word(const char *text, int state)
{
    (void)text;
    (void)state;
    return the->word_next < the->word_count ? the->words[the->word_next++] : NULL;
}

/* A path is one word, however many signs of arithmetic are in it. */
static char *word_breaks(void)
{
    static const char of_paths[] = " \t\n", of_expressions[] = " \t\n;\"'[]()+-*/%&|^~!<>=,:{}@$";
    const struct shell_command *row;
    int start = rl_point;
    while (start > 0 && !line_is_blank(rl_line_buffer[start - 1]))
        start--;
    bool path = complete_kind_at(rl_line_buffer, (size_t)start, &row) == COMPLETE_FILE;
    return (char *)(uintptr_t)(path ? of_paths : of_expressions); /* readline only reads it */
}

static char **complete(const char *text, int start, int end)
{
    const struct shell_command *row;
    (void)end;
    if (complete_kind_at(rl_line_buffer, (size_t)start, &row) == COMPLETE_FILE)
        return NULL; /* readline's own: file names */
    rl_attempted_completion_over = 1;
    the->word_count = the->word_next = 0;
    complete_words(the->names, rl_line_buffer, (size_t)start, text, keep_word, the);
    return rl_completion_matches(text, next_word);
}

/* Inside of a screen the choices are the screen's to show. */
static void keep_choices(char **matches, int count, int longest)
{
    (void)longest;
    text_clear(&the->choices);
    for (int i = 1; i <= count; i++)
        text_addf(&the->choices, "%s%s", i > 1 ? "  " : "", matches[i]);
}

/* ---- the prompt ---- */

static void take_line(char *line)
{
    rl_callback_handler_remove();
    the->shown = false;
    the->have_line = true;
    the->line = line;
}

static void close_inside(struct prompt *p)
{
    if (p->nowhere)
        fclose(p->nowhere);
    if (p->silent) {
        fclose(p->silent);
        close(p->silent_fd);
    }
}

struct prompt *prompt_open(const char *text, const struct complete_names *names, struct err *e)
{
    struct prompt *p = calloc(1, sizeof *p);
    if (!p) {
        err_sys(e, ENOMEM, "prompt");
        return NULL;
    }
    p->names = names;
    p->text = text;
    the = p;
    rl_readline_name = "ringside"; /* for $if in ~/.inputrc */
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = word_breaks;
    history_load(p);
    return p;
}

void prompt_close(struct prompt *p)
{
    if (!p)
        return;
    prompt_hide(p);
    history_keep(p);
    clear_history();
    close_inside(p);
    text_fini(&p->choices);
    text_fini(&p->view);
    free(p->words);
    free(p->line);
    free(p);
    the = NULL;
}

void prompt_show(struct prompt *p)
{
    if (p->shown)
        return;
    p->shown = true;
    rl_callback_handler_install(p->text, take_line);
}

void prompt_hide(struct prompt *p)
{
    if (p->shown)
        rl_callback_handler_remove();
    p->shown = false;
}

bool prompt_read(struct prompt *p, char **line)
{
    rl_callback_read_char();
    if (!p->have_line)
        return false;
    p->have_line = false;
    *line = p->line;
    p->line = NULL;
    const char *pasting = rl_variable_value("enable-bracketed-paste");
    if (*line)
        history_add(p, *line);
    else if (!pasting || strcmp(pasting, "on") != 0)
        putchar('\n'); /* Ctrl-D leaves the cursor behind the prompt; with that mode readline sees to it */
    fflush(stdout);
    return true;
}

void prompt_interrupt(struct prompt *p)
{
    if (!p->shown)
        return;
    rl_free_line_state();
    rl_callback_sigcleanup();
    fputs("^C\n", stdout);
    fflush(stdout);
    prompt_hide(p);
    prompt_show(p);
}

void prompt_resized(struct prompt *p)
{
    if (p->shown)
        rl_resize_terminal();
}

unsigned prompt_rows(const struct prompt *p)
{
    int rows = 0, columns;
    (void)p;
    rl_reset_screen_size();
    rl_get_screen_size(&rows, &columns);
    return rows > 0 ? (unsigned)rows : 0;
}

/* ---- inside of a screen ---- */

static int next_byte(FILE *ignored)
{
    (void)ignored;
    if (the->byte_count == 0)
        return EOF;
    the->byte_count--;
    return (unsigned char)*the->bytes++;
}

static void draw_nothing(void)
{
}

/* readline looks at its input's descriptor to see whether more was typed: it gets one where nothing ever
 * comes. */
static int open_inside(struct prompt *p)
{
    int ends[2];
    p->nowhere = fopen("/dev/null", "we");
    if (!p->nowhere || pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    p->silent = fdopen(ends[0], "r");
    p->silent_fd = ends[1];
    if (p->silent)
        return 0;
    close(ends[0]);
    close(ends[1]);
    return -1;
}

struct prompt *prompt_open_inside(const struct complete_names *names, struct err *e)
{
    struct prompt *p = prompt_open("", names, e);
    if (!p)
        return NULL;
    if (open_inside(p) < 0) {
        err_sys(e, errno, "prompt");
        prompt_close(p);
        return NULL;
    }
    rl_outstream = p->nowhere;
    rl_instream = p->silent;
    rl_getc_function = next_byte;
    rl_redisplay_function = draw_nothing;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_completion_display_matches_hook = keep_choices;
    rl_initialize();
    rl_variable_bind("show-all-if-ambiguous", "on");
    rl_variable_bind("bell-style", "none");
    return p;
}

void prompt_begin(struct prompt *p, const char *text)
{
    prompt_hide(p);
    text_clear(&p->choices);
    prompt_show(p);
    rl_insert_text(text);
}

bool prompt_feed(struct prompt *p, const char *bytes, size_t n, char **line)
{
    text_clear(&p->choices);
    p->bytes = bytes;
    p->byte_count = n;
    while (p->byte_count && p->shown)
        rl_callback_read_char();
    p->byte_count = 0;
    if (!p->have_line)
        return false;
    p->have_line = false;
    *line = p->line;
    p->line = NULL;
    if (*line)
        history_add(p, *line);
    return true;
}

void prompt_cancel(struct prompt *p)
{
    if (!p->shown)
        return;
    rl_free_line_state();
    rl_callback_sigcleanup();
    prompt_hide(p);
    text_clear(&p->choices);
}

const char *prompt_shown(struct prompt *p, size_t *cursor)
{
    const char *before = rl_display_prompt ? rl_display_prompt : "";
    text_clear(&p->view);
    text_addf(&p->view, "%s%s", before, p->shown && rl_line_buffer ? rl_line_buffer : "");
    *cursor = strlen(before) + (size_t)(rl_point > 0 ? rl_point : 0);
    if (*cursor > p->view.len)
        *cursor = p->view.len;
    return text_str(&p->view);
}

const char *prompt_choices(const struct prompt *p)
{
    return text_str(&p->choices);
}
