/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_through: see qemu_through.h. Owns the request that is under way; writes answer and verdict
 * into the job, and what libvirt still owes into the domain. Does not know what the answer means
 * (qemu_libvirt_groups, qemu_record), nor how libvirt is reached (libvirt_pool).
 *
 * How it works
 *
 *   1. A request that an earlier call left is not repeated. If libvirt has answered it by now, that
 *      answer is old and dropped. Else the job ends at once with the verdict on the silence, unless
 *      the process has moved since, or libvirt has not had the fair time yet.
 *   2. A domain is not asked for if its process is stopped or frozen, or its main thread sleeps in
 *      the kernel or waits there for no news: QEMU would not answer libvirt, and one of libvirt's
 *      workers would be lost to all its clients. What may pass within milliseconds is looked at
 *      again; see qemu_pulse_judge_stuck() and qemu_health_lasts().
 *   3. libvirt is asked, with NOWAIT, for the groups that the host does not tell by itself; see
 *      qemu_host_tells(). If another job of the domain is under way, the answer lacks what QEMU
 *      tells: then libvirt is asked again after 2 ms, 4, 8 and so on, for the fair time. With
 *      NOWAIT of the caller's the first answer is taken.
 *   4. While the answer is waited for, the process is looked at: one that stops, or ends, is waited
 *      for no longer.
 *
 * The pool may ask for several domains in one call of libvirt. It is told which may go together:
 * those that libvirt answered well in the last call, and those whose main thread has just been seen
 * to wait for news. If one of them hangs all the same, each is asked by itself: those that are well
 * are complete. The one that hangs has a job then, that of the call about all of them, so that
 * libvirt's answer lacks what QEMU tells; the verdict is that on the silence, and the call about
 * all is what libvirt owes. A later call asks for it by itself, once, which costs libvirt no
 * worker.
 *
 * The answer belongs to the run that the source listed if it proves that itself (is_proof()), if
 * that process still lives when the answer is here, or, where the process is not known, if it has
 * the same id. A libvirtd that was restarted numbers its domains anew.
 */
#include "qemu_through.h"

#include "qemu_health.h"
#include "qemu_pulse.h"
#include "qemu_reach.h"
#include "qemu_silence.h"

enum {
    FIRST_PAUSE_US = 2 * 1000,
    LAST_PAUSE_US = 64 * 1000,
    LATE_DIVISOR = 2,    /* an answer is late after this part of the fair time */
    SOON_US = 50 * 1000, /* an answer comes soon, if it takes no longer */
    /* How long libvirt was asked, for one domain or several, before the process is looked at. */
    LOOK_AFTER_US = 40 * 1000,
    LOOK_AFTER_SHARED_US = 150 * 1000,
    UNASKED_LOOK_US = 500 * 1000, /* the same, if libvirt is not asked yet */
};

/* Forgets the request that was under way; the caller owns it now. */
static LibvirtPoolRequest *
steal_request(QemuThrough *self)
{
    qemu_desk_forget(self->desk, self->request);
    return g_steal_pointer(&self->request);
}

void
qemu_through_clear(QemuThrough *self)
{
    if (self->request != NULL)
        libvirt_pool_request_unref(steal_request(self));
    g_clear_pointer(&self->late, libvirt_pool_request_unref);
    g_clear_pointer(&self->before.reason, g_free);
}

bool
qemu_through_is_only_way(const QemuDomain *domain)
{
    const QemuEndpoint *endpoint = domain->endpoint;

    if (endpoint->libvirt == NULL)
        return false;
    for (guint i = 0; endpoint->is_active && i < endpoint->places->len; i++)
        if (qemu_domain_may_dial(domain, g_ptr_array_index(endpoint->places, i)))
            return false;
    return true;
}

static bool
lacks_monitor(const QemuJob *job)
{
    return job->verdict == DOMSTATS_HEALTH_BUSY || job->verdict == DOMSTATS_HEALTH_NO_MONITOR ||
           job->verdict == DOMSTATS_HEALTH_DENIED;
}

bool
qemu_through_may_ask(const QemuJob *job)
{
    return job->domain->endpoint->libvirt != NULL && lacks_monitor(job);
}

