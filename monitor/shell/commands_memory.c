/*
 * Commands about memory and names: symbols.
 */
#include "debug/symbols.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <string.h>

enum { SYMBOLS_LINES_MAX = 1000 };

static int run_symbols(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    const struct symbol *s;
    size_t shown = 0, more = 0;
    (void)slash;
    if (!d->symbols)
        return err_set(e, "symbols: none are known: --symbols FILE.elf says where they are");
    for (size_t i = 0; (s = symbols_row(d->symbols, i)); i++) {
        if (*args && !strstr(s->name, args))
            continue;
        if (shown == SYMBOLS_LINES_MAX) {
            more++;
            continue;
        }
        shown++;
        text_addf(out, "0x%08llx %c %s\n", (unsigned long long)s->addr, s->function ? 'f' : ' ', s->name);
    }
    if (more)
        text_addf(out, "and %zu more: symbols TEXT shows those whose name contains it\n", more);
    if (shown == 0)
        return err_set(e, "symbols: no name contains \"%.40s\"", args);
    return 0;
}

const struct shell_command shell_memory_commands[] = {
    {.name = "symbols",
     .alias = "syms",
     .args = "[TEXT]",
     .summary = "the names in the guest's image, or those that contain TEXT",
     .lesson =
         "They come from an ELF file: the image itself, or one beside a flat image, or --symbols FILE; f "
         "marks functions. A name can stand wherever an address can.",
     .example = "symbols long  # where long mode begins",
     .complete = COMPLETE_SYMBOL,
     .run = run_symbols},
    {0},
};
