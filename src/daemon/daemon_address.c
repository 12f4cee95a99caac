/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_address: see daemon_address.h.
 */
#include "daemon_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

static bool
refuse(const char *text, const char *why, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "'%s' is no address: %s", valid,
                why);
    return false;
}

bool
daemon_address_check_path(const char *path, GError **error)
{
    if (path[0] != '/')
        return refuse(path, "the path of a socket begins with '/'", error);
    if (path[strlen(path) - 1] == '/')
        return refuse(path, "it names a folder", error);
    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return refuse(path, "the path of a socket has 107 bytes at most", error);
    return true;
}

static bool
is_port(const char *text)
{
    guint64 port = 0;

    return g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL);
}

/* Parses "HOST:PORT"; the host of an IPv6 address stands in brackets. */
static bool
parse_tcp(const char *text, DaemonAddress *self, GError **error)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;

    if (colon == NULL)
        return refuse(text, "it is HOST:PORT, [IPV6]:PORT or unix:PATH", error);
    if (!is_port(colon + 1))
        return refuse(text, "its port is a number from 1 to 65535", error);
    if (text[0] == '[') {
        if (length < 3 || text[length - 1] != ']' || memchr(text, ']', length - 1) != NULL)
            return refuse(text, "an IPv6 address stands in brackets", error);
        self->host = g_strndup(text + 1, length - 2);
    } else if (memchr(text, ':', length) != NULL) {
        return refuse(text, "an IPv6 address stands in brackets", error);
    } else if (length > 0) {
        self->host = g_strndup(text, length);
    }
    self->port = g_strdup(colon + 1);
    return true;
}

bool
daemon_address_parse(const char *text, DaemonAddress *ret_self, GError **error)
{
    DaemonAddress self = {0};

    if (g_str_has_prefix(text, UNIX_PREFIX)) {
        if (!daemon_address_check_path(text + strlen(UNIX_PREFIX), error))
            return false;
        self.path = g_strdup(text + strlen(UNIX_PREFIX));
    } else if (!parse_tcp(text, &self, error)) {
        daemon_address_clear(&self);
        return false;
    }
    *ret_self = self;
    return true;
}

void
daemon_address_clear(DaemonAddress *self)
{
    g_clear_pointer(&self->path, g_free);
    g_clear_pointer(&self->host, g_free);
    g_clear_pointer(&self->port, g_free);
}

bool
daemon_address_is_local(const struct sockaddr *socket)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;

    if (socket->sa_family == AF_INET)
        return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (socket->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return socket->sa_family == AF_UNIX;
}

static char *
unix_to_text(const struct sockaddr_un *socket, socklen_t size)
{
    size_t length = size - MIN((size_t)size, offsetof(struct sockaddr_un, sun_path));

    if (length == 0)
        return g_strdup("a socket without a name");
    if (socket->sun_path[0] == '\0')
        return g_strdup_printf("@%.*s", (int)length - 1, socket->sun_path + 1);
    return g_strndup(socket->sun_path, length);
}

char *
daemon_address_to_text(const struct sockaddr *socket, socklen_t size)
{
    const struct sockaddr_in *four = (const void *)socket;
    const struct sockaddr_in6 *six = (const void *)socket;
    char host[INET6_ADDRSTRLEN] = "";

    if (socket->sa_family == AF_UNIX)
        return unix_to_text((const void *)socket, size);
    if (socket->sa_family == AF_INET && inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host)))
        return g_strdup_printf("%s:%u", host, ntohs(four->sin_port));
    if (socket->sa_family == AF_INET6 && inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host)))
        return g_strdup_printf("[%s]:%u", host, ntohs(six->sin6_port));
    return g_strdup_printf("a socket of family %d", socket->sa_family);
}
