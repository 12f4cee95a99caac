/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_address: an address as the administrator writes it: "HOST:PORT", "[IPV6]:PORT" or
 * "unix:PATH". Pure: no name is looked up.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

typedef struct {
    char *path; /* of a unix socket; NULL: it is a TCP address */
    char *host; /* a name or a number, without brackets; NULL: all addresses of this host */
    char *port; /* decimal, 1 to 65535 */
} DaemonAddress;

/* False, with an error of G_OPTION_ERROR that names @text, if it is no address. */
bool daemon_address_parse(const char *text, DaemonAddress *ret_self, GError **error);

void daemon_address_clear(DaemonAddress *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonAddress, daemon_address_clear)

/* False, with an error of G_OPTION_ERROR, if @path cannot be the name of a unix socket. */
bool daemon_address_check_path(const char *path, GError **error);

/* Whether only this host can reach @socket: a unix one, or TCP on the loopback. */
bool daemon_address_is_local(const struct sockaddr *socket);

/* @socket as text, for messages: a path, "@name", "127.0.0.1:9177" or "[::1]:9177". */
char *daemon_address_to_text(const struct sockaddr *socket, socklen_t size);
