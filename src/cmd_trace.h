

extern const struct trace_command trace_command_show, trace_command_stat, trace_command_check,
    trace_command_export, trace_command_graph, trace_command_report, trace_command_page, trace_command_diff,
    trace_command_merge, trace_command_at, trace_command_find;

#endif
