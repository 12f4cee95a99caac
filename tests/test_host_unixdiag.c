/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_unixdiag: what the kernel lists of sockets that this process makes, and /proc/net/unix
 * of another network namespace.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/host_holder.h"
#include "host/host_unixdiag.h"
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
    g_autoptr(HostUnixdiagTable) table = NULL;
    HostUnixdiagListener got = {0};

    for (unsigned int i = 0; i < row->n_connected; i++)
        clients[i] = make_socket(&address, size, false);
    for (unsigned int i = 0; i < row->n_accepted; i++)
        accepted[i] = accept(listener, NULL, NULL);
    if (row->n_connected > 0)
        client_inode = inode_of(clients[0]);
    if (row->closes_first_client)
        util_fd_clear(&clients[0]);
    table = host_unixdiag_read(NULL);
    assert_non_null(table);
    host_unixdiag_lookup(table, name, 0, &got);
    assert_true(got.is_known);
    assert_int_equal(got.n_clients, row->n_accepted);
    assert_int_equal(got.n_queued, row->n_connected - row->n_accepted);
    if (row->n_accepted == 1 && !row->closes_first_client) {
        assert_int_equal(got.peer_inode, client_inode);
        assert_holder(got.peer_inode, getpid());
    }
    if (row->n_accepted == 0 || row->closes_first_client)
        assert_int_equal(got.peer_inode, 0);
    assert_string_equal(host_unixdiag_path_of(table, inode_of(listener)), name);
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
    g_autoptr(HostUnixdiagTable) table = host_unixdiag_read(NULL);
    struct stat status = {0};
    HostUnixdiagListener got = {0};

    assert_int_equal(stat(name, &status), 0);
    host_unixdiag_lookup(table, name, status.st_ino, &got);
    assert_true(got.is_known);
    host_unixdiag_lookup(table, name, status.st_ino + 1, &got);
    assert_false(got.is_known);
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
    g_autoptr(HostUnixdiagTable) table = NULL;
    struct stat status = {0};
    HostUnixdiagListener got = {0};

    /* A second name keeps the old file, so that the new one gets another inode. */
    g_autofree char *second_name = g_strconcat(name, "2", NULL);

    assert_int_equal(link(name, second_name), 0);
    assert_int_equal(unlink(name), 0);
    listener = make_socket(&address, size, true);
    assert_int_equal(stat(name, &status), 0);
    table = host_unixdiag_read(NULL);
    host_unixdiag_lookup(table, name, status.st_ino, &got);
    assert_true(got.is_known);
    assert_int_equal(got.n_clients, 0);
    assert_int_equal(stat(second_name, &status), 0);
    host_unixdiag_lookup(table, name, status.st_ino, &got);
    assert_int_equal(got.n_clients, 1);
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
    g_autoptr(HostUnixdiagTable) table = NULL;
    g_autofree char *new_name = g_strconcat(name, "2", NULL);
    struct stat status = {0};
    HostUnixdiagListener got = {0};

    assert_int_equal(rename(name, new_name), 0);
    assert_int_equal(stat(new_name, &status), 0);
    table = host_unixdiag_read(NULL);
    host_unixdiag_lookup_file(table, status.st_dev, status.st_ino, &got);
    assert_true(got.is_known);
    assert_int_equal(got.n_clients, 1);
    host_unixdiag_lookup_file(table, status.st_dev + 1, status.st_ino, &got);
    assert_false(got.is_known);
}

static void
check_unknown(const char *folder)
{
    g_autoptr(HostUnixdiagTable) table = host_unixdiag_read(NULL);
    g_autofree char *name = g_build_filename(folder, "none", NULL);
    HostUnixdiagListener got = {.is_known = true, .n_clients = 3};

    host_unixdiag_lookup(table, name, 0, &got);
    assert_false(got.is_known);
    assert_int_equal(got.n_clients, 0);
    assert_null(host_unixdiag_path_of(table, 0));
    assert_null(host_unixdiag_path_of(table, (ino_t)G_MAXUINT64));
    assert_holder(0, 0);
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

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"the file's inode must be the listener's", check_file_inode},
    {"a file that was renamed is found by itself", check_renamed},
    {"a new listener at the old path has none of the old clients", check_second_listener},
    {"a path that nobody listens at", check_unknown},
    {"who holds a socket in a recorded tree", check_recorded_holder},
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
    g_autofree char *got = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/5/net/unix", text);
    root = host_root_new_recorded(folder, NULL);
    got = host_unixdiag_path_in_proc(root, 5, 321);
    testing_remove_folder(folder);
    assert_int_equal(got != NULL, row->expected != NULL);
    if (got)
        assert_string_equal(got, row->expected);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("host_unixdiag: listener", listener_rows, tells_listener);

    n_failed += TESTING_RUN_TABLE("host_unixdiag", scenarios, runs_scenario);
    return n_failed + TESTING_RUN_TABLE("host_unixdiag: proc", proc_rows, finds_path);
}
