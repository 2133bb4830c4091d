#!/bin/sh
# tests/lab/lab.sh RINGSIDE LABS CASE [ARG]: one test of the classroom, as a student would meet it.
#
# RINGSIDE is the binary, LABS the folder of the labs, CASE a function below whose name begins with case_. What is written
# goes to a fresh folder that is removed in the end. Exit status: 0 passed, 1 failed, 77 skipped, with the reason in the
# last line.
set -u

ringside=$1
RINGSIDE_LABS=$2
case=$3
lab=${4:-}
here=$(cd "$(dirname "$0")" && pwd -P)
export RINGSIDE_LABS

work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-lab-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
out=$work/.out
err=$work/.err

failed() {
    echo "FAILED: $*"
    sed 's/^/  stdout: /' "$out"
    sed 's/^/  stderr: /' "$err"
    failures=$((failures + 1))
}

# expect STATUS COMMAND...: runs it and compares its exit status.
expect() {
    want=$1
    shift
    echo "+ $*"
    "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" -eq "$want" ] || failed "exit status $got, expected $want: $*"
}

# said TEXT, not_said TEXT: whether the last command's stdout has it. complained TEXT: the same for stderr, which must be
# one line of ours.
said() {
    grep -qF -- "$1" "$out" || failed "stdout lacks: $1"
}

not_said() {
    ! grep -qF -- "$1" "$out" || failed "stdout has: $1"
}

complained() {
    grep -qF -- "$1" "$err" || failed "stderr lacks: $1"
    [ "$(grep -c '^ringside: ' "$err")" -eq 1 ] || failed "stderr is not one line of Ringside's"
}

skip() {
    echo "skipped: $*"
    exit 77
}

need_kvm() {
    if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then
        skip "/dev/kvm is absent or not for this user"
    fi
    "$ringside" doctor >/dev/null 2>&1 || skip "/dev/kvm is not usable here (ringside doctor says why)"
}

# The number of the first `not ok` line of the last command, 0 when there is none.
first_failure() {
    number=$(sed -n 's/^not ok \([0-9]*\) .*/\1/p' "$out" | head -n 1)
    echo "${number:-0}"
}

# make_lab NAME CHECK_LINES...: a folder labs/NAME with a lab of its own. The starter halts at once.
make_lab() {
    mkdir -p "labs/$1"
    printf 'title = A lab for a test\nsource = lab.S\nrun = --format flat --mode real --at 0x7c00\n' >"labs/$1/lab.conf"
    printf '        .code16\n        .global _start\n_start: cli\n        hlt\n' >"labs/$1/starter.S"
    echo "# Nothing to read" >"labs/$1/README.md"
    name=$1
    shift
    printf '%s\n' "$@" >"labs/$name/check"
    RINGSIDE_LABS=$work/labs
}

# ---- the cases -----------------------------------------------------------------------------------------------------

# Every lab has its parts, and its README the five sections in order.
case_folders() {
    : >"$out"
    : >"$err"
    for folder in "$RINGSIDE_LABS"/[0-9]*; do
        for file in README.md lab.conf check; do
            [ -s "$folder/$file" ] || failed "$folder has no $file"
        done
        for stem in starter solution; do
            ls "$folder/$stem".* >/dev/null 2>&1 || failed "$folder has no $stem"
        done
        sections=$(sed -n 's/^## //p' "$folder/README.md" | tr '\n' ';')
        [ "$sections" = "Question;Prediction;Run;Explanation;One thing to change;" ] || failed "$folder: sections are $sections"
        grep -q '^hint ' "$folder/check" || failed "$folder: the check has no hints"
        [ "$(grep -c '^rule ' "$folder/check")" -eq "$(grep -c '^hint ' "$folder/check")" ] || failed "$folder: a rule without a hint"
    done
}

