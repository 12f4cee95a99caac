/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: tells why a domain did not answer.
 *
 * Owns nothing; reads the process's state in /proc, and writes the verdict into the job and what it
 * saw into the domain's silence. qemu_holder finds the process that holds a monitor. Each sentence
 * names what an operator needs next: the pid, the thread and what it sleeps in.
 *
 * How it works
 *
 * A verdict claims only what was seen. A QEMU that had less than the fair time to answer
 * (qemu_health_fair_us()) is SLOW, whatever it did. A process that one look shows as stopped may
 * run in the next instant, under strace for example, so looks must show it for STOPPED_LASTS_US
 * before a job ends for that reason.
 *
 * The sentence names one thread. Searching all threads of a process costs a read for each, so the
 * exchange has it done while it has nothing to read, and the result is kept in the domain's
 * silence. At the end of a job only the main thread and the thread that was found are read.
 */
#include "qemu_health.h"

#include "host/process/host_process.h"
#include "qemu_blocked_thread.h"
#include "qemu_holder.h"
#include "qemu_pulse.h"
#include "util/util_error.h"

enum {
    FAIR_US = 250 * 1000,
    FAIR_LEAST_US = 50 * 1000,   /* a busy host keeps a QEMU waiting for tens of ms */
    START_MOST_US = 2500 * 1000, /* most QEMUs have opened their images by then */
    STOPPED_LASTS_US = 50 * 1000,
    /* A host that stands still for the fair time keeps a QEMU from accepting a client and us from
     * looking: so many looks have pauses of 31 ms between them. */
    QUEUED_LOOKS = 6,
    /* So long after the deadline a process may still be looked at, or this part of a long call. */
    LATE_US = 10 * 1000,
    LATE_DIVISOR = 20,
};

static void
say_ended(QemuJob *job)
{
    qemu_job_judge(job, DOMSTATS_HEALTH_GONE, DOMSTATS_REASON_ENDED,
                   g_strdup_printf("process %d has ended", (int)job->domain->pid));
}

/* If the process has ended: the verdict GONE, and true. */
static bool
judge_ended(HostRoot *root, QemuJob *job)
{
    if (!qemu_pulse_has_ended(root, job->domain))
        return false;
    say_ended(job);
    return true;
}

int64_t
qemu_health_fair_us(const QemuJob *job)
{
    return CLAMP((int64_t)job->request->timeout_ms * 1000 / 2, FAIR_LEAST_US, FAIR_US);
}

/* How long looks must show @bar before the call stops looking; 0: until its deadline. The hasty
 * look as long as shows that it is no matter of a moment. */
