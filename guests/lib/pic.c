// The interrupt controllers: two 8259A chips, the master at ports 0x20/0x21 and the slave at 0xa0/0xa1.
//
// Eight devices can hang on each; the slave itself hangs on the master's input 2. When a device raises its
// line, the master raises the CPU's one interrupt pin; the CPU, once it has IF set, asks "which vector?", and
// the answer is a number this code chose. It has to be chosen: the PC's BIOS left the master at vectors 8 to
// 15, which the 286 and all later CPUs use for their own exceptions, so a timer tick would look like a double
// fault.
//
// Setting a chip up takes four command words in fixed order: ICW1 to its first port, ICW2 to ICW4 to its
// second. After that the second port is the mask (a one bit shuts an IRQ), and the first takes the
// end-of-interrupt command.
//
// Used by the timer and keyboard guests. Left out: spurious interrupts (IRQ 7 and 15 without a cause).
// Source: the 8259A data sheet, "Initialization Command Words" and "Operation Command Words".
#include "pic.h"
#include "port.h"

enum {
    MASTER_COMMAND = 0x20,
    MASTER_DATA = 0x21,
    SLAVE_COMMAND = 0xa0,
    SLAVE_DATA = 0xa1,

    ICW1_EDGE_CASCADE_ICW4 = 0x11, // set-up starts; edge-triggered; two chips; ICW4 will follow
    ICW3_MASTER_SLAVE_ON_2 = 0x04, // for the master a bit mask: a slave hangs on input 2
    ICW3_SLAVE_IDENTITY = 0x02,    // for the slave a number: I am the one on input 2
    ICW4_8086_MODE = 0x01,         // answer the CPU with a vector, not with an 8080's CALL instruction
    OCW2_END_OF_INTERRUPT = 0x20,
    CASCADE_IRQ = 2,
};

void pic_init(uint16_t open_irqs)
{
    port_out8(MASTER_COMMAND, ICW1_EDGE_CASCADE_ICW4);
    port_out8(MASTER_DATA, PIC_VECTOR_BASE); // ICW2: the vector of input 0
    port_out8(MASTER_DATA, ICW3_MASTER_SLAVE_ON_2);
    port_out8(MASTER_DATA, ICW4_8086_MODE);

    port_out8(SLAVE_COMMAND, ICW1_EDGE_CASCADE_ICW4);
    port_out8(SLAVE_DATA, PIC_VECTOR_BASE + 8);
    port_out8(SLAVE_DATA, ICW3_SLAVE_IDENTITY);
    port_out8(SLAVE_DATA, ICW4_8086_MODE);

    pic_open(open_irqs);
}

void pic_open(uint16_t open_irqs)
{
    if (open_irqs >> 8)
        open_irqs |= 1 << CASCADE_IRQ; // the slave's interrupts pass through this input
    port_out8(MASTER_DATA, (uint8_t)~open_irqs);
    port_out8(SLAVE_DATA, (uint8_t)(~open_irqs >> 8));
}

void pic_end_of_interrupt(unsigned irq)
{
    if (irq >= 8)
        port_out8(SLAVE_COMMAND, OCW2_END_OF_INTERRUPT);
    port_out8(MASTER_COMMAND, OCW2_END_OF_INTERRUPT);
}
