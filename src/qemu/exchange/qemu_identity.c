/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_identity: finds out which QEMU answers on a new connection.
 *
 * Owns nothing; writes what it learns into the domain. The kernel tells the peer's pid
 * (SO_PEERCRED) with connect(), before QEMU says anything, so the process of a stopped QEMU is
 * known too.
 */
#include "qemu_identity.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "qemu/finding/qemu_process.h"
#include "util/util_error.h"

/* Forgets everything of the domain but its connection, which may lead to another QEMU. */
static void
forget_all_but_connection(QemuDomain *domain)
{
    QemuMonitor *monitor = g_steal_pointer(&domain->monitor);

    qemu_domain_forget_process(domain);
    domain->monitor = monitor;
}

/* Whether a read that failed so may succeed in a later call. */
static bool
is_passing(int error)
{
    static const int passing[] = {ETIMEDOUT, EBUSY, EAGAIN, EMFILE, ENFILE, ENOMEM};

    for (size_t i = 0; i < G_N_ELEMENTS(passing); i++)
        if (error == passing[i])
            return true;
    return false;
}

/* Reads the command line. It gives what query-name and query-uuid tell too, in case QEMU does not
 * answer. */
static void
read_definition(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline)
{
    const QemuProcessWords words = {qemu_host_view_reader(host), deadline};

    domain->definition =
        qemu_process_read_definition(qemu_host_view_root(host), &words, domain->pid);
    domain->lacks_definition = domain->definition == NULL && is_passing(errno);
    if (domain->definition != NULL && !qemu_known_is_identified(domain->known))
        qemu_domain_identify(domain, domain->definition->name, domain->definition->uuid);
}

/* Notes that the domain is the process @pid, and reads its command line if the source knew none. */
static void
note_process(QemuHostView *host, QemuDomain *domain, pid_t pid, UtilDeadline deadline)
{
    HostProcessStat stat = {0};
    uint64_t start_ticks = 0;

    if (host_process_read_stat(qemu_host_view_root(host), pid, 0, &stat))
        start_ticks = stat.start_ticks;
    if (domain->pid != 0 && (domain->pid != pid || domain->start_ticks != start_ticks))
        forget_all_but_connection(domain);
    if (start_ticks == 0) /* the same pid may be another process's by now */
        qemu_known_doubt_identity(domain->known);
    qemu_domain_set_process(domain, pid, start_ticks);
    if (qemu_domain_definition(domain) == NULL)
        read_definition(host, domain, deadline);
}

void
qemu_identity_read_again(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline)
{
    if (domain->lacks_definition && qemu_domain_definition(domain) == NULL)
        read_definition(host, domain, deadline);
}

/* True if /proc numbers processes as the kernel does towards us: a container without a /proc of its
 * own sees that of another pid namespace, in which a number is another process. */
static bool
is_proc_of_our_numbers(void)
{
    char text[32] = "";
    guint64 pid = 0;

    return readlink("/proc/self", text, sizeof(text) - 1) > 0 &&
           g_ascii_string_to_unsigned(text, 10, 1, INT_MAX, &pid, NULL) && (pid_t)pid == getpid();
}

bool
qemu_identity_check_peer(QemuHostView *host, QemuJob *job, bool is_proven)
{
    QemuDomain *domain = job->domain;
    pid_t pid = qemu_monitor_peer_pid(domain->monitor);
    pid_t expected = domain->endpoint->pid;
    g_autofree char *reason = NULL;

    domain->is_at_process = false;
    if (is_proven) {
        domain->is_at_process = domain->start_ticks != 0;
        return true;
    }
    if (pid != 0 && !is_proc_of_our_numbers())
        pid = 0;
    if (pid == 0) { /* a recording, or another pid namespace: there is nothing to compare */
        if (domain->pid == 0)
            forget_all_but_connection(domain);
        qemu_known_doubt_identity(domain->known);
        return true;
    }
    if (expected == 0) {
        note_process(host, domain, pid, job->request->deadline);
        domain->is_at_process = domain->start_ticks != 0;
        return true;
    }
    if (pid == expected) {
        domain->is_at_process = domain->endpoint->start_ticks != 0;
        if (!domain->is_at_process)
            qemu_known_doubt_identity(domain->known);
        return true;
    }
    reason = g_strdup_printf("the monitor socket of process %d now belongs to process %d",
                             (int)expected, (int)pid);
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_NO_MONITOR, reason);
    return false;
}