# Traces that were recorded on another host are graded here, without KVM.
case_recorded() {
    for trace in "$here"/traces/*-solution.rst; do
        name=$(basename "$trace" -solution.rst)
        expect 0 "$ringside" lab check --trace "$trace" "$name"
        not_said "not ok"
        said "ok 1 - "
        expect 0 "$ringside" lab hint --trace "$trace" "$name"
        said "nothing left to hint at"
        expect 1 "$ringside" lab check --trace "$here/traces/$name-starter.rst" "$name"
        said "not ok "
        said "#   hint: "
        rule=$(sed -n 's/^not ok [0-9]* - \(.*\) (.*/\1/p' "$out" | head -n 1)
        expect 0 "$ringside" lab hint --trace "$here/traces/$name-starter.rst" "$name"
        tr '\n' ' ' <"$out" | tr -s ' ' >flat
        grep -qF "Not yet: $rule" flat || failed "the hint is not about: $rule"
    done

    # The same trace gives the same bytes, cut traces are said to be cut before anything else.
    trace=$here/traces/01-first-exit-solution.rst
    expect 0 "$ringside" lab check --trace "$trace" 1
    cp "$out" first
    expect 0 "$ringside" lab check --lab first-exit --trace "$trace"
    cmp -s first "$out" || failed "two gradings of one trace differ"
    head -c -100 "$trace" >cut.rst
    expect 1 "$ringside" lab check --trace cut.rst 01
    sed -n 2p "$out" | grep -q '^# the trace is not whole: ' || failed "the cut is not said first"
    said "ok 2 - "
    said "not ok 4 - "
    said "the trace breaks off"
    echo nonsense >no.rst
    expect 126 "$ringside" lab check --trace no.rst 01
    complained "lab check: no.rst: "
    expect 126 "$ringside" lab check --trace none.rst 01
    complained "none.rst: open: No such file"
}

case_list() {
    expect 0 "$ringside" lab list
    for folder in "$RINGSIDE_LABS"/[0-9]*; do
        said "$(basename "$folder")"
        said "$(sed -n 's/^title *= *//p' "$folder/lab.conf")"
    done
    sum=$(sed -n 's/^points //p' "$RINGSIDE_LABS/01-first-exit/check" | awk '{ n += $1 } END { print n }')
    grep -qE "^01-first-exit +$sum +The first exit\$" "$out" || failed "the points of lab 01 are not $sum"
    RINGSIDE_LABS=$work/nowhere
    expect 126 "$ringside" lab list
    complained "nowhere: no such folder"
    mkdir empty
    RINGSIDE_LABS=$work/empty
    expect 0 "$ringside" lab list
    unset RINGSIDE_LABS
    expect 0 "$ringside" lab list
    said "01-first-exit"
}

case_new() {
    expect 0 "$ringside" lab new 01
    said "made  lab.S"
    cmp -s 01-first-exit/lab.S "$RINGSIDE_LABS/01-first-exit/starter.S" || failed "lab.S is not the starter"
    cmp -s 01-first-exit/README.md "$RINGSIDE_LABS/01-first-exit/README.md" || failed "README.md differs"
    [ ! -e 01-first-exit/solution.S ] || failed "the solution was given away"

    echo mine >01-first-exit/lab.S
    rm 01-first-exit/README.md
    expect 0 "$ringside" lab new first-exit
    said "kept  lab.S"
    said "made  README.md"
    [ "$(cat 01-first-exit/lab.S)" = mine ] || failed "the student's work was overwritten"
    expect 126 "$ringside" lab new 08-long-mode 01-first-exit
    complained "belongs to lab 01-first-exit: nothing was changed"
    [ "$(cat 01-first-exit/lab.S)" = mine ] || failed "the student's work was overwritten"

    # Names are names: of a folder with spaces and signs that a shell would take for its own, and of labs that are none.
    odd='a b;$(touch evil)"'
    expect 0 "$ringside" lab new 8 "$odd"
    [ -s "$odd/lab.S" ] || failed "no lab in a folder with an odd name"
    expect 126 "$ringside" lab new 01-frist-exit
    complained "did you mean 01-first-exit?"
    expect 126 "$ringside" lab new ../01-first-exit
    complained "there is no lab"
    expect 126 "$ringside" lab new 01 nowhere/deep
    complained "nowhere/deep: No such file"
    : >file
    expect 126 "$ringside" lab new 01 file
    complained "Not a directory"
    [ ! -e evil ] || failed "a file name was executed"
}

