/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domstats_auto: see domstats_auto.h.
 *
 * How it works
 *
 * Each call goes to the service first. If nobody listens, that costs a connect() that fails at
 * once. If the service says nothing for a quarter of the call's time (a second at most), or fails,
 * the host is asked in the same call, in the time that is left; the next call tries the service
 * again, which costs nothing as long as a silent one stays silent.
 *
 * With a service no answer may be worse than without it. So an answer is dropped, and the host
 * asked, if the service did not see everything, or was denied a domain: it may have fewer rights
 * than we have. If the host tells no more, the service is trusted from then on, else the host.
 *
 * A service that runs and cannot be asked may hold the monitors, or have the rights that we lack.
 * So the reason of a domain that is busy or denied then says why it was not asked.
 */
#include "domstats_auto.h"

#include "qemu/qemu_driver.h"
#include "service/service_client.h"
#include "util/util_error.h"

enum {
    SILENCE_PARTS = 4, /* a service may be silent for such a part of a call, within these bounds: */
    SILENCE_LEAST_MS = 20,
    SILENCE_MOST_MS = 1000, /* it answers a ping at once */
};

/* Whom a call asks. */
typedef enum {
    CHOICE_BEST,    /* the service; the host too if the service did not see everything */
    CHOICE_COMPARE, /* the host, to see whether it tells more */
    CHOICE_SERVICE, /* the service, which sees as much as we do */
    CHOICE_HOST,    /* the host alone */
} Choice;

typedef struct {
    ServiceClient *client;
    const Driver *host;
    void *host_backend;
    int choice;        /* atomic; Choice */
    int is_polled;     /* atomic: the application has a descriptor of the host's */
    int is_by_service; /* atomic: the service answered the last call */
    unsigned int timeout_ms;
} Auto;

bool
domstats_auto_fits(const DomstatsOptions *options)
{
    return options->service == DOMSTATS_SERVICE_DEFAULT &&
           options->monitors != DOMSTATS_MONITORS_HOLD &&
           options->listeners == DOMSTATS_LISTENERS_QEMU &&
           options->libvirt == DOMSTATS_LIBVIRT_DEFAULT && options->perf_events == NULL &&
           options->resctrl_root == NULL;
}

void *
domstats_auto_open(const char *path, const Driver *host, const DomstatsOptions *options,
                   GError **error)
{
    void *host_backend = host->open("auto", options, error);
    Auto *self = NULL;

    if (host_backend == NULL)
        return NULL;
    self = g_new0(Auto, 1);
    self->client = service_client_new(path, SERVICE_CLIENT_OURS);
    self->host = host;
    self->host_backend = host_backend;
    self->timeout_ms = options->timeout_ms ? options->timeout_ms : DOMSTATS_DEFAULT_TIMEOUT_MS;
    return self;
}

static void *
auto_open(const char *source, const DomstatsOptions *options, GError **error)
{
    (void)source;
    return domstats_auto_open(DOMSTATS_AUTO_SERVICE, &qemu_driver, options, error);
}

static void
auto_close(void *data)
{
    Auto *self = data;

    service_client_free(self->client);
    self->host->close(self->host_backend);
    g_free(self);
}

/* Whether more rights than the answerer has could bring a better answer. */
static bool
is_lacking(const GPtrArray *records, const char *blind_spot)
{
    for (guint i = 0; i < records->len; i++) {
        const DomstatsRecord *record = g_ptr_array_index(records, i);

        if (record->health == DOMSTATS_HEALTH_DENIED)
            return true;
    }
    return blind_spot != NULL;
}

/* Asks the host in the time that is left until @deadline. */
static GPtrArray *
ask_host(Auto *self, const DomstatsCall *call, UtilDeadline deadline, GError **error)
{
    DomstatsCall rest = *call;
    GPtrArray *records = NULL;

    rest.timeout_ms = (unsigned int)MAX(util_deadline_left_ms(deadline), 1);
    records = self->host->get_stats(self->host_backend, &rest, error);
    g_atomic_int_set(&self->is_by_service, 0);
    return records;
}

/* NULL if the service does not answer, or refuses; then @ret_trouble says why, unless none runs. */
static GPtrArray *
ask_service(Auto *self, const DomstatsCall *call, unsigned int timeout_ms, UtilDeadline deadline,
            char **ret_trouble)
{
    const ServiceClientRequest request = {
        .call = call,
        .deadline = deadline,
        .silence_ms = CLAMP(timeout_ms / SILENCE_PARTS, SILENCE_LEAST_MS, SILENCE_MOST_MS)};
    g_autoptr(GError) error = NULL;
    GPtrArray *records = service_client_get_stats(self->client, &request, &error);

    if (records != NULL)
        g_atomic_int_set(&self->is_by_service, 1);
    else if (g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_UNSUPPORTED) &&
             (call->flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS) == 0)
        g_atomic_int_set(&self->choice, CHOICE_HOST); /* too many domains for one message */
    if (records == NULL && !g_error_matches(error, UTIL_ERROR, UTIL_ERROR_CONNECT))
        *ret_trouble = g_strdup(error->message);
    return records;
}