static int64_t
lasting_us(const QemuJob *job, QemuDomainBar bar)
{
    bool is_hasty = qemu_request_has(job->request, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    int64_t half_us = MIN((int64_t)job->request->timeout_ms * 1000 / 2, START_MOST_US);

    switch (bar) {
    case QEMU_DOMAIN_BAR_STOPPED:
        return STOPPED_LASTS_US;
    case QEMU_DOMAIN_BAR_STARTING:
        return is_hasty ? FAIR_LEAST_US : MAX(qemu_health_fair_us(job), half_us);
    case QEMU_DOMAIN_BAR_ASLEEP:
    case QEMU_DOMAIN_BAR_BLOCKED:
    case QEMU_DOMAIN_BAR_QUEUED:
        return is_hasty ? FAIR_LEAST_US : qemu_health_fair_us(job);
    case QEMU_DOMAIN_BAR_UNSEEN:
        return qemu_health_fair_us(job);
    case QEMU_DOMAIN_BAR_VISITED:
    case QEMU_DOMAIN_BAR_NONE:
    default:
        return 0;
    }
}

bool
qemu_health_lasts(const QemuJob *job, QemuDomainBar bar)
{
    QemuDomainSilence *silence = &job->domain->silence;
    int64_t now_us = util_deadline_now_us();
    int64_t lasting = lasting_us(job, bar);

    if (silence->bar != bar) {
        silence->barred_us = now_us;
        silence->n_looks = 0;
    }
    silence->bar = bar;
    silence->n_looks++;
    if (bar == QEMU_DOMAIN_BAR_QUEUED && silence->n_looks < QUEUED_LOOKS)
        return false;
    return lasting > 0 && now_us - silence->barred_us >= lasting;
}

void
qemu_health_unbar(QemuDomain *domain)
{
    domain->silence.bar = QEMU_DOMAIN_BAR_NONE;
    domain->silence.barred_us = 0;
    domain->silence.n_looks = 0;
}

void
qemu_health_search_threads(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline)
{
    if (domain->silence.is_searched || domain->pid == 0)
        return;
    domain->silence.thread =
        qemu_blocked_thread_find(qemu_host_view_root(host), domain->pid, deadline);
    domain->silence.is_searched = true;
}

/* This process or this host lacks something (descriptors, memory): that is no fault of the domain.
 */
static void
judge_shortage(QemuJob *job, const GError *error)
{
    qemu_job_judge(
        job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_SHORTAGE,
        g_strdup_printf("it was not asked, for want of something here: %s", error->message));
}

static unsigned int
count_answers(const QemuJob *job, unsigned int *ret_n_asked)
{
    unsigned int n_answers = 0;

    *ret_n_asked = 0;
    for (size_t i = 0; i < QEMU_N_COMMANDS; i++) {
        QemuAnswerStatus status = job->answers[i].status;

        *ret_n_asked += status != QEMU_ANSWER_NONE;
        n_answers += status == QEMU_ANSWER_RETURNED || status == QEMU_ANSWER_REFUSED;
    }
    return n_answers;
}

/* A peer that had its time and answered nothing by its main loop. */
static void
judge_stuck(QemuHostView *host, QemuJob *job, char state)
{
    const QemuDomain *domain = job->domain;
    HostProcessStat stat = {.state = state};
    g_autofree char *thread = NULL;

    if (state == '\0') /* the process was not seen */
        thread = g_strdup("its process is not known");
    else
        thread = qemu_blocked_thread_describe(qemu_host_view_root(host), domain->pid,
                                              domain->silence.thread, &stat);
    if (domain->silence.left == QEMU_DOMAIN_LEFT_OUT_OF_BAND)
        qemu_job_judge(job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_MAIN_LOOP,
                       g_strdup_printf(
                           "QEMU's main loop is blocked: it answers out of band only; %s", thread));
    else if (domain->silence.left == QEMU_DOMAIN_LEFT_HELD_UP)
        qemu_job_judge(
            job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_MAIN_LOOP,
            g_strdup_printf("QEMU's main loop is blocked: it greets and takes no command; %s",
                            thread));
    else if (stat.state == 'D')
        qemu_job_judge(job, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_UNINTERRUPTIBLE,
                       g_strdup_printf("process %d answers nothing: %s", (int)domain->pid, thread));
    else if (domain->silence.left == QEMU_DOMAIN_LEFT_SILENT)
        qemu_job_judge(job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_SILENT,
                       g_strdup_printf("QEMU answers nothing; %s", thread));
    else
        qemu_job_judge(job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_NO_GREETING,
                       g_strdup_printf("QEMU does not greet; %s", thread));
}

/* How far the connection came, for judge_stuck() now and in later calls. */
static void
note_left(QemuDomain *domain)
{
    const QemuMonitor *monitor = domain->monitor;
    QemuDomainSilence *silence = &domain->silence;

    if (qemu_monitor_probe_is_answered(monitor))
        silence->left = QEMU_DOMAIN_LEFT_OUT_OF_BAND;
    else if (!qemu_monitor_has_greeted(monitor))
        silence->left = QEMU_DOMAIN_LEFT_UNGREETED;
    else if (qemu_monitor_is_held_up(monitor))
        silence->left = QEMU_DOMAIN_LEFT_HELD_UP;
    else
        silence->left = QEMU_DOMAIN_LEFT_SILENT;
    /* With out-of-band commands another thread may be the one that is late. */
    silence->waits_for_main =
        silence->left == QEMU_DOMAIN_LEFT_OUT_OF_BAND ||
        silence->left == QEMU_DOMAIN_LEFT_HELD_UP ||
        (silence->left == QEMU_DOMAIN_LEFT_SILENT && !qemu_monitor_offers_oob(monitor));
}

/* A peer that had its time, is not stopped, and did not answer everything. */
static void
judge_unanswered(QemuHostView *host, QemuJob *job, char state)
{
    const QemuDomain *domain = job->domain;
    bool has_part = qemu_monitor_has_part(domain->monitor);
    unsigned int n_asked = 0;
    unsigned int n_answers = count_answers(job, &n_asked);

    if ((n_answers == 0 && !has_part) || domain->silence.left == QEMU_DOMAIN_LEFT_OUT_OF_BAND)
        judge_stuck(host, job, state);
    else
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LATE,
                       g_strdup_printf("%u of %u replies%s came within %u ms", n_answers, n_asked,
                                       has_part ? " and a part of one" : "",
                                       job->request->timeout_ms));
}

