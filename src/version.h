/*
 * The program's version, as CMake knows it.
 */
#ifndef RINGSIDE_VERSION_H
#define RINGSIDE_VERSION_H

#ifndef RINGSIDE_VERSION
#define RINGSIDE_VERSION "0.1.0"
#endif

#endif
