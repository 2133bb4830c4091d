/*
 * Any bytes as a trace file: the reader, with registers and without, and the commands that go through every
 * event.  Each input is tried as it is, which is the reader's matter alone, and with all lengths, numbers and
 * checksums made right, since nothing made by chance would get past those.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "traces/commands.h"
#include "traces/format.h"
#include "traces/steps.h"
#include "traces/tables.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 16 };

/* Events are not endless, whatever the file says: each takes bytes. */
static void read_all(struct trace_reader *r, size_t size)
{
    struct event ev;
    struct err e;
    struct trace_state s;
    uint64_t n = 0;
    uint32_t changed;
    while (trace_next(r, &ev, &e) == 1) {
        const struct event_regs *regs = trace_reader_regs(r, &changed);
        FUZZ_ASSERT(regs || !changed);
        FUZZ_ASSERT(regs || !trace_reader_regs_before(r));
        FUZZ_ASSERT(++n <= (uint64_t)size * CHUNK_RAW_MAX);
    }
    trace_reader_state(r, &s);
    FUZZ_ASSERT(s.at_end && s.events == n && (s.whole || s.problem));
    FUZZ_ASSERT(s.readable_len <= size);
}

static void run_commands(struct trace_reader *r, FILE *null)
{
    static const struct trace_filter all = {.limit = 300}, later = {.from_seq = 200, .limit = 300};
    static const struct tables_wanted wanted = {.at_given = true, .at = 3};
    struct err e = {0};
    struct text out = {0};
    struct trace_find find = {.query = query_compile("rax == 5 || kind == io && zf", &e), .limit = 100};
    FUZZ_ASSERT(find.query);
    FUZZ_ASSERT(trace_show(r, &later, null, &e) == 0);
    FUZZ_ASSERT(trace_show_steps(r, &all, null, &e) == 0);
    FUZZ_ASSERT(trace_export_jsonl(r, &all, null, &e) == 0);
    FUZZ_ASSERT(trace_stat(r, &all, 5, true, &out, &e) == 0);
    FUZZ_ASSERT(trace_find(r, &find, null, &e) >= 0 || e.text[0]);
    find.from_seq = 200;
    FUZZ_ASSERT(trace_find(r, &find, null, &e) >= 0 || e.text[0]);
    FUZZ_ASSERT(trace_at(r, 200, false, &out, &e) == 0 || e.text[0]);
    FUZZ_ASSERT(trace_page(r, NULL, &wanted, &out, &e) == 0);
    FUZZ_ASSERT(trace_check(r, &out, &e) >= 0);
    query_free(find.query);
    text_fini(&out);
}

static void run_file(const uint8_t *bytes, size_t size, bool commands, FILE *null)
{
    struct err e = {0};
    char path[40];
    int fd = memfd_create("trace", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct trace_reader *r = trace_open(path, &e);
    if (r) {
        read_all(r, size);
        FUZZ_ASSERT(trace_reader_want_regs(r, &e) == 0 && trace_rewind(r, &e) == 0);
        read_all(r, size);
        if (commands)
            run_commands(r, null);
    } else {
        FUZZ_ASSERT(e.text[0]);
    }
    trace_reader_close(r);
    close(fd);
}

/* Makes the envelopes right: what is in them stays. */
static void seal(uint8_t *file, size_t size)
{
    if (size < TRACE_PREAMBLE_LEN)
        return;
    memcpy(file, TRACE_MAGIC, TRACE_MAGIC_LEN);
    le_store(file + 8, TRACE_MAJOR, 2);
    le_store(file + 12, crc32c(0, file, 12), 4);
    uint32_t number = 0;
    for (size_t at = TRACE_PREAMBLE_LEN; size - at >= CHUNK_HEAD_LEN;) {
        uint8_t *head = file + at;
        size_t stored = le32_load(head + 8);
        if (stored > size - at - CHUNK_HEAD_LEN)
            stored = size - at - CHUNK_HEAD_LEN;
        le_store(head + 4, le32_load(head + 4) & CHUNK_ZSTD, 4);
        le_store(head + 8, stored, 4);
        if (!le32_load(head + 4))
            le_store(head + 12, stored, 4);
        le_store(head + 16, number++, 4);
        uint32_t crc = crc32c(0, head, CHUNK_CRC_AT);
        le_store(head + CHUNK_CRC_AT, crc32c(crc, head + CHUNK_HEAD_LEN, stored), 4);
        at += CHUNK_HEAD_LEN + stored;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FILE_MAX)
        return 0;
    FILE *null = fopen("/dev/null", "w");
    uint8_t *sealed = malloc(size + 1);
    FUZZ_ASSERT(null && sealed);
    if (size)
        memcpy(sealed, data, size);
    seal(sealed, size);
    if (size && memcmp(sealed, data, size) != 0)
        run_file(data, size, false, null);
    run_file(sealed, size, true, null);
    free(sealed);
    fclose(null);
    return 0;
}
