/*
 * The host probe.  What it promises without any KVM is tested everywhere; with a /dev/kvm that opens, the
 * rows that no KVM may lack must work.
 */
#include "kvm/probe.h"

#include "unit.h"

#include <ctype.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct probe_row *row_find(const struct probe_report *r, const char *id)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->rows[i].id, id) == 0)
            return &r->rows[i];
    return NULL;
}

static void report_of(const char *path, struct probe_report *r)
{
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(probe_run(r, path, &e), 0);
}

static void test_rows_have_texts_and_unique_ids(void)
{
    struct probe_report r;
    report_of("/nonexistent/kvm", &r);
    CU_ASSERT(r.n > 50 && r.n < PROBE_ROWS_MAX);
    for (size_t i = 0; i < r.n; i++) {
        const struct probe_row *row = &r.rows[i];
        CU_ASSERT_FATAL(row->id && row->title && row->group && row->mend && row->matters);
        CU_ASSERT(*row->id && *row->title && *row->group && *row->mend && *row->matters);
        CU_ASSERT_EQUAL(strspn(row->id, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(row->id));
        CU_ASSERT_PTR_EQUAL(row_find(&r, row->id), row);
    }
}

/* Without KVM: one row says what is wrong, everything behind it is skipped, and the first line is the mend.
 */
static void unusable(const char *path, const char *id, enum probe_result result)
{
    struct probe_report r;
    struct text t = {0};
    report_of(path, &r);
    CU_ASSERT_FALSE(r.usable);
    CU_ASSERT_STRING_EQUAL(r.backend, "none");
    const struct probe_row *bad = row_find(&r, id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bad);
    CU_ASSERT_EQUAL(bad->result, result);
    CU_ASSERT_PTR_NOT_NULL(strstr(bad->detail, path));
    for (const struct probe_row *row = bad + 1; row < r.rows + r.n; row++)
        CU_ASSERT_EQUAL(row->result, PROBE_SKIPPED);
    CU_ASSERT_EQUAL(doctor_main(false, path, &t), 127);
    const size_t start = strlen("To run guests here: ");
    CU_ASSERT_EQUAL(strncmp(text_str(&t), "To run guests here: ", start), 0);
    CU_ASSERT_EQUAL(strncmp(text_str(&t) + start, bad->mend, 20), 0);
    text_fini(&t);
}

static void test_missing_device(void)
{
    unusable("/nonexistent/kvm", "device", PROBE_ABSENT);
}

static void test_not_a_device(void)
{
    unusable("/etc/passwd", "device", PROBE_BROKEN);
}

static void test_device_that_is_not_kvm(void)
{
    unusable("/dev/null", "api", PROBE_BROKEN);
}

/* A character device that a user without privileges may not open, or NULL. */
static const char *device_forbidden(void)
{
    static const char *const candidates[] = {"/dev/kvm", "/dev/mem", "/dev/port", "/dev/vda", "/dev/console"};
    struct stat st;
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        if (stat(candidates[i], &st) == 0 && S_ISCHR(st.st_mode) && (st.st_mode & 06) == 0 && st.st_uid == 0)
            return candidates[i];
    return NULL;
}

static int status_as_nobody(const char *path)
{
    struct probe_report r;
    struct err e;
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
        return 2;
    if (access(path, R_OK | W_OK) == 0)
        return 0; /* this user may: nothing to see */
    if (probe_run(&r, path, &e) < 0 || r.usable)
        return 3;
    const struct probe_row *row = row_find(&r, "access");
    return row->result == PROBE_BROKEN && strstr(row->detail, "forbidden") ? 0 : 4;
}

static void test_forbidden_device(void)
{
    const char *path = device_forbidden();
    int status = 0;
    if (!path)
        return;
    const pid_t child = fork();
    if (child == 0)
        _exit(status_as_nobody(path));
    CU_ASSERT_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status));
    CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void test_unknown_id(void)
{
    struct probe_row row;
    CU_ASSERT_FALSE(probe_one("no_such_row", &row));
    CU_ASSERT_FALSE(probe_one("", &row));
}

/* A small JSON reader: returns what follows one value, or NULL when it is not one. */
static const char *json_value(const char *p);

static const char *json_string(const char *p)
{
    for (p++; *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return NULL;
        if (*p == '\\' && !strchr("\"\\/bfnrtu", *++p))
            return NULL;
    }
    return p + 1;
}

static const char *json_list(const char *p, char close, bool pairs)
{
    if (p[1] == close)
        return p + 2;
    do {
        p++;
        if (pairs) {
            if (*p != '"' || !(p = json_string(p)) || *p++ != ':')
                return NULL;
        }
        if (!(p = json_value(p)))
            return NULL;
    } while (*p == ',');
    return *p == close ? p + 1 : NULL;
}

static const char *json_value(const char *p)
{
    static const char *const words[] = {"true", "false", "null"};
    if (*p == '"')
        return json_string(p);
    if (*p == '{' || *p == '[')
        return json_list(p, *p == '{' ? '}' : ']', *p == '{');
    for (size_t i = 0; i < 3; i++)
        if (strncmp(p, words[i], strlen(words[i])) == 0)
            return p + strlen(words[i]);
    const size_t n = strspn(p, "0123456789");
    return n ? p + n : NULL;
}

