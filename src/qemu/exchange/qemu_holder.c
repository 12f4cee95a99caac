/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_holder: finds the other client of a monitor.
 *
 * Owns nothing. The kernel's tables of sockets tell which connections a listener has; the
 * process that has the other end of one open is its client.
 */
#include "qemu_holder.h"

#include <sys/stat.h>
#include <unistd.h>

#include "host/host_process.h"

static char *
name_process(HostRoot *root, pid_t pid)
{
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, 0, &stat))
        return g_strdup_printf("process %d", (int)pid);
    return g_strdup_printf("process %d (%s)", (int)pid, stat.name);
}

/* True if @inode is that of this job's own socket: a peer that does not greet may have accepted it.
 */
static bool
is_own_connection(const QemuDomain *domain, ino_t inode)
{
    struct stat status = {0};

    return domain->monitor != NULL && fstat(qemu_monitor_fd(domain->monitor), &status) == 0 &&
           status.st_ino == inode;
}

/* The listener at @place: by the name it was bound to if that name still leads to its file, else by
 * the file. */
static bool
find_listener(HostSockets *sockets, const QemuEndpointPlace *place, HostListener *ret_listener)
{
    struct stat status = {0};
    bool has_file = place->connect_path[0] == '/' && stat(place->connect_path, &status) == 0;

    if (has_file &&
        (host_sockets_find_path(sockets, 0, place->bound_path, status.st_ino, ret_listener) ||
         host_sockets_find_file(sockets, status.st_dev, status.st_ino, ret_listener)))
        return true;
    /* On some file systems stat() gives other numbers than the kernel's table has. */
    return host_sockets_find_path(sockets, 0, place->bound_path, 0, ret_listener);
}

bool
qemu_holder_find_listener(QemuHostView *host, const QemuEndpointPlace *place,
                          HostListener *ret_listener)
{
    HostSockets *sockets = qemu_host_view_sockets(host);

    return sockets != NULL && find_listener(sockets, place, ret_listener);
}

/* The inode of the client that the listener at @place has accepted and that is still there; 0:
 * there is none. */
static ino_t
find_client(HostSockets *sockets, const QemuEndpointPlace *place)
{
    HostListener listener = {0};
    g_autoptr(GArray) clients = NULL;

    if (sockets == NULL || !find_listener(sockets, place, &listener))
        return 0;
    clients = host_sockets_list_clients(sockets, &listener);
    for (guint i = 0; clients != NULL && i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);

        if (client->is_accepted && client->peer_inode != 0)
            return client->peer_inode;
    }
    return 0;
}

static bool
judge_held(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place, HostSockets *sockets)
{
    ino_t client = find_client(sockets, place);
    g_autofree char *holder = NULL;
    g_autofree char *reason = NULL;
    pid_t pid = 0;

    /* Without an inode the client has closed its end, and QEMU has not noticed it yet. */
    if (client == 0 || is_own_connection(job->domain, client))
        return false;
    pid = host_holders_find(qemu_host_view_holders(host), client, job->domain->holder_pid,
                            job->request->deadline);
    job->domain->holder_pid = pid;
    holder = pid > 0 ? name_process(qemu_host_view_root(host), pid)
                     : g_strdup("a process that cannot be seen from here");
    reason = g_strdup_printf("its monitor '%s' is held by %s", place->bound_path, holder);
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_BUSY, reason);
    return true;
}

bool
qemu_holder_judge_busy(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place)
{
    const QemuDomain *domain = job->domain;
    g_autoptr(HostSockets) fresh = NULL;

    if (!judge_held(host, job, place, qemu_host_view_sockets(host)))
        return false;
    if (domain->holder_pid != getpid() && (domain->holder_pid != 0 || geteuid() != 0))
        return true;
    /* The table may be old. If this process itself is the holder (another call of ours), or root
     * sees no holder among all processes, the holder may have closed its connection since. */
    fresh = host_sockets_read(qemu_host_view_root(host), NULL);
    return judge_held(host, job, place, fresh);
}

bool
qemu_holder_judge_overtaken(QemuHostView *host, QemuJob *job)
{
    const GPtrArray *places = job->domain->endpoint->places;

    if (qemu_monitor_has_greeted(job->domain->monitor))
        return false;
    for (guint i = 0; i < places->len; i++)
        if (judge_held(host, job, g_ptr_array_index(places, i), qemu_host_view_late_sockets(host)))
            return true;
    return false;
}
