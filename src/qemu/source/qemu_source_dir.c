/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_dir: "dir:PATH": the QEMUs that have a QMP monitor in a directory.
 *
 * Owns what was found in the last scan. qemu_source_listeners tells who listens at each socket
 * file; a QEMU is one domain, whichever of its monitors are there, and other sockets are passed
 * over.
 *
 * A file without a listener that had one is the domain that was there, so that the call can say
 * that it has ended. Where the process cannot be seen, or no process is known to have listened,
 * the name of the file decides. If the user vouches for all listeners, every socket is a domain. If
 * a file is gone, so is its endpoint. A file that was renamed is the same domain, since a QEMU
 * keeps the inode that it has bound.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/finding/qemu_source_names.h"
#include "qemu/finding/qemu_source_path.h"
#include "qemu_source.h"
#include "qemu_source_listeners.h"
#include "util/util_error.h"

typedef struct {
    char *path;
    HostRoot *root; /* borrowed */
    bool takes_any_listener;
    QemuSourceListeners *listeners;
    QemuSourceNames *names;
    GPtrArray *last;     /* QemuEndpoint *, of the last scan; NULL: there was none */
    gpointer blind_spot; /* atomic; an interned text, since other threads read it; NULL: none */
} DirSource;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

static DIR *
open_folder(const char *path, UtilError code, GError **error)
{
    DIR *folder = opendir(path);

    if (folder == NULL)
        g_set_error(error, UTIL_ERROR, (int)code, "cannot list directory '%s': %s", path,
                    g_strerror(errno));
    return folder;
}

/* The directory must be there when the source is opened, or the user has mistyped it. Later it may
 * be removed and made again. */
static void *
open_dir(const char *argument, HostRoot *root, const QemuSourceOptions *options, GError **error)
{
    g_autoptr(DIR) folder = open_folder(argument, UTIL_ERROR_CONNECT, error);
    DirSource *self = NULL;

    if (folder == NULL)
        return NULL;
    self = g_new0(DirSource, 1);
    self->path = g_canonicalize_filename(argument, NULL);
    self->root = root;
    self->takes_any_listener = options->takes_any_listener;
    self->listeners = qemu_source_listeners_new();
    self->names = qemu_source_names_new();
    return self;
}

static void
close_dir(void *data)
{
    DirSource *self = data;

    if (self->last != NULL)
        g_ptr_array_unref(self->last);
    qemu_source_names_free(self->names);
    qemu_source_listeners_free(self->listeners);
    g_free(self->path);
    g_free(self);
}

/* Gives the status of an entry that is a socket; false for any other. Some file systems do not tell
 * the kind of a file in readdir(). A directory that may not be searched tells only what readdir()
 * does. */
static bool
read_socket(DIR *folder, const struct dirent *entry, struct stat *ret_status)
{
    struct stat status = {0};

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_SOCK)
        return false;
    if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_status = status;
        return S_ISSOCK(status.st_mode);
    }
    if (errno != EACCES || entry->d_type != DT_SOCK || fstat(dirfd(folder), &status) != 0)
        return false;
    *ret_status = (struct stat){.st_dev = status.st_dev, .st_ino = entry->d_ino, .st_uid = -1U};
    return true;
}

/* Adds the sockets of the directory. False, with an error, if it cannot be listed, or not by the
 * deadline. */
static bool
add_sockets(DirSource *self, UtilDeadline deadline, GError **error)
{
    g_autoptr(DIR) folder = open_folder(self->path, UTIL_ERROR_SYSTEM, error);
    const struct dirent *entry = NULL;
    unsigned int n_sockets = 0;

    while (folder != NULL && n_sockets < QEMU_LIMIT_DOMAINS && (entry = readdir(folder)) != NULL) {
        g_autofree char *path = NULL;
        struct stat status = {0};

        if (util_deadline_has_passed(deadline)) {
            g_set_error(error, UTIL_ERROR, UTIL_ERROR_TIMEOUT,
                        "directory '%s' could not be read by the deadline", self->path);
            return false;
        }
        if (!read_socket(folder, entry, &status))
            continue;
        path = g_build_filename(self->path, entry->d_name, NULL);
        qemu_source_listeners_add(self->listeners, path, &status);
        n_sockets++;
    }
    return folder != NULL;
}

