/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockets: see host_sockets.h.
 *
 * Owns the list of namespaces that were read and the two tables of sockets. Does not know what is
 * sent over the sockets.
 *
 * How it works
 *
 * A namespace is known by the number of its file in nsfs; where its link cannot be read, by the
 * number of its file "unix" in /proc, which each namespace has of its own. Unix sockets are listed
 * when the namespace is added, TCP listeners when the first is asked for: most hosts have no TCP
 * monitor, and the kernel would load a module for it.
 */
#include "host_sockets.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "host/host_limits.h"
#include "host/host_netns.h"
#include "host/host_process.h"
#include "host/host_text.h"
#include "host_procnet.h"
#include "host_tcptable.h"
#include "host_unixtable.h"
#include "util/util_error.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"

typedef struct {
    guint64 numbers[2]; /* of its file in nsfs, and of its file "unix"; 0 not known */
    pid_t pid;          /* a process in it when it was added; 0: it is ours */
    bool is_listed;     /* its unix sockets are in the table */
    bool is_by_proc;    /* as far as /proc tells */
    bool tcp_was_read;
    bool tcp_is_by_proc; /* the kernel itself lists no TCP sockets */
} Namespace;

struct HostSockets {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, so that a recording of @root keeps nothing of other
                            processes; NULL: use @root */
    pthread_mutex_t lock;
    GPtrArray *namespaces; /* Namespace *, owned */
    GHashTable *by_number; /* either number -> Namespace */
    guint64 own_number;    /* of our namespace's file in nsfs; 0 not known */
    HostUnixtable *unix_table;
    HostTcptable *tcp_table;
    bool all_were_added;
    bool is_whole; /* what host_sockets_add_all() gave */
    UtilRefcount ref_count;
};

HostSockets *
host_sockets_new(HostRoot *root)
{
    HostSockets *self = g_new0(HostSockets, 1);

    self->root = root;
    if (host_root_is_live(root))
        self->live_root = host_root_new_live();
    pthread_mutex_init(&self->lock, NULL);
    self->namespaces = g_ptr_array_new_with_free_func(g_free);
    self->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
    self->unix_table = host_unixtable_new();
    self->tcp_table = host_tcptable_new();
    util_refcount_init(&self->ref_count);
    return self;
}

HostSockets *
host_sockets_ref(HostSockets *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
host_sockets_unref(HostSockets *self)
{
    if (!self || !util_refcount_dec(&self->ref_count))
        return;
    host_tcptable_free(self->tcp_table);
    host_unixtable_free(self->unix_table);
    g_hash_table_unref(self->by_number);
    g_ptr_array_unref(self->namespaces);
    pthread_mutex_destroy(&self->lock);
    host_root_free(self->live_root);
    g_free(self);
}

HostSockets *
host_sockets_read(HostRoot *root, GError **error)
{
    g_autoptr(HostSockets) self = host_sockets_new(root);

    return host_sockets_add_namespace(self, 0, error) != 0 ? g_steal_pointer(&self) : NULL;
}

static HostRoot *
get_root(const HostSockets *self)
{
    return self->live_root ? self->live_root : self->root;
}

static char *
make_proc_path(pid_t pid, const char *name)
{
    return pid == 0 ? g_strdup_printf("proc/self/%s", name)
                    : g_strdup_printf("proc/%d/%s", (int)pid, name);
}

/* The number in "net:[number]"; 0 if the link cannot be read. */
static guint64
read_number(const HostSockets *self, pid_t pid)
{
    g_autofree char *path = make_proc_path(pid, "ns/net");
    g_autofree char *link = host_root_readlink(get_root(self), path);
    const char *bracket = link ? strchr(link, '[') : NULL;

    return bracket ? g_ascii_strtoull(bracket + 1, NULL, 10) : 0;
}

static guint64
read_file_number(const HostSockets *self, pid_t pid)
{
    g_autofree char *path = make_proc_path(pid, "net/unix");
    struct stat status = {0};

    return host_root_stat(get_root(self), path, &status) ? status.st_ino : 0;
}

/* A netlink socket in the namespace; NULL and an error if we may not enter it. */
static HostSockdiag *
open_diag(HostSockets *self, const Namespace *namespace, GError **error)
{
    g_auto(UtilFd) fd = -1;
    struct stat status = {0};

    if (!host_root_is_live(self->root)) {
        g_set_error_literal(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                            "the sockets of a recording cannot be asked for");
        return NULL;
    }
    if (namespace->pid == 0 || namespace->numbers[0] == self->own_number)
        return host_sockdiag_open(-1, error);
    fd = host_netns_open(namespace->pid);
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != namespace->numbers[0]) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "cannot enter the network namespace of process %d: %s", (int)namespace->pid,
                    g_strerror(fd < 0 ? errno : ESRCH));
        return NULL;
    }
    return host_sockdiag_open(fd, error);
}