void
qemu_through_explain(QemuHostView *host, QemuJob *job)
{
    const QemuEndpoint *endpoint = job->domain->endpoint;

    if (endpoint->libvirt != NULL || endpoint->libvirt_trouble == NULL || !lacks_monitor(job))
        return;
    if (!qemu_pulse_judge_stopped(host, job))
        qemu_through_verdict_add_reason(job, endpoint->libvirt_trouble);
}

static const char *
uri_of(const QemuThrough *self)
{
    return libvirt_pool_uri(self->job->domain->endpoint->libvirt);
}

static bool
is_late_open(const QemuThrough *self)
{
    return self->late != NULL && !libvirt_pool_request_has_ended(self->late);
}

/* What a verdict is about now. */
static QemuThroughVerdict
verdict_of(QemuThrough *self)
{
    return (QemuThroughVerdict){self->host, self->job, &self->before,
                                is_late_open(self) ? self->late : NULL};
}

static void
judge_left_out(QemuThrough *self)
{
    QemuThroughVerdict verdict = verdict_of(self);

    qemu_through_verdict_left_out(&verdict);
}

/* If @request was asked by itself since the call about it and others is late: keeps that call. */
static void
note_late(QemuThrough *self, LibvirtPoolRequest *request)
{
    LibvirtPoolRequest *late = libvirt_pool_request_ref_late(request);

    if (late == NULL)
        return;
    libvirt_pool_request_unref(self->late);
    self->late = late;
}

static QemuThroughNext
pause_for(QemuThrough *self)
{
    self->pause_us = self->pause_us == 0 ? FIRST_PAUSE_US : MIN(2 * self->pause_us, LAST_PAUSE_US);
    return QEMU_THROUGH_LATER;
}

/* True if libvirt should be asked again for what it left out of its last answer. */
static bool
may_ask_again(QemuThrough *self)
{
    int64_t now_us = util_deadline_now_us();

    if (is_late_open(self)) { /* the job is that of our own call about it and others */
        self->incomplete_us = now_us;
        return self->late_until_us == 0 || now_us < self->late_until_us;
    }
    if (qemu_request_has(self->job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT))
        return false;
    if (self->incomplete_us == 0)
        self->incomplete_us = now_us;
    return now_us < self->incomplete_us + qemu_health_fair_us(self->job);
}

static QemuThroughNext
end_complete(QemuThrough *self)
{
    QemuDomain *domain = self->job->domain;

    self->job->is_complete = true;
    g_clear_pointer(&self->late, libvirt_pool_request_unref);
    g_clear_pointer(&domain->owed, libvirt_pool_request_unref);
    qemu_domain_end_silence(domain);
    qemu_health_unbar(domain);
    qemu_job_set_verdict(self->job, DOMSTATS_HEALTH_OK, NULL);
    return QEMU_THROUGH_ENDED;
}

/* True if the answer itself proves that it is about the run that the source listed: QEMU has
 * answered for it, it has the id that was listed, and libvirt's daemon, which gives no id twice,
 * has been connected since the list. */
static bool
is_proof(const QemuThrough *self, const LibvirtStatsAnswer *answer,
         const QemuLibvirtGroupsLack *lack)
{
    const QemuEndpoint *endpoint = self->job->domain->endpoint;

    return endpoint->is_active && lack->had_job && answer->connected_us < self->begun_us &&
           answer->id == qemu_endpoint_libvirt_id(endpoint);
}

/* True if the driver that the URI names is another than QEMU's: the test driver, say. An alias, or
 * "remote", may be any. */
static bool
is_of_other_driver(const char *uri)
{
    static const char *const may_be_qemu[] = {"qemu", "remote"};
    size_t size = strcspn(uri, "+:");

    for (size_t i = 0; i < G_N_ELEMENTS(may_be_qemu); i++)
        if (strlen(may_be_qemu[i]) == size && strncmp(uri, may_be_qemu[i], size) == 0)
            return false;
    return uri[size] != '\0';
}

