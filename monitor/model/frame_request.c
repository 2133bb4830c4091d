/*
 * The request for a frame, as text: see frame.h.
 */
#include "monitor/model/frame.h"

#include <stdlib.h>
#include <string.h>

void frame_request_write(const struct frame_request *rq, struct text *out)
{
    text_addf(out, "parts %x events %llx steps %llx console %llx", rq->parts,
              (unsigned long long)rq->events_from, (unsigned long long)rq->steps_from,
              (unsigned long long)rq->console_from);
    for (size_t i = 0; i < rq->page_count; i++)
        text_addf(out, "%s %llx", i ? "" : " page", (unsigned long long)rq->page[i]);
}

static bool hex(const char *word, uint64_t *v)
{
    char *end;
    *v = strtoull(word, &end, 16);
    return *word && *end == '\0';
}

/* One word that is a number: what it is for was said by the word before. */
static bool number_take(struct frame_request *rq, const char *what, uint64_t v)
{
    if (strcmp(what, "parts") == 0)
        rq->parts = (unsigned)v;
    else if (strcmp(what, "events") == 0)
        rq->events_from = v;
    else if (strcmp(what, "steps") == 0)
        rq->steps_from = v;
    else if (strcmp(what, "console") == 0)
        rq->console_from = v;
    else if (strcmp(what, "page") == 0 && rq->page_count < SNAPSHOT_PAGES_MAX)
        rq->page[rq->page_count++] = v & ~(uint64_t)(SNAPSHOT_PAGE_LEN - 1);
    else
        return false;
    return true;
}

static bool is_name(const char *word)
{
    static const char *const names[] = {"parts", "events", "steps", "console", "page"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(word, names[i]) == 0)
            return true;
    return false;
}

int frame_request_read(const char *s, size_t n, struct frame_request *rq, struct err *e)
{
    char what[16] = "", word[24];
    *rq = (struct frame_request){0};
    for (size_t i = 0, len; i < n; i += len + 1) {
        for (len = 0; i + len < n && s[i + len] != ' '; len++)
            ;
        if (len >= sizeof word || len == 0)
            return err_set(e, "frame: a word of %zu letters", len);
        memcpy(word, s + i, len);
        word[len] = '\0';
        uint64_t v;
        if (is_name(word))
            memcpy(what, word, len + 1);
        else if (!hex(word, &v) || !number_take(rq, what, v))
            return err_set(e, "frame: what is \"%s\"?", word);
    }
    return 0;
}
