/*
 * A made-up standing guest for tests of the debugger's views: memory without a VM, registers as a loader
 * leaves them, and a comparison that shows both texts when they differ.
 */
#ifndef RINGSIDE_TESTS_LOOK_RIG_H
#define RINGSIDE_TESTS_LOOK_RIG_H

#include "unit.h"

#include "base/bytes.h"
#include "debug/symbols.h"
#include "debug/target.h"
#include "vm/cpu.h"

#include <string.h>

/* Views name addresses only where a target has symbols; here none has, and the linker is content. */
__attribute__((weak)) void symbols_name(const struct symbols *s, uint64_t addr, struct text *out)
{
    (void)s;
    (void)addr;
    (void)out;
}

enum { RIG_LEN = 0x1000000 };

struct rig {
    struct guest_memory memory;
    struct target t;
    struct text out;
};

/* 16 MiB and the registers of a start in `mode` at 0x100000 (real mode: 0x7c00). In long mode the first 4 GiB
 * are mapped one to one by 2 MiB pages. */
static inline void rig_init(struct rig *r, enum cpu_mode mode)
{
    struct err e;
    struct cpu_start start = {.mode = mode, .entry = mode == MODE_REAL ? 0x7c00 : 0x100000};
    *r = (struct rig){0};
    CU_ASSERT_EQUAL_FATAL(memory_init(&r->memory, NULL, RIG_LEN, &e), 0);
    CU_ASSERT_EQUAL_FATAL(cpu_setup(&start, &r->memory, &r->t.regs, &r->t.sregs, &e), 0);
    r->t.memory = &r->memory;
}

static inline void rig_fini(struct rig *r)
{
    text_fini(&r->out);
    memory_fini(&r->memory);
}

static inline void rig_put64(struct rig *r, uint64_t gpa, uint64_t value)
{
    void *p = memory_ptr(&r->memory, gpa, 8, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    le_store(p, value, 8);
}

static inline void rig_put(struct rig *r, uint64_t gpa, uint64_t value, size_t n)
{
    void *p = memory_ptr(&r->memory, gpa, n, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    le_store(p, value, n);
}

/* In long mode: gives the 2 MiB page that holds `gva` this page-directory entry. */
static inline void rig_pde(struct rig *r, uint64_t gva, uint64_t entry)
{
    rig_put64(r, r->t.sregs.cr3 + 0x2000 + (gva >> 21) * 8, entry);
}

/* Compares what is in the text, then empties it. */
static inline void rig_expect(struct rig *r, const char *want, const char *file, int line)
{
    const char *got = text_str(&r->out);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "%s:%d: got\n%s\nnot\n%s\n", file, line, got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
    text_clear(&r->out);
}
#define EXPECT(r, want) rig_expect(r, want, __FILE__, __LINE__)

/* The text holds this sentence, line breaks being spaces. */
static inline bool rig_holds(struct rig *r, const char *sentence)
{
    struct text flat = {0};
    const char *p = text_str(&r->out);
    for (; *p; p++) {
        bool blank = *p == ' ' || *p == '\n';
        if (blank && flat.len && flat.buf[flat.len - 1] == ' ')
            continue;
        text_addc(&flat, blank ? ' ' : *p);
    }
    bool found = strstr(text_str(&flat), sentence);
    text_fini(&flat);
    return found;
}

static inline void rig_expect_sentence(struct rig *r, const char *sentence, const char *file, int line)
{
    bool found = rig_holds(r, sentence);
    if (!found)
        fprintf(stderr, "%s:%d: \"%s\" is not in\n%s\n", file, line, sentence, text_str(&r->out));
    CU_ASSERT_TRUE(found);
    text_clear(&r->out);
}
#define EXPECT_SENTENCE(r, sentence) rig_expect_sentence(r, sentence, __FILE__, __LINE__)

/* No line is wider than 80 columns, nothing but ASCII. */
static inline bool rig_is_narrow(const struct text *out)
{
    size_t column = 0;
    for (const char *p = text_str(out); *p; p++) {
        if (*p == '\n')
            column = 0;
        else if ((unsigned char)*p >= 0x7f || ++column > 80)
            return false;
    }
    return true;
}

#endif
