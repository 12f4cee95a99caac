/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sockets_case: see sockets_case.h.
 */
#include "sockets_case.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sockets/host_holder.h"
#include "testing.h"

struct sockaddr_un
sockets_case_make_address(const char *folder, bool is_abstract, socklen_t *ret_size,
                          char **ret_name)
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

ino_t
sockets_case_inode(int fd)
{
    struct stat status = {0};

    assert_int_equal(fstat(fd, &status), 0);
    return status.st_ino;
}

int
sockets_case_make(const struct sockaddr_un *address, socklen_t size, bool listens)
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

void
sockets_case_clear(SocketsCaseTable *self)
{
    host_sockets_unref(self->sockets);
    host_root_free(self->root);
}

SocketsCaseTable
sockets_case_read(void)
{
    SocketsCaseTable table = {.root = host_root_new_live()};

    table.sockets = host_sockets_read(table.root, NULL);
    assert_non_null(table.sockets);
    return table;
}

SocketsCaseSeen
sockets_case_list_clients(HostSockets *sockets, const HostListener *listener)
{
    g_autoptr(GArray) clients = host_sockets_list_clients(sockets, listener);
    SocketsCaseSeen seen = {0};

    assert_non_null(clients);
    for (guint i = 0; i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);

        if (client->is_accepted && seen.n_accepted++ == 0)
            seen.first = *client;
        seen.n_waiting += !client->is_accepted;
    }
    return seen;
}

void
sockets_case_assert_holder(ino_t inode, pid_t expected)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostHolders) holders = host_holders_new(root);

    assert_int_equal(host_holders_find(holders, inode, 0, util_deadline_in_ms(60000)), expected);
    assert_int_equal(host_holders_find(holders, inode, 1, util_deadline_in_ms(60000)), expected);
}

int
sockets_case_connect_named(const char *path, const char *own_name)
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

HostAddress
sockets_case_parse_address(const char *host, unsigned int port)
{
    g_autofree char *text = g_strdup_printf("%s:%u", host, port);
    HostAddress address = {0};

    assert_true(host_address_parse(text, &address));
    return address;
}

int
sockets_case_listen_tcp(const char *host, uint16_t *ret_port)
{
    const HostAddress address = sockets_case_parse_address(host, 1);
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

int
sockets_case_connect_tcp(const HostAddress *address)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = host_address_make_sockaddr(address, &storage);
    int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (const struct sockaddr *)&storage, size), 0);
    return fd;
}

void
sockets_case_run(const void *data)
{
    const SocketsCaseScenario *scenario = data;
    char *folder = testing_make_folder();

    scenario->check(folder);
    testing_remove_folder(folder);
}
