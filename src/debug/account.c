/*
 * Writing an account: see account.h.
 */
#include "debug/account.h"

enum { HEAD = 10 };

static void part_write(const char *head, struct text *part, struct text *out)
{
    if (part->len) {
        text_addf(out, "%-*s", HEAD, head);
        text_add_wrapped(out, text_str(part), HEAD, ACCOUNT_WIDTH);
        text_addc(out, '\n');
    }
    text_fini(part);
}

void account_finish(struct account *a, struct text *out)
{
    part_write("known:", &a->known, out);
    part_write("inferred:", &a->inferred, out);
    part_write("manual:", &a->manual, out);
}