typedef struct {
    HostSockets *self;
    guint64 number;
} Reading;

static bool
take_unix(const HostUnixdiagSocket *socket, void *data)
{
    const Reading *reading = data;

    return host_unixtable_add(reading->self->unix_table, reading->number, socket);
}

static guint64
number_of(const Namespace *namespace)
{
    return namespace->numbers[0] != 0 ? namespace->numbers[0] : namespace->numbers[1];
}

static bool
list_unix(HostSockets *self, Namespace *namespace, GError **error)
{
    Reading reading = {self, number_of(namespace)};
    g_autoptr(GError) refusal = NULL;
    g_autoptr(HostSockdiag) diag = open_diag(self, namespace, &refusal);

    if (diag && host_unixdiag_list(diag, take_unix, &reading, &refusal))
        return true;
    namespace->is_by_proc = true;
    if (host_procnet_list_unix(get_root(self), namespace->pid, take_unix, &reading))
        return true;
    g_propagate_error(error, g_steal_pointer(&refusal));
    return false;
}

static void
note_number(HostSockets *self, Namespace *namespace, size_t kind, guint64 number)
{
    if (number == 0 || namespace->numbers[kind] != 0)
        return;
    namespace->numbers[kind] = number;
    g_hash_table_insert(self->by_number, &namespace->numbers[kind], namespace);
}

/* The namespace of @pid: the one that is there already, or a new one, not listed yet; NULL with
 * errno if it cannot be told. */
static Namespace *
get_namespace(HostSockets *self, pid_t pid, bool *ret_is_new)
{
    guint64 number = read_number(self, pid);
    Namespace *namespace = number ? g_hash_table_lookup(self->by_number, &number) : NULL;
    guint64 file_number = 0;

    *ret_is_new = false;
    if (namespace)
        return namespace;
    /* A recording has no such number. */
    file_number = host_root_is_live(self->root) ? read_file_number(self, pid) : (guint64)pid + 1;
    if (number == 0 && file_number == 0)
        return NULL;
    namespace = file_number ? g_hash_table_lookup(self->by_number, &file_number) : NULL;
    if (!namespace) {
        namespace = g_new0(Namespace, 1);
        namespace->pid = pid;
        g_ptr_array_add(self->namespaces, namespace);
        *ret_is_new = true;
    }
    note_number(self, namespace, 0, number);
    note_number(self, namespace, 1, file_number);
    return namespace;
}

/* Gives it if its sockets are in the table; else NULL with errno, and an error if they were tried
 * to be listed now. */
static const Namespace *
add_namespace(HostSockets *self, pid_t pid, GError **error)
{
    bool is_new = false;
    Namespace *namespace = NULL;

    if (self->own_number == 0)
        self->own_number = read_number(self, 0);
    namespace = get_namespace(self, pid, &is_new);
    if (!namespace)
        return NULL;
    if (is_new)
    namespace->is_listed = list_unix(self, namespace, error);
    errno = EACCES;
    return namespace->is_listed ? namespace : NULL;
}

guint64
host_sockets_add_namespace(HostSockets *self, pid_t pid, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    const Namespace *namespace = NULL;
    guint64 number = 0;

    pthread_mutex_lock(&self->lock);
    namespace = add_namespace(self, pid, &refusal);
    if (namespace)
        number = number_of(namespace);
    else if (!refusal)
        g_set_error(&refusal, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "the sockets in the network namespace of process %d cannot be listed: %s",
                    (int)pid, g_strerror(errno));
    pthread_mutex_unlock(&self->lock);
    if (!namespace)
        g_propagate_error(error, g_steal_pointer(&refusal));
    return number;
}

bool
host_sockets_is_whole(HostSockets *self, guint64 net_namespace)
{
    const Namespace *namespace = NULL;
    bool is_whole = false;

    pthread_mutex_lock(&self->lock);
    namespace = g_hash_table_lookup(self->by_number, &net_namespace);
    is_whole = namespace && namespace->is_listed && !namespace->is_by_proc;
    pthread_mutex_unlock(&self->lock);
    return is_whole;
}

