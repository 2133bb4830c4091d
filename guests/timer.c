// timer: ten ticks of the oldest clock of the PC, and a CPU that sleeps in between.
//
// What it shows
//   The programmable interval timer (PIT, an 8254) counts a 1.193182 MHz clock down from a number it was
//   given; at the end it raises IRQ 0 and starts again. The interrupt controller (PIC, lib/pic.c) turns IRQ 0
//   into vector 0x20 and the CPU enters a handler. In between the CPU has nothing to do: it sleeps in HLT,
//   until the next interrupt. A tick is then a round trip through four parts: PIT, PIC, CPU, handler; and the
//   handler must tell the PIC when it is done (EOI), or there will be no second tick.
//
// Predict before you run it
//   1. Which number must be written to the PIT for 100 ticks a second? (1193182 / 100.)
//   2. How many HLT exits will there be for ten ticks, and one end?
//   3. What would the guest do if the handler forgot the EOI?
//
// Exits you will see
//   out 0x20, 0x21, 0xa0, 0xa1   the two PICs being set up, then one EOI for each tick, then the mask
//   out 0x43, 0x40, 0x40         the PIT: mode, low byte, high byte
//   hlt                          ten times waiting for a tick, once more as the end (status 0)
//   out, in                      the serial port: one line a tick
//   How an interrupt gets in is no exit: the VMM hands it over when it enters the guest. With --irqchip
//   kernel PIC, PIT and HLT are all inside KVM, and nothing of the above is seen but the serial port.
//
// Try   set TICK_HZ to 20. With --clock steps the run takes as long as before, and only the guest's times in
//       the trace change; with --clock real it takes five times as long. How slow can it get? (The PIT counts
//       in 16 bits.)
// Source: the 8254 data sheet, "Mode 2: Rate Generator" and "Control Word Format".
#include "lib/console.h"
#include "lib/pic.h"
#include "lib/port.h"
#include "lib/trap.h"

enum {
    PIT_CHANNEL0 = 0x40,
    PIT_COMMAND = 0x43,
    PIT_CHANNEL0_LOHI_RATE = 0x34, // channel 0; low byte then high byte; mode 2, rate generator; binary
    PIT_HZ = 1193182,
    TICK_HZ = 100,
    TICKS = 10,

    IRQ_TIMER = 0,
};

static volatile unsigned ticks;

static void pit_start(uint16_t divisor)
{
    port_out8(PIT_COMMAND, PIT_CHANNEL0_LOHI_RATE);
    port_out8(PIT_CHANNEL0, (uint8_t)divisor);
    port_out8(PIT_CHANNEL0, (uint8_t)(divisor >> 8)); // counting starts with this byte
}

void trap_handle(struct trap_frame *frame)
{
    if (frame->vector != PIC_VECTOR_BASE + IRQ_TIMER) {
        console_text("UNEXPECTED vector ");
        console_hex(frame->vector, 2);
        console_text("\n");
        __asm__ volatile("cli; hlt");
    }
    ticks++;
    pic_end_of_interrupt(IRQ_TIMER);
}

// Sleeps until `ticks` is not `seen` any more. The order matters. Were interrupts on while we look, a tick
// could come after the look and before the HLT, and we would sleep through it. So: off, look, then STI and
// HLT as a pair. STI lets interrupts in only after the instruction that follows it, so nothing gets in
// between the two.
static void tick_wait(unsigned seen)
{
    __asm__ volatile("cli");
    while (ticks == seen)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
}

void guest_main(void);

void guest_main(void)
{
    console_init();
    trap_init();
    pic_init(1 << IRQ_TIMER);
    console_text("timer: ten ticks at 100 Hz\n");
    pit_start(PIT_HZ / TICK_HZ);

    for (unsigned seen = 0; seen < TICKS; seen++) {
        tick_wait(seen);
        console_text("tick ");
        console_decimal(seen + 1);
        console_text("\n");
    }
    pic_open(0);
    console_text("masked: no more ticks\n");
}
