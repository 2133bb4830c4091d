/*
 * What the files of the memory view share: what is looked at, in which shape, and what was found there.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_MEMORY_INSIDE_H
#define RINGSIDE_MONITOR_VIEWS_MEMORY_INSIDE_H

#include "debug/memview.h"
#include "monitor/views/view.h"

enum { MEMORY_BYTES_MAX = 16384, MEMORY_QUESTION_MAX = 400, MEMORY_STATUS_MIN_H = 6 };

enum memory_follow { FOLLOW_NOTHING, FOLLOW_STACK, FOLLOW_CODE, FOLLOW_COUNT };

/* How a row is laid out: `group` bytes stand together. */
struct memory_shape {
    int per_row, group, digits, rows;
    bool status; /* the last row of the pane tells about the selected byte */
};

struct memory_byte {
    uint8_t value;
    bool there;   /* false: a hole */
    bool waiting; /* its page comes with the next snapshot */
    bool changed; /* since the stop before */
};

/* A search is one or more questions to the debugger, each for a stretch of memory. */
struct memory_search {
    bool active, back, failed;
    bool around;        /* it has begun anew at the other end */
    bool found;         /* backwards: `best` holds the nearest so far */
    uint64_t from, end; /* the stretch: from … end - 1 */
    uint64_t limit;     /* only what begins before it counts */
    uint64_t floor;     /* backwards: and nothing before this one */
    uint64_t best;
    char pattern[FIND_PATTERN_MAX + 16], question[MEMORY_QUESTION_MAX];
};

struct memory {
    enum space space;
    enum memory_follow follow;
    bool placed;                /* `at` holds something */
    uint64_t at, top;           /* the selected byte; the first row */
    uint64_t last;              /* the last address there is */
    uint64_t at_linear, at_gpa; /* the selected byte in both spaces, when `paired` */
    bool paired;
    struct memory_shape shape;
    size_t count;
    struct memory_byte byte[MEMORY_BYTES_MAX];
    const char *why; /* the selected byte is a hole: a phrase; NULL: it is not */
    int digit;       /* the first half of a byte being typed, or -1 */
    struct memory_search search;
};

/* memory_look.c: what can be seen, from the snapshot. */
void memory_shape(struct memory *m, int w, int h, uint64_t top);
void memory_look(struct memory *m, const struct snapshot *s);
/* Makes `at` the selected byte and shows its row. */
void memory_show(struct memory *m, uint64_t at);
/* Selects what is followed, if anything. */
void memory_follow_now(struct memory *m, const struct snapshot *s);
/* The gpa of a byte in the view's space. False with *why. */
bool memory_locate(const struct snapshot *s, enum space space, uint64_t addr, uint64_t *gpa,
                   const char **why);

/* memory_search.c */
void memory_search_begin(struct memory *m, const char *text, bool back);
/* Takes an answer that has come. True: `at` was moved, or the search is over. */
bool memory_search_take(struct memory *m, const struct snapshot *s);

/* memory_draw.c */
void memory_draw(const struct view *v, struct canvas *c);

#endif
