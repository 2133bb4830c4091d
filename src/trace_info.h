/*
 * The trace's header and footer, gathered from the machine, the host and the command line.
 */
#ifndef RINGSIDE_TRACE_INFO_H
#define RINGSIDE_TRACE_INFO_H

#include "traces/trace.h"
#include "vm_options.h"

struct trace_info_made;
struct symbols;

/* Everything a trace says before its first event; NULL on lack of memory. The machine is borrowed, and so are
 * the names in `symbols` (NULL: none). */
struct trace_info_made *trace_info_make(const struct vm_settings *s, const struct machine *m,
                                        const struct image *image, const struct symbols *symbols, int argc,
                                        char **argv, struct err *e);
const struct trace_info *trace_info_of(const struct trace_info_made *i);
void trace_info_free(struct trace_info_made *i);

/* Writes the footer from the run's result and KVM's counters (only those that are not zero) and closes the
 * file. */
NODISCARD int trace_info_close(struct trace_writer *w, const struct run_result *r,
                               const struct kvm_stat *stats, size_t n, struct err *e);

#endif