case_usage() {
    for words in "lab --help" "lab list --help" "lab new --help" "lab check --help" "lab hint --help"; do
        # shellcheck disable=SC2086
        expect 0 "$ringside" $words
        said "usage: ringside lab"
    done
    expect 126 "$ringside" lab
    complained "list, new, check or hint"
    expect 126 "$ringside" lab chekc
    complained "try ringside lab check"
    expect 126 "$ringside" lab new
    complained "usage: ringside lab new"
    expect 126 "$ringside" lab check
    complained "has no lab.conf, so no lab was started there"
    expect 126 "$ringside" lab check --trace
    complained "--trace needs a value"
    expect 126 "$ringside" lab check "$RINGSIDE_LABS/01-first-exit"
    complained "makes a folder of your own"
    expect 126 "$ringside" lab check --lab 99 .
    complained 'there is no lab "99"'
}

# Without KVM the answer is 127 and says why; what was left by an earlier run is not taken for an answer.
case_no_kvm() {
    make_lab 01-none 'rule it ends' 'end status == halted'
    echo 'run = --kvm /nonexistent/kvm' >>labs/01-none/lab.conf
    expect 0 "$ringside" lab new 1 mine
    cp "$here/traces/01-first-exit-solution.rst" mine/lab.rst
    expect 127 "$ringside" lab check mine
    complained_run
    [ ! -e mine/lab.rst ] || failed "the old trace is still there"
    expect 127 "$ringside" lab hint mine
    complained_run
}

# Two lines: of the run, and of the check.
complained_run() {
    grep -q '^ringside: .*/nonexistent/kvm' "$err" || failed "the run does not say what is missing"
    grep -q '^ringside: lab [a-z]*: there was no run' "$err" || failed "the check does not say that there was no run"
    not_said "ok 1"
}

# What cannot be built, or read, ends with 126 and one line.
case_build() {
    make_lab 01-it 'rule it ends' 'end status == halted'
    expect 0 "$ringside" lab new 1 mine
    echo '        movv $1, %ax' >>mine/lab.S
    expect 126 "$ringside" lab check mine
    complained "mine/lab.S does not build: gcc ended with status 1"
    grep -q 'lab.S:5: Error' "$err" || failed "gcc's own words are missing"
    not_said "ok 1"
    expect 126 "$ringside" lab hint mine
    rm mine/lab.S
    expect 126 "$ringside" lab check mine
    complained "mine/lab.S: No such file"
    mkdir bin
    cp labs/01-it/starter.S mine/lab.S
    expect 126 env PATH="$work/bin" "$ringside" lab check mine
    complained "gcc is not installed"

    echo 'tilte = x' >labs/01-it/lab.conf
    expect 126 "$ringside" lab check mine
    complained 'lab.conf: line 1: unknown key "tilte"; did you mean title?'
    printf 'title = x\nsource = -o/etc/passwd.S\n' >labs/01-it/lab.conf
    expect 126 "$ringside" lab check mine
    complained 'line 2: "-o/etc/passwd.S" is no plain file name'
    echo 'title = x' >labs/01-it/lab.conf
    expect 126 "$ringside" lab list
    complained 'source is missing'
    printf 'title = x\nsource = lab.S\n' >labs/01-it/lab.conf
    printf 'rule it\nsmoe exit\n' >labs/01-it/check
    expect 126 "$ringside" lab check mine
    complained 'check: line 2, column 1: no line begins with "smoe"; did you mean some?'
}

