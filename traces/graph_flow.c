/*
 * The picture of the flow: which code runs, where it goes from there, and which devices it touches.  From a
 * step trace, which has every instruction, the ways are those the guest went: calls, jumps, interrupts.  From
 * a plain trace only the exits are known, and an arrow says at which place the next exit was; what lay
 * between is not known.
 *
 * Code is divided into functions where the trace has symbols. Elsewhere it falls into basic blocks
 * (instructions that run one after the other, from where something led to up to the next branch), or, when
 * these are too many, into pages.
 */
#include "traces/graph_flow.h"

#include <stdlib.h>
#include <string.h>

#define EDGES_PER_NODE 2
#define ENTRY_REACH    0x10000 /* code this far behind a called address still counts to it */
#define CHUNK_BITS_MIN 6
#define CHUNK_BITS_MAX 40

/* ---- accesses ------------------------------------------------------------------------------------ */

/* Counts an exit for a piece of code. */
static void exit_at(struct flow *f, uint32_t node, const struct event *ev)
{
    net_node(&f->net, node)->also++;
    if (ev->kind != EVENT_IO && ev->kind != EVENT_MMIO)
        return;
    enum flow_way way = ev->dir == DIR_IN ? FLOW_IN : FLOW_OUT;
    net_connect(&f->net, node, NET_SPECIAL + ev->device, way);
    (way == FLOW_IN ? f->in : f->out)[ev->device]++;
    f->way_seen[way] = true;
}

/* The step that made the access comes right behind it. When it does not (a trace that was cut there), the
 * access is where its address says. */
static void exits_release(struct flow *f, struct flow_cpu *cpu, uint32_t node)
{
    for (unsigned i = 0; i < cpu->held_count; i++)
        exit_at(f, node, &cpu->held[i]);
    cpu->held_count = 0;
}

/* ---- exits that were not stepped ----------------------------------------------------------------- */

static void flow_connect(struct flow *f, uint32_t from, uint32_t to, enum flow_way way)
{
    net_connect(&f->net, from, to, way);
    f->way_seen[way] = true;
}

static void flow_exit(struct flow *f, const struct event *ev)
{
    struct flow_cpu *cpu = &f->cpu[ev->vcpu];
    bool symbol;
    uint64_t linear = event_linear(ev) - (ev->flags & EVENT_RIP_NEXT ? 1 : 0);
    uint64_t start = place_of(&f->places, linear, &symbol);
    uint32_t node = net_see(&f->net, start, ev);
    if (cpu->here && cpu->node != node)
        flow_connect(f, cpu->node, node, FLOW_NEXT_EXIT);
    cpu->here = true;
    cpu->symbol = symbol;
    cpu->node = node;
    cpu->start = start;
    exit_at(f, node, ev);
}

/* ---- steps --------------------------------------------------------------------------------------- */

static enum flow_way flow_way(enum step_way way)
{
    static const enum flow_way ways[] = {
        [WAY_NEXT] = FLOW_JUMP,      [WAY_SKIP] = FLOW_JUMP,           [WAY_JUMP] = FLOW_JUMP,
        [WAY_CALL] = FLOW_CALL,      [WAY_RETURN] = FLOW_JUMP,         [WAY_IRET] = FLOW_JUMP,
        [WAY_INT] = FLOW_INTERRUPT,  [WAY_INTERRUPT] = FLOW_INTERRUPT, [WAY_EXCEPTION] = FLOW_INTERRUPT,
        [WAY_NONE] = FLOW_NEXT_EXIT, [WAY_START] = FLOW_NEXT_EXIT,
    };
    return ways[way];
}

/* Inside a function only its calls of itself are ways. */
static bool step_is_way(const struct flow_cpu *from, bool symbol, uint64_t start, enum step_way way)
{
    bool same = from->symbol == symbol && from->start == start;
    if (!from->here || way == WAY_START || (same && (way == WAY_NEXT || way == WAY_SKIP)))
        return false;
    return !same || !symbol || way == WAY_CALL;
}

