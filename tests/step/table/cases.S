# The cases of step_table: small programs, and behind each instruction what one step over it must change.
#
#   CASE "name", modes      the code follows; END closes it
#   INIT rcx=3              what differs from the usual start (layout.h); NEED "sse": a row of the host probe
#   mov $1, %eax;  S rax=1  one step over the MOV: RIP is behind it, RAX is 1, and nothing else has changed
#   S at=G(1f)              the step ends at the label 1
#   TRAP 6, G(1b)           the step ends in the handler of vector 6, whose frame names the label 1
#   RETURNED G(1f)          an IRET went back to the label 1, and undid what TRAP did
#
# Behind the last S a program runs on to its end, which is a HLT (at CPL 3: the handler of its #GP).  What all modes can run
# is assembled three times, for 16, 32 and 64 bits: W says for which.  (Intel SDM, "Instruction Set Reference".)
    .pushsection .rodata.step_table, "a"
    .globl step_table
step_table:
    .popsection
    .pushsection .rodata.step_names, "a"
    .globl step_names
step_names:
    .popsection
    .section .rodata.step_code, "a"
    .globl step_code
step_code:
#include "table.inc"

#define W 16
#include "widths.inc"
    .code16
#include "cases_basic.inc"
#include "cases_flags.inc"
#include "cases_trapflag.inc"
#include "cases_traps.inc"
#include "cases_access.inc"
#undef W
#define W 32
#include "widths.inc"
    .code32
#include "cases_basic.inc"
#include "cases_flags.inc"
#include "cases_trapflag.inc"
#include "cases_traps.inc"
#include "cases_access.inc"
#undef W
#define W 64
#include "widths.inc"
    .code64
#include "cases_basic.inc"
#include "cases_flags.inc"
#include "cases_trapflag.inc"
#include "cases_traps.inc"
#include "cases_access.inc"
#undef W
#include "cases_modes.inc"

    .pushsection .rodata.step_table
    .quad 0
    .popsection
    .section .note.GNU-stack, "", @progbits
