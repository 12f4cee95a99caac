/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_service: see daemon_service.h.
 *
 * A session greets, then each call becomes a request of the rounds, and its answer a message with
 * the call's serial number. Several may be under way. A ping is answered at once. Whatever breaks
 * the protocol ends the connection, after an error that says what.
 */
#include "daemon_service.h"

#include "daemon_host.h"
#include "service/service_codec.h"
#include "service/service_view.h"

enum { LEAST_BYTES = 12 }; /* of a message: length, kind, one word */

typedef struct {
    DaemonClient *client;
    const DaemonHost *host;
    GHashTable *calls; /* Call * that are under way, owned */
    bool has_greeted;
    bool has_failed; /* nothing more is read */
} Session;

typedef struct {
    Session *session;
    DaemonRoundsRequest *request;
    uint32_t serial;
} Call;

static void *
open_session(DaemonClient *client, const DaemonClientPeer *peer, void *context)
{
    Session *self = g_new0(Session, 1);

    (void)peer;
    self->client = client;
    self->host = context;
    self->calls = g_hash_table_new_full(NULL, NULL, g_free, NULL);
    return self;
}

static void
close_session(void *data)
{
    Session *self = data;
    GHashTableIter at;
    gpointer key = NULL;

    g_hash_table_iter_init(&at, self->calls);
    while (g_hash_table_iter_next(&at, &key, NULL))
        daemon_rounds_cancel(((Call *)key)->request);
    g_hash_table_unref(self->calls);
    g_free(self);
}

static void
send_error(Session *self, uint32_t serial, int code, const char *text)
{
    daemon_client_send(self->client, service_codec_write_error(serial, (DomstatsError)code, text));
}

/* Ends the connection: @why it broke the protocol. */
static void
refuse(Session *self, const char *why)
{
    send_error(self, 0, DOMSTATS_ERROR_INVALID_ARG, why);
    daemon_client_hang_up(self->client, why);
    self->has_failed = true;
}

static void
send_answer(Session *self, uint32_t serial, const DaemonRoundsAnswer *answer)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = service_codec_write_answer(serial, answer->records, answer->n_records,
                                               answer->blind_spot, &error);
    g_autofree char *text = NULL;

    if (bytes != NULL) {
        daemon_client_send(self->client, bytes);
        return;
    }
    text = g_strdup_printf("the answer would be %s", error->message);
    send_error(self, serial, DOMSTATS_ERROR_UNSUPPORTED, text);
}

static void
on_done(const DaemonRoundsAnswer *answer, const GError *error, void *data)
{
    Call *call = data;
    Session *self = call->session;
    uint32_t serial = call->serial;

    g_hash_table_remove(self->calls, call);
    if (answer != NULL)
        send_answer(self, serial, answer);
    else
        send_error(self, serial, error->code, error->message);
    daemon_client_end_call(self->client);
}

static void
greet(Session *self, const ServiceCodecHello *hello)
{
    ServiceCodecHello own = {
        .protocol = SERVICE_CODEC_PROTOCOL,
        .release = DOMSTATS_VERSION_NUMBER,
        .extras = SERVICE_CODEC_EXTRAS,
        .is_auto = self->host->is_auto,
    };

    if (self->has_greeted) {
        refuse(self, "it greets twice");
        return;
    }
    service_view_tell(&own);
    daemon_client_send(self->client, service_codec_write_hello(&own));
    self->has_greeted = true;
    if (hello->protocol != SERVICE_CODEC_PROTOCOL) {
        daemon_client_hang_up(self->client, "it speaks another version of the protocol");
        self->has_failed = true;
    }
}

static void
begin_call(Session *self, const ServiceCodecMessage *message)
{
    Call *call = g_new0(Call, 1);

    call->session = self;
    call->serial = message->serial;
    g_hash_table_add(self->calls, call);
    daemon_client_begin_call(self->client);
    call->request = daemon_rounds_ask(self->host->rounds, &message->call, on_done, call);
    daemon_rounds_set_gate(call->request, daemon_client_takes_answers, self->client);
}

static void
take(Session *self, const ServiceCodecMessage *message)
{
    if (message->kind == SERVICE_CODEC_HELLO)
        greet(self, &message->hello);
    else if (!self->has_greeted)
        refuse(self, "its first message is no hello");
    else if (message->kind == SERVICE_CODEC_CALL)
        begin_call(self, message);
    else if (message->kind == SERVICE_CODEC_PING)
        daemon_client_send(self->client,
                           service_codec_write_bare(SERVICE_CODEC_PONG, message->serial));
    else
        refuse(self, "a client sends no such message");
}

static void
take_message(void *session, const uint8_t *bytes, size_t n_bytes)
{
    Session *self = session;
    g_auto(ServiceCodecMessage) message = {0};
    g_autoptr(GError) error = NULL;

    if (self->has_failed)
        return;
    if (service_codec_read(bytes, n_bytes, &message, &error))
        take(self, &message);
    else
        refuse(self, error->message);
}

static bool
is_ping(const uint8_t *bytes, size_t n_bytes)
{
    return service_codec_kind(bytes, n_bytes) == SERVICE_CODEC_PING;
}

const DaemonClientProtocol daemon_service_protocol = {
    .name = "service",
    .message_most = SERVICE_LIMIT_REQUEST_BYTES,
    .message_least = LEAST_BYTES,
    .calls_most = SERVICE_LIMIT_CALLS_AT_ONCE,
    .is_urgent = is_ping,
    .open = open_session,
    .take_message = take_message,
    .close = close_session,
};
