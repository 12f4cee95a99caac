/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reach: decides whether and where to dial a domain's monitor, and dials it.
 *
 * Owns nothing; writes the connection, the pause and the verdict into domain and job. Does not know
 * what is said on a connection.
 *
 * How it works
 *
 * A connect() is an act: it takes a place in the queue of a monitor that serves one client at a
 * time. So it is the last step, and everything before it only reads. In this order:
 *
 *   1. the process is stopped or frozen: it would not answer
 *   2. the monitor is a manager's, which alone may use it
 *   3. the socket at that place is not one at which the domain's process listens
 *   4. another client holds it, or waits for it
 *   5. the process has begun a short time ago and serves no client yet
 *   6. dial, with a name that tells who it is; see make_name()
 *
 * A stop, a queue, a start or a visit may pass within milliseconds, so the job is looked at again
 * until it has lasted; see qemu_health_lasts(). The tables of sockets that a look rests on are
 * TABLE_US old at most; a job that is looked at again has new ones.
 *
 * From the third failure in a row on, a domain is not dialled for a pause that doubles with each
 * failure. If the peer broke the rules after it was asked for some groups, a call that does not
 * want all of these groups dials it in spite of the pause: one reply past a limit must not hide the
 * run state.
 */
#include "qemu_reach.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qemu/plan/qemu_plan.h"
#include "qemu/recording/qemu_recording_peer.h"
#include "qemu_health.h"
#include "qemu_holder.h"
#include "qemu_identity.h"
#include "qemu_pulse.h"
#include "util/util_error.h"

