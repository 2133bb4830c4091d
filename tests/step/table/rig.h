/*
 * One guest of step_table: a machine with 512 KiB of memory, the tables of every mode, and a run in a
 * debugger's hands that stands at the first instruction of a program.
 */
#ifndef STEP_TABLE_RIG_H
#define STEP_TABLE_RIG_H

#include "layout.h"
#include "run/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* What a program may change, and all that is compared. */
struct rig_state {
    uint64_t reg[REGS];
    uint8_t ram[RAM_LEN];
};

struct rig_program {
    unsigned mode;
    const uint8_t *code;
    size_t len;
    uint64_t init[REGS];  /* RAX … RFLAGS */
    bool irq;             /* line 1 is up */
    bool let_in;          /* and may interrupt a step */
    const struct event_sink *sink; /* gets each step with its registers; NULL: nobody does */
    bool handlers_return; /* the handler of #UD goes on behind a UD2, the one of #DB at once */
};

struct rig {
    struct machine machine;
    struct run *run;
    timer_t watchdog;
    bool watched; /* there is one */
};

/* The usual start of a program in `mode`. */
void rig_program_init(struct rig_program *p, unsigned mode);

const char *rig_mode_name(unsigned mode);
/* The row of the host probe that says whether a mode can be had. */
const char *rig_mode_need(unsigned mode);

/* 0 it stands at AT_CODE; 1 this host refuses to step to it (*e says why); -1 *e says what failed. */
int rig_open(struct rig *g, const struct rig_program *p, struct err *e);
void rig_close(struct rig *g);

/* Fills `*s` from the standing guest. */
NODISCARD int rig_state_read(const struct rig *g, struct rig_state *s, struct err *e);

/* The name of register R_*. */
const char *rig_reg_name(unsigned reg);

#endif
