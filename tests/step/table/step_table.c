/*
 * step_table: is one step one instruction?  Walks every case of cases.S through every mode that this host
 * offers, and then programs that a generator made, and counts.
 *
 *   step_table [-v] [-m MODE] [NAME]      only that mode; only what has NAME in its name
 *
 * Prints a line for each case that failed or was skipped (-v: for all), and at the end
 * `N passed, N failed, N skipped`.  Exit status: 0; 1 one failed; 77 nothing could be run; 2 usage.
 */
#include "table.h"

#include "kvm/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAMS = 4, SKIPPED_ALL = 77 };

struct options {
    bool verbose;
    const char *mode, *name;
};

struct tally {
    unsigned n[3];
};

bool need_works(const char *id)
{
    struct probe_row row;
    return probe_one(id, &row) && row.result == PROBE_WORKS;
}

static void say(struct tally *t, const struct options *o, enum table_outcome outcome, const char *name,
                unsigned mode, struct text *why)
{
    static const char *const words[] = {"ok", "FAILED", "skipped"};
    t->n[outcome]++;
    if (outcome == TABLE_FAILED)
        printf("FAILED: %s, %s mode\n%s", name, rig_mode_name(mode), text_str(why));
    else if (outcome == TABLE_SKIPPED)
        printf("skipped: %s, %s mode: %s\n", name, rig_mode_name(mode), text_str(why));
    else if (o->verbose)
        printf("%s: %s, %s mode\n", words[outcome], name, rig_mode_name(mode));
    fflush(stdout);
    text_clear(why);
}

/* Why a mode cannot be had here, or NULL. */
static const char *mode_missing(unsigned mode)
{
    const char *need = rig_mode_need(mode);
    return need_works(need) ? NULL : need;
}

static void mode_cases(unsigned mode, const struct options *o, struct tally *t, const char *missing)
{
    struct text why = {0};
    struct table_case c;
    for (const uint64_t *w = table_first(); w;) {
        w = table_case_read(w, &c);
        if (!(c.modes & 1u << mode) || (o->name && !strstr(c.name, o->name)))
            continue;
        if (missing)
            text_addf(&why, "this host cannot: %s", missing);
        const enum table_outcome outcome = missing ? TABLE_SKIPPED : table_case_run(&c, mode, &why);
        say(t, o, outcome, c.name, mode, &why);
    }
    text_fini(&why);
}

/* Why nothing there can be stepped, or NULL: the cases of such a mode still try, for a refusal. */
static const char *stepping_missing(unsigned mode, const char *missing)
{
    const bool user = mode == MODE_USER32 || mode == MODE_USER64;
    return missing || !user || need_works("step_cpl3") ? missing : "step_cpl3";
}

static void mode_programs(unsigned mode, const struct options *o, struct tally *t, const char *missing)
{
    struct text why = {0};
    char name[32];
    /* Modes of one width have the same instructions: so each has programs of its own. */
    for (uint32_t seed = mode * PROGRAMS + 1; seed <= (mode + 1) * PROGRAMS; seed++) {
        snprintf(name, sizeof name, "program %u", seed);
        if (o->name && !strstr(name, o->name))
            continue;
        if (missing)
            text_addf(&why, "this host cannot: %s", missing);
        const enum table_outcome outcome = missing ? TABLE_SKIPPED : random_run(mode, seed, &why);
        say(t, o, outcome, name, mode, &why);
    }
    text_fini(&why);
}

static int table_main(const struct options *o)
{
    struct tally t = {0};
    const char *lacking = "see above";
    for (unsigned mode = 0; mode < MODES; mode++) {
        if (o->mode && strcmp(rig_mode_name(mode), o->mode) != 0)
            continue;
        const char *missing = mode_missing(mode);
        mode_cases(mode, o, &t, missing);
        missing = stepping_missing(mode, missing);
        mode_programs(mode, o, &t, missing);
        lacking = missing ? missing : lacking;
    }
    printf("%u passed, %u failed, %u skipped\n", t.n[TABLE_PASSED], t.n[TABLE_FAILED], t.n[TABLE_SKIPPED]);
    if (t.n[TABLE_FAILED])
        return EXIT_FAILURE;
    if (t.n[TABLE_PASSED])
        return EXIT_SUCCESS;
    printf("this host cannot: %s\n", lacking);
    return SKIPPED_ALL;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    for (int c; (c = getopt(argc, argv, "vm:")) != -1;) {
        o.verbose |= c == 'v';
        o.mode = c == 'm' ? optarg : o.mode;
        if (c == '?')
            return 2;
    }
    o.name = argv[optind];
    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: /dev/kvm does not open\n");
        return SKIPPED_ALL;
    }
    return table_main(&o);
}
