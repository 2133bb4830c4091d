# tests/cli/lib.sh: what the scripts of this folder share.  They are called as
#
#   SCRIPT RINGSIDE BUILD
#
# with the program and the build folder (for guests and test guests), and print a line a check. Each check is about
# what a user at a prompt sees: exit status, stdout, stderr.
set -u

ringside=$(realpath "$1")
build=$(realpath "$2")
[ -x "$ringside" ] || exit 2
here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
guests=$build/guests
hello=$guests/hello16.bin
test_guests=$build/tests/guest/images
failed=0
number=0
limit_s=60

work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-cli.XXXXXX") || exit 70
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 70

# The tests of errors need no KVM, but those of runs do.
need_kvm() {
    "$ringside" run --timeout 10 "$hello" </dev/null >/dev/null 2>"$work/kvm"
    if [ $? -eq 127 ]; then
        cat "$work/kvm"
        exit 77
    fi
}

# Runs a command: $status, and its output in out and err. Nothing may hang.
try() {
    timeout -s KILL "$limit_s" "$@" <"${input:-/dev/null}" >out 2>err
    status=$?
}

# check NAME COMMAND...: one check of what the last try left.
check() {
    check_name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        return 0
    fi
    failed=$((failed + 1))
    echo "not ok $number - $check_name"
    echo "    exit status $status"
    head -n 10 out | cut -c 1-200 | sed 's/^/    stdout: /'
    head -n 10 err | cut -c 1-200 | sed 's/^/    stderr: /'
}

# The status is one of those in $1, patterns of the shell's with | between them. (This and the next are asked some thousand
# times, so they start no process.)
ended_with() {
    wanted=$1
    while [ -n "$wanted" ]; do
        # shellcheck disable=SC2254 # a pattern
        case $status in
            ${wanted%%|*}) return 0 ;;
        esac
        case $wanted in
            *'|'*) wanted=${wanted#*|} ;;
            *) wanted= ;;
        esac
    done
    return 1
}

said() {
    grep -qE -e "$1" err
}

one_line() {
    {
        IFS= read -r first && ! IFS= read -r more && [ -z "$more" ]
    } <err || return 1
    case $first in
        'ringside: '*) return 0 ;;
    esac
    return 1
}

# refused STATUS REGEX WORD...: ringside WORD... must end with that status and one line on stderr that matches.
refused() {
    want=$1
    regex=$2
    shift 2
    try "$ringside" "$@"
    check "status of: $*" ended_with "$want"
    check "one line for: $*" one_line
    check "its words for: $* (expected: $regex)" said "$regex"
}

# Ended by itself, not by a signal: a shell says 128 + its number, and sanitizers have no other status either.
not_crashed() {
    case $status in
        132 | 133 | 134 | 135 | 136 | 137 | 139 | 152 | 153) return 1 ;;
    esac
    [ ! -s err ] || ! grep -qE 'runtime error|AddressSanitizer|LeakSanitizer' err
}

cli_done() {
    echo "$number checks, $failed failed"
    [ "$failed" -eq 0 ]
}
