/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_sockets: what the kernel lists of sockets that this process and a child in another
 * network namespace make, and what /proc lists.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/sockets/host_holder.h"
#include "host/sockets/host_sockets.h"
#include "host/sockets/host_unixtable.h"
#include "netns_child.h"
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

static struct sockaddr_un
make_address(const char *folder, bool is_abstract, socklen_t *ret_size, char **ret_name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = g_snprintf(address.sun_path, sizeof(address.sun_path), "%s%s/socket",
                            is_abstract ? "@" : "", folder);

    *ret_name = g_strdup(address.sun_path);
    if (is_abstract)
        address.sun_path[0] = '\0';
    *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length +
                            (is_abstract ? 0U : 1U));
    return address;
}

static ino_t
inode_of(int fd)
{
    struct stat status = {0};

    assert_int_equal(fstat(fd, &status), 0);
    return status.st_ino;
}

/* A socket that listens at @address, or is connected to it. */
static int
make_socket(const struct sockaddr_un *address, socklen_t size, bool listens)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (listens) {
        assert_int_equal(bind(fd, (const struct sockaddr *)address, size), 0);
        assert_int_equal(listen(fd, 8), 0);
    } else {
        assert_int_equal(connect(fd, (const struct sockaddr *)address, size), 0);
    }
    return fd;
}

typedef struct {
    HostRoot *root;
    HostSockets *sockets;
} Table;

static void
clear_table(Table *self)
{
    host_sockets_unref(self->sockets);
    host_root_free(self->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, clear_table)

/* Our own namespace as the kernel shows it now. */
static Table
read_table(void)
{
    Table table = {.root = host_root_new_live()};

    table.sockets = host_sockets_read(table.root, NULL);
    assert_non_null(table.sockets);
    return table;
}

typedef struct {
    unsigned int n_accepted;
    unsigned int n_waiting;
    HostListenerClient first; /* the first that is accepted */
} Seen;

static Seen
list_clients(HostSockets *sockets, const HostListener *listener)
{
    g_autoptr(GArray) clients = host_sockets_list_clients(sockets, listener);
    Seen seen = {0};

    assert_non_null(clients);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);

        if (client->is_accepted && seen.n_accepted++ == 0)
            seen.first = *client;
        seen.n_waiting += !client->is_accepted;
    }
    return seen;
}

static void
assert_holder(ino_t inode, pid_t expected)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);

    assert_int_equal(host_holders_find(holders, inode, 0, util_deadline_in_ms(60000)), expected);
    assert_int_equal(host_holders_find(holders, inode, 1, util_deadline_in_ms(60000)), expected);
}

static void
tells_listener(const void *data)
{
    const ListenerRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, row->is_abstract, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    UtilFd clients[3] = {-1, -1, -1};
    UtilFd accepted[3] = {-1, -1, -1};
    ino_t client_inode = 0;
    g_auto(Table) table = {0};
    HostListener got = {0};
    HostListener by_inode = {0};
    Seen seen = {0};

    for (unsigned int i = 0; i < row->n_connected; i++)
        clients[i] = make_socket(&address, size, false);
    for (unsigned int i = 0; i < row->n_accepted; i++)
        accepted[i] = accept(listener, NULL, NULL);
    if (row->n_connected > 0)
        client_inode = inode_of(clients[0]);
    if (row->closes_first_client)
        util_fd_clear(&clients[0]);
    table = read_table();
    assert_true(host_sockets_find_path(table.sockets, 0, name, 0, &got));
    seen = list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, row->n_accepted);
    assert_int_equal(seen.n_waiting, row->n_connected - row->n_accepted);
    assert_true(got.knows_queue);
    assert_int_equal(got.n_queued, row->n_connected - row->n_accepted);
    if (row->n_accepted == 1 && !row->closes_first_client) {
        assert_int_equal(seen.first.peer_inode, client_inode);
        assert_holder(client_inode, getpid());
    }
    if (row->closes_first_client)
        assert_true(seen.first.knows_peer && seen.first.peer_inode == 0);
    assert_true(host_sockets_find(table.sockets, AF_UNIX, inode_of(listener), &by_inode));
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
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    g_auto(Table) table = read_table();
    struct stat status = {0};
    HostListener got = {0};

    assert_int_equal(stat(name, &status), 0);
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(got.inode, inode_of(listener));
    assert_int_equal(got.file_inode, (uint32_t)status.st_ino);
    assert_false(host_sockets_find_path(table.sockets, 0, name, status.st_ino + 1, &got));
}

