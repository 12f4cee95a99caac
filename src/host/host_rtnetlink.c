/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_rtnetlink: see host_rtnetlink.h. Owns the netlink socket while it asks.
 */
#include "host_rtnetlink.h"

#include <errno.h>
#include <glib.h>
#include <sys/socket.h>

#include "host_limits.h"
#include "host_netns.h"

/* A message about one interface with 256 virtual functions has some 80 KB. */
enum { RECEIVE_BYTES = 262144, MOST_TRIES = 4 };

static bool
receive(struct mnl_socket *netlink, mnl_cb_t take, void *data)
{
    g_autofree char *buffer = g_malloc(RECEIVE_BYTES);
    unsigned int port = mnl_socket_get_portid(netlink);
    int state = MNL_CB_OK;

    while (state > MNL_CB_STOP) {
        ssize_t size = mnl_socket_recvfrom(netlink, buffer, RECEIVE_BYTES);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        state = mnl_cb_run(buffer, (size_t)size, 0, port, take, data);
    }
    return state == MNL_CB_STOP;
}

bool
host_rtnetlink_ask(struct nlmsghdr *request, mnl_cb_t take, void *data)
{
    int fd = host_netns_socket_in(-1, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct mnl_socket *netlink = fd >= 0 ? mnl_socket_fdopen(fd) : NULL;
    bool is_well = false;
    int error = 0;

    if (netlink == NULL)
        return false;
    /* Without a list the answer ends with an acknowledgement. */
    request->nlmsg_flags |=
        NLM_F_REQUEST | ((request->nlmsg_flags & NLM_F_DUMP) == 0 ? NLM_F_ACK : 0);
    is_well = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) >= 0 &&
              mnl_socket_sendto(netlink, request, request->nlmsg_len) >= 0 &&
              receive(netlink, take, data);
    error = errno;
    mnl_socket_close(netlink);
    errno = error;
    return is_well;
}

/* The kernel breaks off a list during which interfaces come or go, or which is read too slowly. */
static bool
is_broken_off(int error)
{
    return error == EINTR || error == ENOBUFS;
}

char *
host_rtnetlink_read(HostRoot *root, const char *note_path, HostRtnetlinkAsk ask, const void *data)
{
    char *text = NULL;

    if (!host_root_is_live(root))
        return host_root_read_all(root, note_path, HOST_LIMIT_FILE_BYTES, NULL);
    for (unsigned int n = 0; n < MOST_TRIES && text == NULL && (n == 0 || is_broken_off(errno));
         n++)
        text = ask(data);
    if (text != NULL)
        host_root_note(root, note_path, text);
    return text;
}
