/*
 * gdb's socket: acknowledgments, Ctrl-C, a second client, and clients that vanish at any moment. Behind the
 * door is a made-up machine; the clients are plain sockets.
 */
#include "gdb_behind.h"
#include "monitor/gdb_place.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
    struct behind behind;
    struct gdb_listener *listener;
};

static void rig_open(struct rig *r)
{
    struct err e;
    CU_ASSERT_EQUAL_FATAL(behind_init(&r->behind, MODE_LONG), 0);
    r->listener = gdb_listen_start("0", r->behind.door, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->listener);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&r->behind.thread, NULL, behind_main, &r->behind), 0);
}

static void rig_close(struct rig *r)
{
    door_close(r->behind.door);
    door_interrupt(r->behind.door);
    pthread_join(r->behind.thread, NULL);
    gdb_listen_stop(r->listener);
    behind_fini(&r->behind);
}

/* A client gives up after a long time instead of hanging the test. */
static int client_open(const struct rig *r)
{
    struct timeval timeout = {.tv_sec = 30};
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)gdb_listen_port(r->listener))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void client_send(int fd, const void *bytes, size_t n)
{
    CU_ASSERT_EQUAL(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void client_say(int fd, const char *bytes)
{
    client_send(fd, bytes, strlen(bytes));
}

/* A payload as a packet. */
static void client_ask(int fd, const char *payload)
{
    struct text packet = {0};
    size_t at = gdb_packet_begin(&packet);
    text_add(&packet, payload);
    gdb_packet_end(&packet, at);
    client_send(fd, packet.buf, packet.len);
    text_fini(&packet);
}

/* Exactly these bytes come next. */
static void client_hears(int fd, const char *want)
{
    char got[512] = "";
    size_t n = strlen(want);
    CU_ASSERT_FATAL(n < sizeof got);
    CU_ASSERT_EQUAL(recv(fd, got, n, MSG_WAITALL), (ssize_t)n);
    CU_ASSERT_STRING_EQUAL(got, want);
    if (strcmp(got, want) != 0)
        printf("\nheard %s, expected %s\n", got, want);
}

/* A whole packet comes next whose payload begins so. */
static void client_hears_packet(int fd, const char *begin)
{
    char got[2048];
    size_t n = 0;
    while (n < sizeof got - 1 && (n < 3 || got[n - 3] != '#') && recv(fd, got + n, 1, 0) == 1)
        n++;
    got[n] = '\0';
    CU_ASSERT_FATAL(n > 3);
    CU_ASSERT_EQUAL(strncmp(got + 1, begin, strlen(begin)), 0);
    if (strncmp(got + 1, begin, strlen(begin)) != 0)
        printf("\nheard %s, expected %s\n", got, begin);
}

/* The other side has hung up. */
static void client_hears_end(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    CU_ASSERT_TRUE(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

static void client_no_ack(int fd)
{
    client_ask(fd, "QStartNoAckMode");
    client_hears(fd, "+$OK#9a");
    client_say(fd, "+");
}

/* A client that is served, in no-ack mode. That the one before has hung up reaches the listener when the
 * kernel gets to it, which on a busy machine may be after the next one's connection: that is turned away
 * then, and comes again. */
static int client_open_served(const struct rig *r)
{
    static const char words[] = "$QStartNoAckMode#b0", answer[] = "+$OK#9a";
    for (unsigned i = 0; i < 100000; i++) {
        char got[sizeof answer] = "";
        int fd = client_open(r);
        if (send(fd, words, sizeof words - 1, MSG_NOSIGNAL) > 0 &&
            recv(fd, got, sizeof answer - 1, MSG_WAITALL) == (ssize_t)sizeof answer - 1 &&
            !strcmp(got, answer)) {
            client_say(fd, "+");
            return fd;
        }
        close(fd);
    }
    CU_FAIL_FATAL("nobody is served");
    return -1;
}

/* Gone without a word: the other side gets a reset. */
static void client_vanish(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void test_acknowledgments(void)
{
    struct rig r;
    rig_open(&r);
    int fd = client_open(&r);
    client_say(fd, "+$qC#b4");
    client_hears(fd, "+$QC1#c5");
    client_say(fd, "-"); /* once more, please */
    client_hears(fd, "$QC1#c5");
    client_say(fd, "+$qC#b5");
    client_hears(fd, "-");
    client_say(fd, "\r\nGET / HTTP/1.1\r\n\r\n$qC#b4");
    client_hears(fd, "+$QC1#c5");
    client_say(fd, "+$qC#b4$qAttached#8f"); /* two at once */
    client_hears(fd, "+$QC1#c5+$1#31");
    for (const char *p = "$m7c00,2#c5"; *p; p++) /* a byte at a time */
        client_send(fd, p, 1);
    client_hears(fd, "+$9048#d5");
    client_no_ack(fd);
    client_say(fd, "$qC#b4");
    client_hears(fd, "$QC1#c5");
    client_say(fd, "$qC#b5-$qC#b4"); /* nothing is asked for again */
    client_hears(fd, "$QC1#c5");
    close(fd);
    rig_close(&r);
}

static void test_too_long(void)
{
    struct rig r;
    rig_open(&r);
    int fd = client_open(&r);
    char *big = malloc(5 * GDB_PACKET_MAX);
    CU_ASSERT_PTR_NOT_NULL_FATAL(big);
    memset(big, 'm', 5 * GDB_PACKET_MAX);
    big[0] = '$';
    client_send(fd, big, 5 * GDB_PACKET_MAX);
    client_say(fd, "#00");
    client_hears(fd, "+$E01#a6");
    client_say(fd, "+$qC#b4");
    client_hears(fd, "+$QC1#c5");
    client_send(fd, "+$\001#01", 6); /* our own words, from outside */
    client_hears(fd, "+$#00");
    free(big);
    close(fd);
    rig_close(&r);
}

static void test_interrupt(void)
{
    struct rig r;
    rig_open(&r);
    int fd = client_open(&r);
    client_no_ack(fd);
    for (unsigned i = 0; i < 200; i++) { /* also before the guest runs at all */
        client_say(fd, "$c#63\x03");
        client_hears_packet(fd, "T02thread:1;");
    }
    client_say(fd, "\x03\x03"); /* nothing runs: nothing to stop, now or later */
    client_ask(fd, "Z0,7c0f,1");
    client_hears(fd, "$OK#9a");
    client_say(fd, "\x03$c#63");
    client_hears_packet(fd, "T05thread:1;");
    client_ask(fd, "z0,7c0f,1");
    client_hears(fd, "$OK#9a");
    client_say(fd, "$c#63$qC#b4"); /* another packet stops it as well */
    client_hears_packet(fd, "T02thread:1;");
    client_hears(fd, "$QC1#c5");
    close(fd);
    rig_close(&r);
}

static void test_second_client(void)
{
    struct rig r;
    rig_open(&r);
    int first = client_open(&r);
    client_no_ack(first);
    client_hears_end(client_open(&r));
    client_say(first, "$c#63");
    client_hears_end(client_open(&r));
    client_say(first, "\x03");
    client_hears_packet(first, "T02thread:1;");
    close(first);
    int second = client_open_served(&r); /* as soon as there is place */
    client_ask(second, "qC");
    client_hears(second, "$QC1#c5");
    close(second);
    rig_close(&r);
}

/* What a client may leave unfinished; then it is gone, and the next finds a guest that stands. */
static void test_vanish(void)
{
    static const char *const last_words[] = {"",
                                             "+",
                                             "$",
                                             "$m0",
                                             "$m0,10#",
                                             "$m0,10#8",
                                             "\x03",
                                             "$g#67",
                                             "$c#63",
                                             "$c#63$g#67",
                                             "$s#73",
                                             "$c#63$m0,",
                                             "$c#63\x03",
                                             "$vCont;c#a8",
                                             "$Z0,7c0f,1#43",
                                             "$g#67$g#67$g#67$g#67",
                                             "garbage"};
    struct rig r;
    rig_open(&r);
    for (unsigned round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof last_words / sizeof last_words[0]; i++) {
            int fd = round & 1 ? client_open_served(&r) : client_open(&r);
            (void)!send(fd, last_words[i], strlen(last_words[i]), MSG_NOSIGNAL); /* or it was turned away */
            if (round & 2)
                client_vanish(fd);
            else
                close(fd);
        }
    int fd = client_open_served(&r);
    client_ask(fd, "?");
    client_hears_packet(fd, "T05thread:1;");
    client_ask(fd, "qC");
    client_hears(fd, "$QC1#c5");
    CU_ASSERT_EQUAL(r.behind.fake.set_count, 0); /* their breakpoints went with them */
    CU_ASSERT_FALSE(r.behind.fake.detached || r.behind.fake.killed);
    close(fd);
    rig_close(&r);
}

static void test_leave(void)
{
    struct rig r;
    rig_open(&r);
    int fd = client_open(&r);
    client_no_ack(fd);
    client_ask(fd, "D");
    client_hears(fd, "$OK#9a");
    client_hears_end(fd);
    fd = client_open(&r);
    client_no_ack(fd);
    CU_ASSERT_TRUE(r.behind.fake.detached);
    client_ask(fd, "k");
    client_hears_end(fd);
    fd = client_open(&r);
    client_no_ack(fd);
    CU_ASSERT_TRUE(r.behind.fake.killed);
    close(fd);
    rig_close(&r);
}

/* The end of the debugger, with a client in any state. */
static void test_stop(void)
{
    static const char *const last_words[] = {"", "$g#67", "$m", "$c#63"};
    struct rig r;
    for (unsigned round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof last_words / sizeof last_words[0]; i++) {
            rig_open(&r);
            int fd = client_open(&r);
            client_say(fd, last_words[i]);
            rig_close(&r);
            char bytes[4096];
            while (recv(fd, bytes, sizeof bytes, 0) > 0)
                ;
            close(fd);
        }
    rig_open(&r);
    rig_close(&r);
}

static void test_places(void)
{
    static const struct {
        const char *where, *host, *port;
    } good[] = {{"1234", "127.0.0.1", "1234"},     {":1234", "127.0.0.1", "1234"},
                {"0", "127.0.0.1", "0"},           {"65535", "127.0.0.1", "65535"},
                {"localhost:1", "localhost", "1"}, {"0.0.0.0:22", "0.0.0.0", "22"},
                {"[::1]:1234", "::1", "1234"},     {"[fe80::1]:0", "fe80::1", "0"}};
    static const char *const bad[] = {"",        ":",     "x",      "1234x",  "65536",      "123456",
                                      "-1",      "host:", "::1:80", "[::1]",  "[::1]80",    "[]:80",
                                      "[::1:80", "+1",    " 1",     "a:b:80", "host:65536", "host:0x10"};
    char host[GDB_HOST_MAX], port[GDB_PORT_MAX];
    struct err e;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT_EQUAL(gdb_place_parse(good[i].where, host, port, &e), 0);
        CU_ASSERT_STRING_EQUAL(host, good[i].host);
        CU_ASSERT_STRING_EQUAL(port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(gdb_place_parse(bad[i], host, port, &e), -1);
        if (gdb_place_parse(bad[i], host, port, &e) == 0)
            printf("\n%s is taken for a place\n", bad[i]);
    }
    char longest[400];
    memset(longest, 'h', sizeof longest);
    strcpy(longest + 390, ":80");
    CU_ASSERT_EQUAL(gdb_place_parse(longest, host, port, &e), -1);
}

static void test_listening(void)
{
    struct rig r;
    struct err e;
    char place[64];
    rig_open(&r);
    snprintf(place, sizeof place, "127.0.0.1:%u", gdb_listen_port(r.listener));
    CU_ASSERT_STRING_EQUAL(gdb_listen_place(r.listener), place);
    CU_ASSERT_NOT_EQUAL(gdb_listen_port(r.listener), 0);
    CU_ASSERT_PTR_NULL(gdb_listen_start(place, r.behind.door, &e)); /* taken */
    CU_ASSERT_EQUAL(e.code, EADDRINUSE);
    CU_ASSERT_PTR_NULL(gdb_listen_start("here", r.behind.door, &e));
    CU_ASSERT_PTR_NULL(gdb_listen_start("192.0.2.1:0", r.behind.door, &e)); /* nobody's address */
    struct gdb_listener *six = gdb_listen_start("[::1]:0", r.behind.door, &e);
    if (six) { /* where there is IPv6 */
        CU_ASSERT_EQUAL(strncmp(gdb_listen_place(six), "[::1]:", 6), 0);
        gdb_listen_stop(six);
    }
    gdb_listen_stop(NULL);
    rig_close(&r);
}

static const struct unit_test tests[] = {
    {"acknowledgments", test_acknowledgments},
    {"too long", test_too_long},
    {"interrupt", test_interrupt},
    {"second client", test_second_client},
    {"vanish", test_vanish},
    {"leave", test_leave},
    {"stop", test_stop},
    {"places", test_places},
    {"listening", test_listening},
};

UNIT_MAIN("gdb's socket", tests)