static void
check_second_listener(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) old_listener = make_socket(&address, size, true);
    g_auto(UtilFd) old_client = make_socket(&address, size, false);
    g_auto(UtilFd) accepted = accept(old_listener, NULL, NULL);
    g_auto(UtilFd) listener = -1;
    g_auto(Table) table = {0};
    struct stat status = {0};
    HostListener got = {0};

    /* A second name keeps the old file, so that the new one gets another inode. */
    g_autofree char *second_name = g_strconcat(name, "2", NULL);

    assert_int_equal(link(name, second_name), 0);
    assert_int_equal(unlink(name), 0);
    listener = make_socket(&address, size, true);
    assert_int_equal(stat(name, &status), 0);
    table = read_table();
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(list_clients(table.sockets, &got).n_accepted, 0);
    assert_int_equal(stat(second_name, &status), 0);
    assert_true(host_sockets_find_path(table.sockets, 0, name, status.st_ino, &got));
    assert_int_equal(list_clients(table.sockets, &got).n_accepted, 1);
}

static void
check_renamed(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    g_auto(UtilFd) client = make_socket(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(Table) table = {0};
    g_autofree char *new_name = g_strconcat(name, "2", NULL);
    struct stat status = {0};
    HostListener got = {0};

    assert_int_equal(rename(name, new_name), 0);
    assert_int_equal(stat(new_name, &status), 0);
    table = read_table();
    assert_true(host_sockets_find_file(table.sockets, status.st_dev, status.st_ino, &got));
    assert_int_equal(list_clients(table.sockets, &got).n_accepted, 1);
    assert_false(host_sockets_find_file(table.sockets, status.st_dev + 1, status.st_ino, &got));
}

static void
check_unknown(const char *folder)
{
    g_auto(Table) table = read_table();
    g_autofree char *name = g_build_filename(folder, "none", NULL);
    HostListener got = {0};

    assert_false(host_sockets_find_path(table.sockets, 0, name, 0, &got));
    assert_false(host_sockets_find(table.sockets, AF_UNIX, 0, &got));
    assert_false(host_sockets_find(table.sockets, AF_UNIX, (ino_t)G_MAXUINT64, &got));
    assert_false(host_sockets_find(table.sockets, AF_INET, 0, &got));
    assert_false(host_sockets_find_file(table.sockets, 0, 0, &got));
    assert_holder(0, 0);
}

/* A client that bound its own socket to an abstract name before connect(). */
static int
connect_named(const char *path, const char *own_name)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(own.sun_path + 1, own_name, sizeof(own.sun_path) - 1);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&own,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(own_name))),
        0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* The table is older than what has become of the clients. */
static void
check_client_that_left(const char *folder)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    g_auto(UtilFd) first = make_socket(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(UtilFd) waits = make_socket(&address, size, false);
    g_auto(Table) table = read_table();
    g_auto(UtilFd) named = connect_named(name, "test-visit/late");
    HostListener got = {0};
    g_autoptr(GArray) clients = NULL;

    util_fd_clear(&first);
    assert_true(host_sockets_find(table.sockets, AF_UNIX, inode_of(listener), &got));
    clients = host_sockets_list_clients(table.sockets, &got);
    assert_int_equal(clients->len, 3);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);
        bool is_named = client->peer_inode == inode_of(named);

        assert_true(client->knows_peer);
        assert_string_equal(client->name, is_named ? "@test-visit/late" : "");
        if (client->is_accepted)
            assert_int_equal(client->peer_inode, 0);
        else if (!is_named)
            assert_int_equal(client->peer_inode, inode_of(waits));
    }
}

/* A socket that was inherited: a child that keeps it, until @wake is closed. */
static pid_t
fork_keeper(int *ret_wake)
{
    int pipes[2] = {-1, -1};
    char byte = 0;
    pid_t pid = 0;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0) {
        close(pipes[1]);
        while (read(pipes[0], &byte, 1) > 0)
            ;
        _exit(0);
    }
    close(pipes[0]);
    *ret_wake = pipes[1];
    return pid;
}

