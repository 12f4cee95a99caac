/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sockets_case: sockets that tests make, and what the kernel's table has of them.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "host/sockets/host_sockets.h"

/* The address of a socket in @folder: a path, or an abstract name. @ret_name is its text, as the
 * kernel's table has it; the caller frees. */
struct sockaddr_un sockets_case_make_address(const char *folder, bool is_abstract,
                                             socklen_t *ret_size, char **ret_name);
/* The following give descriptors, which the caller closes, and fail the test if they cannot. */

/* A socket that listens at @address, or is connected to it. */
int sockets_case_make(const struct sockaddr_un *address, socklen_t size, bool listens);
/* A client that bound its own socket to an abstract name before connect(). */
int sockets_case_connect_named(const char *path, const char *own_name);
/* A socket that listens at @host and a free port; -1 where the host has not that version. */
int sockets_case_listen_tcp(const char *host, uint16_t *ret_port);
int sockets_case_connect_tcp(const HostAddress *address);

HostAddress sockets_case_parse_address(const char *host, unsigned int port);
ino_t sockets_case_inode(int fd);

/* Our own network namespace as the kernel shows it now. */
typedef struct {
    HostRoot *root;
    HostSockets *sockets;
} SocketsCaseTable;

SocketsCaseTable sockets_case_read(void);
void sockets_case_clear(SocketsCaseTable *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SocketsCaseTable, sockets_case_clear)

/* The clients of a listener. */
typedef struct {
    unsigned int n_accepted;
    unsigned int n_waiting;
    HostListenerClient first; /* the first that is accepted */
} SocketsCaseSeen;

SocketsCaseSeen sockets_case_list_clients(HostSockets *sockets, const HostListener *listener);

/* Fails the test unless the search for the process that has the socket open gives @expected. */
void sockets_case_assert_holder(ino_t inode, pid_t expected);

/* A row whose check gets a folder of its own, which is removed behind it. */
typedef struct {
    const char *name;
    void (*check)(const char *folder);
} SocketsCaseScenario;

void sockets_case_run(const void *data);