/* Takes @take_request, whose answer has come. */
static QemuThroughNext
take_answer(QemuThrough *self, LibvirtPoolRequest *take_request)
{
    QemuJob *job = self->job;
    const LibvirtStatsAnswer *answer = libvirt_stats_answer(take_request);
    QemuThroughVerdict verdict = verdict_of(self);
    QemuLibvirtGroupsHistory history = job->domain->told_groups;
    QemuLibvirtGroupsLack lack = qemu_libvirt_groups_read(
        &(QemuLibvirtGroupsAnswer){.params = answer->params,
                                   .n_params = answer->n_params,
                                   .wanted = job->groups & ~job->by_host,
                                   .definition = qemu_domain_definition(job->domain),
                                   .is_active = job->domain->endpoint->is_active,
                                   .is_of_other_driver = is_of_other_driver(
                                       libvirt_pool_uri(job->domain->endpoint->libvirt))},
        &history);

    if (!is_proof(self, answer, &lack) && qemu_through_verdict_other_run(&verdict, answer)) {
        libvirt_pool_request_unref(take_request);
        return QEMU_THROUGH_ENDED;
    }
    note_late(self, take_request);
    libvirt_pool_request_unref(job->told);
    job->told = take_request;
    job->domain->told_groups = history;
    job->left_out = lack.left_out;
    job->absent = lack.absent;
    if (lack.left_out == 0) {
        job->domain->told =
            answer->took_us <= SOON_US ? QEMU_DOMAIN_TOLD_WELL : QEMU_DOMAIN_TOLD_BADLY;
        return end_complete(self);
    }
    if (may_ask_again(self))
        return pause_for(self);
    judge_left_out(self);
    return QEMU_THROUGH_ENDED;
}

QemuThroughNext
qemu_through_take(QemuThrough *self)
{
    g_autoptr(LibvirtPoolRequest) request = NULL;
    const LibvirtOutcome *outcome = NULL;
    QemuThroughVerdict verdict = {0};

    if (self->request == NULL || !libvirt_pool_request_has_ended(self->request))
        return QEMU_THROUGH_WAIT;
    request = steal_request(self);
    verdict = verdict_of(self);
    outcome = libvirt_pool_request_outcome(request);
    switch (outcome->kind) {
    case LIBVIRT_OUTCOME_WELL:
        return take_answer(self, g_steal_pointer(&request));
    case LIBVIRT_OUTCOME_UNSUPPORTED:
        qemu_through_verdict_refuse(self->job, outcome);
        break;
    case LIBVIRT_OUTCOME_NO_DOMAIN:
    case LIBVIRT_OUTCOME_NOT_RUNNING:
        qemu_through_verdict_no_domain(&verdict, outcome);
        break;
    case LIBVIRT_OUTCOME_REFUSED:
    case LIBVIRT_OUTCOME_DENIED:
    case LIBVIRT_OUTCOME_LOST:
    case LIBVIRT_OUTCOME_FAILED:
    default:
        qemu_through_verdict_away(&verdict, outcome);
    }
    return QEMU_THROUGH_ENDED;
}

/* The groups to ask for: 0 for all. An answer without any of QEMU's values is told from one that
 * lacks them by the probe, which is only added when an answer has left that open. Only under
 * ENFORCE_STATS a group that an old libvirt does not have would be an error. */
static unsigned int
stats_to_ask(const QemuThrough *self)
{
    const QemuRequest *request = self->job->request;
    bool is_enforced = qemu_request_has(request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS);
    unsigned int stats = self->job->groups & ~self->job->by_host;

    if (qemu_request_is_all(request) && (is_enforced || stats == qemu_group_all()))
        return 0;
    if (qemu_request_filters_state(request))
        stats |= VIR_DOMAIN_STATS_STATE;
    if (!is_enforced)
        stats |= qemu_libvirt_groups_pulse(stats);
    return self->incomplete_us != 0 ? stats | qemu_libvirt_groups_probe() : stats;
}

/* True if libvirt may be asked for it and others in one call: nothing speaks for it that it hangs.
 */
static bool
may_share(const QemuThrough *self)
{
    const QemuDomain *domain = self->job->domain;

    if (self->incomplete_us != 0 || domain->owed != NULL)
        return false;
    return domain->told == QEMU_DOMAIN_TOLD_WELL ||
           (domain->told == QEMU_DOMAIN_TOLD_NEVER && domain->is_polling);
}