static void
check_all_holders(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_auto(UtilFd) copy = dup(fd);
    g_auto(UtilFd) wake = -1;
    pid_t child = fork_keeper(&wake);
    g_autoptr(GArray) pids =
        host_holders_find_all(holders, inode_of(fd), util_deadline_in_ms(60000));

    (void)folder;
    assert_int_equal(pids->len, 2);
    assert_int_equal(g_array_index(pids, pid_t, 0) + g_array_index(pids, pid_t, 1),
                     getpid() + child);
    util_fd_clear(&wake);
    waitpid(child, NULL, 0);
}

static void
check_has_socket(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    g_auto(UtilFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_auto(UtilFd) wake = -1;
    pid_t child = fork_keeper(&wake);
    ino_t inode = inode_of(fd);
    int hint = -1;

    (void)folder;
    assert_true(host_holders_has(holders, getpid(), inode, &hint));
    assert_int_equal(hint, fd);
    assert_true(host_holders_has(holders, getpid(), inode, &hint));
    hint = 0; /* another file */
    assert_true(host_holders_has(holders, child, inode, &hint));
    assert_int_equal(hint, fd);
    util_fd_clear(&fd);
    hint = 0;
    assert_false(host_holders_has(holders, getpid(), inode, &hint));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(hint, -1);
    assert_true(host_holders_has(holders, child, inode, &hint));
    util_fd_clear(&wake);
    waitpid(child, NULL, 0);
    assert_false(host_holders_has(holders, child, inode, &hint));
    assert_int_equal(errno, ENOENT);
    assert_false(host_holders_has(holders, getpid(), 0, &hint));
}

/* The search was over when it was opened. */
static void
check_late_socket(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);
    UtilDeadline deadline = util_deadline_in_ms(60000);
    int64_t since_us = 0;
    g_auto(UtilFd) fd = -1;
    pid_t pid = 0;

    (void)folder;
    assert_false(host_holders_is_sure(holders, 0));
    assert_int_equal(host_holders_find(holders, 1, 0, deadline), 0);
    assert_true(host_holders_is_sure(holders, 0));
    since_us = util_deadline_now_us();
    assert_false(host_holders_is_sure(holders, since_us));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (pid == 0 && !util_deadline_has_passed(deadline))
        pid = host_holders_find(holders, inode_of(fd), 0, deadline);
    assert_int_equal(pid, getpid());
    g_array_unref(host_holders_find_all(holders, inode_of(fd), deadline));
    assert_true(host_holders_is_sure(holders, since_us));
}

static void
check_client_name(const char *folder)
{
    g_autofree char *name = NULL;
    g_autofree char *own_name = g_strdup_printf("test-visit/%d", (int)getpid());
    g_autofree char *expected = g_strconcat("@", own_name, NULL);
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    g_auto(UtilFd) client = connect_named(name, own_name);
    g_auto(UtilFd) second = make_socket(&address, size, false);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(Table) table = read_table();
    HostListener got = {0};
    g_autoptr(GArray) clients = NULL;

    assert_true(host_sockets_find(table.sockets, AF_UNIX, inode_of(listener), &got));
    clients = host_sockets_list_clients(table.sockets, &got);
    assert_int_equal(clients->len, 2);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *got_client = &g_array_index(clients, HostListenerClient, i);

        assert_string_equal(got_client->name, got_client->is_accepted ? expected : "");
        assert_int_equal(got_client->peer_inode,
                         inode_of(got_client->is_accepted ? client : second));
        assert_int_equal(got_client->inode, got_client->is_accepted ? inode_of(accepted) : 0);
    }
}

static void
check_recorded_holder(const char *folder)
{
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostHolders) holders = NULL;
    g_autofree char *link = g_build_filename(folder, "proc/77/fd/5", NULL);

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/77/fd/4", "");
    testing_write_file(folder, "proc/self/stat", "");
    assert_int_equal(symlink("socket:[123]", link), 0);
    root = host_root_new_recorded(folder, NULL);
    holders = host_holders_new(root);
    /* After the deadline no process is searched. */
    assert_int_equal(host_holders_find(holders, 123, 0, util_deadline_in_ms(0)), 0);
    assert_int_equal(host_holders_find(holders, 123, 0, util_deadline_in_ms(60000)), 77);
    assert_int_equal(host_holders_find(holders, 12, 77, util_deadline_in_ms(60000)), 0);
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
        fds[i] = make_socket(&address, sizeof(address), true);
        passing->staying[i] = inode_of(fds[i]);
    }
    for (unsigned int i = 0; i < N_LISTS; i++)
        assert_all_listed(passing);
    for (unsigned int i = 0; i < N_STAYING; i++)
        close(fds[i]);
}

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"the file's inode must be the listener's", check_file_inode},
    {"a file that was renamed is found by itself", check_renamed},
    {"a new listener at the old path has none of the old clients", check_second_listener},
    {"a path that nobody listens at", check_unknown},
    {"the name that a client's socket is bound to", check_client_name},
    {"clients that came and left after the table was read", check_client_that_left},
    {"who holds a socket in a recorded tree", check_recorded_holder},
    {"all that have a socket open", check_all_holders},
    {"whether a process has a socket open", check_has_socket},
    {"a socket that is opened after the search", check_late_socket},
    {"every listener, while other sockets are closed", check_all_listeners},
};

