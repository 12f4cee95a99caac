/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_connection: see service_connection.h.
 */
#include "service_connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/util_error.h"
#include "util/util_fd.h"

enum {
    READ_LEAST = 65536,   /* bytes that are read at once, */
    READ_MOST = 1048576,  /* more if a large answer is on its way */
    KEPT_BYTES = 1048576, /* a buffer that has grown beyond this is not kept for the next call */
};

struct ServiceConnection {
    char *path;
    UtilFd fd;
    GByteArray *received;
    size_t n_received; /* bytes of @received that came; behind them is room */
    uint32_t serial;   /* of the last call or ping */
    ServiceCodecHello hello;
};

/* Sets @error, with the path of the service before the sentence. */
G_GNUC_PRINTF(4, 5)
static void
fail(const ServiceConnection *self, UtilError code, GError **error, const char *format, ...)
{
    va_list arguments;
    g_autofree char *text = NULL;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, UTIL_ERROR, (gint)code, "the service at '%s' %s", self->path, text);
}

static bool
make_address(const char *path, struct sockaddr_un *ret_address, GError **error)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (*path == '\0')
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                            "source 'service:': expected 'service:PATH'");
    else if (g_strlcpy(ret_address->sun_path, path, sizeof(ret_address->sun_path)) <
             sizeof(ret_address->sun_path))
        return true;
    else
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                    "'%s' cannot be the path of a socket: it has at most %zu bytes", path,
                    sizeof(ret_address->sun_path) - 1);
    return false;
}

static void
fail_to_connect(const char *path, int cause, GError **error)
{
    UtilError code = UTIL_ERROR_CONNECT;

    if (cause == EACCES || cause == EPERM)
        code = UTIL_ERROR_DENIED;
    else if (cause == EAGAIN)
        code = UTIL_ERROR_TIMEOUT;
    g_set_error(error, UTIL_ERROR, (gint)code, "cannot reach a service at '%s': %s", path,
                cause == EAGAIN ? "it accepts no connection" : g_strerror(cause));
}

ServiceConnection *
service_connection_open(const char *path, GError **error)
{
    g_auto(UtilFd) fd = -1;
    struct sockaddr_un address = {0};
    ServiceConnection *self = NULL;

    if (!make_address(path, &address, error))
        return NULL;
    fd = util_fd_move_up(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot make a socket: %s",
                    g_strerror(errno));
        return NULL;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        fail_to_connect(path, errno, error);
        return NULL;
    }
    self = g_new0(ServiceConnection, 1);
    self->path = g_strdup(path);
    self->fd = util_fd_steal(&fd);
    self->received = g_byte_array_new();
    return self;
}

void
service_connection_free(ServiceConnection *self)
{
    if (self == NULL)
        return;
    util_fd_clear(&self->fd);
    g_byte_array_unref(self->received);
    g_free(self->path);
    g_free(self);
}

