/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tcpdiag: see host_tcpdiag.h. The kernel itself filters by port and by address.
 */
#include "host_tcpdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>

#define STATE_ESTABLISHED 1
#define STATE_LISTEN      10

typedef struct {
    HostTcpdiagTake take;
    void *data;
} Receiver;

static int
take_attribute(const struct nlattr *attribute, void *data)
{
    HostTcpdiagSocket *socket = data;

    if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY &&
        mnl_attr_get_payload_len(attribute) >= sizeof(uint8_t))
        socket->is_v6_only = mnl_attr_get_u8(attribute) != 0;
    return MNL_CB_OK;
}

static int
take_message(const struct nlmsghdr *message, void *data)
{
    const Receiver *receiver = data;
    const struct inet_diag_msg *answer = mnl_nlmsg_get_payload(message);
    HostTcpdiagSocket socket = {0};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*answer) ||
        (answer->idiag_state != STATE_LISTEN && answer->idiag_state != STATE_ESTABLISHED))
        return MNL_CB_OK;
    socket.is_listener = answer->idiag_state == STATE_LISTEN;
    socket.inode = answer->idiag_inode;
    host_address_set(&socket.local, answer->idiag_family, answer->id.idiag_src,
                     ntohs(answer->id.idiag_sport), answer->id.idiag_if);
    if (socket.is_listener)
        socket.n_queued = answer->idiag_rqueue;
    else
        host_address_set(&socket.remote, answer->idiag_family, answer->id.idiag_dst,
                         ntohs(answer->id.idiag_dport), answer->id.idiag_if);
    mnl_attr_parse(message, sizeof(*answer), take_attribute, &socket);
    return receiver->take(&socket, receiver->data) ? MNL_CB_OK : MNL_CB_ERROR;
}

static bool
ask(HostSockdiag *diag, const struct inet_diag_req_v2 *request, bool is_dump, HostTcpdiagTake take,
    void *data, GError **error)
{
    Receiver receiver = {take, data};

    return host_sockdiag_ask(diag, request, sizeof(*request), is_dump, take_message, &receiver,
                             error);
}

bool
host_tcpdiag_list_listeners(HostSockdiag *diag, int family, HostTcpdiagTake take, void *data,
                            GError **error)
{
    const struct inet_diag_req_v2 request = {.sdiag_family = (uint8_t)family,
                                             .sdiag_protocol = IPPROTO_TCP,
                                             .idiag_states = 1U << STATE_LISTEN};

    return ask(diag, &request, true, take, data, error);
}

bool
host_tcpdiag_list_connections(HostSockdiag *diag, int family, uint16_t port, HostTcpdiagTake take,
                              void *data, GError **error)
{
    const struct inet_diag_req_v2 request = {.sdiag_family = (uint8_t)family,
                                             .sdiag_protocol = IPPROTO_TCP,
                                             .idiag_states = 1U << STATE_ESTABLISHED,
                                             .id = {.idiag_sport = htons(port)}};

    return ask(diag, &request, true, take, data, error);
}

bool
host_tcpdiag_find_connection(HostSockdiag *diag, const HostAddress *local,
                             const HostAddress *remote, HostTcpdiagTake take, void *data,
                             GError **error)
{
    struct inet_diag_req_v2 request = {
        .sdiag_family = (uint8_t)local->family,
        .sdiag_protocol = IPPROTO_TCP,
        .idiag_states = 1U << STATE_ESTABLISHED,
        .id = {.idiag_sport = htons(local->port),
               .idiag_dport = htons(remote->port),
               .idiag_if = local->scope,
               .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}},
    };

    memcpy(request.id.idiag_src, local->bytes, sizeof(local->bytes));
    memcpy(request.id.idiag_dst, remote->bytes, sizeof(remote->bytes));
    return ask(diag, &request, false, take, data, error);
}
