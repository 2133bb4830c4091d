/*
 * A run that is killed at any moment: SIGKILL leaves what was written, so the file must be readable up to its
 * last whole chunk, and what is missing must be no more than 100 ms or one chunk.  A child writes a trace as
 * fast as it can and counts in shared memory; it is killed whenever the count reaches a number drawn
 * beforehand. Time is the events' own, so nothing here depends on how fast the machine is.
 */
#include "trace_make.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { KILLS = 100, STEP_NS = 3000, HOLD_NS = 100000000, CHUNK_LEN = 64 * 1024, CODED_LEAST = 3 };

/* Events of the child's: the i-th. */
static struct event nth_event(uint64_t i)
{
    return (struct event){.seq = i,
                          .time_ns =
                              STEP_NS * i + (i / 20000) * 2 * HOLD_NS, /* now and then the guest sleeps */
                          .guest_ns = STEP_NS,
                          .rip = 0x100000 + 3 * (i % 100),
                          .count = 1,
                          .kind = EVENT_STEP,
                          .reg = EVENT_NO_REG};
}

static struct event_regs nth_regs(uint64_t i)
{
    struct event_regs regs = {{[EVENT_REG_RAX] = i * i, [EVENT_REG_RCX] = i / 100}};
    regs.r[EVENT_REG_RIP] = nth_event(i + 1).rip;
    return regs;
}

static _Noreturn void child(const char *path, bool with_regs, atomic_ulong *count)
{
    struct err e;
    const struct trace_info info = make_info();
    struct trace_writer *w = trace_create(path, &info, &e);
    for (uint64_t i = 0; w; i++) {
        struct event ev = nth_event(i);
        struct event_regs regs = nth_regs(i);
        if (with_regs)
            trace_step(w, &ev, &regs);
        else
            trace_put(w, &ev);
        atomic_store(count, i + 1);
    }
    _exit(1);
}

/* Runs a child and kills it when it has put that many events; returns how many it had then. */
static uint64_t kill_after(const char *path, bool with_regs, uint64_t events, atomic_ulong *count)
{
    int status;
    atomic_store(count, 0);
    pid_t pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0)
        child(path, with_regs, count);
    while (atomic_load(count) < events && waitpid(pid, &status, WNOHANG) == 0)
        sched_yield();
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL_FATAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_FATAL(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return atomic_load(count);
}

/* Every event that is there is right. Returns their number. */
static uint64_t read_events(struct trace_reader *r, bool with_regs)
{
    struct event ev;
    struct err e;
    uint64_t n = 0;
    for (; trace_next(r, &ev, &e) == 1; n++) {
        struct event want = nth_event(n);
        struct event_regs want_regs = nth_regs(n);
        const struct event_regs *regs = trace_reader_regs(r, NULL);
        bool right = memcmp(&ev, &want, sizeof ev) == 0 && (regs != NULL) == with_regs &&
                     (!regs || memcmp(regs, &want_regs, sizeof *regs) == 0);
        if (!right) /* an assertion for each would be most of the test's time */
            CU_FAIL_FATAL("an event is not what was written");
    }
    return n;
}

static void expect_little_lost(const char *path, bool with_regs, uint64_t put)
{
    struct err e = {0};
    struct text said = {0};
    struct trace_state s;
    struct trace_reader *r = trace_open(path, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    uint64_t n = read_events(r, with_regs);
    trace_reader_state(r, &s);
    CU_ASSERT(!s.whole && s.problem && s.end == NULL);
    /* The one being put when the signal came may be there as well. */
    CU_ASSERT(n <= put + 1);
    if (n < put) {
        CU_ASSERT(put - n <= CHUNK_LEN / CODED_LEAST + 1);
        CU_ASSERT(nth_event(put - 1).time_ns - nth_event(n).time_ns < HOLD_NS);
    }
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "footer: missing"));
    text_fini(&said);
    trace_reader_close(r);
}

static void killed(bool with_regs)
{
    struct make_file f = make_file();
    uint64_t seed = with_regs ? 11 : 12;
    atomic_ulong *count =
        mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(count != MAP_FAILED);
    for (unsigned i = 0; i < KILLS; i++) {
        uint64_t put = kill_after(f.path, with_regs, 1 + make_random(&seed) % 50000, count);
        expect_little_lost(f.path, with_regs, put);
    }
    munmap(count, sizeof *count);
    unlink(f.path);
}

static void test_killed(void)
{
    killed(false);
}

static void test_killed_with_registers(void)
{
    killed(true);
}

static const struct unit_test tests[] = {
    {"killed a hundred times", test_killed},
    {"and a hundred times with registers", test_killed_with_registers},
};
UNIT_MAIN("traces: killed", tests)