static QemuThroughNext
ask(QemuThrough *self)
{
    static const unsigned int kept_flags =
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING | VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
    QemuJob *job = self->job;
    LibvirtPool *pool = job->domain->endpoint->libvirt;
    const LibvirtStatsQuestion question = {.uuid = job->domain->endpoint->uuid,
                                           .stats = stats_to_ask(self),
                                           .flags = (job->request->flags & kept_flags) |
                                                    VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT,
                                           .may_share = may_share(self),
                                           .deadline = job->request->deadline};

    job->domain->told = QEMU_DOMAIN_TOLD_BADLY; /* until it has answered */
    self->queued_us = util_deadline_now_us();
    self->unasked_until = libvirt_pool_fair(pool, job->request->deadline);
    if (libvirt_pool_state(pool) == LIBVIRT_POOL_FULL)
        self->unasked_until = (UtilDeadline){self->queued_us + qemu_health_fair_us(job)};
    self->request = qemu_desk_ask(self->desk, pool, &question, self->owner);
    if (self->request != NULL)
        return QEMU_THROUGH_WAIT;
    qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_SHORTAGE,
                   g_strdup("libvirt was not asked for it, for want of a descriptor"));
    return QEMU_THROUGH_ENDED;
}

/* True if libvirt still owes the answer to a request of an earlier call; then @ret_next says what
 * that means for this one. */
static bool
is_owed(QemuThrough *self, QemuThroughNext *ret_next)
{
    QemuDomain *domain = self->job->domain;

    if (domain->owed == NULL)
        return false;
    if (libvirt_pool_request_has_ended(domain->owed)) {
        g_clear_pointer(&domain->owed, libvirt_pool_request_unref);
        qemu_domain_end_silence(domain);
        self->pause_us = 0;
        return false;
    }
    if (self->until_us == 0)
        self->until_us = qemu_silence_libvirt_until_us(self->host, self->job);
    if (domain->is_owed_with_others) {
        self->late_until_us = MAX(self->until_us, 1);
        if (self->late == NULL)
            self->late = libvirt_pool_request_ref(domain->owed);
        return false;
    }
    if (util_deadline_now_us() < self->until_us) {
        *ret_next = pause_for(self);
        return true;
    }
    qemu_health_judge_libvirt(self->host, self->job, uri_of(self), domain->silence.since_us);
    *ret_next = QEMU_THROUGH_ENDED;
    return true;
}

/* True if the domain is not asked now, or not in this call: then @ret_next says which. */
static bool
is_barred(QemuThrough *self, QemuThroughNext *ret_next)
{
    QemuJob *job = self->job;
    QemuDomainBar bar = qemu_pulse_judge_stuck(self->host, job);

    if (bar == QEMU_DOMAIN_BAR_NONE) {
        qemu_health_unbar(job->domain);
        return false;
    }
    *ret_next = qemu_health_lasts(job, bar) ? QEMU_THROUGH_ENDED : pause_for(self);
    return true;
}

QemuThroughNext
qemu_through_begin(QemuThrough *self)
{
    QemuJob *job = self->job;

    self->before =
        (QemuThroughVerdictBefore){job->verdict, job->reason_code, g_steal_pointer(&job->reason)};
    job->is_complete = false;
    self->begun_us = util_deadline_now_us();
    return qemu_through_step(self);
}

QemuThroughNext
qemu_through_step(QemuThrough *self)
{
    QemuThroughNext next = QEMU_THROUGH_WAIT;

    if (self->job->groups == 0)
        return end_complete(self);
    if (is_owed(self, &next) || is_barred(self, &next))
        return next;
    self->job->by_host = qemu_host_tells(self->host, self->job);
    return ask(self);
}

/* True if the domain's process stays stopped, or has ended. */
static bool
is_process_over(QemuThrough *self)
{
    HostRoot *root = qemu_host_view_root(self->host);
    QemuDomain *domain = self->job->domain;

    if (domain->pid == 0)
        return false;
    if (!domain->silence.knows_runs)
        qemu_pulse_note_runs(root, domain);
    if (qemu_pulse_is_stopped(root, domain))
        return qemu_health_lasts(self->job, QEMU_DOMAIN_BAR_STOPPED);
    qemu_health_unbar(domain);
    return qemu_pulse_has_ended(root, domain);
}

