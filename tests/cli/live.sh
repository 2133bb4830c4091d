#!/bin/sh
# Traces that grow: `trace tail -f` and `trace top`, on files that a test lets grow and on a guest that runs, in a
# terminal that tmux plays.
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/lib.sh"
need_kvm

# A guest that writes for ever: mov dx, 0x3f8; mov al, 'A'; out dx, al; out 0x80, al; jmp back.
printf '\272\370\003\260A\356\346\200\353\373' >loop.bin
head -c 500 /dev/zero >>loop.bin
printf '\125\252' >>loop.bin
"$ringside" run --max-exits 50000 --trace whole.rst loop.bin >/dev/null 2>&1 </dev/null
events=$("$ringside" trace show whole.rst | wc -l)
len=$(wc -c <whole.rst)

# ---- tail, without a terminal

try "$ringside" trace tail -n 5 whole.rst
"$ringside" trace show whole.rst | tail -n 5 >expected
check 'tail -n 5 is the last five of show' cmp -s out expected
try "$ringside" trace tail whole.rst
check 'tail is the last ten' [ "$(wc -l <out)" -eq 10 ]
try "$ringside" trace tail -n 0 whole.rst
check 'tail -n 0 is nothing' [ ! -s out ]
try "$ringside" trace tail -n 999999 whole.rst
check 'tail of more than there are is all' [ "$(wc -l <out)" -eq "$events" ]
try "$ringside" trace tail -n 2 --where 'reg == THR' whole.rst
check 'tail --where' [ "$(grep -c uart.THR out)" -eq 2 ]
try "$ringside" trace tail -f whole.rst
check 'tail -f ends with the run' ended_with 0
check 'and says how it ended' said '^ringside: whole.rst: the run ended: budget: '
refused 126 'out of range' trace tail -n 10000000 whole.rst
refused 126 'nosuch.rst: No such file' trace tail -f nosuch.rst

# Waits until the file $1 matches $2, half a minute at most.
comes() {
    tries=100
    while [ $tries -gt 0 ]; do
        grep -qE -e "$2" "$1" && return 0
        tries=$((tries - 1))
        sleep 0.05
    done
    return 1
}

# The first $1 bytes in grow.rst, and tail -f on it in the background: $follower.
follow() {
    head -c "$1" whole.rst >grow.rst
    : >out
    timeout 60 "$ringside" trace tail -f -n "$2" grow.rst >out 2>err &
    follower=$!
}

follower_ended() {
    wait "$follower"
    status=$?
    [ "$status" -eq "$1" ]
}

follow $((len / 2)) 1
check 'the last of what is there' comes out '[^ ]'
first=$(awk 'NR == 1 { print $1 }' out)
tail -c +$((len / 2 + 1)) whole.rst | head -c 10 >>grow.rst
tail -c +$((len / 2 + 11)) whole.rst >>grow.rst
check 'ends with the run' follower_ended 0
check 'every event came once, in order' [ "$(wc -l <out)" -eq $((events - first)) ]
"$ringside" trace show --from "$first" whole.rst >expected
check 'as show says them' cmp -s out expected

follow $((len / 2)) 1
check 'a line' comes out '[^ ]'
: >grow.rst
check 'a file that was emptied ends it' follower_ended 126
check 'in one line' one_line
check 'which says so' said 'grow.rst: the file was cut from [0-9]+ to 0 bytes'
follow $((len / 2)) 1
check 'a line again' comes out '[^ ]'
rm grow.rst
check 'a file that was removed ends it' follower_ended 126
check 'and this is said' said 'grow.rst: the file was removed'
follow $((len / 2)) 1
check 'a line once more' comes out '[^ ]'
cp whole.rst other.rst
mv other.rst grow.rst
check 'another file of the name ends it' follower_ended 126
check 'and that is said' said 'grow.rst: another file has taken its name'
follow $((len / 2)) 1
check 'a line before the damage' comes out '[^ ]'
"$build/tests/noise" 1 200000 >>grow.rst
check 'damage ends it' follower_ended 0
check 'with a word' said 'incomplete: chunk'

# Who reads goes away: tail -f does not wait for the next event to notice.
head -c $((len / 2)) whole.rst >grow.rst
try sh -c "'$ringside' trace tail -f grow.rst | head -n 1"
check 'a reader that leaves ends it' ended_with 0

# ---- top, without a terminal

