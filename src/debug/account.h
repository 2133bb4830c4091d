/*
 * An account: what is known and what is inferred, kept apart while it is being gathered, and written as two
 * wrapped paragraphs.  A debugger that mixes the two teaches wrong things with great authority.
 */
#ifndef RINGSIDE_DEBUG_ACCOUNT_H
#define RINGSIDE_DEBUG_ACCOUNT_H

#include "base/text.h"

enum { ACCOUNT_WIDTH = 80 };

struct account {
    struct text known, inferred, manual;
};

/* Each begins a sentence: a blank goes before it if one is needed. Write it into what is returned. */
static inline struct text *account_known(struct account *a)
{
    if (a->known.len)
        text_addc(&a->known, ' ');
    return &a->known;
}

static inline struct text *account_inferred(struct account *a)
{
    if (a->inferred.len)
        text_addc(&a->inferred, ' ');
    return &a->inferred;
}

/* Appends `known:`, `inferred:` and `manual:`, each left out when empty, and frees the account. */
void account_finish(struct account *a, struct text *out);

#endif
