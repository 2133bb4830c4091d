#!/bin/sh
# tests/summary-selftest.sh: does summary.sh count what a ctest run said? The words below are ctest's.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d "${TMPDIR:-/tmp}/ringside-summary.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT

cat >"$work/output" <<'END'
        Start   1: unit-a
  1/6 Test   #1: unit-a ...........................   Passed    0.05 sec
  2/6 Test #132: step-table-pae ...................***Skipped   0.05 sec
  3/6 Test  #86: silent ...........................***Skipped   0.01 sec
  4/6 Test   #7: bench ............................***Failed    0.02 sec
  5/6 Test   #8: hangs ............................***Timeout 240.01 sec
210: ok 1 - guest-hello16 (1.2 s)
210: ok 2 - step-modes5 (0.9 s) # SKIP this host's KVM cannot: la57
210: not ok 3 - case-a20 (0.9 s)
210: 1 passed, 1 failed, 1 skipped
211: 10 passed, 0 failed, 0 skipped
  6/6 Test #210: hwhost-guests ....................***Failed  100.01 sec
[HANDLER_OUTPUT]
7/9 Test #211: hwhost-debugger ..................
   Passed  325.92 sec
8/9 Test #212: hwhost-other .....................
***Failed  325.92 sec
9/9 Test #213: silent ...........................
***Skipped   0.01 sec
END
cat >"$work/log" <<'END'
Start testing: Nov 25 23:17 UTC
----------------------------------------------------------
1/6 Testing: unit-a
1/6 Test: unit-a
Output:
----------------------------------------------------------
words of one that passed
<end of output>
132/6 Testing: step-table-pae
132/6 Test: step-table-pae
Command: "step_table" "-m" "pae"
Output:
----------------------------------------------------------
0 passed, 0 failed, 93 skipped
skipped: this host cannot: pae

<end of output>
Test time =   0.05 sec
86/6 Test: silent
Command: "silent"
Output:
----------------------------------------------------------
<end of output>
END
cat >"$work/wanted" <<'END'
2 passed, 4 failed, 3 skipped on this host
  skipped: step-table-pae: this host cannot: pae
  skipped: silent: no reason given
  skipped: silent: no reason given
11 passed, 1 failed, 1 skipped in the box
  skipped in the box: step-modes5: this host's KVM cannot: la57
END
"$here/summary.sh" "$work/output" "$work/log" 'on this host' >"$work/got" || exit 1
diff -u "$work/wanted" "$work/got"
