/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_holder: see qemu_holder.h.
 *
 * Owns nothing. The kernel's tables of sockets tell which connections a listener has; the process
 * that has the other end of one open is its client.
 */
#include "qemu_holder.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/process/host_process.h"

#define TCP_PREFIX        "tcp:"
#define VISIT_PREFIX      "@domstats-visit/"
#define INITIAL_NAMESPACE "pid:[4026531836]" /* the kernel's PROC_PID_INIT_INO */

/* What is done after the deadline, once a call and for all domains, may take at most this long. */
enum { LATE_DIVISOR = 20, MIN_LATE_MS = 10, MAX_LATE_MS = 100 };

/* The deadline of the call or, once it has passed, a little more. */
static UtilDeadline
get_deadline(const QemuJob *job)
{
    unsigned int late_ms = CLAMP(job->request->timeout_ms / LATE_DIVISOR, MIN_LATE_MS, MAX_LATE_MS);

    return util_deadline_has_passed(job->request->deadline) ? util_deadline_in_ms(late_ms)
                                                            : job->request->deadline;
}

/* One look at one monitor. */
typedef struct {
    QemuHostView *host;
    const QemuDomain *domain;
    const QemuEndpointPlace *place;
    HostSockets *sockets;
    UtilDeadline deadline;
    ino_t own_inode; /* of the domain's own connection; 0: there is none */
    QemuHolderSight *sight;
    int64_t began_us; /* monotonic */
} Look;

/* Adds the namespaces of the domain's process and of the place. Gives that of the place, 0 if it is
 * not listed. */
static guint64
add_namespaces(const Look *self, bool *ret_is_complete)
{
    const pid_t pids[] = {0, self->domain->pid, self->place->netns_pid};
    guint64 number = 0;

    *ret_is_complete = true;
    for (size_t i = 0; i < G_N_ELEMENTS(pids); i++) {
        if (i == 0 || pids[i] != 0)
            number = host_sockets_add_namespace(self->sockets, pids[i], NULL);
        if (!host_sockets_is_whole(self->sockets, number))
            *ret_is_complete = false;
    }
    return self->place->netns_pid != 0 ? number
                                       : host_sockets_add_namespace(self->sockets, 0, NULL);
}

/* Reads the file to which the path of the place leads, and notes it in the sight. False if it leads
 * to none. */
static bool
read_file(const Look *self, struct stat *ret_status)
{
    const char *path = self->place->connect_path;

    if (path[0] != '/' || stat(path, ret_status) != 0)
        return false;
    self->sight->file_device = ret_status->st_dev;
    self->sight->file_inode = ret_status->st_ino;
    return true;
}

/* Finds the listener by its file; else by the name it was bound to, since on some file systems
 * stat() gives other numbers than the kernel's table has. The network namespace is compared too:
 * two containers may have the same name with the same number in their temporary file systems. */
static bool
find_by_path(const Look *self, guint64 net_namespace, HostListener *ret_listener)
{
    const QemuEndpointPlace *place = self->place;
    struct stat status = {0};

    if (read_file(self, &status) &&
        (host_sockets_find_file(self->sockets, status.st_dev, status.st_ino, ret_listener) ||
         host_sockets_find_path(self->sockets, net_namespace, place->bound_path, status.st_ino,
                                ret_listener)))
        return true;
    return host_sockets_find_path(self->sockets, net_namespace, place->bound_path, 0, ret_listener);
}

/* False if the domain's process is known not to have that socket open: then another process has
 * bound the same path since. */
static bool
may_be_its(const Look *self, ino_t inode)
{
    pid_t pid = self->domain->endpoint->pid;
    int fd = self->place->socket_fd;

    return pid == 0 || host_holders_has(qemu_host_view_holders(self->host), pid, inode, &fd) ||
           errno == EACCES;
}

/* True if the file has the number of that of the listener @own, whatever its device: where the
 * kernel's table has the file too, it leads to @own itself. */
static bool
may_be_file_of(const Look *self, const struct stat *file, ino_t own)
{
    HostListener listener = {0};
    HostListener there = {0};

    if (host_sockets_find_file(self->sockets, file->st_dev, file->st_ino, &there))
        return there.inode == own;
    return host_sockets_find(self->sockets, AF_UNIX, own, &listener) &&
           listener.file_inode == (uint32_t)file->st_ino;
}