uid_t
service_connection_user(const ServiceConnection *self)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t size = sizeof(peer);

    if (getsockopt(self->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return (uid_t)-1;
    return peer.uid;
}

const ServiceCodecHello *
service_connection_hello(const ServiceConnection *self)
{
    return &self->hello;
}

/* True once the socket is ready for one of @events, or has failed; false if it is not until
 * @until. */
static bool
wait_until(const ServiceConnection *self, short events, UtilDeadline until)
{
    struct pollfd polled = {.fd = self->fd, .events = events};
    int n = 0;

    do
        n = poll(&polled, 1, util_deadline_left_ms(until));
    while (n < 0 && errno == EINTR);
    return n != 0;
}

bool
service_connection_is_quiet(const ServiceConnection *self)
{
    return self->n_received == 0 && !wait_until(self, POLLIN, util_deadline_in_ms(0));
}

/* The end of @part in @n_parts of the time in which the service may be silent. */
static UtilDeadline
silent_until(const ServiceConnectionPatience *patience, unsigned int n_parts)
{
    if (patience->silence_ms == 0)
        return patience->deadline;
    return util_deadline_at_most(patience->deadline, patience->silence_ms / n_parts + 1);
}

static void
fail_by_silence(const ServiceConnection *self, GError **error)
{
    fail(self, UTIL_ERROR_TIMEOUT, error, "does not answer in time");
}

static void
fail_to_send(const ServiceConnection *self, int code, GError **error)
{
    if (code == EPIPE || code == ECONNRESET) /* as when its end is read */
        fail(self, UTIL_ERROR_CONNECT, error, "has ended");
    else
        fail(self, UTIL_ERROR_CONNECT, error, "has ended: %s", g_strerror(code));
}

static bool
send_bytes(ServiceConnection *self, GBytes *bytes, const ServiceConnectionPatience *patience,
           GError **error)
{
    size_t size = 0;
    const char *at = g_bytes_get_data(bytes, &size);

    while (size > 0) {
        ssize_t n = send(self->fd, at, size, MSG_NOSIGNAL);

        if (n >= 0) {
            at += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_until(self, POLLOUT, silent_until(patience, 1))) {
                fail_by_silence(self, error);
                return false;
            }
        } else if (errno != EINTR) {
            fail_to_send(self, errno, error);
            return false;
        }
    }
    return true;
}

/* A ping that cannot be sent now is one that is not answered. */
static void
ping(ServiceConnection *self)
{
    g_autoptr(GBytes) bytes = service_codec_write_bare(SERVICE_CODEC_PING, ++self->serial);

    (void)send(self->fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), MSG_NOSIGNAL);
}

static bool
wait_for_bytes(ServiceConnection *self, const ServiceConnectionPatience *patience, GError **error)
{
    bool has_bytes = wait_until(self, POLLIN, silent_until(patience, 2));

    if (!has_bytes && !util_deadline_has_passed(patience->deadline)) {
        ping(self);
        has_bytes = wait_until(self, POLLIN, silent_until(patience, 2));
    }
    if (!has_bytes || util_deadline_has_passed(patience->deadline)) {
        fail_by_silence(self, error);
        return false;
    }
    return true;
}

/* The size of the message of which the first bytes are here; 0: not known yet. What it claims is
 * not allocated: the buffer grows with what comes. */
static bool
measure(const ServiceConnection *self, size_t *ret_size, GError **error)
{
    uint32_t size = 0;

    *ret_size = 0;
    if (self->n_received < sizeof(size))
        return true;
    memcpy(&size, self->received->data, sizeof(size));
    size = GUINT32_FROM_BE(size);
    if (size < 2 * sizeof(size) || size > SERVICE_LIMIT_ANSWER_BYTES) {
        fail(self, UTIL_ERROR_BROKEN, error, "breaks the protocol: a message of %u bytes", size);
        return false;
    }
    *ret_size = size;
    return true;
}

/* Reads what is there, up to the end of the message of @size bytes (0: not known). */
static bool
read_some(ServiceConnection *self, size_t size, GError **error)
{
    size_t wanted = size > self->n_received ? size - self->n_received : READ_LEAST;
    size_t room = CLAMP(wanted, 1, READ_MOST);
    ssize_t n = 0;

    g_byte_array_set_size(self->received, (guint)(self->n_received + room));
    n = recv(self->fd, self->received->data + self->n_received, room, 0);
    if (n > 0)
        self->n_received += (size_t)n;
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return true;
    fail(self, UTIL_ERROR_CONNECT, error, "has ended");
    return false;
}

static void
drop_message(ServiceConnection *self, size_t size)
{
    self->n_received -= size;
    memmove(self->received->data, self->received->data + size, self->n_received);
    if (self->received->len > KEPT_BYTES && self->n_received == 0) {
        g_byte_array_unref(self->received);
        self->received = g_byte_array_new();
    }
}

