/*
 * Errors as values.  Whoever can fail takes a `struct err *` owned by its caller, fills it and returns -1;
 * each level on the way up may wrap it with what it was doing, so that the one line that main prints reads
 * from the general to the particular: `ringside: boot disk.img: open: No such file or directory`.
 * Nothing in the floors below main prints.
 */
#ifndef RINGSIDE_BASE_ERR_H
#define RINGSIDE_BASE_ERR_H

#define ERR_TEXT_MAX 512

#define NODISCARD      __attribute__((warn_unused_result))
#define PRINTF(fmt, a) __attribute__((format(printf, fmt, a)))

/* What went wrong. `code` is an errno value or 0; `text` never ends in a newline. */
struct err {
    int code;
    char text[ERR_TEXT_MAX];
};

/* Fills `e` (which may be NULL when the caller does not care) with a message that has no errno. Returns -1.
 */
int err_set(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* As err_set, with `code` (an errno value) kept and its strerror text appended after ": ". Returns -1. */
int err_sys(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);

/* Puts "fmt: " in front of what is already there, keeping the code. Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);

#endif
