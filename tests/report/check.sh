#!/bin/sh
# check.sh WHAT RINGSIDE MAKE_TRACE: runs check_WHAT.py in a folder of its own, or says why it cannot be run.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
command -v python3 >/dev/null || { echo 'python3 is not installed'; exit 77; }
python3 -c 'import sqlite3' 2>/dev/null || { echo 'this python3 has no sqlite3'; exit 77; }
ringside=$(realpath "$2") make=$(realpath "$3")
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-report.XXXXXX") || exit 70
trap 'cd / && rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work" || exit 70
PYTHONDONTWRITEBYTECODE=1 python3 "$here/check_$1.py" "$ringside" "$make"
