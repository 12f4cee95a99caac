/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_client: see service_client.h.
 *
 * How it works
 *
 * A call takes a connection that is idle, or makes one. A service that is not ours, or that was
 * silent for too long, is not asked again before something changes: the connection that showed it
 * is kept as @barrier, and a look at it tells. It is closed when the service ends, and becomes
 * readable when a silent one goes on.
 */
#include "service_client.h"

#include <pthread.h>
#include <unistd.h>

#include "domstats_record.h"
#include "service_connection.h"
#include "service_view.h"
#include "util/util_error.h"

struct ServiceClient {
    char *path;
    ServiceClientTrust trust;
    pthread_mutex_t lock;       /* of the next three; never held while waiting */
    GPtrArray *idle;            /* ServiceConnection */
    ServiceConnection *barrier; /* NULL: none */
    GError *barrier_error;      /* what calls fail with while the barrier stands */
    unsigned int n_sentences;   /* blind spots that were kept; under the lock too */
    gpointer blind_spot;        /* atomic; interned; NULL: none */
};

ServiceClient *
service_client_new(const char *path, ServiceClientTrust trust)
{
    ServiceClient *self = g_new0(ServiceClient, 1);

    self->path = g_strdup(path);
    self->trust = trust;
    pthread_mutex_init(&self->lock, NULL);
    self->idle = g_ptr_array_new_with_free_func((GDestroyNotify)service_connection_free);
    return self;
}

void
service_client_free(ServiceClient *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->idle);
    service_connection_free(self->barrier);
    g_clear_error(&self->barrier_error);
    pthread_mutex_destroy(&self->lock);
    g_free(self->path);
    g_free(self);
}

/* Keeps @take_connection as the barrier, with the error that it showed. */
static void
set_barrier(ServiceClient *self, ServiceConnection *take_connection, const GError *error)
{
    pthread_mutex_lock(&self->lock);
    service_connection_free(self->barrier);
    g_clear_error(&self->barrier_error);
    self->barrier = take_connection;
    self->barrier_error = g_error_copy(error);
    pthread_mutex_unlock(&self->lock);
}

/* False with the error of the barrier if it still stands. */
static bool
pass_barrier(ServiceClient *self, GError **error)
{
    bool stands = false;

    pthread_mutex_lock(&self->lock);
    stands = self->barrier != NULL && service_connection_is_quiet(self->barrier);
    if (stands && error != NULL)
        *error = g_error_copy(self->barrier_error);
    if (!stands)
        g_clear_pointer(&self->barrier, service_connection_free);
    pthread_mutex_unlock(&self->lock);
    return !stands;
}

/* An idle connection that the service has not closed; NULL: there is none. */
static ServiceConnection *
take_idle(ServiceClient *self)
{
    ServiceConnection *connection = NULL;

    pthread_mutex_lock(&self->lock);
    while (connection == NULL && self->idle->len > 0) {
        connection = g_ptr_array_steal_index(self->idle, self->idle->len - 1);
        if (!service_connection_is_quiet(connection))
            g_clear_pointer(&connection, service_connection_free);
    }
    pthread_mutex_unlock(&self->lock);
    return connection;
}

static void
give_back(ServiceClient *self, ServiceConnection *take_connection)
{
    pthread_mutex_lock(&self->lock);
    if (self->idle->len < SERVICE_LIMIT_IDLE_CONNECTIONS)
        g_ptr_array_add(self->idle, g_steal_pointer(&take_connection));
    pthread_mutex_unlock(&self->lock);
    service_connection_free(take_connection);
}

static bool
check_user(const ServiceClient *self, const ServiceConnection *connection, GError **error)
{
    uid_t user = service_connection_user(connection);

    if (self->trust == SERVICE_CLIENT_ANY || user == 0 || user == geteuid())
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_DENIED,
                "the service at '%s' is neither root's nor ours, but user %u's", self->path,
                (unsigned int)user);
    return false;
}

static bool
check_view(const ServiceClient *self, const ServiceConnection *connection, GError **error)
{
    const ServiceCodecHello *hello = service_connection_hello(connection);
    const char *lack = NULL;

    if (self->trust == SERVICE_CLIENT_ANY)
        return true;
    if (!hello->is_auto)
        lack = "serves a part of the host, or another source";
    else if (!service_view_is_here(hello))
        lack = "sees another host: it runs in other namespaces";
    else if (!service_view_sees_enough(hello))
        lack = "has fewer rights than this process";
    if (lack != NULL)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED, "the service at '%s' %s", self->path,
                    lack);
    return lack == NULL;
}

/* Whether the trouble of a connection will last as long as the connection does. */
static bool
is_lasting(const ServiceClientRequest *request, const GError *error)
{
    return g_error_matches(error, UTIL_ERROR, UTIL_ERROR_DENIED) ||
           g_error_matches(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED) ||
           (request->silence_ms > 0 && g_error_matches(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT));
}