enum {
    FREE_FAILURES = 2,
    FIRST_PAUSE_MS = 250,
    MAX_PAUSE_MS = 10000,
    MAX_DOUBLINGS = 16,
    TABLE_US = 100 * 1000,
    CONFIRM_US = 20 * 1000, /* a look that ends the job rests on tables this old at most */
    /* So long, and in so many dials, a name may be taken by a socket that no table shows: on a busy
     * host a visit may wait for a processor between bind() and connect(). */
    TAKEN_US = 250 * 1000,
    TAKEN_TIMES = 5,
    NAME_BYTES = 64,
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

/* Whether a connection to that manager's monitor is held after the call. */
static bool
may_hold(const QemuManager *manager, const QemuReachHow *how)
{
    static const QemuManagerMay least[] = {
        [DOMSTATS_MONITORS_DEFAULT] = QEMU_MANAGER_MAY_HOLD,
        [DOMSTATS_MONITORS_HOLD] = QEMU_MANAGER_MAY_HOLD_IF_TOLD,
    };

    if (how->monitors == DOMSTATS_MONITORS_RELEASE)
        return false;
    return how->is_replay || manager->may >= least[how->monitors];
}

/* One look at one place. */
typedef struct {
    QemuHostView *host;
    QemuJob *job;
    unsigned int index; /* of @place */
    const QemuEndpointPlace *place;
    const QemuReachHow *how;
    int64_t since_us; /* tables of sockets must not be older */
    QemuHolderSight sight;
    bool is_proven; /* the domain's process was seen to listen there */
} Try;

static void
look(Try *self, int64_t since_us)
{
    self->since_us = since_us;
    qemu_holder_look(self->host, self->job, self->place, since_us, &self->sight);
}

/* True if another client holds the monitor, by a table that is CONFIRM_US old at most: an older one
 * may show a client that has left since. */
static bool
is_held(Try *self)
{
    if (self->sight.kind == QEMU_HOLDER_OTHER)
        look(self, MAX(self->since_us, util_deadline_now_us() - CONFIRM_US));
    return self->sight.kind == QEMU_HOLDER_OTHER;
}

static void
judge_managed(Try *self)
{
    const QemuEndpointPlace *place = self->place;
    const char *name = place->manager->name ? place->manager->name : "its manager";

    if (is_held(self))
        qemu_holder_judge(self->host, self->job, place, &self->sight);
    else
        qemu_job_judge(self->job, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_MANAGED,
                       g_strdup_printf("its monitor '%s' is that of %s, which alone may use it",
                                       place->bound_path, name));
}

/* The verdict on a place at which the domain's process does not listen; nothing is dialled. */
static void
judge_not_its(const Try *self)
{
    const QemuEndpointPlace *place = self->place;
    pid_t pid = self->job->domain->endpoint->pid;
    pid_t other = host_holders_find(qemu_host_view_holders(self->host), self->sight.other_inode, 0,
                                    self->job->request->deadline);
    g_autoptr(GError) error = NULL;
    struct stat status = {0};

    if (self->sight.other_inode != 0 &&
        !qemu_pulse_has_ended(qemu_host_view_root(self->host), self->job->domain)) {
        qemu_job_judge(
            self->job, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_NOT_QEMU,
            other != 0
                ? g_strdup_printf("the monitor socket of process %d now belongs to process %d",
                                  (int)pid, (int)other)
                : g_strdup_printf("the monitor socket of process %d now belongs to another process",
                                  (int)pid));
        return;
    }
    g_set_error(&error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot reach monitor '%s': %s",
                place->connect_path,
                place->connect_path[0] == '/' && stat(place->connect_path, &status) < 0
                    ? g_strerror(errno)
                    : "its process does not listen there");
    qemu_health_judge_dial(self->host, self->job, QEMU_CHANNEL_DIAL_NOBODY, error);
}

/* False if the socket at the place is known not to be the domain's. Where its process is not known,
 * or its descriptors may not be read, the peer's pid is compared after the dial. */
static bool
is_its(Try *self)
{
    pid_t pid = self->job->domain->endpoint->pid;
    int fd = self->place->socket_fd;

    if (pid == 0)
        return true;
    if (!self->sight.is_known && self->sight.is_complete)
        look(self, util_deadline_now_us() - CONFIRM_US);
    if (self->sight.other_inode != 0)
        return false;
    if (!self->sight.is_known)
        return !self->sight.is_complete;
    self->is_proven =
        host_holders_has(qemu_host_view_holders(self->host), pid, self->sight.inode, &fd);
    return self->is_proven || errno == EACCES;
}

static QemuDomainBar
judge_visited(const Try *self)
{
    qemu_job_judge(
        self->job, DOMSTATS_HEALTH_BUSY, DOMSTATS_REASON_HELD,
        g_strdup_printf("another domstats asks its monitor '%s'", self->place->bound_path));
    return QEMU_DOMAIN_BAR_VISITED;
}

/* If the source knows no process, the one that listens is looked for: that it is stopped would
 * explain the queue. */
static QemuDomainBar
judge_queue(const Try *self)
{
    qemu_identity_find_process(self->host, self->job->domain, self->sight.inode,
                               self->job->request->deadline);
    if (qemu_pulse_judge_stopped(self->host, self->job))
        return QEMU_DOMAIN_BAR_STOPPED;
    qemu_health_judge_queued(self->host, self->job, self->place->bound_path);
    return QEMU_DOMAIN_BAR_QUEUED;
}

/* What the monitor's clients show that forbids a dial, with the verdict; NONE: dial. */
static QemuDomainBar
find_bar(const Try *self)
{
    const QemuHolderSight *sight = &self->sight;

    if (sight->n_queued > 0 && !sight->queue_is_visits)
        return judge_queue(self);
    if (sight->kind == QEMU_HOLDER_VISIT || sight->n_queued > 0)
        return judge_visited(self);
    return QEMU_DOMAIN_BAR_NONE;
}

/* Writes the name of our end of the connection: it shows in the kernel's tables what we are, and of
 * two visits at once one cannot take it. @is_own: with our pid, for it alone. False if it is no
 * unix socket. */
static bool
make_name(const Try *self, bool is_own, char name[NAME_BYTES])
{
    bool is_to_hold = may_hold(self->place->manager, self->how);
    int n = 0;

    if (!self->sight.is_known || g_str_has_prefix(self->place->connect_path, "tcp:"))
        return false;
    n = g_snprintf(name, NAME_BYTES, "domstats-%s/%" G_GUINT64_FORMAT,
                   is_to_hold ? "hold" : "visit", (guint64)self->sight.inode);
    if (is_own)
        g_snprintf(name + n, (gulong)(NAME_BYTES - n), "/%d", (int)getpid());
    return true;
}

/* Notes that a dial found the name taken, though no table shows a visit. True if that has lasted.
 */
static bool
is_taken_for_good(QemuDomainSilence *silence)
{
    int64_t now_us = util_deadline_now_us();

    if (silence->n_taken++ == 0)
        silence->taken_us = now_us;
    return silence->n_taken >= TAKEN_TIMES && now_us - silence->taken_us >= TAKEN_US;
}

static QemuChannelDial
dial(const Try *self, QemuChannel **ret_channel, GError **error)
{
    char name[NAME_BYTES] = "";
    QemuChannelAddress address = {.connect_path = self->place->connect_path,
                                  .file_device = self->sight.file_device,
                                  .file_inode = self->sight.file_inode,
                                  .netns_pid = self->place->netns_pid};
    QemuChannelDial outcome = QEMU_CHANNEL_DIAL_FAILED;

    if (self->how->is_replay) {
        *ret_channel = qemu_recording_peer_open(self->place->connect_path, error);
        return *ret_channel != NULL ? QEMU_CHANNEL_DIAL_CONNECTED : QEMU_CHANNEL_DIAL_FAILED;
    }
    address.client_name = make_name(self, false, name) ? name : NULL;
    outcome = qemu_channel_dial(&address, ret_channel, error);
    if (outcome != QEMU_CHANNEL_DIAL_TAKEN || !is_taken_for_good(&self->job->domain->silence))
        return outcome;
    for (int is_own = 1; is_own >= 0 && outcome == QEMU_CHANNEL_DIAL_TAKEN; is_own--) {
        g_clear_error(error);
        address.client_name = is_own != 0 && make_name(self, true, name) ? name : NULL;
        outcome = qemu_channel_dial(&address, ret_channel, error);
    }
    return outcome;
}

/* After a dial that did not connect: the bar if it may pass, with the verdict. */
static QemuDomainBar
judge_undialled(const Try *self, QemuChannelDial outcome, const GError *error)
{
    if (outcome == QEMU_CHANNEL_DIAL_TAKEN)
        return judge_visited(self);
    if (outcome == QEMU_CHANNEL_DIAL_FULL)
        return judge_queue(self);
    qemu_health_judge_dial(self->host, self->job, outcome, error);
    return QEMU_DOMAIN_BAR_NONE;
}

typedef enum { CONNECTED, BARRED, NEVER } Outcome;

static Outcome
dial_place(Try *self, QemuDomainBar *ret_bar)
{
    QemuDomain *domain = self->job->domain;
    g_autoptr(GError) error = NULL;
    QemuChannel *channel = NULL;
    QemuChannelDial outcome = dial(self, &channel, &error);

    if (outcome != QEMU_CHANNEL_DIAL_CONNECTED) {
        *ret_bar = judge_undialled(self, outcome, error);
        return *ret_bar != QEMU_DOMAIN_BAR_NONE ? BARRED : NEVER;
    }
    domain->monitor = qemu_monitor_new(channel);
    domain->is_held = may_hold(self->place->manager, self->how);
    domain->dialled_us = util_deadline_now_us();
    domain->place = self->index;
    domain->silence.n_taken = 0;
    if (qemu_identity_check_peer(self->host, self->job, self->is_proven))
        return CONNECTED;
    qemu_domain_disconnect(domain);
    return NEVER;
}

/* True if no process has the client's socket, though all can be looked at. The kernel does not list
 * all sockets of one moment, so that client was most likely a visit that has ended. */
static bool
may_have_left(const Try *self)
{
    return self->job->domain->holder_pid == 0 && self->sight.client.remote.family == 0 &&
           !host_holders_is_denied(qemu_host_view_holders(self->host));
}

/* Tries one place. If it is BARRED or NEVER, the verdict says why. @process_bar: what keeps the
 * process from serving a client, with @process_reason. */
static Outcome
try_place(Try *self, QemuDomainBar process_bar, const char *process_reason, QemuDomainBar *ret_bar)
{
    QemuJob *job = self->job;

    if (self->how->is_replay)
        return dial_place(self, ret_bar);
    if (self->place->manager->may != QEMU_MANAGER_MAY_NOTHING &&
        !qemu_domain_may_dial(job->domain, self->place)) {
        qemu_job_judge(job, DOMSTATS_HEALTH_NO_MONITOR, DOMSTATS_REASON_NO_GREETING,
                       g_strdup_printf("it does not greet at '%s', which was added while it ran: "
                                       "that is no monitor, or not yet",
                                       self->place->bound_path));
        return NEVER;
    }
    look(self, self->since_us);
    if (self->place->manager->may == QEMU_MANAGER_MAY_NOTHING) {
        judge_managed(self);
        return NEVER;
    }
    if (!is_its(self)) {
        judge_not_its(self);
        return NEVER;
    }
    if (is_held(self)) {
        qemu_identity_find_process(self->host, job->domain, self->sight.inode,
                                   job->request->deadline);
        qemu_holder_judge(self->host, job, self->place, &self->sight);
        if (!may_have_left(self))
            return NEVER;
        *ret_bar = QEMU_DOMAIN_BAR_UNSEEN;
        return BARRED;
    }
    *ret_bar = find_bar(self);
    if (*ret_bar != QEMU_DOMAIN_BAR_NONE) {
        job->domain->silence.n_taken = 0;
        return BARRED;
    }
    if (process_bar == QEMU_DOMAIN_BAR_STARTING) {
        qemu_job_judge(job, DOMSTATS_HEALTH_SLOW, DOMSTATS_REASON_STARTING,
                       g_strdup(process_reason));
        *ret_bar = process_bar;
        return BARRED;
    }
    return dial_place(self, ret_bar);
}

/* After a look that showed @bar: LATER if another look is worth it. */
static QemuReach
put_off(const QemuJob *job, QemuDomainBar bar)
{
    return qemu_health_lasts(job, bar) ? QEMU_REACH_NEVER : QEMU_REACH_LATER;
}

/* A verdict that a further place must not replace: of places that were tried, one that may still be
 * free counts more than one that is held, and that more than the others. */
typedef struct {
    Outcome outcome;
    QemuDomainBar bar;
    DomstatsHealth verdict;
    DomstatsReason code;
    char *reason; /* owned */
} Best;

static void
clear_best(Best *self)
{
    g_free(self->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Best, clear_best)

static int
rank(Outcome outcome, DomstatsHealth verdict)
{
    return outcome == BARRED ? 2 : verdict == DOMSTATS_HEALTH_BUSY;
}

static void
take_best(Best *self, const QemuJob *job, Outcome outcome, QemuDomainBar bar)
{
    if (self->reason != NULL && rank(outcome, job->verdict) <= rank(self->outcome, self->verdict))
        return;
    g_free(self->reason);
    *self = (Best){outcome, bar, job->verdict, job->reason_code, g_strdup(job->reason)};
}

/* A queue may be there because a client of another network namespace holds the monitor: then the
 * verdict BUSY. */
static void
judge_queue_holder(QemuHostView *host, QemuJob *job)
{
    const GPtrArray *places = job->domain->endpoint->places;

    for (guint i = 0; i < places->len; i++) {
        QemuHolderSight sight = {0};

        qemu_holder_look_everywhere(host, job, g_ptr_array_index(places, i), 0, &sight);
        if (sight.n_queued == 0 || sight.kind == QEMU_HOLDER_NOBODY)
            continue;
        qemu_holder_judge(host, job, g_ptr_array_index(places, i), &sight);
        return;
    }
}

static QemuReach
settle(QemuHostView *host, QemuJob *job, Best *best)
{
    QemuReach reach = QEMU_REACH_NEVER;

    qemu_job_judge(job, best->verdict, best->code, g_steal_pointer(&best->reason));
    if (best->outcome == BARRED)
        reach = put_off(job, best->bar);
    else
        qemu_health_unbar(job->domain);
    if (reach == QEMU_REACH_NEVER && best->bar == QEMU_DOMAIN_BAR_QUEUED)
        judge_queue_holder(host, job);
    return reach;
}

QemuReach
qemu_reach_connect(QemuHostView *host, QemuJob *job, const QemuReachHow *how, int64_t since_us)
{
    const GPtrArray *places = job->domain->endpoint->places;
    QemuDomainBar process_bar = qemu_pulse_judge(host, job);
    g_autofree char *process_reason = g_strdup(job->reason);
    int64_t oldest_us = MAX(since_us, util_deadline_now_us() - TABLE_US);
    g_auto(Best) best = {0};

    if (process_bar == QEMU_DOMAIN_BAR_STOPPED)
        return places->len > 0 ? put_off(job, process_bar) : QEMU_REACH_NEVER;
    if (places->len == 0) {
        qemu_job_set_verdict(job, DOMSTATS_HEALTH_NO_MONITOR, "no monitor of it is known");
        return QEMU_REACH_NEVER;
    }
    for (guint i = 0; i < places->len; i++) {
        Try attempt = {.host = host,
                       .job = job,
                       .index = i,
                       .place = g_ptr_array_index(places, i),
                       .how = how,
                       .since_us = oldest_us};
        QemuDomainBar bar = QEMU_DOMAIN_BAR_NONE;
        Outcome outcome = try_place(&attempt, process_bar, process_reason, &bar);

        if (outcome == CONNECTED) {
            qemu_health_unbar(job->domain);
            return QEMU_REACH_CONNECTED;
        }
        take_best(&best, job, outcome, bar);
    }
    return settle(host, job, &best);
}

bool
qemu_reach_is_mute(QemuHostView *host, QemuJob *job, int64_t waited_us)
{
    QemuDomain *domain = job->domain;
    const GPtrArray *places = domain->endpoint->places;
    const QemuEndpointPlace *place =
        domain->place < places->len ? g_ptr_array_index(places, domain->place) : NULL;

    if (waited_us < qemu_health_fair_us(job) || place == NULL || !place->is_added ||
        place->socket_inode == 0 || domain->pid == 0 ||
        host_process_look_at_poll(qemu_host_view_root(host), domain->pid, 0) !=
            HOST_PROCESS_POLL_YES)
        return false;
    domain->mute_inode = place->socket_inode;
    return true;
}

void
qemu_reach_name_holder(QemuHostView *host, QemuJob *job)
{
    const GPtrArray *places = job->domain->endpoint->places;

    if (job->domain->silence.bar == QEMU_DOMAIN_BAR_QUEUED)
        judge_queue_holder(host, job);
    if (job->domain->silence.bar != QEMU_DOMAIN_BAR_VISITED)
        return;
    for (guint i = 0; i < places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(places, i);
        QemuHolderSight sight = {0};

        qemu_holder_look(host, job, place, 0, &sight);
        if (sight.kind != QEMU_HOLDER_NOBODY) {
            qemu_holder_judge(host, job, place, &sight);
            return;
        }
    }
}
