/*
 * The request side of an 8259A: from a rising input pin to the vector the CPU gets.  Here is the priority
 * resolver (who is served next), the INTA cycles and the cascade; pic.c has the programming side.
 *
 * Called by the machine through pic_input, pic_pending and pic_acknowledge, and by pic.c.
 *
 * Manual: Intel 8259A data sheet, sections "Interrupt Sequence", "Fully Nested Mode", "Special Mask Mode",
 * "The Special Fully Nested Mode" and "Edge and Level Triggered Modes".
 */
#include "device/pic.h"

#include "device/types.h"

/* Requests: a level-triggered input asks as long as it is up, an edge-triggered one from its rising edge on
 * until it is served or falls again. */
uint8_t pic_irr(const struct pic *p)
{
    uint8_t level = p->icw1 & ICW1_LTIM ? 0xff : p->elcr;
    return (uint8_t)((p->pins & level) | (p->edges & ~level));
}

static bool pic_expects_slave(const struct pic *p, unsigned line)
{
    return !p->is_slave && !(p->icw1 & ICW1_SNGL) && (p->icw3 & bit_of(line));
}

/* The line that would be served now, or -1: the priority resolver. What is in service blocks itself and all
 * below; in special mask mode a masked line blocks nobody; in special fully nested mode a slave whose
 * interrupt is in service may ask once more, since it only does so for a more urgent line of its own. */
int pic_next(const struct pic *p)
{
    if (p->phase != PHASE_READY)
        return -1;
    uint8_t requests = (uint8_t)(pic_irr(p) & ~p->imr);
    if (!requests)
        return -1;
    /* The most urgent line that asks or blocks decides: the first behind the lowest one, round the circle. */
    uint8_t blocking = p->special_mask ? (uint8_t)(p->isr & ~p->imr) : p->isr;
    unsigned first = (p->lowest + 1u) % PIC_LINES, twice = (unsigned)(requests | blocking) * 0x101u;
    unsigned line = (first + (unsigned)__builtin_ctz(twice >> first)) % PIC_LINES;
    if (!(blocking & bit_of(line)))
        return (int)line;
    bool nests = (p->icw4 & ICW4_SFNM) && pic_expects_slave(p, line);
    return (requests & bit_of(line)) && nests ? (int)line : -1;
}

void pic_drive_int(struct pic *p)
{
    device_irq(&p->dev, pic_next(p) >= 0);
}

void pic_input(struct device *pic, unsigned line, bool level)
{
    struct pic *p = pic_of(pic);
    uint8_t bit = bit_of(line);
    if (!level) {
        p->pins &= (uint8_t)~bit;
        p->edges &= (uint8_t)~bit;
    } else if (!(p->pins & bit)) {
        p->pins |= bit;
        p->edges |= bit;
    }
    pic_drive_int(p);
}

void pic_cascade(struct device *master, unsigned line, struct device *slave)
{
    pic_of(master)->slaves[line & 7] = pic_of(slave);
    pic_of(slave)->is_slave = true;
}

bool pic_pending(const struct device *pic)
{
    return pic_next(pic_of_const(pic)) >= 0;
}

/* Moves a request into service. INT falls meanwhile, so that a further request of a slave is a new edge to
 * its master. */
void pic_serve(struct pic *p, unsigned line)
{
    p->edges &= (uint8_t)~bit_of(line);
    if (!(p->icw4 & ICW4_AEOI))
        p->isr |= bit_of(line);
    else if (p->rotate_aeoi)
        p->lowest = (uint8_t)line;
    device_irq(&p->dev, false);
    pic_drive_int(p);
}

/* One chip's part of the INTA cycles: the vector of its most urgent request, or line 7's when there is none
 * any more (then nothing is in service and no EOI is due). */
static unsigned pic_vector(struct pic *p, unsigned *line)
{
    int next = pic_next(p);
    *line = next < 0 ? 7 : (unsigned)next;
    if (next >= 0)
        pic_serve(p, *line);
    return p->icw2 | *line;
}

/* A slave answers when the cascade lines carry its own number. When none does, the bus floats. */
static unsigned pic_slave_vector(struct pic *slave, unsigned cascade, unsigned *line)
{
    if (!slave || slave->phase != PHASE_READY || (slave->icw3 & 7) != cascade)
        return 0xff;
    unsigned vector = pic_vector(slave, line);
    *line += PIC_LINES;
    return vector;
}

unsigned pic_acknowledge(struct device *master, unsigned *line)
{
    struct pic *m = pic_of(master);
    bool real = pic_next(m) >= 0;
    unsigned vector = pic_vector(m, line);
    if (real && pic_expects_slave(m, *line))
        return pic_slave_vector(m->slaves[*line], *line, line);
    return vector;
}

/* The line in service that a non-specific EOI means: the most urgent one. In special mask mode masked lines
 * are passed over, as their handlers mask themselves. Returns -1 when nothing is in service. */
int pic_served(const struct pic *p)
{
    uint8_t candidates = p->special_mask ? (uint8_t)(p->isr & ~p->imr) : p->isr;
    for (unsigned i = 1; i <= PIC_LINES; i++)
        if (candidates & bit_of(p->lowest + i))
            return (int)((p->lowest + i) % PIC_LINES);
    return -1;
}

bool pic_masked(const struct device *pic, unsigned line)
{
    const struct pic *p = pic_of_const(pic);
    return p->phase != PHASE_READY || (p->imr & bit_of(line));
}
