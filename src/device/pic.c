/*
 * The 8259A programmable interrupt controller.  Eight input pins come in, one INT pin goes out to the CPU (or
 * to another 8259A).  A rising pin becomes a request (IRR); a request that is not masked (IMR) and not behind
 * something more urgent that is being served (ISR) raises INT; the CPU answers with INTA cycles, gets a
 * vector, and the request moves from IRR to ISR, where it stays until the handler's EOI.  A PC has two, the
 * second one's INT on the first one's input 2, which makes 15 usable lines.
 *
 * Called by the machine: the bus for ports, the other devices' pins for pic_input, the vCPU loop for
 * pic_pending and pic_acknowledge.
 *
 * Simplified: vectors are always those of 8086 mode (ICW4 bit 0 is kept, not acted on: a PC has no 8080);
 * buffered mode only concerns bus drivers.  Power-on leaves a real chip undefined: here it masks everything
 * and answers no request until ICW1 starts its initialization.
 *
 * Manual: Intel 8259A data sheet, sections "Interrupt Sequence", "Initialization Command Words",
 * "Operation Command Words"; Intel 82371SB (PIIX3) data sheet, "ELCR1/ELCR2" for ports 4D0h and 4D1h.
 */
#include "device/pic.h"

#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

enum pic_reg { R_ICW1, R_ICW2, R_ICW3, R_ICW4, R_OCW1, R_OCW2, R_OCW3, R_IRR, R_ISR, R_IMR, R_POLL, R_ELCR };

static const char *const pic_regs[] = {"ICW1", "ICW2", "ICW3", "ICW4", "OCW1", "OCW2",
                                       "OCW3", "IRR",  "ISR",  "IMR",  "POLL", "ELCR"};

/* ICW1 starts over: edges seen so far are forgotten, all is unmasked, line 7 is the least urgent. */
static void pic_icw1(struct pic *p, uint8_t value)
{
    p->icw1 = value & 0x1f;
    p->icw3 = p->is_slave ? 7 : 0;
    p->icw4 = 0;
    p->edges = p->isr = p->imr = 0;
    p->lowest = 7;
    p->rotate_aeoi = p->special_mask = p->read_isr = p->poll = false;
    p->phase = PHASE_ICW2;
}

/* What the three top bits of OCW2 (R, SL, EOI) ask for. */
static const struct pic_command {
    bool ends;     /* takes a line out of service */
    bool specific; /* the line is in the three low bits, otherwise it is the most urgent one in service */
    bool rotates;  /* that line becomes the least urgent */
} pic_commands[8] = {
    [1] = {.ends = true},
    [3] = {.ends = true, .specific = true},
    [5] = {.ends = true, .rotates = true},
    [6] = {.specific = true, .rotates = true},
    [7] = {.ends = true, .specific = true, .rotates = true},
};

static void pic_ocw2(struct pic *p, uint8_t value)
{
    unsigned code = value >> 5;
    if (code == 0 || code == 4) {
        p->rotate_aeoi = code == 4;
        return;
    }
    const struct pic_command *c = &pic_commands[code];
    int line = c->specific ? value & 7 : c->ends ? pic_served(p) : -1;
    if (line < 0)
        return;
    if (c->ends)
        p->isr &= (uint8_t)~bit_of((unsigned)line);
    if (c->rotates)
        p->lowest = (uint8_t)line;
}

static void pic_ocw3(struct pic *p, uint8_t value)
{
    if (value & OCW3_ESMM)
        p->special_mask = value & OCW3_SMM;
    if (value & OCW3_POLL)
        p->poll = true;
    else if (value & OCW3_RR)
        p->read_isr = value & OCW3_RIS;
}

static void pic_write_command(struct pic *p, struct access *a)
{
    uint8_t value = (uint8_t)a->value;
    if (value & ICW1_HERE) {
        a->reg = R_ICW1;
        pic_icw1(p, value);
    } else if (value & OCW3_HERE) {
        a->reg = R_OCW3;
        pic_ocw3(p, value);
    } else {
        a->reg = R_OCW2;
        pic_ocw2(p, value);
    }
}

/* The phase after `phase`: ICW3 only comes in a cascade, ICW4 only when ICW1 announced it. */
static uint8_t pic_phase_after(const struct pic *p, uint8_t phase)
{
    if (phase == PHASE_ICW2 && !(p->icw1 & ICW1_SNGL))
        return PHASE_ICW3;
    if (phase <= PHASE_ICW3 && (p->icw1 & ICW1_IC4))
        return PHASE_ICW4;
    return PHASE_READY;
}

