/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_view: see qemu_host_view.h.
 *
 * Owns what is read once a call for all domains: the tables of sockets, the interface counters
 * of each network namespace, and whether the kernel tells wait sums. Each is read under the lock
 * when first needed, and freed with the view.
 */
#include "qemu_host_view.h"

#include <pthread.h>

#include "host/process/host_ksm.h"
#include "host/process/host_passed.h"
#include "host/process/host_process.h"

enum { WALK_PAUSE = 8 }; /* times what a walk took, until the next that can be put off */

typedef enum { NOT_ASKED, ANSWER_NO, ANSWER_YES } Lazy;

struct QemuHostView {
    HostRoot *root;
    const char *resctrl_root;
    const char *const *perf_events;
    pthread_mutex_t lock;
    HostSockets *sockets;
    int64_t sockets_us;        /* monotonic: when their reading began; 0: they were not read */
    pthread_mutex_t walk_lock; /* held while all processes are walked; @lock is taken within */
    HostSockets *walked;       /* the tables of all network namespaces; NULL: not read */
    int64_t walked_us;         /* when their reading began */
    int64_t next_walk_us;
    bool is_walked_whole;
    HostReader *reader;
    HostHolders *holders;
    char *own_namespace;
    HostLinks *links; /* NULL: not read, or it cannot be */
    bool has_read_links;
    HostQdiscs *qdiscs; /* likewise */
    bool has_read_qdiscs;
    GHashTable *vfs; /* name of an interface -> HostVfs *, NULL: not to be had */
    Lazy has_passed;
    GHashTable *netdevs; /* net namespace -> HostNetdevTable * */
    GHashTable *members; /* folder of a control group -> HostMembers *, NULL: not to be had */
    Lazy has_wait_sum;
    Lazy has_ksm;
};

static void
free_vfs(gpointer data)
{
    host_vf_free(data);
}

static void
unref_members(gpointer data)
{
    host_members_unref(data);
}

static void
free_netdevs(gpointer data)
{
    host_netdev_free(data);
}

QemuHostView *
qemu_host_view_new(HostRoot *root, const char *resctrl_root, const char *const *perf_events)
{
    QemuHostView *self = g_new0(QemuHostView, 1);

    self->root = root;
    self->reader = host_reader_new(root);
    self->holders = host_holders_new(root);
    self->resctrl_root = resctrl_root;
    self->perf_events = perf_events;
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->walk_lock, NULL);
    self->netdevs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_netdevs);
    self->vfs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_vfs);
    self->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_members);
    return self;
}

