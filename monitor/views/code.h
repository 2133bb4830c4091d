/*
 * The parts of the view of code: code.c reads and moves, code_draw.c draws; code_future.c
 * looks ahead.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_CODE_H
#define RINGSIDE_MONITOR_VIEWS_CODE_H

#include "monitor/views/views.h"

enum { CODE_ROWS_MAX = 200, CODE_TEXT_MAX = 120, CODE_INSN_MAX = 15 };

enum row_kind { ROW_CODE, ROW_LABEL, ROW_NOTHING };

struct code_row {
    enum row_kind kind;
    uint64_t linear;
    uint8_t len, bytes[CODE_INSN_MAX];
    char text[CODE_TEXT_MAX];
};

/* What will happen at RIP. */
struct code_future {
    int branch;                    /* a conditional branch that will be taken 1, will not 0; -1: none */
    bool goes;                     /* to a target that the instruction names … */
    uint64_t target;               /* … here */
    char operands[CODE_TEXT_MAX];  /* in words; "" for none … */
    char brief[CODE_TEXT_MAX / 2]; /* … and those in memory in short, for narrow panes */
};
void code_foresee(struct code_future *f, const struct snapshot *s);

struct code {
    struct code_row row[CODE_ROWS_MAX];
    size_t count, at;
    uint64_t top;  /* the linear address of the first row */
    bool placed;   /* top is valid */
    bool wander;   /* the user went elsewhere: RIP is not followed */
    uint64_t want; /* then: put this address on the screen, if it is not … */
    bool want_it;  /* … when this is set */
    uint64_t last_rip;
    struct code_future future;
};

void code_draw(const struct view *v, struct canvas *c);

#endif
