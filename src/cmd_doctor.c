/*
 * `ringside doctor`: probes the host, function by function, and says how to mend what is missing.
 */
#include "commands.h"
#include "options.h"

#include "kvm/probe.h"

struct doctor_settings {
    bool json;
    const char *device;
};

static int set_json(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct doctor_settings *)settings)->json = true;
    return 0;
}

static int set_device(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct doctor_settings *)settings)->device = value;
    return 0;
}

static const struct option_row doctor_rows[] = {
    {"--json", NULL, "the report as one JSON object", set_json},
    {"--kvm", "DEVICE", "another device than /dev/kvm", set_device},
    {0},
};

static int doctor_command(const struct command *self, int argc, char **argv)
{
    struct doctor_settings s = {.device = "/dev/kvm"};
    struct positionals words;
    struct text t = {0};
    bool done;
    int status = command_parse(self, "ringside doctor", argc, argv, &s, &words, 0, 0, &done);
    if (done)
        return status;
    status = doctor_main(s.json, s.device, &t);
    int printed = command_print(&t);
    text_fini(&t);
    return printed != STATUS_OK ? printed : status;
}

const struct command command_doctor = {
    "doctor",
    "",
    "probes the host, function by function, and says how to mend what is missing",
    "Each function is tried on a throw-away VM. Exit status: 0 when Ringside can run here, 127 when not.",
    doctor_rows,
    doctor_command};