/* True if the domain's process is known and still has its pid. */
static bool
is_known_process(QemuHostView *host, const QemuDomain *domain)
{
    HostProcessStat stat = {0};

    return domain->pid != 0 &&
           host_process_read_stat(qemu_host_view_root(host), domain->pid, 0, &stat) &&
           stat.start_ticks == domain->start_ticks;
}

void
qemu_identity_find_process(QemuHostView *host, QemuDomain *domain, ino_t inode,
                           UtilDeadline deadline)
{
    g_autoptr(QemuDefinition) definition = NULL;
    pid_t pid = 0;

    if (inode == 0 || domain->endpoint->pid != 0 || is_known_process(host, domain))
        return;
    pid = host_holders_find(qemu_host_view_holders(host), inode, 0, deadline);
    if (pid == 0)
        return;
    /* Not only QEMU may hold the socket: a program that made it and started QEMU may too. */
    definition = qemu_process_read_definition(
        qemu_host_view_root(host), &(QemuProcessWords){qemu_host_view_reader(host), deadline}, pid);
    if (definition != NULL)
        note_process(host, domain, pid, deadline);
}

bool
qemu_identity_is_known(QemuJob *job)
{
    QemuDomain *domain = job->domain;
    const QemuDefinition *definition = qemu_domain_definition(domain);

    if (qemu_known_is_identified(domain->known))
        return true;
    if (job->request->is_recording || !domain->is_at_process || definition == NULL ||
        !definition->proven.has_identity)
        return false;
    qemu_known_take_proven(domain->known, &definition->proven);
    qemu_domain_identify(domain, definition->name, definition->uuid);
    return true;
}

/* NULL if the answer has no such string, or one past the limit. */
static const char *
read_text(const QemuAnswer *answer, const char *member)
{
    const char *text = answer ? util_json_member_string(answer->value, member) : NULL;

    if (text == NULL || strnlen(text, QEMU_LIMIT_STRING_BYTES + 1) > QEMU_LIMIT_STRING_BYTES)
        return NULL;
    return text;
}

static bool
say_no_qemu(GError **error)
{
    g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                        "the peer has none of the commands that a QEMU has");
    return false;
}

bool
qemu_identity_check_answers(const QemuJob *job, GError **error)
{
    const QemuAnswer *status = &job->answers[QEMU_COMMAND_QUERY_STATUS];

    if ((job->asked & QEMU_COMMAND_BIT(QUERY_STATUS)) == 0 ||
        status->status != QEMU_ANSWER_REFUSED ||
        status->refusal != QEMU_ANSWER_REFUSAL_NO_COMMAND || qemu_job_has_answer(job))
        return true;
    return say_no_qemu(error);
}

bool
qemu_identity_take_answers(QemuJob *job, GError **error)
{
    const QemuAnswer *name = qemu_job_answer(job, QEMU_COMMAND_QUERY_NAME);
    const QemuAnswer *uuid = qemu_job_answer(job, QEMU_COMMAND_QUERY_UUID);
    const QemuAnswer *commands = qemu_job_answer(job, QEMU_COMMAND_QUERY_COMMANDS);

    if (!qemu_known_take_identity(job->domain->known, commands ? commands->value : NULL))
        return say_no_qemu(error);
    qemu_domain_identify(job->domain, read_text(name, "name"), read_text(uuid, "UUID"));
    return true;
}
