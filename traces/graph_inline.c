/*
 * A picture as SVG in memory, for a page that shows it among others.
 */
#include "traces/graph.h"
#include "traces/report.h"

#include <errno.h>
#include <stdlib.h>

int graph_svg(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind, struct text *svg,
              struct err *e)
{
    char *dot = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&dot, &len);
    if (!memory)
        return err_sys(e, ENOMEM, "draw");
    int rc = trace_graph(r, f, kind, NULL, memory, e);
    if (fclose(memory) && rc == 0)
        rc = err_sys(e, ENOMEM, "draw");
    if (rc == 0)
        rc = graph_draw(dot, "svg", svg, e);
    free(dot);
    return rc;
}