static void
runs_scenario(const void *data)
{
    const Scenario *scenario = data;
    char *folder = testing_make_folder();

    scenario->check(folder);
    testing_remove_folder(folder);
}

typedef struct {
    const char *name;
    const char *line;
    const char *expected; /* path of the listener with inode 321; NULL none */
} ProcRow;

#define PROC_HEAD "Num       RefCount Protocol Flags    Type St Inode Path\n"

static const ProcRow proc_rows[] = {
    {"a listener", "ff00: 00000002 00000000 00010000 0001 01   321 /run/a.sock\n", "/run/a.sock"},
    {"a path with blanks", "ff00: 00000002 00000000 00010000 0001 01 321 /run/a b.sock\n",
     "/run/a b.sock"},
    {"an abstract name", "ff00: 00000002 00000000 00010000 0001 01 321 @abc", "@abc"},
    {"a connection", "ff00: 00000003 00000000 00000000 0001 03   321 /run/a.sock\n", NULL},
    {"another inode", "ff00: 00000002 00000000 00010000 0001 01  3210 /run/a.sock\n", NULL},
    {"no name", "ff00: 00000002 00000000 00010000 0001 01   321\n", NULL},
    {"an empty name", "ff00: 00000002 00000000 00010000 0001 01   321 \n", NULL},
    {"a line that is none", "00010000 321\n321 /x\n", NULL},
};

static void
finds_path(const void *data)
{
    const ProcRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *text = g_strconcat(PROC_HEAD, row->line, NULL);
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostSockets) sockets = NULL;
    HostListener got = {0};
    bool is_found = false;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/5/net/unix", text);
    root = host_root_new_recorded(folder, NULL);
    sockets = host_sockets_new(root);
    assert_true(host_sockets_add_namespace(sockets, 5, NULL) != 0);
    assert_true(host_sockets_add_namespace(sockets, 6, NULL) == 0);
    is_found = host_sockets_find(sockets, AF_UNIX, 321, &got);
    testing_remove_folder(folder);
    assert_int_equal(is_found, row->expected != NULL);
    if (is_found) {
        assert_string_equal(got.path, row->expected);
        assert_false(got.knows_queue);
    }
}

typedef struct {
    const char *name;
    const char *file;
    const char *line;
    const char *expected; /* address of the listener with inode 321; NULL none */
    unsigned int n_queued;
} ProcTcpRow;

#define TCP_REST " 00:00000000 00000000     0        0 "

