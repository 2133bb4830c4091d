#!/bin/sh
# check.sh RINGSIDE FOLDER NAME: flags16 and the ticks must print the same free and stepped (and twice the same under the steps
# clock); the exits of placesNN must name the labels in NAME.order.
ringside=$1 folder=$2 name=$3
trace=$folder/$name.rst words=$folder/$name.words

run() { # ARGUMENTS...: console on stdout; ends the test when it does not halt
    untraced --trace $trace "$@"
}
untraced() { # the same without a trace, when Ringside knows less of the CPU at an exit
    $ringside run --timeout 60 "$@" 2>$words </dev/null
    status=$?
    [ $status -eq 127 ] && cat $words >&2 && exit 77
    [ $status -eq 0 ] || { cat $words >&2; echo "status $status" >&2; exit 1; }
}
same() { # WANTED GOT WHAT
    [ "$1" = "$2" ] && return
    printf '%s\nwanted: %s\ngot:    %s\n' "$3" "$1" "$2"
    exit 1
}

case $name in
flags16)
    same '.........' "$(run $folder/flags16.bin)" 'free' || exit
    same '.........' "$(run --max-steps 100000 $folder/flags16.bin)" 'stepped' || exit
    # The loop after POPF and IRET is still stepped: a budget that ends inside it is spent exactly.
    $ringside run --max-steps 60 --json $folder/flags16.bin </dev/null 2>/dev/null | grep -q '"status":"budget".*"steps":60,' ||
        { echo 'the budget of steps was not spent'; exit 1; }
    ;;
ticks16)
    same 0123456789 "$(run $folder/ticks16.bin)" 'real clock' || exit
    same 0123456789 "$(run --clock steps $folder/ticks16.bin)" 'steps clock' || exit
    first=$($ringside trace export $trace | sed 's/"[a-z]*_ns":[0-9]*,//g')
    run --clock steps $folder/ticks16.bin >/dev/null
    same "$first" "$($ringside trace export $trace | sed 's/"[a-z]*_ns":[0-9]*,//g')" 'a second run' || exit
    ;;
ticks32)
    same 012 "$(untraced --clock steps $folder/ticks32.bin)" 'steps clock, no trace' || exit
    same 012 "$(run --clock steps $folder/ticks32.bin)" 'steps clock' || exit
    ;;
places*)
    case $name in *64) mode='--mode long --at 0x100000' ;; *) mode= ;; esac
    run $mode $folder/$name.bin >/dev/null
    got=$($ringside trace export $trace | sed 's/.*"rip":"0x\([0-9a-f]*\)".*"kind":"\([a-z]*\)".*/\1/' |
        while read -r rip; do
            sed -n "s/^0*$rip . \(p[0-9]*\)\$/\1/p" $folder/$name.labels | grep . || echo "($rip)"
        done | tr '\n' ' ')
    # An instruction without a label is an IN: its place is not in question.
    same "$(sed 's/\<in\>/(IN)/' $folder/$name.order)" "$(echo $got | sed 's/([0-9a-f]*)/(IN)/g')" 'places' || exit
    ;;
esac
echo ok
