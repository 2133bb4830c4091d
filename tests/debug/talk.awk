# talk.awk: the two halves of a test by talk.
#
#   awk -v cut=N -f talk.awk FILE.talk          the commands of session N, each behind a mark
#   awk -v judge=N -v answers=OUT -f talk.awk FILE.talk     compares what came of them
#
# The format is told in README.md beside this file.

function blank_trim(s) { sub(/[ \t\r]+$/, "", s); return s }

# Does `line` look like `want`, in which "..." stands for any text?
function alike(line, want,    n, part, i, at, first) {
    n = split_dots(want, part)
    if (n == 1)
        return line == want
    if (substr(line, 1, length(part[1])) != part[1])
        return 0
    line = substr(line, length(part[1]) + 1)
    for (i = 2; i < n; i++) {
        at = index(line, part[i])
        if (!at)
            return 0
        line = substr(line, at + length(part[i]))
    }
    return length(line) >= length(part[n]) && substr(line, length(line) - length(part[n]) + 1) == part[n]
}

# Cuts at each "..."; split() would take a regular expression.
function split_dots(s, part,    n, at) {
    n = 0
    while ((at = index(s, "..."))) {
        part[++n] = substr(s, 1, at - 1)
        s = substr(s, at + 3)
    }
    part[++n] = s
    return n
}

# Do the lines got[g..] answer want[w..]? A line "..." stands for any number of lines.
function answers_fit(g, w,    i) {
    for (; w <= wants; w++) {
        if (want[w] == "...") {
            for (i = g; i <= gots + 1; i++)
                if (answers_fit(i, w + 1))
                    return 1
            return 0
        }
        if (g > gots || !alike(got[g], want[w]))
            return 0
        g++
    }
    return g > gots
}

# The answers up to the next mark.
function answers_take(    line) {
    gots = 0
    while ((getline line < answers) > 0) {
        line = blank_trim(line)
        if (line == "@@@@")
            break
        got[++gots] = line
    }
    while (gots && got[gots] == "")
        gots--
}

function command_judge(    i) {
    if (!asked)
        return
    while (wants && want[wants] == "")
        wants--
    answers_take()
    if (!answers_fit(1, 1)) {
        bad++
        printf "%s:%d: ringside> %s\n", FILENAME, asked, command
        for (i = 1; i <= wants; i++)
            print "    wanted: " want[i]
        for (i = 1; i <= gots; i++)
            print "    got:    " got[i]
    }
    asked = wants = 0
}

function session_end() {
    if (judge && session == judge) {
        command_judge()
        answers_take()
        if (gots) {
            bad++
            print FILENAME ": session " judge ": more than was asked for: " got[1]
        }
    }
}

/^% / { session_end(); session++; next }
/^## / || $0 == "##" { next }
session != cut + judge { next }
/^ringside> / {
    said = substr($0, 11)
    if (cut) {
        while ((at = index(said, "$folder")))
            said = substr(said, 1, at - 1) folder substr(said, at + 7)
        print "echo @@@@"
        print said
        next
    }
    if (!asked)
        answers_take() # what came before the first mark
    if (!asked && gots)
        print FILENAME ": before the first command: " got[1]
    command_judge()
    asked = NR
    command = said
    next
}
{ want[++wants] = blank_trim($0) }
END { session_end(); exit bad > 0 }
