/*
 * The call graph: which function calls which, how often, and how many instructions are spent in it (self) and
 * in what it calls (total).  The CPU keeps return addresses on the guest's stack, where a trace cannot see
 * them, so the reader keeps a shadow stack of its own: a CALL pushes, a return pops.
 *
 * Programs do not always return in order. A return leads to an address right behind the CALL it belongs to,
 * so it ends the topmost call that left from there, and with it those above that will never return (longjmp,
 * a task switch, code that drops return addresses); a return to anywhere else is taken for the jump it is.
 * Interrupts are roots of their own: the function that happened to run did not call them, though their
 * instructions are also in its total.
 *
 * Where the trace has symbols they say where functions begin; elsewhere a function is what was called.
 * Simplified: in code without symbols a jump stays inside its function, unless the CPU changes its mode with
 * it.
 */
#include "traces/graph_calls.h"

#include <stdlib.h>

#define EDGES_PER_NODE 2

/* ---- functions ----------------------------------------------------------------------------------- */

/* The node's counts; there is room for any node of the net. */
static struct calls_node *calls_node(struct calls *c, uint32_t node)
{
    static const size_t first = 256;
    while (node >= c->node_cap && !c->failed) {
        size_t cap = c->node_cap ? c->node_cap * 2 : first;
        struct calls_node *more = realloc(c->node, cap * sizeof *more);
        if (!more) {
            c->failed = true;
            break;
        }
        for (size_t i = c->node_cap; i < cap; i++)
            more[i] = (struct calls_node){0};
        c->node = more;
        c->node_cap = cap;
    }
    return c->failed ? NULL : &c->node[node];
}

static void function_enter(struct calls *c, uint32_t node)
{
    struct calls_node *n = calls_node(c, node);
    if (!n)
        return;
    if (n->depth++ == 0)
        n->since = c->steps;
    if (n->depth > n->deepest)
        n->deepest = n->depth;
}

/* Recursion counts once: the total runs from the first call in to the last return out. */
static void function_leave(struct calls *c, uint32_t node)
{
    struct calls_node *n = calls_node(c, node);
    if (n && n->depth && --n->depth == 0)
        n->total += c->steps - n->since;
}

/* ---- the shadow stack ---------------------------------------------------------------------------- */

static struct calls_frame *stack_top(struct calls_cpu *cpu)
{
    return cpu->depth ? &cpu->frame[cpu->depth - 1] : NULL;
}

static void stack_push(struct calls *c, struct calls_cpu *cpu, struct calls_frame frame)
{
    if (!cpu->frame)
        cpu->frame = malloc(CALLS_DEPTH_MAX * sizeof *cpu->frame);
    if (!cpu->frame) {
        c->failed = true;
        return;
    }
    if (cpu->depth == CALLS_DEPTH_MAX) { /* it takes the place of its caller */
        c->lost++;
        function_leave(c, stack_top(cpu)->node);
        cpu->depth--;
    }
    cpu->frame[cpu->depth++] = frame;
    function_enter(c, frame.node);
}

/* Down to `depth` frames. */
static void stack_unwind(struct calls *c, struct calls_cpu *cpu, unsigned depth)
{
    for (; cpu->depth > depth; cpu->depth--)
        function_leave(c, stack_top(cpu)->node);
}

/* Ends the topmost call that left right before `linear`; false when there is none. An interrupt is not ended
 * by a RET from a function it interrupted: where an IRET is wanted, only interrupts count. */
static bool stack_return(struct calls *c, struct calls_cpu *cpu, uint64_t linear, bool iret)
{
    for (unsigned i = cpu->depth; i-- > 0;)
        if (cpu->frame[i].interrupt == iret && i > 0 && linear - cpu->frame[i].linear <= STEP_LEN_MAX) {
            stack_unwind(c, cpu, i);
            return true;
        }
    return false;
}

/* The topmost frame of this function, as after a longjmp. */
static bool stack_back_to(struct calls *c, struct calls_cpu *cpu, uint32_t node)
{
    for (unsigned i = cpu->depth; i-- > 0 && !cpu->frame[i].interrupt;)
        if (cpu->frame[i].node == node) {
            stack_unwind(c, cpu, i + 1);
            return true;
        }
    return false;
}

/* ---- ways ---------------------------------------------------------------------------------------- */

static void calls_connect(struct calls *c, uint32_t from, uint32_t to, enum calls_way way)
{
    net_connect(&c->net, from, to, way);
    c->way_seen[way] = true;
}

/* A chain of calls that nothing in the trace called. */
static void calls_root(struct calls *c, struct calls_cpu *cpu, unsigned root, struct calls_frame frame)
{
    c->root[root]++;
    calls_connect(c, NET_SPECIAL + root, frame.node, CALLS_ENTER);
    if (calls_node(c, frame.node))
        c->node[frame.node].calls++;
    stack_push(c, cpu, frame);
}

static unsigned root_of(struct calls *c, enum step_way way, const struct event *before)
{
    const struct event *irq = &c->walk.cpu[before->vcpu].irq;
    int vector = way == WAY_INT ? step_int_vector(before) : -1;
    if (way == WAY_INTERRUPT) {
        if (!c->root[ROOT_IRQ + (irq->addr & 0xff)])
            c->irq[irq->addr & 0xff] = *irq;
        return ROOT_IRQ + (irq->addr & 0xff);
    }
    return vector >= 0 ? ROOT_INT + (unsigned)vector : ROOT_EXCEPTION;
}

