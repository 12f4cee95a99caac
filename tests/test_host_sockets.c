/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_sockets: what the kernel lists of unix sockets that this process makes.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sockets/host_unixdiag.h"
#include "sockets_case.h"
#include "testing.h"
#include "util/util_fd.h"

typedef struct {
    const char *name;
    bool is_abstract;
    unsigned int n_connected;
    unsigned int n_accepted;
    bool closes_first_client; /* once it is accepted */
} ListenerRow;

static const ListenerRow listener_rows[] = {
    {"nobody connected", false, 0, 0, false},
    {"one waits to be accepted", false, 1, 0, false},
    {"one is accepted", false, 1, 1, false},
    {"one is accepted, two wait", false, 3, 1, false},
    {"two are accepted", false, 2, 2, false},
    {"the accepted one has closed its end", false, 1, 1, true},
    {"an abstract name, one accepted, one waits", true, 2, 1, false},
};

static void
tells_listener(const void *data)
{
    const ListenerRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, row->is_abstract, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    UtilFd clients[3] = {-1, -1, -1};
    UtilFd accepted[3] = {-1, -1, -1};
    ino_t client_inode = 0;
    g_auto(SocketsCaseTable) table = {0};
    HostListener got = {0};
    HostListener by_inode = {0};
    SocketsCaseSeen seen = {0};

    for (unsigned int i = 0; i < row->n_connected; i++)
        clients[i] = sockets_case_make(&address, size, false);
    for (unsigned int i = 0; i < row->n_accepted; i++)
        accepted[i] = accept(listener, NULL, NULL);
    if (row->n_connected > 0)
        client_inode = sockets_case_inode(clients[0]);
    if (row->closes_first_client)
        util_fd_clear(&clients[0]);
    table = sockets_case_read();
    assert_true(host_sockets_find_path(table.sockets, 0, name, 0, &got));
    seen = sockets_case_list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, row->n_accepted);
    assert_int_equal(seen.n_waiting, row->n_connected - row->n_accepted);
    assert_true(got.knows_queue);
    assert_int_equal(got.n_queued, row->n_connected - row->n_accepted);
    if (row->n_accepted == 1 && !row->closes_first_client) {
        assert_int_equal(seen.first.peer_inode, client_inode);
        sockets_case_assert_holder(client_inode, getpid());
    }
    if (row->closes_first_client)
        assert_true(seen.first.knows_peer && seen.first.peer_inode == 0);
    assert_true(host_sockets_find(table.sockets, AF_UNIX, sockets_case_inode(listener), &by_inode));
    assert_string_equal(by_inode.path, name);
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++) {
        util_fd_clear(&clients[i]);
        util_fd_clear(&accepted[i]);
    }
    testing_remove_folder(folder);
}

static void
check_file_inode(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    struct stat status = {0};
    HostListener got = {0};

    assert_int_equal(stat(name, &status), 0);
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(got.inode, sockets_case_inode(listener));
    assert_int_equal(got.file_inode, (uint32_t)status.st_ino);
    assert_false(host_sockets_find_path(table.sockets, 0, name, status.st_ino + 1, &got));
}

static void
check_second_listener(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) old_listener = sockets_case_make(&address, size, true);
    g_auto(UtilFd) old_client = sockets_case_make(&address, size, false);
    g_auto(UtilFd) accepted = accept(old_listener, NULL, NULL);
    g_auto(UtilFd) listener = -1;
    g_auto(SocketsCaseTable) table = {0};
    struct stat status = {0};
    HostListener got = {0};

    /* A second name keeps the old file, so that the new one gets another inode. */
    g_autofree char *second_name = g_strconcat(name, "2", NULL);

    assert_int_equal(link(name, second_name), 0);
    assert_int_equal(unlink(name), 0);
    listener = sockets_case_make(&address, size, true);
    assert_int_equal(stat(name, &status), 0);
    table = sockets_case_read();
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(sockets_case_list_clients(table.sockets, &got).n_accepted, 0);
    assert_int_equal(stat(second_name, &status), 0);
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(sockets_case_list_clients(table.sockets, &got).n_accepted, 1);
}

