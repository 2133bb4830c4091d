/*
 * The inside of the view of the devices, shared by its parts: devices.c (load and act), devices_rows.c (the
 * tree as rows), devices_past.c (what there was before), devices_told.c (what a trace tells) and
 * devices_draw.c with devices_lamps.c.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_DEVICES_INSIDE_H
#define RINGSIDE_MONITOR_VIEWS_DEVICES_INSIDE_H

#include "monitor/views/view.h"

#include "machine/machine.h"

enum { DEVICES_SHOWN = 64, DEVICE_ROWS_MAX = 2048 };

/* What the controllers hold, a bit a line. */
enum lamp_row { LAMPS_RAISED, LAMPS_PENDING, LAMPS_MASKED, LAMPS_IN_SERVICE, LAMP_ROWS };

enum device_row_kind { ROW_PC, ROW_CPU, ROW_MEMORY, ROW_DEVICE, ROW_FACT, ROW_REGISTER, ROW_MORE };

/* A row of the tree. Rows of words (ROW_FACT and later) say `len` bytes of devices->words from `at` on. */
struct device_row {
    enum device_row_kind kind;
    size_t device; /* index in the machine's names; 0 for rows that belong to none */
    int depth;
    unsigned rails; /* bit d: a line goes down past this row at depth d */
    bool last;      /* the last child of its parent */
    bool changed;
    int hang; /* ROW_MORE: where its words begin, behind the indent */
    size_t at, len;
};

/* The words and lamps of one moment. */
struct device_memo {
    bool full;
    struct text words[DEVICES_SHOWN];
    uint16_t lamps[LAMP_ROWS];
};

struct device_past {
    struct device_memo then, now, stop; /* what is compared with; the newest; that of the last stop */
    uint64_t serial, stop_serial;       /* of the newest */
    bool ran;                           /* the newest is of a guest that ran */
};

struct devices {
    struct list list;
    struct device_row row[DEVICE_ROWS_MAX];
    size_t rows, count; /* count: devices, with the "none" at 0 */
    int line[DEVICES_SHOWN];
    bool open[DEVICES_SHOWN], changed[DEVICES_SHOWN];
    struct text words;
    struct device_past past;
};

/* Builds the rows from past.now. `w`: columns there are. */
void devices_build(struct devices *d, const struct snapshot *s, int w);
/* Where a device answers: `port 0x40-0x43, 0x61`. */
void device_add_where(const struct snapshot_machine *m, size_t i, struct text *out);
/* Rows at the top that are lamps, for a window of this size. */
int devices_lamp_rows(const struct view *v);
/* The row of the window where the tree begins. */
int devices_top(const struct view *v);

/* Takes a new snapshot's words; once a snapshot. */
void device_past_take(struct device_past *p, const struct snapshot *s, size_t count);
/* Is this line of a device new? False while nothing is known of before. */
bool device_past_new(const struct device_past *p, size_t device, const char *line, size_t n);
void device_past_fini(struct device_past *p);

/* The registers of a device as the events of a trace tell them, a line each. */
void device_told(const struct snapshot *s, size_t device, struct text *out);
/* The interrupt line of each device, as far as events tell. */
void device_told_lines(const struct snapshot *s, int *line, size_t count);

void devices_draw(const struct view *v, struct canvas *c);
void devices_draw_lamps(const struct devices *d, const struct snapshot *s, struct canvas *c);
/* A line's state in a word, and its role; "" when nothing is known of it or it is idle. */
const char *device_line_word(const struct devices *d, int line, unsigned *role);

#endif
