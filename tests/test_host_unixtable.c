/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_unixtable: what a table makes of rows that no kernel gives so quickly.
 */
#include <errno.h>

#include "host/host_limits.h"
#include "host/sockets/host_unixtable.h"
#include "testing.h"

static void
joins_what_proc_tells(void **state)
{
    g_autoptr(HostUnixtable) table = host_unixtable_new();
    g_autoptr(GArray) clients = g_array_new(FALSE, FALSE, sizeof(HostListenerClient));
    HostUnixdiagSocket listener = {
        .path = "/run/a", .is_listener = true, .inode = 1, .file_device = 1, .file_inode = 10};
    HostUnixdiagSocket client = {.path = "/run/a", .inode = 2};

    (void)state;
    assert_true(host_unixtable_add(table, 1, &listener));
    assert_true(host_unixtable_add(table, 2, &client));
    host_unixtable_list_clients(table, 1, clients);
    assert_int_equal(clients->len, 1);
    assert_false(g_array_index(clients, HostListenerClient, 0).knows_peer);
    /* Another container has the same path: then it is not known whose client that is. */
    listener.inode = 3;
    listener.file_device = 2;
    assert_true(host_unixtable_add(table, 2, &listener));
    g_array_set_size(clients, 0);
    host_unixtable_list_clients(table, 1, clients);
    assert_int_equal(clients->len, 0);
}

static void
bounds_ten_thousand_clients(void **state)
{
    g_autoptr(HostUnixtable) table = host_unixtable_new();
    g_autoptr(GArray) clients = g_array_new(FALSE, FALSE, sizeof(HostListenerClient));
    HostUnixdiagSocket socket = {.path = "/run/a", .is_listener = true, .inode = 1};
    HostListener got = {0};

    (void)state;
    assert_true(host_unixtable_add(table, 1, &socket));
    socket.is_listener = false;
    for (ino_t inode = 2; inode < 10000; inode++) {
        socket.inode = inode;
        assert_true(host_unixtable_add(table, 1, &socket));
    }
    host_unixtable_list_clients(table, 1, clients);
    assert_int_equal(clients->len, HOST_LIMIT_CLIENTS);
    assert_true(host_unixtable_find_path(table, 1, "/run/a", 0, &got));
    socket.is_listener = true;
    while (host_unixtable_add(table, 1, &socket))
        ;
    assert_int_equal(errno, E2BIG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_what_proc_tells),
        cmocka_unit_test(bounds_ten_thousand_clients),
    };

    return cmocka_run_group_tests_name("host_unixtable", tests, NULL, NULL);
}