static bool
add_all(HostSockets *self, UtilDeadline deadline)
{
    g_autofree pid_t *pids = host_process_list(get_root(self), NULL);
    bool is_whole = pids != NULL;

    for (size_t i = 0; pids && pids[i] != 0; i++) {
        const Namespace *namespace = NULL;

        if (util_deadline_has_passed(deadline) || self->namespaces->len >= HOST_LIMIT_NAMESPACES)
            return false;
        namespace = add_namespace(self, pids[i], NULL);
        /* Of a process that has ended since there is nothing to list. */
        if (namespace ? namespace->is_by_proc : errno == EACCES || errno == EPERM)
            is_whole = false;
    }
    return is_whole;
}

bool
host_sockets_add_all(HostSockets *self, UtilDeadline deadline)
{
    bool is_whole = false;

    pthread_mutex_lock(&self->lock);
    if (!self->all_were_added)
        self->is_whole = add_all(self, deadline);
    self->all_were_added = true;
    is_whole = self->is_whole;
    pthread_mutex_unlock(&self->lock);
    return is_whole;
}

static bool
take_tcp(const HostTcpdiagSocket *socket, void *data)
{
    const Reading *reading = data;

    return host_tcptable_add(reading->self->tcp_table, reading->number, socket);
}

static const int tcp_families[] = {AF_INET, AF_INET6};

/* NULL if TCP sockets are to be read from /proc. */
static HostSockdiag *
open_tcp_diag(HostSockets *self, const Namespace *namespace)
{
    return namespace->tcp_is_by_proc ? NULL : open_diag(self, namespace, NULL);
}

static void
list_tcp(HostSockets *self, Namespace *namespace)
{
    Reading reading = {self, number_of(namespace)};
    g_autoptr(HostSockdiag) diag = NULL;

    if (namespace->tcp_was_read)
        return;
    namespace->tcp_was_read = true;
    diag = open_tcp_diag(self, namespace);
    for (size_t i = 0; i < G_N_ELEMENTS(tcp_families); i++) {
        if (diag && host_tcpdiag_list_listeners(diag, tcp_families[i], take_tcp, &reading, NULL))
            continue;
        namespace->tcp_is_by_proc = true;
        host_procnet_list_tcp(get_root(self), namespace->pid, tcp_families[i], 0, take_tcp,
                              &reading);
    }
}

static void
list_all_tcp(HostSockets *self)
{
    for (guint i = 0; i < self->namespaces->len; i++)
        list_tcp(self, g_ptr_array_index(self->namespaces, i));
}

