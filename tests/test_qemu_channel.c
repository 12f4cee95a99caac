/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_channel: dials of every kind of address, and what they come to.
 */
#include "qemu/qmp/qemu_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/host_address.h"
#include "netns_child.h"
#include "testing.h"
#include "util/util_fd.h"

typedef struct {
    const char *name;
    const char *connect_path; /* %s: a folder, or a name of this run; NULL: TCP */
    const char *host;         /* TCP */
    bool listens;
    QemuChannelDial outcome;
} DialRow;

static const DialRow dial_rows[] = {
    {"a path", "%s/m", NULL, true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"a path of 200 bytes",
     "%s/"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "a"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/m",
     NULL, true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"an abstract name", "@%s/m", NULL, true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv4", NULL, "127.0.0.1", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv4 by localhost", NULL, "localhost", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv4 without a host", NULL, "", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv4 at all addresses", NULL, "0.0.0.0", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv6 in brackets", NULL, "[::1]", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"IPv6", NULL, "::1", true, QEMU_CHANNEL_DIAL_CONNECTED},
    {"no such file", "%s/none", NULL, false, QEMU_CHANNEL_DIAL_NOBODY},
    {"an abstract name that nobody has", "@%s/none", NULL, false, QEMU_CHANNEL_DIAL_NOBODY},
    {"TCP by a name", "tcp:host.invalid:1%.0s", NULL, false, QEMU_CHANNEL_DIAL_FAILED},
    {"TCP port 0", "tcp:127.0.0.1:0%.0s", NULL, false, QEMU_CHANNEL_DIAL_FAILED},
    {"TCP without a port", "tcp:127.0.0.1%.0s", NULL, false, QEMU_CHANNEL_DIAL_FAILED},
    {"an abstract name that is too long",
     "@%s/"
     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
     "bb"
     "bbbbbbbbbbbbbbbbbbbbbb",
     NULL, false, QEMU_CHANNEL_DIAL_FAILED},
};

static int
listen_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool is_abstract = path[0] == '@';
    size_t size = offsetof(struct sockaddr_un, sun_path) + strlen(path) + !is_abstract;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (is_abstract)
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, (socklen_t)size), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* Through a path that fits, since bind() takes no longer one. */
static int
listen_in_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *link = g_strdup_printf("%.60s-link", folder);
    g_autofree char *short_path = g_strconcat(link, "/m", NULL);
    int fd = -1;

    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    assert_int_equal(symlink(folder, link), 0);
    fd = listen_unix(short_path);
    assert_int_equal(unlink(link), 0);
    return fd;
}

/* Listens at a free port; -1 where the host has not that version of IP. */
static int
listen_tcp(const char *host, uint16_t *ret_port)
{
    g_autofree char *text = g_strdup_printf("%s:1", host);
    HostAddress address = {0};
    struct sockaddr_storage storage = {0};
    socklen_t size = 0;
    int fd = -1;

    assert_true(host_address_parse(text, &address));
    size = host_address_make_sockaddr(&address, &storage);
    ((struct sockaddr_in *)&storage)->sin_port = 0; /* at the same place in sockaddr_in6 */
    fd = socket(address.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&storage, size) < 0 || listen(fd, 4) < 0) {
        close(fd);
        return -1;
    }
    size = sizeof(storage);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &size), 0);
    *ret_port = ntohs(((struct sockaddr_in *)&storage)->sin_port);
    return fd;
}

