/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockdiag: see host_sockdiag.h. Owns the netlink socket and its buffer; does not know what is
 * in a request or in an answer.
 */
#include "host_sockdiag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "host/host_netns.h"
#include "util/util_error.h"

#define RECEIVE_BYTES 32768

struct HostSockdiag {
    struct mnl_socket *netlink;
    unsigned int sequence;
    char buffer[RECEIVE_BYTES];
};

static bool
set_error(GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot list sockets: %s", g_strerror(errno));
    return false;
}

HostSockdiag *
host_sockdiag_open(int namespace_fd, GError **error)
{
    g_autoptr(HostSockdiag) self = g_new0(HostSockdiag, 1);
    int fd =
        host_netns_socket_in(namespace_fd, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd >= 0)
        self->netlink = mnl_socket_fdopen(fd);
    if (self->netlink == NULL || mnl_socket_bind(self->netlink, 0, MNL_SOCKET_AUTOPID) < 0) {
        set_error(error);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
host_sockdiag_free(HostSockdiag *self)
{
    if (self == NULL)
        return;
    if (self->netlink != NULL)
        mnl_socket_close(self->netlink);
    g_free(self);
}

static bool
send_request(HostSockdiag *self, const void *request, size_t size, bool is_dump)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(self->buffer);

    message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    /* A dump ends with a message of its own; one socket is followed by the acknowledgement. */
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (is_dump ? NLM_F_DUMP : NLM_F_ACK));
    message->nlmsg_seq = ++self->sequence;
    memcpy(mnl_nlmsg_put_extra_header(message, size), request, size);
    return mnl_socket_sendto(self->netlink, message, message->nlmsg_len) >= 0;
}

/* Reads the whole answer; false with errno. */
static bool
receive_answer(HostSockdiag *self, mnl_cb_t take, void *data)
{
    unsigned int port = mnl_socket_get_portid(self->netlink);
    int state = MNL_CB_OK;

    while (state > MNL_CB_STOP) {
        ssize_t size = mnl_socket_recvfrom(self->netlink, self->buffer, RECEIVE_BYTES);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        state = mnl_cb_run(self->buffer, (size_t)size, self->sequence, port, take, data);
    }
    return state == MNL_CB_STOP;
}

bool
host_sockdiag_ask(HostSockdiag *self, const void *request, size_t size, bool is_dump, mnl_cb_t take,
                  void *data, GError **error)
{
    if (send_request(self, request, size, is_dump) && receive_answer(self, take, data))
        return true;
    if (!is_dump && errno == ENOENT)
        return true;
    return set_error(error);
}
