/*
 * The options that describe a VM: see vm_options.h.
 */
#include "vm_options.h"

#include <string.h>
#include <time.h>

void vm_settings_init(struct vm_settings *s)
{
    *s = (struct vm_settings){
        .image = {.format = IMAGE_AUTO, .mode = IMAGE_NO_MODE, .at = IMAGE_NO_ADDR},
        .machine = {.mem_len = 64u << 20, .irqchip = IRQCHIP_USER, .clock = CLOCK_REAL},
    };
}

static int set_format(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    int f = image_format_find(value);
    if (f < 0)
        return err_set(e, "unknown format \"%s\": auto, flat, elf or multiboot", value);
    s->image.format = (enum image_format)f;
    return 0;
}

static int set_mode(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(value, cpu_mode_name(modes[i])) == 0) {
            s->image.mode = (int)modes[i];
            return 0;
        }
    }
    return err_set(e, "unknown mode \"%s\": real, protected or long", value);
}

static int set_at(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    return option_number(value, 0, MEMORY_LEN_MAX, &s->image.at, e);
}

static int set_mem(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    if (memory_parse_size(value, &s->machine.mem_len, e) < 0)
        return -1;
    return memory_check_len(s->machine.mem_len, e);
}

static int set_cmdline(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct vm_settings *)settings)->image.cmdline = value;
    return 0;
}

static int set_module(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    if (s->image.module_count == IMAGE_MODULES_MAX)
        return err_set(e, "at most %d modules", IMAGE_MODULES_MAX);
    s->image.modules[s->image.module_count++] = value;
    return 0;
}

static int set_rom(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    if (s->rom_count == ROMS_MAX)
        return err_set(e, "at most %d ROMs", ROMS_MAX);
    if (!strrchr(value, '@'))
        return err_set(e, "\"%s\" has no @ADDR", value);
    s->roms[s->rom_count++] = value;
    return 0;
}

static int set_irqchip(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    if (strcmp(value, "user") != 0 && strcmp(value, "kernel") != 0)
        return err_set(e, "\"%s\" is neither user nor kernel", value);
    s->machine.irqchip = value[0] == 'k' ? IRQCHIP_KERNEL : IRQCHIP_USER;
    return 0;
}

static int set_clock(void *settings, const char *value, struct err *e)
{
    struct vm_settings *s = settings;
    if (strcmp(value, "steps") != 0 && strcmp(value, "real") != 0)
        return err_set(e, "\"%s\" is neither steps nor real", value);
    s->machine.clock = value[0] == 's' ? CLOCK_STEPS : CLOCK_REAL;
    return 0;
}

static int set_trace(void *settings, const char *value, struct err *e)
{
    if (!*value)
        return err_set(e, "an empty file name");
    ((struct vm_settings *)settings)->trace = value;
    return 0;
}

static int set_trace_steps(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->run.trace_steps = true;
    return 0;
}

static int set_max_exits(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, UINT64_MAX, &((struct vm_settings *)settings)->run.max_exits, e);
}

static int set_max_steps(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, UINT64_MAX, &((struct vm_settings *)settings)->run.max_steps, e);
}

static int set_timeout(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, 1u << 30, &((struct vm_settings *)settings)->timeout_s, e);
}

static int set_json(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->json = true;
    return 0;
}

static int set_kvm(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct vm_settings *)settings)->machine.kvm_path = value;
    return 0;
}

static int set_paused(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->paused = true;
    return 0;
}

static int set_at_once(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->at_once = true;
    return 0;
}

static int set_gdb(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct vm_settings *)settings)->gdb = value;
    return 0;
}

static int add_command(struct vm_settings *s, const char *text, bool file, struct err *e)
{
    if (s->command_count == COMMANDS_MAX)
        return err_set(e, "at most %d commands and files of commands", COMMANDS_MAX);
    s->commands[s->command_count++] = (struct vm_command){text, file};
    return 0;
}

static int set_command(void *settings, const char *value, struct err *e)
{
    return add_command(settings, value, false, e);
}

static int set_script(void *settings, const char *value, struct err *e)
{
    return add_command(settings, value, true, e);
}

static int set_strict(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->strict = true;
    return 0;
}

static int set_no_rc(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct vm_settings *)settings)->no_rc = true;
    return 0;
}

static int set_symbols(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct vm_settings *)settings)->symbols = value;
    return 0;
}

const struct option_row vm_option_rows[] = {
    {"--format", "FORMAT", "what the image is: auto (default), flat, elf or multiboot", set_format},
    {"--mode", "MODE", "flat images: start in real, protected or long mode (default real)", set_mode},
    {"--at", "ADDR",
     "flat images: load and start at this address (default 0x7c00; 0x100000 with --mode protected or long)",
     set_at},
    {"--mem", "SIZE", "guest memory, such as 512K, 64M (default) or 2G", set_mem},
    {"--cmdline", "TEXT", "command line for the guest (Multiboot)", set_cmdline},
    {"--module", "FILE[ ARGS]", "a Multiboot module with its string; repeatable", set_module},
    {"--rom", "FILE@ADDR", "read-only memory with the file's contents; repeatable", set_rom},
    {"--irqchip", "WHERE",
     "interrupt controllers in user space, every access an event (user, default), or KVM's (kernel)",
     set_irqchip},
    {"--clock", "CLOCK",
     "device time follows the wall (real, default) or executed work and nothing else, so that two runs are "
     "equal (steps)",
     set_clock},
    {"--trace", "FILE.rst", "write every exit to a trace file", set_trace},
    {"--trace-steps", NULL, "write every instruction too: the whole run is single-stepped", set_trace_steps},
    {"--max-exits", "N", "end with status 124 after N exits", set_max_exits},
    {"--max-steps", "N", "single-step the whole run and end with status 124 after N instructions",
     set_max_steps},
    {"--timeout", "SECONDS", "end with status 124 after so much time", set_timeout},
    {"--json", NULL, "a summary as one JSON object on stdout at the end; the console goes to stderr",
     set_json},
    {"--paused", NULL, "stand at the first instruction until a debugger says go", set_paused},
    {"--run", NULL, "of monitor: let the guest run at once", set_at_once},
    {"--gdb", "[HOST:]PORT", "serve gdb there (HOST: 127.0.0.1; port 0: any that is free, which is said)",
     set_gdb},
    {"-x", "COMMAND", "a command of the debugger's, done before the first instruction; repeatable",
     set_command},
    {"--script", "FILE", "the same for a file of commands, in the order given; repeatable", set_script},
    {"--strict", NULL, "a command of -x, --script or piped input that fails ends it all with status 1",
     set_strict},
    {"--no-rc", NULL, "do not read .ringsiderc", set_no_rc},
    {"--symbols", "ELF",
     "where names come from (default: the image itself, or symbols/NAME.elf or NAME.elf beside it)",
     set_symbols},
    {"--kvm", "DEVICE", "another device than /dev/kvm", set_kvm},
    {0},
};
