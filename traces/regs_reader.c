/*
 * Reading the registers of steps beside their events: see regs_chunk.h.  As everywhere in the reader, nothing
 * in the bytes is believed: the columns are walked with bounded cursors, and steps, masks and values must
 * come out even.
 */
#include "traces/regs_chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is not known of a vCPU after reading began in the midst of the file: whether the registers that would
 * be kept for it are there; and whether it has run on without being stepped since its last step. */
enum { UNSURE_KEPT = 1, UNSURE_STALE = 2 };

struct regs_reader {
    struct regs_codec codec;
    uint8_t *payload; /* of the last REGS chunk */
    size_t payload_len, payload_cap;
    uint32_t number; /* of the event chunk that it belongs to */
    bool kept;       /* there is one that no event chunk has claimed yet */

    struct regs_source in; /* of the event chunk that is being read */
    uint32_t steps;        /* left in it */
    bool covered;          /* its steps have registers */

    /* After the last event. */
    struct event_regs before;
    uint32_t changed;
    uint8_t vcpu;
    bool known, had_before, seen;
    bool stale[REGS_VCPUS]; /* by vCPU: it has run on without being stepped since its last step */
    uint8_t unsure[REGS_VCPUS];
    bool sought;   /* reading is about to begin in the midst of the file */
    bool headless; /* of the chunk that is being read, the registers may stand before that place */
    bool in_doubt; /* the last event's are not known for that reason */
};

struct regs_reader *regs_reader_create(struct err *e)
{
    struct regs_reader *r = calloc(1, sizeof *r);
    if (!r)
        err_sys(e, ENOMEM, "registers");
    return r;
}

void regs_reader_destroy(struct regs_reader *r)
{
    if (r)
        free(r->payload);
    free(r);
}

void regs_reader_reset(struct regs_reader *r)
{
    memset(r->codec.now, 0, sizeof r->codec.now);
    memset(r->codec.known, 0, sizeof r->codec.known);
    memset(r->stale, 0, sizeof r->stale);
    memset(r->unsure, 0, sizeof r->unsure);
    r->in_doubt = r->sought = r->headless = false;
    r->kept = r->covered = r->known = r->had_before = r->seen = false;
    r->steps = 0;
}

void regs_reader_sought(struct regs_reader *r)
{
    regs_reader_reset(r);
    memset(r->unsure, UNSURE_KEPT | UNSURE_STALE, sizeof r->unsure);
    r->sought = true;
}

int regs_reader_chunk(struct regs_reader *r, const struct chunk *c, struct err *e)
{
    if (r->payload_cap < c->payload_len) {
        free(r->payload);
        r->payload = malloc(c->payload_len);
        r->payload_cap = r->payload ? c->payload_len : 0;
        if (!r->payload)
            return err_sys(e, ENOMEM, "registers");
    }
    if (c->payload_len)
        memcpy(r->payload, c->payload, c->payload_len);
    r->payload_len = c->payload_len;
    r->number = c->number + 1;
    r->kept = true;
    return 0;
}

const char *regs_reader_begin(struct regs_reader *r, uint32_t number)
{
    r->covered = r->kept && r->number == number;
    r->kept = false;
    r->headless = r->sought;
    r->sought = false;
    if (!r->covered)
        return NULL;
    for (size_t i = 0; i < REGS_VCPUS; i++)
        r->unsure[i] &= UNSURE_STALE; /* the chunk names those that are kept */
    struct cursor in = {r->payload, r->payload_len, false};
    r->steps = (uint32_t)cursor_le(&in, 4);
    size_t masks_len = (size_t)cursor_le(&in, 4);
    regs_begin(&r->codec);
    if (in.bad || !regs_get_known(&r->codec, &in) || masks_len > in.left)
        return "its registers cannot be understood";
    r->in.masks = (struct cursor){in.p, masks_len, false};
    r->in.values = (struct cursor){in.p + masks_len, in.left - masks_len, false};
    return NULL;
}

static const char *see_step(struct regs_reader *r, const struct event *ev)
{
    r->known = r->had_before = false;
    r->in_doubt = !r->covered && r->headless;
    r->unsure[ev->vcpu] &= r->in_doubt ? UNSURE_KEPT : 0;
    if (!r->covered) {
        regs_forget(&r->codec, ev->vcpu);
        return NULL;
    }
    if (r->steps-- == 0)
        return "it has more steps than registers";
    bool before_known = r->codec.known[ev->vcpu];
    regs_get(&r->codec, ev, &r->in, &r->before, &r->changed);
    if (r->in.masks.bad || r->in.values.bad)
        return "the registers of a step cannot be decoded";
    r->known = r->seen = true;
    r->had_before = before_known;
    r->stale[ev->vcpu] = false;
    return NULL;
}

/* Between steps, the registers are those after the last step as long as the CPU has gone nowhere: it still
 * stands where that step led. An exit elsewhere means that it ran on without being stepped. */
static void see_other(struct regs_reader *r, const struct event *ev)
{
    const struct event_regs *now = &r->codec.now[ev->vcpu];
    bool placed = !(ev->flags & (EVENT_NO_CPU | EVENT_RIP_NEXT));
    bool stands = placed && now->r[EVENT_REG_RIP] == ev->rip && now->r[EVENT_REG_CS] == ev->cs;
    uint8_t *unsure = &r->unsure[ev->vcpu];
    r->had_before = false;
    r->changed = 0;
    r->known = false;
    if (*unsure & UNSURE_KEPT) {
        r->in_doubt = placed;
        *unsure |= ev->flags & EVENT_STEPPED ? 0 : UNSURE_STALE;
        return;
    }
    r->stale[ev->vcpu] |= placed && !stands && !(ev->flags & EVENT_STEPPED);
    r->known = r->codec.known[ev->vcpu] && stands && !r->stale[ev->vcpu];
    r->in_doubt = r->known && *unsure;
    r->known = r->known && !r->in_doubt;
}

const char *regs_reader_event(struct regs_reader *r, const struct event *ev)
{
    r->vcpu = ev->vcpu;
    if (ev->kind == EVENT_STEP)
        return see_step(r, ev);
    see_other(r, ev);
    return NULL;
}

const char *regs_reader_end(const struct regs_reader *r)
{
    bool even = !r->covered || (r->steps == 0 && r->in.masks.left == 0 && r->in.values.left == 0);
    return even ? NULL : "it has more registers than steps";
}

bool regs_reader_sure(const struct regs_reader *r)
{
    return !r->in_doubt;
}

bool regs_reader_seen(const struct regs_reader *r)
{
    return r->seen;
}

const struct event_regs *regs_reader_now(const struct regs_reader *r, uint32_t *changed)
{
    if (changed)
        *changed = r->known ? r->changed : 0;
    return r->known ? &r->codec.now[r->vcpu] : NULL;
}

const struct event_regs *regs_reader_before(const struct regs_reader *r)
{
    return r->known && r->had_before ? &r->before : NULL;
}
