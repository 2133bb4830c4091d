/*
 * Guest memory as a debugger reaches it: see space.h.  A linear address goes through the page walk, a
 * physical one straight to the region table (Intel SDM, "Memory Organization", "Paging").
 */
#include "debug/space.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_LEN = 0x1000 };

uint64_t space_addr(const struct target *t, enum space space, uint64_t addr)
{
    return space == SPACE_LINEAR && !(t->sregs.efer & EFER_LMA) ? addr & UINT32_MAX : addr;
}

unsigned target_width(const struct target *t)
{
    return cpu_code_bits(&t->sregs) / 8;
}

uint64_t target_stack_linear(const struct target *t)
{
    if (cpu_mode(&t->sregs) == MODE_LONG)
        return t->regs.rsp;
    uint64_t sp = t->regs.rsp & (t->sregs.ss.db ? UINT32_MAX : 0xffff);
    return (t->sregs.ss.base + sp) & UINT32_MAX;
}

/* Host address of the byte, and in *run how many of n lie behind it in the same page. NULL with *why. A write
 * looks at the mapping only, as a read does. */
static uint8_t *byte_find(const struct target *t, enum space space, uint64_t addr, size_t n, bool write,
                          size_t *run, const char **why)
{
    uint64_t left = PAGE_LEN - (addr & (PAGE_LEN - 1)), gpa = addr;
    struct gva_context c = target_context(t);
    *run = n < left ? n : (size_t)left;
    if (space == SPACE_LINEAR) {
        struct gva_walk w;
        gva_translate(t->memory, &c, addr, GVA_READ, &w);
        if (!w.ok) {
            *why = w.why;
            return NULL;
        }
        gpa = w.gpa;
    }
    uint8_t *p = memory_ptr(t->memory, gpa, *run, write);
    if (!p)
        *why = write && memory_ptr(t->memory, gpa, 1, false) ? "it is ROM"
               : space == SPACE_LINEAR                       ? "no memory under the page"
                                                             : "no memory there";
    return p;
}

size_t space_read(const struct target *t, enum space space, uint64_t addr, void *buf, size_t n,
                  const char **why)
{
    const char *local;
    size_t done = 0;
    for (size_t run; done < n; done += run) {
        const uint8_t *p = byte_find(t, space, addr + done, n - done, false, &run, why ? why : &local);
        if (!p)
            break;
        memcpy((uint8_t *)buf + done, p, run);
    }
    return done;
}

/* All pages are found before the first byte is stored, since the bytes may be the tables that lead to them:
 * `page` (NULL: only look) has room for each. */
static int pages_find(const struct target *t, enum space space, uint64_t addr, size_t n, uint8_t **page,
                      struct err *e)
{
    const char *why = "";
    if (n > SPACE_WRITE_MAX)
        return err_set(e, "%zu bytes are more than can be written at once", n);
    for (size_t done = 0, run; done < n; done += run) {
        uint8_t *p = byte_find(t, space, addr + done, n - done, true, &run, &why);
        if (!p)
            return err_set(e, "cannot write at %#llx: %s", (unsigned long long)(addr + done), why);
        if (page)
            *page++ = p;
    }
    return 0;
}

int space_writable(const struct target *t, enum space space, uint64_t addr, size_t n, struct err *e)
{
    return pages_find(t, space, addr, n, NULL, e);
}

int space_write(const struct target *t, enum space space, uint64_t addr, const void *buf, size_t n,
                struct err *e)
{
    uint8_t *few[4], **page = few;
    size_t most = n / PAGE_LEN + 2;
    if (n <= SPACE_WRITE_MAX && most > sizeof few / sizeof few[0])
        page = malloc(most * sizeof *page);
    if (!page)
        return err_set(e, "out of memory");
    int done = pages_find(t, space, addr, n, page, e);
    for (size_t at = 0, i = 0; done == 0 && at < n; i++) {
        size_t left = PAGE_LEN - ((addr + at) & (PAGE_LEN - 1)), run = n - at < left ? n - at : left;
        memcpy(page[i], (const uint8_t *)buf + at, run);
        at += run;
    }
    if (page != few)
        free(page);
    return done;
}
