/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_call: one call.
 *
 * Owns its jobs, and the records until they are given back. Knows what becomes of a domain
 * between its last answer and its release; the exchange and the list know the rest.
 *
 * How it works
 *
 *   1. find the domains that are named, and make jobs of those the request selects
 *   2. exchange: plan, ask, and for each domain as soon as it has ended (make_record(), which the
 *      exchange calls on the thread that worked on it):
 *   3. decode its answers, read what the host knows, emit, make its record
 *   4. put the records in the order that was asked for
 *
 * A call that names domains by what only QEMU can tell first makes a round that asks those not
 * met before who they are.
 */
#include "qemu_call.h"

#include "domstats_record.h"
#include "qemu/exchange/qemu_exchange.h"
#include "qemu/source/qemu_process.h"
#include "qemu_named.h"
#include "qemu_record.h"

/* Images of a storage that is gone must not take the time of those that ask a QEMU. */
enum { IMAGES_MS = 500 };

/* A call under way: the holder of its domains. */
typedef struct {
    const QemuCall *call;
    UtilDeadline images_until; /* what one call spends on storage that may be gone */
    int64_t begin_wall_us;
    GPtrArray *pending; /* QemuJob *, whose domains other calls hold; borrowed */
} Round;

/* The last complete record goes with one that is not, if it was asked for. */
static void
add_last(QemuJob *job)
{
    QemuDomain *domain = job->domain;

    if (!qemu_request_wants(job->request, DOMSTATS_CALL_LAST) || job->record == NULL)
        return;
    if (job->verdict != DOMSTATS_HEALTH_OK) {
        job->record->last = qemu_domain_copy_last(domain);
        return;
    }
    qemu_domain_keep_last(domain, job->record);
}

static void
save_answers(const QemuCall *self, const QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;
    const QemuEndpointPlace *place = places->len > 0 ? g_ptr_array_index(places, 0) : NULL;
    g_autoptr(UtilJson) greeting =
        domain->monitor ? qemu_monitor_make_greeting(domain->monitor) : NULL;
    const QemuRecordingWriterDomain info = {
        .name = domain->name,
        .uuid = domain->uuid,
        .id = domain->id,
        .pid = domain->pid,
        .start_ticks = domain->start_ticks,
        .health = job->verdict,
        .reason = job->reason,
        .is_persistent = domain->endpoint->is_persistent,
        .monitor_path = place ? place->bound_path : NULL,
        .greeting = greeting,
    };

    /* Its command line is read, and so recorded, also where nobody needed it. */
    if (domain->pid != 0)
        qemu_definition_free(qemu_process_read_definition(
            qemu_host_view_root(self->host),
            &(QemuProcessWords){qemu_host_view_reader(self->host), job->request->deadline},
            domain->pid));
    qemu_recording_writer_add_domain(self->recording, &info, job->answers);
}

/* The sizes that no QEMU tells. */
static void
look_at_images(const Round *round, const QemuJob *job, QemuFacts *facts)
{
    bool with_backing = qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING);

    qemu_image_prober_run(round->call->images, qemu_domain_definition(job->domain), with_backing,
                          round->images_until, facts);
}

/* Whether the host is asked about the job's process: not about one that has ended, nor past the
 * deadline about one that did not answer. */
static bool
is_worth_looking(const QemuJob *job)
{
    if (job->verdict == DOMSTATS_HEALTH_GONE)
        return false;
    return job->is_complete || !util_deadline_has_passed(job->request->deadline);
}

static bool
has_one_monitor(const QemuDomain *domain)
{
    const QemuDefinition *definition = qemu_domain_definition(domain);

    return definition != NULL && definition->has_one_monitor;
}

/* One domain's answers are in, or will not come: makes its record, on the thread that talked
 * to it, and lets go of the domain. */
static void
make_record(QemuJob *job, void *data)
{
    const Round *round = data;
    const QemuCall *call = round->call;
    QemuDomain *domain = job->domain;
    int64_t wall_us = util_deadline_wall_us();
    const char *bad_command = NULL;
    g_auto(QemuFacts) facts = {0};

    qemu_facts_init(&facts);
    if (!qemu_record_decode(job, &facts, &bad_command)) {
        g_autofree char *reason =
            g_strdup_printf("its reply to %s is not what that command promises", bad_command);

        qemu_job_set_verdict(job, DOMSTATS_HEALTH_BROKEN, reason);
        qemu_facts_clear(&facts);
        qemu_job_disbelieve(job);
        (void)qemu_record_decode(job, &facts, &bad_command);
    }
    if (is_worth_looking(job))
        qemu_host_read_facts(call->host, job, &facts);
    if (!domain->endpoint->is_active && (job->groups & VIR_DOMAIN_STATS_BLOCK) != 0)
        look_at_images(round, job, &facts);
    qemu_record_make(job, &facts, qemu_host_view_root(call->host), wall_us);
    qemu_domain_set_health(domain, job->verdict, job->reason, wall_us);
    domain->reason_code = job->reason_code;
    qemu_domain_note_unsupported(domain, job->unsupported);
    if (job->record != NULL)
        job->record->since_us = domain->since_us;
    if (call->recording != NULL)
        save_answers(call, job);
    add_last(job);
    qemu_known_take(domain->known, &(QemuKnownTold){.asked = job->asked,
                                                    .answers = job->answers,
                                                    .facts = &facts,
                                                    .schemas = call->schemas,
                                                    .has_one_monitor = has_one_monitor(domain),
                                                    .balloon_path = job->balloon_path});
    qemu_job_drop_answers(job);
    /* One that owes answers serves nobody else either; without it, the next call would wait. */
    if ((call->releases_monitors && !domain->is_silent) || bad_command != NULL)
        qemu_domain_disconnect(domain);
    /* Descriptors keep what the kernel has of a machine alive. */
    if (job->verdict == DOMSTATS_HEALTH_GONE)
        qemu_host_kept_clear(&domain->host);
    /* Without a connection nothing tells when that QEMU ends. */
    if (domain->monitor == NULL)
        qemu_host_kept_let_go(&domain->host);
    qemu_domain_list_release(call->list, domain);
}

