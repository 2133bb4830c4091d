/*
 * The door: requests that are waited for and requests that are not, in order, and what becomes of them when
 * it closes.
 */
#include "monitor/door.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* A request that nobody waits for, and what became of it. */
struct posted {
    struct door_ticket ticket;
    struct text out;
    unsigned done;
    int code; /* of the failure; 0: none */
};

static void posted_done(void *ctx, const struct err *failed)
{
    struct posted *p = ctx;
    p->done++;
    p->code = failed ? failed->code : 0;
}

static int post(struct door *d, struct posted *p, const char *text)
{
    *p = (struct posted){0};
    p->ticket = (struct door_ticket){.channel = DOOR_GDB,
                                     .text = text,
                                     .len = strlen(text),
                                     .out = &p->out,
                                     .done = posted_done,
                                     .ctx = p};
    return door_post(d, &p->ticket);
}

static void count_kick(void *ctx)
{
    ++*(unsigned *)ctx;
}

static struct door *door_open(void)
{
    struct err e;
    struct door *d = door_create(&e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    return d;
}

static void test_posting(void)
{
    struct door *d = door_open();
    struct posted a, b;
    struct door_request rq;
    struct err failed = {.code = EIO};
    unsigned kicks = 0;
    door_set_kick(d, count_kick, &kicks);
    CU_ASSERT_FALSE(door_take(d, false, &rq));
    CU_ASSERT_EQUAL(post(d, &a, "first"), 0);
    CU_ASSERT_EQUAL(post(d, &b, "second"), 0);
    CU_ASSERT_EQUAL(kicks, 2); /* nobody was waiting */
    CU_ASSERT_TRUE_FATAL(door_take(d, true, &rq));
    CU_ASSERT_STRING_EQUAL(rq.text, "first");
    CU_ASSERT_EQUAL(rq.channel, DOOR_GDB);
    text_add(rq.out, "answer");
    CU_ASSERT_EQUAL(a.done, 0);
    door_answer(d, &rq, NULL);
    CU_ASSERT_EQUAL(a.done, 1);
    CU_ASSERT_EQUAL(a.code, 0);
    CU_ASSERT_STRING_EQUAL(text_str(&a.out), "answer");
    CU_ASSERT_TRUE_FATAL(door_take(d, false, &rq));
    CU_ASSERT_STRING_EQUAL(rq.text, "second");
    door_answer(d, &rq, &failed);
    CU_ASSERT_EQUAL(b.code, EIO);
    CU_ASSERT_FALSE(door_take(d, false, &rq));
    CU_ASSERT_EQUAL(a.done + b.done, 2);
    text_fini(&a.out);
    door_destroy(d);
}

/* One taken, two not: those get EPIPE at once, the other its answer later. */
static void test_closing(void)
{
    struct door *d = door_open();
    struct posted p[4];
    struct door_request rq, none;
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(post(d, &p[i], "x"), 0);
    CU_ASSERT_TRUE_FATAL(door_take(d, false, &rq));
    door_close(d);
    CU_ASSERT_EQUAL(p[0].done, 0);
    CU_ASSERT_TRUE(p[1].done == 1 && p[1].code == EPIPE);
    CU_ASSERT_TRUE(p[2].done == 1 && p[2].code == EPIPE);
    CU_ASSERT_EQUAL(post(d, &p[3], "x"), -1);
    CU_ASSERT_EQUAL(p[3].done, 0);
    CU_ASSERT_FALSE(door_take(d, true, &none));
    door_answer(d, &rq, NULL);
    CU_ASSERT_TRUE(p[0].done == 1 && p[0].code == 0);
    door_close(d);
    CU_ASSERT_EQUAL(p[1].done, 1);
    door_destroy(d);
}

static void *answer_all(void *arg)
{
    struct door *d = arg;
    struct door_request rq;
    struct err odd;
    err_set(&odd, "odd");
    while (door_take(d, true, &rq)) {
        text_addn(rq.out, rq.text, rq.len);
        door_answer(d, &rq, rq.len % 2 ? &odd : NULL);
    }
    return NULL;
}

static void test_asking(void)
{
    struct door *d = door_open();
    struct text out = {0};
    struct err e;
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, answer_all, d), 0);
    for (unsigned i = 0; i < 1000; i++) {
        text_clear(&out);
        CU_ASSERT_EQUAL(door_ask(d, DOOR_COMMAND, "four", 4, &out, &e), 0);
        CU_ASSERT_STRING_EQUAL(text_str(&out), "four");
        CU_ASSERT_EQUAL(door_ask(d, DOOR_COMMAND, "three", 5, &out, &e), -1);
        CU_ASSERT_STRING_EQUAL(e.text, "odd");
        CU_ASSERT_STRING_EQUAL(text_str(&out), "fourthree");
    }
    door_close(d);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(door_ask(d, DOOR_COMMAND, "late", 4, &out, &e), -1);
    CU_ASSERT_EQUAL(e.code, EPIPE);
    text_fini(&out);
    door_destroy(d);
}

static void test_interrupting(void)
{
    struct door *d = door_open();
    unsigned kicks = 0;
    door_set_kick(d, count_kick, &kicks);
    CU_ASSERT_FALSE(door_interrupted(d));
    door_interrupt(d);
    door_interrupt(d);
    CU_ASSERT_EQUAL(kicks, 2);
    CU_ASSERT_TRUE(door_interrupted(d));
    CU_ASSERT_FALSE(door_interrupted(d));
    door_destroy(d);
    door_destroy(NULL);
}

static const struct unit_test tests[] = {
    {"posting", test_posting},
    {"closing", test_closing},
    {"asking", test_asking},
    {"interrupting", test_interrupting},
};

UNIT_MAIN("door", tests)
