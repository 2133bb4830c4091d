// The two 8259A interrupt controllers of the PC. See pic.c.
#ifndef GUESTS_LIB_PIC_H
#define GUESTS_LIB_PIC_H

#include <stdint.h>

enum { PIC_VECTOR_BASE = 0x20 }; // IRQ n arrives as vector 0x20 + n

// Sets both controllers up. `open_irqs` has a one bit for each IRQ (0 to 15) that may come through.
void pic_init(uint16_t open_irqs);

// Lets through exactly the IRQs with a one bit in `open_irqs`; zero shuts everything.
void pic_open(uint16_t open_irqs);

// Tells the controllers that the handler of `irq` is done. Else no IRQ of its rank or below comes again.
void pic_end_of_interrupt(unsigned irq);

#endif
