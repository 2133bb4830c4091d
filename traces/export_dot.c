/*
 * `trace export --format dot`: the exits graph in Graphviz's language, for whoever wants to lay it out or
 * change it with their own tools.  It is what `trace graph -o FILE.dot` writes.
 */
#include "traces/export.h"

int export_dot(struct export_job *x, struct err *e)
{
    return trace_graph(x->reader, x->filter, GRAPH_EXITS, NULL, x->out->file, e);
}
