/*
 * The guard: see guard.h.  A signal handler has no argument for our own data: `the` guard is the exception to
 * "no file-level state".
 */
#include "monitor/ui/guard.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum { SEQUENCES_MAX = 512, STACK_LEN = 64 * 1024 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };

struct guard {
    char sequences[SEQUENCES_MAX]; /* end of colours, cursor, keypad, mouse, the other screen */
    size_t len;
    struct termios was;
    int pipe_fd; /* closing it without a byte wakes the child */
    pid_t child;
    struct sigaction old[CRASHES];
    stack_t old_stack;
    void *stack;
};

static struct guard *the;

static void add(struct guard *g, const char *s)
{
    size_t n = s && s != (const char *)-1 ? strlen(s) : 0;
    if (g->len + n > sizeof g->sequences)
        return;
    memcpy(g->sequences + g->len, s, n);
    g->len += n;
}

/* From terminfo, where padding (`$<5>`) is only for terminals of long ago. */
static void collect(struct guard *g)
{
    const char *const names[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *s = tigetstr(names[i]);
        if (s && s != (const char *)-1 && !strstr(s, "$<"))
            add(g, s);
    }
    const char *mouse = tigetstr("kmous");
    if (mouse && mouse != (const char *)-1)
        add(g, "\x1b[?1000l\x1b[?1002l\x1b[?1006l");
    add(g, "\r\n");
}

static void give_back(const struct guard *g)
{
    ssize_t ignored = write(STDOUT_FILENO, g->sequences, g->len);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &g->was);
}

/* One byte: nothing is left to do. */
static void child_dismiss(const struct guard *g)
{
    char byte = 0;
    ssize_t ignored = write(g->pipe_fd, &byte, 1);
    (void)ignored;
}

static void on_crash(int signo)
{
    if (the) {
        give_back(the);
        child_dismiss(the);
    }
    /* The action was reset (SA_RESETHAND): now it does what it does to everybody. */
    raise(signo);
}

static void child_waits(const struct guard *g, int fd)
{
    char byte;
    ssize_t n;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGTTOU, SIG_IGN); /* by then somebody else has the foreground */
    setpgid(0, 0);            /* Ctrl-C and Ctrl-Z are for the others */
    while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
        ;
    if (n == 0)
        give_back(g);
    _exit(0);
}

/* Descriptors that the child must not keep open: a guest's files, the listener's sockets. */
static void close_others(int keep)
{
    for (int fd = STDERR_FILENO; fd < 1024; fd++)
        if (fd != keep)
            close(fd);
}

static int child_start(struct guard *g, struct err *e)
{
    int ends[2];
    if (pipe(ends) < 0)
        return err_sys(e, errno, "pipe");
    g->child = fork();
    if (g->child == 0) {
        close(ends[1]);
        close_others(ends[0]);
        child_waits(g, ends[0]);
    }
    int code = errno;
    close(ends[0]);
    g->pipe_fd = ends[1];
    if (g->child > 0)
        return 0;
    close(ends[1]);
    return err_sys(e, code, "fork");
}

static void handlers_install(struct guard *g)
{
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_NODEFER)};
    stack_t stack = {.ss_sp = g->stack, .ss_size = STACK_LEN};
    sigaltstack(&stack, &g->old_stack);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &action, &g->old[i]);
}

struct guard *guard_open(struct err *e)
{
    struct guard *g = calloc(1, sizeof *g);
    if (g)
        g->stack = malloc(STACK_LEN);
    if (!g || !g->stack) {
        free(g);
        err_sys(e, ENOMEM, "guard");
        return NULL;
    }
    reset_shell_mode();
    bool terminal = tcgetattr(STDIN_FILENO, &g->was) == 0;
    reset_prog_mode();
    collect(g);
    const char *move = tigetstr("cup");
    if (!move || move == (const char *)-1)
        terminal = false;
    if (!terminal || child_start(g, e) < 0) {
        if (!terminal)
            err_set(e,
                    "the terminal \"%s\" has no cursor that can be moved: set TERM to what you have "
                    "(xterm-256color)",
                    getenv("TERM") ? getenv("TERM") : "");
        free(g->stack);
        free(g);
        return NULL;
    }
    the = g;
    handlers_install(g);
    return g;
}

void guard_close(struct guard *g)
{
    if (!g)
        return;
    child_dismiss(g);
    close(g->pipe_fd);
    waitpid(g->child, NULL, 0);
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &g->old[i], NULL);
    the = NULL;
    sigaltstack(&g->old_stack, NULL);
    free(g->stack);
    free(g);
}