try "$ringside" trace top whole.rst
check 'top without a terminal is one table' ended_with 0
check 'of the whole run' grep -qE "^budget, .*: $events events, " out
check 'with the serial port' grep -qE '% +[0-9]+ .* io +uart +THR +out$' out
check 'and no escape sequences' sh -c "! grep -q '$(printf '\033')' out"
try "$ringside" trace top --by mode whole.rst
check 'top --by' grep -qE '% +[0-9]+ .* real$' out
refused 126 'did you mean mode' trace top --by mod whole.rst
refused 126 'is no number of seconds' trace top --interval 0 whole.rst
refused 126 'is no number of seconds' trace top --interval nan whole.rst
head -c $((len / 2)) whole.rst >grow.rst
try "$ringside" trace top --once grow.rst
check 'top of an unfinished trace' grep -qE '^no end yet, ' out
check 'says so' said 'incomplete: '

# ---- on a terminal

command -v tmux >/dev/null || {
    cli_done || exit
    echo 'tmux is not here: top and tail on a terminal were not tried'
    exit 77
}
servers=0
pane() {
    tmux -L "ringside-live-$$-$servers" -f /dev/null "$@"
}
trap 'pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT

wait_for() {
    tries=100
    while [ $tries -gt 0 ]; do
        [ ! -e "$1" ] || return 0
        pane capture-pane -p 2>/dev/null >out && grep -qE -e "$1" out && return 0
        tries=$((tries - 1))
        sleep 0.05
    done
    return 1
}

# Runs ringside with these words in a terminal of 90 by 20.
session() {
    rm -f before after done
    cat >session.sh <<END
trap : INT
stty -a >before
"$ringside" $* 2>err
echo \$? >status
stty -a >after
: >done
exec sleep 100
END
    pane kill-server 2>/dev/null
    servers=$((servers + 1))
    pane new-session -d -x 90 -y 20 "cd '$work' && exec sh session.sh"
    : >out
    : >err
    status=-
}

session_ended() {
    wait_for done || return 1
    status=$(cat status)
    [ "$status" = "$1" ] && diff before after >>err
}

"$ringside" run --clock real --timeout 300 --trace live.rst loop.bin >/dev/null 2>&1 </dev/null &
guest=$!
trap 'kill "$guest" 2>/dev/null; pane kill-server 2>/dev/null; cd / && rm -rf "$work"' EXIT
i=0
while [ ! -s live.rst ] && [ $i -lt 600 ]; do
    i=$((i + 1))
    sleep 0.05
done

session trace top --interval 0.2 live.rst
check 'top of a guest that runs' wait_for '^no end yet, .* events, [1-9][0-9]*/s'
check 'has its two places' wait_for '%.* io +post +CODE +out$'
check 'and the share of the last interval' grep -qE '^ +now +now/s +run +count +host +kind +device +reg +dir$' out
check 'in no more than the screen' [ "$(wc -l <out)" -le 20 ]
seen=$(sed -n '1s/.*: \([0-9]*\) events.*/\1/p' out)
more_events() {
    tries=100
    while [ $tries -gt 0 ]; do
        pane capture-pane -p >out
        [ "$(sed -n '1s/.*: \([0-9]*\) events.*/\1/p' out)" -gt "$seen" ] && return 0
        tries=$((tries - 1))
        sleep 0.05
    done
    return 1
}
check 'the table is fresh' more_events
pane resize-window -x 30 -y 6
check 'it follows the window' wait_for '^ +now +run +kind +devic?$|^ +now +run +kind +device'
check 'lines are cut, not wrapped' [ "$(grep -c . out)" -le 6 ]
pane resize-window -x 90 -y 20
check 'and back' wait_for '^ +now +now/s +run +count +host +kind +device +reg +dir$'
pane send-keys q
check 'q ends it, and the terminal is as it was' session_ended 0
pane capture-pane -p >out
check 'the last table stays' grep -qE '^ +run +count +host +kind|^ +run +count +guest +host' out

session trace top live.rst
check 'once more' wait_for '^no end yet'
pane send-keys C-c
check 'Ctrl-C ends it too' session_ended 0

session trace tail -f -n 1 live.rst
check 'tail -f of a guest that runs' wait_for 'out 0x80'
pane send-keys C-c
check 'Ctrl-C ends it' session_ended 130

session trace top --interval 0.2 live.rst
check 'top until the guest ends' wait_for '^no end yet'
kill "$guest"
wait "$guest"
check 'the end is seen' wait_for '^interrupted, |^error, '
check 'and said' wait_for '^the run ended; q ends this'
pane send-keys q
check 'q' session_ended 0
cli_done
