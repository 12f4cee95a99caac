/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_pulse: see qemu_pulse.h. Owns nothing; reads /proc and the control groups, writes verdicts
 * into the job and what it saw into the domain.
 *
 * How it works
 *
 * A QEMU that serves clients waits in a poll most of the time, and a thread that is stopped, frozen
 * or at work does not. So one read of the main thread's wait channel shows that a QEMU is well, and
 * only where it shows no poll is more read. A process that was once seen in a poll has started. So
 * has one whose other threads have worked outside the kernel: its vCPUs begin when all is made,
 * while threads that touch its memory before have the kernel clear it. On a busy host the main
 * thread of such a QEMU may wait for a processor, or for a vCPU that has QEMU's lock, whenever it
 * is looked at.
 *
 * One that waits in a poll may still answer nobody: QEMU waits for its storage in a nested loop,
 * which polls a descriptor to be woken by and that of the storage. QEMU's main loop polls three at
 * least (see qemu_waiting). So before libvirt is asked, the number is read too, except of a domain
 * that libvirt answered well in the last call.
 */
#include "qemu_pulse.h"

#include "host/process/host_process.h"
#include "host/process/host_stop.h"
#include "qemu/finding/qemu_waiting.h"
#include "qemu_blocked_thread.h"

enum {
    START_S = 120, /* the longest start of a QEMU: it writes to all its memory before it serves */
    /* The same where the kernel does not tell what a thread waits in. */
    START_UNSEEN_S = 3,
    /* What other threads than the main one have used when a vCPU has run: so much of a second, and
     * at least this part of what the kernel used for them. */
    WORKED_DIVISOR = 10,
    WORKED_PART = 4,
    NESTED_FDS = 2, /* of a nested loop, at most; with more it is not told from the main loop */
};

HostProcessLook
qemu_pulse_look(HostRoot *root, const QemuDomain *domain, HostProcessStat *ret_stat)
{
    if (domain->pid == 0)
        return HOST_PROCESS_HIDDEN;
    return host_process_look(root, domain->pid, domain->start_ticks, ret_stat);
}

bool
qemu_pulse_has_ended(HostRoot *root, const QemuDomain *domain)
{
    HostProcessStat stat = {0};

    return qemu_pulse_look(root, domain, &stat) == HOST_PROCESS_ENDED;
}

/* True, with @ret_stop, if the process is stopped or frozen. */
static bool
find_stop(HostRoot *root, const QemuDomain *domain, HostStop *ret_stop)
{
    return domain->pid != 0 && host_stop_find(root, domain->pid, domain->start_ticks, ret_stop);
}

static void
say_stopped(QemuJob *job, const HostStop *stop)
{
    int pid = (int)job->domain->pid;

    if (stop->freezer == HOST_FREEZER_OFF)
        qemu_job_judge(
            job, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_SIGNAL,
            g_strdup_printf("process %d (%s) is stopped (state %c) by a signal or a debugger", pid,
                            stop->stat.name, stop->stat.state));
    else
        qemu_job_judge(
            job, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_FROZEN,
            g_strdup_printf("process %d (%s) is %s by its control group '%s'", pid, stop->stat.name,
                            stop->freezer == HOST_FREEZER_FROZEN ? "frozen" : "being frozen",
                            stop->group));
}

bool
qemu_pulse_is_stopped(HostRoot *root, const QemuDomain *domain)
{
    g_auto(HostStop) stop = {0};

    return find_stop(root, domain, &stop);
}

bool
qemu_pulse_judge_stopped(QemuHostView *host, QemuJob *job)
{
    g_auto(HostStop) stop = {0};

    if (!find_stop(qemu_host_view_root(host), job->domain, &stop))
        return false;
    say_stopped(job, &stop);
    return true;
}

/* True if a vCPU has run. */
static bool
has_worked(HostRoot *root, const QemuDomain *domain)
{
    HostProcessStat all = {0};
    HostProcessStat main_thread = {0};
    uint64_t user = 0;
    uint64_t in_kernel = 0;

    if (!host_process_read_stat(root, domain->pid, domain->pid, &main_thread) ||
        !host_process_read_stat(root, domain->pid, 0, &all))
        return false;
    user = all.user_ticks - MIN(all.user_ticks, main_thread.user_ticks);
    in_kernel = all.system_ticks - MIN(all.system_ticks, main_thread.system_ticks);
    return user >= (uint64_t)host_root_ticks_per_second(root) / WORKED_DIVISOR &&
           user >= in_kernel / WORKED_PART;
}

