/*
 * The names of the registers that traces keep: see regs.h.
 */
#include "event/regs.h"

const char *event_regs_name(unsigned reg)
{
    static const char *const names[] = {
#define EVENT_REG_NAME(name, text) text,
        EVENT_REGS(EVENT_REG_NAME)
#undef EVENT_REG_NAME
    };
    return reg < EVENT_REG_COUNT ? names[reg] : "";
}