/* Sets @ret_path to the row's address. Gives the listening socket, or -1. */
static int
listen_for(const DialRow *row, const char *folder, char **ret_path)
{
    uint16_t port = 0;
    int fd = -1;

    if (row->host != NULL) {
        fd = listen_tcp(row->host, &port);
        *ret_path = g_strdup_printf("tcp:%s:%u", row->host, port);
        return fd;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    *ret_path = g_strdup_printf(row->connect_path, folder);
#pragma GCC diagnostic pop
    if (!row->listens)
        return -1;
    return strlen(*ret_path) < 100 ? listen_unix(*ret_path) : listen_in_folder(*ret_path);
}

static void
assert_talks(QemuChannel *channel, int listener)
{
    g_auto(UtilFd) accepted = accept(listener, NULL, NULL);
    char byte = 0;

    assert_true(accepted >= 0);
    assert_int_equal(qemu_channel_send(channel, "x", 1), 1);
    assert_int_equal(read(accepted, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    /* A closed peer raises no SIGPIPE. */
    util_fd_clear(&accepted);
    for (int i = 0; i < 3; i++)
        qemu_channel_send(channel, "x", 1);
}

static void
dials(const void *data)
{
    const DialRow *row = data;
    char *folder = testing_make_folder();
    g_autofree char *path = NULL;
    g_auto(UtilFd) listener = listen_for(row, folder, &path);
    g_autoptr(QemuChannel) channel = NULL;
    g_autoptr(GError) error = NULL;

    if (row->listens && listener < 0) {
        testing_remove_folder(folder);
        skip(); /* no IPv6 here */
    }
    assert_int_equal(
        qemu_channel_dial(&(QemuChannelAddress){.connect_path = path}, &channel, &error),
        row->outcome);
    assert_int_equal(error == NULL, row->outcome == QEMU_CHANNEL_DIAL_CONNECTED);
    if (channel != NULL)
        assert_talks(channel, listener);
    if (error != NULL)
        assert_non_null(strstr(error->message, path));
    testing_remove_folder(folder);
}

static void
binds_its_name(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *path = g_strconcat(folder, "/m", NULL);
    g_autofree char *name = g_strdup_printf("test-visit/%d", (int)getpid());
    g_auto(UtilFd) listener = listen_unix(path);
    QemuChannelAddress address = {.connect_path = path, .client_name = name};
    g_autoptr(QemuChannel) first = NULL;
    g_autoptr(QemuChannel) second = NULL;
    g_autoptr(GError) error = NULL;
    struct sockaddr_un peer = {0};
    socklen_t size = sizeof(peer);
    g_auto(UtilFd) accepted = -1;

    (void)state;
    assert_int_equal(qemu_channel_dial(&address, &first, NULL), QEMU_CHANNEL_DIAL_CONNECTED);
    accepted = accept(listener, (struct sockaddr *)&peer, &size);
    assert_string_equal(peer.sun_path + 1, name);
    assert_int_equal(qemu_channel_dial(&address, &second, &error), QEMU_CHANNEL_DIAL_TAKEN);
    assert_null(second);
    assert_non_null(strstr(error->message, name));
    /* The name is free as soon as the connection is closed. */
    qemu_channel_free(g_steal_pointer(&first));
    assert_int_equal(qemu_channel_dial(&address, &second, NULL), QEMU_CHANNEL_DIAL_CONNECTED);
    testing_remove_folder(folder);
}

/* The owner of a folder puts a link to another's socket in the place of his own. */
static void
dials_no_other_file(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *path = g_strconcat(folder, "/m", NULL);
    g_autofree char *others = g_strconcat(folder, "/others", NULL);
    g_auto(UtilFd) listener = listen_unix(path);
    g_auto(UtilFd) other = listen_unix(others);
    struct stat status = {0};
    g_autoptr(QemuChannel) channel = NULL;
    g_autoptr(GError) error = NULL;
    QemuChannelAddress address = {.connect_path = path};

    (void)state;
    assert_int_equal(stat(path, &status), 0);
    address.file_device = status.st_dev;
    address.file_inode = status.st_ino;
    assert_int_equal(qemu_channel_dial(&address, &channel, NULL), QEMU_CHANNEL_DIAL_CONNECTED);
    assert_talks(channel, listener);
    qemu_channel_free(g_steal_pointer(&channel));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(others, path), 0);
    assert_int_equal(qemu_channel_dial(&address, &channel, &error), QEMU_CHANNEL_DIAL_NOBODY);
    assert_non_null(strstr(error->message, "another file"));
    assert_int_equal(fcntl(other, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(accept(other, NULL, NULL), -1);
    testing_remove_folder(folder);
}

static void
listen_in_child(const char *argument, char text[NETNS_CHILD_TEXT_BYTES])
{
    uint16_t port = 0;

    listen_unix(argument);
    listen_tcp("127.0.0.1", &port);
    g_snprintf(text, NETNS_CHILD_TEXT_BYTES, "tcp:127.0.0.1:%u", port);
}

static void
enters_another_namespace(void **state)
{
    g_autofree char *name = g_strdup_printf("@test-monitor/%d", (int)getpid());
    g_auto(NetnsChild) child = netns_child_start(listen_in_child, name);
    const char *const paths[] = {name, child.text};
    g_autofree char *before = g_file_read_link("/proc/thread-self/ns/net", NULL);
    g_autofree char *after = NULL;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(QemuChannel) channel = NULL;
        QemuChannelAddress address = {.connect_path = paths[i], .netns_pid = child.pid};
        char byte = 0;

        assert_int_equal(qemu_channel_dial(&address, &channel, NULL), QEMU_CHANNEL_DIAL_CONNECTED);
        assert_int_equal(qemu_channel_receive(channel, &byte, 1), -1);
        assert_int_equal(errno, EAGAIN);
    }
    after = g_file_read_link("/proc/thread-self/ns/net", NULL);
    assert_string_equal(before, after);
    assert_int_equal(qemu_channel_dial(&(QemuChannelAddress){.connect_path = name}, NULL, NULL),
                     QEMU_CHANNEL_DIAL_NOBODY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binds_its_name),
        cmocka_unit_test(dials_no_other_file),
        cmocka_unit_test(enters_another_namespace),
    };
    int n_failed = TESTING_RUN_TABLE("qemu_channel: dial", dial_rows, dials);

    return n_failed + cmocka_run_group_tests_name("qemu_channel", tests, NULL, NULL);
}