/* Notes the listener to which the path leads if it is not @own. */
static void
note_other(const Look *self, guint64 net_namespace, ino_t own)
{
    HostListener there = {0};
    struct stat file = {0};

    if (self->place->connect_path[0] != '/' ||
        (read_file(self, &file) && may_be_file_of(self, &file, own)))
        return;
    if (find_by_path(self, net_namespace, &there) && there.inode != own)
        self->sight->other_inode = there.inode;
}

static bool
find_by_address(const Look *self, guint64 net_namespace, HostListener *ret_listener)
{
    HostAddress address = {0};

    return host_address_parse(self->place->connect_path + strlen(TCP_PREFIX), &address) &&
           host_sockets_find_tcp(self->sockets, net_namespace, &address, ret_listener);
}

static bool
find_listener(const Look *self, guint64 net_namespace, HostListener *ret_listener)
{
    const QemuEndpointPlace *place = self->place;
    bool is_tcp = g_str_has_prefix(place->connect_path, TCP_PREFIX);
    bool is_found = false;

    if (place->socket_inode != 0) {
        note_other(self, net_namespace, place->socket_inode);
        return host_sockets_find(self->sockets, is_tcp ? AF_INET : AF_UNIX, place->socket_inode,
                                 ret_listener);
    }
    is_found = is_tcp ? find_by_address(self, net_namespace, ret_listener)
                      : find_by_path(self, net_namespace, ret_listener);
    if (!is_found || may_be_its(self, ret_listener->inode))
        return is_found;
    self->sight->other_inode = ret_listener->inode;
    return false;
}

/* True if a process runs the same program file as this one. */
static bool
runs_our_program(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/exe", (int)pid);
    struct stat other = {0};
    struct stat own = {0};

    return stat(path, &other) == 0 && stat("/proc/self/exe", &own) == 0 &&
           other.st_dev == own.st_dev && other.st_ino == own.st_ino;
}

static bool
is_visit(const Look *self, const HostListenerClient *client)
{
    HostHolders *holders = qemu_host_view_holders(self->host);
    pid_t pid = 0;

    if (client->remote.family == 0)
        return g_str_has_prefix(client->name, VISIT_PREFIX);
    pid = host_holders_find(holders, client->peer_inode, self->domain->holder_pid, self->deadline);
    if (pid == 0 && client->peer_inode != 0) /* a visit that began after the search, perhaps */
        return !host_holders_is_sure(holders, self->began_us);
    return pid != 0 && runs_our_program(pid);
}

/* A unix client that has closed its end; QEMU has not noticed it yet. */
static bool
has_left(const HostListenerClient *client)
{
    return client->remote.family == 0 && client->knows_peer && client->peer_inode == 0;
}

static void
take_accepted(const Look *self, const HostListenerClient *client)
{
    QemuHolderKind kind = QEMU_HOLDER_OTHER;

    if (has_left(client))
        return;
    if (is_visit(self, client))
        kind = QEMU_HOLDER_VISIT;
    if (kind <= self->sight->kind)
        return;
    self->sight->kind = kind;
    self->sight->client = *client;
}

/* Fills in the sight from a listener and its clients. */
static void
take_listener(const Look *self, const HostListener *listener)
{
    QemuHolderSight *sight = self->sight;
    g_autoptr(GArray) clients = host_sockets_list_clients(self->sockets, listener);
    unsigned int n_own = 0;
    unsigned int n_waiting = 0;
    unsigned int n_visits = 0;

    sight->is_known = true;
    sight->inode = listener->inode;
    for (guint i = 0; clients != NULL && i < clients->len; i++) {
        const HostListenerClient *client = &g_array_index(clients, HostListenerClient, i);
        bool is_own = self->own_inode != 0 && client->peer_inode == self->own_inode;

        if (client->is_accepted && !is_own)
            take_accepted(self, client);
        if (client->is_accepted)
            continue;
        n_own += is_own;
        n_waiting += !is_own;
        n_visits += !is_own && !has_left(client) && is_visit(self, client);
    }
    sight->n_queued =
        listener->knows_queue ? listener->n_queued - MIN(n_own, listener->n_queued) : n_waiting;
    sight->queue_is_visits = n_visits == sight->n_queued;
    sight->is_complete = sight->is_complete && clients != NULL && listener->knows_queue;
}

