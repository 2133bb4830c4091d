/*
 * The two halves of the view of the stack: stack.c looks and acts, stack_draw.c draws.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_STACK_H
#define RINGSIDE_MONITOR_VIEWS_STACK_H

#include "monitor/views/views.h"

enum { STACK_ROWS_MAX = 256, STACK_FRAMES_MAX = 32 };

enum word_kind { WORD_PLAIN, WORD_RETURN, WORD_RETURN_MAYBE, WORD_SAVED_RBP };

struct stack_row {
    uint64_t at, value;
    enum word_kind kind;
    bool there, changed;
    char bracket; /* 'f' first of a frame, 'm' middle, 'l' last, ' ' none */
    const char *mark;
};

struct stack {
    struct list list;
    uint64_t base; /* linear address of row 0 */
    bool away;     /* base is where the user went; else the top of the stack */
    unsigned width;
    size_t frames;
    uint64_t slot[STACK_FRAMES_MAX]; /* where the return addresses lie */
    size_t rows;                     /* of row[], from list.top on */
    struct stack_row row[STACK_ROWS_MAX];
    struct text words; /* a line a row: the chain */
    const char *why;   /* why the last row is not there */
};

void stack_draw(const struct view *v, struct canvas *c);

#endif
