/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_address: see host_address.h. Owns nothing, and looks no name up.
 */
#include "host_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#define MAX_HOST_BYTES 64 /* an IPv6 address and the name of an interface */

enum { V4_BYTES = 4, V6_BYTES = 16 };

static void
take_sockaddr(HostAddress *self, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        host_address_set(self, AF_INET, &v4.sin_addr, ntohs(v4.sin_port), 0);
    } else {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        host_address_set(self, AF_INET6, &v6.sin6_addr, ntohs(v6.sin6_port), v6.sin6_scope_id);
    }
}

bool
host_address_parse(const char *text, HostAddress *ret_address)
{
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                     .ai_socktype = SOCK_STREAM};
    const char *colon = strrchr(text, ':');
    char host[MAX_HOST_BYTES] = "";
    size_t size = colon ? (size_t)(colon - text) : sizeof(host);
    struct addrinfo *found = NULL;
    uint64_t port = 0;

    if (colon == NULL || size >= sizeof(host) ||
        !g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
        return false;
    memcpy(host, text, size);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        memmove(host, host + 1, size);
        host[size - 2] = '\0';
    }
    if (host[0] == '\0' || g_str_equal(host, "localhost"))
        g_strlcpy(host, "127.0.0.1", sizeof(host));
    if (getaddrinfo(host, colon + 1, &numeric, &found) != 0)
        return false;
    take_sockaddr(ret_address, found->ai_addr);
    freeaddrinfo(found);
    return true;
}

void
host_address_set(HostAddress *self, int family, const void *bytes, uint16_t port, uint32_t scope)
{
    struct in6_addr v6 = {0};

    *self = (HostAddress){.family = family, .port = port, .scope = scope};
    if (family == AF_INET) {
        memcpy(self->bytes, bytes, V4_BYTES);
        return;
    }
    memcpy(&v6, bytes, V6_BYTES);
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        self->family = AF_INET;
        self->scope = 0;
        memcpy(self->bytes, v6.s6_addr + V6_BYTES - V4_BYTES, V4_BYTES);
        return;
    }
    memcpy(self->bytes, bytes, V6_BYTES);
    if (!IN6_IS_ADDR_LINKLOCAL(&v6))
        self->scope = 0;
}

bool
host_address_is_any(const HostAddress *self)
{
    static const uint8_t zeros[V6_BYTES];

    return memcmp(self->bytes, zeros, sizeof(zeros)) == 0;
}

bool
host_address_is_loopback(const HostAddress *self)
{
    struct in6_addr v6 = {0};

    memcpy(&v6, self->bytes, V6_BYTES);
    return self->family == AF_INET ? self->bytes[0] == IN_LOOPBACKNET : IN6_IS_ADDR_LOOPBACK(&v6);
}

bool
host_address_is_ours(const HostAddress *self)
{
    struct ifaddrs *list = NULL;
    bool is_ours = host_address_is_loopback(self) || host_address_is_any(self);

    if (is_ours || getifaddrs(&list) != 0)
        return is_ours;
    for (const struct ifaddrs *item = list; item != NULL && !is_ours; item = item->ifa_next) {
        int family = item->ifa_addr ? item->ifa_addr->sa_family : AF_UNSPEC;
        HostAddress address = {0};

        if (family != AF_INET && family != AF_INET6)
            continue;
        take_sockaddr(&address, item->ifa_addr);
        is_ours = address.family == self->family &&
                  memcmp(address.bytes, self->bytes, sizeof(address.bytes)) == 0;
    }
    freeifaddrs(list);
    return is_ours;
}

bool
host_address_equal(const HostAddress *first, const HostAddress *second)
{
    return first->family == second->family && first->port == second->port &&
           first->scope == second->scope &&
           memcmp(first->bytes, second->bytes, sizeof(first->bytes)) == 0;
}

void
host_address_format(const HostAddress *self, char ret_text[HOST_ADDRESS_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    char scope[16] = "";

    inet_ntop(self->family, self->bytes, host, sizeof(host));
    if (self->scope != 0)
        g_snprintf(scope, sizeof(scope), "%%%u", self->scope);
    g_snprintf(ret_text, HOST_ADDRESS_TEXT_BYTES,
               self->family == AF_INET6 ? "[%s%s]:%u" : "%s%s:%u", host, scope, self->port);
}

HostAddress
host_address_dialled(const HostAddress *self)
{
    HostAddress address = *self;

    if (!host_address_is_any(self))
        return address;
    if (self->family == AF_INET)
        memcpy(address.bytes, (const uint8_t[]){127, 0, 0, 1}, V4_BYTES);
    else
        address.bytes[V6_BYTES - 1] = 1;
    return address;
}

socklen_t
host_address_make_sockaddr(const HostAddress *self, struct sockaddr_storage *ret_address)
{
    const HostAddress dialled = host_address_dialled(self);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(self->port)};
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(self->port), .sin6_scope_id = self->scope};

    memset(ret_address, 0, sizeof(*ret_address));
    if (self->family == AF_INET) {
        memcpy(&v4.sin_addr, dialled.bytes, V4_BYTES);
        memcpy(ret_address, &v4, sizeof(v4));
        return sizeof(v4);
    }
    memcpy(&v6.sin6_addr, dialled.bytes, V6_BYTES);
    memcpy(ret_address, &v6, sizeof(v6));
    return sizeof(v6);
}
