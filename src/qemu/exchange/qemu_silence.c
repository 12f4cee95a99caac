/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_silence: see qemu_silence.h. Owns nothing; reads and writes the domain's silence.
 */
#include "qemu_silence.h"

#include "qemu_health.h"
#include "qemu_pulse.h"

/* For a new connection to a QEMU that was stuck, with NOWAIT. */
enum { NOWAIT_US = 50 * 1000 };

void
qemu_silence_note(QemuHostView *host, QemuDomain *domain, int64_t since_us)
{
    domain->is_silent = true;
    domain->silence.since_us = since_us;
    domain->silence.progress = qemu_monitor_progress(domain->monitor);
    qemu_monitor_forget(domain->monitor);
    qemu_pulse_note_runs(qemu_host_view_root(host), domain);
}

static bool
is_nowait(const QemuJob *job)
{
    return qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
}

int64_t
qemu_silence_patience_us(const QemuJob *job)
{
    return is_nowait(job) && qemu_health_was_stuck(job->domain) ? NOWAIT_US
                                                                : qemu_health_fair_us(job);
}

bool
qemu_silence_is_worth_waiting(QemuHostView *host, const QemuJob *job, int64_t *turn_us,
                              int64_t *until_us)
{
    const QemuDomain *domain = job->domain;
    const QemuDomainSilence *silence = &domain->silence;
    bool is_stopped = qemu_pulse_is_stopped(qemu_host_view_root(host), domain);

    *turn_us = silence->since_us;
    if (qemu_monitor_n_in_flight(domain->monitor) == 0 && qemu_monitor_has_greeted(domain->monitor))
        return true;
    if (is_nowait(job) && domain->reason_code != DOMSTATS_REASON_NO_TIME)
        return false;
    if (qemu_monitor_progress(domain->monitor) != silence->progress ||
        (silence->was_stopped && !is_stopped)) {
        *turn_us = util_deadline_now_us();
        return true;
    }
    *until_us = silence->since_us + qemu_health_fair_us(job);
    return *until_us > util_deadline_now_us();
}

int64_t
qemu_silence_waited_us(const QemuJob *job, int64_t turn_us, int64_t until_us)
{
    int64_t waited_us = util_deadline_now_us() - turn_us;

    if (job->domain->monitor != NULL && until_us != 0 && qemu_health_was_stuck(job->domain))
        return MAX(waited_us, qemu_health_fair_us(job));
    return waited_us;
}

int64_t
qemu_silence_libvirt_until_us(QemuHostView *host, const QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    bool has_moved = qemu_pulse_has_moved(qemu_host_view_root(host), domain);

    if (is_nowait(job) && domain->reason_code != DOMSTATS_REASON_NO_TIME)
        return 0;
    return (has_moved ? util_deadline_now_us() : domain->silence.since_us) +
           qemu_health_fair_us(job);
}
