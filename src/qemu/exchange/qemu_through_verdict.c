/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_through_verdict: see qemu_through_verdict.h. Owns nothing; writes verdict and reason into
 * the job.
 */
#include "qemu_through_verdict.h"

#include <string.h>

#include "qemu_health.h"
#include "qemu_pulse.h"
#include "qemu_reach.h"
#include "util/util_error.h"

static const char *
uri_of(const QemuJob *job)
{
    return libvirt_pool_uri(job->domain->endpoint->libvirt);
}

void
qemu_through_verdict_add_reason(QemuJob *job, const char *why)
{
    if (job->reason != NULL && strstr(job->reason, why) != NULL)
        return;
    qemu_job_judge(job, job->verdict, DOMSTATS_REASON_LIBVIRT_AWAY,
                   job->reason ? g_strdup_printf("%s; %s", job->reason, why) : g_strdup(why));
}

/* Sets the verdict that the job has without libvirt. */
static void
judge_monitors(const QemuThroughVerdict *self)
{
    const QemuReachHow how = {.monitors = DOMSTATS_MONITORS_RELEASE};
    QemuJob *job = self->job;
    const QemuEndpoint *endpoint = job->domain->endpoint;
    QemuThroughVerdictBefore *before = self->before;

    if (before->reason != NULL)
        qemu_job_judge(job, before->verdict, before->code, g_steal_pointer(&before->reason));
    else if (endpoint->trouble != DOMSTATS_HEALTH_OK)
        (void)qemu_reach_is_settled(job);
    else if (!endpoint->is_active)
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_OTHER, NULL);
    else if (endpoint->places->len > 0)
        (void)qemu_reach_connect(self->host, job, &how, 0);
    else
        qemu_job_judge(job, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_MANAGED,
                       g_strdup("libvirt holds its only monitor"));
}

static void
judge_job(QemuJob *job)
{
    g_autofree char *names = qemu_group_names(job->left_out);

    qemu_job_judge(
        job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_JOB,
        g_strdup_printf("a job of the domain is under way, so libvirt left out what QEMU "
                        "tells of: %s",
                        names));
}

void
qemu_through_verdict_left_out(const QemuThroughVerdict *self)
{
    if (self->late != NULL)
        qemu_health_judge_libvirt(self->host, self->job, uri_of(self->job),
                                  libvirt_pool_request_asked_us(self->late));
    else
        judge_job(self->job);
}

void
qemu_through_verdict_away(const QemuThroughVerdict *self, const LibvirtOutcome *outcome)
{
    g_autofree char *why = g_strdup_printf("libvirt at '%s' cannot be asked: %s", uri_of(self->job),
                                           outcome->message ? outcome->message : "no reason");

    if (self->job->told != NULL) { /* its answer a moment ago stands, though it lacks some groups */
        qemu_through_verdict_left_out(self);
        return;
    }
    judge_monitors(self);
    if (outcome->kind == LIBVIRT_OUTCOME_DENIED)
        self->job->verdict = DOMSTATS_HEALTH_DENIED;
    qemu_through_verdict_add_reason(self->job, why);
}

static void
judge_gone(QemuJob *job, const char *reason)
{
    qemu_job_judge(job, DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED, g_strdup(reason));
}

static HostProcessLook
look_at_process(const QemuThroughVerdict *self)
{
    HostProcessStat stat = {0};

    return qemu_pulse_look(qemu_host_view_root(self->host), self->job->domain, &stat);
}

void
qemu_through_verdict_no_domain(const QemuThroughVerdict *self, const LibvirtOutcome *outcome)
{
    if (look_at_process(self) == HOST_PROCESS_LIVES)
        qemu_through_verdict_away(self, outcome);
    else
        judge_gone(self->job, outcome->message);
}

void
qemu_through_verdict_refuse(QemuJob *job, const LibvirtOutcome *outcome)
{
    g_set_error(&job->refusal, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                "domain '%s': libvirt at '%s': %s", job->domain->name, uri_of(job),
                outcome->message);
    qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_OTHER, g_strdup(outcome->message));
}

bool
qemu_through_verdict_other_run(const QemuThroughVerdict *self, const LibvirtStatsAnswer *answer)
{
    QemuJob *job = self->job;
    const QemuEndpoint *endpoint = job->domain->endpoint;
    HostProcessLook process = qemu_pulse_relook(qemu_host_view_root(self->host), self->job->domain);

    if (!endpoint->is_active && answer->id != -1) {
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_OTHER,
                       g_strdup("it was started while libvirt was asked for it"));
        return true;
    }
    if (!endpoint->is_active)
        return false;
    if (answer->id == -1)
        judge_gone(job, "libvirt says that it runs no longer");
    else if (process == HOST_PROCESS_ENDED)
        judge_gone(job, "its process has ended");
    else if (process != HOST_PROCESS_LIVES && answer->id != qemu_endpoint_libvirt_id(endpoint))
        judge_gone(job, "it was started anew while libvirt was asked for it");
    else
        return false;
    return true;
}

void
qemu_through_verdict_unasked(QemuJob *job)
{
    LibvirtPoolState state = libvirt_pool_state(job->domain->endpoint->libvirt);

    if (state == LIBVIRT_POOL_READY)
        qemu_job_judge(
            job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
            g_strdup_printf("there was no time to ask libvirt at '%s' for it", uri_of(job)));
    else if (state == LIBVIRT_POOL_FULL)
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_LIMIT,
                       g_strdup_printf("libvirt at '%s' was not asked for it: it has as many "
                                       "requests of this program as it may have, and does not "
                                       "answer them",
                                       uri_of(job)));
    else
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT,
                       g_strdup_printf("libvirt at '%s' does not answer", uri_of(job)));
}
