// halt: the shortest guest there is: CLI, HLT.
//
// What it shows
//   HLT stops a CPU until an interrupt comes. CLI has just told the CPU to take none. The two together stop
//   it for good, and this is how all the guests here say "I have ended". Since the VMM runs guest code on a
//   real CPU it cannot let a guest stop that CPU: HLT leaves the guest, always, and the VMM decides what
//   waiting means.
//
// Predict before you run it
//   1. How many exits are there? (Not how many instructions: how many exits.)
//   2. Which exit status will the shell see?
//   3. How long does it take? Most of that is not the guest. What is it?
//
// Exits you will see
//   hlt   once: IF is 0, nothing can wake this CPU, so the guest has ended (status 0)
//
// Try   take out the CLI: nothing changes, since IF is 0 when a CPU starts. Then put STI in its place. Now an
//       interrupt could end the halt, so this is no end any more: the VMM waits for one. (Ctrl-A x gets out.)

        .text
        .code16
        .global _start
_start:
        cli
stop:   hlt
        jmp     stop                    // only an NMI gets here

        .org    510
        .word   0xaa55                  // the sign of a boot sector