# Guests that try their luck: grades come from the trace alone.
case_guests() {
    need_kvm
    make_lab 01-it 'rule it halts' 'end status == halted' 'rule it waits' 'points 2' 'hint Think!' 'first exit : kind == hlt'
    expect 0 "$ringside" lab new 1 'my $(touch evil) lab'
    expect 0 "$ringside" lab check 'my $(touch evil) lab'
    said "# 3 of 3 points"
    [ -s 'my $(touch evil) lab/lab.rst' ] || failed "no trace was left"
    [ ! -e evil ] || failed "a file name was executed"
    (cd 'my $(touch evil) lab' && "$ringside" lab check) >"$out" 2>"$err" || failed "a check in the folder itself"

    # One that prints a grade, and control characters.
    expect 0 "$ringside" lab new 1 liar
    cat >liar/lab.S <<'END'
        .code16
        .global _start
_start: cli
        xor     %ax, %ax
        mov     %ax, %ds
        mov     $text, %si
1:      lodsb
        test    %al, %al
        jz      2f
        out     %al, $0xe9
        jmp     1b
2:      hlt
text:   .asciz  "\nok 1 - it halts\nok 2 - it waits\33[2J\n"
END
    expect 1 "$ringside" lab check liar
    [ "$(grep -c '^ok ' "$out")" -eq 1 ] || failed "the guest wrote a grade"
    [ "$(first_failure)" -eq 2 ] || failed "rule 2 is not the first that failed"
    said "# | ok 2 - it waits?[2J"
    said "#   hint: Think!"
    expect 0 "$ringside" lab hint liar
    said "Think!"

    # Statuses that look like `no KVM` and `usage`: debug-exit codes 63 and, by hand, a run that is over at once.
    expect 0 "$ringside" lab new 1 status
    printf '        .code16\n        .global _start\n_start: mov $63, %%eax\n        out %%eax, $0xf4\n        hlt\n' >status/lab.S
    expect 1 "$ringside" lab check status
    said "exit_code 127"

    # One that never ends runs into the budget.
    echo 'run = --timeout 1' >>labs/01-it/lab.conf
    expect 0 "$ringside" lab new 1 loop
    printf '        .code16\n        .global _start\n_start: jmp _start\n' >loop/lab.S
    expect 1 "$ringside" lab check loop
    said "status budget, exit_code 124"

    # ELF images, further files, and a linker script of the lab's.
    make_lab 02-elf 'rule it writes' 'text uart.THR "42"'
    printf 'title = t\nsource = lab.c\nwith = start.S\nbuild = elf\nscript = lab.ld\n' >labs/02-elf/lab.conf
    printf '        .code32\n        .global _start\n_start: mov $0x80000, %%esp\n        call start\n        cli\n1:      hlt\n        jmp 1b\n' >labs/02-elf/start.S
    printf 'ENTRY(_start)\nSECTIONS { . = 0x100000; .text : { *(.text*) *(.rodata*) *(.data*) *(.bss*) } }\n' >labs/02-elf/lab.ld
    printf '__asm__(".code32\\n.globl start\\nstart: mov $0x3f8, %%edx\\n mov $0x34, %%al\\n out %%al, %%dx\\n mov $0x32, %%al\\n out %%al, %%dx\\n ret\\n.code64");\n' >labs/02-elf/starter.c
    echo 'run = --format elf' >>labs/02-elf/lab.conf
    expect 0 "$ringside" lab new 2 elf
    said "made  start.S"
    expect 0 "$ringside" lab check elf
}

# The starter fails with the name of a rule and its evidence; the solution fulfils every rule, twice with the same events.
case_proof() {
    need_kvm
    expect 0 "$ringside" lab new "$lab" starter
    expect 1 "$ringside" lab check starter
    [ "$(first_failure)" -gt 0 ] || failed "no rule is named"
    grep -q '^ok ' "$out" || failed "the starter fulfils no rule at all: it should show how that looks"
    said "#   hint: "
    source=$(sed -n 's/^source *= *//p' "$RINGSIDE_LABS/$lab/lab.conf")
    expect 0 "$ringside" lab new "$lab" solution
    cp "$RINGSIDE_LABS/$lab/solution.${source##*.}" "solution/$source"
    expect 0 "$ringside" lab check solution
    not_said "not ok"
    cp "$out" first
    expect 0 "$ringside" lab check solution
    cmp -s first "$out" || failed "two checks of one program differ"
    expect 0 "$ringside" lab check --trace solution/lab.rst "$lab"
    not_said "not ok"
}

"case_$case"
if [ "$failures" -ne 0 ]; then
    echo "$case $lab: $failures failed"
    exit 1
fi
echo "$case $lab: passed"