/* True if the process is worth a look: libvirt takes longer than usual. */
static bool
is_worth_a_look(const QemuThrough *self, int64_t asked_us)
{
    int64_t now_us = util_deadline_now_us();

    if (asked_us == 0)
        return now_us - self->queued_us >= UNASKED_LOOK_US;
    return now_us - asked_us >=
           (libvirt_pool_request_is_shared(self->request) ? LOOK_AFTER_SHARED_US : LOOK_AFTER_US);
}

QemuThroughNext
qemu_through_look(QemuThrough *self)
{
    int64_t asked_us = self->request ? libvirt_pool_request_asked_us(self->request) : 0;

    if (self->request == NULL)
        return QEMU_THROUGH_WAIT;
    if ((!is_worth_a_look(self, asked_us) || !is_process_over(self)) &&
        (asked_us != 0 || !util_deadline_has_passed(self->unasked_until)))
        return QEMU_THROUGH_WAIT;
    qemu_through_judge(self);
    return QEMU_THROUGH_ENDED;
}

bool
qemu_through_is_late(const QemuThrough *self)
{
    int64_t asked_us = self->request ? libvirt_pool_request_asked_us(self->request) : 0;

    return asked_us != 0 && !libvirt_pool_request_is_shared(self->request) &&
           util_deadline_now_us() - asked_us >= qemu_health_fair_us(self->job) / LATE_DIVISOR;
}

/* The verdict while no request is under way. */
static void
judge_between(QemuThrough *self)
{
    QemuJob *job = self->job;

    if (job->told != NULL)
        judge_left_out(self);
    else if (job->domain->owed != NULL)
        qemu_health_judge_libvirt(self->host, job, uri_of(self), job->domain->silence.since_us);
    else
        qemu_health_judge_unasked(job, util_deadline_now_us() - self->begun_us);
}

/* The verdict on a domain that libvirt was not asked for by itself. If libvirt owes the answer
 * about it and others, maybe since an earlier call, it is that on this silence. */
static void
judge_waiting(QemuThrough *self)
{
    QemuThroughVerdict verdict = verdict_of(self);

    if (verdict.late != NULL)
        qemu_through_verdict_left_out(&verdict);
    else
        qemu_through_verdict_unasked(self->job);
}

void
qemu_through_judge(QemuThrough *self)
{
    QemuJob *job = self->job;
    int64_t asked_us = 0;
    bool was_waiting = false;

    if (self->request == NULL) {
        judge_between(self);
        return;
    }
    asked_us = libvirt_pool_request_asked_us(self->request);
    was_waiting = libvirt_pool_request_cancel(self->request);
    note_late(self, self->request); /* until it was cancelled it could become late */
    if (was_waiting) {
        libvirt_pool_request_unref(steal_request(self));
        judge_waiting(self);
        return;
    }
    if (job->told != NULL) /* of an earlier answer in this call, which lacks some groups */
        judge_left_out(self);
    else
        qemu_health_judge_libvirt(self->host, job, uri_of(self),
                                  asked_us != 0 ? asked_us : self->queued_us);
}

/* Leaves @take_request, which libvirt was asked for at @since_us. */
static void
leave(QemuThrough *self, LibvirtPoolRequest *take_request, int64_t since_us, bool is_with_others)
{
    QemuDomain *domain = self->job->domain;

    libvirt_pool_request_unref(domain->owed);
    domain->owed = take_request;
    domain->is_owed_with_others = is_with_others;
    domain->silence.since_us = since_us;
    qemu_pulse_note_runs(qemu_host_view_root(self->host), domain);
}

void
qemu_through_leave(QemuThrough *self)
{
    bool is_shared = self->request != NULL && libvirt_pool_request_is_shared(self->request);
    int64_t asked_us = self->request ? libvirt_pool_request_asked_us(self->request) : 0;

    if (self->request != NULL)
        note_late(self, self->request);
    if (self->request != NULL && !libvirt_pool_request_cancel(self->request))
        leave(self, steal_request(self), asked_us != 0 ? asked_us : self->queued_us, is_shared);
    else if (is_late_open(self) && self->job->domain->owed != self->late)
        leave(self, libvirt_pool_request_ref(self->late), libvirt_pool_request_asked_us(self->late),
              true);
}
