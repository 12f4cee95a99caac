/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_call: runs one call.
 *
 * Owns the call's jobs, and the records until the caller takes them. Does not know how a domain is
 * asked (qemu_exchange) or found (qemu_domain_list).
 *
 * How it works
 *
 *   1. find the domains that are named, and make a job for each domain that the request selects
 *   2. qemu_exchange asks them. For each job that ends it calls end_job(), on the thread that
 * worked on the job: decode the answers, read the host's values, make the record, keep what later
 *      calls need, release the domain
 *   3. put the records in the order that was asked for
 *
 * If a word names no domain that is known yet, step 2 is done once before, for the domains that
 * were never asked, without any group: QEMU tells name and UUID.
 */
#include "qemu_call.h"

#include "domstats_record.h"
#include "qemu/exchange/qemu_exchange.h"
#include "qemu/exchange/qemu_health.h"
#include "qemu/finding/qemu_process.h"
#include "qemu_named.h"
#include "qemu_record.h"

/* Images on storage that is gone must not take the time of the jobs that ask a QEMU. */
enum { IMAGES_MS = 500 };

/* A call while it runs. Its address is the holder of its domains. */
typedef struct {
    const QemuCall *call;
    UtilDeadline images_until;
    int64_t begin_wall_us;
    GPtrArray *pending; /* QemuJob *, whose domains other calls hold; borrowed */
} Run;

/* Adds the last complete record to a record that is not complete, if the request wants that. */
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
    /* The answers have what QEMU refused, so a replay asks for them and finds that again. */
    bool is_refused = job->reason_code == DOMSTATS_REASON_REFUSED;
    g_autoptr(UtilJson) greeting =
        domain->monitor ? qemu_monitor_make_greeting(domain->monitor) : NULL;
    const QemuRecordingWriterDomain info = {
        .name = domain->name,
        .uuid = domain->uuid,
        .id = domain->id,
        .pid = domain->pid,
        .start_ticks = domain->start_ticks,
        .health = is_refused ? DOMSTATS_HEALTH_OK : job->verdict,
        .reason = is_refused ? NULL : job->reason,
        .is_active = domain->endpoint->is_active,
        .is_persistent = domain->endpoint->is_persistent,
        .is_listed = domain->endpoint->is_listed,
        .autostart = domain->endpoint->autostart,
        .about = domain->endpoint->about ? &domain->endpoint->about->about : NULL,
        .monitor_path = place ? place->bound_path : NULL,
        .greeting = greeting,
    };

    /* Reading a file of the host records it. A replay needs the command line in any case. */
    if (domain->pid != 0)
        qemu_definition_free(qemu_process_read_definition(
            qemu_host_view_root(self->host),
            &(QemuProcessWords){qemu_host_view_reader(self->host), job->request->deadline},
            domain->pid));
    qemu_recording_writer_add_domain(self->recording, &info, job->answers);
}

/* The image sizes of a domain that does not run, which no QEMU tells. */
static void
look_at_images(const Run *run, const QemuJob *job, QemuFacts *facts)
{
    bool with_backing = qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING);

    qemu_image_prober_run(run->call->images, qemu_domain_definition(job->domain), with_backing,
                          run->images_until, facts);
}

static void
note_version(const QemuJob *job, QemuFacts *facts)
{
    const QemuMonitor *monitor = job->domain->monitor;

    if (monitor != NULL && qemu_request_wants(job->request, DOMSTATS_CALL_ABOUT))
        facts->qemu_version = qemu_monitor_make_version(monitor);
}

/* Decodes the job's answers into @facts. False if one of them is not what its command promises:
 * then the verdict is BROKEN, and @facts have nothing that QEMU told. */
static bool
decode(QemuJob *job, QemuFacts *facts)
{
    const char *bad_command = NULL;
    g_autofree char *reason = NULL;

    qemu_facts_init(facts);
    if (qemu_record_decode(job, facts, &bad_command)) {
        note_version(job, facts);
        return true;
    }
    reason = g_strdup_printf("its reply to %s is not what that command promises", bad_command);
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_BROKEN, reason);
    qemu_facts_clear(facts);
    qemu_job_disbelieve(job);
    (void)qemu_record_decode(job, facts, &bad_command);
    return false;
}

/* Adds what the host tells, for which nobody waits. Nothing is read of a process that has ended,
 * nor, once the call is late, of one that did not answer. */