static const ProcTcpRow proc_tcp_rows[] = {
    {"IPv4", "tcp", " 0: 0100007F:115C 00000000:0000 0A 00000000:00000002" TCP_REST "321 1 0\n",
     "127.0.0.1:4444", 2},
    {"IPv6", "tcp6",
     " 0: 00000000000000000000000001000000:115C 00000000000000000000000000000000:0000 0A "
     "00000000:00000000" TCP_REST "321 1\n",
     "[::1]:4444", 0},
    {"all addresses", "tcp",
     " 0: 00000000:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1", "0.0.0.0:4444", 0},
    {"a connection", "tcp",
     " 0: 0100007F:115C 0100007F:1000 01 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
    {"an address of the other version", "tcp6",
     " 0: 0100007F:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
    {"a line that is cut", "tcp", " 0: 0100007F:115C 00000000:0000 0A 00000000:0000\n", NULL, 0},
    {"no hexadecimal number", "tcp",
     " 0: 010000ZZ:115C 00000000:0000 0A 00000000:00000000" TCP_REST "321 1\n", NULL, 0},
};

static void
finds_tcp_in_proc(const void *data)
{
    const ProcTcpRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *file = g_strconcat("proc/5/net/", row->file, NULL);
    char text[HOST_ADDRESS_TEXT_BYTES] = "";
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostSockets) sockets = NULL;
    HostListener got = {0};
    bool is_found = false;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/5/net/unix", PROC_HEAD);
    testing_write_file(folder, file, row->line);
    root = host_root_new_recorded(folder, NULL);
    sockets = host_sockets_new(root);
    assert_true(host_sockets_add_namespace(sockets, 5, NULL) != 0);
    is_found = host_sockets_find(sockets, AF_INET, 321, &got);
    testing_remove_folder(folder);
    assert_int_equal(is_found, row->expected != NULL);
    if (!is_found)
        return;
    host_address_format(&got.address, text);
    assert_string_equal(text, row->expected);
    assert_int_equal(got.n_queued, row->n_queued);
}

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

static HostAddress
parse_address(const char *host, unsigned int port)
{
    g_autofree char *text = g_strdup_printf("%s:%u", host, port);
    HostAddress address = {0};

    assert_true(host_address_parse(text, &address));
    return address;
}

/* A socket that listens at @host and a free port; -1 where the host has not that version. */
static int
listen_tcp(const char *host, uint16_t *ret_port)
{
    const HostAddress address = parse_address(host, 1);
    struct sockaddr_storage storage = {0};
    socklen_t size = host_address_make_sockaddr(&address, &storage);
    int fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ((struct sockaddr_in *)&storage)->sin_port = 0; /* at the same place in sockaddr_in6 */
    if (host_address_is_any(&address) && address.family == AF_INET)
        ((struct sockaddr_in *)&storage)->sin_addr.s_addr = INADDR_ANY;
    if (host_address_is_any(&address) && address.family == AF_INET6)
        ((struct sockaddr_in6 *)&storage)->sin6_addr = in6addr_any;
    if (fd < 0 || bind(fd, (const struct sockaddr *)&storage, size) < 0 || listen(fd, 4) < 0) {
        close(fd);
        return -1;
    }
    size = sizeof(storage);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &size), 0);
    *ret_port = ntohs(((struct sockaddr_in *)&storage)->sin_port);
    return fd;
}

static int
connect_tcp(const HostAddress *address)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = host_address_make_sockaddr(address, &storage);
    int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&storage, size), 0);
    return fd;
}

static void
tells_tcp_listener(const void *data)
{
    const TcpRow *row = data;
    uint16_t port = 0;
    g_auto(UtilFd) listener = listen_tcp(row->listens_at, &port);
    UtilFd clients[2] = {-1, -1};
    g_auto(UtilFd) accepted = -1;
    g_auto(Table) table = {0};
    HostAddress dialled = {0};
    HostListener got = {0};
    Seen seen = {0};

    if (listener < 0)
        skip(); /* no IPv6 here */
    dialled = parse_address(row->dials, port);
    for (unsigned int i = 0; i < row->n_connected; i++)
        clients[i] = connect_tcp(&dialled);
    if (row->n_accepted > 0)
        accepted = accept(listener, NULL, NULL);
    table = read_table();
    assert_true(host_sockets_find(table.sockets, AF_INET, inode_of(listener), &got));
    assert_int_equal(got.address.port, port);
    assert_true(host_sockets_find_tcp(table.sockets, got.net_namespace, &dialled, &got));
    assert_int_equal(got.inode, inode_of(listener));
    assert_int_equal(got.n_queued, row->n_connected - row->n_accepted);
    seen = list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, row->n_accepted);
    assert_int_equal(seen.n_waiting, row->n_connected - row->n_accepted);
    if (row->n_accepted > 0) {
        assert_int_equal(seen.first.inode, inode_of(accepted));
        assert_int_equal(seen.first.peer_inode, inode_of(clients[0]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(clients); i++)
        util_fd_clear(&clients[i]);
}

static void
connect_from_child(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    int fd = connect_named(argument, "test-visit/1");

    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "%lu", (unsigned long)inode_of(fd));
}