/* Other calls held this domain until our deadline: its record says what others may know of it. */
static void
give_up_waiting(const Round *round, QemuJob *job)
{
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);
    bool with_last = qemu_request_wants(job->request, DOMSTATS_CALL_LAST);

    record->health = DOMSTATS_HEALTH_SLOW;
    record->reason_code = DOMSTATS_REASON_NO_TIME;
    domstats_record_set_reason(record, "another call waited for it until the deadline");
    record->since_us = round->begin_wall_us;
    record->taken_us = util_deadline_wall_us();
    record->monitor_us = -1;
    record->missing = job->groups & ~qemu_domain_describe(job->domain, record);
    if (with_last)
        record->last = qemu_domain_copy_last(job->domain);
    job->record = record;
}

/* The jobs whose domains other calls have let go of. */
static GPtrArray *
take_more(void *data, UtilDeadline until)
{
    Round *round = data;

    return qemu_domain_list_take_free(round->call->list, round->pending, round, until);
}

static void
release_all(const Round *round, const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        qemu_domain_list_release(round->call->list,
                                 ((QemuJob *)g_ptr_array_index(jobs, i))->domain);
}

/* Jobs whose domains are free begin; those that other calls hold join them as they are let go of.
 */
static bool
run_jobs(Round *round, const GPtrArray *jobs, UtilDeadline deadline, GError **error)
{
    const QemuCall *call = round->call;
    g_autoptr(GPtrArray) pending = g_ptr_array_sized_new(jobs->len);
    g_autoptr(GPtrArray) taken = NULL;
    QemuExchange exchange = {.host = call->host,
                             .deadline = deadline,
                             .n_threads = call->n_threads,
                             .is_replay = call->is_replay,
                             .ended = make_record,
                             .data = round,
                             .take_more = take_more,
                             .give_up_us = call->give_up_us};

    for (guint i = 0; i < jobs->len; i++)
        g_ptr_array_add(pending, g_ptr_array_index(jobs, i));
    round->pending = pending;
    taken = take_more(round, util_deadline_in_ms(0));
    if (taken == NULL)
        taken = g_ptr_array_new();
    exchange.jobs = taken;
    exchange.n_waiting = pending->len;
    if (!qemu_exchange_run(&exchange, error)) {
        release_all(round, taken);
        return false;
    }
    for (guint i = 0; i < pending->len; i++)
        give_up_waiting(round, g_ptr_array_index(pending, i));
    return true;
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
        g_autoptr(QemuEndpoint) endpoint = qemu_domain_ref_endpoint(domain);

        /* The state is not known yet: it is filtered when the record is made. */
        if (qemu_request_selects(request, endpoint->is_active, endpoint->is_persistent, -1))
            g_ptr_array_add(jobs, qemu_job_new(domain, request));
    }
    return jobs;
}

/* Asks the domains that were never met who they are, so that they can be named. Those that do not
 * say may take half of the time: the rest is for those that are meant. */
static bool
introduce(Round *round, const GPtrArray *domains, GError **error)
{
    UtilDeadline deadline = round->call->request->deadline;
    unsigned int share_ms = (unsigned int)util_deadline_left_ms(deadline) / 2;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);

    for (guint i = 0; i < domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(domains, i);
        g_autoptr(QemuEndpoint) endpoint = qemu_domain_ref_endpoint(domain);
        QemuJob *job = NULL;

        if (endpoint->is_active && !qemu_domain_was_met(domain)) {
            job = qemu_job_new(domain, round->call->request);
            job->groups = 0;
            g_ptr_array_add(jobs, job);
        }
    }
    return run_jobs(round, jobs, util_deadline_at_most(deadline, share_ms), error);
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

GPtrArray *
qemu_call_run(const QemuCall *self, const GPtrArray *domains, GError **error)
{
    const QemuRequest *request = self->request;
    Round round = {.call = self,
                   .images_until = util_deadline_at_most(request->deadline, IMAGES_MS),
                   .begin_wall_us = util_deadline_wall_us()};
    g_autoptr(QemuNamed) named = NULL;
    g_autoptr(GPtrArray) jobs = NULL;

    if (request->domains != NULL) {
        named = qemu_named_find(request->domains, domains);
        if (!qemu_named_has_all(named)) {
            if (!introduce(&round, domains, error))
                return NULL;
            qemu_named_free(named);
            named = qemu_named_find(request->domains, domains);
        }
    }
    jobs = make_jobs(named ? qemu_named_domains(named) : domains, request);
    if (!run_jobs(&round, jobs, request->deadline, error))
        return NULL;
    return named ? qemu_named_collect(named, jobs, error) : collect_all(jobs, error);
}