/* The endpoint of a socket whose process is not known. */
static QemuEndpoint *
get_by_name(const DirSource *self, QemuSourceListener *listener)
{
    g_autofree char *key = NULL;
    g_autofree char *name = NULL;

    if (listener->by_name == NULL) {
        key = g_strdup_printf("dir:%s:%" G_GUINT64_FORMAT, self->path, listener->file_inode);
        name = qemu_source_path_make_name(listener->path);
        listener->by_name = qemu_endpoint_new(key, name);
        qemu_endpoint_add_place(listener->by_name, listener->path, listener->path);
    }
    return listener->by_name;
}

/* The domain of a socket; NULL if it is passed over. */
static QemuEndpoint *
choose_endpoint(const DirSource *self, QemuSourceListener *listener, unsigned int *n_unseen)
{
    if (self->takes_any_listener)
        return get_by_name(self, listener);
    if (listener->endpoint != NULL)
        return listener->endpoint;
    if (listener->pid != 0)
        return NULL;
    if (qemu_source_path_is_monitors(listener->path))
        return get_by_name(self, listener);
    *n_unseen += listener->kind == QEMU_SOURCE_LISTENER_HIDDEN;
    return NULL;
}

static void
set_blind_spot(DirSource *self, unsigned int n_unseen)
{
    g_autofree char *text = NULL;

    if (n_unseen > 0)
        text = g_strdup_printf("%u socket%s in '%s' %s left alone: it cannot be seen which process "
                               "listens there, and the name is not that of a QMP monitor",
                               n_unseen, n_unseen > 1 ? "s" : "", self->path,
                               n_unseen > 1 ? "were" : "was");
    g_atomic_pointer_set(&self->blind_spot, (gpointer)(uintptr_t)g_intern_string(text));
}

/* The domains of the sockets that were found, each once, in the order of the sockets' paths. */
static GPtrArray *
list_endpoints(DirSource *self)
{
    GPtrArray *endpoints = qemu_endpoint_new_array();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *listeners = qemu_source_listeners_list(self->listeners);
    unsigned int n_unseen = 0;

    for (guint i = 0; i < listeners->len; i++) {
        QemuEndpoint *endpoint = choose_endpoint(self, g_ptr_array_index(listeners, i), &n_unseen);

        if (endpoint != NULL && g_hash_table_add(seen, endpoint->key))
            g_ptr_array_add(endpoints, qemu_endpoint_ref(endpoint));
    }
    set_blind_spot(self, n_unseen);
    return endpoints;
}

/* Looks at the whole directory. */
static bool
scan_folder(DirSource *self, UtilDeadline deadline, GError **error)
{
    g_auto(QemuSourceView) view = {0};

    if (!add_sockets(self, deadline, error)) {
        qemu_source_listeners_break_scan(self->listeners);
        return false;
    }
    if (!self->takes_any_listener) {
        qemu_source_view_init(&view, self->root, deadline);
        if (!qemu_source_listeners_look(self->listeners, &view, error))
            return false;
    }
    if (self->last != NULL)
        g_ptr_array_unref(self->last);
    self->last = list_endpoints(self);
    qemu_source_listeners_end_scan(self->listeners);
    qemu_source_names_settle(self->names, self->last);
    return true;
}

/* A scan that the deadline cuts short gives what the last one found. */
static GPtrArray *
scan_dir(void *data, UtilDeadline deadline, GError **error)
{
    DirSource *self = data;
    g_autoptr(GError) own_error = NULL;

    if (!scan_folder(self, deadline, &own_error) &&
        (self->last == NULL || !g_error_matches(own_error, UTIL_ERROR, UTIL_ERROR_TIMEOUT))) {
        g_propagate_error(error, g_steal_pointer(&own_error));
        return NULL;
    }
    return qemu_endpoint_ref_all(self->last);
}

static const char *
blind_spot_of_dir(void *data)
{
    DirSource *self = data;

    return g_atomic_pointer_get(&self->blind_spot);
}

const QemuSourceKind qemu_source_dir = {
    .name = "dir",
    .argument = "PATH",
    .open = open_dir,
    .scan = scan_dir,
    .close = close_dir,
    .blind_spot = blind_spot_of_dir,
};
