/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_driver: the backend for QEMU.
 *
 * Owns the source and the list of domains. Knows the order of things, and how the errors
 * inside the library become public ones.
 *
 * How it works
 *
 *   1. check the request; let the source look for domains; take a snapshot of the list
 *   2. exchange: plan, ask, and for each domain as soon as it has ended:
 *   3. decode its answers, read what the host knows, emit, make its record
 *   4. put the records in the list's order
 *
 * The list has one lock, which is held to copy the list and to hand domains over, never while
 * anything is waited for. A domain is worked on by one call at a time: its holder. A call
 * first takes all domains that are free, and then those that other calls have released
 * meanwhile; so no call waits for a domain while it holds another, and a deadline bounds the
 * waiting. A call that names domains by what only QEMU can tell first makes a round that
 * asks those not met before who they are.
 */
#include "qemu_driver.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>

#include "domstats_record.h"
#include "qemu_exchange.h"
#include "qemu_image.h"
#include "qemu_process.h"
#include "qemu_record.h"
#include "qemu_recording.h"
#include "qemu_source.h"
#include "util/util_error.h"
#include "util/util_fd.h"

enum { IMAGES_MS = 500 };

typedef struct {
    QemuSource *source;
    unsigned int timeout_ms;
    unsigned int n_threads;
    bool releases_monitors;
    char *resctrl_root;
    char **perf_events;

    pthread_mutex_t scan_lock; /* one scan at a time */
    pthread_mutex_t lock;      /* the list, and each domain's holder */
    pthread_cond_t released;   /* some holder let go */
    GPtrArray *domains;        /* QemuDomain *, in the source's order */
    QemuSchemasPool *schemas;  /* guarded by @lock */
    GHashTable *by_key;        /* endpoint key -> QemuDomain *, borrowed from @domains */
    QemuImageProber *images;   /* of domains that do not run */
    UtilFd watch_fd;           /* for domstats_get_fd(); -1 until asked for */
} QemuDriver;

/* What the threads of one call share. */
typedef struct {
    QemuDriver *driver;
    const QemuRequest *request;
    QemuHostRound *host;
    QemuRecording *recording;  /* NULL but for save_recording */
    UtilDeadline images_until; /* what one call spends on storage that may be gone */
} Call;

/* The one place where an error inside becomes a public one. Takes @inner. */
static void
publish_error(GError *take_inner, GError **error)
{
    static const DomstatsError codes[] = {
        [UTIL_ERROR_INVALID] = DOMSTATS_ERROR_INVALID_ARG,
        [UTIL_ERROR_UNSUPPORTED] = DOMSTATS_ERROR_UNSUPPORTED,
        [UTIL_ERROR_CONNECT] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_DENIED] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_BROKEN] = DOMSTATS_ERROR_NO_CONNECT,
        [UTIL_ERROR_SYSTEM] = DOMSTATS_ERROR_SYSTEM,
        [UTIL_ERROR_INTERNAL] = DOMSTATS_ERROR_INTERNAL,
    };
    DomstatsError code = DOMSTATS_ERROR_INTERNAL;

    if (take_inner->domain == UTIL_ERROR && (size_t)take_inner->code < G_N_ELEMENTS(codes))
        code = codes[take_inner->code];
    g_set_error_literal(error, DOMSTATS_ERROR, (gint)code, take_inner->message);
    g_error_free(take_inner);
}

static void
driver_close(void *data)
{
    QemuDriver *self = data;

    g_hash_table_unref(self->by_key);
    g_ptr_array_unref(self->domains);
    qemu_schemas_pool_free(self->schemas);
    util_fd_clear(&self->watch_fd);
    qemu_image_prober_free(self->images);
    qemu_source_free(self->source);
    pthread_cond_destroy(&self->released);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->scan_lock);
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

static void
free_domain(gpointer data)
{
    qemu_domain_unref(data);
}

