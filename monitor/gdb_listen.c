/*
 * gdb's connection: see gdb_listen.h.
 *
 * Two threads: one accepts, one reads from the client there is.  The reader never waits for an answer: it
 * leaves the packet at the door and goes back to recv(), where it sees Ctrl-C or the client's end also while
 * the guest runs.  The answer is sent by the vCPU's thread itself, as the ticket's `done`.  So a step costs
 * one recv, one send and one wake-up.
 *
 * One client at a time: another is closed at once.  A client that vanishes while the guest runs has its guest
 * stopped; then the next may come.
 */
#include "monitor/gdb_listen.h"

#include "debug/gdb_server.h"
#include "monitor/gdb_place.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SEND_TIMEOUT_S = 5, ACCEPT_RETRY_MS = 100 };

/* What became of the last request. */
enum progress { ANSWERED, ASKED, ASKED_TO_RUN, SENDING };

/* The one client. `progress` under the listener's lock; request and reply are the vCPU thread's until it is
 * ANSWERED. */
struct client {
    int fd; /* -1: none; closed only under the lock */
    bool greeted, no_ack;
    enum progress progress;
    struct gdb_framer framer;
    char request[GDB_PACKET_MAX];
    struct text reply; /* the last answer, to be sent again after a NAK */
    struct door_ticket ticket;
};

struct gdb_listener {
    struct door *door;
    int fd;
    struct gdb_place place;
    pthread_t acceptor, reader;
    bool reader_made; /* and not yet joined; the acceptor's */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* progress was made, or serving became false */
    bool serving, stopping;
    struct client client;
};

