// msr: the CPU's own control registers, by number.
//
// What it shows
//   Beside the registers a program computes with, a CPU has hundreds of model-specific registers (MSRs): 64
//   bits each, chosen by a number in ECX, read by RDMSR and written by WRMSR from and to EDX:EAX. They hold
//   modes, clocks, addresses of handlers. A number that does not exist, or a value with a reserved bit, is a
//   general protection fault. This guest expects that: it knows the addresses of its own RDMSR and WRMSR, and
//   its #GP handler goes on at the place where failures go. Linux reads MSRs in the same way, through a table
//   of such addresses.
//
// Predict before you run it
//   1. The guest runs in 64-bit mode. Which of LME (bit 8) and LMA (bit 10) of EFER are set? Who set them?
//   2. NXE (bit 11) is switched on by WRMSR. Does that leave the guest?
//   3. The time stamp counter (TSC) is read twice. Can the second value be smaller?
//   4. What does an RDMSR of 0x00bad000 do, a number that nobody uses? And clearing LME while paging is on?
//
// Exits you will see
//   out, in    the serial port
//   rdmsr      one: 0x00bad000, of which KVM knows nothing. It asks Ringside, and the answer is #GP.
//   hlt        the end (status 0)
//   All the other MSRs KVM handles itself: a VMM sees them only if it asks for their exits by a filter. What
//   APIC_BASE reads depends on the host: with --irqchip user KVM plays no APIC, and it is only a number.
//
// Try   read IA32_LSTAR (0xc0000082), where SYSCALL goes. Write a non-canonical address to it: 1 << 63.
// Manual: Intel SDM volume 4, "Model-Specific Registers (MSRs)"; volume 3, "Extended Feature Enable
// Register".
#include "lib/console.h"
#include "lib/trap.h"

enum {
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
    MSR_PAT = 0x277,
    MSR_BAD = 0x00bad000,

    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
    VECTOR_GENERAL_PROTECTION = 13,
};
#define MSR_EFER 0xc0000080u // too large for an enum, which is an int

// Reads or writes an MSR. Returns 0, or -1 if the CPU answered with #GP.
int msr_read(uint32_t msr, uint64_t *value);
int msr_write(uint32_t msr, uint64_t value);

__asm__(".text\n"
        "msr_read:\n" // EDI: the MSR; RSI: where the value goes
        "    mov   %edi, %ecx\n"
        "msr_read_instruction:\n"
        "    rdmsr\n"
        "    mov   %eax, (%rsi)\n" // two halves, a habit from the days before 64-bit registers
        "    mov   %edx, 4(%rsi)\n"
        "    xor   %eax, %eax\n"
        "    ret\n"
        "msr_write:\n" // EDI: the MSR; RSI: the value
        "    mov   %edi, %ecx\n"
        "    mov   %esi, %eax\n"
        "    mov   %rsi, %rdx\n"
        "    shr   $32, %rdx\n"
        "msr_write_instruction:\n"
        "    wrmsr\n"
        "    xor   %eax, %eax\n"
        "    ret\n"
        "msr_failed:\n"
        "    mov   $-1, %eax\n"
        "    ret\n");

extern const uint8_t msr_read_instruction[], msr_write_instruction[], msr_failed[];

void trap_handle(struct trap_frame *frame)
{
    int expected =
        frame->vector == VECTOR_GENERAL_PROTECTION &&
        (frame->rip == (uint64_t)msr_read_instruction || frame->rip == (uint64_t)msr_write_instruction);

    if (!expected) {
        console_text("UNEXPECTED vector ");
        console_hex(frame->vector, 2);
        console_text("\n");
        __asm__ volatile("cli; hlt");
    }
    frame->rip = (uint64_t)msr_failed;
}

static void efer_print(const char *when)
{
    uint64_t efer = 0;

    if (msr_read(MSR_EFER, &efer) != 0)
        console_text("#GP? ");
    console_text(when);
    console_text(efer & EFER_LME ? "LME=1" : "LME=0");
    console_text(efer & EFER_LMA ? " LMA=1" : " LMA=0");
    console_text(efer & EFER_NXE ? " NXE=1\n" : " NXE=0\n");
}

static void efer_lesson(void)
{
    uint64_t efer = 0;

    efer_print("EFER: ");
    if (msr_read(MSR_EFER, &efer) == 0 && msr_write(MSR_EFER, efer | EFER_NXE) == 0)
        efer_print("EFER with NXE written: ");
    if (msr_write(MSR_EFER, efer & ~(uint64_t)EFER_LME) != 0)
        console_text("EFER without LME: #GP, not while paging is on\n");
}

// The page attribute table: eight bytes, each a kind of caching that a page table entry can choose by number.
static void pat_lesson(void)
{
    uint64_t pat = 0;

    if (msr_read(MSR_PAT, &pat) != 0)
        return;
    console_text("PAT: ");
    console_hex(pat, 16);
    console_text("\n");
    pat = (pat & ~((uint64_t)0xff << 32)) | (uint64_t)1 << 32; // entry 4 becomes 1: write-combining
    if (msr_write(MSR_PAT, pat) == 0 && msr_read(MSR_PAT, &pat) == 0) {
        console_text("PAT with another entry 4: ");
        console_hex(pat, 16);
        console_text("\n");
    }
}

static void tsc_lesson(void)
{
    uint64_t before = 0, after = 0;

    if (msr_read(MSR_TSC, &before) == 0 && msr_read(MSR_TSC, &after) == 0)
        console_text(after > before ? "TSC: it runs\n" : "TSC: it STANDS STILL\n");
}

void guest_main(void);

void guest_main(void)
{
    uint64_t value = 0;

    console_init();
    trap_init();
    console_text("msr: registers by number\n");
    efer_lesson();
    pat_lesson();
    tsc_lesson();

    console_text("APIC_BASE: ");
    if (msr_read(MSR_APIC_BASE, &value) == 0)
        console_hex(value, 16);
    else
        console_text("#GP, there is no APIC");
    console_text("\n");

    console_text("MSR 0x00bad000: ");
    console_text(msr_read(MSR_BAD, &value) == 0 ? "it could be READ\n" : "#GP, there is none\n");
}