void
qemu_host_view_free(QemuHostView *self)
{
    if (self == NULL)
        return;
    host_reader_free(self->reader);
    host_holders_free(self->holders);
    host_sockets_unref(self->walked);
    host_sockets_unref(self->sockets);
    g_hash_table_unref(self->netdevs);
    g_hash_table_unref(self->members);
    g_free(self->own_namespace);
    host_links_free(self->links);
    host_qdisc_free(self->qdiscs);
    g_hash_table_unref(self->vfs);
    pthread_mutex_destroy(&self->walk_lock);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

const char *
qemu_host_view_resctrl_root(const QemuHostView *self)
{
    return self->resctrl_root;
}

const char *const *
qemu_host_view_perf_events(const QemuHostView *self)
{
    return self->perf_events;
}

HostRoot *
qemu_host_view_root(QemuHostView *self)
{
    return self->root;
}

HostReader *
qemu_host_view_reader(QemuHostView *self)
{
    return self->reader;
}

HostHolders *
qemu_host_view_holders(QemuHostView *self)
{
    return self->holders;
}

HostSockets *
qemu_host_view_ref_sockets(QemuHostView *self, int64_t since_us)
{
    HostSockets *sockets = NULL;

    if (!host_root_is_live(self->root))
        return NULL;
    pthread_mutex_lock(&self->lock);
    if (self->sockets_us == 0 || self->sockets_us < since_us) {
        self->sockets_us = util_deadline_now_us();
        host_sockets_unref(self->sockets);
        self->sockets = host_sockets_read(self->root, NULL);
    }
    if (self->sockets != NULL)
        sockets = host_sockets_ref(self->sockets);
    pthread_mutex_unlock(&self->lock);
    return sockets;
}

/* Reads the newest tables, so that they serve all who have dialled by now. */
static void
walk(QemuHostView *self, UtilDeadline deadline)
{
    int64_t began_us = util_deadline_now_us();
    HostSockets *sockets = qemu_host_view_ref_sockets(self, began_us);
    int64_t ended_us = 0;

    host_sockets_unref(self->walked);
    self->walked = sockets;
    self->walked_us = began_us;
    self->is_walked_whole = sockets != NULL && host_sockets_add_all(sockets, deadline);
    ended_us = util_deadline_now_us();
    self->next_walk_us = ended_us + WALK_PAUSE * (ended_us - began_us);
}

HostSockets *
qemu_host_view_ref_all_sockets(QemuHostView *self, int64_t since_us, UtilDeadline deadline,
                               bool *ret_is_whole)
{
    HostSockets *sockets = NULL;

    pthread_mutex_lock(&self->walk_lock);
    if (self->walked == NULL || self->walked_us < since_us)
        walk(self, deadline);
    if (self->walked != NULL)
        sockets = host_sockets_ref(self->walked);
    if (!self->is_walked_whole)
        *ret_is_whole = false;
    pthread_mutex_unlock(&self->walk_lock);
    return sockets;
}

bool
qemu_host_view_may_walk(QemuHostView *self, int64_t since_us)
{
    bool may = false;

    pthread_mutex_lock(&self->walk_lock);
    may = (self->walked != NULL && self->walked_us >= since_us) ||
          util_deadline_now_us() >= self->next_walk_us;
    pthread_mutex_unlock(&self->walk_lock);
    return may;
}

HostMembers *
qemu_host_view_list_members(gpointer data, const char *folder, HostMembers *before)
{
    QemuHostView *self = data;
    HostMembers *members = NULL;

    pthread_mutex_lock(&self->lock);
    if (!g_hash_table_lookup_extended(self->members, folder, NULL, (gpointer *)&members)) {
        members = host_members_read(self->root, folder, before);
        g_hash_table_insert(self->members, g_strdup(folder), members);
    }
    if (members != NULL)
        host_members_ref(members);
    pthread_mutex_unlock(&self->lock);
    return members;
}

/* The answer to a question about the host that is asked once a call. */
static bool
ask_once(QemuHostView *self, Lazy *answer, bool (*ask)(HostRoot *root))
{
    bool is_so = false;

    pthread_mutex_lock(&self->lock);
    if (*answer == NOT_ASKED)
        *answer = ask(self->root) ? ANSWER_YES : ANSWER_NO;
    is_so = *answer == ANSWER_YES;
    pthread_mutex_unlock(&self->lock);
    return is_so;
}

bool
qemu_host_view_has_wait_sum(QemuHostView *self)
{
    return ask_once(self, &self->has_wait_sum, host_process_has_wait_sum);
}

bool
qemu_host_view_has_ksm(QemuHostView *self)
{
    return ask_once(self, &self->has_ksm, host_ksm_is_on);
}

/* The link of our own network namespace; NULL if it cannot be read. Call it with the lock held. */
static const char *
get_own_namespace(QemuHostView *self)
{
    if (self->own_namespace == NULL)
        self->own_namespace = host_root_readlink(self->root, "proc/self/ns/net");
    return self->own_namespace;
}

/* Reads the counters through a process in that namespace: this one, or the domain's. A tap that was
 * moved may be in a namespace without a process that we know: then through its descriptor @fd. */
static HostNetdevTable *
read_netdevs(QemuHostView *self, const QemuDomain *domain, const char *net_namespace, int fd)
{
    if (net_namespace[0] == '\0' || g_strcmp0(net_namespace, get_own_namespace(self)) == 0)
        return host_netdev_read(self->root, 0);
    if (g_strcmp0(net_namespace, domain->host.net_namespace) == 0)
        return host_netdev_read(self->root, domain->pid);
    return fd >= 0 ? host_tap_read_table(self->root, domain->pid, fd) : NULL;
}

const HostNetdevTable *
qemu_host_view_netdevs(QemuHostView *self, const QemuDomain *domain, const char *net_namespace,
                       int fd)
{
    const char *key = net_namespace ? net_namespace : "";
    HostNetdevTable *table = NULL;

    pthread_mutex_lock(&self->lock);
    if (!g_hash_table_lookup_extended(self->netdevs, key, NULL, (gpointer *)&table)) {
        table = read_netdevs(self, domain, key, fd);
        g_hash_table_insert(self->netdevs, g_strdup(key), table);
    }
    pthread_mutex_unlock(&self->lock);
    return table;
}

bool
qemu_host_view_is_own_namespace(QemuHostView *self, const char *net_namespace)
{
    bool is_own = false;

    pthread_mutex_lock(&self->lock);
    is_own = g_strcmp0(net_namespace, get_own_namespace(self)) == 0;
    pthread_mutex_unlock(&self->lock);
    return is_own;
}

const HostLinks *
qemu_host_view_links(QemuHostView *self)
{
    pthread_mutex_lock(&self->lock);
    if (!self->has_read_links)
        self->links = host_links_read(self->root);
    self->has_read_links = true;
    pthread_mutex_unlock(&self->lock);
    return self->links;
}

const HostQdiscs *
qemu_host_view_qdiscs(QemuHostView *self)
{
    pthread_mutex_lock(&self->lock);
    if (!self->has_read_qdiscs)
        self->qdiscs = host_qdisc_read(self->root);
    self->has_read_qdiscs = true;
    pthread_mutex_unlock(&self->lock);
    return self->qdiscs;
}

bool
qemu_host_view_has_passed(QemuHostView *self)
{
    return ask_once(self, &self->has_passed, host_passed_is_possible);
}

const HostVfs *
qemu_host_view_vfs(QemuHostView *self, const char *ifname, const char *pci)
{
    HostVfs *vfs = NULL;

    pthread_mutex_lock(&self->lock);
    if (!g_hash_table_lookup_extended(self->vfs, ifname, NULL, (gpointer *)&vfs)) {
        vfs = host_vf_read(self->root, ifname, pci);
        g_hash_table_insert(self->vfs, g_strdup(ifname), vfs);
    }
    pthread_mutex_unlock(&self->lock);
    return vfs;
}