/* A peer that had its time and did not greet, while not all tables of sockets can be read. */
static void
judge_unseen(QemuHostView *host, QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    HostProcessStat stat = {0};
    g_autofree char *thread = qemu_blocked_thread_describe(qemu_host_view_root(host), domain->pid,
                                                           domain->silence.thread, &stat);

    qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_GREETING,
                   g_strdup_printf("QEMU does not greet, and it cannot be seen from here whether "
                                   "another client holds its monitor%s%s",
                                   domain->pid != 0 ? "; " : "", domain->pid != 0 ? thread : ""));
}

/* A peer that is not stopped, and whose monitor no other process is seen to hold; @sees_all: none
 * does. */
static void
judge_waited(QemuHostView *host, QemuJob *job, int64_t waited_us, char state, bool sees_all)
{
    if (waited_us < qemu_health_fair_us(job))
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
                       g_strdup_printf("there was no time to ask it: it had %d ms to answer",
                                       (int)(waited_us / 1000)));
    else if (!sees_all && job->domain->silence.left == QEMU_DOMAIN_LEFT_UNGREETED)
        judge_unseen(host, job);
    else
        judge_unanswered(host, job, state);
}

/* When the main thread enters or leaves uninterruptible sleep, the reason for the silence may have
 * changed, so the threads are searched again. */
static void
note_state(QemuDomainSilence *silence, char state)
{
    if (silence->state != 0 && (silence->state == 'D') != (state == 'D'))
        silence->is_searched = false;
    silence->state = state;
}

/* Until when a process may be looked at, on the monotonic clock. A job that was given up in time
 * may be judged after the deadline, since others were judged first; a call may be late by a tenth.
 */
static int64_t
latest_us(const QemuRequest *request)
{
    int64_t late_us = (int64_t)request->timeout_ms * 1000 / LATE_DIVISOR;

    return request->deadline.at_us + MAX(LATE_US, late_us);
}

bool
qemu_health_may_look(const QemuRequest *request)
{
    return util_deadline_now_us() < latest_us(request);
}

/* If the process is stopped, and was for long enough: the verdict, and true. */
static bool
judge_stop(QemuHostView *host, QemuJob *job, int64_t waited_us)
{
    QemuDomainSilence *silence = &job->domain->silence;

    silence->was_stopped = qemu_pulse_is_stopped(qemu_host_view_root(host), job->domain);
    return silence->was_stopped &&
           (waited_us >= qemu_health_fair_us(job) ||
            qemu_health_lasts(job, QEMU_DOMAIN_BAR_STOPPED)) &&
           qemu_pulse_judge_stopped(host, job);
}

/* The place that was dialled; NULL if it is not known. */
static const QemuEndpointPlace *
dialled_place(const QemuDomain *domain)
{
    const GPtrArray *places = domain->endpoint->places;

    return domain->place < places->len ? g_ptr_array_index(places, domain->place) : NULL;
}

/* After a dial that got no greeting: if another client holds the monitor, the verdict, and true.
 * It may have come between our look and our dial, or be in another network namespace. Clears
 * @sees_all if there may be one that is not seen. */
static bool
judge_overtaken(QemuHostView *host, QemuJob *job, bool *sees_all)
{
    const QemuEndpointPlace *place = dialled_place(job->domain);
    QemuHolderSight sight = {0};

    *sees_all = true;
    if (place == NULL || job->domain->silence.left != QEMU_DOMAIN_LEFT_UNGREETED)
        return false;
    qemu_holder_look_everywhere(host, job, place, job->domain->dialled_us, &sight);
    *sees_all =
        sight.is_complete && (sight.is_known || !host_root_is_live(qemu_host_view_root(host)));
    if (sight.kind == QEMU_HOLDER_NOBODY)
        return false;
    qemu_holder_judge(host, job, place, &sight);
    return true;
}

bool
qemu_health_judge_overtaken(QemuHostView *host, QemuJob *job)
{
    const QemuEndpointPlace *place = dialled_place(job->domain);
    QemuHolderSight sight = {0};

    if (place != NULL)
        qemu_holder_look_everywhere(host, job, place, job->domain->dialled_us, &sight);
    if (sight.kind != QEMU_HOLDER_OTHER)
        return false;
    qemu_holder_judge(host, job, place, &sight);
    return true;
}