static void pic_write_data(struct pic *p, struct access *a)
{
    uint8_t value = (uint8_t)a->value;
    switch (p->phase) {
    case PHASE_ICW2:
        a->reg = R_ICW2;
        p->icw2 = value & 0xf8;
        break;
    case PHASE_ICW3:
        a->reg = R_ICW3;
        p->icw3 = p->is_slave ? value & 7 : value;
        break;
    case PHASE_ICW4:
        a->reg = R_ICW4;
        p->icw4 = value & 0x1f;
        break;
    default:
        a->reg = R_OCW1;
        p->imr = value;
        return;
    }
    p->phase = pic_phase_after(p, p->phase);
}

static uint8_t pic_elcr_mask(const struct pic *p)
{
    return p->is_slave ? ELCR_SLAVE : ELCR_MASTER;
}

static void pic_write(struct device *d, struct access *a)
{
    struct pic *p = pic_of(d);
    if (a->region == 1) {
        a->reg = R_ELCR;
        p->elcr = (uint8_t)a->value & pic_elcr_mask(p);
    } else if (a->offset == 0) {
        pic_write_command(p, a);
    } else {
        pic_write_data(p, a);
    }
    pic_drive_int(p);
}

/* After a poll command the next read takes the place of INTA: it puts the request into service and gives its
 * line. */
static uint8_t pic_poll(struct pic *p)
{
    p->poll = false;
    int line = pic_next(p);
    if (line < 0)
        return 0;
    pic_serve(p, (unsigned)line);
    return (uint8_t)(POLL_REQUEST | line);
}

static void pic_read(struct device *d, struct access *a)
{
    struct pic *p = pic_of(d);
    if (a->region == 1) {
        a->reg = R_ELCR;
        a->value = p->elcr;
    } else if (p->poll) {
        a->reg = R_POLL;
        a->value = pic_poll(p);
    } else if (a->offset != 0) {
        a->reg = R_IMR;
        a->value = p->imr;
    } else {
        a->reg = p->read_isr ? R_ISR : R_IRR;
        a->value = p->read_isr ? p->isr : pic_irr(p);
    }
}

static void pic_power_on(struct pic *p)
{
    pic_icw1(p, 0);
    p->icw2 = 0;
    p->elcr = 0;
    p->imr = 0xff;
    p->phase = PHASE_ICW1;
}

/* The input pins keep the levels that the other devices give them. */
static void pic_reset(struct device *d)
{
    pic_power_on(pic_of(d));
    pic_drive_int(pic_of(d));
}

static struct device *pic_create(const struct device_wires *wires, struct err *e)
{
    struct pic *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(e, "pic: out of memory");
        return NULL;
    }
    p->dev = (struct device){.ops = &pic_ops, .wires = *wires};
    pic_power_on(p);
    return &p->dev;
}

static void pic_destroy(struct device *d)
{
    free(pic_of(d));
}

/* The bits of `lines` as line numbers, in the caller's buffer. */
static const char *lines_words(uint8_t lines, char buf[2 * PIC_LINES + 1])
{
    if (!lines)
        return "none";
    char *end = buf;
    for (unsigned line = 0; line < PIC_LINES; line++) {
        if (!(lines & bit_of(line)))
            continue;
        if (end != buf)
            *end++ = ' ';
        *end++ = (char)('0' + line);
    }
    *end = '\0';
    return buf;
}

static const char *const phase_words[] = {
    [PHASE_READY] = "ready",
    [PHASE_ICW1] = "not initialized: waits for ICW1",
    [PHASE_ICW2] = "in initialization: waits for ICW2",
    [PHASE_ICW3] = "in initialization: waits for ICW3",
    [PHASE_ICW4] = "in initialization: waits for ICW4",
};

