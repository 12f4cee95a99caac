/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_process_sockets: see qemu_process_sockets.h. Owns nothing.
 *
 * A path or a descriptor tells which socket is meant. An address of TCP may be written in many
 * ways (a name, "0", a port that QEMU chooses), so the sockets of the process that the words may
 * mean are taken, without those that other words may mean too. What is left is one monitor's if all
 * have one port: QEMU listens at each address that a name has.
 *
 * QEMU 11.1 and later can be given a monitor while they run, which no word tells. Only a socket
 * with a name of ours is taken for one: a serial port may be plugged likewise.
 */
#include "qemu_process_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "qemu/words/qemu_cmdline_listen.h"

enum { LAST_PORT = 65535 };

/* TCP sockets are listed only for a QEMU that may have a monitor there: most have none, and the
 * kernel loads a module to list them. */
static bool
may_use_tcp(const QemuCmdline *cmdline)
{
    for (guint i = 0; i < cmdline->monitors->len; i++) {
        QemuCmdlineSocketKind kind =
            g_array_index(cmdline->monitors, QemuCmdlineMonitor, i).socket.kind;

        if (kind == QEMU_CMDLINE_SOCKET_TCP || kind == QEMU_CMDLINE_SOCKET_FD)
            return true;
    }
    return false;
}

QemuProcessSocketsLook
qemu_process_sockets_read(HostDescriptors *descriptors, HostSockets *table, pid_t pid,
                          const QemuCmdline *cmdline, GArray **ret_sockets)
{
    const GArray *open = host_descriptors_list(descriptors, pid);
    bool wants_tcp = may_use_tcp(cmdline);
    GArray *sockets = NULL;

    if (open == NULL && (errno == EACCES || errno == EPERM))
        return QEMU_PROCESS_SOCKETS_DENIED;
    if (open == NULL)
        return host_descriptors_is_live(descriptors) && (errno == ENOENT || errno == ESRCH)
                   ? QEMU_PROCESS_SOCKETS_ENDED
                   : QEMU_PROCESS_SOCKETS_UNKNOWN;
    if (host_sockets_add_namespace(table, pid, NULL) == 0)
        return QEMU_PROCESS_SOCKETS_UNKNOWN;
    if (host_descriptors_is_live(descriptors)) /* QEMU may have been passed a socket of it */
        host_sockets_add_namespace(table, 0, NULL);
    sockets = g_array_new(FALSE, FALSE, sizeof(QemuProcessSocket));
    for (guint i = 0; i < open->len; i++) {
        const HostDescriptorsSocket *socket = &g_array_index(open, HostDescriptorsSocket, i);
        QemuProcessSocket found = {.fd = socket->fd};

        if (host_sockets_find(table, AF_UNIX, socket->inode, &found.listener) ||
            (wants_tcp && host_sockets_find(table, AF_INET, socket->inode, &found.listener)))
            g_array_append_val(sockets, found);
    }
    *ret_sockets = sockets;
    return QEMU_PROCESS_SOCKETS_KNOWN;
}

/* Text of decimal digits as a port; -1 if it is none: a service's name. */
static int
parse_port(const char *text)
{
    guint64 port = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, LAST_PORT, &port, NULL))
        return -1;
    return (int)port;
}

/* True if the address @socket of the command line may mean port @port. */
static bool
may_have_port(const QemuCmdlineSocket *socket, int port)
{
    int first = parse_port(socket->port);
    int last = socket->to != NULL ? parse_port(socket->to) : first;

    if (first <= 0) /* QEMU chose the port, or the words have a service's name */
        return true;
    return port >= first && port <= MAX(first, last);
}

/* True if @host, as the command line has it, may be the listening address @address. Names are not
 * looked up: a name may be any address. */
static bool
may_have_host(const char *host, const HostAddress *address)
{
    g_autofree char *bare = NULL;
    struct in_addr v4 = {0};
    struct in6_addr v6 = {0};
    HostAddress meant = {0};
    size_t size = host ? strlen(host) : 0;

    if (size == 0)
        return host_address_is_any(address);
    bare = host[0] == '[' && host[size - 1] == ']' ? g_strndup(host + 1, size - 2) : g_strdup(host);
    if (inet_aton(bare, &v4) != 0)
        host_address_set(&meant, AF_INET, &v4, address->port, 0);
    bare[strcspn(bare, "%")] = '\0';
    if (meant.family == 0 && inet_pton(AF_INET6, bare, &v6) == 1)
        host_address_set(&meant, AF_INET6, &v6, address->port, address->scope);
    return meant.family == 0 || host_address_equal(&meant, address);
}

/* True if the address @words of the command line may be that of @socket. */
static bool
may_mean(const QemuCmdlineSocket *words, const QemuProcessSocket *socket)
{
    const HostListener *listener = &socket->listener;
    bool is_unix = listener->family == AF_UNIX;

    switch (words->kind) {
    case QEMU_CMDLINE_SOCKET_UNIX:
        return is_unix && g_strcmp0(words->path, listener->path) == 0 &&
               (words->path[0] != '@' || listener->file_inode != 0);
    case QEMU_CMDLINE_SOCKET_ABSTRACT:
        return is_unix && listener->path[0] == '@' && listener->file_inode == 0 &&
               g_strcmp0(words->path, listener->path + 1) == 0;
    case QEMU_CMDLINE_SOCKET_FD:
        return words->fd == socket->fd;
    case QEMU_CMDLINE_SOCKET_TCP:
        return !is_unix && may_have_port(words, listener->address.port) &&
               may_have_host(words->host, &listener->address);
    case QEMU_CMDLINE_SOCKET_NONE:
        break;
    }
    return false;
}