bool
host_sockets_find(HostSockets *self, int family, ino_t inode, HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    if (family == AF_UNIX) {
        is_found = host_unixtable_find(self->unix_table, inode, ret_listener);
    } else {
        list_all_tcp(self);
        is_found = host_tcptable_find(self->tcp_table, inode, ret_listener);
    }
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_path(HostSockets *self, guint64 net_namespace, const char *path, ino_t file_inode,
                       HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    is_found =
        host_unixtable_find_path(self->unix_table, net_namespace, path, file_inode, ret_listener);
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_file(HostSockets *self, dev_t device, ino_t file_inode,
                       HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    is_found = host_unixtable_find_file(self->unix_table, device, file_inode, ret_listener);
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_tcp(HostSockets *self, guint64 net_namespace, const HostAddress *address,
                      HostListener *ret_listener)
{
    bool is_found = false;
    Namespace *namespace = NULL;

    pthread_mutex_lock(&self->lock);
    namespace = g_hash_table_lookup(self->by_number, &net_namespace);
    if (namespace) {
        list_tcp(self, namespace);
        is_found = host_tcptable_find_address(self->tcp_table, number_of(namespace), address,
                                              ret_listener);
    }
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

/* Clients of one TCP listener while they are listed. */
typedef struct {
    const HostSockets *self;
    const HostListener *listener;
    GArray *clients;
    HostAddress locals[HOST_LIMIT_CLIENTS]; /* the listener's end of each */
} Clients;

static bool
take_client(const HostTcpdiagSocket *socket, void *data)
{
    Clients *clients = data;
    const HostListener *listener = clients->listener;
    HostListener reached = {0};
    const HostListenerClient client = {.is_accepted = socket->inode != 0,
                                       .inode = socket->inode,
                                       .knows_peer = true,
                                       .remote = socket->remote};

    if (socket->is_listener || clients->clients->len >= HOST_LIMIT_CLIENTS)
        return true;
    /* Another listener may have the same port at another address. */
    if (!host_tcptable_find_address(clients->self->tcp_table, listener->net_namespace,
                                    &socket->local, &reached) ||
        !host_address_equal(&reached.address, &listener->address))
        return true;
    clients->locals[clients->clients->len] = socket->local;
    g_array_append_val(clients->clients, client);
    return true;
}

typedef struct {
    const HostAddress *local;
    const HostAddress *remote;
    ino_t inode;
} Peer;

static bool
take_peer(const HostTcpdiagSocket *socket, void *data)
{
    Peer *peer = data;

    if (!socket->is_listener && host_address_equal(&socket->local, peer->local) &&
        host_address_equal(&socket->remote, peer->remote))
        peer->inode = socket->inode;
    return true;
}

/* Looks for the client's end of a connection in one namespace. */
static void
find_peer(HostSockets *self, const Namespace *namespace, HostListenerClient *client,
          const HostAddress *local)
{
    g_autoptr(HostSockdiag) diag = open_tcp_diag(self, namespace);
    Peer peer = {.local = &client->remote, .remote = local};

    if (diag && host_tcpdiag_find_connection(diag, &client->remote, local, take_peer, &peer, NULL))
        client->peer_inode = peer.inode;
    else if (host_procnet_list_tcp(get_root(self), namespace->pid, client->remote.family,
                                   client->remote.port, take_peer, &peer))
        client->peer_inode = peer.inode;
    else
        client->knows_peer = false;
}

static bool
list_tcp_clients(HostSockets *self, const Namespace *namespace, Clients *clients)
{
    const HostListener *listener = clients->listener;
    g_autoptr(HostSockdiag) diag = open_tcp_diag(self, namespace);

    if (diag && host_tcpdiag_list_connections(diag, listener->family, listener->address.port,
                                              take_client, clients, NULL))
        return true;
    return host_procnet_list_tcp(get_root(self), namespace->pid, listener->family,
                                 listener->address.port, take_client, clients);
}

static void
find_peers(HostSockets *self, const Namespace *own, Clients *clients)
{
    for (guint i = 0; i < clients->clients->len; i++) {
        HostListenerClient *client = &g_array_index(clients->clients, HostListenerClient, i);

        find_peer(self, own, client, &clients->locals[i]);
        for (guint j = 0; client->peer_inode == 0 && j < self->namespaces->len; j++)
            if (g_ptr_array_index(self->namespaces, j) != own)
                find_peer(self, g_ptr_array_index(self->namespaces, j), client,
                          &clients->locals[i]);
    }
}

static bool
take_waiting(const HostUnixdiagSocket *socket, void *data)
{
    Clients *clients = data;

    for (size_t i = 0; i < socket->n_waiting; i++)
        host_unixtable_append_client(
            clients->self->unix_table,
            (HostListenerClient){.peer_inode = socket->waiting[i], .knows_peer = true},
            clients->clients);
    return true;
}

static void
list_unix_clients(HostSockets *self, const Namespace *namespace, Clients *clients)
{
    const HostListener *listener = clients->listener;
    g_autoptr(HostSockdiag) diag = NULL;

    host_unixtable_list_clients(self->unix_table, listener->inode, clients->clients);
    if (!namespace || listener->n_queued == 0)
        return;
    diag = open_diag(self, namespace, NULL);
    if (diag)
        host_unixdiag_find(diag, listener->inode, take_waiting, clients, NULL);
}

GArray *
host_sockets_list_clients(HostSockets *self, const HostListener *listener)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(HostListenerClient));
    g_autofree Clients *clients = g_new0(Clients, 1);
    const Namespace *namespace = NULL;
    bool is_known = true;

    *clients = (Clients){.self = self, .listener = listener, .clients = list};
    pthread_mutex_lock(&self->lock);
    namespace = g_hash_table_lookup(self->by_number, &listener->net_namespace);
    if (listener->family == AF_UNIX)
        list_unix_clients(self, namespace, clients);
    else if (namespace && list_tcp_clients(self, namespace, clients))
        find_peers(self, namespace, clients);
    else
        is_known = false;
    pthread_mutex_unlock(&self->lock);
    return is_known ? g_steal_pointer(&list) : NULL;
}