/* True, with the verdict, if the process has begun a short time ago and was never seen to be able
 * to serve clients. Only for a process that the source found: another one may be no QEMU. */
static bool
judge_starting(HostRoot *root, QemuJob *job, HostProcessPoll poll)
{
    const QemuDomain *domain = job->domain;
    UtilCount age_s = {0};

    if (domain->has_served || domain->endpoint->pid == 0 || !host_root_is_live(root))
        return false;
    age_s = host_process_read_age_s(root, domain->start_ticks);
    if (!age_s.is_present ||
        age_s.value >= (poll == HOST_PROCESS_POLL_NO ? START_S : START_UNSEEN_S) ||
        qemu_pulse_has_ended(root, domain) || has_worked(root, domain))
        return false;
    qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_STARTING,
                   g_strdup_printf("process %d was started %u s ago and serves no client yet",
                                   (int)domain->pid, (unsigned int)age_s.value));
    return true;
}

/* Whether the main thread is in QEMU's main loop. The wait channel is the same while it waits for
 * the first client of a socket, before QEMU begins. */
static HostProcessPoll
look_at_main_loop(HostRoot *root, const QemuDomain *domain)
{
    HostProcessPoll poll = host_process_look_at_poll(root, domain->pid, 0);

    if (poll == HOST_PROCESS_POLL_YES && !domain->has_served &&
        qemu_waiting_look(root, domain->pid) == QEMU_WAITING_YES)
        return HOST_PROCESS_POLL_NO;
    return poll;
}

QemuDomainBar
qemu_pulse_judge(QemuHostView *host, QemuJob *job)
{
    HostRoot *root = qemu_host_view_root(host);
    QemuDomain *domain = job->domain;
    HostProcessPoll poll = HOST_PROCESS_POLL_UNKNOWN;

    if (domain->pid == 0)
        return QEMU_DOMAIN_BAR_NONE;
    poll = look_at_main_loop(root, domain);
    if (poll == HOST_PROCESS_POLL_YES) {
        domain->has_served = true;
        return QEMU_DOMAIN_BAR_NONE;
    }
    if (qemu_pulse_judge_stopped(host, job))
        return QEMU_DOMAIN_BAR_STOPPED;
    return judge_starting(root, job, poll) ? QEMU_DOMAIN_BAR_STARTING : QEMU_DOMAIN_BAR_NONE;
}

void
qemu_pulse_note_runs(HostRoot *root, QemuDomain *domain)
{
    QemuDomainSilence *silence = &domain->silence;

    silence->knows_runs =
        domain->pid != 0 && host_process_read_runs(root, domain->pid, domain->pid, &silence->runs);
}

bool
qemu_pulse_stands_still(HostRoot *root, const QemuDomain *domain)
{
    const QemuDomainSilence *silence = &domain->silence;
    HostProcessRuns runs = {0};

    return silence->knows_runs && host_process_read_runs(root, domain->pid, domain->pid, &runs) &&
           runs.ns == silence->runs.ns && runs.n_times == silence->runs.n_times;
}

/* What the main thread waits for, in no poll. One that a look shows blocked may be in a lock for an
 * instant, so the next look compares how often it has run. */
static QemuDomainBar
find_wait(HostRoot *root, QemuDomain *domain, char state)
{
    if (state == 'D')
        return QEMU_DOMAIN_BAR_ASLEEP;
    if (state != 'S')
        return QEMU_DOMAIN_BAR_NONE;
    if (domain->silence.bar == QEMU_DOMAIN_BAR_BLOCKED)
        return qemu_pulse_stands_still(root, domain) ? QEMU_DOMAIN_BAR_BLOCKED
                                                     : QEMU_DOMAIN_BAR_NONE;
    qemu_pulse_note_runs(root, domain);
    return domain->silence.knows_runs ? QEMU_DOMAIN_BAR_BLOCKED : QEMU_DOMAIN_BAR_NONE;
}

