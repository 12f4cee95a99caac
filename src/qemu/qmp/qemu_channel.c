/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_channel: see qemu_channel.h. Only this file calls socket functions on monitors.
 */
#include "qemu_channel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/util_error.h"
#include "util/util_fd.h"

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
                g_strerror(code));
    return outcome;
}

/* Fills @address for an abstract name or a path. A path too long for sun_path is replaced by one
 * through /proc/self/fd and its folder, opened as @folder_fd, which must stay open until the
 * connect(). Gives 0 or an errno. */
static int
make_unix_address(const char *path, struct sockaddr_un *address, socklen_t *ret_size,
                  UtilFd *folder_fd)
{
    g_autofree char *folder = NULL;
    g_autofree char *name = NULL;
    g_autofree char *short_path = NULL;

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    *ret_size = sizeof(*address);
    if (path[0] == '@') {
        size_t length = strlen(path);

        if (length > sizeof(address->sun_path))
            return ENAMETOOLONG;
        memcpy(address->sun_path + 1, path + 1, length - 1);
        *ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
        return 0;
    }
    if (strlen(path) < sizeof(address->sun_path)) {
        memcpy(address->sun_path, path, strlen(path));
        return 0;
    }
    folder = g_path_get_dirname(path);
    name = g_path_get_basename(path);
    *folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder_fd < 0)
        return errno;
    short_path = g_strdup_printf("/proc/self/fd/%d/%s", *folder_fd, name);
    if (strlen(short_path) >= sizeof(address->sun_path))
        return ENAMETOOLONG;
    memcpy(address->sun_path, short_path, strlen(short_path));
    return 0;
}

/* Fills @address for "HOST:PORT" or "[HOST]:PORT", the host being numeric, "localhost" or empty.
 * Gives 0 or an errno. */
static int
make_tcp_address(const char *text, struct sockaddr_storage *address, socklen_t *ret_size)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *host = NULL;
    uint64_t port = 0;
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return EINVAL;
    host = g_strndup(text, (gsize)(colon - text));
    v4.sin_port = htons((uint16_t)port);
    v6.sin6_port = htons((uint16_t)port);
    if (g_str_equal(host, "") || g_str_equal(host, "localhost") || g_str_equal(host, "0.0.0.0")) {
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (inet_pton(AF_INET, host, &v4.sin_addr) != 1) {
        g_strdelimit(host, "[]", ' ');
        if (inet_pton(AF_INET6, g_strstrip(host), &v6.sin6_addr) != 1)
            return EINVAL;
        memcpy(address, &v6, sizeof(v6));
        *ret_size = sizeof(v6);
        return 0;
    }
    memcpy(address, &v4, sizeof(v4));
    *ret_size = sizeof(v4);
    return 0;
}

QemuChannelDial
qemu_channel_dial(const char *connect_path, QemuChannel **ret_channel, GError **error)
{
    bool is_tcp = g_str_has_prefix(connect_path, "tcp:");
    struct sockaddr_storage address = {0};
    socklen_t size = 0;
    g_auto(UtilFd) folder_fd = -1;
    g_auto(UtilFd) fd = -1;
    int code = 0;

    if (is_tcp) {
        code = make_tcp_address(connect_path + strlen("tcp:"), &address, &size);
    } else {
        struct sockaddr_un unix_address;

        code = make_unix_address(connect_path, &unix_address, &size, &folder_fd);
        memcpy(&address, &unix_address, sizeof(unix_address));
    }
    if (code != 0)
        return fail_dial(connect_path, code, error);
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail_dial(connect_path, errno, error);
    if (connect(fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS)
        return fail_dial(connect_path, errno, error);
    *ret_channel = qemu_channel_new_fd(util_fd_steal(&fd));
    return QEMU_CHANNEL_DIAL_CONNECTED;
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
