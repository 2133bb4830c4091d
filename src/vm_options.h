/*
 * The options that describe a VM, shared by every command that starts one.
 */
#ifndef RINGSIDE_VM_OPTIONS_H
#define RINGSIDE_VM_OPTIONS_H

#include "machine/machine.h"
#include "options.h"
#include "run/run.h"

#include "vm/image.h"

enum { ROMS_MAX = 4, COMMANDS_MAX = 64 };

/* A command line for the debugger, or a file of them. */
struct vm_command {
    const char *text;
    bool file;
};

struct vm_settings {
    struct image_request image;
    struct machine_options machine;
    struct run_options run;
    const char *roms[ROMS_MAX]; /* FILE@ADDR */
    size_t rom_count;
    const char *trace;
    uint64_t timeout_s;
    bool json;
    bool paused;                              /* stand at the first instruction */
    bool at_once;                             /* `monitor`: do not */
    const char *gdb;                          /* [HOST:]PORT; NULL: none */
    struct vm_command commands[COMMANDS_MAX]; /* in the order they were given */
    size_t command_count;
    bool strict, no_rc;
    const char *symbols; /* an ELF file; NULL: look for it */
};

/* What they are when nothing is said. */
void vm_settings_init(struct vm_settings *s);

/* The rows; settings are a struct vm_settings. */
extern const struct option_row vm_option_rows[];

#endif
