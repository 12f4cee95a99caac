/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_sockets_tcp: what the kernel lists of TCP sockets that this process makes.
 */
#include <unistd.h>

#include "sockets_case.h"
#include "testing.h"
#include "util/util_fd.h"

typedef struct {
    const char *name;
    const char *listens_at; /* with port 0 */
    const char *dials;
    unsigned int n_connected;
    unsigned int n_accepted;
} TcpRow;

static const TcpRow tcp_rows[] = {
    {"IPv4: nobody", "127.0.0.1", "127.0.0.1", 0, 0},
    {"IPv4: one waits to be accepted", "127.0.0.1", "127.0.0.1", 1, 0},
    {"IPv4: one is accepted, one waits", "127.0.0.1", "127.0.0.1", 2, 1},
    {"IPv4: by all addresses", "0.0.0.0", "127.0.0.1", 2, 1},
    {"IPv4: another loopback address", "127.0.0.2", "127.0.0.2", 1, 1},
    {"IPv6: one is accepted, one waits", "[::1]", "[::1]", 2, 1},
    {"IPv6: by all addresses", "[::]", "[::1]", 1, 1},
    {"IPv4 to a listener of both versions", "[::]", "127.0.0.1", 2, 1},
};

static void
tells_tcp_listener(const void *data)
{
    const TcpRow *row = data;
    uint16_t port = 0;
    g_auto(UtilFd) listener = sockets_case_listen_tcp(row->listens_at, &port);
    UtilFd clients[2] = {-1, -1};
    g_auto(UtilFd) accepted = -1;
    g_auto(SocketsCaseTable) table = {0};
    HostAddress dialled = {0};
    HostListener got = {0};
    SocketsCaseSeen seen = {0};

    if (listener < 0)
        skip(); /* no IPv6 here */
    dialled = sockets_case_parse_address(row->dials, port);
    for (unsigned int i = 0; i < row->n_connected; i++)
        clients[i] = sockets_case_connect_tcp(&dialled);
    if (row->n_accepted > 0)
        accepted = accept(listener, NULL, NULL);
    table = sockets_case_read();
    assert_true(host_sockets_find(table.sockets, AF_INET, sockets_case_inode(listener), &got));
    assert_int_equal(got.address.port, port);
    assert_true(host_sockets_find_tcp(table.sockets, got.net_namespace, &dialled, &got));
    assert_int_equal(got.inode, sockets_case_inode(listener));
    assert_int_equal(got.n_queued, row->n_connected - row->n_accepted);
    seen = sockets_case_list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, row->n_accepted);
    assert_int_equal(seen.n_waiting, row->n_connected - row->n_accepted);
    if (row->n_accepted > 0) {
        assert_int_equal(seen.first.inode, sockets_case_inode(accepted));
        assert_int_equal(seen.first.peer_inode, sockets_case_inode(clients[0]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
        util_fd_clear(&clients[i]);
}

int
main(void)
{
    return TESTING_RUN_TABLE("host_sockets: TCP", tcp_rows, tells_tcp_listener);
}