static void pic_describe_setup(const struct pic *p, struct text *out)
{
    char buf[2 * PIC_LINES + 1];
    bool cascade = !(p->icw1 & ICW1_SNGL);
    show_note(out, 4, "ICW1", p->icw1, "%s; %s%s", phase_words[p->phase],
              p->icw1 & ICW1_LTIM ? "all inputs level-triggered" : "edge-triggered (but see ELCR)",
              cascade ? ", in a cascade" : ", alone");
    show_note(out, 4, "ICW2", p->icw2, "vectors 0x%02x to 0x%02x", p->icw2, p->icw2 | 7);
    if (p->is_slave)
        show_note(out, 4, "ICW3", p->icw3, "slave on the master's line %u", p->icw3);
    else
        show_note(out, 4, "ICW3", p->icw3, "slaves on lines: %s", lines_words(p->icw3, buf));
    show_note(out, 4, "ICW4", p->icw4, "%s EOI%s", p->icw4 & ICW4_AEOI ? "automatic" : "handler sends",
              p->icw4 & ICW4_SFNM ? ", special fully nested" : "");
    show_note(out, 4, "OCW2", p->lowest, "line %u is the least urgent%s", p->lowest,
              p->rotate_aeoi ? ", rotating with each automatic EOI" : "");
    show_note(out, 4, "OCW3", p->read_isr, "the even port reads %s%s%s", p->read_isr ? "ISR" : "IRR",
              p->special_mask ? ", special mask mode" : "", p->poll ? ", the next read polls" : "");
}

static void pic_describe(const struct device *d, struct text *out)
{
    const struct pic *p = pic_of_const(d);
    char buf[2 * PIC_LINES + 1];
    show_note(out, 4, "IR", p->pins, "input pins up: %s", lines_words(p->pins, buf));
    show_note(out, 4, "IRR", pic_irr(p), "requested: %s", lines_words(pic_irr(p), buf));
    show_note(out, 4, "IMR", p->imr, "masked: %s", lines_words(p->imr, buf));
    show_note(out, 4, "ISR", p->isr, "in service: %s", lines_words(p->isr, buf));
    show_note(out, 4, "ELCR", p->elcr, "level-triggered: %s", lines_words(p->elcr, buf));
    pic_describe_setup(p, out);
    int next = pic_next(p);
    if (next < 0)
        show_note(out, 4, "INT", 0, "down: nothing to serve");
    else
        show_note(out, 4, "INT", 1, "up: line %d is next", next);
}

static void pic_fields(struct state *s, struct pic *p)
{
    state_u8(s, &p->pins);
    state_mask(s, &p->edges, p->pins);
    state_u8(s, &p->isr);
    state_u8(s, &p->imr);
    state_mask(s, &p->elcr, pic_elcr_mask(p));
    state_mask(s, &p->icw1, 0x1f);
    state_mask(s, &p->icw2, 0xf8);
    state_mask(s, &p->icw3, p->is_slave ? 7 : 0xff);
    state_mask(s, &p->icw4, 0x1f);
    state_max(s, &p->phase, PHASE_LAST);
    state_max(s, &p->lowest, PIC_LINES - 1);
    state_bool(s, &p->rotate_aeoi);
    state_bool(s, &p->special_mask);
    state_bool(s, &p->read_isr);
    state_bool(s, &p->poll);
}

static void pic_save(const struct device *d, struct text *out)
{
    struct pic copy = *pic_of_const(d);
    struct state s = state_saving(out, STATE_PIC, 1);
    pic_fields(&s, &copy);
}

static int pic_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct pic copy = *pic_of(d);
    struct state s = state_loading(p, len, STATE_PIC, 1);
    pic_fields(&s, &copy);
    if (state_finish(&s, e))
        return err_wrap(e, "pic");
    *pic_of(d) = copy;
    return 0;
}

const struct device_ops pic_ops = {
    .name = "pic",
    .summary = "8259A interrupt controller",
    .lesson =
        "Eight devices share one wire to the CPU: the 8259A remembers who asked (IRR), drops whom the guest "
        "does not "
        "want to hear (IMR), lets the most urgent one through and tells the CPU its vector. Until the "
        "handler "
        "writes EOI, that line is in service (ISR) and it and everything less urgent wait. Two of them, the "
        "second on input 2 of the first, make IRQ 0 to 15. Intel 8259A data sheet.",
    .regs = pic_regs,
    .reg_count = sizeof(pic_regs) / sizeof(pic_regs[0]),
    .create = pic_create,
    .destroy = pic_destroy,
    .reset = pic_reset,
    .read = pic_read,
    .write = pic_write,
    .describe = pic_describe,
    .save = pic_save,
    .restore = pic_restore,
};

void pic_lines_of(const struct device *master, const struct device *slave, struct pic_lines *lines)
{
    const struct pic *m = pic_of_const(master), *s = pic_of_const(slave);
    *lines = (struct pic_lines){.raised = (uint16_t)(m->pins | s->pins << 8),
                                .requested = (uint16_t)(pic_irr(m) | pic_irr(s) << 8),
                                .masked = (uint16_t)(m->imr | s->imr << 8),
                                .in_service = (uint16_t)(m->isr | s->isr << 8)};
}