static void json_well_formed(const char *path)
{
    static const char *const keys[] = {"\"usable\":",  "\"backend\":\"", "\"api_version\":", "\"kernel\":\"",
                                       "\"cpu\":\"",   "\"checks\":[",   "\"id\":\"",        "\"title\":\"",
                                       "\"group\":\"", "\"result\":\"",  "\"detail\":\"",    "\"mend\":\""};
    struct text t = {0};
    const int status = doctor_main(true, path, &t);
    const char *end = json_value(text_str(&t));
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end, "\n");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&t), keys[i]));
    CU_ASSERT_EQUAL(strncmp(text_str(&t), "{\"usable\":true,", 15) == 0, status == 0);
    text_fini(&t);
}

static void test_json_without_kvm(void)
{
    json_well_formed("/nonexistent/\"k\\v\tm\"");
}

static void lines_fit(const char *path)
{
    struct text t = {0};
    doctor_main(false, path, &t);
    const char *line = text_str(&t);
    CU_ASSERT(*line);
    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        char one[512];
        CU_ASSERT_FATAL((size_t)(end - line) < sizeof one);
        snprintf(one, sizeof one, "%.*s", (int)(end - line), line);
        CU_ASSERT(text_width(one) <= 100);
        CU_ASSERT(one[0] == '\0' || !isspace((unsigned char)one[strlen(one) - 1]));
    }
    CU_ASSERT_EQUAL(*line, '\0');
    text_fini(&t);
}

static void test_text_without_kvm(void)
{
    lines_fit("/nonexistent/kvm");
    lines_fit("/dev/null");
}

/* What no KVM may lack. */
static void test_kvm_basics_work(void)
{
    static const char *const basics[] = {"device",    "access",  "api",    "vm",
                                         "real",      "pio_out", "pio_in", "mmio_write",
                                         "mmio_read", "long",    "hlt",    "immediate_exit"};
    struct probe_report r;
    report_of("/dev/kvm", &r);
    CU_ASSERT(r.usable);
    CU_ASSERT_EQUAL(r.api_version, 12);
    CU_ASSERT(strcmp(r.backend, "none") != 0);
    for (size_t i = 0; i < sizeof basics / sizeof basics[0]; i++) {
        const struct probe_row *row = row_find(&r, basics[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_EQUAL(row->result, PROBE_WORKS);
    }
    for (size_t i = 0; i < r.n; i++) {
        CU_ASSERT(r.rows[i].result == PROBE_WORKS || r.rows[i].detail[0]);
        CU_ASSERT_PTR_NULL(strstr(r.rows[i].detail, "no usable"));
    }
}

static void test_kvm_one_is_as_all(void)
{
    static const char *const ids[] = {"device", "vm",  "capabilities", "real",
                                      "long",   "hlt", "step_long",    "int_long"};
    struct probe_report r;
    struct probe_row row;
    report_of("/dev/kvm", &r);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        CU_ASSERT_FATAL(probe_one(ids[i], &row));
        CU_ASSERT_STRING_EQUAL(row.id, ids[i]);
        CU_ASSERT_EQUAL(row.result, row_find(&r, ids[i])->result);
        CU_ASSERT_STRING_EQUAL(row.detail, row_find(&r, ids[i])->detail);
    }
}

static void handler_of_the_user(int signal)
{
    (void)signal;
}

/* Whichever signal the watchdog takes, it is given back: handlers and mask are as before. */
static void test_kvm_signals_are_given_back(void)
{
    struct sigaction mine = {.sa_handler = handler_of_the_user}, now;
    sigset_t blocked, mask;
    struct probe_row row;
    sigemptyset(&blocked);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++) {
        sigaction(s, &mine, NULL);
        sigaddset(&blocked, s);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    CU_ASSERT(probe_one("hypercall", &row));
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++) {
        sigaction(s, NULL, &now);
        CU_ASSERT_PTR_EQUAL(now.sa_handler, handler_of_the_user);
        CU_ASSERT(sigismember(&mask, s));
    }
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
}

static void test_kvm_json(void)
{
    json_well_formed("/dev/kvm");
}

static void test_kvm_text(void)
{
    lines_fit("/dev/kvm");
}

static const struct unit_test tests[] = {
    {"rows have texts and unique ids", test_rows_have_texts_and_unique_ids},
    {"a missing device", test_missing_device},
    {"a path that is no device", test_not_a_device},
    {"a device that is not KVM", test_device_that_is_not_kvm},
    {"a forbidden device", test_forbidden_device},
    {"an unknown id", test_unknown_id},
    {"JSON without KVM", test_json_without_kvm},
    {"text without KVM", test_text_without_kvm},
    {"KVM: the basics work", test_kvm_basics_work},
    {"KVM: one row is as all rows", test_kvm_one_is_as_all},
    {"KVM: signals are given back", test_kvm_signals_are_given_back},
    {"KVM: JSON", test_kvm_json},
    {"KVM: text", test_kvm_text},
};

enum { TESTS = sizeof tests / sizeof tests[0], TESTS_WITHOUT_KVM = 8 };

int main(void)
{
    const int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return unit_main("kvm probe", tests, TESTS);
    }
    const int failed = unit_main("kvm probe, without KVM", tests, TESTS_WITHOUT_KVM);
    printf("skipped: the tests with guests, since /dev/kvm does not open\n");
    return failed ? failed : 77;
}
