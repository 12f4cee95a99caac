/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reach: decides whether and where to dial a domain's monitor, and dials it.
 *
 * Owns nothing; writes the connection, the pause and the verdict into domain and job. Does not know
 * what is said on a connection.
 *
 * How it works
 *
 * A process that the kernel shows as stopped is not dialled: the connection would only take a place
 * in its backlog. A stop and a full backlog may pass within milliseconds (a debugger, another
 * client's short visit), so the job is looked at again until they have lasted; see
 * qemu_health_lasts().
 *
 * From the third failure in a row on, a domain is not dialled for a pause that doubles with each
 * failure. If the peer broke the rules after it was asked for some groups, a call that does not
 * want all of these groups dials it in spite of the pause: one reply past a limit must not hide the
 * run state.
 */
#include "qemu_reach.h"

#include "qemu/plan/qemu_plan.h"
#include "qemu/recording/qemu_recording_peer.h"
#include "qemu_health.h"
#include "qemu_holder.h"
#include "qemu_identity.h"
#include "qemu_pulse.h"

enum {
    FREE_FAILURES = 2,
    FIRST_PAUSE_MS = 250,
    MAX_PAUSE_MS = 10000,
    MAX_DOUBLINGS = 16,
};

void
qemu_reach_note_failure(QemuDomain *domain, unsigned int groups)
{
    unsigned int doublings = 0;
    int64_t pause_ms = 0;

    domain->n_failures++;
    domain->failed_groups = groups;
    if (domain->n_failures > FREE_FAILURES) {
        doublings = MIN(domain->n_failures - FREE_FAILURES - 1, MAX_DOUBLINGS);
        pause_ms = MIN((int64_t)FIRST_PAUSE_MS << doublings, MAX_PAUSE_MS);
    }
    domain->next_dial_us = util_deadline_now_us() + pause_ms * 1000;
}

static bool
is_paused(const QemuJob *job)
{
    const QemuDomain *domain = job->domain;

    return domain->monitor == NULL && domain->n_failures > FREE_FAILURES &&
           (domain->failed_groups & ~job->groups) == 0 &&
           util_deadline_now_us() < domain->next_dial_us;
}

bool
qemu_reach_is_settled(QemuJob *job)
{
    QemuDomain *domain = job->domain;
    const QemuEndpoint *endpoint = domain->endpoint;

    if (endpoint->trouble != DOMSTATS_HEALTH_OK) {
        qemu_job_set_verdict(job, endpoint->trouble, endpoint->trouble_reason);
        if (endpoint->trouble_code != DOMSTATS_REASON_NONE)
            job->reason_code = endpoint->trouble_code;
        return true;
    }
    if (!endpoint->is_active) {
        qemu_plan_groups(job);
        job->is_complete = true;
        return true;
    }
    if (is_paused(job)) {
        qemu_job_set_verdict(job, domain->health, domain->reason);
        job->reason_code = domain->reason_code;
        return true;
    }
    return false;
}

static QemuChannelDial
dial(const QemuEndpointPlace *place, bool is_replay, QemuChannel **ret_channel, GError **error)
{
    if (!is_replay)
        return qemu_channel_dial(&(QemuChannelAddress){.connect_path = place->connect_path,
                                                       .netns_pid = place->netns_pid},
                                 ret_channel, error);
    *ret_channel = qemu_recording_peer_open(place->connect_path, error);
    return *ret_channel != NULL ? QEMU_CHANNEL_DIAL_CONNECTED : QEMU_CHANNEL_DIAL_FAILED;
}

/* A full backlog tells nobody's process, and so not that it is stopped: whoever listens there is
 * looked for. */
static void
judge_undialled(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place,
                QemuChannelDial outcome, const GError *error)
{
    if (outcome == QEMU_CHANNEL_DIAL_FULL) {
        qemu_identity_find_process(host, job->domain, place, job->request->deadline);
        if (qemu_pulse_judge_stopped(host, job))
            return;
    }
    qemu_health_judge_dial(host, job, outcome, error);
}

/* Whether a connection to that manager's monitor outlives the call. */
static bool
may_keep(const QemuManager *manager, const QemuReachHow *how)
{
    static const QemuManagerMay least[] = {
        [DOMSTATS_MONITORS_DEFAULT] = QEMU_MANAGER_MAY_HOLD,
        [DOMSTATS_MONITORS_HOLD] = QEMU_MANAGER_MAY_HOLD_IF_TOLD,
    };

    if (how->monitors == DOMSTATS_MONITORS_RELEASE)
        return false;
    return how->is_replay || manager->may >= least[how->monitors];
}

/* Tries one place. LATER if its backlog is full. */
static QemuReach
try_place(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place, const QemuReachHow *how)
{
    QemuDomain *domain = job->domain;
    g_autoptr(GError) error = NULL;
    QemuChannel *channel = NULL;
    QemuChannelDial outcome = QEMU_CHANNEL_DIAL_CONNECTED;

    if (!how->is_replay && qemu_holder_judge_busy(host, job, place)) {
        qemu_identity_find_process(host, domain, place, job->request->deadline);
        return QEMU_REACH_NEVER;
    }
    outcome = dial(place, how->is_replay, &channel, &error);
    if (outcome == QEMU_CHANNEL_DIAL_CONNECTED) {
        domain->monitor = qemu_monitor_new(channel);
        domain->is_kept = may_keep(place->manager, how);
        if (qemu_identity_check_peer(host, job))
            return QEMU_REACH_CONNECTED;
        qemu_domain_disconnect(domain);
    } else if (job->verdict != DOMSTATS_HEALTH_BUSY) {
        judge_undialled(host, job, place, outcome, error);
    }
    return outcome == QEMU_CHANNEL_DIAL_FULL ? QEMU_REACH_LATER : QEMU_REACH_NEVER;
}

/* After a look that showed @bar: LATER if another look is worth it. */
static QemuReach
put_off(const QemuJob *job, QemuDomainBar bar)
{
    if (qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT) ||
        qemu_health_lasts(job, bar))
        return QEMU_REACH_NEVER;
    return QEMU_REACH_LATER;
}

QemuReach
qemu_reach_connect(QemuHostView *host, QemuJob *job, const QemuReachHow *how)
{
    const GPtrArray *places = job->domain->endpoint->places;
    bool is_full = false;
    QemuDomainBar bar = qemu_pulse_judge(host, job);

    if (bar != QEMU_DOMAIN_BAR_NONE)
        return places->len > 0 ? put_off(job, bar) : QEMU_REACH_NEVER;
    if (places->len == 0)
        qemu_job_set_verdict(job, DOMSTATS_HEALTH_NO_MONITOR, "no monitor of it is known");
    for (guint i = 0; i < places->len; i++) {
        QemuReach reach = try_place(host, job, g_ptr_array_index(places, i), how);

        if (reach == QEMU_REACH_CONNECTED) {
            qemu_health_unbar(job->domain);
            return reach;
        }
        is_full |= reach == QEMU_REACH_LATER;
    }
    if (is_full && job->verdict != DOMSTATS_HEALTH_BUSY)
        return put_off(job, QEMU_DOMAIN_BAR_QUEUED);
    qemu_health_unbar(job->domain);
    return QEMU_REACH_NEVER;
}
