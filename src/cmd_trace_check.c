/*
 * `ringside trace check`: is the file whole, and with rules: what does it say to them?
 */
#include "cmd_trace.h"

#include "traces/rules.h"

enum report_form { FORM_PEOPLE, FORM_TAP, FORM_JSON, FORM_JUNIT };

struct check_settings {
    struct trace_settings common;
    enum report_form form;
    bool has_form;
};

static int set_form(void *settings, enum report_form form, struct err *e)
{
    struct check_settings *s = settings;
    if (s->has_form)
        return err_set(e, "one form at a time: --tap, --json or --junit");
    s->has_form = true;
    s->form = form;
    return 0;
}

static int set_tap(void *settings, const char *value, struct err *e)
{
    (void)value;
    return set_form(settings, FORM_TAP, e);
}

static int set_json(void *settings, const char *value, struct err *e)
{
    (void)value;
    return set_form(settings, FORM_JSON, e);
}

static int set_junit(void *settings, const char *value, struct err *e)
{
    (void)value;
    return set_form(settings, FORM_JUNIT, e);
}

static const struct option_row check_rows[] = {
    {"--tap", NULL, "the answer to rules in the Test Anything Protocol", set_tap},
    {"--json", NULL, "as one JSON object", set_json},
    {"--junit", NULL, "as JUnit XML, which build servers read", set_junit},
    {0}};

static int check_file(struct trace_reader *r, struct text *out, struct err *e)
{
    int rc = trace_check(r, out, e);
    if (rc >= 0 && command_print(out) != STATUS_OK)
        rc = STATUS_USAGE;
    return rc;
}

static void add_report(const struct rules_report *report, enum report_form form,
                       const struct positionals *words, struct text *out)
{
    switch (form) {
    case FORM_PEOPLE:
        rules_report_people(report, out);
        break;
    case FORM_TAP:
        rules_report_text(report, out);
        break;
    case FORM_JSON:
        rules_report_json(report, words->word[0], words->word[1], out);
        break;
    case FORM_JUNIT:
        rules_report_junit(report, words->word[0], words->word[1], out);
        break;
    }
}

static int check_rules(struct trace_reader *r, const struct positionals *words, enum report_form form,
                       struct text *out, struct err *e)
{
    struct rules_report report = {0};
    struct rules *rules = rules_load(words->word[1], e);
    if (!rules)
        return -1;
    int rc = rules_run(rules, r, &report, e);
    if (rc == 0) {
        add_report(&report, form, words, out);
        rc = command_print(out) != STATUS_OK ? STATUS_USAGE : rules_report_first_failure(&report) ? 1 : 0;
        rules_report_fini(&report);
    }
    rules_free(rules);
    return rc;
}

static int read_check(const struct positionals *words, const struct trace_settings *s, struct err *e)
{
    const struct check_settings *mine = (const struct check_settings *)s;
    struct text out = {0};
    if (mine->has_form && words->n == 1)
        return err_set(
            e,
            "trace check: --tap, --json and --junit are forms of the answer to rules: name a file of them");
    struct trace_reader *r = trace_open(words->word[0], e);
    if (!r)
        return -1;
    int rc = words->n == 1 ? check_file(r, &out, e) : check_rules(r, words, mine->form, &out, e);
    if (rc == 0)
        trace_warn_incomplete(r, words->word[0]);
    trace_reader_close(r);
    text_fini(&out);
    return rc;
}

const struct trace_command trace_command_check = {
    {"check", "FILE.rst [RULES]", "is the file whole? With a file of rules: are they kept?",
     "Without rules: says what is wrong and how much is readable. Exit status: 0 whole, 1 damaged or cut,\n"
     "126 not a trace at all.\n"
     "With rules: says which are broken, by which event. Exit status: 0 all are kept, 1 some are not, 126 "
     "an\n"
     "error. docs/rules.md has the language.",
     check_rows, trace_subcommand},
    "ringside trace check",
    sizeof(struct check_settings),
    1,
    2,
    NULL,
    read_check};