/* Ends the use of @take_connection after @take_error, which becomes @error. */
static void
give_up(ServiceClient *self, const ServiceClientRequest *request,
        ServiceConnection *take_connection, GError *take_error, GError **error)
{
    if (is_lasting(request, take_error))
        set_barrier(self, take_connection, take_error);
    else
        service_connection_free(take_connection);
    g_propagate_error(error, take_error);
}

static ServiceConnectionPatience
patience_of(const ServiceClientRequest *request)
{
    return (ServiceConnectionPatience){request->deadline, request->silence_ms};
}

static ServiceConnection *
make_connection(ServiceClient *self, const ServiceClientRequest *request, GError **error)
{
    const ServiceConnectionPatience patience = patience_of(request);
    ServiceConnection *connection = service_connection_open(self->path, error);
    GError *inner = NULL;

    if (connection == NULL)
        return NULL;
    if (check_user(self, connection, &inner) &&
        service_connection_greet(connection, &patience, &inner) &&
        check_view(self, connection, &inner))
        return connection;
    give_up(self, request, connection, inner, error);
    return NULL;
}

bool
service_client_try(ServiceClient *self, const ServiceClientRequest *request, GError **error)
{
    ServiceConnection *connection = make_connection(self, request, error);

    if (connection == NULL)
        return false;
    give_back(self, connection);
    return true;
}

/* The program keeps the sentence for ever, so there is a limit to how many a service gets. */
static void
keep_blind_spot(ServiceClient *self, const char *sentence)
{
    const char *kept = NULL;

    pthread_mutex_lock(&self->lock);
    if (sentence != NULL && g_strcmp0(sentence, self->blind_spot) == 0)
        kept = self->blind_spot;
    else if (sentence != NULL && self->n_sentences++ < SERVICE_LIMIT_BLIND_SPOTS)
        kept = g_intern_string(sentence);
    else if (sentence != NULL)
        kept = g_intern_static_string("the service does not see everything");
    g_atomic_pointer_set(&self->blind_spot, (gpointer)(uintptr_t)kept);
    pthread_mutex_unlock(&self->lock);
}

const char *
service_client_blind_spot(ServiceClient *self)
{
    return g_atomic_pointer_get(&self->blind_spot);
}

static void
mark_answered(DomstatsRecord *record)
{
    if (record != NULL && record->answered_by != DOMSTATS_ANSWERED_BY_NONE)
        record->answered_by = DOMSTATS_ANSWERED_BY_SERVICE;
}

static GPtrArray *
take_records(ServiceClient *self, ServiceCodecMessage *answer)
{
    GPtrArray *records = g_steal_pointer(&answer->records);

    keep_blind_spot(self, answer->blind_spot);
    for (guint i = 0; i < records->len; i++) {
        DomstatsRecord *record = g_ptr_array_index(records, i);

        mark_answered(record);
        mark_answered(record->last);
    }
    return records;
}

/* The time that is left to the service: a part is needed to bring the answer here. */
static unsigned int
timeout_for_service(UtilDeadline deadline)
{
    unsigned int left_ms = (unsigned int)util_deadline_left_ms(deadline);

    return MAX(left_ms - MIN(left_ms / 16 + 2, left_ms), 1);
}

/* Asks by @take_connection. */
static GPtrArray *
ask(ServiceClient *self, const ServiceClientRequest *request, ServiceConnection *take_connection,
    GError **error)
{
    const ServiceConnectionPatience patience = patience_of(request);
    DomstatsCall call = *request->call;
    g_auto(ServiceCodecMessage) answer = {0};
    GError *inner = NULL;

    call.timeout_ms = timeout_for_service(request->deadline);
    if (service_connection_call(take_connection, &call, &patience, &answer, &inner)) {
        give_back(self, take_connection);
        return take_records(self, &answer);
    }
    if (inner->domain == DOMSTATS_ERROR) {
        give_back(self, take_connection);
        g_propagate_error(error, inner);
    } else {
        give_up(self, request, take_connection, inner, error);
    }
    return NULL;
}

/* An empty list of domains would mean all of them in a message. */
static bool
check_words(const DomstatsCall *call, GError **error)
{
    if (call->domains == NULL || call->domains[0] != NULL)
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "the list of domains is empty");
    return false;
}

/* A service that ends may close an idle connection after the look at it: then it is asked anew. */
GPtrArray *
service_client_get_stats(ServiceClient *self, const ServiceClientRequest *request, GError **error)
{
    ServiceConnection *connection = NULL;
    GError *inner = NULL;
    GPtrArray *records = NULL;

    if (!check_words(request->call, error) || !pass_barrier(self, error))
        return NULL;
    connection = take_idle(self);
    if (connection != NULL) {
        records = ask(self, request, connection, &inner);
        if (records != NULL)
            return records;
        if (!g_error_matches(inner, UTIL_ERROR, UTIL_ERROR_CONNECT)) {
            g_propagate_error(error, inner);
            return NULL;
        }
        g_error_free(inner);
    }
    connection = make_connection(self, request, error);
    return connection ? ask(self, request, connection, error) : NULL;
}
