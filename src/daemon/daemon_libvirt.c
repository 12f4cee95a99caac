/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt: see daemon_libvirt.h.
 *
 * How it works
 *
 * A message is a ping, which is answered at once; something that is refused, likewise; or a call.
 * The row of its procedure says whether a round must be asked for; if so the call waits for its
 * answer. Then the row's function fills the result, which is sent. Calls of one client do not wait
 * for each other, so replies may come in another order than the calls, as libvirt allows.
 *
 * Every value in a reply is of a round that began after the call came, or was running then. Only
 * who a domain is (name, UUID, id) is told from an earlier answer, while its process lives
 * (daemon_libvirt_known).
 */
#include "daemon_libvirt.h"

#include "daemon_libvirt_event.h"
#include "daemon_libvirt_table.h"
#include "daemon_limits.h"
#include "rpc/rpc_limits.h"

typedef struct {
    DaemonClient *client;
    const DaemonHost *host;
    DaemonLibvirtCallSession kept;
    GHashTable *pending;           /* Pending *, owned by hand */
    DaemonWatchListener *listener; /* NULL: it waits for no event */
} Session;

/* A call that waits for its round. */
typedef struct {
    Session *session;
    RpcCall message;
    DaemonLibvirtCall call;
    const DaemonLibvirtTableRow *row;
    DaemonRoundsRequest *request;
} Pending;

static void
free_pending(Pending *self)
{
    g_ptr_array_unref(self->call.memory);
    rpc_call_clear(&self->message);
    g_free(self);
}

static void
on_event(const DaemonWatchEvent *event, void *data)
{
    Session *self = data;

    for (guint i = 0; i < self->kept.events->len; i++) {
        GBytes *message = daemon_libvirt_event_make(
            &g_array_index(self->kept.events, DaemonLibvirtCallEvent, i), event);

        if (message != NULL)
            daemon_client_send(self->client, message);
    }
}

/* Listens while a callback is registered. */
static void
update_listener(Session *self)
{
    struct DaemonWatch *watch = self->host->watch;
    bool is_wanted = daemon_libvirt_event_is_wanted(&self->kept);

    if (watch == NULL || is_wanted == (self->listener != NULL))
        return;
    if (is_wanted) {
        self->listener = daemon_watch_add(watch, on_event, self);
        return;
    }
    daemon_watch_remove(watch, self->listener);
    self->listener = NULL;
}

static void
send_error(Session *self, const RpcMessageHeader *header, const RpcError *error)
{
    daemon_client_send(self->client, rpc_message_make_error(header, error));
}

static void
send_result(Pending *self, void *result)
{
    g_auto(RpcError) error = {0};
    GBytes *message =
        rpc_message_make_reply(&self->message.header, self->message.procedure, result);

    if (message != NULL) {
        daemon_client_send(self->session->client, message);
        return;
    }
    rpc_error_set(&error, VIR_ERR_RPC, VIR_FROM_RPC, "Unable to encode message payload");
    send_error(self->session, &self->message.header, &error);
}

/* The record of the domain that the arguments name, or an error. */
static const DomstatsRecord *
find_record(const Pending *self, RpcError *error)
{
    const DaemonRoundsAnswer *answer = self->call.answer;
    const rpc_domain *domain = self->call.args;
    const DomstatsRecord *record = answer->n_records > 0 ? answer->records[0] : NULL;
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (record == NULL || !daemon_libvirt_fields_is_domain(record)) {
        daemon_libvirt_call_print_uuid(domain->uuid, uuid);
        rpc_error_set(error, VIR_ERR_NO_DOMAIN, VIR_FROM_QEMU,
                      "Domain not found: no domain with matching uuid '%s' (%s)", uuid,
                      domain->name);
        return NULL;
    }
    if (self->row->scope == DAEMON_LIBVIRT_TABLE_RUNNING_DOMAIN && record->id <= 0) {
        rpc_error_set(error, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
                      "Requested operation is not valid: domain is not running");
        return NULL;
    }
    return record;
}

static bool
fill(Pending *self, void *result, RpcError *error)
{
    g_auto(DaemonLibvirtFields) fields = {0};
    const DomstatsRecord *record = NULL;

    if (self->row->scope == DAEMON_LIBVIRT_TABLE_NO_DOMAIN || self->call.answer == NULL)
        return self->row->fill(&self->call, result, error);
    record = find_record(self, error);
    if (record == NULL)
        return false;
    daemon_libvirt_fields_init(&fields, record);
    self->call.fields = &fields;
    return self->row->fill(&self->call, result, error);
}

/* Answers the call, and frees it. */
static void
answer(Pending *self)
{
    size_t size = self->message.procedure->result.size;
    g_autofree void *result = g_malloc0(MAX(size, 1));
    g_auto(RpcError) error = {0};

    if (fill(self, result, &error))
        send_result(self, size > 0 ? result : NULL);
    else
        send_error(self->session, &self->message.header, &error);
    update_listener(self->session);
    free_pending(self);
}

/* An error of the round as libvirt words it. The codes are libvirt's. */
static void
set_error_of_round(RpcError *error, const GError *from)
{
    const char *prefix = "internal error";

    if (from->code == DOMSTATS_ERROR_UNSUPPORTED)
        prefix = "argument unsupported";
    else if (from->code == DOMSTATS_ERROR_INVALID_ARG)
        prefix = "invalid argument";
    else if (from->code == DOMSTATS_ERROR_TIMEOUT)
        prefix = "Timed out during operation";
    rpc_error_set(error, (virErrorNumber)from->code, VIR_FROM_QEMU, "%s: %s", prefix,
                  from->message);
}