static void
read_host(const Run *run, QemuJob *job, QemuFacts *facts)
{
    const QemuDomain *domain = job->domain;
    bool has_time = job->is_complete || qemu_health_may_look(job->request);

    if (job->verdict != DOMSTATS_HEALTH_GONE && has_time)
        qemu_host_read_facts(run->call->host, job, facts);
    if (!domain->endpoint->is_active && job->told == NULL &&
        (job->groups & VIR_DOMAIN_STATS_BLOCK) != 0)
        look_at_images(run, job, facts);
}

static bool
has_one_monitor(const QemuDomain *domain)
{
    const QemuDefinition *definition = qemu_domain_definition(domain);

    return definition != NULL && definition->has_one_monitor;
}

/* Makes the record, and notes the verdict in the domain. */
static void
make_record(const QemuCall *call, QemuJob *job, const QemuFacts *facts, int64_t taken_us)
{
    QemuDomain *domain = job->domain;

    qemu_record_make(job, facts, qemu_host_view_root(call->host), taken_us);
    qemu_domain_set_health(domain, job->verdict, job->reason, taken_us);
    domain->reason_code = job->reason_code;
    qemu_domain_note_unsupported(domain, job->unsupported);
    if (job->record != NULL)
        job->record->since_us = domain->since_us;
    add_last(job);
}

/* Keeps what QEMU told in this call and a later one need not ask. */
static void
keep(const QemuCall *call, const QemuJob *job, const QemuFacts *facts)
{
    QemuDomain *domain = job->domain;

    qemu_known_take(domain->known, &(QemuKnownTold){.asked = job->asked,
                                                    .answers = job->answers,
                                                    .facts = facts,
                                                    .schemas = call->schemas,
                                                    .has_one_monitor = has_one_monitor(domain),
                                                    .balloon_path = job->balloon_path});
}

/* Closes the connection and the descriptors that must not stay open, and releases the domain. */
static void
let_go(const QemuCall *call, const QemuJob *job, bool is_believed)
{
    QemuDomain *domain = job->domain;

    if (!is_believed)
        qemu_domain_disconnect(domain);
    else if (!domain->is_held)
        qemu_domain_let_go(domain);
    /* An open descriptor keeps the kernel's data of a machine that has ended. */
    if (job->verdict == DOMSTATS_HEALTH_GONE)
        qemu_host_kept_clear(&domain->host);
    /* Without a connection we are not told when that QEMU ends. */
    if (domain->monitor == NULL)
        qemu_host_kept_let_go(&domain->host);
    qemu_domain_list_release(call->list, domain);
}

/* What a recording lacks of a domain that libvirt was asked for: it holds what QEMU says, and QEMU
 * said nothing to us. The record says so, and a replay does; the domain itself stays as it is. */
static void
lack_answers(QemuJob *job)
{
    const unsigned int of_host =
        VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_PERF | VIR_DOMAIN_STATS_MEMORY;

    if (job->told == NULL || !job->domain->endpoint->is_active || job->record == NULL)
        return;
    if (job->verdict == DOMSTATS_HEALTH_OK) {
        qemu_job_set_verdict(job, DOMSTATS_HEALTH_NO_MONITOR,
                             "it was asked through libvirt, whose answers are not recorded");
        job->record->health = job->verdict;
        job->record->reason_code = DOMSTATS_REASON_MANAGED;
        domstats_record_set_reason(job->record, job->reason);
    }
    job->record->missing |= job->groups & ~of_host;
}

/* The exchange calls this on the thread that worked on @job, when its answers are in or are waited
 * for no longer. */
static void
end_job(QemuJob *job, void *data)
{
    const Run *run = data;
    int64_t taken_us = util_deadline_wall_us();
    g_auto(QemuFacts) facts = {0};
    bool is_believed = decode(job, &facts);

    read_host(run, job, &facts);
    make_record(run->call, job, &facts, taken_us);
    if (run->call->recording != NULL) {
        lack_answers(job);
        save_answers(run->call, job);
    }
    keep(run->call, job, &facts);
    qemu_job_drop_answers(job);
    let_go(run->call, job, is_believed);
}

/* Makes the record of a job whose domain other calls held until the deadline, of what a call may
 * read of a domain that it does not hold. */
