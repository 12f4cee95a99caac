/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_identity: who answers on a fresh connection.
 *
 * Owns nothing; writes what it learns into the domain. The kernel's word on the peer
 * (SO_PEERCRED) comes with connect(), before QEMU says anything, so it holds for a stopped
 * QEMU as well.
 */
#include "qemu_identity.h"

#include "host/host_process.h"
#include "qemu_process.h"

/* The peer is the process we know, or one that has taken its place. */
static void
settle_process(QemuHostRound *host, QemuDomain *domain, pid_t pid)
{
    HostProcessStat stat = {0};
    uint64_t start_ticks = 0;

    if (host_process_read_stat(qemu_host_root(host), pid, 0, &stat))
        start_ticks = stat.start_ticks;
    if (domain->pid != 0 && (domain->pid != pid || domain->start_ticks != start_ticks)) {
        QemuMonitor *monitor = g_steal_pointer(&domain->monitor);

        qemu_domain_forget_process(domain);
        domain->monitor = monitor;
    }
    qemu_domain_set_process(domain, pid, start_ticks);
    if (qemu_domain_definition(domain) != NULL)
        return;
    domain->definition = qemu_process_read_definition(qemu_host_root(host), pid);
    /* What query-name and query-uuid would say, for a QEMU that does not come to say it. */
    if (domain->definition != NULL)
        qemu_domain_identify(domain, domain->definition->name, domain->definition->uuid);
}

bool
qemu_identity_check_peer(QemuHostRound *host, QemuJob *job)
{
    QemuDomain *domain = job->domain;
    pid_t pid = qemu_monitor_peer_pid(domain->monitor);
    pid_t expected = domain->endpoint->pid;

    if (pid == 0)
        return true; /* a recording, TCP, another pid namespace: nothing to compare */
    if (expected == 0) {
        settle_process(host, domain, pid);
        return true;
    }
    if (pid == expected)
        return true;
    job->verdict = DOMSTATS_HEALTH_NO_MONITOR;
    g_free(job->reason);
    job->reason = g_strdup_printf("the monitor socket of process %d now belongs to process %d",
                                  (int)expected, (int)pid);
    return false;
}

void
qemu_identity_take_answers(QemuJob *job)
{
    QemuKnown *known = &job->domain->known;
    const QemuAnswer *name = qemu_job_answer(job, QEMU_COMMAND_QUERY_NAME);
    const QemuAnswer *uuid = qemu_job_answer(job, QEMU_COMMAND_QUERY_UUID);
    const QemuAnswer *commands = qemu_job_answer(job, QEMU_COMMAND_QUERY_COMMANDS);

    qemu_domain_identify(job->domain, name ? util_json_member_string(name->value, "name") : NULL,
                         uuid ? util_json_member_string(uuid->value, "UUID") : NULL);
    if (commands != NULL)
        known->available = qemu_command_parse_available(commands->value);
    known->is_identified = true;
}
