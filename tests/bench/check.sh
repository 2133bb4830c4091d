#!/bin/sh
# check.sh BENCH: a short run gives one JSON object with every promised figure, each a number above zero.
traces=$("$1" --traces --json --rounds 1 --most 1000000 --only stat) || exit 1
echo "$traces" | grep -Eq '^\{"stat_1000000":\{"wall_s":[0-9.]+,"cpu_s":[0-9.]+,"rss_kib":[1-9][0-9]*\}\}$' ||
    { echo "not what it costs to ask a trace: $traces"; exit 1; }
"$1" --traces --rounds 0 2>/dev/null && { echo "no rounds were accepted"; exit 1; }
[ -w /dev/kvm ] || { echo "no usable /dev/kvm"; exit 77; }
out=$("$1" --json --rounds 1 --units 50) || exit 1
number='[0-9][0-9.]*'
for measure in pio_exit mmio_exit hlt_wake step step_memory step_typed startup; do
    echo "$out" | grep -Eq "\"$measure\":\{\"floor_ns\":$number,\"ringside_ns\":$number,\"ratio\":$number,\"traced_ns\":$number,\"traced_ratio\":$number,\"rounds\":1\}" ||
        { echo "no $measure in: $out"; exit 1; }
done
for figure in event_write_ns bytes_per_event rss_kib prompt_slowest_ms; do
    echo "$out" | grep -Eq "\"$figure\":[0-9.]*[1-9]" || { echo "no $figure in: $out"; exit 1; }
done
for figure in plain_ns rate_80x24 rate_200x60 cpu_80x24 cpu_200x60 key_ms key_worst_ms pause_ms frames_per_s frame_bytes step_bytes; do
    echo "$out" | grep -Eq "\"monitor_$figure\":[0-9.]*[1-9]" || { echo "no monitor_$figure in: $out"; exit 1; }
done
echo "$out" | grep -Eq "\"monitor_idle_percent\":$number" || { echo "no idle time in: $out"; exit 1; }
[ "$(echo "$out" | wc -l)" -eq 1 ] || { echo "more than one line"; exit 1; }
"$1" --rounds 0 2>/dev/null && { echo "no rounds were accepted"; exit 1; }
echo ok
