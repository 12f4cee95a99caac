/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: why a domain did not answer.
 *
 * Owns nothing; reads the process's state in /proc and the kernel's table of unix sockets, and
 * writes the verdict into the job. Each sentence names what an operator needs next: pid, thread
 * and what it sleeps in, or the process that is in the way.
 */
#include "qemu_health.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host_process.h"
#include "util/util_error.h"

/* Takes @reason. */
static void
judge(QemuJob *job, DomstatsHealth verdict, char *take_reason)
{
    job->verdict = verdict;
    g_free(job->reason);
    job->reason = take_reason;
}

typedef enum {
    PROCESS_UNKNOWN, /* which it is, or what it does: /proc may be closed to us */
    PROCESS_LIVES,
    PROCESS_ENDED, /* also if its pid is another's by now */
} ProcessLook;

/* Looks at the domain's own process; sets @ret_stat if it lives. */
static ProcessLook
look_at_process(HostRoot *root, const QemuDomain *domain, HostProcessStat *ret_stat)
{
    HostProcessStat stat = {0};

    if (domain->pid == 0)
        return PROCESS_UNKNOWN;
    if (!host_process_read_stat(root, domain->pid, 0, &stat))
        return errno == ENOENT || errno == ESRCH ? PROCESS_ENDED : PROCESS_UNKNOWN;
    if (domain->start_ticks != 0 && stat.start_ticks != domain->start_ticks)
        return PROCESS_ENDED;
    if (stat.state == 'Z' || stat.state == 'X')
        return PROCESS_ENDED;
    *ret_stat = stat;
    return PROCESS_LIVES;
}

/* GONE if its process has ended; false if not. */
static bool
judge_ended(HostRoot *root, QemuJob *job)
{
    HostProcessStat stat = {0};

    if (look_at_process(root, job->domain, &stat) != PROCESS_ENDED)
        return false;
    judge(job, DOMSTATS_HEALTH_GONE,
          g_strdup_printf("process %d has ended", (int)job->domain->pid));
    return true;
}

static bool
is_stopped_state(char state)
{
    return state == 'T' || state == 't';
}

bool
qemu_health_is_stopped(HostRoot *root, const QemuDomain *domain)
{
    HostProcessStat stat = {0};

    return look_at_process(root, domain, &stat) == PROCESS_LIVES && is_stopped_state(stat.state);
}

bool
qemu_health_judge_stopped(QemuHostView *host, QemuJob *job)
{
    HostProcessStat stat = {0};

    if (look_at_process(qemu_host_view_root(host), job->domain, &stat) != PROCESS_LIVES ||
        !is_stopped_state(stat.state))
        return false;
    judge(job, DOMSTATS_HEALTH_STOPPED,
          g_strdup_printf("process %d (%s) is stopped (state %c) by a signal or a debugger",
                          (int)job->domain->pid, stat.name, stat.state));
    return true;
}

/* The thread that tells most: one in uninterruptible sleep, else the main thread. */
static pid_t
find_telling_thread(HostRoot *root, pid_t pid, HostProcessStat *ret_stat)
{
    size_t n = 0;
    g_autofree pid_t *threads = host_process_list_threads(root, pid, &n);

    for (size_t i = 0; i < n; i++)
        if (host_process_read_stat(root, pid, threads[i], ret_stat) && ret_stat->state == 'D')
            return threads[i];
    host_process_read_stat(root, pid, pid, ret_stat);
    return pid;
}

/* "thread 12 (CPU 0/KVM) is in state D, in folio_wait_bit" */
static char *
describe_thread(HostRoot *root, pid_t pid, HostProcessStat *ret_stat)
{
    pid_t thread = find_telling_thread(root, pid, ret_stat);
    g_autofree char *channel = host_process_read_wait_channel(root, pid, thread);
    bool has_channel = channel != NULL && channel[0] != '\0';

    return g_strdup_printf("thread %d (%s) is in state %c%s%s", (int)thread, ret_stat->name,
                           ret_stat->state, has_channel ? ", in " : "", has_channel ? channel : "");
}

/* The name of a process, for a sentence. */
static char *
name_process(HostRoot *root, pid_t pid)
{
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, 0, &stat))
        return g_strdup_printf("process %d", (int)pid);
    return g_strdup_printf("process %d (%s)", (int)pid, stat.name);
}

/* Whether the accepted client is this domain's own connection: a peer that does not greet may
 * have accepted it. */
static bool
is_own_connection(const QemuDomain *domain, ino_t inode)
{
    struct stat status = {0};

    return domain->monitor != NULL && fstat(qemu_monitor_fd(domain->monitor), &status) == 0 &&
           status.st_ino == inode;
}

/* The listener of @place: by the name it was bound to, if that still leads to its file, else by
 * the file. */
static void
find_listener(const HostUnixTable *table, const QemuEndpointPlace *place,
              HostUnixListener *ret_listener)
{
    struct stat status = {0};
    bool has_file = place->connect_path[0] == '/' && stat(place->connect_path, &status) == 0;

    *ret_listener = (HostUnixListener){0};
    if (has_file)
        host_unixdiag_lookup(table, place->bound_path, status.st_ino, ret_listener);
    if (has_file && !ret_listener->is_known)
        host_unixdiag_lookup_file(table, status.st_dev, status.st_ino, ret_listener);
    /* Some file systems show other numbers than the kernel's table does. */
    if (!ret_listener->is_known)
        host_unixdiag_lookup(table, place->bound_path, 0, ret_listener);
}

