#!/bin/sh
# same.sh RINGSIDE GUESTS FOLDER [GUEST]: whatever a debugger does to a guest, the guest must do the same: its console and its exits
# (but for the debugger's own) are compared with those of a run that nobody looked at.
set -u
ringside=$1 guests=$2 folder=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-same.XXXXXX") || exit 70
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 70
failed=0 number=0

# The exits as the guest made them: no times, no numbers, nothing of the debugger's. An instruction that KVM cannot
# carry out (assist) is an exit only where it is not stepped.
exits() {
    "$ringside" trace export --format jsonl "$1" 2>/dev/null | grep -v '"kind":"\(debug\|step\|intr\|assist\)"' |
        sed -e 's/"\(seq\|t_ns\|host_ns\|guest_ns\)":[0-9]*,*//g' -e 's/"text":.*//' -e 's/"flags":\[[^]]*\],//'
}

# The answers are on stderr, so that stdout has the console alone: --json moves the console there instead.
freely() { # GUEST...
    "$ringside" run --timeout 60 --trace free.rst "$@" >free.out 2>err </dev/null
    status=$?
    [ $status -eq 127 ] && cat err && exit 77
    exits free.rst >free.exits
}

debugged() { # NAME COMMANDS GUEST...
    name=$1
    printf '%b' "$2" >commands
    shift 2
    number=$((number + 1))
    "$ringside" shell --no-rc --json --timeout 100 --trace looked.rst "$@" <commands >answers 2>looked.out
    status=$?
    exits looked.rst >looked.exits
    sed '/^ringside: /,$d' looked.out >looked.console
    tr -d '\n' <free.out >free.console # an answer ends the console's line
    tr -d '\n' <looked.console >looked.line
    if cmp -s free.console looked.line && cmp -s free.exits looked.exits && [ $status -eq 0 ]; then
        return
    fi
    failed=$((failed + 1))
    echo "not the same (status $status): $name: $*"
    cmp free.console looked.line
    diff free.exits looked.exits | head -n 5
}

each() { # GUEST...: in every way a debugger has
    freely "$@"
    debugged 'free in the shell' 'c\n' "$@"
    debugged 'stepped' 'step 10000000\n' "$@"
    debugged 'watched' 'watch byte [0x90000]\nc\n' "$@"
    debugged 'breakpoints everywhere' "$(awk 'BEGIN { for (i = 0; i < 80; i++) print "b rip + " i; }')\ncommands 1 \"continue\"\ndelete 1\nuntil 0x123456\nc\nc\nc\nc\nc\nc\nc\nc\ndelete\nc\n" "$@"
    debugged 'stopped at every port' 'stop io\ncommands 1 "continue"\nc\n' "$@"
    debugged 'next' 'next 60\nnext 60\nc\n' "$@"
}

for guest in ${4:-boot64 stringio mmio walk}; do
    case $guest in
        walk)
            each --mode real "$folder/walk16.bin"
            each --mode protected "$folder/walk32.bin"
            each --mode long "$folder/walk64.bin"
            ;;
        boot64) each "$guests/boot64.bin" ;;
        *) each "$guests/$guest.elf" ;;
    esac
done
echo "$number runs, $failed not the same"
[ $failed -eq 0 ]