static void
on_answer(const DaemonRoundsAnswer *from_round, const GError *error, void *data)
{
    Pending *self = data;
    Session *session = self->session;
    g_auto(RpcError) told = {0};

    g_hash_table_remove(session->pending, self);
    self->call.answer = from_round;
    if (from_round != NULL) {
        answer(self);
    } else {
        set_error_of_round(&told, error);
        send_error(session, &self->message.header, &told);
        free_pending(self);
    }
    daemon_client_end_call(session->client);
}

/* What the round of a call on one domain asks for. It does not wait for one that is known to be
 * stuck. */
static void
ask_domain(Pending *self, DomstatsCall *ask)
{
    const rpc_domain *domain = self->call.args;
    const char **words = daemon_libvirt_call_alloc(&self->call, 2, sizeof(char *));
    char *uuid = daemon_libvirt_call_alloc(&self->call, VIR_UUID_STRING_BUFLEN, 1);

    daemon_libvirt_call_print_uuid(domain->uuid, uuid);
    words[0] = uuid;
    ask->domains = words;
    ask->stats = self->row->groups;
    ask->extras = self->row->extras | DOMSTATS_CALL_WITHOUT_KVM;
    ask->flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
}

static bool
needs_round(Pending *self, DomstatsCall *ret_ask)
{
    const DaemonLibvirtTableRow *row = self->row;

    if (row->scope == DAEMON_LIBVIRT_TABLE_NO_DOMAIN)
        return row->ask != NULL && row->ask(&self->call, ret_ask);
    if (row->needs != NULL && !row->needs(&self->call))
        return false;
    ask_domain(self, ret_ask);
    return true;
}

/* Takes what @message holds. */
static void
start_call(Session *self, RpcCall *message)
{
    DomstatsCall ask = {0};
    g_auto(RpcError) error = {0};
    Pending *pending = g_new0(Pending, 1);

    pending->session = self;
    pending->message = *message;
    *message = (RpcCall){0};
    pending->row = daemon_libvirt_table_find(pending->message.header.procedure);
    pending->call = (DaemonLibvirtCall){.args = pending->message.args,
                                        .host = self->host,
                                        .session = &self->kept,
                                        .memory = g_ptr_array_new_with_free_func(g_free)};
    if (pending->row->check != NULL && !pending->row->check(&pending->call, &error)) {
        send_error(self, &pending->message.header, &error);
        free_pending(pending);
        return;
    }
    if (!needs_round(pending, &ask)) {
        answer(pending);
        return;
    }
    g_hash_table_add(self->pending, pending);
    daemon_client_begin_call(self->client);
    pending->request = daemon_rounds_ask(self->host->rounds, &ask, on_answer, pending);
    daemon_rounds_set_gate(pending->request, daemon_client_takes_answers, self->client);
}

/* Before a connection is opened only the procedures may be called that clients need for it. */
static bool
may_be_called(const Session *self, const RpcCall *message)
{
    int number = message->header.procedure;

    return self->kept.is_open || number == RPC_PROCEDURE_AUTH_LIST ||
           number == RPC_PROCEDURE_CONNECT_OPEN || number == RPC_PROCEDURE_CONNECT_CLOSE ||
           number == RPC_PROCEDURE_CONNECT_SUPPORTS_FEATURE;
}

static void
take_call(Session *self, RpcCall *message)
{
    g_auto(RpcError) error = {0};

    if (may_be_called(self, message)) {
        start_call(self, message);
        return;
    }
    rpc_error_set(&error, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: hypervisor connection not open");
    send_error(self, &message->header, &error);
}

static void
take_message(void *session, const uint8_t *bytes, size_t n_bytes)
{
    Session *self = session;
    g_auto(RpcCall) message = {0};

    switch (rpc_call_parse(bytes, n_bytes, &message)) {
    case RPC_CALL_NOTHING:
        break;
    case RPC_CALL_PING:
        daemon_client_send(self->client, rpc_message_make_pong());
        break;
    case RPC_CALL_REFUSED:
        send_error(self, &message.header, &message.error);
        break;
    case RPC_CALL_VALID:
        take_call(self, &message);
        break;
    }
}

static void *
open_session(DaemonClient *client, const DaemonClientPeer *peer, void *context)
{
    Session *self = g_new0(Session, 1);

    (void)peer;
    self->client = client;
    self->host = context;
    self->kept.events = g_array_new(FALSE, TRUE, sizeof(DaemonLibvirtCallEvent));
    daemon_libvirt_known_init(&self->kept.known);
    self->pending = g_hash_table_new(NULL, NULL);
    return self;
}

static void
close_session(void *session)
{
    Session *self = session;
    g_autoptr(GList) pending = g_hash_table_get_keys(self->pending);

    for (const GList *at = pending; at != NULL; at = at->next) {
        Pending *call = at->data;

        daemon_rounds_cancel(call->request);
        free_pending(call);
    }
    if (self->listener != NULL)
        daemon_watch_remove(self->host->watch, self->listener);
    g_hash_table_unref(self->pending);
    g_array_unref(self->kept.events);
    daemon_libvirt_known_clear(&self->kept.known);
    g_free(self->kept.uri);
    g_free(self);
}

const DaemonClientProtocol daemon_libvirt_protocol = {
    .name = "libvirt",
    .message_most = RPC_LIMIT_CALL_BYTES,
    .message_least = RPC_MESSAGE_HEADER_BYTES,
    .calls_most = DAEMON_LIMIT_RPC_CALLS,
    .is_urgent = rpc_call_is_ping,
    .open = open_session,
    .take_message = take_message,
    .close = close_session,
};