static void *
driver_open(const char *source_name, const DomstatsOptions *options, GError **error)
{
    GError *inner = NULL;
    g_autoptr(QemuSource) source = NULL;
    QemuDriver *self = NULL;

    if (options->perf_events == NULL || host_perf_check_names(options->perf_events, &inner))
        source = qemu_source_open(source_name, &inner);
    if (source == NULL) {
        publish_error(inner, error);
        return NULL;
    }
    self = g_new0(QemuDriver, 1);
    self->source = g_steal_pointer(&source);
    self->timeout_ms = options->timeout_ms ? options->timeout_ms : DOMSTATS_DEFAULT_TIMEOUT_MS;
    self->n_threads = options->n_threads;
    self->releases_monitors = options->release_monitors;
    self->resctrl_root = g_strdup(options->resctrl_root);
    self->perf_events = copy_words(options->perf_events);
    pthread_mutex_init(&self->scan_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->released);
    self->domains = g_ptr_array_new_with_free_func(free_domain);
    self->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    self->images = qemu_image_prober_new();
    self->schemas = qemu_schemas_pool_new();
    self->watch_fd = -1;
    return self;
}

/* Makes the list what the source has found, keeping the domains that are the same. */
static void
update_list(QemuDriver *self, const GPtrArray *endpoints)
{
    GPtrArray *domains = g_ptr_array_new_full(endpoints->len, free_domain);
    GHashTable *by_key = g_hash_table_new(g_str_hash, g_str_equal);

    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        QemuDomain *known = g_hash_table_lookup(self->by_key, endpoint->key);
        QemuDomain *domain = known ? known : qemu_domain_new(endpoint);

        /* One that a call knows of, which may look at it now, is brought up to date by a later
         * scan: who has no reference gets none while we hold the lock. */
        if (domain->endpoint != endpoint && qemu_domain_is_held_once(domain)) {
            g_hash_table_remove(self->by_key, endpoint->key);
            qemu_domain_set_endpoint(domain, endpoint);
        }
        g_ptr_array_add(domains, known ? qemu_domain_ref(known) : domain);
        g_hash_table_insert(by_key, domain->endpoint->key, domain);
    }
    g_hash_table_unref(self->by_key);
    g_ptr_array_unref(self->domains);
    self->domains = domains;
    self->by_key = by_key;
    pthread_mutex_unlock(&self->lock);
}

/* The domains there are now, as a list of the caller's own; NULL if the source cannot tell. */
static GPtrArray *
take_snapshot(QemuDriver *self, UtilDeadline deadline, GError **error)
{
    g_autoptr(GPtrArray) endpoints = NULL;
    GPtrArray *snapshot = g_ptr_array_new_with_free_func(free_domain);

    pthread_mutex_lock(&self->scan_lock);
    endpoints = qemu_source_scan(self->source, deadline, error);
    if (endpoints != NULL)
        update_list(self, endpoints);
    pthread_mutex_unlock(&self->scan_lock);
    if (endpoints == NULL) {
        g_ptr_array_unref(snapshot);
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < self->domains->len; i++)
        g_ptr_array_add(snapshot, qemu_domain_ref(g_ptr_array_index(self->domains, i)));
    pthread_mutex_unlock(&self->lock);
    return snapshot;
}

static void
release(QemuDriver *self, QemuDomain *domain)
{
    pthread_mutex_lock(&self->lock);
    domain->holder = NULL;
    pthread_cond_broadcast(&self->released);
    pthread_mutex_unlock(&self->lock);
}

/* The last complete record goes with one that is not, if it was asked for. */
static void
add_last(QemuJob *job)
{
    QemuDomain *domain = job->domain;

    if (!qemu_request_has(job->request, DOMSTATS_GET_STATS_LAST) || job->record == NULL)
        return;
    if (job->verdict != DOMSTATS_HEALTH_OK) {
        job->record->last = domstats_record_copy(domain->last);
        return;
    }
    domstats_record_free(domain->last);
    domain->last = domstats_record_copy(job->record);
}

static void
save_answers(const Call *call, const QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;
    const QemuMonitorPlace *place = places->len > 0 ? g_ptr_array_index(places, 0) : NULL;
    const QemuRecordedDomain info = {
        .name = domain->name,
        .uuid = domain->uuid,
        .id = domain->id,
        .pid = domain->pid,
        .start_ticks = domain->start_ticks,
        .health = job->verdict,
        .reason = job->reason,
        .is_persistent = domain->endpoint->is_persistent,
        .monitor_path = place ? place->bound_path : NULL,
        .greeting = domain->monitor ? qemu_monitor_greeting(domain->monitor) : NULL,
    };

    qemu_recording_add_domain(call->recording, &info, job->answers);
}