static void
look(QemuHostView *host, const QemuJob *job, const QemuEndpointPlace *place, int64_t since_us,
     bool is_everywhere, QemuHolderSight *ret_sight)
{
    bool is_whole = true;
    g_autoptr(HostSockets) sockets =
        is_everywhere ? qemu_host_view_ref_all_sockets(host, since_us, get_deadline(job), &is_whole)
                      : qemu_host_view_ref_sockets(host, since_us);
    Look self = {.host = host,
                 .domain = job->domain,
                 .place = place,
                 .sockets = sockets,
                 .deadline = get_deadline(job),
                 .sight = ret_sight,
                 .began_us = util_deadline_now_us()};
    HostListener listener = {0};
    struct stat status = {0};
    guint64 net_namespace = 0;

    *ret_sight = (QemuHolderSight){.is_complete = sockets != NULL ||
                                                  !host_root_is_live(qemu_host_view_root(host))};
    if (sockets == NULL)
        return;
    if (job->domain->monitor != NULL && fstat(qemu_monitor_fd(job->domain->monitor), &status) == 0)
        self.own_inode = status.st_ino;
    net_namespace = add_namespaces(&self, &ret_sight->is_complete);
    ret_sight->is_complete &= is_whole;
    if (find_listener(&self, net_namespace, &listener))
        take_listener(&self, &listener);
}

void
qemu_holder_look(QemuHostView *host, const QemuJob *job, const QemuEndpointPlace *place,
                 int64_t since_us, QemuHolderSight *ret_sight)
{
    look(host, job, place, since_us, false, ret_sight);
}

void
qemu_holder_look_everywhere(QemuHostView *host, const QemuJob *job, const QemuEndpointPlace *place,
                            int64_t since_us, QemuHolderSight *ret_sight)
{
    look(host, job, place, since_us, true, ret_sight);
}

/* The process that has the client's socket. A socket may be open in several, as when it was
 * inherited: then not QEMU itself. */
static pid_t
find_process(QemuHostView *host, const QemuJob *job, ino_t inode)
{
    HostHolders *holders = qemu_host_view_holders(host);
    UtilDeadline deadline = get_deadline(job);
    pid_t pid = host_holders_find(holders, inode, job->domain->holder_pid, deadline);
    g_autoptr(GArray) all = NULL;

    if (pid == 0 || pid != job->domain->pid)
        return pid;
    all = host_holders_find_all(holders, inode, deadline);
    for (guint i = 0; i < all->len; i++)
        if (g_array_index(all, pid_t, i) != job->domain->pid)
            return g_array_index(all, pid_t, i);
    return pid;
}

static char *
name_process(HostRoot *root, pid_t pid)
{
    HostProcessStat stat = {0};

    if (!host_process_read_stat(root, pid, 0, &stat))
        return g_strdup_printf("process %d", (int)pid);
    return g_strdup_printf("process %d (%s)", (int)pid, stat.name);
}

/* Why no process was found that has the client's socket. */
static const char *
explain_unseen(QemuHostView *host, const HostListenerClient *client)
{
    g_autofree char *link = host_root_readlink(qemu_host_view_root(host), "proc/self/ns/pid");

    if (!client->knows_peer)
        return "we have no permission to enter its network namespace";
    if (host_holders_is_denied(qemu_host_view_holders(host)))
        return "we have no permission to look at other users' processes";
    if (g_strcmp0(link, INITIAL_NAMESPACE) != 0)
        return "it is in another pid namespace, or has let go";
    return "it was not found in time, or has let go";
}

/* "process 12 (virtqemud)", "a client at 10.0.0.5:4321", or what is known of it. */
static char *
describe_client(QemuHostView *host, const HostListenerClient *client, pid_t pid)
{
    char address[HOST_ADDRESS_TEXT_BYTES] = "";

    if (pid != 0)
        return name_process(qemu_host_view_root(host), pid);
    if (g_str_has_prefix(client->name, VISIT_PREFIX))
        return g_strdup("another domstats");
    if (client->remote.family != 0)
        host_address_format(&client->remote, address);
    if (client->remote.family != 0 && client->knows_peer && client->peer_inode == 0)
        return g_strdup_printf("a client at %s", address);
    return g_strdup_printf("a process that cannot be seen from here%s%s: %s",
                           client->remote.family != 0 ? ", at " : "", address,
                           explain_unseen(host, client));
}

void
qemu_holder_judge(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place,
                  const QemuHolderSight *sight)
{
    pid_t pid = find_process(host, job, sight->client.peer_inode);
    g_autofree char *client = describe_client(host, &sight->client, pid);
    g_autofree char *reason =
        g_strdup_printf("its monitor '%s' is held by %s", place->bound_path, client);

    job->domain->holder_pid = pid;
    qemu_job_set_verdict(job, DOMSTATS_HEALTH_BUSY, reason);
}
