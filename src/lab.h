/*
 * The classroom's folders.  A lab is a folder labs/NN-name with a README.md, a lab.conf (how to build and run
 * it), a starter, a check (rules over the trace) and a solution; labs/README.md describes them. A student's
 * folder holds copies of what is to be read and edited, and a lab.conf of one line, which says which lab it
 * is.
 */
#ifndef RINGSIDE_LAB_H
#define RINGSIDE_LAB_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAB_FILES_MAX = 16, LAB_RUN_MAX = 24 };

/* flat: the bytes alone, as they lie in memory from `at` on. elf: as the linker leaves them. */
enum lab_build { LAB_FLAT, LAB_ELF };

/* A lab as its lab.conf describes it. Strings live as long as the lab. */
struct lab {
    char *dir;                       /* where it lies, an absolute path */
    char *name;                      /* what its folder is called: 01-first-exit */
    const char *title;               /* The first exit */
    const char *source;              /* what the student edits: lab.S, made from starter.S */
    const char *with[LAB_FILES_MAX]; /* files that are built with it, unchanged */
    size_t with_count;
    const char *script; /* linker script in the lab's folder, NULL for none */
    enum lab_build build;
    uint64_t at;
    const char *run[LAB_RUN_MAX]; /* words for `ringside run`, before the image */
    size_t run_count;
    char *conf; /* the bytes of lab.conf, which the strings point into */
};

/* The folder of all labs: $RINGSIDE_LABS, or where they were installed beside this program, or those of the
 * source tree. -1 with a message when there is none. */
NODISCARD int lab_home(struct text *out, struct err *e);

/* The names of all labs in the folder, sorted; free with lab_names_free. */
NODISCARD int lab_names(const char *home, char ***names, size_t *n, struct err *e);
void lab_names_free(char **names, size_t n);

/* Opens a lab by its name, its number (1, 01) or the name behind the number. */
NODISCARD int lab_open(struct lab *lab, const char *home, const char *word, struct err *e);
void lab_close(struct lab *lab);

/* The name of the lab that a student's folder belongs to, from its lab.conf. */
NODISCARD int lab_name_of(const char *dir, struct text *name, struct err *e);

/* What the starter (or the solution: `stem`) of a lab is called: starter.S where the source is lab.S. */
void lab_variant(const struct lab *lab, const char *stem, struct text *out);

/* Empties `out` and fills it with DIR/NAME. Returns it as a string. */
const char *lab_path(struct text *out, const char *dir, const char *name);

/* lab_conf.c: reads DIR/lab.conf into a lab whose `dir` is set. */
NODISCARD int lab_conf_load(struct lab *lab, struct err *e);

/* One key of a lab.conf; for the student's, which has `lab = NAME` only. `value` stays empty when the key is
 * not there. */
NODISCARD int lab_conf_value(const char *path, const char *key, struct text *value, struct err *e);

#endif
