#!/bin/sh
# `ringside explain`: the book has a page for everything that its table of contents lists, and for registers, bits,
# table entries and MSRs by name, by part and by number.
. "$(dirname "$0")/lib.sh"

# explained REGEX WORD: status 0, nothing on stderr, and a line of stdout that matches.
explained() {
    try "$ringside" explain "$2"
    check "explain $2" ended_with 0
    check "explain $2 is silent on stderr" [ ! -s err ]
    check "explain $2 says $1" grep -qE -e "$1" out
}

explained '^CR0: the operating mode' cr0
explained '^  16 +WP  write protect: 1 = ' cr0
explained '^Source: Intel SDM, "Control Registers"$' CR0
explained '^CR0\.WP, bit 16: write protect$' cr0.wp
explained '^CR0\.WP, bit 16: write protect$' WP
explained '^  0  rings 0 to 2 may write to read-only pages$' cr0.wp
explained '^CR4\.SMEP, bit 20: ' cr4.smep
explained '^RFLAGS: ' rflags
explained '^RFLAGS\.IOPL, bits 13-12: ' eflags.iopl
explained '^  9 +IF +interrupt enable: 1 = interrupts are taken$' flags
explained '^PTE: page-table entry' pte
explained '^  63 +XD +execute disable' pte
explained '^EFER: MSR 0xc0000080' efer
explained '^DESCRIPTOR: ' descriptor
explained '^GATE64: ' gate
explained '^PFEC: ' '#pf'
explained '^STAR: MSR 0xc0000081: ' 0xc0000081
explained '^LSTAR: MSR 0xc0000082: ' ia32_lstar
explained '^CR3\.PCD is a bit of CR3 .*: ringside explain CR3\.PCD$' pcd
explained '^hlt ' hlt
explained '^uart: ' 0x3f8

try "$ringside" explain efer
check 'EFER is explained once' [ "$(grep -c '^EFER:' out)" -eq 1 ]

refused 126 'nothing about "cr0\.xx"' explain cr0.xx
refused 126 'nothing about "cr0\."' explain cr0.
refused 126 'nothing about "rflagz": try ringside explain RFLAGS' explain rflagz
refused 126 'nothing about "lstarr": try ringside explain LSTAR' explain lstarr

# The words of the table of contents, each of which must have a page.
try "$ringside" explain
check 'the table of contents' ended_with 0
check 'no line wider than 100' [ "$(awk 'length($0) > 100' out | wc -l)" -eq 0 ]
sed -n 's/^  \([^ ]*\)  .*/\1/p' out >words
check 'it lists many words' [ "$(wc -l <words)" -ge 60 ]
while read -r word; do
    try "$ringside" explain "$word"
    check "explain $word, which is in the contents" ended_with 0
    check "explain $word is narrow" [ "$(awk 'length($0) > 100' out | wc -l)" -eq 0 ]
done <words
cli_done
