/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_service: see fake_service.h.
 */
#include "fake_service.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/service_codec.h"
#include "service/service_view.h"

struct FakeService {
    int listener;
    const char *const *scripts;
    GThread *thread;
    GPtrArray *clients; /* GThread; of the thread above until it ends */
};

/* False at the end of the connection. */
static gboolean
read_all(int fd, void *bytes, size_t size)
{
    size_t n_read = 0;

    while (n_read < size) {
        ssize_t n = recv(fd, (char *)bytes + n_read, size - n_read, 0);

        if (n <= 0)
            return FALSE;
        n_read += (size_t)n;
    }
    return TRUE;
}

static gboolean
read_message(int fd, ServiceCodecMessage *ret_message)
{
    uint32_t length = 0;
    g_autofree uint8_t *bytes = NULL;
    gboolean is_read = FALSE;

    if (!read_all(fd, &length, sizeof(length)))
        return FALSE;
    bytes = g_malloc(GUINT32_FROM_BE(length));
    memcpy(bytes, &length, sizeof(length));
    if (!read_all(fd, bytes + 4, GUINT32_FROM_BE(length) - 4))
        return FALSE;
    is_read = service_codec_read(bytes, GUINT32_FROM_BE(length), ret_message, NULL);
    g_assert(is_read);
    return TRUE;
}

static void
send_part(int fd, GBytes *take_bytes, size_t size)
{
    (void)send(fd, g_bytes_get_data(take_bytes, NULL), size, MSG_NOSIGNAL);
    g_bytes_unref(take_bytes);
}

static void
send_message(int fd, GBytes *take_bytes)
{
    send_part(fd, take_bytes, g_bytes_get_size(take_bytes));
}

static GBytes *
make_hello(char letter)
{
    ServiceCodecHello hello = {
        .protocol = SERVICE_CODEC_PROTOCOL, .extras = SERVICE_CODEC_EXTRAS, .is_auto = true};

    service_view_tell(&hello);
    if (letter == 'v')
        hello.protocol++;
    if (letter == 'q')
        hello.is_auto = false;
    if (letter == 'x')
        hello.places[0].inode++;
    if (letter == 'r') {
        hello.rights = 0;
        hello.user++;
    }
    return service_codec_write_hello(&hello);
}

static GBytes *
make_answer(uint32_t serial, char letter)
{
    virTypedParameter param = {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = 1};
    DomstatsRecord record = {.name = (char *)"web",
                             .params = &param,
                             .n_params = 1,
                             .answered_by = DOMSTATS_ANSWERED_BY_MONITOR};
    const DomstatsRecord *const records[] = {&record};

    if (letter == 'd')
        record.health = DOMSTATS_HEALTH_DENIED;
    return service_codec_write_answer(serial + (letter == 'w'), records, 1,
                                      letter == 'b' ? "it is dark" : NULL, NULL);
}