/* The sizes that no QEMU tells. */
static void
look_at_images(const Call *call, const QemuJob *job, QemuFacts *facts)
{
    bool with_backing = qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING);

    qemu_image_prober_run(call->driver->images, qemu_domain_definition(job->domain), with_backing,
                          call->images_until, facts);
}

/* Each layer of a chain is shown again below each layer above it. */
static void
remember_chains(QemuDomain *domain, const QemuFacts *facts)
{
    if (facts->disks == NULL || facts->nodes == NULL)
        return;
    domain->known.has_chains = true;
    domain->known.n_nested_images = 0;
    for (guint i = 0; i < facts->disks->len; i++) {
        const GArray *layers = g_array_index(facts->disks, QemuFactsDisk, i).layers;
        guint n = layers ? layers->len : 0;

        domain->known.n_nested_images += n * (n - MIN(n, 1)) / 2;
    }
}

/* What cannot change while that QEMU runs. */
static void
remember_for_good(QemuDriver *self, QemuJob *job, const QemuFacts *facts)
{
    QemuKnown *known = &job->domain->known;

    if (job->answers[QEMU_COMMAND_QUERY_HOTPLUGGABLE_CPUS].status == QEMU_ANSWER_RETURNED)
        known->n_vcpus_max = facts->n_vcpus_max;
    if (job->answers[QEMU_COMMAND_QUERY_STATS_SCHEMAS].status != QEMU_ANSWER_RETURNED)
        return;
    pthread_mutex_lock(&self->lock);
    qemu_schemas_unref(known->schemas);
    known->schemas = qemu_schemas_pool_take(self->schemas, facts);
    pthread_mutex_unlock(&self->lock);
}

/* One domain's answers are in, or will not come: makes its record, on the thread that talked
 * to it, and lets go of the domain. */
static void
make_record(QemuJob *job, QemuMonitorBuffer *buffer, void *data)
{
    Call *call = data;
    QemuDomain *domain = job->domain;
    int64_t wall_us = util_deadline_wall_us();
    const char *bad_command = NULL;
    g_auto(QemuFacts) facts = {0};

    (void)buffer;
    qemu_facts_init(&facts);
    if (!qemu_record_decode(job, &facts, &bad_command)) {
        g_autofree char *reason =
            g_strdup_printf("its reply to %s is not what that command promises", bad_command);

        qemu_job_set_verdict(job, DOMSTATS_HEALTH_BROKEN, reason);
    }
    qemu_host_read_facts(call->host, job, &facts);
    if (!domain->endpoint->is_active && (job->groups & VIR_DOMAIN_STATS_BLOCK) != 0)
        look_at_images(call, job, &facts);
    qemu_record_make(job, &facts, qemu_host_root(call->host), wall_us);
    qemu_domain_set_health(domain, job->verdict, job->reason, wall_us);
    if (job->record != NULL)
        job->record->since_us = domain->since_us;
    if (call->recording != NULL)
        save_answers(call, job);
    add_last(job);
    if (!job->doubts_status)
        qemu_domain_remember_status(domain, facts.status);
    remember_chains(domain, &facts);
    remember_for_good(call->driver, job, &facts);
    qemu_plan_keep(job);
    /* One that owes answers serves nobody else either; without it, the next call would wait. */
    if ((call->driver->releases_monitors && !domain->is_silent) || bad_command != NULL)
        qemu_domain_disconnect(domain);
    release(call->driver, domain);
}

/* Takes the jobs whose domains nobody holds out of @pending. Call it with the lock held. */
static GPtrArray *
take_free(GPtrArray *pending, Call *call)
{
    GPtrArray *taken = g_ptr_array_new();

    for (guint i = 0; i < pending->len;) {
        QemuJob *job = g_ptr_array_index(pending, i);

        if (job->domain->holder != NULL) {
            i++;
            continue;
        }
        job->domain->holder = call;
        g_ptr_array_add(taken, job);
        g_ptr_array_remove_index(pending, i);
    }
    return taken;
}