static void
give_up_waiting(const Run *run, QemuJob *job)
{
    DomstatsRecord *record = g_new0(DomstatsRecord, 1);
    bool with_last = qemu_request_wants(job->request, DOMSTATS_CALL_LAST);

    record->health = DOMSTATS_HEALTH_SLOW;
    record->reason_code = DOMSTATS_REASON_NO_TIME;
    domstats_record_set_reason(record, "another call waited for it until the deadline");
    record->since_us = run->begin_wall_us;
    record->taken_us = util_deadline_wall_us();
    record->monitor_us = -1;
    record->missing = job->groups & ~qemu_domain_describe(job->domain, record);
    if (with_last)
        record->last = qemu_domain_copy_last(job->domain);
    job->record = record;
}

/* See QemuExchange: the jobs whose domains other calls have released by now. */
static GPtrArray *
take_more(void *data, UtilDeadline until)
{
    Run *run = data;

    return qemu_domain_list_take_free(run->call->list, run->pending, run, until);
}

static void
release_all(const Run *run, const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        qemu_domain_list_release(run->call->list, ((QemuJob *)g_ptr_array_index(jobs, i))->domain);
}

/* Runs @jobs: at once those whose domains are free, the others when other calls release theirs. */
static bool
run_jobs(Run *run, const GPtrArray *jobs, UtilDeadline deadline, GError **error)
{
    const QemuCall *call = run->call;
    g_autoptr(GPtrArray) pending = g_ptr_array_sized_new(jobs->len);
    g_autoptr(GPtrArray) taken = NULL;
    QemuExchange exchange = {.host = call->host,
                             .deadline = deadline,
                             .n_threads = call->n_threads,
                             .is_replay = call->is_replay,
                             .monitors = call->monitors,
                             .ended = end_job,
                             .data = run,
                             .take_more = take_more,
                             .give_up_us = call->give_up_us};

    for (guint i = 0; i < jobs->len; i++)
        g_ptr_array_add(pending, g_ptr_array_index(jobs, i));
    run->pending = pending;
    taken = take_more(run, util_deadline_in_ms(0));
    if (taken == NULL)
        taken = g_ptr_array_new();
    exchange.jobs = taken;
    exchange.n_waiting = pending->len;
    if (!qemu_exchange_run(&exchange, error)) {
        release_all(run, taken);
        return false;
    }
    for (guint i = 0; i < pending->len; i++)
        give_up_waiting(run, g_ptr_array_index(pending, i));
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

        /* The run state is not known yet: qemu_record_make() filters by it. */
        if (qemu_request_selects_endpoint(request, endpoint, -1))
            g_ptr_array_add(jobs, qemu_job_new(domain, request));
    }
    return jobs;
}

/* Asks the domains that no call has ended with yet for name and UUID. This may take half of the
 * time; the other half is for the statistics of the domains that are named. */
static bool
introduce(Run *run, const GPtrArray *domains, GError **error)
{
    UtilDeadline deadline = run->call->request->deadline;
    unsigned int share_ms = (unsigned int)util_deadline_left_ms(deadline) / 2;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);

    for (guint i = 0; i < domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(domains, i);
        g_autoptr(QemuEndpoint) endpoint = qemu_domain_ref_endpoint(domain);
        QemuJob *job = NULL;

        if (endpoint->is_active && !qemu_domain_was_called(domain)) {
            job = qemu_job_new(domain, run->call->request);
            job->groups = 0;
            g_ptr_array_add(jobs, job);
        }
    }
    return run_jobs(run, jobs, util_deadline_at_most(deadline, share_ms), error);
}

/* The records of @jobs in their order. NULL with the refusal of a job that has one. */
static GPtrArray *
collect_all(const GPtrArray *jobs, GError **error)
{
    g_autoptr(GPtrArray) records = qemu_record_list_new();

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
    Run run = {.call = self,
               .images_until = util_deadline_at_most(request->deadline, IMAGES_MS),
               .begin_wall_us = util_deadline_wall_us()};
    g_autoptr(QemuNamed) named = NULL;
    g_autoptr(GPtrArray) jobs = NULL;

    if (request->domains != NULL) {
        named = qemu_named_find(request->domains, domains);
        if (!qemu_named_has_all(named)) {
            if (!introduce(&run, domains, error))
                return NULL;
            qemu_named_free(named);
            named = qemu_named_find(request->domains, domains);
        }
    }
    jobs = make_jobs(named ? qemu_named_domains(named) : domains, request);
    if (!run_jobs(&run, jobs, request->deadline, error))
        return NULL;
    return named ? qemu_named_collect(named, jobs, error) : collect_all(jobs, error);
}