/* The verdict on a main thread that waits so. */
static QemuDomainBar
judge_wait(HostRoot *root, QemuJob *job, QemuDomainBar bar)
{
    const QemuDomain *domain = job->domain;
    HostProcessStat stat = {0};
    g_autofree char *thread = NULL;

    if (bar == QEMU_DOMAIN_BAR_NONE)
        return bar;
    thread = qemu_blocked_thread_describe(root, domain->pid, domain->pid, &stat);
    qemu_job_judge(
        job, bar == QEMU_DOMAIN_BAR_ASLEEP ? DOMSTATS_HEALTH_STOPPED : DOMSTATS_HEALTH_WEDGED,
        bar == QEMU_DOMAIN_BAR_ASLEEP ? DOMSTATS_REASON_UNINTERRUPTIBLE : DOMSTATS_REASON_MAIN_LOOP,
        g_strdup_printf("QEMU's main loop is blocked, so libvirt is not asked for it: %s", thread));
    return bar;
}

/* The files for the looks around a request to libvirt: first the wait channel is read. */
static HostKept *
begin_looks(HostRoot *root, QemuDomain *domain)
{
    if (domain->looks == NULL)
        domain->looks = host_kept_new(root);
    host_kept_begin(domain->looks);
    return domain->looks;
}

HostProcessLook
qemu_pulse_relook(HostRoot *root, QemuDomain *domain)
{
    if (domain->pid == 0)
        return HOST_PROCESS_HIDDEN;
    return host_process_relook(root, domain->looks ? domain->looks : begin_looks(root, domain),
                               domain->pid, domain->start_ticks);
}

/* True if the main thread, which waits in a poll, does so in a nested loop. */
static bool
is_nested(HostRoot *root, pid_t pid)
{
    uint64_t n_fds = 0;
    HostProcessCall call = host_process_read_call(root, pid, pid, &n_fds);

    return (call == HOST_PROCESS_CALL_POLL || call == HOST_PROCESS_CALL_PPOLL) &&
           n_fds <= NESTED_FDS;
}

QemuDomainBar
qemu_pulse_judge_stuck(QemuHostView *host, QemuJob *job)
{
    HostRoot *root = qemu_host_view_root(host);
    QemuDomain *domain = job->domain;
    HostProcessPoll poll = HOST_PROCESS_POLL_UNKNOWN;
    HostProcessStat stat = {0};

    if (domain->pid != 0)
        poll = host_process_relook_at_poll(root, begin_looks(root, domain), domain->pid);
    if (poll == HOST_PROCESS_POLL_YES && domain->told != QEMU_DOMAIN_TOLD_WELL &&
        is_nested(root, domain->pid))
        poll = HOST_PROCESS_POLL_NO;
    domain->is_polling = poll == HOST_PROCESS_POLL_YES;
    if (domain->pid == 0 || poll == HOST_PROCESS_POLL_YES)
        return QEMU_DOMAIN_BAR_NONE;
    if (qemu_pulse_judge_stopped(host, job))
        return QEMU_DOMAIN_BAR_STOPPED;
    if (poll != HOST_PROCESS_POLL_NO || qemu_pulse_look(root, domain, &stat) != HOST_PROCESS_LIVES)
        return QEMU_DOMAIN_BAR_NONE;
    return judge_wait(root, job, find_wait(root, domain, stat.state));
}

bool
qemu_pulse_has_moved(HostRoot *root, const QemuDomain *domain)
{
    const QemuDomainSilence *silence = &domain->silence;
    HostProcessStat stat = {0};

    if (qemu_pulse_look(root, domain, &stat) != HOST_PROCESS_LIVES)
        return false;
    if (silence->was_stopped)
        return !qemu_pulse_is_stopped(root, domain);
    if (silence->state == 'D')
        return stat.state != 'D';
    return domain->health == DOMSTATS_HEALTH_WEDGED && !qemu_pulse_stands_still(root, domain);
}

bool
qemu_pulse_is_blocked(HostRoot *root, const QemuDomain *domain)
{
    return domain->pid != 0 && qemu_pulse_stands_still(root, domain) &&
           host_process_look_at_poll(root, domain->pid, 0) == HOST_PROCESS_POLL_NO;
}
