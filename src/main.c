/*
 * Ringside: a hypervisor you can watch.  This file is the subcommand table and nothing else; each command has
 * a file of its own (cmd_*.c).
 */
#include "commands.h"
#include "version.h"

#include "base/nearest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &command_run, &command_monitor, &command_shell,  &command_trace,
    &command_lab, &command_explain, &command_doctor,
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int usage(void)
{
    struct text t = {0};
    struct table table;
    text_add(&t,
             "ringside " RINGSIDE_VERSION ": a hypervisor you can watch\n\nusage: ringside COMMAND ...\n\n");
    table_init(&table, "ll");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        table_cell(&table, "%s %s", commands[i]->name, commands[i]->words);
        table_cell(&table, "%s", commands[i]->summary);
    }
    table_finish(&table, &t, "  ", false);
    text_add(&t, "\n`ringside COMMAND --help` says more about each; the first thing to try is\n"
                 "  ringside run --trace boot64.rst build/guests/boot64.bin\n");
    int status = command_print(&t);
    text_fini(&t);
    return status;
}

static int unknown(const char *word)
{
    const char *best = NULL;
    size_t distance = 0;
    struct err e;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(word, commands[i]->name, &best, &distance);
    err_set(&e, "unknown command \"%s\": try %s%s", word, best ? "ringside " : "ringside --help",
            best ? best : "");
    return command_fail(STATUS_USAGE, &e);
}

/* A closed standard descriptor would be given to the next file opened, and the guest's console would write
 * there. Opened for reading, so that writing to a closed stdout still is an error. */
static void keep_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            _exit(STATUS_USAGE);
}

int main(int argc, char **argv)
{
    keep_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe and a limit on file sizes are write errors like others */
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        struct err e;
        err_set(&e, "what? try ringside --help");
        return command_fail(STATUS_USAGE, &e);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return usage();
    if (strcmp(argv[1], "--version") == 0) {
        struct text t = {0};
        text_add(&t, "ringside " RINGSIDE_VERSION "\n");
        int status = command_print(&t);
        text_fini(&t);
        return status;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(commands[i], argc - 2, argv + 2);
    return unknown(argv[1]);
}
