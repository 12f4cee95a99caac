/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_netns: see host_netns.h. Does not know what the sockets are for.
 */
#include "host_netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "util/util_fd.h"
#include "util/util_thread.h"

typedef struct {
    int namespace_fd;
    void (*visit)(void *data);
    void *data;
    int error;
} Visit;

static void *
enter_and_visit(void *data)
{
    Visit *self = data;

    if (setns(self->namespace_fd, CLONE_NEWNET) == 0)
        self->visit(self->data);
    else
        self->error = errno;
    return NULL;
}

bool
host_netns_visit(int namespace_fd, void (*visit)(void *data), void *data)
{
    Visit self = {.namespace_fd = namespace_fd, .visit = visit, .data = data};
    GThread *thread = util_thread_start("domstats-netns", enter_and_visit, &self);

    if (!thread) {
        errno = EAGAIN;
        return false;
    }
    g_thread_join(thread);
    errno = self.error;
    return self.error == 0;
}

int
host_netns_open(pid_t pid)
{
    char path[32] = "";

    g_snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

typedef struct {
    int domain;
    int type;
    int protocol;
    int fd;
    int error;
} SocketVisit;

static void
make_socket(void *data)
{
    SocketVisit *self = data;

    self->fd = socket(self->domain, self->type, self->protocol);
    self->error = errno;
}

int
host_netns_socket_in(int namespace_fd, int domain, int type, int protocol)
{
    SocketVisit self = {.domain = domain, .type = type, .protocol = protocol, .fd = -1};

    if (namespace_fd < 0)
        return socket(domain, type, protocol);
    if (host_netns_visit(namespace_fd, make_socket, &self))
        errno = self.error;
    return self.fd;
}

int
host_netns_socket(pid_t pid, int domain, int type, int protocol)
{
    g_auto(UtilFd) namespace_fd = pid != 0 ? host_netns_open(pid) : -1;

    if (pid != 0 && namespace_fd < 0)
        return -1;
    return host_netns_socket_in(namespace_fd, domain, type, protocol);
}