static void
check_renamed(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    g_auto(UtilFd) client = sockets_case_make(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(SocketsCaseTable) table = {0};
    g_autofree char *new_name = g_strconcat(name, "2", NULL);
    struct stat status = {0};
    HostListener got = {0};

    assert_int_equal(rename(name, new_name), 0);
    assert_int_equal(stat(new_name, &status), 0);
    table = sockets_case_read();
    assert_true(host_sockets_find_file(table.sockets, status.st_dev, status.st_ino, &got));
    assert_int_equal(sockets_case_list_clients(table.sockets, &got).n_accepted, 1);
    assert_false(host_sockets_find_file(table.sockets, status.st_dev + 1, status.st_ino, &got));
}

static void
check_unknown(const char *folder)
{
    g_auto(SocketsCaseTable) table = sockets_case_read();
    g_autofree char *name = g_build_filename(folder, "none", NULL);
    HostListener got = {0};

    assert_false(host_sockets_find_path(table.sockets, 0, name, 0, &got));
    assert_false(host_sockets_find(table.sockets, AF_UNIX, 0, &got));
    assert_false(host_sockets_find(table.sockets, AF_UNIX, (ino_t)G_MAXUINT64, &got));
    assert_false(host_sockets_find(table.sockets, AF_INET, 0, &got));
    assert_false(host_sockets_find_file(table.sockets, 0, 0, &got));
    sockets_case_assert_holder(0, 0);
}

/* The table is older than what has become of the clients. */
static void
check_client_that_left(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    g_auto(UtilFd) first = sockets_case_make(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(UtilFd) waits = sockets_case_make(&address, size, false);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    g_auto(UtilFd) named = sockets_case_connect_named(name, "test-visit/late");
    HostListener got = {0};
    g_autoptr(GArray) clients = NULL;

    util_fd_clear(&first);
    assert_true(host_sockets_find(table.sockets, AF_UNIX, sockets_case_inode(listener), &got));
    clients = host_sockets_list_clients(table.sockets, &got);
    assert_int_equal(clients->len, 3);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);
        bool is_named = client->peer_inode == sockets_case_inode(named);

        assert_true(client->knows_peer);
        assert_string_equal(client->name, is_named ? "@test-visit/late" : "");
        if (client->is_accepted)
            assert_int_equal(client->peer_inode, 0);
        else if (!is_named)
            assert_int_equal(client->peer_inode, sockets_case_inode(waits));
    }
}

static void
check_client_name(const char *folder)
{
    g_autofree char *name = NULL;
    g_autofree char *own_name = g_strdup_printf("test-visit/%d", (int)getpid());
    g_autofree char *expected = g_strconcat("@", own_name, NULL);
    socklen_t size = 0;
    struct sockaddr_un address = sockets_case_make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = sockets_case_make(&address, size, true);
    g_auto(UtilFd) client = sockets_case_connect_named(name, own_name);
    g_auto(UtilFd) second = sockets_case_make(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(SocketsCaseTable) table = sockets_case_read();
    HostListener got = {0};
    g_autoptr(GArray) clients = NULL;

    assert_true(host_sockets_find(table.sockets, AF_UNIX, sockets_case_inode(listener), &got));
    clients = host_sockets_list_clients(table.sockets, &got);
    assert_int_equal(clients->len, 2);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *got_client = &g_array_index(clients, HostListenerClient, i);

        assert_string_equal(got_client->name, got_client->is_accepted ? expected : "");
        assert_int_equal(got_client->peer_inode,
                         sockets_case_inode(got_client->is_accepted ? client : second));
        assert_int_equal(got_client->inode,
                         got_client->is_accepted ? sockets_case_inode(accepted) : 0);
    }
}

/* The kernel's list goes on behind a number of sockets of a bucket: if some of these are closed
 * while the list is read, it passes over others. */
enum { N_STAYING = 100, N_PASSING = 400, N_LISTS = 20 };

typedef struct {
    int passing[N_PASSING][2]; /* closed by the first socket that is listed; 0: closed */
    ino_t staying[N_STAYING];
    bool is_listed[N_STAYING];
} Passing;

static bool
close_passing(const HostUnixdiagSocket *socket, void *data)
{
    Passing *self = data;

    for (unsigned int i = 0; i < N_PASSING && self->passing[i][0] != 0; i++) {
        close(self->passing[i][0]);
        close(self->passing[i][1]);
        self->passing[i][0] = 0;
    }
    for (unsigned int i = 0; i < N_STAYING; i++)
        self->is_listed[i] |= self->staying[i] == socket->inode;
    return true;
}

static void
assert_all_listed(Passing *passing)
{
    g_autoptr(HostSockdiag) diag = host_sockdiag_open(-1, NULL);

    for (unsigned int i = 0; i < N_PASSING; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, passing->passing[i]),
                         0);
    memset(passing->is_listed, 0, sizeof(passing->is_listed));
    assert_true(host_unixdiag_list(diag, close_passing, passing, NULL));
    for (unsigned int i = 0; i < N_STAYING; i++)
        assert_true(passing->is_listed[i]);
}

static void
check_all_listeners(const char *folder)
{
    g_autofree Passing *passing = g_new0(Passing, 1);
    int fds[N_STAYING] = {0};

    for (unsigned int i = 0; i < N_STAYING; i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/%u", folder, i);
        fds[i] = sockets_case_make(&address, sizeof(address), true);
        passing->staying[i] = sockets_case_inode(fds[i]);
    }
    for (unsigned int i = 0; i < N_LISTS; i++)
        assert_all_listed(passing);
    for (unsigned int i = 0; i < N_STAYING; i++)
        close(fds[i]);
}

static const SocketsCaseScenario scenarios[] = {
    {"the file's inode must be the listener's", check_file_inode},
    {"a file that was renamed is found by itself", check_renamed},
    {"a new listener at the old path has none of the old clients", check_second_listener},
    {"a path that nobody listens at", check_unknown},
    {"the name that a client's socket is bound to", check_client_name},
    {"clients that came and left after the table was read", check_client_that_left},
    {"every listener, while other sockets are closed", check_all_listeners},
};

int
main(void)
{
    return TESTING_RUN_TABLE("host_sockets: listener", listener_rows, tells_listener) +
           TESTING_RUN_TABLE("host_sockets", scenarios, sockets_case_run);
}
