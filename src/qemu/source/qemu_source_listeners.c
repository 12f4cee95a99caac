/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_listeners: see qemu_source_listeners.h. Owns what
 * was found about each socket and about the processes.
 *
 * How it works
 *
 * The kernel's table tells the inode of the listening socket that belongs to a file, a name or an
 * address; all processes are searched for the one that has this inode among its descriptors. That
 * costs a dump of the table and a pass over /proc, so it is done once a scan, and only for sockets
 * that are new. A process that was found is remembered with the number of its descriptor: as long
 * as this descriptor is that socket, nothing else can listen there.
 *
 * Several processes may have the socket: a launcher that made it and passed it on. Then
 * the QEMU is taken. A launcher may also pass it on later, and the table may show more later: so a
 * socket that is no QEMU's is looked at again, in intervals that double.
 *
 * If the table of our network namespace lacks the socket of a file, those of all others are read: a
 * file can be reached from each of them. If not all of them could be read, the owner of the file
 * decides: our own processes are visible to us, others may be hidden.
 */
#include "qemu_source_listeners.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/process/host_descriptors.h"
#include "qemu/finding/qemu_socket_owners.h"
#include "qemu/finding/qemu_source_path.h"
#include "util/util_error.h"

enum {
    FIRST_PAUSE_MS = 1000,
    MAX_PAUSE_MS = 60000,
};

struct QemuSourceListeners {
    GHashTable *by_key; /* key -> QemuSourceListener, owned */
    GPtrArray *added;   /* QemuSourceListener *, of this scan */
    QemuSourceProcess *processes;
    HostRoot *live_root; /* for the search, of which a recording shall keep nothing */
    unsigned int n_scans;
    bool is_all_read; /* the table has all network namespaces; valid once it was tried */
    bool has_tried_all;
    int shortage; /* errno: descriptors or memory ran out in this scan, so nothing is proven */
};

static void
free_listener(gpointer data)
{
    QemuSourceListener *self = data;

    qemu_endpoint_unref(self->endpoint);
    qemu_endpoint_unref(self->by_name);
    g_free(self->path);
    g_free(self->key);
    g_free(self);
}

QemuSourceListeners *
qemu_source_listeners_new(void)
{
    QemuSourceListeners *self = g_new0(QemuSourceListeners, 1);

    self->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_listener);
    self->added = g_ptr_array_new();
    self->processes = qemu_source_process_new();
    self->live_root = host_root_new_live();
    self->n_scans = 1;
    return self;
}

void
qemu_source_listeners_free(QemuSourceListeners *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->added);
    g_hash_table_unref(self->by_key);
    qemu_source_process_free(self->processes);
    host_root_free(self->live_root);
    g_free(self);
}

static char *
make_key(const char *path, const struct stat *status)
{
    if (status == NULL)
        return g_strdup(path);
    return g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)status->st_dev,
                           (guint64)status->st_ino);
}

static void
set_path(QemuSourceListener *listener, const char *path)
{
    if (g_strcmp0(listener->path, path) == 0)
        return;
    g_free(listener->path);
    listener->path = g_strdup(path);
    listener->has_moved = true;
    g_clear_pointer(&listener->by_name, qemu_endpoint_unref);
}

/* True if @path leads to the file of the listener. */
static bool
leads_to(const char *path, const QemuSourceListener *listener)
{
    struct stat status = {0};

    return stat(path, &status) == 0 && status.st_dev == listener->status.st_dev &&
           status.st_ino == listener->status.st_ino;
}

/* True if the file may be another one: the number of a file that is removed is given to the next
 * that is made, often enough. Then who listened there tells nothing. */
static bool
has_changed(const struct stat *before, const struct stat *now)
{
    return before->st_ctim.tv_sec != now->st_ctim.tv_sec ||
           before->st_ctim.tv_nsec != now->st_ctim.tv_nsec;
}