/* Other calls held this domain until our deadline. */
static void
give_up_waiting(QemuJob *job, int64_t wall_us)
{
    DomstatsRecord *record = qemu_record_make_nobody(job->domain->endpoint->name, wall_us);

    g_free(record->reason);
    record->reason = g_strdup("another call waited for it until the deadline");
    record->health = DOMSTATS_HEALTH_SLOW;
    record->missing = job->groups;
    job->record = record;
}

static bool
run_jobs(Call *call, const GPtrArray *jobs, GError **error)
{
    QemuDriver *self = call->driver;
    g_autoptr(GPtrArray) pending = g_ptr_array_sized_new(jobs->len);
    bool is_running = true;

    for (guint i = 0; i < jobs->len; i++)
        g_ptr_array_add(pending, g_ptr_array_index(jobs, i));
    pthread_mutex_lock(&self->lock);
    while (is_running && pending->len > 0) {
        g_autoptr(GPtrArray) taken = take_free(pending, call);

        if (taken->len == 0) {
            if (!util_deadline_wait_cond(call->request->deadline, &self->released, &self->lock))
                break;
            continue;
        }
        pthread_mutex_unlock(&self->lock);
        is_running =
            qemu_exchange_run(&(QemuExchange){.jobs = taken,
                                              .host = call->host,
                                              .deadline = call->request->deadline,
                                              .n_threads = self->n_threads,
                                              .is_replay = qemu_source_is_replay(self->source),
                                              .ended = make_record,
                                              .data = call},
                              error);
        for (guint i = 0; !is_running && i < taken->len; i++)
            release(self, ((QemuJob *)g_ptr_array_index(taken, i))->domain);
        pthread_mutex_lock(&self->lock);
    }
    pthread_mutex_unlock(&self->lock);
    for (guint i = 0; is_running && i < pending->len; i++)
        give_up_waiting(g_ptr_array_index(pending, i), util_deadline_wall_us());
    return is_running;
}

static void
free_job(gpointer data)
{
    qemu_job_free(data);
}

static GPtrArray *
make_jobs(const GPtrArray *domains, const QemuRequest *request)
{
    GPtrArray *jobs = g_ptr_array_new_with_free_func(free_job);

    for (guint i = 0; i < domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(domains, i);
        const QemuEndpoint *endpoint = domain->endpoint;

        /* The state is not known yet: it is filtered when the record is made. */
        if (qemu_request_selects(request, endpoint->is_active, endpoint->is_persistent, -1))
            g_ptr_array_add(jobs, qemu_job_new(domain, request));
    }
    return jobs;
}

/* Asks the domains that were never met who they are, so that they can be named. */
static bool
introduce(Call *call, const GPtrArray *domains, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);

    for (guint i = 0; i < domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(domains, i);
        QemuJob *job = NULL;

        if (domain->endpoint->is_active && domain->since_us == 0) {
            job = qemu_job_new(domain, call->request);
            job->groups = 0;
            g_ptr_array_add(jobs, job);
        }
    }
    return run_jobs(call, jobs, error);
}

/* The domains that @words name, each once. */
static GPtrArray *
find_named(const GPtrArray *domains, const char *const *words, bool *ret_all_found)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_domain);

    *ret_all_found = true;
    for (const char *const *word = words; *word != NULL; word++) {
        bool is_found = false;

        for (guint i = 0; i < domains->len; i++) {
            QemuDomain *domain = g_ptr_array_index(domains, i);

            if (!qemu_domain_is_called(domain, *word))
                continue;
            is_found = true;
            if (!g_ptr_array_find(found, domain, NULL))
                g_ptr_array_add(found, qemu_domain_ref(domain));
        }
        *ret_all_found = *ret_all_found && is_found;
    }
    return found;
}

static void
free_record(gpointer data)
{
    domstats_record_free(data);
}

/* The records of @jobs in their order; NULL if one of them refuses the whole call. */
static GPtrArray *
collect_all(const GPtrArray *jobs, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func(free_record);

    for (guint i = 0; i < jobs->len; i++) {
        QemuJob *job = g_ptr_array_index(jobs, i);

        if (job->refusal != NULL) {
            g_propagate_error(error, g_steal_pointer(&job->refusal));
            return NULL;
        }
        if (job->record != NULL)
            g_ptr_array_add(records, g_steal_pointer(&job->record));
    }
    return g_steal_pointer(&records);
}

