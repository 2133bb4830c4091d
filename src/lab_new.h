/*
 * A student's folder: made from a lab, and never at the cost of what is there.
 */
#ifndef RINGSIDE_LAB_NEW_H
#define RINGSIDE_LAB_NEW_H

#include "lab.h"

/* Makes `dir` (and nothing above it) if need be, and puts README.md, the starter as the lab's source, the
 * files that are built with it and a lab.conf there. Files that exist stay as they are. Appends a line about
 * each to `said`. Refuses a folder that belongs to another lab. */
NODISCARD int lab_new(const struct lab *lab, const char *dir, struct text *said, struct err *e);

#endif
