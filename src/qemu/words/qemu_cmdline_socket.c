/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_socket: see qemu_cmdline_socket.h.
 *
 * QEMU's defaults: a device in words is a client that may be told "server", and a server in words
 * waits for its first client; a device in JSON is a server that does not wait (QAPI,
 * ChardevSocket).
 */
#include "qemu_cmdline_socket.h"

#include <string.h>

/* Names a character device to which no client can connect, as the end of a sentence. */
static char *
describe_backend(const char *backend)
{
    static const struct {
        const char *backend;
        const char *text;
    } rows[] = {
        {"stdio", "on stdio"},
        {"pty", "on a pty"},
        {"vc", "in its display"},
        {"null", "connected to nothing"},
        {"file", "written to a file"},
        {"pipe", "on a pipe"},
        {"serial", "on a serial line"},
        {"udp", "on UDP"},
        {"fd", "on a descriptor that is no socket"},
        {"mux", "on a mux of another character device"},
        {"hub", "on a hub of several character devices"},
    };
    g_autofree char *name = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].backend, backend))
            return g_strdup(rows[i].text);
    name = g_utf8_make_valid(backend, -1);
    return g_strdup_printf("on '%s'", name);
}

static bool
is_server(const QemuCmdlineOption *option)
{
    if (qemu_cmdline_option_get(option, "server") == NULL)
        return qemu_cmdline_option_is_json(option);
    return qemu_cmdline_option_is_on(option, "server");
}

/* Why no client can connect to a socket; NULL if one can. */
static const char *
find_client_fault(const QemuCmdlineOption *option)
{
    if (is_server(option))
        return NULL;
    return qemu_cmdline_option_get(option, "fd") != NULL ? "on a connection that its launcher holds"
                                                         : "a socket in client mode";
}

/* Why a client of QMP cannot talk through the socket; NULL if it can. */
static const char *
find_protocol_fault(const QemuCmdlineOption *option)
{
    if (qemu_cmdline_option_get(option, "tls-creds") != NULL)
        return "encrypted with TLS";
    if (qemu_cmdline_option_is_on(option, "websocket"))
        return "behind a websocket";
    if (qemu_cmdline_option_is_on(option, "telnet") || qemu_cmdline_option_is_on(option, "tn3270"))
        return "behind telnet";
    return NULL;
}

static const char *
take_tcp(const QemuCmdlineOption *option, QemuCmdlineSocket *socket)
{
    const char *host = qemu_cmdline_option_get(option, "host");
    const char *port = qemu_cmdline_option_get(option, "port");
    size_t length = host ? strlen(host) : 0;

    if (port == NULL || port[0] == '\0')
        return "a socket without an address";
    socket->kind = QEMU_CMDLINE_SOCKET_TCP;
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']')
        socket->host = g_strndup(host + 1, length - 2);
    else
        socket->host = g_strdup(host ? host : "");
    socket->port = g_strdup(port);
    socket->to = g_strdup(qemu_cmdline_option_get(option, "to"));
    socket->path =
        g_strdup_printf(strchr(socket->host, ':') ? "[%s]:%s" : "%s:%s", socket->host, port);
    return NULL;
}

static const char *
take_unix(const QemuCmdlineOption *option, const char *path, QemuCmdlineSocket *socket)
{
    bool is_abstract = qemu_cmdline_option_is_on(option, "abstract");

    if (path[0] == '\0')
        return "a socket without an address";
    socket->kind = is_abstract ? QEMU_CMDLINE_SOCKET_ABSTRACT : QEMU_CMDLINE_SOCKET_UNIX;
    socket->path = g_strdup(path);
    if (is_abstract && qemu_cmdline_option_get(option, "tight") != NULL &&
        !qemu_cmdline_option_is_on(option, "tight"))
        return "on an abstract socket whose name is filled up with zeros";
    return NULL;
}

static const char *
take_descriptor(const char *fd, QemuCmdlineSocket *socket)
{
    socket->fd = qemu_cmdline_option_parse_fd(fd);
    if (socket->fd < 0)
        return "on a descriptor known by a name only";
    socket->kind = QEMU_CMDLINE_SOCKET_FD;
    return NULL;
}

/* Sets kind and address; gives what is wrong with the address, or NULL. */
static const char *
take_address(const QemuCmdlineOption *option, QemuCmdlineSocket *socket)
{
    const char *fd = qemu_cmdline_option_get(option, "fd");
    const char *path = qemu_cmdline_option_get(option, "path");

    if (fd == NULL) /* the address of kind "fd" in JSON */
        fd = qemu_cmdline_option_get(option, "str");
    if (qemu_cmdline_option_get(option, "cid") != NULL)
        return "on vsock";
    if (fd != NULL)
        return take_descriptor(fd, socket);
    return path ? take_unix(option, path, socket) : take_tcp(option, socket);
}

void
qemu_cmdline_socket_clear(QemuCmdlineSocket *self)
{
    g_free(self->path);
    g_free(self->host);
    g_free(self->port);
    g_free(self->to);
    *self = (QemuCmdlineSocket){.kind = QEMU_CMDLINE_SOCKET_NONE, .fd = -1};
}

char *
qemu_cmdline_socket_init(QemuCmdlineSocket *socket, const QemuCmdlineChardev *chardev)
{
    const char *backend = qemu_cmdline_chardev_backend(chardev);
    const char *address_fault = NULL;
    const char *fault = NULL;

    *socket = (QemuCmdlineSocket){.kind = QEMU_CMDLINE_SOCKET_NONE, .fd = -1};
    if (chardev->option == NULL)
        return g_strdup("on a character device that its command line does not describe");
    if (g_strcmp0(backend, "socket") != 0)
        return describe_backend(backend ? backend : "");
    fault = find_client_fault(chardev->option);
    if (fault != NULL)
        return g_strdup(fault);
    address_fault = take_address(chardev->option, socket);
    fault = find_protocol_fault(chardev->option);
    return g_strdup(fault ? fault : address_fault);
}

bool
qemu_cmdline_socket_waits(const QemuCmdlineChardev *chardev)
{
    const QemuCmdlineOption *option = chardev->option;

    if (option == NULL || g_strcmp0(qemu_cmdline_chardev_backend(chardev), "socket") != 0 ||
        !is_server(option))
        return false;
    if (qemu_cmdline_option_get(option, "wait") == NULL)
        return !qemu_cmdline_option_is_json(option);
    return qemu_cmdline_option_is_on(option, "wait");
}
