/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_driver: the backend for QEMU.
 *
 * Owns the source, the list of domains, and what calls share beside it. Does not know how a domain
 * is asked.
 *
 * How it works
 *
 *   1. check the request
 *   2. qemu_domain_list: let the source look for domains, take a snapshot
 *   3. qemu_call: ask the domains, make a record of each
 *   4. give the snapshot back, watch connections that were made for the application's descriptor
 */
#include "qemu_driver.h"

#include <malloc.h>

#include "qemu_call.h"

/* So many domains that were never asked before make a first call. What a QEMU tells in its first
 * call takes a hundred times the memory that is kept of it. */
enum { MANY_NEW = 32 };

typedef struct {
    QemuSource *source;
    QemuDomainList *list;
    int give_up_us; /* atomic; see QemuExchange */
    int has_grown;  /* atomic: a first call's memory is not given back yet */
    QemuSchemasPool *schemas;
    QemuImageProber *images; /* of domains that do not run */
    unsigned int timeout_ms;
    unsigned int n_threads;
    DomstatsMonitors monitors;
    char *resctrl_root;
    char **perf_events;
} QemuDriver;

static void
driver_close(void *data)
{
    QemuDriver *self = data;

    qemu_domain_list_free(self->list);
    qemu_schemas_pool_free(self->schemas);
    qemu_image_prober_free(self->images);
    qemu_source_free(self->source);
    g_strfreev(self->perf_events);
    g_free(self->resctrl_root);
    g_free(self);
}

/* NULL stays NULL. */
static char **
copy_words(const char *const *words)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (words == NULL)
        return NULL;
    for (; *words != NULL; words++)
        g_strv_builder_add(builder, *words);
    return g_strv_builder_end(builder);
}

static void *
driver_open(const char *source_name, const DomstatsOptions *options, GError **error)
{
    const QemuSourceOptions how = {.takes_any_listener =
                                       options->listeners == DOMSTATS_LISTENERS_ANY,
                                   .is_without_libvirt = options->libvirt == DOMSTATS_LIBVIRT_NEVER,
                                   .timeout_ms = options->timeout_ms,
                                   .libvirt_limits = {.n_requests = options->libvirt_requests}};
    GError *inner = NULL;
    g_autoptr(QemuSource) source = NULL;
    QemuDriver *self = NULL;

    if (options->perf_events == NULL || host_perf_check_names(options->perf_events, &inner))
        source = qemu_source_open(source_name, &how, &inner);
    if (source == NULL) {
        driver_publish_error(inner, error);
        return NULL;
    }
    self = g_new0(QemuDriver, 1);
    self->source = g_steal_pointer(&source);
    self->timeout_ms = options->timeout_ms ? options->timeout_ms : DOMSTATS_DEFAULT_TIMEOUT_MS;
    self->n_threads = options->n_threads;
    self->monitors = options->monitors;
    self->resctrl_root = g_strdup(options->resctrl_root);
    self->perf_events = copy_words(options->perf_events);
    self->list = qemu_domain_list_new(self->source);
    self->schemas = qemu_schemas_pool_new();
    self->images = qemu_image_prober_new();
    return self;
}

/* @recording: NULL if the call is not recorded. */
static GPtrArray *
run_call(QemuDriver *self, const QemuRequest *request, const GPtrArray *domains,
         QemuRecordingWriter *recording, GError **error)
{
    g_autoptr(QemuHostView) host = qemu_host_view_new(
        qemu_source_root(self->source), self->resctrl_root, (const char *const *)self->perf_events);

    return qemu_call_run(&(QemuCall){.list = self->list,
                                     .request = request,
                                     .host = host,
                                     .schemas = self->schemas,
                                     .images = self->images,
                                     .recording = recording,
                                     .give_up_us = &self->give_up_us,
                                     .n_threads = self->n_threads,
                                     .is_replay = qemu_source_is_replay(self->source),
                                     .monitors = self->monitors},
                         domains, error);
}

static bool
has_many_new(const GPtrArray *domains)
{
    guint n_new = 0;

    for (guint i = 0; i < domains->len && n_new < MANY_NEW; i++)
        n_new += !qemu_domain_was_called(g_ptr_array_index(domains, i));
    return n_new == MANY_NEW;
}

/* The allocator keeps memory that was freed between blocks in use. All that the replies of a first
 * call took is freed at the end of the next call, so then the allocator gives it back. */