/* The records in the order of the words that named them; one named again is copied. */
static GPtrArray *
collect_named(const GPtrArray *jobs, const char *const *words, GError **error)
{
    GPtrArray *records = g_ptr_array_new_with_free_func(free_record);

    for (const char *const *word = words; *word != NULL; word++) {
        bool is_found = false;

        for (guint i = 0; i < jobs->len; i++) {
            QemuJob *job = g_ptr_array_index(jobs, i);

            if (!qemu_domain_is_called(job->domain, *word))
                continue;
            is_found = true;
            if (job->refusal != NULL) {
                g_propagate_error(error, g_steal_pointer(&job->refusal));
                g_ptr_array_unref(records);
                return NULL;
            }
            if (job->record != NULL)
                g_ptr_array_add(records, domstats_record_copy(job->record));
        }
        if (!is_found)
            g_ptr_array_add(records, qemu_record_make_nobody(*word, util_deadline_wall_us()));
    }
    return records;
}

static GPtrArray *
run_call(Call *call, GPtrArray *domains, GError **error)
{
    const QemuRequest *request = call->request;
    g_autoptr(GPtrArray) named = NULL;
    g_autoptr(GPtrArray) jobs = NULL;
    bool all_found = true;

    if (request->domains != NULL) {
        named = find_named(domains, request->domains, &all_found);
        if (!all_found) {
            if (!introduce(call, domains, error))
                return NULL;
            g_ptr_array_unref(named);
            named = find_named(domains, request->domains, &all_found);
        }
    }
    jobs = make_jobs(named ? named : domains, request);
    if (!run_jobs(call, jobs, error))
        return NULL;
    return named ? collect_named(jobs, request->domains, error) : collect_all(jobs, error);
}

/* Puts connections made by this call under the application's descriptor. Domains that others
 * hold are left to them. */
static void
watch_monitors(QemuDriver *self)
{
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; self->watch_fd >= 0 && i < self->domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(self->domains, i);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = domain};

        if (domain->holder == NULL && domain->monitor != NULL &&
            qemu_monitor_fd(domain->monitor) >= 0)
            epoll_ctl(self->watch_fd, EPOLL_CTL_ADD, qemu_monitor_fd(domain->monitor), &event);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Images of a storage that is gone must not take the time of those that ask a QEMU. */
static UtilDeadline
start_looking(const QemuRequest *request)
{
    return util_deadline_at_most(request->deadline, IMAGES_MS);
}

static QemuHostRound *
new_host_round(const QemuDriver *self)
{
    return qemu_host_round_new(qemu_source_root(self->source), self->resctrl_root,
                               (const char *const *)self->perf_events);
}

static GPtrArray *
get_stats(QemuDriver *self, const QemuRequest *request, GError **error)
{
    g_autoptr(QemuHostRound) host = NULL;
    g_autoptr(GPtrArray) domains = NULL;
    GPtrArray *records = NULL;

    if (!qemu_request_check(request, error))
        return NULL;
    domains = take_snapshot(self, request->deadline, error);
    if (domains == NULL)
        return NULL;
    host = new_host_round(self);
    records = run_call(&(Call){self, request, host, NULL, start_looking(request)}, domains, error);
    watch_monitors(self);
    return records;
}

static GPtrArray *
driver_get_stats(void *data, const DriverCall *call, GError **error)
{
    QemuDriver *self = data;
    unsigned int timeout_ms = call->timeout_ms ? call->timeout_ms : self->timeout_ms;
    const QemuRequest request = {.stats = call->stats,
                                 .flags = call->flags,
                                 .domains = call->domains,
                                 .deadline = util_deadline_in_ms(timeout_ms),
                                 .timeout_ms = timeout_ms};
    GError *inner = NULL;
    GPtrArray *records = get_stats(self, &request, &inner);

    if (records == NULL)
        publish_error(inner, error);
    return records;
}