void
qemu_health_judge_silence(QemuHostView *host, QemuJob *job, int64_t waited_us)
{
    HostRoot *root = qemu_host_view_root(host);
    QemuDomainSilence *silence = &job->domain->silence;
    HostProcessStat stat = {0};
    HostProcessLook look = HOST_PROCESS_HIDDEN;
    bool sees_all = true;

    if (util_deadline_now_us() > latest_us(job->request)) {
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
                       g_strdup("it did not answer in time, and there was none left to look why"));
        return;
    }
    look = qemu_pulse_look(root, job->domain, &stat);
    note_state(silence, stat.state);
    note_left(job->domain);
    if (look == HOST_PROCESS_ENDED)
        say_ended(job);
    else if (!judge_stop(host, job, waited_us) && !judge_overtaken(host, job, &sees_all))
        judge_waited(host, job, waited_us, stat.state, sees_all);
}

/* "libvirt at 'qemu:///system' was asked for it 3.2 s ago and does not answer; thread ..." */
static char *
describe_libvirt(QemuHostView *host, const QemuDomain *domain, const char *uri, int64_t waited_us)
{
    HostProcessStat stat = {0};
    g_autofree char *thread = NULL;

    if (domain->pid != 0)
        thread = qemu_blocked_thread_describe(qemu_host_view_root(host), domain->pid,
                                              domain->silence.thread, &stat);
    return g_strdup_printf("libvirt at '%s' was asked for it %.1f s ago and does not answer%s%s",
                           uri, (double)waited_us / G_USEC_PER_SEC, thread ? "; " : "",
                           thread ? thread : "");
}

/* A domain that is not stopped, for which libvirt had its time. QEMU is to blame only if its main
 * thread is seen to be: an idle one has not run either, and waits for news. */
static void
judge_libvirt_waited(QemuHostView *host, QemuJob *job, char *take_reason)
{
    const QemuDomain *domain = job->domain;

    if (domain->silence.state == 'D')
        qemu_job_judge(job, DOMSTATS_HEALTH_STOPPED, DOMSTATS_REASON_UNINTERRUPTIBLE, take_reason);
    else if (qemu_pulse_is_blocked(qemu_host_view_root(host), domain))
        qemu_job_judge(job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_LIBVIRT_SILENT, take_reason);
    else
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_LIBVIRT_SILENT, take_reason);
}

void
qemu_health_judge_libvirt(QemuHostView *host, QemuJob *job, const char *uri, int64_t since_us)
{
    QemuDomain *domain = job->domain;
    HostProcessStat stat = {0};
    HostProcessLook look = HOST_PROCESS_HIDDEN;
    int64_t now_us = util_deadline_now_us();
    int64_t waited_us = now_us - since_us;

    if (now_us > latest_us(job->request)) {
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
                       g_strdup_printf("libvirt at '%s' did not answer in time, and there was none "
                                       "left to look why",
                                       uri));
        return;
    }
    look = qemu_pulse_look(qemu_host_view_root(host), domain, &stat);
    note_state(&domain->silence, stat.state);
    if (look == HOST_PROCESS_ENDED)
        say_ended(job);
    else if (judge_stop(host, job, waited_us))
        return;
    else if (waited_us < qemu_health_fair_us(job))
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
                       g_strdup_printf("there was no time to ask it: libvirt had %d ms to answer",
                                       (int)(waited_us / 1000)));
    else
        judge_libvirt_waited(host, job, describe_libvirt(host, domain, uri, waited_us));
}

bool
qemu_health_was_stuck(const QemuDomain *domain)
{
    return domain->is_silent &&
           (domain->health == DOMSTATS_HEALTH_WEDGED || domain->health == DOMSTATS_HEALTH_STOPPED);
}

/* True if no client holds the monitor that was dialled and one waits that QEMU has not accepted. */
static bool
shows_queue(QemuHostView *host, const QemuJob *job)
{
    const QemuEndpointPlace *place = dialled_place(job->domain);
    QemuHolderSight sight = {0};

    if (place != NULL)
        qemu_holder_look(host, job, place, 0, &sight);
    return sight.n_queued > 0 && sight.kind == QEMU_HOLDER_NOBODY;
}

/* A main thread that has not run since is still stuck, if it was the one to answer. Else QEMU is
 * still stuck if a client waits at its listener, not accepted. */
bool
qemu_health_judge_still_stuck(QemuHostView *host, QemuJob *job)
{
    HostRoot *root = qemu_host_view_root(host);
    QemuDomain *domain = job->domain;
    HostProcessStat stat = {0};

    if (!qemu_health_was_stuck(domain) || domain->silence.was_stopped ||
        qemu_pulse_look(root, domain, &stat) != HOST_PROCESS_LIVES || stat.state == 'T' ||
        stat.state == 't' || !qemu_pulse_stands_still(root, domain))
        return false;
    if (!domain->silence.waits_for_main && !shows_queue(host, job))
        return false;
    qemu_health_search_threads(host, domain, job->request->deadline);
    note_state(&domain->silence, stat.state);
    judge_stuck(host, job, stat.state);
    return true;
}