/* True if the command line leaves QEMU a choice of ports. */
static bool
has_choice(const QemuCmdlineSocket *words)
{
    return words->kind == QEMU_CMDLINE_SOCKET_TCP &&
           (words->to != NULL || parse_port(words->port) <= 0);
}

/* True if another option that listens on TCP may have taken the socket: VNC, migration. One with a
 * choice of ports counts only if @words has a choice too. */
static bool
may_be_listens(const QemuCmdlineSocket *words, const GArray *listens,
               const QemuProcessSocket *socket)
{
    const HostAddress *address = &socket->listener.address;

    for (guint i = 0; address->family != 0 && i < listens->len; i++) {
        const QemuCmdlineListen *listen = &g_array_index(listens, QemuCmdlineListen, i);

        if ((has_choice(words) || listen->port_first == listen->port_last) &&
            address->port >= listen->port_first && address->port <= listen->port_last &&
            may_have_host(listen->host, address))
            return true;
    }
    return false;
}

/* The same for the character devices @others. */
static bool
may_be_devices(const QemuCmdlineSocket *words, const GArray *others,
               const QemuProcessSocket *socket)
{
    for (guint i = 0; i < others->len; i++) {
        const QemuCmdlineSocket *other = &g_array_index(others, QemuCmdlineMonitor, i).socket;

        if (other != words && (has_choice(words) || !has_choice(other)) && may_mean(other, socket))
            return true;
    }
    return false;
}

/* True if @socket, which may be that of @words, may also be another's. A device with a choice of
 * ports has not taken the only port of another one: QEMU would have ended. Options that could not
 * be read may name any port. */
static bool
may_be_anothers(const QemuCmdline *cmdline, const QemuCmdlineSocket *words,
                const QemuProcessSocket *socket)
{
    return (has_choice(words) && cmdline->has_unread_options) ||
           may_be_devices(words, cmdline->monitors, socket) ||
           may_be_devices(words, cmdline->other_sockets, socket) ||
           may_be_listens(words, cmdline->tcp_listens, socket);
}

/* Takes one more socket that may be the monitor's; @found is the one before, NULL: none. QEMU
 * listens at each address of a name, all with one port; IPv4 is preferred. */
static QemuProcessSocketsMatch
take(const QemuProcessSocket *socket, const QemuProcessSocket **found)
{
    const QemuProcessSocket *before = *found;

    if (before == NULL || before->listener.family == AF_INET6)
        *found = socket;
    if (before == NULL)
        return QEMU_PROCESS_SOCKETS_FOUND;
    return before->listener.family != AF_UNIX &&
                   before->listener.address.port == socket->listener.address.port
               ? QEMU_PROCESS_SOCKETS_FOUND
               : QEMU_PROCESS_SOCKETS_AMBIGUOUS;
}

QemuProcessSocketsMatch
qemu_process_sockets_match(const GArray *sockets, const QemuCmdline *cmdline, guint index,
                           const QemuProcessSocket **ret_socket)
{
    const QemuCmdlineSocket *words =
        &g_array_index(cmdline->monitors, QemuCmdlineMonitor, index).socket;
    const QemuProcessSocket *found = NULL;
    bool is_anothers = false;

    for (guint i = 0; i < sockets->len; i++) {
        const QemuProcessSocket *socket = &g_array_index(sockets, QemuProcessSocket, i);

        if (!may_mean(words, socket))
            continue;
        if (may_be_anothers(cmdline, words, socket))
            is_anothers = true;
        else if (take(socket, &found) == QEMU_PROCESS_SOCKETS_AMBIGUOUS)
            return QEMU_PROCESS_SOCKETS_AMBIGUOUS;
    }
    if (found == NULL)
        return is_anothers ? QEMU_PROCESS_SOCKETS_AMBIGUOUS : QEMU_PROCESS_SOCKETS_ABSENT;
    *ret_socket = found;
    return QEMU_PROCESS_SOCKETS_FOUND;
}

static bool
may_be_any(const GArray *monitors, const QemuProcessSocket *socket)
{
    for (guint i = 0; i < monitors->len; i++)
        if (may_mean(&g_array_index(monitors, QemuCmdlineMonitor, i).socket, socket))
            return true;
    return false;
}

/* True if the name is kept for monitors of ours, and what listens there is not in the words. */
static bool
is_added(const QemuProcessSocket *socket, const QemuCmdline *cmdline)
{
    const HostListener *listener = &socket->listener;
    const char *slash = strrchr(listener->path, '/');
    const char *name = slash ? slash + 1 : listener->path;

    return listener->family == AF_UNIX && listener->path[0] != '@' &&
           g_str_has_prefix(name, "domstats") && !cmdline->has_unread_options &&
           !qemu_cmdline_mentions(cmdline, name) && !may_be_any(cmdline->monitors, socket) &&
           !may_be_any(cmdline->other_sockets, socket);
}

const QemuProcessSocket *
qemu_process_sockets_find_added(const GArray *sockets, const QemuCmdline *cmdline, guint from)
{
    for (guint i = from; i < sockets->len; i++) {
        const QemuProcessSocket *socket = &g_array_index(sockets, QemuProcessSocket, i);

        if (is_added(socket, cmdline))
            return socket;
    }
    return NULL;
}