static void
send_damaged(int fd, uint32_t serial)
{
    GBytes *bytes = make_answer(serial, 'a');
    uint8_t *damaged = g_memdup2(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

    damaged[16] = 0xff; /* the number of names */
    send_message(fd, g_bytes_new_take(damaged, g_bytes_get_size(bytes)));
    g_bytes_unref(bytes);
}

static void
send_with_more(int fd, uint32_t serial)
{
    g_autoptr(GBytes) bytes = make_answer(serial, 'a');
    g_autoptr(GByteArray) more = g_byte_array_new();

    g_byte_array_append(more, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    g_byte_array_append(more, (const guint8 *)"x", 1);
    (void)send(fd, more->data, more->len, MSG_NOSIGNAL);
}

static void
answer(int fd, char letter, uint32_t serial)
{
    switch (letter) {
    case 't':
        send_message(fd, service_codec_write_error(serial, DOMSTATS_ERROR_TIMEOUT, "too late"));
        break;
    case 'u':
        send_message(fd, service_codec_write_error(serial, DOMSTATS_ERROR_UNSUPPORTED, "too much"));
        break;
    case 'z':
        send_message(fd, service_codec_write_error(0, DOMSTATS_ERROR_SYSTEM, "too many clients"));
        break;
    case 'i':
        send_with_more(fd, serial);
        break;
    case 'm':
        send_damaged(fd, serial);
        break;
    case 'f':
        send_part(fd, make_answer(serial, 'a'), 50);
        break;
    case 'l':
        send_message(fd, g_bytes_new_static("\xff\xff\xff\xff", 4));
        break;
    case 'p':
        for (uint32_t i = 0; i < 3; i++)
            send_message(fd, service_codec_write_bare(SERVICE_CODEC_PONG, i));
        send_message(fd, make_answer(serial, 'a'));
        break;
    default:
        send_message(fd, make_answer(serial, letter));
    }
}

/* Reads until the client has gone. */
static void
read_on(int fd, gboolean answers_pings)
{
    for (;;) {
        g_auto(ServiceCodecMessage) message = {0};

        if (!read_message(fd, &message))
            return;
        if (answers_pings && message.kind == SERVICE_CODEC_PING)
            send_message(fd, service_codec_write_bare(SERVICE_CODEC_PONG, message.serial));
    }
}

/* Answers @n_pings, and then the call. */
static void
answer_slowly(int fd, uint32_t serial, unsigned int n_pings)
{
    while (n_pings > 0) {
        g_auto(ServiceCodecMessage) message = {0};

        if (!read_message(fd, &message))
            return;
        if (message.kind == SERVICE_CODEC_PING)
            send_message(fd, service_codec_write_bare(SERVICE_CODEC_PONG, message.serial));
        n_pings--;
    }
    send_message(fd, make_answer(serial, 'a'));
}

/* False at the end of the connection. */
static gboolean
do_step(int fd, char letter)
{
    g_auto(ServiceCodecMessage) message = {0};

    if (letter == '.' || letter == '-') {
        read_on(fd, letter == '-');
        return FALSE;
    }
    if (!read_message(fd, &message))
        return FALSE;
    if (strchr("hqxrv", letter) != NULL)
        send_message(fd, make_hello(letter));
    else if (letter == 's')
        answer_slowly(fd, message.serial, 2);
    else
        answer(fd, letter, message.serial);
    return TRUE;
}

/* One client and the script for it. */
typedef struct {
    int fd;
    const char *script;
} Client;

static gpointer
serve(gpointer data)
{
    Client *client = data;
    const char *letter = client->script;

    while (*letter != '\0' && do_step(client->fd, *letter))
        letter += *letter != 'A';
    close(client->fd);
    g_free(client);
    return NULL;
}

static gpointer
run(gpointer data)
{
    FakeService *self = data;
    const char *const *script = self->scripts;

    for (;;) {
        int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
        Client *client = NULL;

        if (fd < 0 && errno == EINTR)
            continue;
        if (fd < 0)
            return NULL;
        client = g_new0(Client, 1);
        client->fd = fd;
        client->script = *script;
        g_ptr_array_add(self->clients, g_thread_new("fake-client", serve, client));
        if (script[1] != NULL)
            script++;
    }
}

FakeService *
fake_service_start(const char *path, const char *const *scripts)
{
    FakeService *self = g_new0(FakeService, 1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    (void)unlink(path);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert(bind(self->listener, (const struct sockaddr *)&address, sizeof(address)) == 0);
    g_assert(listen(self->listener, 8) == 0);
    self->scripts = scripts;
    self->clients = g_ptr_array_new();
    self->thread = g_thread_new("fake-service", run, self);
    return self;
}

unsigned int
fake_service_stop(FakeService *self)
{
    unsigned int n_clients = 0;

    shutdown(self->listener, SHUT_RDWR);
    g_thread_join(self->thread);
    n_clients = self->clients->len;
    for (guint i = 0; i < self->clients->len; i++)
        g_thread_join(g_ptr_array_index(self->clients, i));
    g_ptr_array_unref(self->clients);
    close(self->listener);
    g_free(self);
    return n_clients;
}