void
qemu_source_listeners_add(QemuSourceListeners *self, const char *path, const struct stat *status)
{
    g_autofree char *key = make_key(path, status);
    QemuSourceListener *listener = g_hash_table_lookup(self->by_key, key);
    bool is_added = listener != NULL && listener->last_scan == self->n_scans;

    if (is_added && (status == NULL || leads_to(listener->path, listener)))
        return;
    if (listener == NULL) {
        listener = g_new0(QemuSourceListener, 1);
        listener->key = g_steal_pointer(&key);
        g_hash_table_insert(self->by_key, listener->key, listener);
    }
    set_path(listener, path);
    if (status != NULL) {
        if (has_changed(&listener->status, status))
            listener->pause_us = 0;
        listener->status = *status;
        listener->file_inode = status->st_ino;
    }
    listener->last_scan = self->n_scans;
    if (!is_added)
        g_ptr_array_add(self->added, listener);
}

/* True if the process that was found still has the socket. */
static bool
stands(const QemuSourceListeners *self, const QemuSourceListener *listener)
{
    return listener->pid != 0 && listener->socket_inode != 0 &&
           host_descriptors_socket(self->live_root, listener->pid, listener->fd) ==
               listener->socket_inode;
}

/* Called when something was not found: notes whether descriptors or memory have run out here. */
static void
note_shortage(QemuSourceListeners *self)
{
    char text[64] = "";

    if (host_root_read(self->live_root, "proc/self/stat", text, sizeof(text)) < 0 &&
        (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        self->shortage = errno;
}

/* Reads the tables of all network namespaces, once a scan. True if all could be read. */
static bool
read_all(QemuSourceListeners *self, QemuSourceView *view)
{
    if (!self->has_tried_all)
        self->is_all_read = host_sockets_add_all(view->table, view->words.deadline);
    self->has_tried_all = true;
    return self->is_all_read;
}

static bool
find_tcp(const QemuSourceView *view, guint64 own, const char *path, HostListener *ret_found)
{
    HostAddress address = {0};

    return host_address_parse(path + strlen("tcp:"), &address) && host_address_is_ours(&address) &&
           host_sockets_find_tcp(view->table, own, &address, ret_found);
}

/* Finds the socket in the table as far as that was read. */
static bool
find_in_table(const QemuSourceView *view, guint64 own, QemuSourceListener *listener,
              HostListener *ret_found)
{
    const struct stat *status = &listener->status;

    listener->is_found_by_path = false;
    if (g_str_has_prefix(listener->path, "tcp:"))
        return find_tcp(view, own, listener->path, ret_found);
    if (listener->path[0] == '@')
        return host_sockets_find_path(view->table, own, listener->path, 0, ret_found);
    if (host_sockets_find_file(view->table, status->st_dev, status->st_ino, ret_found))
        return true;
    listener->is_found_by_path = true;
    return host_sockets_find_path(view->table, 0, listener->path, 0, ret_found);
}

/* Finds the inode of the socket that listens there, and sets the kind if there is none. */
static void
find_socket(QemuSourceListeners *self, QemuSourceView *view, QemuSourceListener *listener)
{
    guint64 own = host_sockets_add_namespace(view->table, 0, NULL);
    bool has_file = listener->path[0] == '/';
    HostListener found = {0};

    listener->socket_inode = 0;
    listener->pid = 0;
    listener->is_monitor = false;
    listener->is_wanted = find_in_table(view, own, listener, &found);
    if (!listener->is_wanted)
        note_shortage(self);
    if (!listener->is_wanted && has_file) {
        bool is_all = read_all(self, view);

        listener->is_wanted = find_in_table(view, own, listener, &found);
        listener->kind = is_all || listener->status.st_uid == geteuid()
                             ? QEMU_SOURCE_LISTENER_NONE
                             : QEMU_SOURCE_LISTENER_HIDDEN;
    } else if (!listener->is_wanted) {
        listener->kind = own != 0 ? QEMU_SOURCE_LISTENER_NONE : QEMU_SOURCE_LISTENER_HIDDEN;
    }
    listener->socket_inode = found.inode;
}

/* True if the socket and its process are to be looked for again. */
static bool
needs_look(const QemuSourceListeners *self, const QemuSourceListener *listener, int64_t now_us)
{
    if (listener->pause_us == 0)
        return true; /* new */
    if (listener->kind == QEMU_SOURCE_LISTENER_QEMU)
        return !stands(self, listener);
    return now_us >= listener->next_look_us ||
           (listener->kind == QEMU_SOURCE_LISTENER_OTHER && !stands(self, listener));
}

/* True if the process sees the same file at the path. */
static bool
sees_the_file(const QemuSourceListener *listener, pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/root%s", (int)pid, listener->path);

    return leads_to(path, listener);
}

/* Sets the process of the listener: the QEMU among the owners of the socket, else the first. */
static void
choose_owner(const QemuSourceListeners *self, QemuSourceView *view, QemuSourceListener *listener,
             const GArray *owners)
{
    bool is_qemu = false;

    listener->kind = QEMU_SOURCE_LISTENER_HIDDEN;
    for (guint i = 0; i < owners->len && !is_qemu; i++) {
        const QemuSocketOwner *owner = &g_array_index(owners, QemuSocketOwner, i);

        if (listener->is_found_by_path && !sees_the_file(listener, owner->pid))
            continue;
        qemu_source_process_renew(self->processes, owner->pid);
        is_qemu = qemu_source_process_look(self->processes, view, owner->pid, NULL) != NULL;
        if (listener->pid != 0 && !is_qemu)
            continue;
        listener->pid = owner->pid;
        listener->fd = owner->fd;
        listener->kind = is_qemu ? QEMU_SOURCE_LISTENER_QEMU : QEMU_SOURCE_LISTENER_OTHER;
    }
}

static void
set_next_look(QemuSourceListener *listener, int64_t now_us)
{
    int64_t pause_us =
        listener->pause_us == 0 ? (int64_t)FIRST_PAUSE_MS * 1000 : listener->pause_us * 2;

    listener->pause_us = MIN(pause_us, (int64_t)MAX_PAUSE_MS * 1000);
    listener->next_look_us = now_us + listener->pause_us;
}

static void
set_endpoint(QemuSourceListener *listener, QemuEndpoint *endpoint)
{
    if (endpoint != NULL)
        qemu_endpoint_ref(endpoint);
    qemu_endpoint_unref(listener->endpoint);
    listener->endpoint = endpoint;
}

/* True if the listener is a monitor of the QEMU. If a part of the command line could not be read,
 * its name decides; if nothing of it could be read, it may be one: so the QEMU is listed with that
 * reason, and no domain is left out in silence. */
static bool
is_monitor_of(const QemuSourceListener *listener, const QemuEndpoint *endpoint)
{
    return qemu_endpoint_has_socket(endpoint, listener->socket_inode) ||
           (endpoint->lacks_options &&
            (endpoint->definition == NULL || qemu_source_path_is_monitors(listener->path)));
}

/* Gives the listener the endpoint of its process as it is now, if it is a monitor of that. */
static void
take_endpoint(QemuSourceListeners *self, QemuSourceView *view, QemuSourceListener *listener)
{
    bool is_qemu = listener->kind == QEMU_SOURCE_LISTENER_QEMU;
    QemuEndpoint *endpoint =
        is_qemu ? qemu_source_process_look(self->processes, view, listener->pid, NULL) : NULL;

    if (is_qemu && endpoint == NULL) {
        note_shortage(self);
        listener->kind = QEMU_SOURCE_LISTENER_OTHER;
    }
    listener->is_monitor = endpoint != NULL && is_monitor_of(listener, endpoint);
    set_endpoint(listener, listener->is_monitor ? endpoint : NULL);
}

/* The paths by which the sockets of this scan are reached, for the places of their processes. */
static GHashTable *
list_paths(const QemuSourceListeners *self)
{
    GHashTable *paths = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint i = 0; i < self->added->len; i++) {
        const QemuSourceListener *listener = g_ptr_array_index(self->added, i);
        gint64 key = (gint64)listener->socket_inode;

        if (key != 0 && listener->path[0] == '/')
            g_hash_table_replace(paths, g_memdup2(&key, sizeof(key)), listener->path);
    }
    return paths;
}

/* Finds the socket of each listener that needs it. */
static void
find_new(QemuSourceListeners *self, QemuSourceView *view)
{
    int64_t now_us = util_deadline_now_us();

    for (guint i = 0; i < self->added->len; i++) {
        QemuSourceListener *listener = g_ptr_array_index(self->added, i);

        if (needs_look(self, listener, now_us)) {
            find_socket(self, view, listener);
            set_next_look(listener, now_us);
        }
    }
}

/* Empties what belongs to one scan. */
static void
start_scan(QemuSourceListeners *self)
{
    g_ptr_array_set_size(self->added, 0);
    self->has_tried_all = false;
    self->shortage = 0;
    self->n_scans++;
}

void
qemu_source_listeners_break_scan(QemuSourceListeners *self)
{
    for (guint i = 0; i < self->added->len; i++) {
        QemuSourceListener *listener = g_ptr_array_index(self->added, i);

        if (listener->is_wanted || self->shortage != 0)
            listener->pause_us = 0;
    }
    start_scan(self);
}

/* Finds the processes of the wanted sockets among those of the host. False past the deadline. */
static bool
choose_owners(QemuSourceListeners *self, QemuSourceView *view)
{
    g_autoptr(QemuSocketOwners) owners = qemu_socket_owners_new(self->live_root);
    bool is_whole = true;

    for (guint i = 0; i < self->added->len; i++) {
        const QemuSourceListener *listener = g_ptr_array_index(self->added, i);

        if (listener->is_wanted)
            qemu_socket_owners_want(owners, listener->socket_inode);
    }
    is_whole =
        qemu_socket_owners_search(owners, view->descriptors, view->words.deadline, &self->shortage);
    for (guint i = 0; is_whole && i < self->added->len; i++) {
        QemuSourceListener *listener = g_ptr_array_index(self->added, i);

        if (listener->is_wanted)
            choose_owner(self, view, listener,
                         qemu_socket_owners_get(owners, listener->socket_inode));
        else if (listener->has_moved && listener->kind == QEMU_SOURCE_LISTENER_QEMU)
            qemu_source_process_renew(self->processes, listener->pid);
        listener->is_wanted = false;
        listener->has_moved = false;
    }
    return is_whole;
}

/* Takes the endpoints of the processes that were found. */
static void
take_endpoints(QemuSourceListeners *self, QemuSourceView *view)
{
    for (guint i = 0; i < self->added->len; i++) {
        QemuSourceListener *listener = g_ptr_array_index(self->added, i);

        if (listener->pid != 0)
            take_endpoint(self, view, listener);
    }
}

bool
qemu_source_listeners_look(QemuSourceListeners *self, QemuSourceView *view, GError **error)
{
    g_autoptr(GHashTable) paths = NULL;
    bool is_whole = false;

    find_new(self, view);
    paths = list_paths(self);
    view->preferred = paths;
    is_whole = choose_owners(self, view);
    if (is_whole)
        take_endpoints(self, view);
    view->preferred = NULL;
    if (is_whole && self->shortage == 0)
        return true;
    if (self->shortage != 0)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot see which processes listen: %s",
                    g_strerror(self->shortage));
    else
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT,
                    "the processes that listen could not be found by the deadline");
    qemu_source_listeners_break_scan(self);
    return false;
}

static gint
compare_paths(gconstpointer a, gconstpointer b)
{
    const QemuSourceListener *const *left = a;
    const QemuSourceListener *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

const GPtrArray *
qemu_source_listeners_list(QemuSourceListeners *self)
{
    g_ptr_array_sort(self->added, compare_paths);
    return self->added;
}

static gboolean
has_gone(gpointer key, gpointer value, gpointer data)
{
    QemuSourceListeners *self = data;
    const QemuSourceListener *listener = value;

    (void)key;
    if (listener->last_scan == self->n_scans)
        return FALSE;
    if (listener->kind ==
        QEMU_SOURCE_LISTENER_QEMU) /* its places are to be found without this path */
        qemu_source_process_renew(self->processes, listener->pid);
    return TRUE;
}

void
qemu_source_listeners_end_scan(QemuSourceListeners *self)
{
    g_hash_table_foreach_remove(self->by_key, has_gone, self);
    qemu_source_process_end_scan(self->processes);
    start_scan(self);
}
