#!/bin/sh
# Help and version: every command and subcommand has its page, and every option that the program's tables parse is on
# the page of a command that takes it.
. "$(dirname "$0")/lib.sh"

helped() {
    [ "$status" -eq 0 ] && [ ! -s err ] && head -n 1 out | grep -q '^usage: ringside' || return 1
}

# Names in the first column of the indented table on stdout.
first_words() {
    sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' out | grep -vx ringside
}

try "$ringside" --help
check 'ringside --help' grep -q '^usage: ringside COMMAND' out
commands=$(first_words)
check 'it lists commands' [ "$(echo "$commands" | wc -l)" -ge 4 ]
cp out main.help
for word in -h help; do
    try "$ringside" "$word"
    check "ringside $word" cmp -s out main.help
done

: >pages
for command in $commands; do
    try "$ringside" "$command" --help
    check "ringside $command --help" helped
    cat out >>pages
    try "$ringside" "$command" -h
    check "ringside $command -h" helped
    if grep -q SUBCOMMAND out; then
        for sub in $(first_words); do
            try "$ringside" "$command" "$sub" --help
            check "ringside $command $sub --help" helped
            cat out >>pages
            check "its page names its FILE or word" grep -q "^usage: ringside $command $sub" out
        done
    fi
    check "no line about an option of $command is wider than 100" [ "$(awk '/^ / && length($0) > 100' out | wc -l)" -eq 0 ]
done

# The rows of the tables in the sources: {"--name", ...
status=0
for option in $(sed -n 's/.*{"\(-[-a-z]*\)", .*/\1/p' "$top"/src/*.c | sort -u); do
    check "$option is in some help" grep -qE -e "^  $option( |\$)" pages
done
try "$ringside" run --help
for option in $(sed -n '/vm_option_rows\[\]/,/^};/s/.*{"\(-[-a-z]*\)", .*/\1/p' "$top/src/vm_options.c"); do
    check "$option is in ringside run --help" grep -qE -e "^  $option( |\$)" out
done

try "$ringside" --version
check 'ringside --version' grep -qxE 'ringside [0-9]+\.[0-9]+\.[0-9]+' out
check 'its status' ended_with 0
try "$ringside" run --help --no-such-option
check 'help first, errors never' helped
cli_done