static void
give_memory_back(QemuDriver *self, bool is_first_call)
{
    if (is_first_call)
        g_atomic_int_set(&self->has_grown, 1);
    else if (g_atomic_int_compare_and_exchange(&self->has_grown, 1, 0))
        malloc_trim(0);
}

static GPtrArray *
scan(QemuDriver *self, const QemuRequest *request, GError **error)
{
    return qemu_domain_list_scan(self->list, qemu_request_wants(request, DOMSTATS_CALL_ABOUT),
                                 request->deadline, error);
}

static GPtrArray *
get_stats(QemuDriver *self, const QemuRequest *request, GError **error)
{
    GPtrArray *domains = NULL;
    GPtrArray *records = NULL;
    bool is_first_call = false;

    if (!qemu_request_check(request, error))
        return NULL;
    domains = scan(self, request, error);
    if (domains == NULL)
        return NULL;
    is_first_call = has_many_new(domains);
    records = run_call(self, request, domains, NULL, error);
    qemu_domain_list_give_back(self->list, domains);
    qemu_domain_list_watch(self->list);
    give_memory_back(self, is_first_call);
    return records;
}

static GPtrArray *
driver_get_stats(void *data, const DomstatsCall *call, GError **error)
{
    QemuDriver *self = data;
    unsigned int timeout_ms = call->timeout_ms ? call->timeout_ms : self->timeout_ms;
    const QemuRequest request = {.stats = call->stats,
                                 .flags = call->flags,
                                 .extras = call->extras,
                                 .domains = call->domains,
                                 .deadline = util_deadline_in_ms(timeout_ms),
                                 .timeout_ms = timeout_ms};
    GError *inner = NULL;
    GPtrArray *records = get_stats(self, &request, &inner);

    if (records == NULL)
        driver_publish_error(inner, error);
    return records;
}

static const char *
driver_blind_spot(void *data)
{
    const QemuDriver *self = data;

    return qemu_source_blind_spot(self->source);
}

static int
driver_get_fd(void *data, GError **error)
{
    QemuDriver *self = data;
    GError *inner = NULL;
    int fd = qemu_domain_list_get_fd(self->list, &inner);

    if (fd < 0)
        driver_publish_error(inner, error);
    return fd;
}

static int
driver_dispatch(void *data, GError **error)
{
    QemuDriver *self = data;
    GError *inner = NULL;
    int n_changed = qemu_domain_list_dispatch(self->list, &inner);

    if (n_changed < 0)
        driver_publish_error(inner, error);
    return n_changed;
}

/* The scan comes before the recording begins: what it reads of all processes is not recorded. */
static GPtrArray *
record_host(QemuDriver *self, const QemuRequest *request, const char *folder, GError **error)
{
    g_autoptr(QemuRecordingWriter) recording = NULL;
    GPtrArray *domains = scan(self, request, error);
    GPtrArray *records = NULL;

    if (domains == NULL)
        return NULL;
    recording = qemu_recording_writer_create(folder, qemu_source_root(self->source), error);
    if (recording != NULL)
        records = run_call(self, request, domains, recording, error);
    qemu_domain_list_give_back(self->list, domains);
    qemu_domain_list_watch(self->list);
    if (records != NULL && !qemu_recording_writer_finish(recording, error))
        g_clear_pointer(&records, g_ptr_array_unref);
    return records;
}

static GPtrArray *
driver_save_recording(void *data, const char *folder, unsigned int timeout_ms, GError **error)
{
    QemuDriver *self = data;
    unsigned int limit_ms = timeout_ms ? timeout_ms : self->timeout_ms;
    const QemuRequest request = {.flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING,
                                 .extras =
                                     DOMSTATS_CALL_EXT | DOMSTATS_CALL_ABOUT | DOMSTATS_CALL_PSS,
                                 .is_recording = true,
                                 .deadline = util_deadline_in_ms(limit_ms),
                                 .timeout_ms = limit_ms};
    GError *inner = NULL;
    GPtrArray *records = record_host(self, &request, folder, &inner);

    if (records == NULL)
        driver_publish_error(inner, error);
    return records;
}

const Driver qemu_driver = {
    .open = driver_open,
    .close = driver_close,
    .get_stats = driver_get_stats,
    .blind_spot = driver_blind_spot,
    .get_fd = driver_get_fd,
    .dispatch = driver_dispatch,
    .save_recording = driver_save_recording,
};
