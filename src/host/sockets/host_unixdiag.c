/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixdiag: see host_unixdiag.h.
 *
 * A connection that a listener has accepted has the path and file of the listener and a socket
 * inode of its own. One that it has not accepted yet is not listed; the listener then has its
 * client among its incoming connections (sock_diag(7), and observed). These are not asked for in
 * the list of all: the kernel ends that list, and does not say so, at a socket that does not fit
 * into one message, as one with some 8,000 clients would not.
 *
 * A list of many sockets comes in several messages. The kernel goes on behind so many sockets of a
 * bucket as it has told; if one of these was closed meanwhile, it passes over another. So listeners
 * are listed once more by themselves: they are few, and most often fit into one message, which the
 * kernel makes as large as the largest that was read before.
 */
#include "host_unixdiag.h"

#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define STATE_ESTABLISHED 1 /* TCP's numbers, which unix sockets share */
#define STATE_LISTEN      10
#define ANY_COOKIE        G_MAXUINT32 /* matches each socket with the inode */

/* The attributes of a socket that we read; NULL for those that it does not have. */
typedef struct {
    const struct nlattr *name;
    const struct nlattr *file;
    const struct nlattr *peer;
    const struct nlattr *queue;
    const struct nlattr *waiting;
} Attributes;

static int
take_attribute(const struct nlattr *attribute, void *data)
{
    Attributes *found = data;
    const struct {
        int type;
        size_t min_size;
        const struct nlattr **place;
    } kinds[] = {
        {UNIX_DIAG_NAME, 1, &found->name},
        {UNIX_DIAG_VFS, sizeof(struct unix_diag_vfs), &found->file},
        {UNIX_DIAG_PEER, sizeof(uint32_t), &found->peer},
        {UNIX_DIAG_RQLEN, sizeof(struct unix_diag_rqlen), &found->queue},
        {UNIX_DIAG_ICONS, 0, &found->waiting},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (mnl_attr_get_type(attribute) == kinds[i].type &&
            mnl_attr_get_payload_len(attribute) >= kinds[i].min_size)
            *kinds[i].place = attribute;
    }
    return MNL_CB_OK;
}

/* The bound name as text, without the NULs at its end. False if it would not fit into a socket
 * address. */
static bool
read_name(const struct nlattr *attribute, char ret_path[sizeof(struct sockaddr_un)])
{
    const char *name = mnl_attr_get_payload(attribute);
    size_t size = mnl_attr_get_payload_len(attribute);

    if (size >= sizeof(struct sockaddr_un))
        return false;
    while (size > 0 && name[size - 1] == '\0')
        size--;
    if (size == 0)
        return false;
    memcpy(ret_path, name, size);
    ret_path[size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if (ret_path[i] == '\0')
            ret_path[i] = '@';
    }
    return true;
}

static void
read_attributes(const Attributes *attributes, HostUnixdiagSocket *socket)
{
    if (attributes->name)
        socket->is_abstract = ((const char *)mnl_attr_get_payload(attributes->name))[0] == '\0';
    if (attributes->file) {
        const struct unix_diag_vfs *file = mnl_attr_get_payload(attributes->file);

        socket->file_device = file->udiag_vfs_dev;
        socket->file_inode = file->udiag_vfs_ino;
    }
    if (attributes->peer)
        socket->peer_inode = mnl_attr_get_u32(attributes->peer);
    if (attributes->queue) {
        const struct unix_diag_rqlen *queue = mnl_attr_get_payload(attributes->queue);

        socket->n_queued = socket->is_listener ? queue->udiag_rqueue : 0;
        socket->knows_queue = socket->is_listener;
    }
    if (attributes->waiting) {
        socket->waiting = mnl_attr_get_payload(attributes->waiting);
        socket->n_waiting = mnl_attr_get_payload_len(attributes->waiting) / sizeof(uint32_t);
    }
}

typedef struct {
    HostUnixdiagTake take;
    void *data;
    bool takes_unnamed;
} Receiver;

static int
take_message(const struct nlmsghdr *message, void *data)
{
    const Receiver *receiver = data;
    const struct unix_diag_msg *answer = mnl_nlmsg_get_payload(message);
    Attributes attributes = {0};
    char path[sizeof(struct sockaddr_un)] = "";
    HostUnixdiagSocket socket = {.path = path, .knows_peer = true};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*answer) || answer->udiag_type != SOCK_STREAM)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*answer), take_attribute, &attributes);
    if ((!attributes.name || !read_name(attributes.name, path)) && !receiver->takes_unnamed)
        return MNL_CB_OK;
    socket.is_listener = answer->udiag_state == STATE_LISTEN;
    socket.inode = answer->udiag_ino;
    read_attributes(&attributes, &socket);
    return receiver->take(&socket, receiver->data) ? MNL_CB_OK : MNL_CB_ERROR;
}

static bool
list_in_states(HostSockdiag *diag, uint32_t states, Receiver *receiver, GError **error)
{
    const struct unix_diag_req request = {
        .sdiag_family = AF_UNIX,
        .udiag_states = states,
        .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN,
    };

    return host_sockdiag_ask(diag, &request, sizeof(request), true, take_message, receiver, error);
}

bool
host_unixdiag_list(HostSockdiag *diag, HostUnixdiagTake take, void *data, GError **error)
{
    Receiver receiver = {take, data, false};

    return list_in_states(diag, 1U << STATE_LISTEN | 1U << STATE_ESTABLISHED, &receiver, error) &&
           list_in_states(diag, 1U << STATE_LISTEN, &receiver, error);
}

bool
host_unixdiag_list_listeners(HostSockdiag *diag, HostUnixdiagTake take, void *data, GError **error)
{
    Receiver receiver = {take, data, false};

    return list_in_states(diag, 1U << STATE_LISTEN, &receiver, error);
}

bool
host_unixdiag_find(HostSockdiag *diag, ino_t inode, HostUnixdiagTake take, void *data,
                   GError **error)
{
    const struct unix_diag_req request = {
        .sdiag_family = AF_UNIX,
        .udiag_states = 1U << STATE_LISTEN | 1U << STATE_ESTABLISHED,
        .udiag_ino = (uint32_t)inode,
        .udiag_cookie = {ANY_COOKIE, ANY_COOKIE},
        .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_ICONS,
    };
    Receiver receiver = {take, data, true};

    return host_sockdiag_ask(diag, &request, sizeof(request), false, take_message, &receiver,
                             error);
}