static bool
receive(ServiceConnection *self, const ServiceConnectionPatience *patience,
        ServiceCodecMessage *ret_message, GError **error)
{
    g_autoptr(GError) fault = NULL;
    size_t size = 0;
    bool is_read = false;

    for (;;) {
        if (!measure(self, &size, error))
            return false;
        if (size > 0 && self->n_received >= size)
            break;
        if (!wait_for_bytes(self, patience, error) || !read_some(self, size, error))
            return false;
    }
    is_read = service_codec_read(self->received->data, size, ret_message, &fault);
    drop_message(self, size);
    if (!is_read)
        fail(self, UTIL_ERROR_BROKEN, error, "breaks the protocol: %s", fault->message);
    return is_read;
}

bool
service_connection_greet(ServiceConnection *self, const ServiceConnectionPatience *patience,
                         GError **error)
{
    const ServiceCodecHello own = {
        .protocol = SERVICE_CODEC_PROTOCOL,
        .release = DOMSTATS_VERSION_NUMBER,
        .extras = SERVICE_CODEC_EXTRAS,
    };
    g_autoptr(GBytes) bytes = service_codec_write_hello(&own);
    g_auto(ServiceCodecMessage) message = {0};

    if (!send_bytes(self, bytes, patience, error) || !receive(self, patience, &message, error))
        return false;
    if (message.kind != SERVICE_CODEC_HELLO) {
        fail(self, UTIL_ERROR_BROKEN, error, "breaks the protocol: its first message is no hello");
        return false;
    }
    if (message.hello.protocol != SERVICE_CODEC_PROTOCOL) {
        fail(self, UTIL_ERROR_BROKEN, error, "speaks version %u of its protocol, and this is %d",
             message.hello.protocol, SERVICE_CODEC_PROTOCOL);
        return false;
    }
    self->hello = message.hello;
    return true;
}

/* True if @message is the answer; an error of the service becomes @error. */
static bool
take_answer(const ServiceConnection *self, uint32_t serial, const ServiceCodecMessage *message,
            GError **error)
{
    if (message->kind == SERVICE_CODEC_ANSWER && message->serial == serial)
        return true;
    if (message->kind == SERVICE_CODEC_ERROR && message->serial == serial)
        g_set_error_literal(error, DOMSTATS_ERROR, (gint)message->code, message->text);
    else if (message->kind == SERVICE_CODEC_ERROR && message->serial == 0)
        fail(self, UTIL_ERROR_BROKEN, error, "refuses: %s", message->text);
    else
        fail(self, UTIL_ERROR_BROKEN, error, "breaks the protocol: it answers what was not asked");
    return false;
}

static bool
check_extras(const ServiceConnection *self, const DomstatsCall *call, GError **error)
{
    unsigned int unknown = call->extras & ~self->hello.extras;

    if (unknown == 0)
        return true;
    g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG,
                "the service at '%s' does not know extras 0x%x", self->path, unknown);
    return false;
}

bool
service_connection_call(ServiceConnection *self, const DomstatsCall *call,
                        const ServiceConnectionPatience *patience, ServiceCodecMessage *ret_answer,
                        GError **error)
{
    uint32_t serial = ++self->serial;
    g_autoptr(GError) inner = NULL;
    g_autoptr(GBytes) bytes = service_codec_write_call(serial, call, &inner);

    if (!check_extras(self, call, error))
        return false;
    if (bytes == NULL) {
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED,
                    "the service at '%s' does not take %s", self->path, inner->message);
        return false;
    }
    if (!send_bytes(self, bytes, patience, error))
        return false;
    for (;;) {
        g_auto(ServiceCodecMessage) message = {0};

        if (!receive(self, patience, &message, error))
            return false;
        if (message.kind == SERVICE_CODEC_PONG)
            continue;
        if (!take_answer(self, serial, &message, error))
            return false;
        *ret_answer = message;
        message = (ServiceCodecMessage){0};
        return true;
    }
}