/* Adds to the reasons why the service was not asked. */
static void
explain(const GPtrArray *records, const char *trouble)
{
    for (guint i = 0; i < records->len; i++) {
        DomstatsRecord *record = g_ptr_array_index(records, i);
        g_autofree char *reason = NULL;

        if (record->reason == NULL ||
            (record->health != DOMSTATS_HEALTH_BUSY && record->health != DOMSTATS_HEALTH_DENIED))
            continue;
        reason = g_steal_pointer(&record->reason);
        record->reason = g_strdup_printf("%s; %s", reason, trouble);
    }
}

/* Remembers whether the host's answer @own lacks as much as the service's did. */
static void
settle(Auto *self, const GPtrArray *own)
{
    bool is_same = is_lacking(own, self->host->blind_spot(self->host_backend));

    g_atomic_int_set(&self->choice, is_same ? CHOICE_SERVICE : CHOICE_HOST);
}

/* The host's answer in the place of @take_records, in which something lacks. If little time is left
 * for it, that is done in the next call. */
static GPtrArray *
choose(Auto *self, const DomstatsCall *call, unsigned int timeout_ms, UtilDeadline deadline,
       GPtrArray *take_records)
{
    bool has_time = (unsigned int)util_deadline_left_ms(deadline) > timeout_ms / 2;
    GPtrArray *own = has_time ? ask_host(self, call, deadline, NULL) : NULL;

    if (own == NULL) {
        g_atomic_int_set(&self->choice, has_time ? CHOICE_BEST : CHOICE_COMPARE);
        g_atomic_int_set(&self->is_by_service, 1);
        return take_records;
    }
    settle(self, own);
    g_ptr_array_unref(take_records);
    return own;
}

static GPtrArray *
compare(Auto *self, const DomstatsCall *call, UtilDeadline deadline, GError **error)
{
    GPtrArray *own = ask_host(self, call, deadline, error);

    if (own != NULL)
        settle(self, own);
    return own;
}

static GPtrArray *
auto_get_stats(void *data, const DomstatsCall *call, GError **error)
{
    Auto *self = data;
    unsigned int timeout_ms = call->timeout_ms ? call->timeout_ms : self->timeout_ms;
    UtilDeadline deadline = util_deadline_in_ms(timeout_ms);
    int choice = g_atomic_int_get(&self->choice);
    g_autofree char *trouble = NULL;
    GPtrArray *records = NULL;

    if (choice == CHOICE_COMPARE)
        return compare(self, call, deadline, error);
    if (choice != CHOICE_HOST && !g_atomic_int_get(&self->is_polled))
        records = ask_service(self, call, timeout_ms, deadline, &trouble);
    if (records == NULL) {
        records = ask_host(self, call, deadline, error);
        if (records != NULL && trouble != NULL)
            explain(records, trouble);
        return records;
    }
    if (choice == CHOICE_BEST && is_lacking(records, service_client_blind_spot(self->client)))
        return choose(self, call, timeout_ms, deadline, records);
    return records;
}

static const char *
auto_blind_spot(void *data)
{
    Auto *self = data;

    return g_atomic_int_get(&self->is_by_service) ? service_client_blind_spot(self->client)
                                                  : self->host->blind_spot(self->host_backend);
}

/* Who polls wants to be told of news, and only our own connections to the monitors tell. */
static int
auto_get_fd(void *data, GError **error)
{
    Auto *self = data;

    g_atomic_int_set(&self->is_polled, 1);
    return self->host->get_fd(self->host_backend, error);
}

static int
auto_dispatch(void *data, GError **error)
{
    Auto *self = data;

    return self->host->dispatch(self->host_backend, error);
}

static GPtrArray *
auto_save_recording(void *data, const char *folder, unsigned int timeout_ms, GError **error)
{
    Auto *self = data;

    g_atomic_int_set(&self->is_by_service, 0);
    return self->host->save_recording(self->host_backend, folder, timeout_ms, error);
}

const Driver domstats_auto_driver = {
    .open = auto_open,
    .close = auto_close,
    .get_stats = auto_get_stats,
    .blind_spot = auto_blind_spot,
    .get_fd = auto_get_fd,
    .dispatch = auto_dispatch,
    .save_recording = auto_save_recording,
};
