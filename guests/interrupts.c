// interrupts: five ways into a handler, and what the CPU leaves there.
//
// What it shows
//   An exception is the CPU's answer to an instruction it cannot finish; INT n is an instruction that asks
//   for a handler by number. Both take the same road: the CPU looks up the vector in the IDT (lib/trap.c
//   builds it), pushes SS, RSP, RFLAGS, CS, RIP and for some vectors an error code (lib/trap.S makes the
//   stack look the same for all), and jumps. What differs is the RIP it pushes:
//     - a fault (#DE, #UD, #GP) pushes the address of the instruction itself, so that the handler can mend
//       the cause and try again. A handler that mends nothing must move RIP on, or it will be back at once;
//     - a trap (INT3, INT n) pushes the address of the next instruction: the work is done.
//
// Predict before you run it
//   1. Each line prints RIP as "the instruction + so many bytes". Which of the five will be + 0?
//   2. INT3 is one byte long (cc), INT n two (cd, n). Why should vector 3 have a short form of its own?
//   3. One of the five pushes an error code. What number is in it?
//   4. How many VM exits does an exception cost?
//
// Exits you will see
//   out, in    the serial port
//   assist     on a software-backed KVM only: it cannot execute INT3 and INT n in this mode, so Ringside does
//              their work and re-enters the guest. On VT-x and AMD-V there is no trace of them at all.
//   hlt        the end (status 0)
//   The exceptions cost no exit on any host. The CPU delivers them to the guest by itself.
//
// Try   take the line out of trap_handle that moves RIP, and see what a fault without mending looks like (use
//       --max-exits 2000). Then let #UD's handler overwrite UD2 with two NOPs (0x90) instead: mended, truly.
// Manual: Intel SDM volume 3, "Exception Classifications" and "Exception and Interrupt Vectors".
#include "lib/console.h"
#include "lib/trap.h"

// The five culprits. They are assembly so that each has a label in front and a label behind: the handler
// compares RIP with the first and goes on at the second.
void cause_divide_error(void);
void cause_breakpoint(void);
void cause_invalid_opcode(void);
void cause_general_protection(void);
void cause_software_interrupt(void);

__asm__(".text\n"
        "cause_divide_error:\n"
        "    mov   $1, %eax\n"
        "    xor   %edx, %edx\n"
        "    xor   %ecx, %ecx\n"
        "divide:\n"
        "    div   %ecx\n" // EDX:EAX / ECX = 1 / 0
        "divide_end:\n"
        "    ret\n"
        "cause_breakpoint:\n"
        "    int3\n"
        "breakpoint_end:\n"
        "    ret\n"
        "cause_invalid_opcode:\n"
        "    ud2\n"
        "invalid_end:\n"
        "    ret\n"
        "cause_general_protection:\n"
        "    mov   $0x28, %eax\n" // the sixth descriptor of a GDT that has three
        "protection:\n"
        "    mov   %eax, %es\n"
        "protection_end:\n"
        "    ret\n"
        "cause_software_interrupt:\n"
        "    int   $0x40\n"
        "software_end:\n"
        "    ret\n");

extern const uint8_t divide[], divide_end[], breakpoint_end[], invalid_end[], protection[], protection_end[];
extern const uint8_t software_end[];

struct cause {
    void (*trigger)(void);
    const uint8_t *start; // the instruction that enters the handler
    const uint8_t *end;   // the one after it
    uint64_t vector;
    const char *name;
};

static const struct cause causes[] = {
    {cause_divide_error, divide, divide_end, 0, "#DE, divide error"},
    {cause_breakpoint, (const uint8_t *)cause_breakpoint, breakpoint_end, 3, "#BP, breakpoint"},
    {cause_invalid_opcode, (const uint8_t *)cause_invalid_opcode, invalid_end, 6, "#UD, invalid opcode"},
    {cause_general_protection, protection, protection_end, 13, "#GP, general protection"},
    {cause_software_interrupt, (const uint8_t *)cause_software_interrupt, software_end, 0x40, "INT 0x40"},
};

static const struct cause *current;

void trap_handle(struct trap_frame *frame)
{
    uint64_t offset = frame->rip - (uint64_t)current->start;

    console_text(frame->vector == current->vector ? "  vector " : "  UNEXPECTED vector ");
    console_hex(frame->vector, 2);
    console_text(", error code ");
    console_hex(frame->error_code, 4);
    console_text(", rip = the instruction + ");
    console_decimal((unsigned)offset);
    console_text(offset == 0 ? ": a fault\n" : ": a trap\n");

    frame->rip = (uint64_t)current->end; // for a trap it is there already
}

void guest_main(void);

void guest_main(void)
{
    console_init();
    console_text("interrupts: five ways into a handler\n");
    trap_init();

    for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
        current = &causes[i];
        console_text(current->name);
        console_text("\n");
        current->trigger();
    }
    console_text("back from all of them\n");
}
