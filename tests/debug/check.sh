#!/bin/sh
# check.sh RINGSIDE GUESTS FOLDER NAME [HOW]: holds the talk in FOLDER/NAME.talk with `ringside shell` and compares the
# answers. GUESTS is the folder of the bundled guests. HOW is what must change no answer: plain (default), trace, steps,
# steps-clock, kernel-irqchip.
set -u
ringside=$1 guests=$2 folder=$3 name=$4 how=${5:-plain}
talk=$folder/$name.talk
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-talk.XXXXXX") || exit 70
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

case $how in
    plain) options= ;;
    trace) options="--trace $work/trace.rst" ;;
    trace-steps) options="--trace $work/trace.rst --trace-steps" ;;
    steps-clock) options='--clock steps' ;;
    kernel-irqchip) options='--irqchip kernel' ;;
    *) echo "how is that: $how" >&2 && exit 64 ;;
esac
# A trace counts its steps and events into the answers of some commands: sessions may be left out of a HOW.
number=0 held=0 failed=0
sed -n 's/^% //p' "$talk" >"$work/sessions"
while read -r line <&3; do
    number=$((number + 1))
    case $line in
        *"not:"*) case $line in *"not:$how "*) continue ;; esac ;;
    esac
    line=$(echo "$line" | sed 's/not:[^ ]* *//g')
    awk -v cut=$number -v folder="$folder" -f "$folder/talk.awk" "$talk" >"$work/commands"
    echo 'echo @@@@' >>"$work/commands"
    eval "set -- $options $line"
    timeout -s KILL "${limit_s:-60}" "$ringside" shell --no-rc "$@" <"$work/commands" >"$work/answers" 2>&1
    status=$?
    held=$((held + 1))
    if [ $status -eq 127 ]; then
        cat "$work/answers"
        exit 77
    fi
    if [ $status -ne 0 ]; then
        echo "$name.talk, session $number: status $status"
        tail -n 3 "$work/answers" | cut -c 1-300
        failed=$((failed + 1))
        continue
    fi
    awk -v judge=$number -v answers="$work/answers" -f "$folder/talk.awk" "$talk" || failed=$((failed + 1))
done 3<"$work/sessions"
echo "$held sessions, $failed failed"
[ $failed -eq 0 ] && [ $held -gt 0 ]
