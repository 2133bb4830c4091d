"""What the checks of this folder share: running the two programs, and counting checks. Called as
check_WHAT.py RINGSIDE MAKE_TRACE in an empty folder."""

import os
import subprocess
import sys

RINGSIDE, MAKE = sys.argv[1:3]
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GALLERY = os.path.join(TOP, "traces", "gallery", "boot64.rst")
counts = {"checks": 0, "failed": 0}


def check(what, holds):
    counts["checks"] += 1
    if not holds:
        counts["failed"] += 1
        print("not ok %d - %s" % (counts["checks"], what))
    return holds


def done():
    print("%(checks)d checks, %(failed)d failed" % counts)
    sys.exit(1 if counts["failed"] or not counts["checks"] else 0)


def run(*words, **options):
    return subprocess.run([RINGSIDE, "trace", *words], stdin=subprocess.DEVNULL, stdout=options.get("out", subprocess.PIPE),
                          stderr=subprocess.PIPE, timeout=200)


def good(*words):
    """The output of a command that has to work."""
    result = run(*words)
    if not check("status of: " + " ".join(words), result.returncode == 0):
        print("    " + result.stderr.decode(errors="replace"))
    return result.stdout or b""


def refused(regex, *words, **options):
    import re

    result = run(*words, **options)
    said = result.stderr.decode(errors="replace")
    one_line = said.startswith("ringside: ") and said.count("\n") == 1
    if not check("refused in a line: " + " ".join(words), result.returncode == 126 and one_line and re.search(regex, said)):
        print("    status %d: %s" % (result.returncode, said))


def make(what, path, *more):
    subprocess.run([MAKE, what, path, *more], check=True)
