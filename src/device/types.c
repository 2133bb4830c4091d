/*
 * Every device type there is, in the order in which `explain` lists them: the serial port first, since it is
 * the first that a guest meets.
 */
#include "device/types.h"

const struct device_ops *const device_types[] = {
    &uart_ops, &debugcon_ops, &debugexit_ops, &post_ops,     &pic_ops, &pit_ops, &i8042_ops,
    &rtc_ops,  &vga_ops,      &port92_ops,    &poweroff_ops, &rom_ops, NULL,
};
