/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_sockets_netns: sockets of a child in another network namespace.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns_child.h"
#include "sockets_case.h"
#include "testing.h"
#include "util/util_fd.h"

static void
connect_from_child(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    int fd = sockets_case_connect_named(argument, "test-visit/1");

    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "%lu", (unsigned long)sockets_case_inode(fd));
}

static void
check_client_elsewhere(const char *folder, bool adds_all)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    g_auto(NetnsChild) child = netns_child_start(connect_from_child, name);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    HostListener got = {0};
    SocketsCaseSeen seen = {0};

    assert_true(host_sockets_find(table.sockets, AF_UNIX, sockets_case_inode(listener), &got));
    assert_int_equal(sockets_case_list_clients(table.sockets, &got).n_accepted, 0);
    if (adds_all)
        host_sockets_add_all(table.sockets, util_deadline_in_ms(60000));
    else
        assert_true(host_sockets_add_namespace(table.sockets, child.pid, NULL) != 0);
    seen = sockets_case_list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, 1);
    assert_int_equal(seen.first.peer_inode, g_ascii_strtoull(child.text, NULL, 10));
    assert_string_equal(seen.first.name, "@test-visit/1");
    sockets_case_assert_holder(seen.first.peer_inode, child.pid);
}

static void
check_client_of_other_namespace(const char *folder)
{
    check_client_elsewhere(folder, false);
}

static void
check_client_of_any_namespace(const char *folder)
{
    check_client_elsewhere(folder, true);
}

static void
listen_in_child(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(argument, true, &size, &name);
    uint16_t port = 0;
    int abstract = sockets_case_make(&address, size, true);
    int tcp = sockets_case_listen_tcp("127.0.0.1", &port);
    HostAddress dialled = sockets_case_parse_address("127.0.0.1", port);
    int client = sockets_case_connect_tcp(&dialled);

    accept(tcp, NULL, NULL);
    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "%lu %lu %lu %u",
               (unsigned long)sockets_case_inode(abstract), (unsigned long)sockets_case_inode(tcp),
               (unsigned long)sockets_case_inode(client), port);
}

static void
check_listener_of_other_namespace(const char *folder)
{
    g_auto(NetnsChild) child = netns_child_start(listen_in_child, folder);
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, true, &size, &name);
    g_auto(UtilFd) ours = sockets_case_make(&address, size, true);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    g_auto(GStrv) numbers = g_strsplit(child.text, " ", 4);
    guint64 own = host_sockets_add_namespace(table.sockets, 0, NULL);
    guint64 other = host_sockets_add_namespace(table.sockets, child.pid, NULL);
    ino_t tcp_inode = g_ascii_strtoull(numbers[1], NULL, 10);
    HostAddress dialled = sockets_case_parse_address(
        "127.0.0.1", (unsigned int)g_ascii_strtoull(numbers[3], NULL, 10));
    HostListener got = {0};
    SocketsCaseSeen seen = {0};

    assert_true(other != 0 && other != own);
    assert_int_equal(host_sockets_add_namespace(table.sockets, child.pid, NULL), other);
    assert_true(host_sockets_find_path(table.sockets, own, name, 0, &got));
    assert_int_equal(got.inode, sockets_case_inode(ours));
    assert_true(host_sockets_find_path(table.sockets, other, name, 0, &got));
    assert_int_equal(got.inode, g_ascii_strtoull(numbers[0], NULL, 10));
    assert_true(host_sockets_find(table.sockets, AF_INET, tcp_inode, &got));
    assert_int_equal(got.net_namespace, other);
    assert_true(host_sockets_find_tcp(table.sockets, other, &dialled, &got));
    assert_int_equal(got.inode, tcp_inode);
    assert_false(host_sockets_find_tcp(table.sockets, own, &dialled, &got) &&
                 got.inode == tcp_inode);
    assert_true(host_sockets_find(table.sockets, AF_INET, tcp_inode, &got));
    seen = sockets_case_list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, 1);
    assert_int_equal(seen.first.peer_inode, g_ascii_strtoull(numbers[2], NULL, 10));
}

/* Another user's process: only /proc tells of its namespace, and does not tell all. */
static void
check_namespace_not_entered(const char *folder)
{
    g_auto(NetnsChild) child = netns_child_start(listen_in_child, folder);
    g_auto(GStrv) numbers = g_strsplit(child.text, " ", 4);
    ino_t tcp_inode = g_ascii_strtoull(numbers[1], NULL, 10);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    guint64 own = host_sockets_add_namespace(table.sockets, 0, NULL);
    guint64 other = 0;
    HostListener got = {0};
    g_autoptr(GArray) clients = NULL;

    if (geteuid() != 0 || seteuid(65534) != 0)
        skip();
    other = host_sockets_add_namespace(table.sockets, child.pid, NULL);
    assert_true(other != 0 && other != own);
    assert_int_equal(host_sockets_add_namespace(table.sockets, child.pid, NULL), other);
    assert_int_equal(host_sockets_add_namespace(table.sockets, getpid(), NULL), own);
    assert_true(host_sockets_is_whole(table.sockets, own));
    assert_false(host_sockets_is_whole(table.sockets, other));
    assert_true(
        host_sockets_find(table.sockets, AF_UNIX, g_ascii_strtoull(numbers[0], NULL, 10), &got));
    assert_false(got.knows_queue);
    assert_true(host_sockets_find(table.sockets, AF_INET, tcp_inode, &got));
    clients = host_sockets_list_clients(table.sockets, &got);
    assert_int_equal(clients->len, 1);
    assert_int_equal(g_array_index(clients, HostListenerClient, 0).peer_inode,
                     g_ascii_strtoull(numbers[2], NULL, 10));
    assert_false(host_sockets_add_all(table.sockets, util_deadline_in_ms(60000)));
    assert_int_equal(seteuid(0), 0);
}

static const SocketsCaseScenario namespace_scenarios[] = {
    {"a client in another network namespace, which is added", check_client_of_other_namespace},
    {"a client in another network namespace, all added", check_client_of_any_namespace},
    {"listeners in another network namespace", check_listener_of_other_namespace},
    {"a network namespace that may not be entered", check_namespace_not_entered},
};

int
main(void)
{
    return TESTING_RUN_TABLE("host_sockets: namespaces", namespace_scenarios, sockets_case_run);
}
