/*
 * What tests of views share: a snapshot, made by hand or read from a recorded frame (tests/screen/frames/,
 * made with the monitor's command `record`), a view on a canvas of any size, and golden screens.
 *
 *   struct view_rig rig;
 *   rig_begin(&rig);                    a CPU in real mode with no memory; fill rig.s, then rig_aim
 *   rig_load_frame(&rig, "boot64-long") … or a recorded one
 *   rig_view(&rig, "registers", 60, 20);   rig.v loaded until no page is missing, rig.c drawn
 *   rig_golden(&rig, "registers-long");    compares tests/screen/golden/registers-long-60x20.txt, UTF-8 and
 * ASCII rig_end(&rig);
 *
 * RINGSIDE_GOLDEN=write in the environment writes the golden files anew: look at what changed before you
 * commit it.
 */
#ifndef RINGSIDE_TESTS_VIEW_RIG_H
#define RINGSIDE_TESTS_VIEW_RIG_H

#include "monitor/model/snapshot.h"
#include "monitor/ui/canvas.h"
#include "monitor/views/view.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct view_rig {
    struct snapshot *s;
    struct snapshot_machine machine;
    struct snapshot_history history;
    struct wants wants;
    struct view v;
    struct canvas c;
    struct text answer; /* what the last act asked for: its command, or its message */
    struct err err;
};

static inline void rig_aim(struct view_rig *rig)
{
    snapshot_aim(rig->s, NULL);
    rig->s->history = &rig->history;
    rig->s->wants = &rig->wants;
}

static inline void rig_begin(struct view_rig *rig)
{
    memset(rig, 0, sizeof *rig);
    CU_ASSERT_EQUAL_FATAL(history_init(&rig->history, &rig->err), 0);
    rig->s = (struct snapshot *)calloc(1, sizeof *rig->s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig->s);
    rig->s->has_cpu = true;
    rig->s->state = STATE_STANDS;
    rig->s->stop = rig->s->status = "";
    rig->s->vga_cursor = -1;
    rig->s->regs.rflags = rig->s->before_regs.rflags = 2;
    rig_aim(rig);
}

/* `len` bytes at a gpa inside of one page; the rest of the page is zeros. There is RAM from 0 to 16 MiB then.
 */
static inline void rig_bytes(struct view_rig *rig, uint64_t gpa, const void *bytes, size_t len)
{
    uint64_t page = gpa & ~(uint64_t)(SNAPSHOT_PAGE_LEN - 1);
    const struct snapshot_page *old = snapshot_page(rig->s, page);
    if (!old) {
        uint8_t *fresh = (uint8_t *)pool_alloc(&rig->s->pool, SNAPSHOT_PAGE_LEN);
        rig->s->pages[rig->s->page_count++] = (struct snapshot_page){page, fresh, true};
        old = &rig->s->pages[rig->s->page_count - 1];
    }
    if (!rig->s->memory.region_count)
        rig->s->memory.region[rig->s->memory.region_count++] =
            (struct memory_region){0, 16 << 20, NULL, false};
    memcpy((uint8_t *)(uintptr_t)old->bytes + (gpa - page), bytes, len);
}

static inline char *rig_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    if (f) {
        bytes = (char *)calloc(1, 4 << 20);
        *n = bytes ? fread(bytes, 1, (4 << 20) - 1, f) : 0;
        fclose(f);
    }
    return bytes;
}

/* In place of rig_begin. */
static inline void rig_load_frame(struct view_rig *rig, const char *name)
{
    char path[512];
    size_t n = 0;
    memset(rig, 0, sizeof *rig);
    snprintf(path, sizeof path, SCREEN_TESTS "/frames/%s.frame", name);
    char *bytes = rig_file(path, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_EQUAL_FATAL(history_init(&rig->history, &rig->err), 0);
    rig->s = snapshot_read(bytes, n, &rig->machine, &rig->history, NULL, &rig->err);
    free(bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig->s);
    rig->s->wants = &rig->wants;
}

static inline void rig_draw(struct view_rig *rig)
{
    canvas_clear(&rig->c);
    rig->v.ops->draw(&rig->v, &rig->c);
}

/* Loads again (after an act that asked for it). Pages that the snapshot does not have stay zeros. */
static inline void rig_reload(struct view_rig *rig)
{
    rig->wants = (struct wants){0};
    rig->v.snap = rig->s;
    if (rig->v.ops->load)
        rig->v.ops->load(&rig->v, rig->s);
    rig_draw(rig);
}

static inline void rig_view(struct view_rig *rig, const char *name, int w, int h)
{
    const struct view_ops *ops = view_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(ops);
    if (rig->v.state)
        view_fini(&rig->v);
    canvas_fini(&rig->c);
    CU_ASSERT_EQUAL_FATAL(view_init(&rig->v, ops, &rig->err), 0);
    CU_ASSERT_EQUAL_FATAL(canvas_init(&rig->c, w, h, &rig->err), 0);
    rig->v.w = w;
    rig->v.h = h;
    rig->v.focused = true;
    rig_reload(rig);
}

/* Gives it a verb, loads and draws again. rig->answer is the command it asked for, or else its message. */
static inline bool rig_act(struct view_rig *rig, const char *verb, const char *args)
{
    struct view_reply r = {0};
    bool taken = rig->v.ops->act && rig->v.ops->act(&rig->v, verb, args, &r);
    text_clear(&rig->answer);
    text_add(&rig->answer, text_str(r.command.len ? &r.command : r.prompt.len ? &r.prompt : &r.message));
    view_reply_fini(&r);
    rig_reload(rig);
    return taken;
}

static inline bool rig_shows(struct view_rig *rig, const char *words)
{
    struct text out = {0};
    canvas_dump(&rig->c, false, &out);
    bool there = strstr(text_str(&out), words);
    if (!there)
        printf("\n\"%s\" is not in:\n%s", words, text_str(&out));
    text_fini(&out);
    return there;
}

static inline void golden_check(const struct canvas *c, const char *name, bool ascii)
{
    char path[512];
    size_t n = 0;
    struct text out = {0};
    const char *write = getenv("RINGSIDE_GOLDEN");
    snprintf(path, sizeof path, SCREEN_TESTS "/golden/%s-%dx%d%s.txt", name, c->w, c->h,
             ascii ? "-ascii" : "");
    canvas_dump(c, ascii, &out);
    if (!ascii) {
        text_add(&out, "--- roles\n");
        canvas_dump_roles(c, &out);
    }
    if (write && strcmp(write, "write") == 0) {
        FILE *f = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fwrite(text_str(&out), 1, out.len, f);
        fclose(f);
    }
    char *golden = rig_file(path, &n);
    bool same = golden && n == out.len && memcmp(golden, text_str(&out), n) == 0;
    if (!same)
        printf("\n%s is not what is drawn:\n%s", path, text_str(&out));
    CU_ASSERT_TRUE(same);
    free(golden);
    text_fini(&out);
}

static inline void rig_golden(struct view_rig *rig, const char *name)
{
    golden_check(&rig->c, name, false);
    golden_check(&rig->c, name, true);
}

static inline void rig_end(struct view_rig *rig)
{
    if (rig->v.state)
        view_fini(&rig->v);
    canvas_fini(&rig->c);
    snapshot_free(rig->s);
    history_fini(&rig->history);
    snapshot_machine_fini(&rig->machine);
    text_fini(&rig->answer);
}

#endif
