#!/bin/sh
# tests/summary.sh OUTPUT LOG WHERE: the closing line of a ctest run, and a line for each test that was skipped, with the
# reason. OUTPUT is what ctest printed, LOG its Testing/Temporary/LastTest.log, which has the words of each test: the last
# line of one that was skipped is why. The tests in a box of tests/hwhost are counted by themselves.
set -u
[ $# -eq 3 ] || { sed -n '2s/^# //p' "$0" >&2; exit 64; }

awk -v where="$3" '
    FNR == 1 { file++ }
    { sub(/\r$/, "") }
    # ctest:  12/300 Test  #12: name ......***Skipped   0.05 sec
    # With --verbose the result stands on the next line.
    file == 1 && /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: [^ ]+ \.*$/ { held = $0; next }
    held != "" { $0 = held $0; held = "" }
    file == 1 && /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
        name = $0
        sub(/^[^:]*: /, "", name)
        sub(/ .*/, "", name)
        if (/ Passed +[0-9.]+ sec$/)
            passed++
        else if (/\*\*\*Skipped/) {
            skipped++
            order[skipped] = name
            why[name] = "no reason given"
        } else
            failed++
    }
    # A line of a box: "12: ok 3 - name (1.2 s) # SKIP reason", and the sum.
    file == 1 && /^[0-9]+: ok [0-9]+ - .* # SKIP / {
        boxed++
        name = $5
        box[boxed] = name
        reason = $0
        sub(/^.* # SKIP /, "", reason)
        why_box[boxed] = reason
    }
    file == 1 && /^[0-9]+: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
        sums++
        box_passed += $2
        box_failed += $4
        box_skipped += $6
    }
    # The log: "12/300 Test: name", "Output:", a rule, the words, "<end of output>".
    file == 2 && /^[0-9]+\/[0-9]+ Test: / { test = $3; last = "" }
    file == 2 && /^<end of output>$/ {
        sub(/^skipped: /, "", last)
        if (test in why && last != "")
            why[test] = last
        test = ""
    }
    file == 2 && /^Output:$/ { last = "" }
    file == 2 && test != "" && /[^ \t-]/ && !/^Output:$/ { last = $0 }
    END {
        printf "%d passed, %d failed, %d skipped %s\n", passed, failed, skipped, where
        for (i = 1; i <= skipped; i++)
            printf "  skipped: %s: %s\n", order[i], why[order[i]]
        if (sums)
            printf "%d passed, %d failed, %d skipped in the box\n", box_passed, box_failed, box_skipped
        for (i = 1; i <= boxed; i++)
            printf "  skipped in the box: %s: %s\n", box[i], why_box[i]
    }' "$1" "$2"
