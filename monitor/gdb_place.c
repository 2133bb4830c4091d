/*
 * Places on the net: see gdb_place.h.
 */
#include "monitor/gdb_place.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int not_a_place(const char *where, struct err *e)
{
    return err_set(e, "--gdb: \"%.100s\" is no place to listen at: give PORT, HOST:PORT or [ADDRESS]:PORT",
                   where);
}

int gdb_place_parse(const char *where, char host[GDB_HOST_MAX], char port[GDB_PORT_MAX], struct err *e)
{
    const char *colon = strrchr(where, ':');
    const char *digits = colon ? colon + 1 : where;
    size_t port_len = strlen(digits), host_len = colon ? (size_t)(colon - where) : 0;
    if (port_len == 0 || port_len >= GDB_PORT_MAX || strspn(digits, "0123456789") != port_len ||
        strtoul(digits, NULL, 10) > 65535 || host_len >= GDB_HOST_MAX)
        return not_a_place(where, e);
    memcpy(port, digits, port_len + 1);
    if (host_len == 0)
        where = "127.0.0.1", host_len = strlen(where);
    else if (where[0] == '[' && where[host_len - 1] == ']' && host_len > 2)
        where++, host_len -= 2;
    else if (memchr(where, ':', host_len) || memchr(where, '[', host_len))
        return not_a_place(where, e);
    memcpy(host, where, host_len);
    host[host_len] = '\0';
    return 0;
}

/* Which port a socket got, and its address in numbers. */
static int place_tell(int fd, struct gdb_place *p, struct err *e)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    char host[64], port[GDB_PORT_MAX];
    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0)
        return err_sys(e, errno, "--gdb: getsockname");
    int failed = getnameinfo((struct sockaddr *)&at, len, host, sizeof host, port, sizeof port,
                             NI_NUMERICHOST | NI_NUMERICSERV);
    if (failed)
        return err_set(e, "--gdb: %s", gai_strerror(failed));
    p->port = (unsigned)strtoul(port, NULL, 10);
    snprintf(p->text, sizeof p->text, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

static int place_bind(const struct addrinfo *a)
{
    int on = 1, fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int gdb_place_listen(const char *where, struct gdb_place *p, struct err *e)
{
    char host[GDB_HOST_MAX], port[GDB_PORT_MAX];
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    if (gdb_place_parse(where, host, port, e) < 0)
        return -1;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed)
        return err_set(e, "--gdb: %s: %s", host, gai_strerror(failed));
    int fd = -1;
    for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
        fd = place_bind(a);
    int code = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return err_sys(e, code, "--gdb: %s port %s", host, port);
    if (place_tell(fd, p, e) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