static int
driver_get_fd(void *data, GError **error)
{
    QemuDriver *self = data;
    int fd = -1;

    pthread_mutex_lock(&self->lock);
    if (self->watch_fd < 0)
        self->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    fd = self->watch_fd;
    pthread_mutex_unlock(&self->lock);
    if (fd < 0)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot make a poll: %s",
                    g_strerror(errno));
    else
        watch_monitors(self);
    return fd;
}

/* Reads one monitor to the end of what it has sent; its holder is this function. */
static void
drain(QemuDomain *domain, QemuMonitorBuffer *buffer)
{
    QemuStep step = QEMU_STEP_WOULD_BLOCK;

    if (domain->monitor == NULL)
        return;
    qemu_monitor_begin_round(domain->monitor);
    do
        step = qemu_monitor_step(domain->monitor, buffer, NULL);
    while (step == QEMU_STEP_MOVED);
    if (step == QEMU_STEP_CLOSED)
        qemu_domain_disconnect(domain);
}

static void
driver_dispatch(void *data)
{
    QemuDriver *self = data;
    g_autofree QemuMonitorBuffer *buffer = g_new(QemuMonitorBuffer, 1);
    struct epoll_event events[64];
    guint n_passes = 0;

    pthread_mutex_lock(&self->lock);
    /* Each has its turn, and none a second one: a peer that never ends would keep us here. */
    if (self->watch_fd >= 0)
        n_passes = self->domains->len / G_N_ELEMENTS(events) + 1;
    for (guint pass = 0; pass < n_passes; pass++) {
        int n = epoll_wait(self->watch_fd, events, G_N_ELEMENTS(events), 0);

        for (int i = 0; i < n; i++) {
            QemuDomain *domain = events[i].data.ptr;

            /* One that has left the list may be gone as well. A round that holds it reads it
             * itself. Draining does not wait, so the lock can stay: the domain then cannot be
             * taken away meanwhile. */
            if (g_ptr_array_find(self->domains, domain, NULL) && domain->holder == NULL)
                drain(domain, buffer);
        }
    }
    pthread_mutex_unlock(&self->lock);
}

static GPtrArray *
record_host(QemuDriver *self, const QemuRequest *request, const char *folder, GError **error)
{
    HostRoot *root = qemu_source_root(self->source);
    g_autoptr(QemuRecording) recording = qemu_recording_create(folder, root, error);
    g_autoptr(QemuHostRound) host = NULL;
    g_autoptr(GPtrArray) domains = NULL;
    GPtrArray *records = NULL;

    if (recording == NULL)
        return NULL;
    domains = take_snapshot(self, request->deadline, error);
    if (domains == NULL || !host_root_start_recording(root, folder, error))
        return NULL;
    for (guint i = 0; i < domains->len; i++) {
        const QemuDomain *domain = g_ptr_array_index(domains, i);

        if (domain->pid != 0)
            qemu_definition_free(qemu_process_read_definition(root, domain->pid));
    }
    host = new_host_round(self);
    records =
        run_call(&(Call){self, request, host, recording, start_looking(request)}, domains, error);
    if (!host_root_finish_recording(root, records ? error : NULL) ||
        (records != NULL && !qemu_recording_finish(recording, error)))
        g_clear_pointer(&records, g_ptr_array_unref);
    return records;
}

static int
driver_save_recording(void *data, const char *folder, unsigned int timeout_ms, GError **error)
{
    QemuDriver *self = data;
    unsigned int limit_ms = timeout_ms ? timeout_ms : self->timeout_ms;
    const QemuRequest request = {.flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                          DOMSTATS_GET_STATS_EXT,
                                 .is_recording = true,
                                 .deadline = util_deadline_in_ms(limit_ms),
                                 .timeout_ms = limit_ms};
    GError *inner = NULL;
    g_autoptr(GPtrArray) records = record_host(self, &request, folder, &inner);

    if (records == NULL) {
        publish_error(inner, error);
        return -1;
    }
    return (int)records->len;
}

const Driver qemu_driver = {
    .name = "qemu",
    .open = driver_open,
    .close = driver_close,
    .get_stats = driver_get_stats,
    .get_fd = driver_get_fd,
    .dispatch = driver_dispatch,
    .save_recording = driver_save_recording,
};