void
qemu_health_find_listener(QemuHostView *host, const QemuEndpointPlace *place,
                          HostUnixListener *ret_listener)
{
    const HostUnixTable *table = qemu_host_view_unix_table(host);

    *ret_listener = (HostUnixListener){0};
    if (table != NULL)
        find_listener(table, place, ret_listener);
}

static bool
judge_held(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place,
           const HostUnixTable *table)
{
    HostUnixListener listener = {0};
    g_autofree char *holder = NULL;
    pid_t pid = 0;

    if (table == NULL)
        return false;
    find_listener(table, place, &listener);
    /* Without an inode the client has gone, and QEMU only has not noticed yet. */
    if (!listener.is_known || listener.n_clients == 0 || listener.peer_inode == 0 ||
        is_own_connection(job->domain, listener.peer_inode))
        return false;
    pid = host_holders_find(qemu_host_view_holders(host), listener.peer_inode,
                            job->domain->holder_pid);
    job->domain->holder_pid = pid;
    holder = pid > 0 ? name_process(qemu_host_view_root(host), pid)
                     : g_strdup("a process that cannot be seen from here");
    judge(job, DOMSTATS_HEALTH_BUSY,
          g_strdup_printf("its monitor '%s' is held by %s", place->bound_path, holder));
    return true;
}

bool
qemu_health_judge_busy(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place)
{
    const QemuDomain *domain = job->domain;
    g_autoptr(HostUnixTable) fresh = NULL;

    if (!judge_held(host, job, place, qemu_host_view_unix_table(host)))
        return false;
    if (domain->holder_pid != getpid() && (domain->holder_pid != 0 || geteuid() != 0))
        return true;
    /* Who sees all processes, and no holder, looks again: it may have gone since the table was
     * read, most likely another call of ours, which let go. */
    fresh = host_unixdiag_read(NULL);
    return judge_held(host, job, place, fresh);
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

/* Nothing greeted us: somebody may have come in between, and the table now tells. */
static bool
judge_overtaken(QemuHostView *host, QemuJob *job)
{
    const GPtrArray *places = job->domain->endpoint->places;

    if (qemu_monitor_has_greeted(job->domain->monitor))
        return false;
    for (guint i = 0; i < places->len; i++)
        if (judge_held(host, job, g_ptr_array_index(places, i),
                       qemu_host_view_late_unix_table(host)))
            return true;
    return false;
}

void
qemu_health_judge_silence(QemuHostView *host, QemuJob *job)
{
    const QemuDomain *domain = job->domain;
    HostRoot *root = qemu_host_view_root(host);
    HostProcessStat stat = {0};
    g_autofree char *thread = NULL;
    unsigned int n_asked = 0;
    unsigned int n_answers = count_answers(job, &n_asked);
    bool has_process = look_at_process(root, domain, &stat) == PROCESS_LIVES;
    bool is_probed = qemu_monitor_probe_is_answered(domain->monitor);

    if (judge_ended(root, job) || qemu_health_judge_stopped(host, job))
        return;
    if (!is_probed && judge_overtaken(host, job))
        return;
    thread = has_process ? describe_thread(root, domain->pid, &stat)
                         : g_strdup("its process is not known");
    if (n_answers > 0 && !is_probed) {
        judge(job, DOMSTATS_HEALTH_SLOW,
              g_strdup_printf("%u of %u replies came within %u ms", n_answers, n_asked,
                              job->request->timeout_ms));
    } else if (is_probed) {
        judge(job, DOMSTATS_HEALTH_WEDGED,
              g_strdup_printf("QEMU's main loop is blocked: it answers out of band only; %s",
                              thread));
    } else if (qemu_monitor_is_held_up(domain->monitor)) {
        judge(job, DOMSTATS_HEALTH_WEDGED,
              g_strdup_printf("QEMU's main loop is blocked: it greets and takes no command; %s",
                              thread));
    } else if (stat.state == 'D') {
        judge(job, DOMSTATS_HEALTH_STOPPED,
              g_strdup_printf("process %d answers nothing: %s", (int)domain->pid, thread));
    } else {
        judge(job, DOMSTATS_HEALTH_WEDGED,
              g_strdup_printf("%s; %s",
                              qemu_monitor_has_greeted(domain->monitor)
                                  ? "QEMU answers nothing"
                                  : "QEMU accepts connections but does not greet",
                              thread));
    }
}

void
qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error)
{
    bool is_closed = g_error_matches(error, UTIL_ERROR, UTIL_ERROR_CONNECT);

    if (!is_closed)
        judge(job, DOMSTATS_HEALTH_BROKEN, g_strdup(error->message));
    else if (!judge_ended(qemu_host_view_root(host), job))
        judge(job, DOMSTATS_HEALTH_GONE, g_strdup(error->message));
}

void
qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuDial outcome, const GError *error)
{
    HostRoot *root = qemu_host_view_root(host);
    HostProcessStat stat = {0};
    bool has_process = look_at_process(root, job->domain, &stat) == PROCESS_LIVES;

    if (judge_ended(root, job) || qemu_health_judge_stopped(host, job))
        return;
    if (outcome == QEMU_DIAL_DENIED) {
        judge(job, DOMSTATS_HEALTH_DENIED, g_strdup(error->message));
    } else if (outcome == QEMU_DIAL_NOBODY) {
        judge(job, has_process ? DOMSTATS_HEALTH_NO_MONITOR : DOMSTATS_HEALTH_GONE,
              g_strdup(error->message));
    } else if (outcome == QEMU_DIAL_FULL) {
        judge(job, DOMSTATS_HEALTH_WEDGED,
              g_strdup_printf("%s: QEMU accepts nobody and its backlog is full", error->message));
    } else {
        judge(job, DOMSTATS_HEALTH_BROKEN, g_strdup(error->message));
    }
}