/* A jump into another function: back to one that waits (longjmp), or in the place of this one (a tail call,
 * or the next stage of a boot). */
static void calls_jump(struct calls *c, struct calls_cpu *cpu, uint32_t node, bool entry)
{
    struct calls_frame *top = stack_top(cpu);
    if (top->node == node || (!entry && stack_back_to(c, cpu, node)))
        return;
    calls_connect(c, top->node, node, CALLS_JUMP);
    if (calls_node(c, node) && entry)
        c->node[node].calls++;
    function_leave(c, top->node);
    top->node = node;
    function_enter(c, node);
}

/* The function of a step: its symbol; without one, what was called or entered. */
static uint32_t calls_function(struct calls *c, struct calls_cpu *cpu, const struct event *ev,
                               enum step_way way, bool *entry)
{
    bool symbol;
    uint64_t linear = event_linear(ev), start = place_of(&c->places, linear, &symbol);
    const struct calls_frame *top = stack_top(cpu);
    bool enters =
        way == WAY_CALL || way == WAY_INT || way == WAY_INTERRUPT || way == WAY_EXCEPTION || way == WAY_START;
    bool mode_changed = way == WAY_JUMP && event_mode(ev) != cpu->mode;
    *entry = enters || start == linear;
    bool stays = !symbol && top && !enters && !mode_changed && top->node != NET_REST;
    bool was_symbol = stays && place_is_symbol(c->places.names, c->net.nodes.rows[top->node].key);
    if (stays && !was_symbol)
        start = c->net.nodes.rows[top->node].key;
    return net_see(&c->net, start, ev);
}

static void calls_step(struct calls *c, const struct event *ev, enum step_way way, const struct event *before)
{
    struct calls_cpu *cpu = &c->cpu[ev->vcpu];
    uint64_t linear = event_linear(ev), left = step_left(&c->walk, way, before);
    bool entry;
    if (way == WAY_START)
        stack_unwind(c, cpu, 0);
    if ((way == WAY_RETURN || way == WAY_IRET) && !stack_return(c, cpu, linear, way == WAY_IRET))
        way = WAY_JUMP;
    uint32_t node = calls_function(c, cpu, ev, way, &entry);
    struct calls_frame frame = {.node = node, .linear = left};
    cpu->mode = event_mode(ev);
    if (way == WAY_CALL && cpu->depth) {
        calls_connect(c, stack_top(cpu)->node, node, CALLS_CALL);
        if (calls_node(c, node))
            c->node[node].calls++;
        stack_push(c, cpu, frame);
    } else if (way == WAY_INT || way == WAY_INTERRUPT || way == WAY_EXCEPTION) {
        frame.interrupt = true;
        calls_root(c, cpu, root_of(c, way, before), frame);
    } else if (!cpu->depth) {
        calls_root(c, cpu, ROOT_START, frame);
    } else {
        calls_jump(c, cpu, node, entry && way != WAY_NEXT && way != WAY_SKIP);
    }
    c->steps++;
}

static void calls_see(void *ctx, const struct event *ev)
{
    struct calls *c = ctx;
    struct event before;
    enum step_way way = c->failed ? WAY_NONE : step_walk_see(&c->walk, ev, &before);
    c->events++;
    if (way != WAY_NONE)
        calls_step(c, ev, way, &before);
}

/* ---- the picture --------------------------------------------------------------------------------- */

/* Functions rank by their total: one that only calls others holds the picture together. */
static int calls_fold(struct calls *c, struct err *e)
{
    size_t count = c->net.nodes.count;
    for (unsigned v = 0; v < 256; v++)
        stack_unwind(c, &c->cpu[v], 0);
    c->weight = calloc(count + 1, sizeof *c->weight);
    if (!c->weight || (count && !calls_node(c, (uint32_t)count - 1)))
        return err_set(e, "out of memory while drawing");
    for (size_t i = 0; i < count; i++)
        c->weight[i] = c->node[i].total;
    c->net.weight = c->weight;
    c->other_roots = net_fold_special(&c->net, c->root, ROOT_OTHER, c->graph->choice.max_nodes, ROOT_OTHER);
    return net_fold(&c->net, c->graph->choice.max_nodes, EDGES_PER_NODE, e);
}

static int calls_read(struct calls *c, struct err *e)
{
    if (graph_scan(c->graph, calls_see, c, e))
        return -1;
    return c->failed ? err_set(e, "out of memory while drawing") : calls_fold(c, e);
}

int graph_calls(struct graph *g, struct err *e)
{
    struct calls *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, "out of memory while drawing");
    c->graph = g;
    c->places.names = &g->info->names;
    c->net.special_plain = true;
    int rc = calls_read(c, e);
    if (rc == 0)
        calls_draw(c);
    for (unsigned v = 0; v < 256; v++)
        free(c->cpu[v].frame);
    net_fini(&c->net);
    free(c->node);
    free(c->weight);
    free(c);
    return rc;
}
