/*
 * Settings of the debugger: see settings.h.  Each is a choice between a few words; a row knows how to read
 * and write it.
 */
#include "monitor/shell/settings.h"

#include "monitor/debugger.h"
#include "monitor/shell/line.h"

#include <string.h>

static unsigned get_syntax(const struct debugger *d)
{
    return d->settings.syntax == DISASM_ATT;
}

static void set_syntax(struct debugger *d, unsigned choice)
{
    d->settings.syntax = choice ? DISASM_ATT : DISASM_INTEL;
}

static unsigned get_stepirq(const struct debugger *d)
{
    return d->settings.step_interrupts;
}

static void set_stepirq(struct debugger *d, unsigned choice)
{
    d->settings.step_interrupts = choice;
    if (d->run)
        run_hold_interrupts(d->run, !choice);
}

static unsigned get_ascii(const struct debugger *d)
{
    return d->settings.ascii;
}

static void set_ascii(struct debugger *d, unsigned choice)
{
    d->settings.ascii = choice;
}

static unsigned get_pager(const struct debugger *d)
{
    return !d->settings.no_pager;
}

static void set_pager(struct debugger *d, unsigned choice)
{
    d->settings.no_pager = !choice;
}

static const struct setting settings[] = {
    {"syntax", "intel att", "how instructions are written", get_syntax, set_syntax},
    {"stepirq", "off on", "whether a step lets interrupts in", get_stepirq, set_stepirq},
    {"ascii", "off on", "answers without characters beyond ASCII", get_ascii, set_ascii},
    {"pager", "off on", "long answers to what was typed go through $PAGER", get_pager, set_pager},
};

const struct setting *setting_row(size_t i)
{
    return i < sizeof settings / sizeof settings[0] ? &settings[i] : NULL;
}

const struct setting *setting_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (line_word_is(name, len, settings[i].name))
            return &settings[i];
    return NULL;
}

int setting_set(struct debugger *d, const struct setting *s, const char *value, struct err *e)
{
    const char *word, *p = s->choices;
    size_t len, n = strlen(value), matches = 0;
    unsigned choice = 0;
    for (unsigned i = 0; (word = line_word(&p, &len)); i++) {
        if (n == 0 || n > len || memcmp(word, value, n) != 0)
            continue;
        choice = i;
        matches++;
    }
    if (matches != 1)
        return err_set(e, "set %s takes one of: %s", s->name, s->choices);
    s->set(d, choice);
    return 0;
}

void setting_show(const struct debugger *d, const struct setting *s, struct text *out)
{
    const char *p = s->choices, *word;
    size_t len;
    for (unsigned i = s->get(d); (word = line_word(&p, &len)) && i > 0; i--)
        ;
    text_add(out, s->name);
    text_addc(out, ' ');
    text_addn(out, word ? word : "?", word ? len : 1);
}