static void frame_push(struct flow_cpu *cpu, uint64_t linear)
{
    if (!cpu->here)
        return;
    if (cpu->depth == FLOW_DEPTH_MAX)
        memmove(cpu->frame, cpu->frame + 1, --cpu->depth * sizeof *cpu->frame);
    cpu->frame[cpu->depth++] = (struct flow_frame){linear, cpu->start, cpu->node, cpu->symbol};
}

/* The call or interrupt that a return to this address ends: the last that left right before it. Those above
 * it will not return any more. */
static const struct flow_frame *frame_pop(struct flow_cpu *cpu, uint64_t linear)
{
    for (unsigned i = cpu->depth; i-- > 0;)
        if (linear - cpu->frame[i].linear <= STEP_LEN_MAX) {
            cpu->depth = i;
            return &cpu->frame[i];
        }
    return NULL;
}

/* Back where something left from. In a function that is no news, unless another one begins right there; code
 * without symbols goes on with a new block behind a call, and with the same one behind an interrupt. True
 * when that is all. */
static bool flow_return(struct flow *f, struct flow_cpu *cpu, uint64_t linear, bool symbol, uint64_t *start,
                        enum step_way way, const struct event *ev)
{
    const struct flow_frame *frame = frame_pop(cpu, linear);
    if (!frame)
        return false;
    if (!symbol && !frame->symbol && way == WAY_IRET)
        *start = frame->start;
    uint32_t node = net_see(&f->net, *start, ev);
    if (node != frame->node && (!symbol || linear == *start))
        flow_connect(f, frame->node, node, FLOW_AFTER);
    cpu->node = node;
    return true;
}

static void flow_step(struct flow *f, const struct event *ev, enum step_way way, uint64_t left)
{
    struct flow_cpu *cpu = &f->cpu[ev->vcpu];
    bool symbol;
    uint64_t linear = event_linear(ev), start = place_of(&f->places, linear, &symbol);
    if (!symbol && way == WAY_NEXT && cpu->here && !cpu->symbol)
        start = cpu->start;
    if (way == WAY_CALL || flow_way(way) == FLOW_INTERRUPT) {
        frame_push(cpu, left);
        if (!symbol)
            tally_see(&f->entries, linear, ev);
    }
    bool back =
        (way == WAY_RETURN || way == WAY_IRET) && flow_return(f, cpu, linear, symbol, &start, way, ev);
    if (!back) {
        uint32_t node = net_see(&f->net, start, ev);
        if (step_is_way(cpu, symbol, start, way))
            flow_connect(f, cpu->node, node, flow_way(way));
        cpu->node = node;
    }
    cpu->here = true;
    cpu->symbol = symbol;
    cpu->start = start;
    f->steps++;
    exits_release(f, cpu, cpu->node);
}

/* ---- all events ---------------------------------------------------------------------------------- */

static void flow_see(void *ctx, const struct event *ev)
{
    struct flow *f = ctx;
    struct flow_cpu *cpu = &f->cpu[ev->vcpu];
    struct event before;
    enum step_way way = step_walk_see(&f->walk, ev, &before);
    if (way != WAY_NONE) {
        flow_step(f, ev, way, step_left(&f->walk, way, &before));
        return;
    }
    if (!event_kind_is_exit(ev->kind))
        return;
    /* A HLT is left to run free also when the guest is stepped. */
    bool stepped = ev->flags & EVENT_STEPPED || (ev->kind == EVENT_HLT && f->walk.cpu[ev->vcpu].open);
    f->exits++;
    if (ev->flags & EVENT_NO_CPU) {
        f->nowhere++;
    } else if (stepped && cpu->held_count < FLOW_HELD_MAX) {
        cpu->held[cpu->held_count++] = *ev;
    } else if (stepped && cpu->here) {
        exit_at(f, cpu->node, ev);
    } else {
        flow_exit(f, ev);
    }
}

/* ---- larger pieces ------------------------------------------------------------------------------- */