static void
check_client_elsewhere(const char *folder, bool adds_all)
{
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, false, &size, &name);
    g_auto(UtilFd) listener = make_socket(&address, size, true);
    g_auto(NetnsChild) child = netns_child_start(connect_from_child, name);
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    g_auto(Table) table = read_table();
    HostListener got = {0};
    Seen seen = {0};

    assert_true(host_sockets_find(table.sockets, AF_UNIX, inode_of(listener), &got));
    assert_int_equal(list_clients(table.sockets, &got).n_accepted, 0);
    if (adds_all)
        host_sockets_add_all(table.sockets, util_deadline_in_ms(60000));
    else
        assert_true(host_sockets_add_namespace(table.sockets, child.pid, NULL) != 0);
    seen = list_clients(table.sockets, &got);
    assert_int_equal(seen.n_accepted, 1);
    assert_int_equal(seen.first.peer_inode, g_ascii_strtoull(child.text, NULL, 10));
    assert_string_equal(seen.first.name, "@test-visit/1");
    assert_holder(seen.first.peer_inode, child.pid);
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
    struct sockaddr_un address = make_address(argument, true, &size, &name);
    uint16_t port = 0;
    int abstract = make_socket(&address, size, true);
    int tcp = listen_tcp("127.0.0.1", &port);
    HostAddress dialled = parse_address("127.0.0.1", port);
    int client = connect_tcp(&dialled);

    accept(tcp, NULL, NULL);
    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "%lu %lu %lu %u", (unsigned long)inode_of(abstract),
               (unsigned long)inode_of(tcp), (unsigned long)inode_of(client), port);
}

static void
check_listener_of_other_namespace(const char *folder)
{
    g_auto(NetnsChild) child = netns_child_start(listen_in_child, folder);
    g_autofree char *name = NULL;
    socklen_t size = 0;
    struct sockaddr_un address = make_address(folder, true, &size, &name);
    g_auto(UtilFd) ours = make_socket(&address, size, true);
    g_auto(Table) table = read_table();
    g_auto(GStrv) numbers = g_strsplit(child.text, " ", 4);
    guint64 own = host_sockets_add_namespace(table.sockets, 0, NULL);
    guint64 other = host_sockets_add_namespace(table.sockets, child.pid, NULL);
    ino_t tcp_inode = g_ascii_strtoull(numbers[1], NULL, 10);
    HostAddress dialled =
        parse_address("127.0.0.1", (unsigned int)g_ascii_strtoull(numbers[3], NULL, 10));
    HostListener got = {0};
    Seen seen = {0};

    assert_true(other != 0 && other != own);
    assert_int_equal(host_sockets_add_namespace(table.sockets, child.pid, NULL), other);
    assert_true(host_sockets_find_path(table.sockets, own, name, 0, &got));
    assert_int_equal(got.inode, inode_of(ours));
    assert_true(host_sockets_find_path(table.sockets, other, name, 0, &got));
    assert_int_equal(got.inode, g_ascii_strtoull(numbers[0], NULL, 10));
    assert_true(host_sockets_find(table.sockets, AF_INET, tcp_inode, &got));
    assert_int_equal(got.net_namespace, other);
    assert_true(host_sockets_find_tcp(table.sockets, other, &dialled, &got));
    assert_int_equal(got.inode, tcp_inode);
    assert_false(host_sockets_find_tcp(table.sockets, own, &dialled, &got) &&
                 got.inode == tcp_inode);
    assert_true(host_sockets_find(table.sockets, AF_INET, tcp_inode, &got));
    seen = list_clients(table.sockets, &got);
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
    g_auto(Table) table = read_table();
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

static const Scenario namespace_scenarios[] = {
    {"a client in another network namespace, which is added", check_client_of_other_namespace},
    {"a client in another network namespace, all added", check_client_of_any_namespace},
    {"listeners in another network namespace", check_listener_of_other_namespace},
    {"a network namespace that may not be entered", check_namespace_not_entered},
};

/* What a table makes of rows that no kernel gives so quickly. */

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

static int
run_table_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_what_proc_tells),
        cmocka_unit_test(bounds_ten_thousand_clients),
    };

    return cmocka_run_group_tests_name("host_sockets: tables", tests, NULL, NULL);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("host_sockets: listener", listener_rows, tells_listener);

    n_failed += TESTING_RUN_TABLE("host_sockets", scenarios, runs_scenario);
    n_failed += TESTING_RUN_TABLE("host_sockets: proc", proc_rows, finds_path);
    n_failed += TESTING_RUN_TABLE("host_sockets: proc, TCP", proc_tcp_rows, finds_tcp_in_proc);
    n_failed += TESTING_RUN_TABLE("host_sockets: TCP", tcp_rows, tells_tcp_listener);
    n_failed += TESTING_RUN_TABLE("host_sockets: namespaces", namespace_scenarios, runs_scenario);
    return n_failed + run_table_tests();
}