/* A client that does not take its answers is hung up on. */
static void client_send(struct client *c, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            shutdown(c->fd, SHUT_RDWR);
            return;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void client_progress(struct gdb_listener *l, enum progress progress)
{
    pthread_mutex_lock(&l->lock);
    l->client.progress = progress;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* The ticket's end, on the thread behind the door. A Ctrl-C that came too late to stop anything must not stop
 * what is asked for next. */
static void request_done(void *ctx, const struct err *failed)
{
    struct gdb_listener *l = ctx;
    struct client *c = &l->client;
    pthread_mutex_lock(&l->lock);
    bool late = door_interrupted(l->door);
    (void)late;
    c->progress = SENDING;
    pthread_mutex_unlock(&l->lock);
    client_send(c, text_str(&c->reply), c->reply.len);
    if (failed || c->reply.failed)
        shutdown(c->fd, SHUT_RDWR);
    client_progress(l, ANSWERED);
}

static void client_interrupt(struct gdb_listener *l)
{
    pthread_mutex_lock(&l->lock);
    if (l->client.progress == ASKED_TO_RUN)
        door_interrupt(l->door);
    pthread_mutex_unlock(&l->lock);
}

/* Waits until the last request is answered. One that lets the guest run is stopped first: who sends another
 * packet, or goes away, wants that. */
static void client_wait(struct gdb_listener *l)
{
    client_interrupt(l);
    pthread_mutex_lock(&l->lock);
    while (l->client.progress != ANSWERED)
        pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
}

/* -1: the door is closed. */
static int client_ask(struct gdb_listener *l, const char *payload, size_t len)
{
    struct client *c = &l->client;
    client_wait(l);
    memcpy(c->request, payload, len);
    text_clear(&c->reply);
    c->ticket = (struct door_ticket){.channel = DOOR_GDB,
                                     .text = c->request,
                                     .len = len,
                                     .out = &c->reply,
                                     .done = request_done,
                                     .ctx = l};
    client_progress(l, gdb_lets_run(payload, len) ? ASKED_TO_RUN : ASKED);
    if (door_post(l->door, &c->ticket) == 0)
        return 0;
    client_progress(l, ANSWERED);
    return -1;
}

/* A connection becomes a client with its first packet: gdb takes it that the guest stands from here on, but
 * whoever only knocks at the port must not stop it. */
static int client_greet(struct gdb_listener *l)
{
    if (l->client.greeted)
        return 0;
    l->client.greeted = true;
    door_interrupt(l->door);
    return client_ask(l, GDB_CLIENT_CAME, GDB_CONTROL_LEN);
}

static int frame_packet(struct gdb_listener *l)
{
    static const char no_ack[] = "QStartNoAckMode";
    struct client *c = &l->client;
    const struct gdb_framer *f = &c->framer;
    if (client_greet(l) < 0)
        return -1;
    client_wait(l);
    if (!c->no_ack)
        client_send(c, "+", 1);
    if (f->len == sizeof no_ack - 1 && memcmp(f->payload, no_ack, f->len) == 0)
        c->no_ack = true;
    /* No packet begins with a control byte; those are our own words to gdb_handle. */
    bool ours = f->len == GDB_CONTROL_LEN && (unsigned char)f->payload[0] < 0x20;
    return client_ask(l, f->payload, ours ? 0 : f->len);
}

static int frame_damaged(struct gdb_listener *l)
{
    if (!l->client.no_ack)
        client_send(&l->client, "-", 1);
    return 0;
}

static int frame_too_long(struct gdb_listener *l)
{
    struct text error = {0};
    struct client *c = &l->client;
    client_wait(l);
    if (!c->no_ack)
        text_addc(&error, '+');
    size_t at = gdb_packet_begin(&error);
    text_addf(&error, "E%02x", GDB_E_SYNTAX);
    gdb_packet_end(&error, at);
    client_send(c, text_str(&error), error.len);
    text_fini(&error);
    return 0;
}

static int frame_interrupt(struct gdb_listener *l)
{
    client_interrupt(l);
    return 0;
}

/* While an answer is in the making none has been sent that could be asked for again. */
static int frame_nak(struct gdb_listener *l)
{
    struct client *c = &l->client;
    pthread_mutex_lock(&l->lock);
    while (c->progress == SENDING)
        pthread_cond_wait(&l->changed, &l->lock);
    bool answered = c->progress == ANSWERED;
    pthread_mutex_unlock(&l->lock);
    if (answered && !c->no_ack)
        client_send(c, text_str(&c->reply), c->reply.len);
    return 0;
}

/* -1: the door is closed. */
static int client_feed(struct gdb_listener *l, const uint8_t *bytes, size_t n)
{
    static int (*const take[])(struct gdb_listener *) = {
        [GDB_FRAME_NONE] = NULL,
        [GDB_FRAME_PACKET] = frame_packet,
        [GDB_FRAME_DAMAGED] = frame_damaged,
        [GDB_FRAME_TOO_LONG] = frame_too_long,
        [GDB_FRAME_INTERRUPT] = frame_interrupt,
        [GDB_FRAME_ACK] = NULL,
        [GDB_FRAME_NAK] = frame_nak,
    };
    while (n > 0) {
        size_t used;
        enum gdb_frame frame = gdb_framer_feed(&l->client.framer, bytes, n, &used);
        if (take[frame] && take[frame](l) < 0)
            return -1;
        bytes += used;
        n -= used;
    }
    return 0;
}

static void client_serve(struct gdb_listener *l)
{
    uint8_t bytes[GDB_PACKET_MAX];
    struct client *c = &l->client;
    for (;;) {
        ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || client_feed(l, bytes, (size_t)n) < 0)
            break;
    }
    if (c->greeted && client_ask(l, GDB_CLIENT_GONE, GDB_CONTROL_LEN) == 0)
        client_wait(l);
}

static void *reader_main(void *arg)
{
    struct gdb_listener *l = arg;
    client_serve(l);
    client_wait(l);
    text_fini(&l->client.reply);
    pthread_mutex_lock(&l->lock);
    close(l->client.fd);
    l->client.fd = -1;
    l->serving = false;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

static void client_init(struct client *c, int fd)
{
    int on = 1;
    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    memset(c, 0, sizeof *c);
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* With the lock held: a client that has already hung up is waited for, since its end is being handled. */
static bool place_is_free(struct gdb_listener *l)
{
    while (l->serving && !l->stopping) {
        struct pollfd p = {l->client.fd, POLLRDHUP, 0};
        if (poll(&p, 1, 0) <= 0)
            return false;
        pthread_cond_wait(&l->changed, &l->lock);
    }
    return !l->stopping;
}

static void client_admit(struct gdb_listener *l, int fd)
{
    pthread_mutex_lock(&l->lock);
    bool admitted = place_is_free(l);
    if (admitted) {
        client_init(&l->client, fd);
        l->serving = true;
    }
    pthread_mutex_unlock(&l->lock);
    if (!admitted) {
        close(fd);
        return;
    }
    if (l->reader_made)
        pthread_join(l->reader, NULL);
    l->reader_made = pthread_create(&l->reader, NULL, reader_main, l) == 0;
    if (l->reader_made)
        return;
    pthread_mutex_lock(&l->lock);
    close(fd);
    l->client.fd = -1;
    l->serving = false;
    pthread_mutex_unlock(&l->lock);
}

static bool is_stopping(struct gdb_listener *l)
{
    pthread_mutex_lock(&l->lock);
    bool stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return stopping;
}

static void *acceptor_main(void *arg)
{
    struct gdb_listener *l = arg;
    while (!is_stopping(l)) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            client_admit(l, fd);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            poll(NULL, 0, ACCEPT_RETRY_MS); /* until somebody frees what is short */
    }
    if (l->reader_made)
        pthread_join(l->reader, NULL);
    return NULL;
}

static void listener_free(struct gdb_listener *l)
{
    if (l->fd >= 0)
        close(l->fd);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct gdb_listener *gdb_listen_start(const char *where, struct door *door, struct err *e)
{
    struct gdb_listener *l = calloc(1, sizeof *l);
    if (!l) {
        err_sys(e, ENOMEM, "--gdb");
        return NULL;
    }
    l->door = door;
    l->client.fd = -1;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    l->fd = gdb_place_listen(where, &l->place, e);
    if (l->fd >= 0) {
        int failed = pthread_create(&l->acceptor, NULL, acceptor_main, l);
        if (!failed)
            return l;
        err_sys(e, failed, "--gdb: thread");
    }
    listener_free(l);
    return NULL;
}

const char *gdb_listen_place(const struct gdb_listener *l)
{
    return l->place.text;
}

unsigned gdb_listen_port(const struct gdb_listener *l)
{
    return l->place.port;
}

void gdb_listen_stop(struct gdb_listener *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    if (l->client.fd >= 0)
        shutdown(l->client.fd, SHUT_RDWR);
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->acceptor, NULL);
    listener_free(l);
}