/* A QEMU that did not accept our last connection either had the fair time in that call. */
void
qemu_health_judge_queued(QemuHostView *host, QemuJob *job, const char *path)
{
    const QemuDomain *domain = job->domain;
    bool waits_long = qemu_health_was_stuck(domain) ||
                      (domain->is_silent && domain->silence.left == QEMU_DOMAIN_LEFT_UNGREETED);
    HostProcessStat stat = {0};
    g_autofree char *thread = NULL;

    if (domain->pid != 0)
        thread = qemu_blocked_thread_describe(qemu_host_view_root(host), domain->pid,
                                              domain->silence.thread, &stat);
    qemu_job_judge(
        job, waits_long ? DOMSTATS_HEALTH_WEDGED : DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_QUEUED,
        g_strdup_printf("a client waits at its monitor '%s', which QEMU has not accepted%s%s", path,
                        thread ? "; " : "", thread ? thread : ""));
}

void
qemu_health_judge_unasked(QemuJob *job, int64_t waited_us)
{
    if (job->reason != NULL && waited_us >= qemu_health_fair_us(job))
        return;
    qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_NO_TIME,
                   job->reason ? g_strdup_printf("there was no time to ask it; %s", job->reason)
                               : g_strdup("there was no time to ask it"));
}

static const char *
say_if_it_lives(HostRoot *root, const QemuDomain *domain)
{
    HostProcessStat stat = {0};

    return qemu_pulse_look(root, domain, &stat) == HOST_PROCESS_LIVES ? ", and its process lives"
                                                                      : "";
}

void
qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error)
{
    HostRoot *root = qemu_host_view_root(host);

    if (g_error_matches(error, UTIL_ERROR, UTIL_ERROR_SYSTEM))
        judge_shortage(job, error);
    else if (!g_error_matches(error, UTIL_ERROR, UTIL_ERROR_CONNECT))
        qemu_job_judge(job, DOMSTATS_HEALTH_BROKEN, DOMSTATS_REASON_PROTOCOL,
                       g_strdup(error->message));
    else if (!judge_ended(root, job))
        qemu_job_judge(job, DOMSTATS_HEALTH_BROKEN, DOMSTATS_REASON_CLOSED,
                       g_strdup_printf("%s%s", error->message, say_if_it_lives(root, job->domain)));
}

/* No process listens: QEMU has ended, or its monitor was taken away. Other outcomes of a dial do
 * not ask whether the known process has ended: another one may listen at the same place by now. */
static void
judge_not_listening(QemuHostView *host, QemuJob *job, const GError *error)
{
    HostRoot *root = qemu_host_view_root(host);
    bool is_known = job->domain->pid != 0;

    if (judge_ended(root, job))
        return;
    qemu_job_judge(job, is_known ? DOMSTATS_HEALTH_NO_MONITOR : DOMSTATS_HEALTH_GONE,
                   DOMSTATS_REASON_NO_LISTENER,
                   g_strdup_printf("%s%s", error->message, say_if_it_lives(root, job->domain)));
}

void
qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuChannelDial outcome,
                       const GError *error)
{
    switch (outcome) {
    case QEMU_CHANNEL_DIAL_NOBODY:
        judge_not_listening(host, job, error);
        break;
    case QEMU_CHANNEL_DIAL_DENIED:
        qemu_job_judge(job, DOMSTATS_HEALTH_DENIED, DOMSTATS_REASON_PERMISSION,
                       g_strdup(error->message));
        break;
    case QEMU_CHANNEL_DIAL_FULL:
        qemu_job_judge(job, DOMSTATS_HEALTH_WEDGED, DOMSTATS_REASON_BACKLOG,
                       g_strdup_printf("%s: QEMU accepts no connection and its backlog is full",
                                       error->message));
        break;
    case QEMU_CHANNEL_DIAL_TAKEN:
        qemu_job_judge(job, DOMSTATS_HEALTH_BUSY, DOMSTATS_REASON_HELD, g_strdup(error->message));
        break;
    case QEMU_CHANNEL_DIAL_SHORTAGE:
        judge_shortage(job, error);
        break;
    case QEMU_CHANNEL_DIAL_FAILED:
    case QEMU_CHANNEL_DIAL_CONNECTED:
    default: /* BROKEN: the files of a recording are */
        qemu_job_judge(job,
                       g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN)
                           ? DOMSTATS_HEALTH_BROKEN
                           : DOMSTATS_HEALTH_NO_MONITOR,
                       DOMSTATS_REASON_OTHER, g_strdup(error->message));
    }
}
