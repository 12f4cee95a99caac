/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_channel: see qemu_channel.h. Only this file calls socket functions on monitors.
 */
#include "qemu_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/host_address.h"
#include "host/host_netns.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define TCP_PREFIX "tcp:"

struct QemuChannel {
    UtilFd fd;
    const QemuChannelPeer *peer; /* NULL: there is a descriptor */
    void *peer_data;
};

QemuChannel *
qemu_channel_new_fd(int take_fd)
{
    QemuChannel *self = g_new0(QemuChannel, 1);

    self->fd = take_fd;
    return self;
}

QemuChannel *
qemu_channel_new_peer(const QemuChannelPeer *peer, void *take_data)
{
    QemuChannel *self = qemu_channel_new_fd(-1);

    self->peer = peer;
    self->peer_data = take_data;
    return self;
}

void
qemu_channel_free(QemuChannel *self)
{
    if (self == NULL)
        return;
    util_fd_clear(&self->fd);
    if (self->peer != NULL)
        self->peer->free(self->peer_data);
    g_free(self);
}

/* Sets @error and gives the outcome of a dial that failed with the errno @code. EAGAIN is how a
 * unix socket reports a full backlog. */
static QemuChannelDial
fail_dial(const char *connect_path, int code, GError **error)
{
    static const struct {
        int code;
        QemuChannelDial outcome;
        UtilError kind;
    } outcomes[] = {
        {EAGAIN, QEMU_CHANNEL_DIAL_FULL, UTIL_ERROR_CONNECT},
        {ENOENT, QEMU_CHANNEL_DIAL_NOBODY, UTIL_ERROR_CONNECT},
        {ENOTDIR, QEMU_CHANNEL_DIAL_NOBODY, UTIL_ERROR_CONNECT},
        {ECONNREFUSED, QEMU_CHANNEL_DIAL_NOBODY, UTIL_ERROR_CONNECT},
        {ESTALE, QEMU_CHANNEL_DIAL_NOBODY, UTIL_ERROR_CONNECT},
        {EACCES, QEMU_CHANNEL_DIAL_DENIED, UTIL_ERROR_DENIED},
        {EPERM, QEMU_CHANNEL_DIAL_DENIED, UTIL_ERROR_DENIED},
        {EMFILE, QEMU_CHANNEL_DIAL_SHORTAGE, UTIL_ERROR_SYSTEM},
        {ENFILE, QEMU_CHANNEL_DIAL_SHORTAGE, UTIL_ERROR_SYSTEM},
        {ENOMEM, QEMU_CHANNEL_DIAL_SHORTAGE, UTIL_ERROR_SYSTEM},
        {ENOBUFS, QEMU_CHANNEL_DIAL_SHORTAGE, UTIL_ERROR_SYSTEM},
    };
    QemuChannelDial outcome = QEMU_CHANNEL_DIAL_FAILED;
    UtilError kind = UTIL_ERROR_SYSTEM;

    for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        if (outcomes[i].code == code) {
            outcome = outcomes[i].outcome;
            kind = outcomes[i].kind;
        }
    }
    g_set_error(error, UTIL_ERROR, (int)kind, "cannot reach monitor '%s': %s", connect_path,
                code == ESTALE ? "another file is in its place now" : g_strerror(code));
    return outcome;
}

/* Where to connect, in the kernel's form. */
typedef struct {
    struct sockaddr_storage address;
    socklen_t size;
    UtilFd fd; /* through which the address leads, so it stays open until the connect(); -1: none */
} Target;

/* Gives 0 or an errno. */
static int
set_unix_address(Target *target, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool is_abstract = path[0] == '@';
    size_t length = strlen(path);

    if (length + !is_abstract > sizeof(address.sun_path))
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, length);
    if (is_abstract)
        address.sun_path[0] = '\0';
    memcpy(&target->address, &address, sizeof(address));
    target->size = is_abstract ? (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)
                               : (socklen_t)sizeof(address);
    return 0;
}

/* The owner of a folder may replace his socket by a link to any other at any time. So the file is
 * opened before it is compared, and what was opened is dialled. Gives 0 or an errno. */
static int
set_file(Target *target, const QemuChannelAddress *address)
{
    char link[32] = "";
    struct stat status = {0};

    target->fd = open(address->connect_path, O_PATH | O_CLOEXEC);
    if (target->fd < 0 || fstat(target->fd, &status) < 0)
        return errno;
    if (status.st_dev != address->file_device || status.st_ino != address->file_inode)
        return ESTALE;
    g_snprintf(link, sizeof(link), "/proc/self/fd/%d", target->fd);
    return set_unix_address(target, link);
}