/* The last called address at or before this one. */
static uint64_t entry_of(const void *ctx, uint64_t start)
{
    const struct flow *f = ctx;
    size_t low = 0, high = f->entries.count;
    if (place_is_symbol(f->places.names, start))
        return start;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->entries.rows[middle].key <= start)
            low = middle + 1;
        else
            high = middle;
    }
    return low && start - f->entries.rows[low - 1].key < ENTRY_REACH ? f->entries.rows[low - 1].key : start;
}

/* Odd, so that no function has the same key. */
static uint64_t chunk_of(const void *ctx, uint64_t start)
{
    const struct flow *f = ctx;
    return place_is_symbol(f->places.names, start) ? start : start >> f->chunk_bits << f->chunk_bits | 1;
}

static bool flow_is_crumbly(const struct flow *f)
{
    size_t crumbs = 0;
    for (size_t i = 0; i < f->net.nodes.count; i++)
        crumbs += !place_is_symbol(f->places.names, f->net.nodes.rows[i].key);
    return crumbs && f->net.nodes.count > f->graph->choice.max_nodes + 1;
}

static int entry_order(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* Too many pieces without a name: larger ones. */
static int flow_coarsen(struct flow *f, struct err *e)
{
    if (flow_is_crumbly(f) && f->entries.count) {
        qsort(f->entries.rows, f->entries.count, sizeof *f->entries.rows, entry_order);
        f->unit = FLOW_ENTRIES;
        if (net_regroup(&f->net, entry_of, f, e))
            return -1;
    }
    for (unsigned bits = CHUNK_BITS_MIN; flow_is_crumbly(f) && bits <= CHUNK_BITS_MAX; bits++) {
        f->unit = FLOW_CHUNKS;
        f->chunk_bits = bits;
        if (net_regroup(&f->net, chunk_of, f, e))
            return -1;
    }
    return 0;
}

/* An exit whose step never came, as when the guest ends with it: it is of the code that the last step was of,
 * if that was right before. */
static void flow_late(struct flow *f, const struct event *ev)
{
    const struct step_cpu *cpu = &f->walk.cpu[ev->vcpu];
    if (cpu->open && event_linear(ev) - cpu->linear <= STEP_LEN_MAX)
        exit_at(f, f->cpu[ev->vcpu].node, ev);
    else
        flow_exit(f, ev);
}

/* After net_regroup, which makes the net anew. */
static void devices_fold(struct flow *f)
{
    for (unsigned d = 0; d < FLOW_DEVICE_OTHER; d++)
        f->device[d] = f->in[d] + f->out[d];
    f->other_devices = net_fold_special(&f->net, f->device, FLOW_DEVICE_OTHER, f->graph->choice.max_nodes,
                                        FLOW_DEVICE_OTHER);
    for (unsigned d = 0; d < FLOW_DEVICE_OTHER; d++)
        if (f->net.special_as[d]) {
            f->in[FLOW_DEVICE_OTHER] += f->in[d];
            f->out[FLOW_DEVICE_OTHER] += f->out[d];
        }
}

static int flow_read(struct flow *f, struct err *e)
{
    if (graph_scan(f->graph, flow_see, f, e))
        return -1;
    for (unsigned v = 0; v < 256; v++)
        for (unsigned i = 0; i < f->cpu[v].held_count; i++)
            flow_late(f, &f->cpu[v].held[i]);
    if (f->entries.failed)
        return err_set(e, "out of memory while drawing");
    if (flow_coarsen(f, e))
        return -1;
    devices_fold(f);
    return net_fold(&f->net, f->graph->choice.max_nodes, EDGES_PER_NODE, e);
}

int graph_flow(struct graph *g, struct err *e)
{
    struct flow *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(e, "out of memory while drawing");
    f->graph = g;
    f->places.names = &g->info->names;
    f->net.special_plain = true;
    int rc = flow_read(f, e);
    if (rc == 0)
        flow_draw(f);
    net_fini(&f->net);
    tally_fini(&f->entries);
    free(f);
    return rc;
}
