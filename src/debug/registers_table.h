/*
 * The rows of debug/registers.c: for that file only.
 */
#ifndef RINGSIDE_DEBUG_REGISTERS_TABLE_H
#define RINGSIDE_DEBUG_REGISTERS_TABLE_H

#include "debug/registers.h"

extern const struct register_info register_table[];
extern const size_t register_table_len;

#endif