/* For a path that is too long for a socket's address. Gives 0 or an errno. */
static int
set_long_path(Target *target, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *short_path = NULL;

    target->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (target->fd < 0)
        return errno;
    short_path = g_strdup_printf("/proc/self/fd/%d/%s", target->fd, name);
    return set_unix_address(target, short_path);
}

/* Gives 0 or an errno. */
static int
make_target(const QemuChannelAddress *address, Target *target)
{
    const char *path = address->connect_path;
    HostAddress tcp_address = {0};

    if (g_str_has_prefix(path, TCP_PREFIX)) {
        if (!host_address_parse(path + strlen(TCP_PREFIX), &tcp_address))
            return EINVAL;
        target->size = host_address_make_sockaddr(&tcp_address, &target->address);
        return 0;
    }
    if (path[0] != '@' && address->file_inode != 0)
        return set_file(target, address);
    if (path[0] != '@' && strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return set_long_path(target, path);
    return set_unix_address(target, path);
}

/* A path leads to its socket from every network namespace; abstract names and TCP addresses belong
 * to one. */
static int
make_socket(const QemuChannelAddress *address, int family)
{
    bool is_path = family == AF_UNIX && address->connect_path[0] != '@';

    return host_netns_socket(is_path ? 0 : address->netns_pid, family,
                             SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Gives 0 or an errno. */
static int
bind_name(int fd, const char *client_name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(client_name);

    if (length >= sizeof(address.sun_path))
        return ENAMETOOLONG;
    memcpy(address.sun_path + 1, client_name, length);
    return bind(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0
               ? 0
               : errno;
}

/* Another socket has the client's name. */
static QemuChannelDial
fail_taken(const QemuChannelAddress *address, GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT,
                "another socket has the name '%s' for a connection to monitor '%s'",
                address->client_name, address->connect_path);
    return QEMU_CHANNEL_DIAL_TAKEN;
}

static QemuChannelDial
connect_to(const QemuChannelAddress *address, const Target *target, QemuChannel **ret_channel,
           GError **error)
{
    bool is_named = address->client_name != NULL && target->address.ss_family == AF_UNIX;
    g_auto(UtilFd) fd = util_fd_move_up(make_socket(address, target->address.ss_family));
    int code = 0;

    if (fd < 0)
        return fail_dial(address->connect_path, errno, error);
    if (is_named)
        code = bind_name(fd, address->client_name);
    if (code == EADDRINUSE)
        return fail_taken(address, error);
    if (code != 0)
        return fail_dial(address->connect_path, code, error);
    if (connect(fd, (const struct sockaddr *)&target->address, target->size) < 0 &&
        errno != EINPROGRESS)
        return fail_dial(address->connect_path, errno, error);
    *ret_channel = qemu_channel_new_fd(util_fd_steal(&fd));
    return QEMU_CHANNEL_DIAL_CONNECTED;
}

QemuChannelDial
qemu_channel_dial(const QemuChannelAddress *address, QemuChannel **ret_channel, GError **error)
{
    Target target = {.fd = -1};
    int code = make_target(address, &target);
    QemuChannelDial outcome = code == 0 ? connect_to(address, &target, ret_channel, error)
                                        : fail_dial(address->connect_path, code, error);

    util_fd_clear(&target.fd);
    return outcome;
}

int
qemu_channel_fd(const QemuChannel *self)
{
    return self->fd;
}

ssize_t
qemu_channel_send(QemuChannel *self, const char *bytes, size_t size)
{
    if (self->peer != NULL) {
        self->peer->send(self->peer_data, bytes, size);
        return (ssize_t)size;
    }
    return send(self->fd, bytes, size, MSG_NOSIGNAL);
}

ssize_t
qemu_channel_receive(QemuChannel *self, char *buffer, size_t size)
{
    if (self->peer != NULL)
        return self->peer->receive(self->peer_data, buffer, size);
    return recv(self->fd, buffer, size, 0);
}

pid_t
qemu_channel_peer_pid(const QemuChannel *self)
{
    struct ucred credentials = {0};
    socklen_t size = sizeof(credentials);

    if (self->fd < 0)
        return 0;
    if (getsockopt(self->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return 0;
    return credentials.pid > 0 ? credentials.pid : 0;
}
